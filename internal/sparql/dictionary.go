package sparql

import (
	"hash/maphash"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// id names a term: within a store by its rank among the store's terms, beyond
// them for the terms a query computes. 0 is no term, an unbound variable.
//
// Ranks follow [dictionary.compare], so ids of blank nodes, IRIs and literals
// are three ranges in that order, and the order of results does not depend on
// the order in which data was loaded.
type id = uint32

// shape is what a term is apart from its value. Shapes 0 and 1 are those of
// blank nodes and IRIs. Languages are in lower case: tags that differ only in
// case are one (RDF 1.1 Concepts, section 3.3).
type shape struct {
	kind           rdf.Kind
	datatype, lang string
}

const (
	blankShape = 0
	iriShape   = 1
)

// termRecord places a term's value in the arena.
type termRecord struct {
	offset uint64
	length uint32
	shape  uint32
}

// slot is an entry of the dictionary's hash table; id 0 is empty.
type slot struct {
	hash uint32
	id   id
}

// dictionary maps terms to ids and back. Ids count from first.
type dictionary struct {
	first   id
	arena   []byte
	records []termRecord // of id first+i
	shapes  []shape
	shapeOf map[shape]uint32
	table   []slot // length a power of two, at most half full
	seed    maphash.Seed
}

func newDictionary(first id) *dictionary {
	d := &dictionary{first: first, seed: maphash.MakeSeed(), shapeOf: map[shape]uint32{}, table: make([]slot, 64)}
	d.shapeID(shape{kind: rdf.BlankNode})
	d.shapeID(shape{kind: rdf.IRI})
	return d
}

func (d *dictionary) len() int { return len(d.records) }

func (d *dictionary) shapeID(s shape) uint32 {
	n, ok := d.shapeOf[s]
	if !ok {
		n = uint32(len(d.shapes))
		// Copies, so that the dictionary holds on to no document.
		s = shape{kind: s.kind, datatype: strings.Clone(s.datatype), lang: strings.Clone(s.lang)}
		d.shapes = append(d.shapes, s)
		d.shapeOf[s] = n
	}
	return n
}

// findShape gives a term's shape without making one.
func (d *dictionary) findShape(t rdf.Term) (uint32, bool) {
	switch t.Kind {
	case rdf.IRI:
		return iriShape, true
	case rdf.BlankNode:
		return blankShape, true
	}
	n, ok := d.shapeOf[literalShape(t)]
	return n, ok
}

func literalShape(t rdf.Term) shape {
	return shape{kind: rdf.Literal, datatype: t.Datatype, lang: strings.ToLower(t.Lang)}
}

func (d *dictionary) hash(value string, shape uint32) uint32 {
	h := maphash.String(d.seed, value)
	return uint32(h>>32) ^ uint32(h) ^ shape*0x9E3779B1
}

func (d *dictionary) value(n id) []byte {
	r := &d.records[n-d.first]
	return d.arena[r.offset : r.offset+uint64(r.length)]
}

// probe finds the table entry of a term: its own, or the empty one where it
// would go.
func (d *dictionary) probe(value string, shape, hash uint32) *slot {
	mask := uint32(len(d.table) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &d.table[i]
		if s.id == 0 {
			return s
		}
		if s.hash == hash && d.records[s.id-d.first].shape == shape && string(d.value(s.id)) == value {
			return s
		}
	}
}

// lookup gives the id of a term, or 0.
func (d *dictionary) lookup(t rdf.Term) id {
	shape, ok := d.findShape(t)
	if !ok {
		return 0
	}
	return d.probe(t.Value, shape, d.hash(t.Value, shape)).id
}

// intern gives the id of a term, a new one where it has none.
func (d *dictionary) intern(t rdf.Term) id {
	shapeID, ok := d.findShape(t)
	if !ok {
		shapeID = d.shapeID(literalShape(t))
	}
	hash := d.hash(t.Value, shapeID)
	s := d.probe(t.Value, shapeID, hash)
	if s.id != 0 {
		return s.id
	}
	n := d.first + id(len(d.records))
	d.records = append(d.records, termRecord{offset: uint64(len(d.arena)), length: uint32(len(t.Value)), shape: shapeID})
	d.arena = append(d.arena, t.Value...)
	*s = slot{hash: hash, id: n}
	if len(d.records)*2 > len(d.table) {
		d.grow()
	}
	return n
}

func (d *dictionary) grow() {
	old := d.table
	d.table = make([]slot, 2*len(old))
	mask := uint32(len(d.table) - 1)
	for _, s := range old {
		if s.id == 0 {
			continue
		}
		i := s.hash & mask
		for d.table[i].id != 0 {
			i = (i + 1) & mask
		}
		d.table[i] = s
	}
}

// term gives the term of an id.
func (d *dictionary) term(n id) rdf.Term {
	s := &d.shapes[d.records[n-d.first].shape]
	return rdf.Term{Kind: s.kind, Value: string(d.value(n)), Datatype: s.datatype, Lang: s.lang}
}

// compare is the order of ranks: blank nodes, IRIs, literals; within them by
// value, datatype and language.
func (d *dictionary) compare(a, b id) int {
	sa, sb := d.records[a-d.first].shape, d.records[b-d.first].shape
	if c := min(sa, 2) - min(sb, 2); c != 0 && (sa < 2 || sb < 2) {
		return int(int32(c))
	}
	if c := strings.Compare(string(d.value(a)), string(d.value(b))); c != 0 {
		return c
	}
	if c := strings.Compare(d.shapes[sa].datatype, d.shapes[sb].datatype); c != 0 {
		return c
	}
	return strings.Compare(d.shapes[sa].lang, d.shapes[sb].lang)
}

// frozen is a dictionary that no longer changes: the arena is a string, so that
// terms are made without copying.
type frozen struct {
	arena   string
	records []termRecord // of id i at i; 0 is not a term
	shapes  []shape
	shapeOf map[shape]uint32
	table   []slot
	seed    maphash.Seed

	firstIRI, firstLiteral id
}

// freeze ranks the terms. rank maps the old ids to the new ones.
func (d *dictionary) freeze() (f *frozen, rank []id) {
	order := d.sorted()
	rank = make([]id, len(d.records)+1)
	f = &frozen{records: make([]termRecord, len(order)+1), shapes: d.shapes, shapeOf: d.shapeOf, seed: d.seed,
		firstIRI: id(len(order)) + 1, firstLiteral: id(len(order)) + 1}
	var arena strings.Builder
	arena.Grow(len(d.arena))
	for i, old := range order {
		n := id(i + 1)
		rank[old] = n
		r := d.records[old-d.first]
		f.records[n] = termRecord{offset: uint64(arena.Len()), length: r.length, shape: r.shape}
		arena.Write(d.value(old))
		if r.shape >= iriShape {
			f.firstIRI = min(f.firstIRI, n)
		}
		if r.shape > iriShape {
			f.firstLiteral = min(f.firstLiteral, n)
		}
	}
	f.arena = arena.String()
	f.table = d.table
	for i := range f.table {
		f.table[i].id = rank[f.table[i].id]
	}
	*d = dictionary{}
	return f, rank
}

func (f *frozen) len() int { return len(f.records) - 1 }

func (f *frozen) value(n id) string {
	r := &f.records[n]
	return f.arena[r.offset : r.offset+uint64(r.length)]
}

func (f *frozen) term(n id) rdf.Term {
	r := &f.records[n]
	s := &f.shapes[r.shape]
	return rdf.Term{Kind: s.kind, Value: f.arena[r.offset : r.offset+uint64(r.length)], Datatype: s.datatype, Lang: s.lang}
}

// lookup gives the id of a term, or 0.
func (f *frozen) lookup(t rdf.Term) id {
	shape, ok := (&dictionary{shapeOf: f.shapeOf}).findShape(t)
	if !ok {
		return 0
	}
	h := (&dictionary{seed: f.seed}).hash(t.Value, shape)
	mask := uint32(len(f.table) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		s := &f.table[i]
		if s.id == 0 || s.hash == h && f.records[s.id].shape == shape && f.value(s.id) == t.Value {
			return s.id
		}
	}
}
