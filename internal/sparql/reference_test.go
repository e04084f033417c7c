package sparql

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

// reference evaluates algebra bottom-up, by the letter of section 18.5, with no
// index, no order of joins and no sharing of rows: slow, and easy to believe.
type reference struct {
	x     *exec
	fixed []id // the row of an EXISTS, which is substituted in its pattern
	limit int  // rows to give up at
}

type solution = []id

func (r *reference) empty() solution { return slices.Clone(r.fixed) }

// compatible merges two solutions.
func compatibleRows(a, b solution) (solution, bool) {
	merged := slices.Clone(a)
	for i, n := range b {
		if n == 0 {
			continue
		}
		if merged[i] != 0 && merged[i] != n {
			return nil, false
		}
		merged[i] = n
	}
	return merged, true
}

func (r *reference) join(left, right []solution) (out []solution) {
	for _, a := range left {
		for _, b := range right {
			if m, ok := compatibleRows(a, b); ok {
				out = append(out, m)
			}
			if len(out) > r.limit {
				panic(tooLarge{})
			}
		}
	}
	return out
}

type tooLarge struct{}

func (r *reference) holds(row solution, conds []condition) bool {
	r.x.row = row
	return r.x.holds(conds)
}

// prepare lets the EXISTS of conditions be evaluated by this reference.
func (r *reference) prepare(conds ...condition) {
	for _, c := range conds {
		for _, e := range c.exists {
			e.plan, e.joined = referenceExists{r, e.sub}, true
		}
	}
}

type referenceExists struct {
	r   *reference
	sub node
}

func (op referenceExists) build(x *exec, next func() bool) func() bool {
	return func() bool {
		row := slices.Clone(x.row)
		inner := &reference{x: x, fixed: row, limit: op.r.limit}
		found := inner.eval(op.sub, x.graph)
		x.row = row
		return len(found) == 0 || next()
	}
}

func (r *reference) eval(n node, g *graph) []solution {
	outer := r.x.graph
	r.x.graph = g
	defer func() { r.x.graph = outer }()
	switch n := n.(type) {
	case *joinNode:
		out := []solution{r.empty()}
		for _, part := range n.parts {
			out = r.join(out, r.eval(part, g))
		}
		return out
	case *tripleNode:
		return r.triples(n, g)
	case *pathNode:
		return r.paths(n, g)
	case *leftJoinNode:
		return r.leftJoin(n, g)
	case *unionNode:
		var out []solution
		for _, b := range n.branches {
			out = append(out, r.eval(b, g)...)
		}
		return out
	case *filterNode:
		r.prepare(n.conds...)
		return slices.DeleteFunc(r.eval(n.sub, g), func(row solution) bool { return !r.holds(row, n.conds) })
	case *minusNode:
		right := r.eval(n.right, g)
		return slices.DeleteFunc(r.eval(n.left, g), func(row solution) bool {
			return slices.ContainsFunc(right, func(other solution) bool {
				_, ok := compatibleRows(row, other)
				return ok && r.overlap(row, other)
			})
		})
	case *extendNode:
		r.prepare(n.expr)
		rows := r.eval(n.sub, g)
		var out []solution
		for _, row := range rows {
			r.x.row = row
			if v, ok := n.expr.expr.eval(r.x); ok {
				value := r.x.intern(&v)
				if row[n.slot] != 0 && row[n.slot] != value { // only where EXISTS fixed it
					continue
				}
				row[n.slot] = value
			}
			out = append(out, row)
		}
		return out
	case *valuesNode:
		var out []solution
		for _, values := range n.rows {
			row := make(solution, len(r.fixed))
			for i, slot := range n.slots {
				row[slot] = values[i]
			}
			out = append(out, row)
		}
		return r.join([]solution{r.empty()}, out)
	case *graphNode:
		return r.inGraph(n)
	case *groupNode:
		for _, k := range n.keys {
			r.prepare(k.expr)
		}
		op := grouping{sub: given{r.eval(n.sub, g)}, keys: n.keys, aggregates: n.aggregates, all: n.sub.scope().possible.list()}
		return r.collect(op)
	case *selectNode:
		op := selection{sub: given{r.eval(n.sub, g)}, order: n.order, project: n.project, distinct: n.distinct, limit: n.limit, offset: n.offset}
		rows := r.collect(op)
		kept := n.possible
		for _, row := range rows {
			for i := range row {
				if !kept.has(i) {
					row[i] = r.fixed[i]
				}
			}
		}
		return rows
	}
	panic(fmt.Sprintf("no reference for %T", n))
}

// overlap reports whether two solutions bind a variable in common, constants of
// an EXISTS apart.
func (r *reference) overlap(a, b solution) bool {
	for i := range a {
		if a[i] != 0 && b[i] != 0 && r.fixed[i] == 0 {
			return true
		}
	}
	return false
}

// given is an operator with known solutions.
type given struct{ rows []solution }

func (op given) build(x *exec, next func() bool) func() bool {
	return func() bool {
		before := x.row
		for _, row := range op.rows {
			x.row = slices.Clone(row)
			if !next() {
				break
			}
		}
		x.row = before
		return true
	}
}

func (r *reference) collect(op operator) (out []solution) {
	r.x.row = r.empty()
	op.build(r.x, func() bool {
		out = append(out, slices.Clone(r.x.row))
		return true
	})()
	return out
}

func (r *reference) bind(row solution, ref ref, n id) bool {
	if !ref.isVar() {
		return ref.term == n
	}
	if row[ref.slot] != 0 {
		return row[ref.slot] == n
	}
	row[ref.slot] = n
	return true
}

func (r *reference) triples(n *tripleNode, g *graph) (out []solution) {
	g.spo.each(func(s id, pairs []pair) bool {
		for _, p := range pairs {
			row := r.empty()
			if r.bind(row, n.s, s) && r.bind(row, n.p, p.a) && r.bind(row, n.o, p.b) {
				out = append(out, row)
			}
		}
		return true
	})
	return out
}

// relation gives the pairs of nodes that a path connects, by fixpoint.
func (r *reference) relation(p path, g *graph, extra []id) map[pair]bool {
	out := map[pair]bool{}
	each := func(visit func(s, p, o id)) {
		g.spo.each(func(s id, pairs []pair) bool {
			for _, t := range pairs {
				visit(s, t.a, t.b)
			}
			return true
		})
	}
	switch p := p.(type) {
	case predicatePath:
		each(func(s, predicate, o id) {
			if predicate == p.predicate {
				out[pair{s, o}] = true
			}
		})
	case negatedPath:
		each(func(s, predicate, o id) {
			if !p.not[predicate] {
				out[pair{s, o}] = true
			}
		})
	case inversePath:
		for t := range r.relation(p.sub, g, extra) {
			out[pair{t.b, t.a}] = true
		}
	case alternativePath:
		for _, choice := range p {
			for t := range r.relation(choice, g, extra) {
				out[t] = true
			}
		}
	case sequencePath:
		out = r.relation(p[0], g, extra)
		for _, step := range p[1:] {
			out = compose(out, r.relation(step, g, extra))
		}
	case *repeatPath:
		step := r.relation(p.sub, g, extra)
		for t := range step {
			out[t] = true
		}
		for size := -1; p.many && size != len(out); {
			size = len(out)
			for t := range compose(out, step) {
				out[t] = true
			}
		}
		if p.zero {
			each(func(s, _, o id) { out[pair{s, s}], out[pair{o, o}] = true, true })
			for _, n := range extra {
				out[pair{n, n}] = true
			}
		}
	}
	return out
}

func compose(a, b map[pair]bool) map[pair]bool {
	out := map[pair]bool{}
	for x := range a {
		for y := range b {
			if x.b == y.a {
				out[pair{x.a, y.b}] = true
			}
		}
	}
	return out
}

func (r *reference) paths(n *pathNode, g *graph) (out []solution) {
	if negated, ok := n.path.(negatedPath); ok { // counts each triple
		g.spo.each(func(s id, pairs []pair) bool {
			for _, p := range pairs {
				row := r.empty()
				if !negated.not[p.a] && r.bind(row, n.s, s) && r.bind(row, n.o, p.b) {
					out = append(out, row)
				}
			}
			return true
		})
		return out
	}
	// Terms of the query, and constants of an EXISTS, need not be in the graph.
	var extra []id
	for _, end := range []ref{n.s, n.o} {
		if !end.isVar() {
			extra = append(extra, end.term)
		} else if r.fixed[end.slot] != 0 {
			extra = append(extra, r.fixed[end.slot])
		}
	}
	for t := range r.relation(n.path, g, extra) {
		row := r.empty()
		if r.bind(row, n.s, t.a) && r.bind(row, n.o, t.b) {
			out = append(out, row)
		}
	}
	return out
}

func (r *reference) leftJoin(n *leftJoinNode, g *graph) (out []solution) {
	r.prepare(n.conds...)
	right := r.eval(n.right, g)
	for _, a := range r.eval(n.left, g) {
		matched := false
		for _, b := range right {
			if m, ok := compatibleRows(a, b); ok && r.holds(m, n.conds) {
				out = append(out, m)
				matched = true
			}
		}
		if !matched {
			out = append(out, a)
		}
		if len(out) > r.limit {
			panic(tooLarge{})
		}
	}
	return out
}

func (r *reference) inGraph(n *graphNode) (out []solution) {
	for _, name := range r.x.dataset.names {
		if !n.name.isVar() && n.name.term != name {
			continue
		}
		for _, row := range r.eval(n.sub, r.x.dataset.named[name]) {
			if r.bind(row, n.name, name) {
				out = append(out, row)
			}
		}
	}
	return out
}

// bothWays runs a query by the reference and by the planner, and gives the sorted
// rows of each; ok is false where the reference gave up.
func bothWays(ctx context.Context, s *Store, query string, c costs) (want, got []string, ok bool, err error) {
	q, err := syntax.Parse(query, syntax.Options{})
	if err != nil {
		return nil, nil, false, err
	}
	opts := &Options{}
	translated := func() (*exec, *translator, *selectNode) {
		x := &exec{ctx: ctx, opts: opts, limit: opts.maxMemory(), terms: newTerms(s.terms),
			dataset: &dataset{base: s.base, named: s.named, names: s.names}, graph: s.base}
		t := &translator{terms: x.terms}
		return x, t, t.newVariables().query(q, q.Vars())
	}
	text := func(x *exec, row []id, project []int) string {
		var b strings.Builder
		for _, slot := range project {
			if row[slot] != 0 {
				b.WriteString(x.terms.term(row[slot]).String())
			}
			b.WriteString(" | ")
		}
		return b.String()
	}

	x, t, root := translated()
	ref := &reference{x: x, fixed: make([]id, len(t.names)), limit: 3000}
	func() {
		defer func() {
			if problem := recover(); problem != nil {
				if _, large := problem.(tooLarge); !large {
					panic(problem)
				}
				return
			}
			ok = true
		}()
		for _, row := range ref.eval(root, s.base) {
			want = append(want, text(x, row, root.project))
		}
	}()
	if !ok {
		return nil, nil, false, nil
	}

	x, t, root = translated()
	x.row = make([]id, len(t.names))
	op := newPlanner(x, c).nested(root, input{rows: 1})
	op.build(x, func() bool {
		got = append(got, text(x, x.row, root.project))
		return true
	})()
	for slot, n := range x.row {
		if n != 0 && x.err == nil {
			x.err = fmt.Errorf("slot %d (%q) was not cleared", slot, t.names[slot])
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	return want, got, true, x.err
}

var randomQueries = flag.Uint64("random-queries", 6000, "how many queries TestAgainstReference makes")

// TestAgainstReference compares the planner's operators with the definitions, on
// random queries.
func TestAgainstReference(t *testing.T) {
	compared, answered := 0, 0
	plans := []costs{
		usualCosts,
		{lookup: 1e6, build: 1e-6, probe: 1e-6}, // hash all that can be
		{lookup: 1e-6, build: 1e6, probe: 1e6},  // hash only what must be
	}
	for seed := range *randomQueries {
		s, query := randomQuery(seed)
		want, got, ok, err := bothWays(t.Context(), s, query, plans[seed%3])
		if err != nil {
			if invalid := (*syntax.Error)(nil); errors.As(err, &invalid) {
				continue // a BIND of a variable in use
			}
			t.Fatalf("seed %d: %v\n%s", seed, err, query)
		}
		if !ok {
			continue
		}
		compared++
		if len(want) > 0 {
			answered++
		}
		if !slices.Equal(want, got) {
			t.Fatalf("seed %d\n%s\nwant %d:\n%s\ngot %d:\n%s", seed, query, len(want), strings.Join(want, "\n"), len(got), strings.Join(got, "\n"))
		}
	}
	t.Logf("%d queries compared, %d with solutions", compared, answered)
	if compared < int(*randomQueries)/2 || answered < compared/10 {
		t.Errorf("only %d queries were compared, %d of them with solutions", compared, answered)
	}
}
