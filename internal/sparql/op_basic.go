package sparql

// chain runs operators one inside the other: an index nested loop join.
type chain struct{ ops []operator }

func (op chain) build(x *exec, next func() bool) func() bool {
	for i := len(op.ops) - 1; i >= 0; i-- {
		next = op.ops[i].build(x, next)
	}
	return next
}

// filter keeps the solutions of sub that fulfil all conditions.
type filter struct {
	sub   operator
	conds []condition
}

func (op filter) build(x *exec, next func() bool) func() bool {
	return op.sub.build(x, func() bool {
		if x.holds(op.conds) {
			return next()
		}
		return x.err == nil
	})
}

// test is a filter of the row as it comes.
type test struct{ conds []condition }

func (op test) build(x *exec, next func() bool) func() bool {
	return func() bool {
		if x.holds(op.conds) {
			return next()
		}
		return x.err == nil
	}
}

// union runs its branches one after the other.
type union struct{ branches []operator }

func (op union) build(x *exec, next func() bool) func() bool {
	runs := make([]func() bool, len(op.branches))
	for i, b := range op.branches {
		runs[i] = b.build(x, next)
	}
	return func() bool {
		for _, run := range runs {
			if !run() {
				return false
			}
		}
		return true
	}
}

// optional extends each row by right's solutions or, without any, passes it on.
type optional struct {
	right operator
	conds []condition
}

func (op optional) build(x *exec, next func() bool) func() bool {
	matched := false
	right := op.right.build(x, func() bool {
		if !x.holds(op.conds) {
			return x.err == nil
		}
		matched = true
		return next()
	})
	return func() bool {
		matched = false
		if !right() {
			return false
		}
		return matched || next()
	}
}

// unless drops the rows for which right has a solution: MINUS as a lookup.
type unless struct{ right operator }

func (op unless) build(x *exec, next func() bool) func() bool {
	found := false
	right := op.right.build(x, func() bool {
		found = true
		return false
	})
	return func() bool {
		found = false
		right()
		if found || x.err != nil {
			return x.err == nil
		}
		return next()
	}
}

// extend is BIND. Where the variable is bound already, by a join, the values
// have to be the same.
type extend struct {
	slot int
	expr condition
}

func (op extend) build(x *exec, next func() bool) func() bool {
	return func() bool {
		v, ok := op.expr.expr.eval(x)
		if !ok {
			return x.err == nil && next()
		}
		n := x.intern(&v)
		if have := x.row[op.slot]; have != 0 {
			return have != n || next()
		}
		x.row[op.slot] = n
		more := next()
		x.row[op.slot] = 0
		return more && x.tick()
	}
}

// inline joins the row with the rows of VALUES.
type inline struct {
	slots []int
	rows  [][]id
}

func (op inline) build(x *exec, next func() bool) func() bool {
	j := newRowJoin(x, op.slots, next)
	return func() bool {
		for _, row := range op.rows {
			if !j.join(row) {
				return false
			}
		}
		return true
	}
}

// rowJoin extends the row of x by compatible rows.
type rowJoin struct {
	x     *exec
	slots []int
	undo  []int
	next  func() bool
}

func newRowJoin(x *exec, slots []int, next func() bool) *rowJoin {
	return &rowJoin{x: x, slots: slots, next: next}
}

// join calls next if row agrees with x.row where both are bound.
func (j *rowJoin) join(row []id) bool {
	x := j.x
	for i, slot := range j.slots {
		if have := x.row[slot]; have != 0 && row[i] != 0 && have != row[i] {
			return x.tick()
		}
	}
	undo := len(j.undo)
	for i, slot := range j.slots {
		if x.row[slot] == 0 && row[i] != 0 {
			x.row[slot] = row[i]
			j.undo = append(j.undo, slot)
		}
	}
	x.solution++
	more := j.next()
	for _, slot := range j.undo[undo:] {
		x.row[slot] = 0
	}
	j.undo = j.undo[:undo]
	return more && x.tick()
}

// inGraph runs sub with named graphs as the active graph.
type inGraph struct {
	name ref
	sub  operator
}

func (op inGraph) build(x *exec, next func() bool) func() bool {
	var outer *graph
	sub := op.sub.build(x, func() bool {
		inner := x.graph
		x.graph = outer
		more := next()
		x.graph = inner
		return more
	})
	within := func(n id, g *graph) bool {
		outer = x.graph
		x.graph = g
		unbound := op.name.isVar() && x.row[op.name.slot] == 0
		if unbound {
			x.row[op.name.slot] = n
		}
		more := sub()
		if unbound {
			x.row[op.name.slot] = 0
		}
		x.graph = outer
		return more
	}
	return func() bool {
		if n := x.get(op.name); n != 0 {
			if g := x.dataset.named[n]; g != nil {
				return within(n, g)
			}
			return true
		}
		for _, n := range x.dataset.names {
			if !within(n, x.dataset.named[n]) || !x.tick() {
				return false
			}
		}
		return true
	}
}
