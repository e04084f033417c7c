package sparql

import "slices"

// hashJoin evaluates sub once, on its own, and finds the solutions that are
// compatible with each row by hashing.
type hashJoin struct {
	sub    isolated
	slots  []int // what sub may bind
	shared []int // of slots, those that a row may have bound
	// overlap asks for a variable that both sides bind, as MINUS does.
	overlap bool
}

func (op hashJoin) build(x *exec, next func() bool) func() bool {
	join := newRowJoin(x, op.slots, next)
	source := op.newSource(x)
	return func() bool {
		h := source.table()
		return h != nil && h.probe(x, op.overlap, join.join)
	}
}

// maxKey is how many shared variables make up hash keys; the others are
// compared. Their bound-ness is kept as bits of a word.
const maxKey = 64

// hashSource makes the hash table of a hashJoin, again only when the active
// graph or the constants have changed.
type hashSource struct {
	x      *exec
	op     hashJoin
	run    func() bool
	tables map[*graph]*hashed
	fixed  []id // the constants that tables are for
	fill   *hashed
}

func (op hashJoin) newSource(x *exec) *hashSource {
	s := &hashSource{x: x, op: op, tables: map[*graph]*hashed{}, fixed: make([]id, len(op.sub.fixed))}
	s.run = op.sub.build(x, func() bool { return s.fill.add(x) })
	return s
}

// table gives the hash table for the current graph, or nil if the query failed.
func (s *hashSource) table() *hashed {
	changed := false
	for i, slot := range s.op.sub.fixed {
		changed = changed || s.fixed[i] != s.x.constants[slot]
		s.fixed[i] = s.x.constants[slot]
	}
	if changed {
		for _, h := range s.tables {
			s.x.release(h.bytes)
		}
		clear(s.tables)
	}
	h := s.tables[s.x.graph]
	if h == nil {
		h = newHashed(s.op.slots, s.op.shared)
		outer := s.fill
		s.fill = h
		before := s.x.memory
		s.run()
		h.bytes = s.x.memory - before
		s.fill = outer
		if s.x.err != nil {
			return nil
		}
		s.tables[s.x.graph] = h
	}
	return h
}

// hashed is a table of solutions, grouped by which of the shared variables they
// bind, so that each group can be looked up by those that a row binds too.
type hashed struct {
	slots  []int
	shared []int // positions in slots, of at most maxKey
	others []int // the shared variables beyond those
	groups []*boundGroup
	bytes  int64
}

type boundGroup struct {
	mask    uint64 // of the shared variables that are bound
	rows    table
	indexes map[uint64]*rowIndex // by the variables to look up
}

// rowIndex lists the rows of each key in order.
type rowIndex struct {
	columns     []int
	keys        *rowSet
	first, last []int32 // by key
	next        []int32 // by row; -1: none
	key         []id
}

func newHashed(slots, shared []int) *hashed {
	h := &hashed{slots: slots}
	for i, s := range shared {
		if i < maxKey {
			h.shared = append(h.shared, slices.Index(slots, s))
		} else {
			h.others = append(h.others, slices.Index(slots, s))
		}
	}
	return h
}

// mask says which of the shared variables the row has bound. Constants are
// everywhere the same, and nothing that MINUS would go by.
func (h *hashed) mask(x *exec) uint64 {
	var mask uint64
	for i, column := range h.shared {
		if slot := h.slots[column]; x.row[slot] != 0 && !x.isConstant(slot) {
			mask |= 1 << i
		}
	}
	return mask
}

func (h *hashed) add(x *exec) bool {
	mask := h.mask(x)
	for _, g := range h.groups {
		if g.mask == mask {
			return g.rows.add(x, h.slots)
		}
	}
	g := &boundGroup{mask: mask, rows: table{width: len(h.slots)}, indexes: map[uint64]*rowIndex{}}
	h.groups = append(h.groups, g)
	return g.rows.add(x, h.slots)
}

// probe calls visit for the rows that agree with x.row in the shared variables.
func (h *hashed) probe(x *exec, overlap bool, visit func(row []id) bool) bool {
	mask := h.mask(x)
	for _, g := range h.groups {
		common := g.mask & mask
		if common == 0 {
			if overlap && len(h.others) == 0 {
				continue
			}
			for i := range g.rows.rows {
				if overlap && !h.overlapsInOthers(x, g.rows.row(i)) {
					continue
				}
				if !visit(g.rows.row(i)) {
					return false
				}
			}
			continue
		}
		index := h.index(x, g, common)
		if index == nil {
			return false
		}
		for i, column := range index.columns {
			index.key[i] = x.row[h.slots[column]]
		}
		k := index.keys.find(index.key)
		if k < 0 {
			continue
		}
		for i := index.first[k]; i >= 0; i = index.next[i] {
			if !visit(g.rows.row(int(i))) {
				return false
			}
		}
	}
	return true
}

// overlapsInOthers reports whether a row binds one of the other variables that
// x.row binds.
func (h *hashed) overlapsInOthers(x *exec, row []id) bool {
	return slices.ContainsFunc(h.others, func(column int) bool {
		slot := h.slots[column]
		return row[column] != 0 && x.row[slot] != 0 && !x.isConstant(slot)
	})
}

// index gives a group's index by some of the shared variables, making it first
// if need be; nil beyond the memory limit.
func (h *hashed) index(x *exec, g *boundGroup, common uint64) *rowIndex {
	index := g.indexes[common]
	if index != nil {
		return index
	}
	index = &rowIndex{}
	for i, column := range h.shared {
		if common&(1<<i) != 0 {
			index.columns = append(index.columns, column)
		}
	}
	index.keys = newRowSet(len(index.columns))
	index.key = make([]id, len(index.columns))
	index.next = make([]int32, g.rows.rows)
	if !x.charge(int64(4 * g.rows.rows)) {
		return nil
	}
	for i := range g.rows.rows {
		row := g.rows.row(i)
		for j, column := range index.columns {
			index.key[j] = row[column]
		}
		k, added := index.keys.insert(x, index.key)
		if k < 0 || !x.tick() {
			return nil
		}
		if added {
			index.first = append(index.first, int32(i))
			index.last = append(index.last, int32(i))
		} else {
			index.next[index.last[k]] = int32(i)
			index.last[k] = int32(i)
		}
		index.next[i] = -1
	}
	g.indexes[common] = index
	return index
}
