package rdf

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// turtleTerms writes terms as Turtle does, with prefixes.
type turtleTerms struct {
	prefixes []turtlePrefix // longest namespace first
}

type turtlePrefix struct {
	name, namespace string
	used            bool
}

// newTurtleTerms takes namespaces by prefix, the prefixes without their colon.
func newTurtleTerms(prefixes map[string]string) turtleTerms {
	var t turtleTerms
	for _, name := range slices.Sorted(maps.Keys(prefixes)) {
		t.prefixes = append(t.prefixes, turtlePrefix{name: name, namespace: prefixes[name]})
	}
	slices.SortStableFunc(t.prefixes, func(a, b turtlePrefix) int {
		return cmp.Compare(len(b.namespace), len(a.namespace))
	})
	return t
}

// header appends the declarations of the prefixes, or of the used ones only.
func (t *turtleTerms) header(b []byte, usedOnly bool) []byte {
	byName := slices.SortedFunc(slices.Values(t.prefixes), func(a, b turtlePrefix) int {
		return cmp.Compare(a.name, b.name)
	})
	for _, p := range byName {
		if p.used || !usedOnly {
			b = append(append(b, "@prefix "...), p.name...)
			b = append(b, ": <"...)
			b = append(appendIRI(b, p.namespace), "> .\n"...)
		}
	}
	return b
}

func (t *turtleTerms) appendIRI(b []byte, iri string) []byte {
	for i := range t.prefixes {
		p := &t.prefixes[i]
		local, ok := strings.CutPrefix(iri, p.namespace)
		if ok && isPlainLocal(local) {
			p.used = true
			b = append(append(b, p.name...), ':')
			return append(b, local...)
		}
	}
	return append(appendIRI(append(b, '<'), iri), '>')
}

func (t *turtleTerms) appendPredicate(b []byte, p Term) []byte {
	if p.Value == RDFType {
		return append(b, 'a')
	}
	return t.appendIRI(b, p.Value)
}

func (t *turtleTerms) append(b []byte, term Term) []byte {
	switch term.Kind {
	case IRI:
		return t.appendIRI(b, term.Value)
	case BlankNode:
		return append(append(b, "_:"...), term.Value...)
	}
	switch term.Datatype {
	case XSDInteger, XSDDecimal, XSDDouble, XSDBoolean:
		if bareLiteral(term.Value) == term.Datatype {
			return append(b, term.Value...)
		}
	}
	b = appendQuoted(b, term.Value)
	switch {
	case term.Lang != "":
		b = append(append(b, '@'), term.Lang...)
	case term.Datatype != "" && term.Datatype != XSDString:
		b = t.appendIRI(append(b, "^^"...), term.Datatype)
	}
	return b
}

// appendQuoted appends a string in quotes, in long ones where it has lines.
func appendQuoted(b []byte, s string) []byte {
	if !strings.Contains(s, "\n") {
		return append(appendEscaped(append(b, '"'), s), '"')
	}
	b = append(b, `"""`...)
	for line := range strings.SplitAfterSeq(s, "\n") {
		text, ok := strings.CutSuffix(line, "\n")
		if b = appendEscaped(b, text); ok {
			b = append(b, '\n')
		}
	}
	return append(b, `"""`...)
}

// isPlainLocal reports whether s is PN_LOCAL, or empty, without an escape.
func isPlainLocal(s string) bool {
	for i, r := range s {
		switch {
		case isNameStart(r), r == '_', r == ':', '0' <= r && r <= '9':
		case i > 0 && isNameChar(r):
		case i > 0 && r == '.' && i < len(s)-1:
		default:
			return false
		}
	}
	return utf8.ValidString(s)
}

// bareLiteral gives the datatype that Turtle reads s as when it has no quotes,
// or "" where it must have them.
func bareLiteral(s string) string {
	if s == "true" || s == "false" {
		return XSDBoolean
	}
	rest := s
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		rest = rest[1:]
	}
	whole, rest := cutDigits(rest)
	datatype := XSDInteger
	fraction := 0
	if strings.HasPrefix(rest, ".") {
		datatype = XSDDecimal
		fraction, rest = cutDigits(rest[1:])
	}
	if whole+fraction == 0 {
		return ""
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		var exponent int
		if exponent, rest = cutDigits(rest); exponent == 0 {
			return ""
		}
		datatype = XSDDouble
	}
	// A dot at the end would be read as the statement's.
	if rest != "" || datatype == XSDDecimal && fraction == 0 {
		return ""
	}
	return datatype
}

// cutDigits gives the number of digits s begins with and what follows them.
func cutDigits(s string) (n int, rest string) {
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n, s[n:]
}

// Shortener gives a function that writes terms as Turtle does, with the given
// namespaces by prefix (without the colon). It is for messages to people.
func Shortener(prefixes map[string]string) func(Term) string {
	terms := newTurtleTerms(prefixes)
	return func(t Term) string {
		if t.IsZero() {
			return ""
		}
		return string(terms.append(nil, t))
	}
}
