package sparql

import "slices"

// path is a property path that is walked node by node.
type path interface {
	// walk calls visit for the nodes that one traversal of the path leads to from
	// n, backwards if so asked, possibly several times for a node.
	walk(x *exec, n id, back bool, visit func(id) bool) bool
}

type (
	predicatePath   struct{ predicate id }
	inversePath     struct{ sub path }
	sequencePath    []path
	alternativePath []path
	negatedPath     struct{ not map[id]bool }
	// repeatPath is ?, * and +.
	repeatPath struct {
		sub        path
		zero, many bool
	}
)

// nullable reports whether a path can be traversed in no step.
func nullable(p path) bool {
	switch p := p.(type) {
	case inversePath:
		return nullable(p.sub)
	case sequencePath:
		return !slices.ContainsFunc(p, func(step path) bool { return !nullable(step) })
	case alternativePath:
		return slices.ContainsFunc(p, nullable)
	case *repeatPath:
		return p.zero || nullable(p.sub)
	}
	return false
}

func (p predicatePath) walk(x *exec, n id, back bool, visit func(id) bool) bool {
	list := &x.graph.spo
	if back {
		list = &x.graph.ops
	}
	for _, t := range within(list.find(n), p.predicate) {
		if !visit(t.b) || !x.tick() {
			return false
		}
	}
	return true
}

func (p inversePath) walk(x *exec, n id, back bool, visit func(id) bool) bool {
	return p.sub.walk(x, n, !back, visit)
}

// walk goes step by step, from each node that a step has reached only once: the
// number of ways there would grow exponentially with the steps.
func (p sequencePath) walk(x *exec, n id, back bool, visit func(id) bool) bool {
	from := []id{n}
	for i := range p {
		step := p[i]
		if back {
			step = p[len(p)-1-i]
		}
		if i == len(p)-1 {
			for _, m := range from {
				if !step.walk(x, m, back, visit) {
					return false
				}
			}
			break
		}
		var to nodeSet
		for _, m := range from {
			step.walk(x, m, back, func(k id) bool {
				to.add(k)
				return x.err == nil
			})
		}
		from = to.list
	}
	return x.err == nil
}

// nodeSet is a set of nodes in the order they came. Most are small.
type nodeSet struct {
	list []id
	seen hashMarks // once there are more than a few
}

func (s *nodeSet) add(n id) bool {
	if s.seen == nil {
		if slices.Contains(s.list, n) {
			return false
		}
		if len(s.list) >= 16 {
			s.seen = hashMarks{}
			for _, m := range s.list {
				s.seen.add(m)
			}
			s.seen.add(n)
		}
	} else if !s.seen.add(n) {
		return false
	}
	s.list = append(s.list, n)
	return true
}

func (p alternativePath) walk(x *exec, n id, back bool, visit func(id) bool) bool {
	for _, choice := range p {
		if !choice.walk(x, n, back, visit) {
			return false
		}
	}
	return true
}

func (p negatedPath) walk(x *exec, n id, back bool, visit func(id) bool) bool {
	list := &x.graph.spo // pairs of predicate and object
	if back {
		list = &x.graph.ops
	}
	for _, t := range list.find(n) {
		if !p.not[t.a] && !visit(t.b) || !x.tick() {
			return false
		}
	}
	return true
}

// reachKey names what a repeated path inside another has been asked for.
type reachKey struct {
	path  *repeatPath
	graph *graph
	node  id
	back  bool
}

// walk keeps what each node reaches: a path around this one asks again and again.
func (p *repeatPath) walk(x *exec, n id, back bool, visit func(id) bool) bool {
	key := reachKey{p, x.graph, n, back}
	list, known := x.reached[key]
	if !known {
		var set nodeSet
		p.reach(x, n, back, &set, func(id) bool { return x.charge(8) })
		if x.err != nil {
			return false
		}
		if x.reached == nil {
			x.reached = map[reachKey][]id{}
		}
		list = set.list
		x.reached[key] = list
		x.charge(64)
	}
	for _, m := range list {
		if !visit(m) || !x.tick() {
			return false
		}
	}
	return true
}

// marks is a set of nodes.
type marks interface {
	add(n id) bool // false if n was there
}

type hashMarks map[id]struct{}

func (m hashMarks) add(n id) bool {
	if _, seen := m[n]; seen {
		return false
	}
	m[n] = struct{}{}
	return true
}

// stampMarks is a set that is emptied in no time: a node is in it if its stamp
// is the current one.
type stampMarks struct {
	stamps []uint32
	now    uint32
}

func (m *stampMarks) add(n id) bool {
	if int(n) >= len(m.stamps) {
		grown := make([]uint32, int(n)+1)
		copy(grown, m.stamps)
		m.stamps = grown
	}
	if m.stamps[n] == m.now {
		return false
	}
	m.stamps[n] = m.now
	return true
}

func (m *stampMarks) reset() {
	if m.now++; m.now == 0 {
		clear(m.stamps)
		m.now = 1
	}
}

// reach calls visit once for each node that the repeated path leads to from n
// (the ALP function of section 18.4).
func (p *repeatPath) reach(x *exec, n id, back bool, seen marks, visit func(id) bool) bool {
	if p.zero {
		seen.add(n)
		if !visit(n) {
			return false
		}
	}
	if !p.many {
		return p.sub.walk(x, n, back, func(m id) bool { return !seen.add(m) || visit(m) })
	}
	queue := []id{n}
	charged := int64(0)
	more := true
	for len(queue) > 0 && more {
		from := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		more = p.sub.walk(x, from, back, func(m id) bool {
			if !seen.add(m) {
				return true
			}
			queue = append(queue, m)
			charged += 24
			return x.charge(24) && visit(m)
		})
	}
	x.release(charged)
	return more
}
