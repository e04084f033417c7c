package sparql

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// TestTermOrder compares the ranks of terms with the order they should have, for
// values with long common prefixes, NULs, and equal values of different types.
func TestTermOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	d := newDictionary()
	add := func(value string) {
		d.intern(rdf.NewIRI(value))
		d.intern(rdf.NewLiteral(value))
		d.intern(rdf.NewLangLiteral(value, "en"))
		d.intern(rdf.NewBlank(value))
	}
	for range 20_000 {
		prefix := strings.Repeat("http://example.org/", r.IntN(4))
		add(prefix + strings.Repeat("\x00", r.IntN(3)) + fmt.Sprint(r.IntN(5000)) + strings.Repeat("\x00", r.IntN(12)))
	}
	order := d.sorted()
	want := slices.Clone(order)
	slices.SortFunc(want, d.compare)
	if !slices.Equal(order, want) {
		t.Error("the order of terms is wrong")
	}
	// Without patience for partitions, the order is the same.
	var items []sortItem
	for i := range d.len() {
		items = append(items, sortItem{id: id(i + 1)})
	}
	s := termSorter{d: d}
	s.sort(items, 0, true, 0)
	for i, item := range items {
		if item.id != want[i] {
			t.Fatal("the order without partitions is wrong")
		}
	}
	before := make([]rdf.Term, d.len()+1)
	for n := range d.len() {
		before[n+1] = d.term(id(n + 1))
	}
	f, rank := d.freeze()
	for old, term := range before[1:] {
		if n := rank[old+1]; f.term(n) != term || f.lookup(term) != n {
			t.Fatalf("%s is not found again", term)
		}
	}
}

// TestIndexes looks every pattern up in dense and sparse graphs.
func TestIndexes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, terms := range []int{30, 5000} {
		all := map[triple]bool{}
		var triples []triple
		for range 400 {
			x := triple{id(1 + r.IntN(20)), id(1 + r.IntN(4)), id(1 + r.IntN(25))}
			all[x] = true
			triples = append(triples, x, x)
		}
		g := buildGraph(triples, terms)
		if g.triples != len(all) {
			t.Errorf("%d triples, want %d", g.triples, len(all))
		}
		for range 2000 {
			pick := func(n int) id { return id(r.IntN(n)) } // 0: free
			s, p, o := pick(22), pick(6), pick(27)
			want := 0
			for x := range all {
				if (s == 0 || s == x.s) && (p == 0 || p == x.p) && (o == 0 || o == x.o) {
					want++
				}
			}
			if got := countMatches(g, s, p, o); got != want {
				t.Fatalf("%d terms: (%d %d %d) has %d matches, want %d", terms, s, p, o, got, want)
			}
		}
	}
}
