package rdf

import (
	"strings"
)

// Kind says what a [Term] is. The zero Kind is that of the zero Term, which
// stands for "no term": the default graph of a [Quad], a wildcard in a lookup.
type Kind uint8

// The kinds of RDF terms (RDF 1.1 Concepts, section 3.1).
const (
	IRI Kind = iota + 1
	BlankNode
	Literal
)

// String gives the kind's name in lower case.
func (k Kind) String() string {
	switch k {
	case IRI:
		return "IRI"
	case BlankNode:
		return "blank node"
	case Literal:
		return "literal"
	}
	return "no term"
}

// Term is an RDF term. It is a comparable value: two terms are the same term
// (RDF 1.1 Concepts, section 3.3) exactly when == holds, so a Term can be a map
// key. Language tags keep the case they were written in.
//
// The zero Term is no term at all.
type Term struct {
	Kind Kind
	// Value is the IRI, the blank node's label without "_:", or the literal's
	// lexical form.
	Value string
	// Datatype is the IRI of a literal's datatype and always set for a literal:
	// [XSDString] for a plain one, [RDFLangString] for one with a language.
	Datatype string
	// Lang is a literal's language tag, or empty.
	Lang string
}

// NewIRI makes an IRI term of an absolute IRI, which it does not check.
func NewIRI(iri string) Term { return Term{Kind: IRI, Value: iri} }

// NewBlank makes a blank node of a label without "_:".
func NewBlank(label string) Term { return Term{Kind: BlankNode, Value: label} }

// NewLiteral makes an xsd:string literal.
func NewLiteral(lexical string) Term {
	return Term{Kind: Literal, Value: lexical, Datatype: XSDString}
}

// NewTypedLiteral makes a literal of a datatype IRI; an empty datatype means
// xsd:string.
func NewTypedLiteral(lexical, datatype string) Term {
	if datatype == "" {
		datatype = XSDString
	}
	return Term{Kind: Literal, Value: lexical, Datatype: datatype}
}

// NewLangLiteral makes a language-tagged string.
func NewLangLiteral(lexical, lang string) Term {
	return Term{Kind: Literal, Value: lexical, Datatype: RDFLangString, Lang: lang}
}

// IsZero reports whether t is no term.
func (t Term) IsZero() bool { return t.Kind == 0 }

// String gives the term as N-Triples writes it; the empty string for no term.
func (t Term) String() string {
	return string(t.appendNTriples(nil))
}

// Compare orders terms: no term, IRIs, blank nodes, literals; within a kind by
// value, then datatype, then language, each byte by byte. It is a total order
// for stable output, not SPARQL's ORDER BY.
func (t Term) Compare(u Term) int {
	if t.Kind != u.Kind {
		return int(t.Kind) - int(u.Kind)
	}
	if c := strings.Compare(t.Value, u.Value); c != 0 {
		return c
	}
	if c := strings.Compare(t.Datatype, u.Datatype); c != 0 {
		return c
	}
	return strings.Compare(t.Lang, u.Lang)
}
