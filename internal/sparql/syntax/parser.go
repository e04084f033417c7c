package syntax

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// Limits bounds what a query may cost to read and to plan. Zero fields take the
// default.
type Limits struct {
	MaxBytes    int // length of the query; default 4 MiB
	MaxDepth    int // nesting of groups, expressions, paths, collections; default 256
	MaxElements int // triple patterns, group elements and expressions; default 16384
}

func (l Limits) withDefaults() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = 4 << 20
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = 256
	}
	if l.MaxElements <= 0 {
		l.MaxElements = 16384
	}
	return l
}

// Options are the surroundings of a query.
type Options struct {
	Base     string            // base IRI before any BASE; may be empty
	Prefixes map[string]string // prefixes known before any PREFIX, without colon
	Limits   Limits
}

// Parse reads one query. The error is an *[Error].
func Parse(query string, opts Options) (q *Query, err error) {
	limits := opts.Limits.withDefaults()
	if len(query) > limits.MaxBytes {
		return nil, &Error{Line: 1, Column: 1, Msg: fmt.Sprintf("the query has %d bytes, the limit is %d", len(query), limits.MaxBytes)}
	}
	if !utf8.ValidString(query) {
		at := strings.IndexFunc(query, func(r rune) bool { return r == utf8.RuneError })
		return nil, newError(query, max(at, 0), "the query is not valid UTF-8")
	}
	src, escapeErr := unescapeCodepoints(strings.TrimPrefix(query, "\ufeff"))
	if escapeErr != nil {
		return nil, escapeErr
	}
	p := &parser{lex: lexer{src: src}, limits: limits, base: opts.Base, prefixes: maps.Clone(opts.Prefixes)}
	if p.prefixes == nil {
		p.prefixes = map[string]string{}
	}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			q, err = nil, e
		}
	}()
	p.advance()
	return p.query(), nil
}

type parser struct {
	lex    lexer
	tok    token // the token to look at
	last   token // the one before it
	limits Limits

	base     string
	prefixes map[string]string

	depth, elements int
	blanks          int // blank nodes invented so far
	// labels maps a blank node label to the basic graph pattern it was used in.
	labels     map[string]int
	bgp, bgps  int  // number of the current basic graph pattern, and of all so far
	inTemplate bool // labels are free in a CONSTRUCT template
	noAgg      bool // aggregates are not allowed here
}

func (p *parser) advance() {
	p.last = p.tok
	p.tok = p.lex.next()
}

func (p *parser) fail(format string, args ...any) {
	p.failAt(p.tok.start, format, args...)
}

func (p *parser) failAt(at int, format string, args ...any) {
	panic(p.lex.errorf(at, format, args...))
}

// enter counts a level of nesting; the caller defers leave.
func (p *parser) enter() {
	if p.depth++; p.depth > p.limits.MaxDepth {
		p.fail("nested more than %d deep", p.limits.MaxDepth)
	}
}

func (p *parser) leave() { p.depth-- }

// element counts a part of the query that planning has to look at.
func (p *parser) element() {
	if p.elements++; p.elements > p.limits.MaxElements {
		p.fail("the query has more than %d patterns and expressions", p.limits.MaxElements)
	}
}

func (p *parser) isOp(op string) bool { return p.tok.kind == tokOperator && p.tok.text == op }

func (p *parser) acceptOp(op string) bool {
	if p.isOp(op) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expectOp(op string) {
	if !p.acceptOp(op) {
		p.fail("expected %q, found %s", op, p.tok)
	}
}

func (p *parser) isWord(word string) bool {
	return p.tok.kind == tokWord && strings.EqualFold(p.tok.text, word)
}

func (p *parser) isAnyWord(words ...string) bool {
	return p.tok.kind == tokWord && slices.ContainsFunc(words, p.isWord)
}

func (p *parser) acceptWord(word string) bool {
	if p.isWord(word) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expectWord(word string) {
	if !p.acceptWord(word) {
		p.fail("expected %s, found %s", word, p.tok)
	}
}

func (p *parser) expect(kind tokenKind, what string) token {
	if p.tok.kind != kind {
		p.fail("expected %s, found %s", what, p.tok)
	}
	p.advance()
	return p.last
}

// resolve makes the IRI reference of a token absolute.
func (p *parser) resolve(t token) string {
	iri, err := rdf.ResolveIRI(p.base, t.text)
	if err != nil {
		p.failAt(t.start, "%v", err)
	}
	return iri
}

func (p *parser) expand(t token) string {
	ns, ok := p.prefixes[t.text]
	if !ok {
		p.failAt(t.start, "prefix %q is not declared; add PREFIX %s: <…>", t.text+":", t.text)
	}
	return ns + t.local
}

func (p *parser) isIRI() bool { return p.tok.kind == tokIRI || p.tok.kind == tokPName }

// iri reads an IRI or a prefixed name.
func (p *parser) iri() string {
	switch p.tok.kind {
	case tokIRI:
		p.advance()
		return p.resolve(p.last)
	case tokPName:
		p.advance()
		return p.expand(p.last)
	}
	p.fail("expected an IRI, found %s", p.tok)
	return ""
}

// freshBlank invents a variable for a blank node without label.
func (p *parser) freshBlank() Node {
	p.blanks++
	return Node{Var: fmt.Sprintf("_:\x00%d", p.blanks)} // no label has a NUL
}

func (p *parser) blankLabel() Node {
	t := p.expect(tokBlank, "a blank node")
	if p.inTemplate {
		return Node{Var: "_:" + t.text}
	}
	if p.labels == nil {
		p.labels = map[string]int{}
	}
	if bgp, used := p.labels[t.text]; used && bgp != p.bgp {
		p.failAt(t.start, "blank node _:%s is used in two basic graph patterns", t.text)
	}
	p.labels[t.text] = p.bgp
	return Node{Var: "_:" + t.text}
}

// isLiteral reports whether a literal begins here.
func (p *parser) isLiteral() bool {
	switch p.tok.kind {
	case tokString, tokInteger, tokDecimal, tokDouble:
		return true
	case tokWord:
		return p.isAnyWord("true", "false")
	}
	return false
}

// isSignedNumber reports whether a sign with a number right behind it is next.
func (p *parser) isSignedNumber() bool {
	if !p.isOp("-") && !p.isOp("+") || p.tok.end >= len(p.lex.src) {
		return false
	}
	c := p.lex.src[p.tok.end]
	return isDigit(c) || c == '.' && p.tok.end+1 < len(p.lex.src) && isDigit(p.lex.src[p.tok.end+1])
}

// literal reads a literal, with its language, datatype or sign.
func (p *parser) literal() rdf.Term {
	if p.isSignedNumber() {
		sign := p.tok.text
		p.advance()
		t := p.literal()
		t.Value = sign + t.Value
		return t
	}
	t := p.tok
	p.advance()
	switch t.kind {
	case tokInteger:
		return rdf.NewTypedLiteral(t.text, rdf.XSDInteger)
	case tokDecimal:
		return rdf.NewTypedLiteral(t.text, rdf.XSDDecimal)
	case tokDouble:
		return rdf.NewTypedLiteral(t.text, rdf.XSDDouble)
	case tokWord:
		if strings.EqualFold(t.text, "true") || strings.EqualFold(t.text, "false") {
			return rdf.NewTypedLiteral(strings.ToLower(t.text), rdf.XSDBoolean)
		}
	case tokString:
		if p.tok.kind == tokLang {
			p.advance()
			return rdf.NewLangLiteral(t.text, p.last.text)
		}
		if p.acceptOp("^^") {
			return rdf.NewTypedLiteral(t.text, p.iri())
		}
		return rdf.NewLiteral(t.text)
	}
	p.failAt(t.start, "expected a literal, found %s", t)
	return rdf.Term{}
}

func (p *parser) varName() string { return p.expect(tokVar, "a variable").text }

// varOrIRI reads what a GRAPH, SERVICE or DESCRIBE names.
func (p *parser) varOrIRI() Node {
	if p.tok.kind == tokVar {
		return Node{Var: p.varName()}
	}
	return Node{Term: rdf.NewIRI(p.iri())}
}
