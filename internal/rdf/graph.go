package rdf

import (
	"context"
	"io"
	"iter"
)

// Graph is a set of triples in memory with the place of each in its source. It
// is made for shapes, manifests and other documents that are looked up by
// subject or object. Triples come out in the order they were added in. A Graph
// may be read by several goroutines once nothing is added any more.
//
// The zero Graph is empty and ready to use.
type Graph struct {
	triples   []Triple
	positions []Position
	seen      map[Triple]int32
	// By term: where in triples it stands.
	bySubject, byPredicate, byObject map[Term][]int32
}

// NewGraph makes a graph of triples that have no known place.
func NewGraph(triples ...Triple) *Graph {
	g := &Graph{}
	for _, t := range triples {
		g.Add(t, Position{})
	}
	return g
}

// ReadGraph reads a document into a graph, as [Parse] does. Quads of named
// graphs are left out.
func ReadGraph(ctx context.Context, r io.Reader, format Format, opts Options) (*Graph, error) {
	g := &Graph{}
	err := Parse(ctx, r, format, opts, func(q Quad, at Position) error {
		if q.Graph.IsZero() {
			g.Add(q.Triple, at)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Add puts a triple in the graph and reports whether it was not there before;
// the place it was first added with stays.
func (g *Graph) Add(t Triple, at Position) bool {
	if g.seen == nil {
		g.seen = map[Triple]int32{}
		g.bySubject = map[Term][]int32{}
		g.byPredicate = map[Term][]int32{}
		g.byObject = map[Term][]int32{}
	}
	if _, ok := g.seen[t]; ok {
		return false
	}
	n := int32(len(g.triples))
	g.seen[t] = n
	g.triples = append(g.triples, t)
	g.positions = append(g.positions, at)
	g.bySubject[t.Subject] = append(g.bySubject[t.Subject], n)
	g.byPredicate[t.Predicate] = append(g.byPredicate[t.Predicate], n)
	g.byObject[t.Object] = append(g.byObject[t.Object], n)
	return true
}

// Len gives the number of triples.
func (g *Graph) Len() int { return len(g.triples) }

// Has reports whether the triple is in the graph.
func (g *Graph) Has(t Triple) bool {
	_, ok := g.seen[t]
	return ok
}

// Position gives the place of a triple; it is not known for one that is not in
// the graph.
func (g *Graph) Position(t Triple) Position {
	n, ok := g.seen[t]
	if !ok {
		return Position{}
	}
	return g.positions[n]
}

// SubjectPosition gives the place of the first triple that has the subject, or
// the zero Position.
func (g *Graph) SubjectPosition(subject Term) Position {
	if places := g.bySubject[subject]; len(places) > 0 {
		return g.positions[places[0]]
	}
	return Position{}
}

// Match gives the triples that have the given terms; the zero Term stands for
// any.
func (g *Graph) Match(s, p, o Term) iter.Seq[Triple] {
	return func(yield func(Triple) bool) {
		if !s.IsZero() && !p.IsZero() && !o.IsZero() {
			if t := (Triple{s, p, o}); g.Has(t) {
				yield(t)
			}
			return
		}
		places, all := g.candidates(s, p, o)
		if all {
			for _, t := range g.triples {
				if !yield(t) {
					return
				}
			}
			return
		}
		for _, n := range places {
			t := g.triples[n]
			if matches(s, t.Subject) && matches(p, t.Predicate) && matches(o, t.Object) && !yield(t) {
				return
			}
		}
	}
}

func matches(want, t Term) bool { return want.IsZero() || want == t }

// candidates gives the shortest list of places that holds every match, or says
// that every triple is one.
func (g *Graph) candidates(s, p, o Term) (places []int32, all bool) {
	all = true
	for _, by := range [...]struct {
		term  Term
		index map[Term][]int32
	}{{s, g.bySubject}, {o, g.byObject}, {p, g.byPredicate}} {
		if by.term.IsZero() {
			continue
		}
		if list := by.index[by.term]; all || len(list) < len(places) {
			places, all = list, false
		}
	}
	return places, all
}

// Objects gives the objects of a subject and predicate.
func (g *Graph) Objects(s, p Term) []Term {
	var out []Term
	for t := range g.Match(s, p, Term{}) {
		out = append(out, t.Object)
	}
	return out
}

// Subjects gives the subjects of a predicate and object.
func (g *Graph) Subjects(p, o Term) []Term {
	var out []Term
	for t := range g.Match(Term{}, p, o) {
		out = append(out, t.Subject)
	}
	return out
}

// Object gives the first object of a subject and predicate, or the zero Term.
func (g *Graph) Object(s, p Term) Term {
	for t := range g.Match(s, p, Term{}) {
		return t.Object
	}
	return Term{}
}

// List gives the members of an RDF collection. ok is false where the list is
// not well formed: a node without exactly one rdf:first and one rdf:rest, or a
// list that comes back on itself.
func (g *Graph) List(head Term) (members []Term, ok bool) {
	first, rest, null := NewIRI(RDFFirst), NewIRI(RDFRest), NewIRI(RDFNil)
	seen := map[Term]bool{}
	for node := head; node != null; {
		items, next := g.Objects(node, first), g.Objects(node, rest)
		if seen[node] || len(items) != 1 || len(next) != 1 {
			return members, false
		}
		seen[node] = true
		members = append(members, items[0])
		node = next[0]
	}
	return members, true
}
