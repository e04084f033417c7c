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

func (p sequencePath) walk(x *exec, n id, back bool, visit func(id) bool) bool {
	if len(p) == 1 {
		return p[0].walk(x, n, back, visit)
	}
	first, rest := p[0], p[1:]
	if back {
		first, rest = p[len(p)-1], p[:len(p)-1]
	}
	return first.walk(x, n, back, func(m id) bool { return rest.walk(x, m, back, visit) })
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

func (p *repeatPath) walk(x *exec, n id, back bool, visit func(id) bool) bool {
	return p.reach(x, n, back, hashMarks{}, visit)
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
