package sparql

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/results"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

// Function is an extension function. An error, or the zero Term, is an error of
// the expression that calls it.
type Function func(args []rdf.Term) (rdf.Term, error)

// ServiceFunc answers a SERVICE clause: it runs a SELECT query at an endpoint.
type ServiceFunc func(ctx context.Context, endpoint, query string) (*results.Result, error)

// GraphFunc gives the quads of a graph that FROM or FROM NAMED asks for and the
// store does not have; the Graph of the quads is ignored. Blank nodes must have
// labels that no other document uses.
type GraphFunc func(ctx context.Context, iri string) ([]rdf.Quad, error)

// Options are the surroundings of a query. The zero value is usable.
type Options struct {
	// Base and Prefixes are known to the query before its own prologue.
	Base     string
	Prefixes map[string]string

	// Now is what NOW() gives. Where it is zero, a query that calls NOW fails.
	Now time.Time
	// Rand is what RAND, UUID and STRUUID draw from. Where it is nil, a query that
	// calls them fails. It must not be used by another query at the same time.
	Rand *rand.Rand

	// MaxMemory bounds what a query may keep, in bytes: intermediate results, hash
	// tables, computed terms and rows. The default is 1 GiB.
	MaxMemory int64
	// MaxRows bounds the rows or triples of the result; 0 is no bound.
	MaxRows int
	// Limits bounds the query's text.
	Limits syntax.Limits

	// Functions are extension functions by IRI.
	Functions map[string]Function

	// Service runs SERVICE clauses. Where it is nil, such a clause is an error,
	// or nothing if it is SILENT.
	Service ServiceFunc
	// Graph loads graphs that are not in the store. Where it is nil, asking for
	// one is an error.
	Graph GraphFunc

	// UnionDefaultGraph makes the default graph the union of the store's default
	// graph and its named graphs, for queries without FROM.
	UnionDefaultGraph bool
}

const defaultMaxMemory = 1 << 30

func (o *Options) maxMemory() int64 {
	if o.MaxMemory > 0 {
		return o.MaxMemory
	}
	return defaultMaxMemory
}
