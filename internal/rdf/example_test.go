package rdf_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

func ExampleParse() {
	document := `@prefix foaf: <http://xmlns.com/foaf/0.1/> .
<http://example.org/alice> a foaf:Person ;
    foaf:name "Alice"@en .`
	err := rdf.Parse(context.Background(), strings.NewReader(document), rdf.Turtle, rdf.Options{File: "alice.ttl"},
		func(q rdf.Quad, at rdf.Position) error {
			fmt.Printf("line %d: %s\n", at.Line, q)
			return nil
		})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// line 2: <http://example.org/alice> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://xmlns.com/foaf/0.1/Person> .
	// line 3: <http://example.org/alice> <http://xmlns.com/foaf/0.1/name> "Alice"@en .
}

func ExampleParseError() {
	document := "@prefix ex: <http://example.org/> .\nex:a ex:knows foaf:b ."
	_, err := rdf.ReadGraph(context.Background(), strings.NewReader(document), rdf.Turtle, rdf.Options{File: "a.ttl"})
	var pe *rdf.ParseError
	if errors.As(err, &pe) {
		fmt.Println(pe)
		fmt.Println(pe.Snippet)
		fmt.Printf("%*s\n", pe.SnippetColumn, "^")
	}
	// Output:
	// a.ttl:2:15: the prefix "foaf:" is not declared
	// ex:a ex:knows foaf:b .
	//               ^
}

func ExampleGraph() {
	document := `@prefix ex: <http://example.org/> .
ex:recipe ex:steps ( "mix" "bake" ) .`
	g, err := rdf.ReadGraph(context.Background(), strings.NewReader(document), rdf.Turtle, rdf.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	head := g.Object(rdf.NewIRI("http://example.org/recipe"), rdf.NewIRI("http://example.org/steps"))
	steps, _ := g.List(head)
	fmt.Println(steps)
	// Output: ["mix" "bake"]
}

func ExampleWriteTurtle() {
	name := rdf.NewIRI("http://xmlns.com/foaf/0.1/name")
	alice, address := rdf.NewIRI("http://example.org/alice"), rdf.NewBlank("address")
	g := rdf.NewGraph(
		rdf.Triple{Subject: alice, Predicate: name, Object: rdf.NewLangLiteral("Alice", "en")},
		rdf.Triple{Subject: alice, Predicate: rdf.NewIRI("http://example.org/age"), Object: rdf.NewTypedLiteral("42", rdf.XSDInteger)},
		rdf.Triple{Subject: alice, Predicate: rdf.NewIRI("http://example.org/address"), Object: address},
		rdf.Triple{Subject: address, Predicate: rdf.NewIRI("http://example.org/city"), Object: rdf.NewLiteral("Graz")},
	)
	err := rdf.WriteTurtle(os.Stdout, g, map[string]string{
		"ex": "http://example.org/", "foaf": "http://xmlns.com/foaf/0.1/",
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// @prefix ex: <http://example.org/> .
	// @prefix foaf: <http://xmlns.com/foaf/0.1/> .
	//
	// ex:alice foaf:name "Alice"@en ;
	//     ex:age 42 ;
	//     ex:address [
	//         ex:city "Graz"
	//     ] .
}

func ExampleIsomorphic() {
	a := []rdf.Quad{{Triple: rdf.Triple{Subject: rdf.NewBlank("x"), Predicate: rdf.NewIRI("http://example.org/p"), Object: rdf.NewBlank("y")}}}
	b := []rdf.Quad{{Triple: rdf.Triple{Subject: rdf.NewBlank("1"), Predicate: rdf.NewIRI("http://example.org/p"), Object: rdf.NewBlank("2")}}}
	fmt.Println(rdf.Isomorphic(a, b))
	// Output: true
}
