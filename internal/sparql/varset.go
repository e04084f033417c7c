package sparql

import (
	"encoding/binary"
	"math/bits"
)

// varSet is a set of variables, which are numbered from 0. Methods other than
// add leave their receiver as it is.
type varSet []uint64

func varsOf(vars ...int) varSet {
	var s varSet
	for _, v := range vars {
		s.add(v)
	}
	return s
}

func (s *varSet) add(v int) {
	for len(*s) <= v/64 {
		*s = append(*s, 0)
	}
	(*s)[v/64] |= 1 << (v % 64)
}

func (s varSet) has(v int) bool { return v/64 < len(s) && s[v/64]&(1<<(v%64)) != 0 }

func (s varSet) word(i int) uint64 {
	if i < len(s) {
		return s[i]
	}
	return 0
}

func (s varSet) combine(t varSet, f func(a, b uint64) uint64) varSet {
	out := make(varSet, max(len(s), len(t)))
	for i := range out {
		out[i] = f(s.word(i), t.word(i))
	}
	return out
}

func (s varSet) union(t varSet) varSet {
	if t.empty() {
		return append(varSet(nil), s...)
	}
	return s.combine(t, func(a, b uint64) uint64 { return a | b })
}

func (s varSet) intersect(t varSet) varSet {
	return s.combine(t, func(a, b uint64) uint64 { return a & b })
}

func (s varSet) minus(t varSet) varSet {
	return s.combine(t, func(a, b uint64) uint64 { return a &^ b })
}

func (s varSet) empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// within reports whether every member of s is in t.
func (s varSet) within(t varSet) bool {
	for i, w := range s {
		if w&^t.word(i) != 0 {
			return false
		}
	}
	return true
}

func (s varSet) meets(t varSet) bool {
	for i, w := range s {
		if w&t.word(i) != 0 {
			return true
		}
	}
	return false
}

// list gives the members in order.
func (s varSet) list() []int {
	var out []int
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			out = append(out, i*64+bits.TrailingZeros64(w))
		}
	}
	return out
}

// key gives a string that is the same for equal sets.
func (s varSet) key() string {
	for len(s) > 0 && s[len(s)-1] == 0 {
		s = s[:len(s)-1]
	}
	b := make([]byte, 0, 8*len(s))
	for _, w := range s {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return string(b)
}
