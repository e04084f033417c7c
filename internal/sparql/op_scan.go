package sparql

// scan matches one triple pattern by an index.
type scan struct{ s, p, o ref }

func (op scan) build(x *exec, next func() bool) func() bool {
	c := &scanCursor{scan: op, x: x, next: next}
	if op.s.isVar() && op.o.isVar() && op.s.slot == op.o.slot {
		c.sameSO = true
	}
	if op.p.isVar() && (op.s.isVar() && op.s.slot == op.p.slot || op.o.isVar() && op.o.slot == op.p.slot) {
		c.sameP = true
	}
	return c.run
}

// scanCursor is a scan being run. A variable that occurs twice in the pattern is
// checked after the match.
type scanCursor struct {
	scan
	x             *exec
	next          func() bool
	sameSO, sameP bool
}

func (c *scanCursor) run() bool {
	x := c.x
	if !x.tick() {
		return false
	}
	g := x.graph
	s, p, o := x.get(c.s), x.get(c.p), x.get(c.o)
	if c.sameSO || c.sameP {
		return c.each(s, p, o)
	}
	switch {
	case s != 0 && p != 0 && o != 0:
		if has(g, s, p, o) {
			return c.step()
		}
		return true
	case s != 0 && p != 0:
		return c.second(c.o.slot, within(g.spo.find(s), p))
	case s != 0 && o != 0:
		return c.second(c.p.slot, within(g.osp.find(o), s))
	case p != 0 && o != 0:
		return c.second(c.s.slot, within(g.ops.find(o), p))
	case s != 0:
		return c.both(c.p.slot, c.o.slot, g.spo.find(s))
	case p != 0:
		return c.both(c.s.slot, c.o.slot, g.pso.find(p))
	case o != 0:
		return c.both(c.s.slot, c.p.slot, g.osp.find(o))
	}
	done := g.spo.each(func(k id, pairs []pair) bool {
		x.row[c.s.slot] = k
		return c.both(c.p.slot, c.o.slot, pairs)
	})
	x.row[c.s.slot] = 0
	return done
}

// has looks a triple up in the shorter of two lists.
func has(g *graph, s, p, o id) bool {
	bySubject, byObject := g.spo.find(s), g.ops.find(o)
	if len(bySubject) <= len(byObject) {
		return contains(bySubject, p, o)
	}
	return contains(byObject, p, s)
}

func (c *scanCursor) step() bool {
	c.x.solution++
	return c.next()
}

// second binds one variable to the second component of pairs.
func (c *scanCursor) second(slot int, pairs []pair) bool {
	x := c.x
	for i := range pairs {
		x.row[slot] = pairs[i].b
		if !c.step() || !x.tick() {
			x.row[slot] = 0
			return false
		}
	}
	x.row[slot] = 0
	return true
}

// both binds two variables to the components of pairs.
func (c *scanCursor) both(a, b int, pairs []pair) bool {
	x := c.x
	for i := range pairs {
		x.row[a], x.row[b] = pairs[i].a, pairs[i].b
		if !c.step() || !x.tick() {
			x.row[a], x.row[b] = 0, 0
			return false
		}
	}
	x.row[a], x.row[b] = 0, 0
	return true
}

// each is run for patterns with a repeated variable: it goes through what the
// other positions match and compares.
func (c *scanCursor) each(s, p, o id) bool {
	match := func(ts, tp, to id) bool {
		if s != 0 && s != ts || p != 0 && p != tp || o != 0 && o != to ||
			c.sameSO && ts != to ||
			c.p.isVar() && c.s.isVar() && c.p.slot == c.s.slot && tp != ts ||
			c.p.isVar() && c.o.isVar() && c.p.slot == c.o.slot && tp != to {
			return c.x.tick()
		}
		undo := [3]bool{c.bind(c.s, ts), c.bind(c.p, tp), c.bind(c.o, to)}
		done := c.step()
		for i, r := range [3]ref{c.s, c.p, c.o} {
			if undo[i] {
				c.x.row[r.slot] = 0
			}
		}
		return done && c.x.tick()
	}
	g := c.x.graph
	switch {
	case s != 0:
		for _, t := range g.spo.find(s) {
			if !match(s, t.a, t.b) {
				return false
			}
		}
		return true
	case p != 0:
		for _, t := range g.pso.find(p) {
			if !match(t.a, p, t.b) {
				return false
			}
		}
		return true
	}
	return g.spo.each(func(ts id, pairs []pair) bool {
		for _, t := range pairs {
			if !match(ts, t.a, t.b) {
				return false
			}
		}
		return true
	})
}

// bind sets an unbound variable and reports whether it did.
func (c *scanCursor) bind(r ref, n id) bool {
	if !r.isVar() || c.x.row[r.slot] != 0 {
		return false
	}
	c.x.row[r.slot] = n
	return true
}
