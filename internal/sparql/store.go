package sparql

import (
	"iter"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// Builder collects quads for a [Store]. It is not safe for concurrent use: to
// load in parallel, fill one Builder per document and bring them together with
// [Builder.Merge], or use [Load].
type Builder struct {
	terms  *dictionary
	graphs map[rdf.Term]*[]triple

	lastGraph   rdf.Term
	lastTriples *[]triple
	lastSubject rdf.Term
	lastID      id
}

// NewBuilder makes an empty Builder.
func NewBuilder() *Builder {
	return &Builder{terms: newDictionary(), graphs: map[rdf.Term]*[]triple{}}
}

// Add adds a quad. A quad that is there already changes nothing.
func (b *Builder) Add(q rdf.Quad) {
	triples := b.triplesOf(q.Graph)
	if q.Subject != b.lastSubject || b.lastID == 0 { // documents write a subject's triples together
		b.lastSubject, b.lastID = q.Subject, b.terms.intern(q.Subject)
	}
	*triples = append(*triples, triple{b.lastID, b.terms.intern(q.Predicate), b.terms.intern(q.Object)})
}

// AddGraph makes a named graph exist even if no quad is added to it.
func (b *Builder) AddGraph(name rdf.Term) { b.triplesOf(name) }

func (b *Builder) triplesOf(name rdf.Term) *[]triple {
	if b.lastTriples != nil && name == b.lastGraph {
		return b.lastTriples
	}
	triples := b.graphs[name]
	if triples == nil {
		triples = new([]triple)
		b.graphs[name] = triples
	}
	b.lastGraph, b.lastTriples = name, triples
	return triples
}

// Merge adds what other has collected. Blank nodes with the same label become
// one: give each document its own prefix where that is not meant.
func (b *Builder) Merge(other *Builder) {
	ids := make([]id, other.terms.len()+1)
	for i := range other.terms.len() {
		ids[i+1] = b.terms.intern(other.terms.term(id(i + 1)))
	}
	for name, from := range other.graphs {
		to := b.triplesOf(name)
		*to = slices.Grow(*to, len(*from))
		for _, t := range *from {
			*to = append(*to, triple{ids[t.s], ids[t.p], ids[t.o]})
		}
	}
}

// Build makes the store and empties the Builder.
func (b *Builder) Build() *Store {
	names := slices.SortedFunc(maps.Keys(b.graphs), rdf.Term.Compare)
	nameIDs := make([]id, len(names))
	for i, name := range names {
		if !name.IsZero() {
			nameIDs[i] = b.terms.intern(name)
		}
	}
	terms, rank := b.terms.freeze()
	graphs := make([]*graph, len(names))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for i, name := range names {
		triples := *b.graphs[name]
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			for j, t := range triples {
				triples[j] = triple{rank[t.s], rank[t.p], rank[t.o]}
			}
			graphs[i] = buildGraph(triples, terms.len())
		})
	}
	wait.Wait()
	s := &Store{terms: terms, named: map[id]*graph{}}
	for i, g := range graphs {
		if names[i].IsZero() {
			s.base = g
			continue
		}
		s.named[rank[nameIDs[i]]] = g
	}
	s.names = slices.Sorted(maps.Keys(s.named))
	if s.base == nil {
		s.base = buildGraph(nil, terms.len())
	}
	s.union = sync.OnceValue(func() *graph {
		return s.merged(append([]*graph{s.base}, slices.Collect(maps.Values(s.named))...))
	})
	*b = *NewBuilder()
	return s
}

// Store is an immutable RDF dataset: a default graph and named graphs. It is
// safe for concurrent use.
type Store struct {
	terms *frozen
	base  *graph // the default graph
	named map[id]*graph
	names []id // of the named graphs, in the order of their terms
	// union is all graphs in one, made when first asked for.
	union func() *graph
}

// Len gives the number of triples in all graphs.
func (s *Store) Len() int {
	n := s.base.triples
	for _, g := range s.named {
		n += g.triples
	}
	return n
}

// GraphNames gives the names of the named graphs in a stable order.
func (s *Store) GraphNames() []rdf.Term {
	names := make([]rdf.Term, len(s.names))
	for i, n := range s.names {
		names[i] = s.terms.term(n)
	}
	return names
}

// Quads gives every quad in a stable order: the default graph first.
func (s *Store) Quads() iter.Seq[rdf.Quad] {
	return func(yield func(rdf.Quad) bool) {
		if !s.quadsOf(s.base, rdf.Term{}, yield) {
			return
		}
		for _, n := range s.names {
			if !s.quadsOf(s.named[n], s.terms.term(n), yield) {
				return
			}
		}
	}
}

func (s *Store) quadsOf(g *graph, name rdf.Term, yield func(rdf.Quad) bool) bool {
	return g.spo.each(func(subject id, pairs []pair) bool {
		for _, p := range pairs {
			t := rdf.Triple{Subject: s.terms.term(subject), Predicate: s.terms.term(p.a), Object: s.terms.term(p.b)}
			if !yield(rdf.Quad{Triple: t, Graph: name}) {
				return false
			}
		}
		return true
	})
}
