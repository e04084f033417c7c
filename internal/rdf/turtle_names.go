package rdf

import (
	"bytes"
	"strings"
)

// skip takes white space and comments and gives the byte that follows, or 0 at
// the end of the document. The next token begins there.
func (l *lexer) skip() byte {
	for {
		switch c := l.buf[l.pos]; c {
		case ' ', '\t', '\r':
			l.pos++
		case '\n':
			l.pos++
			l.line++
			l.lineStart = l.pos
		case '#':
			l.comment()
		case 0:
			l.mark = l.pos
			if l.pos < l.end || !l.more() {
				return 0
			}
		default:
			l.mark = l.pos
			return c
		}
	}
}

// comment takes a comment up to its line's end.
func (l *lexer) comment() {
	for {
		for l.pos < l.end {
			if c := l.buf[l.pos]; c == '\n' || c == '\r' {
				return
			}
			l.pos++
		}
		l.mark = l.pos
		if !l.more() {
			return
		}
	}
}

var slashDot = []byte("/.")

// iri takes IRIREF and resolves it against the base.
func (p *turtle) iri() (Term, error) {
	raw, err := p.iriRef()
	if err != nil {
		return Term{}, err
	}
	absolute := schemeLength(raw) > 0
	if absolute && !bytes.Contains(raw, slashDot) {
		return Term{Kind: IRI, Value: p.intern.str(raw)}, nil
	}
	if !absolute && p.base.scheme == "" {
		return Term{}, p.errorf("the IRI <%s> is relative and there is no base IRI", raw)
	}
	ref := splitReference(string(raw)).against(p.base)
	return Term{Kind: IRI, Value: ref.String()}, nil
}

// name takes a prefixed name and gives its IRI, or a word without a colon.
func (p *turtle) name(want string) (t Term, word []byte, err error) {
	if err := p.prefixPart(); err != nil {
		return t, nil, err
	}
	next := p.peek() // it may move the buffer's contents
	prefix := p.buf[p.mark:p.pos]
	if next != ':' {
		if len(prefix) == 0 {
			return t, nil, p.errorf("expected %s, found %s", want, p.found())
		}
		return t, prefix, nil
	}
	namespace, ok := p.prefixes[string(prefix)]
	if !ok {
		return t, nil, p.errorf("the prefix %q is not declared", string(prefix)+":")
	}
	p.pos++
	p.scratch = append(p.scratch[:0], namespace...)
	if err := p.localName(); err != nil {
		return t, nil, err
	}
	return Term{Kind: IRI, Value: p.intern.str(p.scratch)}, nil, p.fits(p.scratch)
}

// prefixPart takes PN_PREFIX, or nothing where no name begins.
func (p *turtle) prefixPart() error {
	p.mark = p.pos
	c := p.buf[p.pos]
	if c < 0x80 {
		if classes[c]&nameStart == 0 {
			return nil
		}
		p.pos++
	} else {
		r, size := p.rune()
		if !isNameStart(r) || size == 1 {
			return p.errorf("expected a name, found %s", p.found())
		}
		p.pos += size
	}
	p.nameTail(nameChar)
	return nil
}

// localName takes PN_LOCAL or nothing and puts it on scratch.
func (p *turtle) localName() error {
	if c := p.peek(); c == '-' || c == '.' {
		return nil
	}
	if c := p.buf[p.pos]; c >= 0x80 {
		if r, size := p.rune(); !isNameStart(r) || size == 1 {
			return p.errorHere("a local name does not begin with %s", p.found())
		}
	}
	for {
		i := p.pos
		for classes[p.buf[i]]&localPlain != 0 {
			i++
		}
		p.scratch = append(p.scratch, p.buf[p.pos:i]...)
		p.pos = i
		more, err := p.localSpecial()
		if err != nil || !more {
			return err
		}
	}
}

// localSpecial takes what a local name may have besides plain characters, and
// reports whether the name goes on.
func (p *turtle) localSpecial() (bool, error) {
	switch c := p.peek(); {
	case c == '.':
		n := 1
		for p.peekAt(n) == '.' {
			n++
		}
		if next := p.peekAt(n); next != '%' && next != '\\' && !p.nameCharAt(n, localPlain) {
			return false, nil
		}
		p.scratch = append(p.scratch, p.buf[p.pos:p.pos+n]...)
		p.pos += n
	case c == '%':
		_, ok1 := hexValue(p.peekAt(1))
		_, ok2 := hexValue(p.peekAt(2))
		if !ok1 || !ok2 {
			return false, p.errorHere("%% in a local name needs two hexadecimal digits")
		}
		p.scratch = append(p.scratch, p.buf[p.pos:p.pos+3]...)
		p.pos += 3
	case c == '\\':
		next := p.peekAt(1)
		if next == 0 || !strings.ContainsRune(`_~.-!$&'()*+,;=/?#@%`, rune(next)) {
			return false, p.errorHere(`the local name has an unknown escape; \ may stand before one of _~.-!$&'()*+,;=/?#@%%`)
		}
		p.scratch = append(p.scratch, next)
		p.pos += 2
	case c >= 0x80:
		r, size := p.rune()
		if !isNameChar(r) || size == 1 {
			return false, nil
		}
		p.scratch = append(p.scratch, p.buf[p.pos:p.pos+size]...)
		p.pos += size
	default:
		return classes[c]&localPlain != 0, nil
	}
	return true, nil
}
