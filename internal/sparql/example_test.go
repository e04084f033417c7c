package sparql_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql"
	"github.com/sixtyhq/sixty/internal/sparql/results"
)

// Load a document and ask a question.
func Example() {
	const turtle = `@prefix : <http://example.org/> .
:ada  :name "Ada"  ; :knows :alan .
:alan :name "Alan" ; :knows :grace .
:grace :name "Grace" .`
	ctx := context.Background()
	store, err := sparql.Load(ctx, sparql.Source{
		Open:   func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(turtle)), nil },
		Format: rdf.Turtle,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := store.Query(ctx, `SELECT ?name { :ada :knows+ ?friend . ?friend :name ?name } ORDER BY ?name`, sparql.Options{
		Prefixes: map[string]string{"": "http://example.org/"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range result.Rows {
		fmt.Println(result.Get(i, "name").Value)
	}
	// Output:
	// Alan
	// Grace
}

// Build a store of quads from anywhere, and write a result as JSON.
func ExampleBuilder() {
	b := sparql.NewBuilder()
	b.Add(rdf.Quad{Triple: rdf.Triple{
		Subject:   rdf.NewIRI("http://example.org/ada"),
		Predicate: rdf.NewIRI("http://example.org/age"),
		Object:    rdf.NewTypedLiteral("36", rdf.XSDInteger),
	}})
	result, err := b.Build().Query(context.Background(), `SELECT ?age { ?someone <http://example.org/age> ?age }`, sparql.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := results.Write(os.Stdout, results.JSON, result); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"head":{"vars":["age"]},"results":{"bindings":[
	// {"age":{"type":"literal","value":"36","datatype":"http://www.w3.org/2001/XMLSchema#integer"}}]}}
}

// Errors say where a query can't be read.
func ExampleStore_Query_error() {
	_, err := sparql.NewBuilder().Build().Query(context.Background(), "SELECT ?name {\n  ?x foaf:name ?name\n}", sparql.Options{})
	fmt.Println(err)
	// Output:
	// sparql: line 2, column 6: prefix "foaf:" is not declared; add PREFIX foaf: <…>, near "?x foaf:name ?name"
}
