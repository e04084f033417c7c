package sparql

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// Errors that end a query.
var (
	// ErrMemory is wrapped by the error of a query that would need more than
	// [Options.MaxMemory].
	ErrMemory = errors.New("memory limit reached")
	// ErrRows is wrapped by the error of a query with more than
	// [Options.MaxRows] results.
	ErrRows = errors.New("row limit reached")
	// ErrNoClock and ErrNoRand say that a function needs what the caller did not
	// give.
	ErrNoClock = errors.New("the caller gave no time (Options.Now)")
	ErrNoRand  = errors.New("the caller gave no source of chance (Options.Rand)")
)

// exec is one query being run, by one goroutine.
//
// Operators work on one row, whose slots they set and clear again, and hand each
// solution on by calling the operator after them (see operator). Nothing is
// copied until a solution has to be kept.
type exec struct {
	ctx     context.Context
	opts    *Options
	base    string // for IRI()
	terms   *terms
	dataset *dataset
	graph   *graph // the active graph
	row     []id
	// constants is the row of the EXISTS being tested, whose variables are
	// constants in its pattern; nil outside of one.
	constants []id
	err       error // why the query was given up

	ticks    uint
	memory   int64  // bytes kept
	limit    int64  // of memory
	solution uint64 // changes with each solution, for BNODE(label)

	reached map[reachKey][]id // by repeated paths inside others

	blanks      int
	blankLabels map[string]rdf.Term
	labelsOf    uint64 // the solution that blankLabels belongs to
}

// operator is a planned node. build makes it ready to run and gives the
// function that runs it: that extends x.row in each way that is a solution and
// calls next with it, until next returns false, and leaves x.row as it was. It
// returns false if next did or the query has failed.
type operator interface {
	build(x *exec, next func() bool) func() bool
}

func (x *exec) fail(err error) {
	if x.err == nil {
		x.err = err
	}
}

// checkEvery is how many steps pass between two looks at the context.
const checkEvery = 1 << 12

// tick counts a step of work; it returns false once the query has to end.
func (x *exec) tick() bool {
	if x.ticks++; x.ticks%checkEvery == 0 {
		x.checkContext()
		x.charge(0)
	}
	return x.err == nil
}

func (x *exec) checkContext() {
	if err := context.Cause(x.ctx); err != nil {
		x.fail(fmt.Errorf("query stopped: %w", err))
	}
}

// charge counts bytes that the query keeps; it returns false beyond the limit.
func (x *exec) charge(bytes int64) bool {
	x.memory += bytes
	if x.memory+x.terms.bytes > x.limit {
		x.fail(fmt.Errorf("%w: the query needs more than %d bytes", ErrMemory, x.limit))
	}
	return x.err == nil
}

func (x *exec) release(bytes int64) { x.memory -= bytes }

// intern gives the id of an expression's value.
func (x *exec) intern(v *val) id {
	if v.id != 0 {
		return v.id
	}
	return x.terms.intern(v.asTerm())
}

// freshBlank makes a blank node that is not in the store.
func (x *exec) freshBlank() rdf.Term {
	for {
		x.blanks++
		t := rdf.NewBlank("q" + strconv.Itoa(x.blanks))
		if x.terms.store.lookup(t) == 0 {
			return t
		}
	}
}

// blankFor gives the blank node of a label within one solution.
func (x *exec) blankFor(label string) rdf.Term {
	if x.labelsOf != x.solution || x.blankLabels == nil {
		x.blankLabels, x.labelsOf = map[string]rdf.Term{}, x.solution
	}
	t, ok := x.blankLabels[label]
	if !ok {
		t = x.freshBlank()
		x.blankLabels[label] = t
	}
	return t
}

// uuid makes a version 4 UUID of the caller's source of chance.
func (x *exec) uuid() (string, bool) {
	if x.opts.Rand == nil {
		x.fail(fmt.Errorf("UUID: %w", ErrNoRand))
		return "", false
	}
	var b [16]byte
	for i := range b {
		b[i] = byte(x.opts.Rand.Uint32())
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], true
}

// get gives what a ref stands for in the row; 0 for an unbound variable.
func (x *exec) get(r ref) id {
	if r.isVar() {
		return x.row[r.slot]
	}
	return r.term
}

// holds reports whether every condition is true for the row.
func (x *exec) holds(conds []condition) bool {
	for i := range conds {
		if b, ok := truth(x, conds[i].expr); !b || !ok {
			return false
		}
	}
	return true
}

// isConstant reports whether a variable is one of the constants.
func (x *exec) isConstant(slot int) bool { return x.constants != nil && x.constants[slot] != 0 }

// isolated runs an operator on an empty row but for constants, those of the fixed
// slots. The row that next sees is the operator's own. It returns false only if
// the query failed.
type isolated struct {
	op    operator
	fixed []int
}

func (s isolated) build(x *exec, next func() bool) func() bool {
	inner := make([]id, len(x.row))
	x.charge(int64(4 * len(inner)))
	run := s.op.build(x, next)
	return func() bool {
		outer := x.row
		clear(inner)
		for _, f := range s.fixed {
			inner[f] = x.constants[f]
		}
		x.row = inner
		run()
		x.row = outer
		return x.err == nil
	}
}

// table is a list of rows of a few columns, kept flat.
type table struct {
	width int
	ids   []id
	rows  int
}

func (t *table) row(i int) []id { return t.ids[i*t.width : (i+1)*t.width] }

// add appends the row's slots; it returns false beyond the memory limit.
func (t *table) add(x *exec, slots []int) bool {
	for _, s := range slots {
		t.ids = append(t.ids, x.row[s])
	}
	t.rows++
	return x.charge(int64(4 * t.width))
}

// rowSet finds rows again by the ids of some columns. It maps a key to the rows
// that have it, in the order they came.
type rowSet struct {
	keys  table
	heads []int32 // first row of each bucket, -1 none; length a power of two
	next  []int32 // the following row of the same bucket
}

func newRowSet(width int) *rowSet {
	s := &rowSet{keys: table{width: width}, heads: make([]int32, 16)}
	for i := range s.heads {
		s.heads[i] = -1
	}
	return s
}

func hashIDs(key []id) uint32 {
	h := uint64(len(key)) * 0x9E3779B97F4A7C15
	for _, k := range key {
		h = (h ^ uint64(k)) * 0xD6E8FEB86659FD93
		h ^= h >> 32
	}
	return uint32(h ^ h>>29)
}

func equalIDs(a, b []id) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// find gives the row with a key, or -1.
func (s *rowSet) find(key []id) int {
	for i := s.heads[hashIDs(key)&uint32(len(s.heads)-1)]; i >= 0; i = s.next[i] {
		if equalIDs(s.keys.row(int(i)), key) {
			return int(i)
		}
	}
	return -1
}

// insert gives the row of a key, a new one where there is none. It returns -1
// beyond the memory limit.
func (s *rowSet) insert(x *exec, key []id) (row int, added bool) {
	if row = s.find(key); row >= 0 {
		return row, false
	}
	row = s.keys.rows
	s.keys.ids = append(s.keys.ids, key...)
	s.keys.rows++
	if !x.charge(int64(4*len(key) + 12)) {
		return -1, false
	}
	s.next = append(s.next, 0)
	if s.keys.rows > len(s.heads) {
		s.heads = make([]int32, 2*len(s.heads))
		for i := range s.heads {
			s.heads[i] = -1
		}
		for i := range s.keys.rows - 1 {
			s.link(i)
		}
	}
	s.link(row)
	return row, true
}

func (s *rowSet) link(row int) {
	head := &s.heads[hashIDs(s.keys.row(row))&uint32(len(s.heads)-1)]
	s.next[row] = *head
	*head = int32(row)
}
