package rdf

import (
	"bytes"
	"strconv"
)

// turtle reads Turtle and TriG by recursive descent; the methods are named for
// the grammar's productions (Turtle 1.1, section 6.5; TriG 1.1, section 4).
type turtle struct {
	lexer
	sink
	trig     bool
	graph    Term // where triples go
	base     reference
	prefixes map[string]string

	depth, maxDepth int
	subjectLine     int32
}

// sink is where a parser's quads go.
type sink func(Quad, Position) error

func newTurtle(s *source, o Options, trig bool, emit sink) *turtle {
	return &turtle{
		lexer: newLexer(s, o), sink: emit, trig: trig, base: splitReference(o.Base),
		prefixes: map[string]string{}, maxDepth: o.MaxDepth,
	}
}

func (p *turtle) document() error {
	for {
		if p.skip() == 0 && p.atEnd() {
			return p.failure()
		}
		if err := p.statement(); err != nil {
			return err
		}
	}
}

// statement takes a directive, triples with their dot or, in TriG, a graph.
func (p *turtle) statement() error {
	p.subjectLine = p.line
	switch c := p.skip(); {
	case c == '@':
		return p.atDirective()
	case c == '{' && p.trig:
		p.graph = Term{}
		return p.wrappedGraph()
	case c == '[':
		subject, plain, err := p.bracketed()
		if err != nil {
			return err
		}
		if plain {
			return p.triplesOrGraph(subject)
		}
		if p.skip() == '.' {
			p.pos++
			return nil
		}
		return p.triplesWithDot(subject)
	case c == '(':
		subject, err := p.collection()
		if err != nil {
			return err
		}
		return p.triplesWithDot(subject)
	case c == '<':
		subject, err := p.iri()
		if err != nil {
			return err
		}
		return p.triplesOrGraph(subject)
	case c == '_' && p.peekAt(1) == ':':
		subject, err := p.blankLabel()
		if err != nil {
			return err
		}
		return p.triplesOrGraph(subject)
	}
	subject, word, err := p.name("a subject")
	if err != nil {
		return err
	}
	if word != nil {
		return p.keyword(word)
	}
	return p.triplesOrGraph(subject)
}

// keyword goes on after a word at the start of a statement.
func (p *turtle) keyword(word []byte) error {
	switch {
	case bytes.EqualFold(word, []byte("PREFIX")):
		return p.prefixDirective()
	case bytes.EqualFold(word, []byte("BASE")):
		return p.baseDirective()
	case p.trig && bytes.EqualFold(word, []byte("GRAPH")):
		label, err := p.graphLabel()
		if err != nil {
			return err
		}
		p.graph = label
		if p.skip() != '{' {
			return p.errorf("expected '{' after the graph's name, found %s", p.found())
		}
		return p.wrappedGraph()
	}
	return p.errorf("expected a statement, found the word %q (a prefixed name has a colon)", word)
}

// atDirective takes "@prefix … ." or "@base … .".
func (p *turtle) atDirective() error {
	p.pos++
	for classes[p.peek()]&nameStart != 0 {
		p.pos++
	}
	var err error
	switch string(p.buf[p.mark:p.pos]) {
	case "@prefix":
		err = p.prefixDirective()
	case "@base":
		err = p.baseDirective()
	default:
		return p.errorf("expected @prefix or @base")
	}
	if err != nil {
		return err
	}
	return p.dot("the directive")
}

func (p *turtle) prefixDirective() error {
	p.skip()
	if err := p.prefixPart(); err != nil {
		return err
	}
	if p.peek() != ':' {
		return p.errorHere("expected a prefix with its colon, such as ex:, found %s", p.found())
	}
	prefix := string(p.buf[p.mark:p.pos])
	p.pos++
	if p.skip() != '<' {
		return p.errorf("expected the prefix's IRI in < and >, found %s", p.found())
	}
	iri, err := p.iri()
	if err != nil {
		return err
	}
	p.prefixes[prefix] = iri.Value
	return nil
}

func (p *turtle) baseDirective() error {
	if p.skip() != '<' {
		return p.errorf("expected the base IRI in < and >, found %s", p.found())
	}
	iri, err := p.iri()
	if err != nil {
		return err
	}
	p.base = splitReference(iri.Value)
	return nil
}

func (p *turtle) dot(after string) error {
	if p.skip() != '.' {
		return p.errorf("expected '.' after %s, found %s", after, p.found())
	}
	p.pos++
	return nil
}

// triplesOrGraph goes on after a statement's first term, which in TriG may be
// the name of a graph.
func (p *turtle) triplesOrGraph(subject Term) error {
	if p.trig && p.skip() == '{' {
		p.graph = subject
		return p.wrappedGraph()
	}
	return p.triplesWithDot(subject)
}

func (p *turtle) triplesWithDot(subject Term) error {
	if err := p.predicateObjectList(subject); err != nil {
		return err
	}
	return p.dot("the triples")
}

// predicateObjectList takes one or more predicates, each with its objects.
func (p *turtle) predicateObjectList(subject Term) error {
	for {
		predicate, err := p.verb()
		if err != nil {
			return err
		}
		if err := p.objectList(subject, predicate); err != nil {
			return err
		}
		if p.skip() != ';' {
			return nil
		}
		for p.skip() == ';' {
			p.pos++
		}
		switch p.buf[p.pos] {
		case '.', ']', '}':
			return nil
		}
	}
}

func (p *turtle) objectList(subject, predicate Term) error {
	for {
		p.skip()
		at := p.position()
		object, err := p.object()
		if err != nil {
			return err
		}
		if err := p.emit(subject, predicate, object, at); err != nil {
			return err
		}
		if p.skip() != ',' {
			return nil
		}
		p.pos++
	}
}

// position is that of the token at pos, in the statement at hand.
func (p *turtle) position() Position {
	return Position{Line: p.line, Column: p.column(p.pos), SubjectLine: p.subjectLine}
}

func (p *turtle) emit(s, pred, o Term, at Position) error {
	return p.sink(Quad{Triple{s, pred, o}, p.graph}, at)
}

func (p *turtle) verb() (Term, error) {
	if p.skip() == '<' {
		return p.iri()
	}
	t, word, err := p.name("a predicate")
	if err != nil {
		return t, err
	}
	if word != nil {
		if string(word) != "a" {
			return t, p.errorf("expected a predicate, found the word %q (a prefixed name has a colon)", word)
		}
		t = Term{Kind: IRI, Value: RDFType}
	}
	return t, nil
}

func (p *turtle) object() (Term, error) {
	switch c := p.skip(); c {
	case '<':
		return p.iri()
	case '"', '\'':
		return p.rdfLiteral()
	case '[':
		t, _, err := p.bracketed()
		return t, err
	case '(':
		return p.collection()
	case '+', '-', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.number()
	case '_':
		if p.peekAt(1) == ':' {
			return p.blankLabel()
		}
	}
	t, word, err := p.name("an object")
	if err != nil {
		return t, err
	}
	if word != nil {
		switch string(word) {
		case "true":
			return Term{Kind: Literal, Value: "true", Datatype: XSDBoolean}, nil
		case "false":
			return Term{Kind: Literal, Value: "false", Datatype: XSDBoolean}, nil
		}
		return t, p.errorf("expected an object, found the word %q (a prefixed name has a colon, a string has quotes)", word)
	}
	return t, nil
}

// bracketed takes "[]", which is plain, or a blank node property list.
func (p *turtle) bracketed() (node Term, plain bool, err error) {
	if err := p.enter(); err != nil {
		return node, false, err
	}
	p.pos++
	outer := p.subjectLine
	p.subjectLine = p.line
	node = p.anonymous()
	plain = p.skip() == ']'
	if !plain {
		if err := p.predicateObjectList(node); err != nil {
			return node, false, err
		}
		if p.skip() != ']' {
			return node, false, p.errorf("expected ']', ';' or ',', found %s", p.found())
		}
	}
	p.pos++
	p.depth--
	p.subjectLine = outer
	return node, plain, nil
}

// collection takes "( … )" and gives its first node, or rdf:nil.
func (p *turtle) collection() (Term, error) {
	if err := p.enter(); err != nil {
		return Term{}, err
	}
	p.pos++
	first := Term{Kind: IRI, Value: RDFFirst}
	rest := Term{Kind: IRI, Value: RDFRest}
	null := Term{Kind: IRI, Value: RDFNil}
	var head, node Term
	at := p.position()
	for p.skip() != ')' {
		if p.atEnd() {
			return head, p.errorf("the collection does not end: ')' is missing")
		}
		at = p.position()
		item, err := p.object()
		if err != nil {
			return head, err
		}
		next := p.anonymous()
		if head.IsZero() {
			head = next
		} else if err := p.emit(node, rest, next, at); err != nil {
			return head, err
		}
		node = next
		if err := p.emit(node, first, item, at); err != nil {
			return head, err
		}
	}
	p.pos++
	p.depth--
	if head.IsZero() {
		return null, nil
	}
	return head, p.emit(node, rest, null, at)
}

// enter counts a level of nesting against the bound.
func (p *turtle) enter() error {
	if p.depth++; p.depth > p.maxDepth {
		return p.errorf("collections and blank nodes are nested deeper than the limit of %d", p.maxDepth)
	}
	return nil
}

// anonymous makes a blank node without a written label.
func (l *lexer) anonymous() Term {
	b := append(append(l.scratch[:0], l.blankPrefix...), anonLabel...)
	l.scratch = strconv.AppendInt(b, int64(l.anon), 10)
	l.anon++
	return Term{Kind: BlankNode, Value: string(l.scratch)}
}
