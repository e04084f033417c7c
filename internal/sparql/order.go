package sparql

import "math"

// exhaustive is the largest join whose order is found by dynamic programming.
// Larger ones are ordered greedily, and beyond greedyLimit left as written.
const (
	exhaustive  = 9
	greedyLimit = 200
)

// order gives the parts of a join in the order that is estimated to cost least,
// each part joined to all those before it.
func (p *planner) order(parts []node, in input) []node {
	switch {
	case len(parts) < 2 || len(parts) > greedyLimit:
		return parts
	case len(parts) > exhaustive:
		return p.orderGreedily(parts, in)
	}
	type state struct {
		cost, rows float64
		last       int
	}
	best := make([]state, 1<<len(parts))
	for set := range best {
		best[set].cost = math.Inf(1)
	}
	best[0] = state{rows: in.rows}
	bound := make([]input, len(best))
	bound[0] = in
	for set := range best {
		if math.IsInf(best[set].cost, 1) {
			continue
		}
		from := bound[set]
		from.rows = best[set].rows
		for i, part := range parts {
			with := set | 1<<i
			if with == set {
				continue
			}
			step := p.step(part, from)
			if cost := best[set].cost + step.cost; cost < best[with].cost {
				best[with] = state{cost: cost, rows: step.rows, last: i}
				bound[with] = from.after(part.scope(), step.rows)
			}
		}
	}
	out := make([]node, len(parts))
	set := len(best) - 1
	for i := len(parts) - 1; i >= 0; i-- {
		out[i] = parts[best[set].last]
		set &^= 1 << best[set].last
	}
	return out
}

func (p *planner) orderGreedily(parts []node, in input) []node {
	left := append([]node(nil), parts...)
	out := make([]node, 0, len(parts))
	for len(left) > 0 {
		best, bestStep := 0, estimate{cost: math.Inf(1), rows: math.Inf(1)}
		for i, part := range left {
			if step := p.step(part, in); step.cost+step.rows < bestStep.cost+bestStep.rows {
				best, bestStep = i, step
			}
		}
		out = append(out, left[best])
		in = in.after(left[best].scope(), bestStep.rows)
		left = append(left[:best], left[best+1:]...)
	}
	return out
}

// step estimates joining a part to the rows of in: its whole cost, and the rows
// that come out.
func (p *planner) step(part node, in input) estimate {
	each := p.estimate(part, in.certain)
	nested := each.cost * in.rows
	rows := each.rows * in.rows
	if s, ok := part.(*serviceNode); ok && s.name.isVar() && !in.certain.has(s.name.slot) {
		return estimate{rows: rows, cost: 1e15} // needs its name first
	}
	if !correlates(part, in.free) {
		nested = math.Inf(1)
	}
	if in.rows > 1 || math.IsInf(nested, 1) {
		nested = min(nested, p.hashCost(part, in, each.rows))
	}
	return estimate{rows: rows, cost: nested}
}
