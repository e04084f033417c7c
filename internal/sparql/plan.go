package sparql

import "slices"

// planner chooses operators for an algebra tree by estimated cost.
type planner struct {
	x *exec
	// graph is what statistics are taken from: the graph that will be active, or
	// one of those that may.
	graph *graph
	// graphs is how many graphs are tried for each row, inside GRAPH ?g.
	graphs float64
	costs  costs
	known  map[estimateKey]estimate
}

// costs are in units of one row found by a sequential scan.
type costs struct {
	lookup float64 // finding a range in an index
	build  float64 // putting a row in a hash table
	probe  float64 // looking one up
}

var usualCosts = costs{lookup: 4, build: 6, probe: 5}

func newPlanner(x *exec, c costs) *planner {
	return &planner{x: x, graph: x.graph, graphs: 1, costs: c, known: map[estimateKey]estimate{}}
}

// input says what an operator finds in the row it is run on.
type input struct {
	certain varSet // bound in every row
	// free are the variables that parts before this one may have bound, those that
	// are sure apart.
	free varSet
	// fixed are the variables that a row of an EXISTS may have bound, and that are
	// constants in its pattern where they are; sure are those that always are.
	fixed, sure varSet
	rows        float64
}

// after is the input of what follows an operator that binds what s says.
func (in input) after(s *scopeOf, rows float64) input {
	in.certain = in.certain.union(s.certain)
	in.free = in.free.union(s.possible.minus(in.sure))
	in.rows = max(rows, 0.01)
	return in
}

// join plans n to be joined with the rows of in: run on each row, or on its own
// and hashed, whatever costs less.
func (p *planner) join(n node, in input) operator {
	if p.hashes(n, in) {
		return p.hash(n, in, false)
	}
	return p.nested(n, in)
}

// hashes decides between nested evaluation and hashing.
func (p *planner) hashes(n node, in input) bool {
	if !correlates(n, in.free) {
		return true
	}
	nested := p.estimate(n, in.certain)
	return in.rows > 1 && p.hashCost(n, in, nested.rows) < nested.cost*in.rows
}

// hashCost estimates evaluating n on its own and looking up each row of in, which
// has so many matches. Where n sees constants of the row, it is evaluated for
// each row again.
func (p *planner) hashCost(n node, in input, matches float64) float64 {
	alone := p.estimate(n, in.sure)
	build := alone.cost + p.costs.build*alone.rows
	if in.fixed.meets(n.scope().mentions) {
		build *= max(1, in.rows)
	}
	return build + in.rows*(p.costs.probe+matches)
}

// hash plans n on its own.
func (p *planner) hash(n node, in input, overlap bool) operator {
	fixed := in.fixed.intersect(n.scope().mentions)
	sure := in.sure.intersect(fixed)
	possible := n.scope().possible
	return hashJoin{
		sub:     isolated{op: p.nested(n, input{certain: sure, fixed: fixed, sure: sure, rows: 1}), fixed: fixed.list()},
		slots:   possible.list(),
		shared:  possible.intersect(in.free).list(),
		overlap: overlap,
	}
}

// nested plans n to run on each row of in.
func (p *planner) nested(n node, in input) operator {
	switch n := n.(type) {
	case *tripleNode:
		return scan{s: n.s, p: n.p, o: n.o}
	case *pathNode:
		return p.path(n, in)
	case *joinNode:
		return p.joinAll(n, nil, in)
	case *filterNode:
		return p.filter(n, in)
	case *leftJoinNode:
		left := p.nested(n.left, in)
		rows := p.estimate(n.left, in.certain).rows * in.rows
		right := optional{right: p.join(n.right, in.after(n.left.scope(), rows)), conds: n.conds}
		p.exists(n.conds, in.after(n.left.scope(), rows).after(n.right.scope(), rows))
		return chain{[]operator{left, right}}
	case *unionNode:
		branches := make([]operator, len(n.branches))
		for i, b := range n.branches {
			branches[i] = p.nested(b, in)
		}
		return union{branches}
	case *minusNode:
		return p.minus(n, in)
	case *extendNode:
		sub := p.nested(n.sub, in)
		p.exists([]condition{n.expr}, in.after(n.sub.scope(), in.rows))
		return chain{[]operator{sub, extend{slot: n.slot, expr: n.expr}}}
	case *valuesNode:
		return inline{slots: n.slots, rows: n.rows}
	case *graphNode:
		return p.inGraph(n, in)
	case *groupNode:
		sub := p.nested(n.sub, in)
		for _, k := range n.keys {
			p.exists([]condition{k.expr}, in.after(n.sub.scope(), in.rows))
		}
		for _, a := range n.aggregates {
			if a.arg != nil {
				p.exists([]condition{*a.arg}, in.after(n.sub.scope(), in.rows))
			}
		}
		return grouping{sub: sub, keys: n.keys, aggregates: n.aggregates, all: n.sub.scope().possible.list()}
	case *selectNode:
		sub := p.nested(n.sub, in)
		for _, k := range n.order {
			p.exists([]condition{k.expr}, in.after(n.sub.scope(), in.rows))
		}
		return selection{sub: sub, order: n.order, project: n.project, distinct: n.distinct, limit: n.limit, offset: n.offset}
	case *serviceNode:
		return service{clause: n.clause, name: n.name, vars: n.vars}
	}
	panic("sparql: unknown operator")
}

func (p *planner) path(n *pathNode, in input) operator {
	checked := func(r ref) bool { return r.isVar() && !in.sure.has(r.slot) }
	switch path := n.path.(type) {
	case negatedPath:
		return negatedScan{s: n.s, o: n.o, path: path}
	case *repeatPath:
		return repeatScan{s: n.s, o: n.o, path: path, checkS: checked(n.s), checkO: checked(n.o)}
	}
	panic("sparql: a path that is no repetition was not translated")
}

func (p *planner) filter(n *filterNode, in input) operator {
	if j, ok := n.sub.(*joinNode); ok {
		return p.joinAll(j, n.conds, in)
	}
	sub := p.nested(n.sub, in)
	p.exists(n.conds, in.after(n.sub.scope(), in.rows*p.estimate(n.sub, in.certain).rows))
	return filter{sub: sub, conds: n.conds}
}

// minus plans MINUS: a lookup per row where that gives the same as MINUS, or
// else by hashing.
func (p *planner) minus(n *minusNode, in input) operator {
	left := p.nested(n.left, in)
	l, r := n.left.scope(), n.right.scope()
	shared := l.possible.intersect(r.possible).minus(in.sure)
	if shared.empty() {
		return left // nothing is ever taken away
	}
	// The right side sees of the row what the left side has in its scope.
	after := in.after(l, in.rows*p.estimate(n.left, in.certain).rows)
	after.free = l.possible.minus(in.sure)
	after.certain = after.certain.intersect(l.possible.union(in.sure))
	right := p.hash(n.right, after, true)
	if shared.within(l.certain.intersect(r.certain)) && !shared.meets(in.fixed) {
		if !p.hashes(n.right, after) {
			right = p.nested(n.right, after)
		}
	}
	return chain{[]operator{left, unless{right}}}
}

// inGraph plans GRAPH; the statistics for a variable are those of the largest
// graph.
func (p *planner) inGraph(n *graphNode, in input) operator {
	inner := *p
	inner.graph, inner.graphs = p.graphFor(n.name, in.certain)
	given := in
	if n.name.isVar() {
		name := varsOf(n.name.slot)
		given.free = in.free.union(name.minus(in.sure))
		given.certain = in.certain.union(name)
	}
	if correlates(n.sub, given.free) {
		return inGraph{name: n.name, sub: inner.nested(n.sub, given)}
	}
	return inGraph{name: n.name, sub: inner.hash(n.sub, given, false)}
}

// graphFor gives the graph that stands for those a GRAPH clause may be about,
// and how many they are.
func (p *planner) graphFor(name ref, certain varSet) (*graph, float64) {
	d := p.x.dataset
	if !name.isVar() {
		if g := d.named[name.term]; g != nil {
			return g, 1
		}
		return &graph{}, 0
	}
	largest := &graph{}
	for _, n := range d.names {
		if g := d.named[n]; g.triples > largest.triples {
			largest = g
		}
	}
	if certain.has(name.slot) {
		return largest, 1
	}
	return largest, float64(len(d.names))
}

// exists plans the EXISTS patterns of conditions that are tested on rows of in.
// Variables of the row are constants in the pattern (section 18.6).
func (p *planner) exists(conds []condition, in input) {
	row := in.free.union(in.certain).union(in.fixed)
	for _, c := range conds {
		for _, e := range c.exists {
			s := e.sub.scope()
			fixed := row.intersect(s.mentions)
			sure := fixed.intersect(in.certain)
			joined := input{certain: in.certain, free: fixed, rows: in.rows}
			if e.joinable(fixed, sure) && p.hashes(e.sub, joined) {
				e.plan, e.joined = p.hash(e.sub, joined, false), true
				continue
			}
			e.plan = p.nested(e.sub, input{certain: in.certain, fixed: fixed, sure: sure, rows: in.rows})
		}
	}
}

// joinable reports whether the pattern's own solutions, joined with the row, say
// the same as substitution: the variables it shares with the row are bound on
// both sides, and nothing else in it sees them.
func (e *existsExpr) joinable(shared, sure varSet) bool {
	return shared.within(e.sub.scope().certain) && shared.within(sure) && correlates(e.sub, shared) && !tellsConstants(e.sub, shared)
}

// joinAll plans a join of several parts, and the filters over it, each as soon
// as what it looks at is bound.
func (p *planner) joinAll(j *joinNode, conds []condition, in input) operator {
	order := p.order(j.parts, in)
	pending := slices.Clone(conds)
	var ops []operator
	certain := in.certain
	place := func(last bool) {
		var now []condition
		pending = slices.DeleteFunc(pending, func(c condition) bool {
			ready := last || c.vars.intersect(j.possible).within(certain)
			if ready {
				now = append(now, c)
			}
			return ready
		})
		if len(now) > 0 {
			// Cheap tests go before patterns.
			slices.SortStableFunc(now, func(a, b condition) int { return min(len(a.exists), 1) - min(len(b.exists), 1) })
			p.exists(now, in)
			ops = append(ops, test{now})
		}
	}
	if len(order) == 0 {
		place(true)
		return chain{ops}
	}
	for i, part := range order {
		each := p.estimate(part, in.certain)
		ops = append(ops, p.join(part, in))
		in = in.after(part.scope(), in.rows*each.rows)
		certain = in.certain
		place(i == len(order)-1)
	}
	return chain{ops}
}
