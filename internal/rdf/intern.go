package rdf

import "hash/maphash"

const (
	firstInternSlots = 1 << 8
	maxInternSlots   = 1 << 15
	maxInternedBytes = 256
)

// interner gives one string for equal byte slices as long as it remembers them.
// It is a direct-mapped cache: bounded, with no cost for what it forgets.
type interner struct {
	seed   maphash.Seed
	slots  []string
	misses int
}

func newInterner() interner {
	return interner{seed: maphash.MakeSeed(), slots: make([]string, firstInternSlots)}
}

func (in *interner) str(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > maxInternedBytes {
		return string(b)
	}
	slot := &in.slots[maphash.Bytes(in.seed, b)&uint64(len(in.slots)-1)]
	if *slot == string(b) {
		return *slot
	}
	s := string(b)
	*slot = s
	if in.misses++; in.misses > len(in.slots) && len(in.slots) < maxInternSlots {
		in.grow()
	}
	return s
}

func (in *interner) grow() {
	old := in.slots
	in.slots = make([]string, 8*len(old))
	in.misses = 0
	for _, s := range old {
		if s != "" {
			in.slots[maphash.String(in.seed, s)&uint64(len(in.slots)-1)] = s
		}
	}
}
