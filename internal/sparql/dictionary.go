package sparql

import (
	"bytes"
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

// entry is an entry of a hash table of terms; id 0 is empty.
type entry struct {
	hash uint32
	id   id
}

// shapes number the shapes of a dictionary's terms.
type shapes struct {
	list   []shape
	number map[shape]uint32
}

// find gives a term's shape without making one.
func (s *shapes) find(t rdf.Term) (uint32, bool) {
	switch t.Kind {
	case rdf.IRI:
		return iriShape, true
	case rdf.BlankNode:
		return blankShape, true
	}
	n, ok := s.number[literalShape(t)]
	return n, ok
}

func literalShape(t rdf.Term) shape {
	return shape{kind: rdf.Literal, datatype: t.Datatype, lang: strings.ToLower(t.Lang)}
}

func (s *shapes) add(sh shape) uint32 {
	n := uint32(len(s.list))
	// Copies, so that the dictionary holds on to no document.
	sh.datatype, sh.lang = strings.Clone(sh.datatype), strings.Clone(sh.lang)
	s.list = append(s.list, sh)
	s.number[sh] = n
	return n
}

func hashTerm(seed maphash.Seed, value string, shape uint32) uint32 {
	h := maphash.String(seed, value)
	return uint32(h>>32) ^ uint32(h) ^ shape*0x9E3779B1
}

// dictionary numbers terms from 1, in the order they come.
type dictionary struct {
	arena   []byte
	records []termRecord // of id i at i; 0 is not a term
	shapes  shapes
	table   []entry // length a power of two, at most half full
	seed    maphash.Seed
}

func newDictionary() *dictionary {
	d := &dictionary{seed: maphash.MakeSeed(), records: make([]termRecord, 1), table: make([]entry, 64)}
	d.shapes.number = map[shape]uint32{}
	d.shapes.add(shape{kind: rdf.BlankNode})
	d.shapes.add(shape{kind: rdf.IRI})
	return d
}

func (d *dictionary) len() int { return len(d.records) - 1 }

func (d *dictionary) value(n id) []byte {
	r := &d.records[n]
	return d.arena[r.offset : r.offset+uint64(r.length)]
}

// probe finds the table entry of a term: its own, or the empty one where it
// would go.
func (d *dictionary) probe(value string, shape, hash uint32) *entry {
	mask := uint32(len(d.table) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &d.table[i]
		if s.id == 0 {
			return s
		}
		if s.hash == hash && d.records[s.id].shape == shape && string(d.value(s.id)) == value {
			return s
		}
	}
}

// intern gives the id of a term, a new one where it has none.
func (d *dictionary) intern(t rdf.Term) id {
	shape, ok := d.shapes.find(t)
	if !ok {
		shape = d.shapes.add(literalShape(t))
	}
	hash := hashTerm(d.seed, t.Value, shape)
	s := d.probe(t.Value, shape, hash)
	if s.id != 0 {
		return s.id
	}
	n := id(len(d.records))
	d.records = append(d.records, termRecord{offset: uint64(len(d.arena)), length: uint32(len(t.Value)), shape: shape})
	d.arena = append(d.arena, t.Value...)
	*s = entry{hash: hash, id: n}
	if len(d.records)*2 > len(d.table) {
		d.grow()
	}
	return n
}

func (d *dictionary) grow() {
	old := d.table
	d.table = make([]entry, 2*len(old))
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
	s := &d.shapes.list[d.records[n].shape]
	return rdf.Term{Kind: s.kind, Value: string(d.value(n)), Datatype: s.datatype, Lang: s.lang}
}

// compare is the order of ranks: blank nodes, IRIs, literals; within them by
// value, datatype and language.
func (d *dictionary) compare(a, b id) int {
	sa, sb := d.records[a].shape, d.records[b].shape
	if c := min(sa, 2) - min(sb, 2); c != 0 && (sa < 2 || sb < 2) {
		return int(int32(c))
	}
	if c := bytes.Compare(d.value(a), d.value(b)); c != 0 {
		return c
	}
	if c := strings.Compare(d.shapes.list[sa].datatype, d.shapes.list[sb].datatype); c != 0 {
		return c
	}
	return strings.Compare(d.shapes.list[sa].lang, d.shapes.list[sb].lang)
}

// frozen is a dictionary that no longer changes: the arena is a string, so that
// terms are made without copying.
type frozen struct {
	arena   string
	records []termRecord // of id i at i; 0 is not a term
	shapes  shapes
	table   []entry
	seed    maphash.Seed

	firstIRI, firstLiteral id
}

// freeze ranks the terms. rank maps the old ids to the new ones.
func (d *dictionary) freeze() (f *frozen, rank []id) {
	order := d.sorted()
	rank = make([]id, len(d.records))
	f = &frozen{records: make([]termRecord, len(order)+1), shapes: d.shapes, seed: d.seed,
		firstIRI: id(len(order)) + 1, firstLiteral: id(len(order)) + 1}
	var arena strings.Builder
	arena.Grow(len(d.arena))
	for i, old := range order {
		n := id(i + 1)
		rank[old] = n
		r := d.records[old]
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
	s := &f.shapes.list[r.shape]
	return rdf.Term{Kind: s.kind, Value: f.arena[r.offset : r.offset+uint64(r.length)], Datatype: s.datatype, Lang: s.lang}
}

// lookup gives the id of a term, or 0.
func (f *frozen) lookup(t rdf.Term) id {
	shape, ok := f.shapes.find(t)
	if !ok {
		return 0
	}
	h := hashTerm(f.seed, t.Value, shape)
	mask := uint32(len(f.table) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		s := &f.table[i]
		if s.id == 0 || s.hash == h && f.records[s.id].shape == shape && f.value(s.id) == t.Value {
			return s.id
		}
	}
}
