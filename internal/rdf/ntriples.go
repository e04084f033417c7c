package rdf

// ntriples reads N-Triples and N-Quads, one statement a line (N-Triples 1.1,
// section 7; N-Quads 1.1, section 4).
type ntriples struct {
	lexer
	sink
	quads bool
}

func (p *ntriples) document() error {
	for {
		if p.skip() == 0 && p.atEnd() {
			return p.failure()
		}
		if err := p.statement(); err != nil {
			return err
		}
	}
}

func (p *ntriples) statement() error {
	var q Quad
	var err error
	line := p.line
	if q.Subject, err = p.node("a subject"); err != nil {
		return err
	}
	if p.blanks() != '<' {
		return p.errorf("expected a predicate in < and >, found %s", p.found())
	}
	if q.Predicate, err = p.iri(); err != nil {
		return err
	}
	c := p.blanks()
	at := Position{Line: line, Column: p.column(p.pos), SubjectLine: line}
	if c == '"' {
		q.Object, err = p.literal()
	} else {
		q.Object, err = p.node("an object")
	}
	if err != nil {
		return err
	}
	if c := p.blanks(); p.quads && c != '.' {
		if q.Graph, err = p.node("a graph's name or '.'"); err != nil {
			return err
		}
	}
	if p.blanks() != '.' {
		return p.errorf("expected '.', found %s", p.found())
	}
	p.pos++
	switch c := p.blanks(); {
	case c == '\n', c == '\r', c == '#', c == 0 && p.atEnd():
	default:
		return p.errorf("expected the end of the line after '.', found %s", p.found())
	}
	return p.sink(q, at)
}

// blanks takes spaces and tabs and gives the byte that follows, which is where
// the next token begins.
func (p *ntriples) blanks() byte {
	for classes[p.peek()]&blankChar != 0 {
		p.pos++
	}
	p.mark = p.pos
	return p.buf[p.pos]
}

func (p *ntriples) node(want string) (Term, error) {
	switch c := p.buf[p.pos]; {
	case c == '<':
		return p.iri()
	case c == '_' && p.peekAt(1) == ':':
		return p.blankLabel()
	}
	return Term{}, p.errorf("expected %s, found %s", want, p.found())
}

func (p *ntriples) iri() (Term, error) {
	raw, err := p.iriRef()
	if err != nil {
		return Term{}, err
	}
	if schemeLength(raw) == 0 {
		return Term{}, p.errorf("the IRI <%s> is relative, which this format does not allow", raw)
	}
	return Term{Kind: IRI, Value: p.intern.str(raw)}, nil
}

func (p *ntriples) literal() (Term, error) {
	text, err := p.quoted()
	if err != nil {
		return Term{}, err
	}
	t := Term{Kind: Literal, Value: p.intern.str(text), Datatype: XSDString}
	switch p.blanks() {
	case '@':
		tag, err := p.langTag()
		if err != nil {
			return t, err
		}
		t.Lang, t.Datatype = p.intern.str(tag), RDFLangString
	case '^':
		if p.peekAt(1) != '^' {
			return t, p.errorf("expected ^^ and a datatype")
		}
		p.pos += 2
		if p.blanks() != '<' {
			return t, p.errorf("expected a datatype in < and >, found %s", p.found())
		}
		datatype, err := p.iri()
		if err != nil {
			return t, err
		}
		t.Datatype = datatype.Value
	}
	return t, nil
}
