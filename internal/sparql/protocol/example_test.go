package protocol_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sixtyhq/sixty/internal/sparql"
	"github.com/sixtyhq/sixty/internal/sparql/protocol"
)

// Ask an endpoint, with a deadline and a token.
func ExampleClient() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client := protocol.Client{
		Endpoint: "https://example.org/sparql",
		Header:   http.Header{"Authorization": {"Bearer token"}},
	}
	result, err := client.Query(ctx, `SELECT ?name { ?person <http://xmlns.com/foaf/0.1/name> ?name } LIMIT 10`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range result.Rows {
		fmt.Println(result.Get(i, "name").Value)
	}
}

// Let a local query reach one endpoint, and no other.
func ExampleService() {
	store := sparql.NewBuilder().Build()
	result, err := store.Query(context.Background(),
		`SELECT * { SERVICE <https://example.org/sparql> { ?s ?p ?o } }`,
		sparql.Options{Service: protocol.Service(nil, "https://example.org/sparql")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(result.Rows))
}
