package sparql

import (
	"cmp"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/xsd"
)

// val is the value of an expression: a term, or a typed value that becomes one
// only where it is kept. Comparisons and arithmetic then need no lexical form.
type val struct {
	id      id // of the term, 0 where not known
	isTyped bool
	term    rdf.Term  // not set where isTyped
	typed   xsd.Value // set where isTyped
}

func termVal(t rdf.Term) val     { return val{term: t} }
func typedVal(v xsd.Value) val   { return val{isTyped: true, typed: v} }
func boolVal(b bool) val         { return typedVal(xsd.NewBoolean(b)) }
func stringVal(s string) val     { return val{term: rdf.NewLiteral(s)} }
func iriVal(iri string) val      { return val{term: rdf.NewIRI(iri)} }
func integerVal(i int64) val     { return typedVal(xsd.NewInteger(i)) }
func langVal(s, lang string) val { return val{term: rdf.NewLangLiteral(s, lang)} }

// asTerm gives the value as a term.
func (v *val) asTerm() rdf.Term {
	if v.isTyped {
		return v.typed.Term()
	}
	return v.term
}

// asTyped gives the value in a value space of package xsd.
func (v *val) asTyped() (xsd.Value, bool) {
	if v.isTyped {
		return v.typed, true
	}
	if v.term.Kind != rdf.Literal {
		return xsd.Value{}, false
	}
	return xsd.Parse(v.term.Value, v.term.Datatype)
}

func (v *val) isLiteral() bool { return v.isTyped || v.term.Kind == rdf.Literal }

// isString reports whether v is an xsd:string, which a simple literal is too.
func (v *val) isString() bool {
	return !v.isTyped && v.term.Kind == rdf.Literal && v.term.Datatype == rdf.XSDString
}

// isText reports whether v is a string with or without a language.
func (v *val) isText() bool {
	return !v.isTyped && v.term.Kind == rdf.Literal && (v.term.Datatype == rdf.XSDString || v.term.Lang != "")
}

// ebv is the effective boolean value (section 17.2.2).
func ebv(v *val) (b, ok bool) {
	if v.isText() {
		return v.term.Value != "", true
	}
	if typed, ok := v.asTyped(); ok {
		return typed.EffectiveBoolean()
	}
	if v.term.Kind == rdf.Literal && (v.term.Datatype == rdf.XSDBoolean || xsd.IsNumericType(v.term.Datatype)) {
		return false, true // an ill-typed boolean or number is false
	}
	return false, false
}

// equalVals is the = operator (section 17.4.1.7 and the operator table); ok is
// false for a type error: two literals of which it can't be said whether they
// have the same value.
func equalVals(a, b *val) (equal, ok bool) {
	if !a.isTyped && !b.isTyped {
		if a.term.Kind != rdf.Literal || b.term.Kind != rdf.Literal {
			return a.term == b.term, true
		}
		if a.isText() || b.isText() {
			return equalTexts(a, b)
		}
	}
	x, xKnown := a.asTyped()
	y, yKnown := b.asTyped()
	if xKnown && yKnown {
		switch xsd.Compare(x, y) {
		case xsd.Equal:
			return true, true
		case xsd.Unordered:
			return false, x.IsNumeric() // NaN is not equal; dates with and without zone may be
		}
		return false, true
	}
	if a.isLiteral() != b.isLiteral() {
		return false, true
	}
	if a.asTerm() == b.asTerm() {
		return true, true
	}
	return false, a.isText() || b.isText()
}

// equalTexts compares literals of which one at least is a string.
func equalTexts(a, b *val) (equal, ok bool) {
	if a.isText() && b.isText() {
		return a.term.Value == b.term.Value && strings.EqualFold(a.term.Lang, b.term.Lang), true
	}
	other := a
	if a.isText() {
		other = b
	}
	// A string is no value of a known other type; of an unknown one it may be.
	_, known := other.asTyped()
	return false, known || a.term.Lang != "" || b.term.Lang != ""
}

// orderVals is what <, >, <= and >= go by. Where ok is false, the values have no
// order: a type error. Unordered is the outcome for NaN.
func orderVals(a, b *val) (o xsd.Ordering, ok bool) {
	if a.isString() && b.isString() {
		return xsd.Ordering(strings.Compare(a.term.Value, b.term.Value)), true
	}
	x, xKnown := a.asTyped()
	y, yKnown := b.asTyped()
	if !xKnown || !yKnown {
		return xsd.Incomparable, false
	}
	o = xsd.Compare(x, y)
	return o, o <= xsd.Greater || o == xsd.Unordered && x.IsNumeric()
}

// sortKey is a value prepared for ORDER BY.
type sortKey struct {
	rank  uint8 // 0 unbound, 1 blank node, 2 IRI, then literals by value space
	typed xsd.Value
	term  rdf.Term
}

const (
	rankBlank = iota + 1
	rankIRI
	rankNumber
	rankText
	rankOther   // the kinds of package xsd that are no numbers, from here on
	rankUnknown = 255
)

func newSortKey(v *val, bound bool) sortKey {
	if !bound {
		return sortKey{}
	}
	k := sortKey{term: v.asTerm()}
	switch {
	case k.term.Kind == rdf.BlankNode:
		k.rank = rankBlank
	case k.term.Kind == rdf.IRI:
		k.rank = rankIRI
	case v.isText():
		k.rank = rankText
	default:
		typed, ok := v.asTyped()
		switch {
		case !ok:
			k.rank = rankUnknown
		case typed.IsNumeric():
			k.rank, k.typed = rankNumber, typed
		default:
			k.rank, k.typed = rankOther+uint8(typed.Kind()), typed
		}
	}
	return k
}

// compare is SPARQL's order (section 15.1) made total: unbound, blank nodes,
// IRIs, literals. Literals of one value space are ordered by value; the order
// between spaces is ours.
func (k *sortKey) compare(l *sortKey) int {
	if k.rank != l.rank {
		return cmp.Compare(k.rank, l.rank)
	}
	if k.rank == rankNumber || k.rank >= rankOther && k.rank != rankUnknown {
		return xsd.Order(k.typed, l.typed)
	}
	return k.term.Compare(l.term)
}
