package rdf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
)

func TestIsomorphic(t *testing.T) {
	ring := func(sizes ...int) string {
		var b strings.Builder
		for r, n := range sizes {
			for i := range n {
				fmt.Fprintf(&b, "_:r%dn%d <a:next> _:r%dn%d .\n", r, i, r, (i+1)%n)
			}
		}
		return b.String()
	}
	for _, c := range []struct {
		name, a, b string
		want       bool
	}{
		{"labels", "_:a <a:p> _:b . _:b <a:p> 1 .", "_:x <a:p> 1 . _:y <a:p> _:x .", true},
		{"direction", "_:a <a:p> _:b . _:b <a:q> _:a .", "_:a <a:p> _:b . _:a <a:q> _:b .", false},
		{"one node or two", "_:a <a:p> 1 . _:a <a:q> 2 .", "_:a <a:p> 1 . _:b <a:q> 2 .", false},
		{"literal", "<a:s> <a:p> '1' .", "<a:s> <a:p> 1 .", false},
		{"twice", "<a:s> <a:p> 1 . <a:s> <a:p> 1 .", "<a:s> <a:p> 1 .", true},
		{"subset", "<a:s> <a:p> 1, 2 .", "<a:s> <a:p> 1 .", false},
		// Two rings of three look like one of six to any node.
		{"rings", ring(3, 3), ring(6), false},
		{"ring", ring(6), ring(6), true},
		// The first node that looks alike need not be the right one.
		{"rings apart", ring(6, 3, 3), ring(3, 3, 6), true},
		{"rings apart differ", ring(5, 3, 4), ring(3, 3, 6), false},
		{"symmetric", "_:a <a:p> _:b, _:c . _:d <a:p> _:b, _:c .", "_:1 <a:p> _:2, _:3 . _:4 <a:p> _:2, _:3 .", true},
		{"graphs", "_:g { _:a <a:p> _:g }", "_:a { _:g <a:p> _:a }", true},
		{"graphs differ", "_:g { _:a <a:p> _:g }", "_:g { _:a <a:p> _:a }", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := mustParse(t, c.a, rdf.TriG, rdf.Options{})
			b := mustParse(t, c.b, rdf.TriG, rdf.Options{})
			// Nodes that look alike are tried in no fixed order.
			for range 10 {
				if got := rdf.Isomorphic(a, b); got != c.want {
					t.Fatalf("got %v", got)
				}
			}
		})
	}
}

func TestGraph(t *testing.T) {
	g := rdf.NewGraph()
	for _, q := range mustParse(t, "<a:s> <a:p> 1, 2 ; <a:q> 1 . <a:t> <a:p> 1 . <a:s> <a:p> 1 .", rdf.Turtle, rdf.Options{}) {
		g.Add(q.Triple, rdf.Position{})
	}
	s, p, one := rdf.NewIRI("a:s"), rdf.NewIRI("a:p"), rdf.NewTypedLiteral("1", rdf.XSDInteger)
	for _, c := range []struct {
		s, p, o rdf.Term
		want    int
	}{
		{rdf.Term{}, rdf.Term{}, rdf.Term{}, 4}, {s, rdf.Term{}, rdf.Term{}, 3}, {rdf.Term{}, p, rdf.Term{}, 3},
		{rdf.Term{}, rdf.Term{}, one, 3}, {s, p, rdf.Term{}, 2}, {s, rdf.Term{}, one, 2}, {rdf.Term{}, p, one, 2},
		{s, p, one, 1}, {p, rdf.Term{}, rdf.Term{}, 0}, {s, p, s, 0},
	} {
		n := 0
		for range g.Match(c.s, c.p, c.o) {
			n++
		}
		if n != c.want {
			t.Errorf("%v %v %v: %d triples, want %d", c.s, c.p, c.o, n, c.want)
		}
	}
	if g.Len() != 4 {
		t.Errorf("%d triples", g.Len())
	}
	loop := rdf.NewGraph()
	for _, q := range mustParse(t, "_:a <"+rdf.RDFFirst+"> 1 ; <"+rdf.RDFRest+"> _:a .", rdf.Turtle, rdf.Options{}) {
		loop.Add(q.Triple, rdf.Position{})
	}
	if _, ok := loop.List(rdf.NewBlank("a")); ok {
		t.Error("a list that comes back on itself is well formed")
	}
}

func TestRelabel(t *testing.T) {
	parse := func(text string) []rdf.Quad {
		var quads []rdf.Quad
		err := rdf.Parse(t.Context(), strings.NewReader(text), rdf.Turtle, rdf.Options{}, func(q rdf.Quad, _ rdf.Position) error {
			quads = append(quads, q)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return quads
	}
	a := parse("<a:s> <a:list> (1 2 3) . _:n <a:p> _:m . _:m <a:p> 1 . _:m <a:p> 1 .")
	b := parse("_:q <a:p> 1 . _:z <a:p> _:q . <a:s> <a:list> (1 2 3) .")
	x, y := rdf.Relabel(a, "b"), rdf.Relabel(b, "b")
	if fmt.Sprint(x) != fmt.Sprint(y) {
		t.Errorf("\n%v\n%v", x, y)
	}
	if !rdf.Isomorphic(x, a) {
		t.Errorf("%v is another graph than %v", x, a)
	}
}
