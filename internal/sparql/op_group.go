package sparql

import (
	"strings"
	"unsafe"

	"github.com/sixtyhq/sixty/internal/sparql/xsd"
)

// aggregate is one aggregate of a grouped query.
type aggregate struct {
	name      string
	distinct  bool
	arg       *condition // nil: COUNT(*)
	separator string
	slot      int
}

// grouping computes aggregates by group (section 11).
type grouping struct {
	sub        operator
	keys       []groupKey
	aggregates []*aggregate
	all        []int // every variable of sub, for COUNT(DISTINCT *)
}

func (op grouping) build(x *exec, next func() bool) func() bool {
	s := &groupingState{grouping: op, x: x, next: next, key: make([]id, len(op.keys))}
	run := op.sub.build(x, s.add)
	return func() bool {
		s.groups, s.state, s.held = newRowSet(len(op.keys)), nil, 0
		if len(op.keys) == 0 && !s.newGroup() {
			return false
		}
		run()
		more := x.err == nil && s.emit()
		s.groups, s.state = nil, nil
		x.release(s.held)
		return more
	}
}

type groupingState struct {
	grouping
	x      *exec
	next   func() bool
	groups *rowSet
	state  []accumulator // of the groups, len(aggregates) each
	key    []id
	row    []id
	held   int64 // bytes charged for groups and state
}

// newGroup begins the group of s.key.
func (s *groupingState) newGroup() bool {
	before := s.x.memory
	s.groups.insert(s.x, s.key)
	for range s.aggregates {
		s.state = append(s.state, accumulator{})
	}
	s.x.charge(int64(len(s.aggregates)) * int64(unsafe.Sizeof(accumulator{})))
	s.held += s.x.memory - before
	return s.x.err == nil
}

func (s *groupingState) add() bool {
	x := s.x
	group := 0
	if len(s.keys) > 0 {
		for i, k := range s.keys {
			s.key[i] = 0
			if v, isVar := k.expr.expr.(*varExpr); isVar {
				s.key[i] = x.row[v.slot]
			} else if v, ok := k.expr.expr.eval(x); ok {
				s.key[i] = x.intern(&v)
			}
		}
		group = s.groups.find(s.key)
		if group < 0 {
			group = s.groups.keys.rows
			if !s.newGroup() {
				return false
			}
		}
	}
	for i, a := range s.aggregates {
		s.accumulate(a, &s.state[group*len(s.aggregates)+i])
	}
	return x.tick()
}

// accumulator is the state of one aggregate of one group.
type accumulator struct {
	count  int64
	failed bool // a value was an error
	sum    xsd.Value
	best   id // MIN, MAX, SAMPLE
	key    *sortKey
	text   *strings.Builder
	seen   *rowSet // DISTINCT
}

func (s *groupingState) accumulate(a *aggregate, acc *accumulator) {
	x := s.x
	if a.arg == nil {
		if a.distinct {
			s.row = s.row[:0]
			for _, slot := range s.all {
				s.row = append(s.row, x.row[slot])
			}
			if !s.isNew(acc, s.row) {
				return
			}
		}
		acc.count++
		return
	}
	v, ok := a.arg.expr.eval(x)
	if !ok {
		acc.failed = true
		return
	}
	if a.distinct && !s.isNew(acc, []id{x.intern(&v)}) {
		return
	}
	acc.count++
	switch a.name {
	case "SUM", "AVG":
		acc.addNumber(&v)
	case "MIN", "MAX":
		key := newSortKey(&v, true)
		if acc.key == nil || (key.compare(acc.key) < 0) == (a.name == "MIN") && key.compare(acc.key) != 0 {
			acc.key, acc.best = &key, x.intern(&v)
		}
	case "SAMPLE":
		if acc.best == 0 {
			acc.best = x.intern(&v)
		}
	case "GROUP_CONCAT":
		s.addText(a, acc, &v)
	}
}

func (s *groupingState) isNew(acc *accumulator, key []id) bool {
	before := s.x.memory
	if acc.seen == nil {
		acc.seen = newRowSet(len(key))
		s.x.charge(int64(unsafe.Sizeof(*acc.seen)) + 64)
	}
	_, added := acc.seen.insert(s.x, key)
	s.held += s.x.memory - before
	return added
}

func (acc *accumulator) addNumber(v *val) {
	n, ok := v.asTyped()
	if !ok || !n.IsNumeric() {
		acc.failed = true
		return
	}
	if acc.count == 1 {
		acc.sum = n
		return
	}
	sum, err := xsd.Arith('+', acc.sum, n)
	if err != nil {
		acc.failed = true
		return
	}
	acc.sum = sum
}

func (s *groupingState) addText(a *aggregate, acc *accumulator, v *val) {
	text, ok := str(s.x, []val{*v})
	if !ok {
		acc.failed = true
		return
	}
	if acc.text == nil {
		acc.text = &strings.Builder{}
	}
	before := acc.text.Len()
	if acc.count > 1 {
		acc.text.WriteString(a.separator)
	}
	acc.text.WriteString(text.term.Value)
	added := int64(acc.text.Len() - before)
	s.held += added
	s.x.charge(added)
}

// result gives an aggregate's value; ok is false where it has none.
func (acc *accumulator) result(x *exec, a *aggregate) (n id, ok bool) {
	switch a.name {
	case "COUNT":
		v := integerVal(acc.count)
		return x.intern(&v), true
	case "SAMPLE":
		return acc.best, acc.best != 0
	case "MIN", "MAX":
		return acc.best, acc.best != 0 && !acc.failed
	case "GROUP_CONCAT":
		v := stringVal("")
		if acc.text != nil {
			v = stringVal(acc.text.String())
		}
		return x.intern(&v), !acc.failed
	}
	if acc.failed {
		return 0, false
	}
	v := typedVal(acc.sum)
	if acc.count == 0 {
		v = integerVal(0)
	} else if a.name == "AVG" {
		mean, err := xsd.Arith('/', acc.sum, xsd.NewInteger(acc.count))
		if err != nil {
			return 0, false
		}
		v = typedVal(mean)
	}
	return x.intern(&v), true
}

func (s *groupingState) emit() bool {
	x, n := s.x, len(s.aggregates)
	slots := make([]int, 0, len(s.keys)+n)
	for _, k := range s.keys {
		slots = append(slots, k.slot)
	}
	for _, a := range s.aggregates {
		slots = append(slots, a.slot)
	}
	before := saved(x, slots)
	more := true
	for g := 0; g < s.groups.keys.rows && more; g++ {
		x.solution++
		restore(x, slots[:len(s.keys)], s.groups.keys.row(g))
		for i, a := range s.aggregates {
			value, ok := s.state[g*n+i].result(x, a)
			if !ok {
				value = 0
			}
			x.row[a.slot] = value
		}
		more = x.tick() && s.next()
	}
	restore(x, slots, before)
	return more
}
