package sparql

// estimate is what running an operator on one row costs and gives.
type estimate struct{ rows, cost float64 }

// Guesses, where the statistics say nothing.
const (
	filterShare  = 0.3 // of the rows that pass a condition
	closureReach = 8   // times the nodes of one step that a closure reaches
	serviceRows  = 1000
	serviceCost  = 1e6
)

// estimateKey names an estimate that has been made.
type estimateKey struct {
	node  node
	graph *graph
	bound string
}

// estimate looks at n run on one row that has the variables of bound. Estimates
// are kept: an operator is looked at again and again from those around it.
func (p *planner) estimate(n node, bound varSet) estimate {
	if t, ok := n.(*tripleNode); ok {
		return p.estimateTriple(t, bound)
	}
	if !p.x.tick() { // the query has ended: any plan will do
		return estimate{}
	}
	key := estimateKey{n, p.graph, bound.intersect(n.scope().mentions).key()}
	e, known := p.known[key]
	if !known {
		e = p.newEstimate(n, bound)
		p.known[key] = e
	}
	return e
}

func (p *planner) newEstimate(n node, bound varSet) estimate {
	switch n := n.(type) {
	case *pathNode:
		return p.estimatePath(n, bound)
	case *joinNode:
		return p.estimateJoin(n, bound)
	case *filterNode:
		e := p.estimate(n.sub, bound)
		e.cost += e.rows * float64(len(n.conds))
		for range min(len(n.conds), 4) {
			e.rows *= filterShare
		}
		return e
	case *leftJoinNode:
		left := p.estimate(n.left, bound)
		right := p.estimate(n.right, bound.union(n.left.scope().certain))
		return estimate{rows: left.rows * max(1, right.rows), cost: left.cost + left.rows*right.cost}
	case *unionNode:
		var sum estimate
		for _, b := range n.branches {
			e := p.estimate(b, bound)
			sum.rows += e.rows
			sum.cost += e.cost
		}
		return sum
	case *minusNode:
		left := p.estimate(n.left, bound)
		right := p.estimate(n.right, bound.union(n.left.scope().certain))
		return estimate{rows: left.rows, cost: left.cost + left.rows*min(right.cost, p.costs.probe)}
	case *extendNode:
		e := p.estimate(n.sub, bound)
		e.cost += e.rows
		return e
	case *valuesNode:
		rows := float64(len(n.rows))
		return estimate{rows: p.shareOf(rows, n.possible, bound), cost: rows}
	case *graphNode:
		inner := *p
		inner.graph, inner.graphs = p.graphFor(n.name, bound)
		e := inner.estimate(n.sub, bound)
		return estimate{rows: e.rows * inner.graphs, cost: (e.cost + 1) * inner.graphs}
	case *groupNode:
		e := p.estimate(n.sub, nil)
		rows := 1.0
		if len(n.keys) > 0 {
			rows = max(1, e.rows/4)
		}
		return estimate{rows: p.shareOf(rows, n.possible, bound), cost: e.cost + e.rows*p.costs.build}
	case *selectNode:
		e := p.estimate(n.sub, nil)
		if n.limit >= 0 {
			e.rows = min(e.rows, float64(n.limit))
		}
		e.rows = p.shareOf(e.rows, n.possible, bound)
		return e
	}
	return estimate{rows: serviceRows, cost: serviceCost}
}

// shareOf guesses how many of rows agree with a row in the variables that both
// bind.
func (p *planner) shareOf(rows float64, vars, bound varSet) float64 {
	if vars.meets(bound) {
		return max(min(rows, 1), rows/10)
	}
	return rows
}

func (p *planner) estimateJoin(n *joinNode, bound varSet) estimate {
	e := estimate{rows: 1}
	left := append([]node(nil), n.parts...)
	for len(left) > 0 {
		best, bestNext := 0, estimate{}
		for i, part := range left {
			next := p.estimate(part, bound)
			if i == 0 || next.rows < bestNext.rows {
				best, bestNext = i, next
			}
			if len(n.parts) > exhaustive { // as written: an estimate must stay cheap
				break
			}
		}
		e.cost += e.rows * bestNext.cost
		e.rows *= bestNext.rows
		bound = bound.union(left[best].scope().certain)
		left = append(left[:best], left[best+1:]...)
	}
	return e
}

// estimateTriple counts exactly where only constants are bound, and divides by
// the number of distinct values for variables that are.
func (p *planner) estimateTriple(n *tripleNode, bound varSet) estimate {
	g := p.graph
	constant := func(r ref) id {
		if r.isVar() {
			return 0
		}
		return r.term
	}
	isBound := func(r ref) bool { return r.isVar() && bound.has(r.slot) }
	s, pr, o := constant(n.s), constant(n.p), constant(n.o)
	rows := float64(countMatches(g, s, pr, o))
	subjects, objects := float64(g.subjects), float64(g.objects)
	if pr != 0 {
		stats := g.predicates[pr]
		subjects, objects = float64(stats.subjects), float64(stats.objects)
	}
	if isBound(n.s) {
		rows /= max(1, subjects)
	}
	if isBound(n.o) {
		if o == 0 && s == 0 && isBound(n.s) {
			rows = min(rows, 1)
		}
		rows /= max(1, objects)
	}
	if isBound(n.p) {
		rows /= max(1, float64(len(g.predicates)))
	}
	return estimate{rows: rows, cost: p.costs.lookup + rows}
}

// countMatches counts the triples with the components that are not 0.
func countMatches(g *graph, s, p, o id) int {
	switch {
	case s != 0 && p != 0 && o != 0:
		if has(g, s, p, o) {
			return 1
		}
		return 0
	case s != 0 && p != 0:
		return len(within(g.spo.find(s), p))
	case s != 0 && o != 0:
		return len(within(g.osp.find(o), s))
	case p != 0 && o != 0:
		return len(within(g.ops.find(o), p))
	case s != 0:
		return len(g.spo.find(s))
	case p != 0:
		return len(g.pso.find(p))
	case o != 0:
		return len(g.osp.find(o))
	}
	return g.triples
}

func (p *planner) estimatePath(n *pathNode, bound varSet) estimate {
	g := p.graph
	nodes := max(1, float64(max(g.subjects, g.objects)))
	triples := p.pathTriples(n.path)
	fixed := func(r ref) bool { return !r.isVar() || bound.has(r.slot) }
	oneStep := triples / nodes
	repeat, isRepeat := n.path.(*repeatPath)
	reach := max(oneStep, 0.1)
	if isRepeat && repeat.many {
		reach *= closureReach
	}
	if isRepeat && repeat.zero {
		reach++
	}
	cost := p.costs.lookup + p.costs.probe*reach
	switch {
	case fixed(n.s) && fixed(n.o):
		return estimate{rows: min(1, reach/nodes), cost: cost}
	case fixed(n.s) || fixed(n.o):
		return estimate{rows: reach, cost: cost}
	}
	return estimate{rows: nodes * reach, cost: nodes * cost}
}

// pathTriples guesses how many triples one traversal of a path can use.
func (p *planner) pathTriples(path path) float64 {
	switch path := path.(type) {
	case predicatePath:
		return float64(p.graph.predicates[path.predicate].triples)
	case inversePath:
		return p.pathTriples(path.sub)
	case sequencePath:
		least := float64(p.graph.triples)
		for _, step := range path {
			least = min(least, p.pathTriples(step))
		}
		return least
	case alternativePath:
		sum := 0.0
		for _, c := range path {
			sum += p.pathTriples(c)
		}
		return sum
	case *repeatPath:
		return p.pathTriples(path.sub)
	}
	return float64(p.graph.triples)
}
