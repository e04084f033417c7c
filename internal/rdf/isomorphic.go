package rdf

import (
	"hash/fnv"
	"slices"
)

// Isomorphic reports whether two sets of quads are the same but for the labels
// of their blank nodes (RDF 1.1 Concepts, section 3.6). Quads that are given
// twice count once. Blank nodes are told apart by what they are connected to;
// those that look alike are tried in turn, so graphs made to be symmetric take
// time that grows exponentially: compare trusted data.
func Isomorphic(a, b []Quad) bool {
	left, right := newColouring(a), newColouring(b)
	if len(left.quads) != len(right.quads) || len(left.colour) != len(right.colour) {
		return false
	}
	return equalUnder(left, right)
}

// colouring gives each blank node of a set of quads a colour; nodes that some
// isomorphism could swap have the same one.
type colouring struct {
	quads  []Quad // distinct
	colour map[Term]uint64
}

func newColouring(quads []Quad) colouring {
	quads = slices.Clone(quads)
	slices.SortFunc(quads, Quad.Compare)
	c := colouring{quads: slices.Compact(quads), colour: map[Term]uint64{}}
	for _, q := range c.quads {
		for _, t := range [...]Term{q.Subject, q.Object, q.Graph} {
			if t.Kind == BlankNode {
				c.colour[t] = 1
			}
		}
	}
	return c
}

// hash gives a term's colour, or a hash of what it is.
func (c colouring) hash(t Term) uint64 {
	if t.Kind == BlankNode {
		return c.colour[t]
	}
	h := fnv.New64a()
	h.Write([]byte{byte(t.Kind)})
	for _, s := range [...]string{t.Value, t.Datatype, t.Lang} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return h.Sum64()
}

func mix(hs ...uint64) uint64 {
	x := uint64(0x9E3779B97F4A7C15)
	for _, h := range hs {
		x ^= h
		x *= 0xBF58476D1CE4E5B9
		x ^= x >> 29
		x *= 0x94D049BB133111EB
		x ^= x >> 32
	}
	return x
}

// refine splits colours by the colours around each node until none is split
// any further.
func (c *colouring) refine() {
	for classes := c.classes(); ; {
		sums := make(map[Term]uint64, len(c.colour))
		for _, q := range c.quads {
			s, p, o, g := c.hash(q.Subject), c.hash(q.Predicate), c.hash(q.Object), c.hash(q.Graph)
			// Addition makes the sum independent of the quads' order.
			for role, t := range [...]Term{q.Subject, q.Object, q.Graph} {
				if t.Kind == BlankNode {
					sums[t] += mix(uint64(role), s, p, o, g)
				}
			}
		}
		next := make(map[Term]uint64, len(c.colour))
		for t, old := range c.colour {
			next[t] = mix(old, sums[t])
		}
		c.colour = next
		n := c.classes()
		if n == classes {
			return
		}
		classes = n
	}
}

// classes gives the number of colours in use.
func (c colouring) classes() int {
	distinct := map[uint64]bool{}
	for _, h := range c.colour {
		distinct[h] = true
	}
	return len(distinct)
}

// equalUnder refines both colourings, compares them, and where nodes are left
// that look alike takes one of the left and tries each such node of the right.
func equalUnder(left, right colouring) bool {
	left.refine()
	right.refine()
	byColour := map[uint64][2][]Term{}
	for side, c := range [...]colouring{left, right} {
		for t, h := range c.colour {
			both := byColour[h]
			both[side] = append(both[side], t)
			byColour[h] = both
		}
	}
	var choice [2][]Term
	for _, both := range byColour {
		if len(both[0]) != len(both[1]) {
			return false
		}
		if n := len(both[0]); n > 1 && (choice[0] == nil || n < len(choice[0])) {
			choice = both
		}
	}
	if choice[0] == nil {
		return sameQuads(left, right, byColour)
	}
	for _, candidate := range choice[1] {
		l, r := left.clone(), right.clone()
		mark := mix(l.colour[choice[0][0]], 2)
		l.colour[choice[0][0]], r.colour[candidate] = mark, mark
		if equalUnder(l, r) {
			return true
		}
	}
	return false
}

func (c colouring) clone() colouring {
	colour := make(map[Term]uint64, len(c.colour))
	for t, h := range c.colour {
		colour[t] = h
	}
	return colouring{c.quads, colour}
}

// sameQuads applies the mapping that unambiguous colours give and compares.
func sameQuads(left, right colouring, byColour map[uint64][2][]Term) bool {
	to := func(t Term) Term {
		if t.Kind == BlankNode {
			return byColour[left.colour[t]][1][0]
		}
		return t
	}
	have := make(map[Quad]bool, len(right.quads))
	for _, q := range right.quads {
		have[q] = true
	}
	for _, q := range left.quads {
		if !have[Quad{Triple{to(q.Subject), q.Predicate, to(q.Object)}, to(q.Graph)}] {
			return false
		}
	}
	return true
}
