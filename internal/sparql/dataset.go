package sparql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

// dataset is what a query is about: its default graph and its named graphs.
type dataset struct {
	base  *graph
	named map[id]*graph
	names []id
}

// dataset makes the dataset that a query describes (section 13.2), and gives
// the store whose terms it has: s, or another if graphs had to be loaded.
func (s *Store) dataset(ctx context.Context, q *syntax.Query, opts *Options) (*Store, *dataset, error) {
	if len(q.From)+len(q.FromNamed) == 0 {
		d := &dataset{base: s.base, named: s.named, names: s.names}
		if opts.UnionDefaultGraph && len(s.names) > 0 {
			d.base = s.union()
		}
		return s, d, nil
	}
	s, err := s.withGraphs(ctx, slices.Concat(q.From, q.FromNamed), opts)
	if err != nil {
		return nil, nil, err
	}
	d := &dataset{named: map[id]*graph{}}
	var parts []*graph
	for _, iri := range q.From {
		if g := s.graphNamed(iri); !slices.Contains(parts, g) {
			parts = append(parts, g)
		}
	}
	d.base = s.merged(parts)
	for _, iri := range q.FromNamed {
		d.named[s.terms.lookup(rdf.NewIRI(iri))] = s.graphNamed(iri)
	}
	d.names = slices.Sorted(maps.Keys(d.named))
	return s, d, nil
}

func (s *Store) graphNamed(iri string) *graph { return s.named[s.terms.lookup(rdf.NewIRI(iri))] }

// merged gives the union of graphs.
func (s *Store) merged(graphs []*graph) *graph {
	if len(graphs) == 1 {
		return graphs[0]
	}
	var triples []triple
	for _, g := range graphs {
		g.spo.each(func(subject id, pairs []pair) bool {
			for _, p := range pairs {
				triples = append(triples, triple{subject, p.a, p.b})
			}
			return true
		})
	}
	return buildGraph(triples, s.terms.len())
}

// withGraphs gives s if it has all the graphs, or else a store of just these,
// the missing ones loaded by the caller's function.
func (s *Store) withGraphs(ctx context.Context, iris []string, opts *Options) (*Store, error) {
	missing := func(iri string) bool { return s.graphNamed(iri) == nil }
	if !slices.ContainsFunc(iris, missing) {
		return s, nil
	}
	b := NewBuilder()
	for _, iri := range iris {
		name := rdf.NewIRI(iri)
		if _, done := b.graphs[name]; done {
			continue
		}
		b.AddGraph(name)
		if !missing(iri) {
			s.quadsOf(s.graphNamed(iri), name, func(q rdf.Quad) bool {
				b.Add(q)
				return true
			})
			continue
		}
		if opts.Graph == nil {
			return nil, fmt.Errorf("FROM <%s>: %w", iri, errors.New("the store has no such graph, and the caller allows none to be loaded (Options.Graph)"))
		}
		quads, err := opts.Graph(ctx, iri)
		if err != nil {
			return nil, fmt.Errorf("loading FROM <%s>: %w", iri, err)
		}
		for _, q := range quads {
			q.Graph = name
			b.Add(q)
		}
	}
	return b.Build(), nil
}
