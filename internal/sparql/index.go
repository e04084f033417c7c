package sparql

import (
	"cmp"
	"slices"
	"sort"
	"sync"
)

type triple struct{ s, p, o id }

// pair is the second and third component of a triple in an index's order.
type pair struct{ a, b id }

// index holds a graph's triples sorted by one order of their components: for
// each first component, the pairs of the other two.
type index struct {
	keys   []id // the first components; nil: all ids, densely
	starts []uint32
	pairs  []pair
}

// find gives the pairs of a first component.
func (x *index) find(k id) []pair {
	if x.keys == nil {
		if int(k)+1 >= len(x.starts) {
			return nil
		}
		return x.pairs[x.starts[k]:x.starts[k+1]]
	}
	i, ok := slices.BinarySearch(x.keys, k)
	if !ok {
		return nil
	}
	return x.pairs[x.starts[i]:x.starts[i+1]]
}

// each calls visit for the first components that occur, in order.
func (x *index) each(visit func(k id, pairs []pair) bool) bool {
	for i := range len(x.starts) - 1 {
		from, to := x.starts[i], x.starts[i+1]
		if from == to {
			continue
		}
		k := id(i)
		if x.keys != nil {
			k = x.keys[i]
		}
		if !visit(k, x.pairs[from:to]) {
			return false
		}
	}
	return true
}

// within gives the pairs that begin with a.
func within(pairs []pair, a id) []pair {
	lo := 0
	if len(pairs) > 16 {
		lo = sort.Search(len(pairs), func(i int) bool { return pairs[i].a >= a })
	} else {
		for lo < len(pairs) && pairs[lo].a < a {
			lo++
		}
	}
	hi := lo
	for step := 1; ; step *= 2 { // gallop: ranges are short, or else the whole
		if hi+step > len(pairs) || pairs[hi+step-1].a != a {
			rest := pairs[hi:min(hi+step, len(pairs))]
			hi += sort.Search(len(rest), func(i int) bool { return rest[i].a != a })
			break
		}
		hi += step
	}
	return pairs[lo:hi]
}

// contains reports whether the pair (a, b) is among sorted pairs.
func contains(pairs []pair, a, b id) bool {
	_, ok := slices.BinarySearchFunc(pairs, pair{a, b}, func(x, y pair) int {
		if c := cmp.Compare(x.a, y.a); c != 0 {
			return c
		}
		return cmp.Compare(x.b, y.b)
	})
	return ok
}

// predicateStats counts what the triples of a predicate are between.
type predicateStats struct{ triples, subjects, objects int }

// graph is one graph: its triples in five orders, and counts for the planner.
type graph struct {
	spo, pso, pos, ops, osp index

	predicates        map[id]predicateStats
	triples           int
	subjects, objects int
}

// hasNode reports whether n is a subject or object.
func (g *graph) hasNode(n id) bool {
	return len(g.spo.find(n)) > 0 || len(g.osp.find(n)) > 0
}

// buildGraph sorts triples, which it takes over; terms is the largest id.
func buildGraph(triples []triple, terms int) *graph {
	b := graphBuilder{terms: terms, dense: len(triples)*4 >= terms}
	other := make([]triple, len(triples))
	b.sortBy(triples, other, 'o')
	b.sortBy(other, triples, 'p')
	b.sortBy(triples, other, 's')
	spo := slices.Compact(other)
	g := &graph{triples: len(spo)}
	g.spo = b.index(spo, "spo")

	// A stable sort by one component makes each further order from another.
	var wait sync.WaitGroup
	wait.Go(func() {
		pso := triples[:len(spo)]
		b.sortBy(spo, pso, 'p')
		g.pso = b.index(pso, "pso")
		ops := make([]triple, len(spo))
		b.sortBy(pso, ops, 'o')
		g.ops = b.index(ops, "ops")
	})
	wait.Go(func() {
		osp := make([]triple, len(spo))
		b.sortBy(spo, osp, 'o')
		g.osp = b.index(osp, "osp")
		pos := make([]triple, len(spo))
		b.sortBy(osp, pos, 'p')
		g.pos = b.index(pos, "pos")
	})
	wait.Wait()
	g.count()
	return g
}

type graphBuilder struct {
	terms int
	dense bool
}

func component(t *triple, c byte) id {
	switch c {
	case 's':
		return t.s
	case 'p':
		return t.p
	}
	return t.o
}

// sortBy copies from into to, sorted stably by a component.
func (b graphBuilder) sortBy(from, to []triple, c byte) {
	if !b.dense {
		copy(to, from)
		slices.SortStableFunc(to, func(x, y triple) int { return cmp.Compare(component(&x, c), component(&y, c)) })
		return
	}
	next := make([]uint32, b.terms+2)
	for i := range from {
		next[component(&from[i], c)+1]++
	}
	for i := 1; i < len(next); i++ {
		next[i] += next[i-1]
	}
	for i := range from {
		k := component(&from[i], c)
		to[next[k]] = from[i]
		next[k]++
	}
}

// index makes the index of triples that are sorted in an order like "spo". For
// predicates, of which there are few, it lists the keys even in a dense graph.
func (b graphBuilder) index(sorted []triple, order string) index {
	x := index{pairs: make([]pair, len(sorted))}
	first := order[0]
	dense := b.dense && first != 'p'
	if dense {
		x.starts = make([]uint32, b.terms+2)
	} else {
		x.keys = []id{}
	}
	for i := range sorted {
		t := &sorted[i]
		k := component(t, first)
		x.pairs[i] = pair{component(t, order[1]), component(t, order[2])}
		if dense {
			x.starts[k+1]++
		} else if len(x.keys) == 0 || x.keys[len(x.keys)-1] != k {
			x.keys = append(x.keys, k)
			x.starts = append(x.starts, uint32(i))
		}
	}
	if dense {
		for i := 1; i < len(x.starts); i++ {
			x.starts[i] += x.starts[i-1]
		}
	} else {
		x.starts = append(x.starts, uint32(len(sorted)))
	}
	return x
}

// count takes the planner's statistics.
func (g *graph) count() {
	g.predicates = make(map[id]predicateStats, len(g.pso.keys))
	for _, p := range g.pso.keys {
		bySubject, byObject := g.pso.find(p), g.pos.find(p)
		g.predicates[p] = predicateStats{triples: len(bySubject), subjects: distinctFirst(bySubject), objects: distinctFirst(byObject)}
	}
	g.spo.each(func(id, []pair) bool { g.subjects++; return true })
	g.osp.each(func(id, []pair) bool { g.objects++; return true })
}

func distinctFirst(pairs []pair) int {
	n := 0
	for i := range pairs {
		if i == 0 || pairs[i].a != pairs[i-1].a {
			n++
		}
	}
	return n
}
