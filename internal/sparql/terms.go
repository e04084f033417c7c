package sparql

import (
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// terms are the terms of one query: those of the store, and those that the
// query names or computes, which have ids beyond the store's.
type terms struct {
	store *frozen
	extra []rdf.Term
	ids   map[rdf.Term]id // of extra
	bytes int64           // what extra holds, roughly
}

func newTerms(store *frozen) *terms {
	return &terms{store: store, ids: map[rdf.Term]id{}}
}

func (t *terms) term(n id) rdf.Term {
	if t.inStore(n) {
		return t.store.term(n)
	}
	return t.extra[int(n)-len(t.store.records)]
}

// value gives the term's IRI, label or lexical form.
func (t *terms) value(n id) string {
	if t.inStore(n) {
		return t.store.value(n)
	}
	return t.extra[int(n)-len(t.store.records)].Value
}

func (t *terms) intern(term rdf.Term) id {
	if n := t.store.lookup(term); n != 0 {
		return n
	}
	term.Lang = strings.ToLower(term.Lang)
	n, ok := t.ids[term]
	if !ok {
		n = id(len(t.store.records) + len(t.extra))
		t.extra = append(t.extra, term)
		t.ids[term] = n
		t.bytes += int64(len(term.Value)) + 160
	}
	return n
}

// inStore reports whether n is a term of the store.
func (t *terms) inStore(n id) bool { return int(n) < len(t.store.records) }

func (t *terms) kind(n id) rdf.Kind {
	switch {
	case !t.inStore(n):
		return t.term(n).Kind
	case n < t.store.firstIRI:
		return rdf.BlankNode
	case n < t.store.firstLiteral:
		return rdf.IRI
	}
	return rdf.Literal
}
