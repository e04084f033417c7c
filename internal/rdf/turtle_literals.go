package rdf

// rdfLiteral takes a string with its language or datatype.
func (p *turtle) rdfLiteral() (Term, error) {
	var text []byte
	var err error
	if q := p.buf[p.pos]; p.peekAt(1) == q && p.peekAt(2) == q {
		text, err = p.quotedLong()
	} else {
		text, err = p.quoted()
	}
	if err != nil {
		return Term{}, err
	}
	t := Term{Kind: Literal, Value: p.intern.str(text), Datatype: XSDString}
	p.mark = p.pos
	switch p.peek() {
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
		datatype, err := p.datatype()
		if err != nil {
			return t, err
		}
		t.Datatype = datatype.Value
	}
	return t, nil
}

func (p *turtle) datatype() (Term, error) {
	if p.skip() == '<' {
		return p.iri()
	}
	t, word, err := p.name("a datatype")
	if err == nil && word != nil {
		err = p.errorf("expected a datatype, found the word %q (a prefixed name has a colon)", word)
	}
	return t, err
}

// number takes INTEGER, DECIMAL or DOUBLE.
func (p *turtle) number() (Term, error) {
	p.mark = p.pos
	if c := p.buf[p.pos]; c == '+' || c == '-' {
		p.pos++
	}
	digits := p.digits()
	datatype := XSDInteger
	// A dot belongs to the number when a digit follows, or when an exponent
	// follows and a digit went before.
	if p.peek() == '.' {
		next := p.peekAt(1)
		if classes[next]&digitChar != 0 || digits > 0 && p.exponentAt(1) {
			p.pos++
			digits += p.digits()
			datatype = XSDDecimal
		}
	}
	if digits == 0 {
		return Term{}, p.errorf("expected an object, found %s", p.found())
	}
	if p.exponentAt(0) {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		p.digits()
		datatype = XSDDouble
	}
	text := p.buf[p.mark:p.pos]
	return Term{Kind: Literal, Value: p.intern.str(text), Datatype: datatype}, p.fits(text)
}

func (p *turtle) digits() (n int) {
	for classes[p.peek()]&digitChar != 0 {
		p.pos++
		n++
	}
	return n
}

// exponentAt reports whether EXPONENT begins n bytes after pos.
func (p *turtle) exponentAt(n int) bool {
	if c := p.peekAt(n); c != 'e' && c != 'E' {
		return false
	}
	c := p.peekAt(n + 1)
	if c == '+' || c == '-' {
		c = p.peekAt(n + 2)
	}
	return classes[c]&digitChar != 0
}
