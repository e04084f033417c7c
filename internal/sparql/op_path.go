package sparql

// repeatScan matches a pattern with a path of ?, * or +.
type repeatScan struct {
	s, o ref
	path *repeatPath
	// checkS and checkO say that s or o, where bound, may come from another
	// pattern: a path of no steps then needs it to be a node of the graph. A term
	// of the query itself, or a constant, need not be one (section 18.4).
	checkS, checkO bool
}

func (op repeatScan) build(x *exec, next func() bool) func() bool {
	c := &repeatCursor{repeatScan: op, x: x, next: next, nullable: nullable(op.path)}
	return c.run
}

type repeatCursor struct {
	repeatScan
	x        *exec
	next     func() bool
	nullable bool
	seen     stampMarks
	held     int64
	steps    *closure // of the whole graph, made when first needed
	graph    *graph   // that steps is of
}

func (c *repeatCursor) run() bool {
	x := c.x
	if !x.tick() {
		return false
	}
	s, o := x.get(c.s), x.get(c.o)
	switch {
	case c.nullable && (!c.mayStart(c.s, c.checkS, c.o, c.checkO) || !c.mayStart(c.o, c.checkO, c.s, c.checkS)):
		return true
	case s != 0:
		return c.from(s, false, c.o)
	case o != 0:
		return c.from(o, true, c.s)
	}
	return c.all()
}

// mayStart reports whether an end that another pattern has bound can be an end
// of a path of no steps: as a node of the graph, or as the same term as the other
// end, if that is a term of the query.
func (c *repeatCursor) mayStart(r ref, check bool, other ref, checkOther bool) bool {
	n := c.x.get(r)
	if n == 0 || !check || c.x.isConstant(r.slot) || c.x.graph.hasNode(n) {
		return true
	}
	return n == c.x.get(other) && (!checkOther || c.x.isConstant(other.slot))
}

// from goes from one node; to is the other end, which may be bound.
func (c *repeatCursor) from(n id, back bool, to ref) bool {
	x := c.x
	if c.held == 0 { // the stamps
		c.held = int64(4 * len(x.terms.store.records))
		if !x.charge(c.held) {
			return false
		}
		c.seen.stamps = make([]uint32, len(x.terms.store.records))
	}
	c.seen.reset()
	if want := x.get(to); want != 0 {
		found := false
		c.path.reach(x, n, back, &c.seen, func(m id) bool {
			found = m == want
			return !found
		})
		if !found || x.err != nil {
			return x.err == nil
		}
		return c.step()
	}
	more := c.path.reach(x, n, back, &c.seen, func(m id) bool {
		x.row[to.slot] = m
		return c.step()
	})
	x.row[to.slot] = 0
	return more
}

func (c *repeatCursor) step() bool {
	c.x.solution++
	return c.next()
}

// all goes from every node of the graph.
func (c *repeatCursor) all() bool {
	x := c.x
	if c.s.slot == c.o.slot {
		return c.loops()
	}
	if !c.path.many {
		return c.each(func(n id) bool {
			x.row[c.s.slot] = n
			more := c.from(n, false, c.o)
			x.row[c.s.slot] = 0
			return more
		})
	}
	if c.steps == nil || c.graph != x.graph {
		c.steps, c.graph = newClosure(c, c.path), x.graph
		if x.err != nil {
			return false
		}
	}
	more := c.steps.pairs(x, c.path.zero, func(s, o id) bool {
		x.row[c.s.slot], x.row[c.o.slot] = s, o
		return c.step() && x.tick()
	})
	x.row[c.s.slot], x.row[c.o.slot] = 0, 0
	return more
}

// loops matches ?x path ?x.
func (c *repeatCursor) loops() bool {
	x := c.x
	return c.each(func(n id) bool {
		x.row[c.s.slot] = n
		more := c.from(n, false, c.o)
		x.row[c.s.slot] = 0
		return more
	})
}

// each calls visit for every node of the graph in order.
func (c *repeatCursor) each(visit func(id) bool) bool {
	return eachNode(c.x.graph, func(n id) bool { return visit(n) && c.x.tick() })
}

// eachNode merges the subjects and the objects of a graph.
func eachNode(g *graph, visit func(id) bool) bool {
	objects := make([]id, 0, g.objects)
	g.osp.each(func(o id, _ []pair) bool {
		objects = append(objects, o)
		return true
	})
	i := 0
	more := g.spo.each(func(s id, _ []pair) bool {
		for i < len(objects) && objects[i] < s {
			if !visit(objects[i]) {
				return false
			}
			i++
		}
		if i < len(objects) && objects[i] == s {
			i++
		}
		return visit(s)
	})
	for ; more && i < len(objects); i++ {
		more = visit(objects[i])
	}
	return more
}

// negatedScan matches a pattern with a negated property set.
type negatedScan struct {
	s, o ref
	path negatedPath
}

func (op negatedScan) build(x *exec, next func() bool) func() bool {
	step := func() bool {
		x.solution++
		return next()
	}
	bind := func(r ref, n id) bool { // calls next if r is or can be n
		if have := x.get(r); have != 0 {
			return have != n || step()
		}
		x.row[r.slot] = n
		more := step()
		x.row[r.slot] = 0
		return more
	}
	return func() bool {
		if s := x.get(op.s); s != 0 {
			return op.path.walk(x, s, false, func(n id) bool { return bind(op.o, n) })
		}
		if o := x.get(op.o); o != 0 {
			return op.path.walk(x, o, true, func(n id) bool { return bind(op.s, n) })
		}
		return x.graph.spo.each(func(s id, _ []pair) bool {
			x.row[op.s.slot] = s
			more := op.path.walk(x, s, false, func(n id) bool { return bind(op.o, n) })
			x.row[op.s.slot] = 0
			return more
		})
	}
}
