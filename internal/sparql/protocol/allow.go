package protocol

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql"
	"github.com/sixtyhq/sixty/internal/sparql/results"
)

// Service makes the function that answers SERVICE clauses, for the endpoints
// that are allowed: these very IRIs. client may be nil.
func Service(client *http.Client, allowed ...string) sparql.ServiceFunc {
	return func(ctx context.Context, endpoint, query string) (*results.Result, error) {
		if !slices.Contains(allowed, endpoint) {
			return nil, fmt.Errorf("the endpoint <%s> is not allowed", endpoint)
		}
		c := Client{Endpoint: endpoint, HTTP: client}
		return c.Query(ctx, query)
	}
}

// Graphs makes the function that loads the graphs of FROM and FROM NAMED by
// HTTP, for the IRIs that are allowed. client may be nil.
func Graphs(client *http.Client, allowed ...string) sparql.GraphFunc {
	var documents atomic.Int64
	return func(ctx context.Context, iri string) ([]rdf.Quad, error) {
		if !slices.Contains(allowed, iri) {
			return nil, fmt.Errorf("loading <%s> is not allowed", iri)
		}
		document, _, _ := strings.Cut(iri, "#")
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, document, nil)
		if err != nil {
			return nil, err
		}
		request.Header.Set("Accept", acceptGraph)
		response, err := sameHost(client).Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		if err := checkStatus(response, document); err != nil {
			return nil, err
		}
		contentType := response.Header.Get("Content-Type")
		format, ok := graphFormat(contentType)
		if !ok {
			return nil, fmt.Errorf("it has the content type %q, which is no known format", contentType)
		}
		// Labels of blank nodes mean something within a document only.
		opts := rdf.Options{Base: document, File: document, BlankPrefix: fmt.Sprintf("doc%d_", documents.Add(1))}
		var quads []rdf.Quad
		err = parseGraph(ctx, response.Body, defaultMaxBytes, format, opts, func(q rdf.Quad) error {
			quads = append(quads, q)
			return nil
		})
		return quads, err
	}
}
