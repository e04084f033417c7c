package rdf

// graphLabel takes the name of a graph after GRAPH.
func (p *turtle) graphLabel() (Term, error) {
	switch c := p.skip(); {
	case c == '<':
		return p.iri()
	case c == '[':
		t, plain, err := p.bracketed()
		if err == nil && !plain {
			err = p.errorf("a graph's name is an IRI or a blank node; it has no properties")
		}
		return t, err
	case c == '_' && p.peekAt(1) == ':':
		return p.blankLabel()
	}
	t, word, err := p.name("a graph's name")
	if err == nil && word != nil {
		err = p.errorf("expected a graph's name, found the word %q (a prefixed name has a colon)", word)
	}
	return t, err
}

// wrappedGraph takes "{ … }"; its triples go to the graph at hand. Afterwards
// triples go to the default graph again.
func (p *turtle) wrappedGraph() error {
	p.pos++
	for p.skip() != '}' {
		if p.atEnd() {
			return p.errorf("the graph does not end: '}' is missing")
		}
		if err := p.triples(); err != nil {
			return err
		}
		switch p.skip() {
		case '.':
			p.pos++
		case '}':
		default:
			return p.errorf("expected '.' or '}' after the triples, found %s", p.found())
		}
	}
	p.pos++
	p.graph = Term{}
	return nil
}

// triples takes one subject with its predicates and objects inside a graph.
func (p *turtle) triples() error {
	p.subjectLine = p.line
	var subject Term
	var err error
	switch c := p.skip(); {
	case c == '[':
		var plain bool
		if subject, plain, err = p.bracketed(); err != nil {
			return err
		}
		if next := p.skip(); !plain && (next == '.' || next == '}') {
			return nil
		}
	case c == '(':
		subject, err = p.collection()
	case c == '<':
		subject, err = p.iri()
	case c == '_' && p.peekAt(1) == ':':
		subject, err = p.blankLabel()
	default:
		var word []byte
		subject, word, err = p.name("a subject or '}'")
		if err == nil && word != nil {
			err = p.errorf("expected a subject, found the word %q (a prefixed name has a colon)", word)
		}
	}
	if err != nil {
		return err
	}
	return p.predicateObjectList(subject)
}
