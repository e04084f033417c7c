package sparql

import (
	"slices"
	"unsafe"
)

// selection orders, projects, removes duplicates and slices the solutions of
// sub.
type selection struct {
	sub           operator
	order         []orderKey
	project       []int
	distinct      bool
	limit, offset int64 // limit -1: none
}

func (op selection) build(x *exec, next func() bool) func() bool {
	s := &selectionState{selection: op, x: x, next: next, key: make([]id, len(op.project))}
	if len(op.order) == 0 {
		run := op.sub.build(x, s.emit)
		return func() bool {
			s.reset()
			if op.limit != 0 {
				run()
			}
			s.drop()
			return !s.stopped && x.err == nil
		}
	}
	run := op.sub.build(x, s.collect)
	return func() bool {
		s.reset()
		run()
		if x.err == nil {
			s.emitSorted()
		}
		s.drop()
		return !s.stopped && x.err == nil
	}
}

// selectionState is a selection being run.
type selectionState struct {
	selection
	x       *exec
	next    func() bool
	stopped bool // next said so
	skipped int64
	given   int64
	seen    *rowSet
	key     []id
	held    int64 // bytes charged for what follows, and seen

	rows table
	keys []sortKey // of the rows, len(order) each
}

func (s *selectionState) reset() {
	s.stopped, s.skipped, s.given = false, 0, 0
	s.seen = newRowSet(len(s.project))
	s.rows, s.keys = table{width: len(s.project)}, nil
	s.held = 0
}

func (s *selectionState) drop() {
	s.x.release(s.held)
	s.seen, s.rows, s.keys = nil, table{}, nil
}

// emit passes the row on unless it is a duplicate or outside the slice.
func (s *selectionState) emit() bool {
	if s.distinct {
		for i, slot := range s.project {
			s.key[i] = s.x.row[slot]
		}
		before := s.x.memory
		row, added := s.seen.insert(s.x, s.key)
		s.held += s.x.memory - before
		if row < 0 || !added {
			return row >= 0
		}
	}
	if s.skipped < s.offset {
		s.skipped++
		return true
	}
	s.given++
	if !s.next() {
		s.stopped = true
		return false
	}
	return s.limit < 0 || s.given < s.limit
}

// collect keeps a row to be sorted.
func (s *selectionState) collect() bool {
	x := s.x
	for _, k := range s.order {
		v, ok := k.expr.expr.eval(x)
		key := newSortKey(&v, ok)
		s.keys = append(s.keys, key)
		size := int64(unsafe.Sizeof(key))
		if v.id == 0 { // computed: the key alone keeps it
			size += int64(len(key.term.Value))
		}
		s.held += size
		if !x.charge(size) {
			return false
		}
	}
	s.held += int64(4 * len(s.project))
	if !s.rows.add(x, s.project) {
		return false
	}
	// With a limit, only the first rows matter: drop the others now and then.
	const few = 1 << 20
	if s.limit >= 0 && s.limit < few && s.offset < few && !s.distinct {
		if wanted := int(s.limit + s.offset); s.rows.rows > 2*wanted+1024 {
			s.keep(s.sorted()[:wanted])
		}
	}
	return x.err == nil
}

func (s *selectionState) compare(a, b int) int {
	n := len(s.order)
	for i, k := range s.order {
		c := s.keys[a*n+i].compare(&s.keys[b*n+i])
		if k.desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return a - b // stable
}

// sorted gives the rows' numbers in order.
func (s *selectionState) sorted() []int {
	order := make([]int, s.rows.rows)
	for i := range order {
		order[i] = i
	}
	s.x.charge(int64(8 * len(order)))
	slices.SortFunc(order, func(a, b int) int {
		if !s.x.tick() {
			return 0
		}
		return s.compare(a, b)
	})
	s.x.release(int64(8 * len(order)))
	return order
}

// keep drops all rows but those given, which are in their final order.
func (s *selectionState) keep(order []int) {
	rows, n := table{width: s.rows.width}, len(s.order)
	var keys []sortKey
	for _, i := range order {
		rows.ids = append(rows.ids, s.rows.row(i)...)
		rows.rows++
		keys = append(keys, s.keys[i*n:(i+1)*n]...)
	}
	dropped := int64(s.rows.rows-rows.rows) * int64(4*rows.width+n*int(unsafe.Sizeof(sortKey{})))
	s.held -= dropped
	s.x.release(dropped)
	s.rows, s.keys = rows, keys
}

func (s *selectionState) emitSorted() {
	if s.limit == 0 {
		return
	}
	x := s.x
	before := saved(x, s.project)
	for _, i := range s.sorted() {
		if !x.tick() {
			return
		}
		x.solution++
		restore(x, s.project, s.rows.row(i))
		if !s.emit() {
			break
		}
	}
	restore(x, s.project, before)
}

// saved gives what the row has in some slots.
func saved(x *exec, slots []int) []id {
	ids := make([]id, len(slots))
	for i, slot := range slots {
		ids[i] = x.row[slot]
	}
	return ids
}

func restore(x *exec, slots []int, ids []id) {
	for i, slot := range slots {
		x.row[slot] = ids[i]
	}
}
