package rdf

import (
	"unicode/utf8"
)

// lexer takes the tokens that Turtle, TriG, N-Triples and N-Quads share. A
// token's bytes are valid until the next token is taken.
type lexer struct {
	*source
	intern      interner
	blankPrefix string
	anon        int    // blank nodes labelled so far
	scratch     []byte // the unescaped token, or a name put together
}

func newLexer(s *source, o Options) lexer {
	return lexer{source: s, intern: newInterner(), blankPrefix: o.BlankPrefix}
}

// iriRef takes IRIREF and gives what is between < and > with escapes resolved.
func (l *lexer) iriRef() ([]byte, error) {
	l.mark = l.pos
	l.pos++
	high := byte(0)
	for {
		buf, i := l.buf, l.pos
		for classes[buf[i]]&iriChar != 0 {
			high |= buf[i]
			i++
		}
		l.pos = i
		if i < l.end || !l.more() {
			break
		}
	}
	raw := l.buf[l.mark+1 : l.pos]
	switch l.peek() {
	case '>':
		l.pos++
	case '\\':
		var err error
		if raw, err = l.escapedIRIRef(); err != nil {
			return nil, err
		}
		high = 0x80
	default:
		return nil, l.badIRIRef()
	}
	if high >= 0x80 && !utf8.Valid(raw) {
		return nil, l.errorf("the IRI is not valid UTF-8")
	}
	return raw, l.fits(raw)
}

// escapedIRIRef goes on at the first backslash of an IRIREF.
func (l *lexer) escapedIRIRef() ([]byte, error) {
	l.scratch = append(l.scratch[:0], l.buf[l.mark+1:l.pos]...)
	for {
		switch c := l.peek(); {
		case c == '>':
			l.pos++
			return l.scratch, nil
		case c == '\\':
			if c := l.peekAt(1); c != 'u' && c != 'U' {
				return nil, l.errorHere(`an IRI has only the escapes \uXXXX and \UXXXXXXXX`)
			}
			r, size, err := l.unicodeEscape()
			if err != nil {
				return nil, err
			}
			if !validIRIRune(r) {
				return nil, l.errorAtf(l.pos-size, "the character U+%04X is not allowed in an IRI", r)
			}
			l.scratch = utf8.AppendRune(l.scratch, r)
		case classes[c]&iriChar != 0:
			l.scratch = append(l.scratch, c)
			l.pos++
		default:
			return nil, l.badIRIRef()
		}
	}
}

func (l *lexer) badIRIRef() error {
	if l.atEnd() || l.peek() == '\n' || l.peek() == '\r' {
		return l.errorf("the IRI does not end: '>' is missing")
	}
	return l.errorHere("%s is not allowed in an IRI", l.found())
}

// unicodeEscape takes \uXXXX or \UXXXXXXXX and gives the character and the
// escape's length.
func (l *lexer) unicodeEscape() (r rune, size int, err error) {
	kind, digits := l.peekAt(1), 4
	if kind == 'U' {
		digits = 8
	}
	complete := l.has(2 + digits)
	var v uint32
	if complete {
		for _, c := range l.buf[l.pos+2 : l.pos+2+digits] {
			h, ok := hexValue(c)
			complete = complete && ok
			v = v<<4 | uint32(h)
		}
	}
	if !complete {
		return 0, 0, l.errorHere("a \\%c escape needs %d hexadecimal digits", kind, digits)
	}
	if v > utf8.MaxRune || 0xD800 <= v && v < 0xE000 {
		return 0, 0, l.errorHere("U+%04X is not a Unicode character", v)
	}
	l.pos += 2 + digits
	return rune(v), 2 + digits, nil
}

// fits checks a token against the bound on terms.
func (l *lexer) fits(token []byte) error {
	if len(token) <= l.max {
		return nil
	}
	return l.errorf("a term is longer than the limit of %d bytes", l.max)
}

func hexValue(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// quoted takes a string in single quotes of the kind at pos, on one line, and
// gives its value. The caller has seen the opening quote.
func (l *lexer) quoted() ([]byte, error) {
	l.mark = l.pos
	quote := l.buf[l.pos]
	l.pos++
	high := byte(0)
	for {
		buf, i := l.buf, l.pos
		for buf[i] != quote && classes[buf[i]]&stringChar != 0 {
			high |= buf[i]
			i++
		}
		l.pos = i
		if i < l.end || !l.more() {
			break
		}
	}
	raw := l.buf[l.mark+1 : l.pos]
	if l.peek() == quote {
		l.pos++
	} else {
		var err error
		if raw, err = l.quotedSlow(quote); err != nil {
			return nil, err
		}
		high = 0x80
	}
	if high >= 0x80 && !utf8.Valid(raw) {
		return nil, l.errorf("the string is not valid UTF-8")
	}
	return raw, l.fits(raw)
}

// quotedSlow goes on in a string on one line at its first escape or NUL.
func (l *lexer) quotedSlow(quote byte) ([]byte, error) {
	l.scratch = append(l.scratch[:0], l.buf[l.mark+1:l.pos]...)
	for {
		if l.atEnd() {
			return nil, l.errorf("the string does not end: %q is missing", string(quote))
		}
		switch c := l.buf[l.pos]; c {
		case quote:
			l.pos++
			return l.scratch, nil
		case '\n', '\r':
			return nil, l.errorf("the string does not end on its line: %q is missing", string(quote))
		case '\\':
			if err := l.escape(); err != nil {
				return nil, err
			}
		default:
			l.scratch = append(l.scratch, c)
			l.pos++
		}
	}
}

// quotedLong takes a string in triple quotes of the kind at pos.
func (l *lexer) quotedLong() ([]byte, error) {
	l.mark = l.pos
	quote := l.buf[l.pos]
	l.pos += 3
	l.scratch = l.scratch[:0]
	for {
		from, i := l.pos, l.pos
		for i < l.end && l.buf[i] != quote && l.buf[i] != '\\' {
			i++
		}
		l.scratch = append(l.scratch, l.buf[from:i]...)
		l.pos = i
		switch {
		case i == l.end:
			if !l.more() {
				return nil, l.errorf("the string does not end: three times %q is missing", string(quote))
			}
		case l.buf[i] == '\\':
			if err := l.escape(); err != nil {
				return nil, err
			}
		case l.peekAt(1) == quote && l.peekAt(2) == quote:
			l.pos += 3
			if !utf8.Valid(l.scratch) {
				return nil, l.errorf("the string is not valid UTF-8")
			}
			if err := l.fits(l.scratch); err != nil {
				return nil, err
			}
			l.newlines(l.mark, l.pos)
			return l.scratch, nil
		default:
			l.scratch = append(l.scratch, quote)
			l.pos++
		}
	}
}

// escape takes a string's escape sequence onto scratch.
func (l *lexer) escape() error {
	c := l.peekAt(1)
	switch c {
	case 'u', 'U':
		r, _, err := l.unicodeEscape()
		l.scratch = utf8.AppendRune(l.scratch, r)
		return err
	case 't':
		c = '\t'
	case 'b':
		c = '\b'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 'f':
		c = '\f'
	case '"', '\'', '\\':
	default:
		return l.errorHere(`the string has an unknown escape; \t \b \n \r \f \" \' \\ \uXXXX \UXXXXXXXX are known`)
	}
	l.scratch = append(l.scratch, c)
	l.pos += 2
	return nil
}

// langTag takes LANGTAG and gives what is after the @.
func (l *lexer) langTag() ([]byte, error) {
	l.mark = l.pos
	l.pos++
	letters := true
	for {
		n := 0
		for {
			c := l.peek()
			if classes[c]&nameStart == 0 && (letters || classes[c]&digitChar == 0) {
				break
			}
			l.pos++
			n++
		}
		if n == 0 {
			return nil, l.errorf("the language tag is not complete: it is like @en or @de-AT")
		}
		if l.peek() != '-' {
			return l.buf[l.mark+1 : l.pos], nil
		}
		l.pos++
		letters = false
	}
}

// blankLabel takes BLANK_NODE_LABEL at "_:" and gives the node.
func (l *lexer) blankLabel() (Term, error) {
	l.mark = l.pos
	l.pos += 2
	r, size := l.rune()
	notUTF8 := r == utf8.RuneError && size == 1
	if notUTF8 || !isNameStart(r) && r != '_' && (r < '0' || r > '9') {
		return Term{}, l.errorHere("a blank node's label does not begin with %s", l.found())
	}
	l.pos += size
	l.nameTail(nameChar)
	label := l.buf[l.mark+2 : l.pos]
	return l.blank(label), l.fits(label)
}

// nameTail takes ((PN_CHARS | '.')* PN_CHARS)?, where the class may allow more
// ASCII characters than PN_CHARS. A dot at the end is left.
func (l *lexer) nameTail(class uint8) {
	for {
		buf, i := l.buf, l.pos
		for classes[buf[i]]&class != 0 {
			i++
		}
		l.pos = i
		c := l.peek()
		switch {
		case classes[c]&class != 0:
		case c == '.':
			n := 1
			for l.peekAt(n) == '.' {
				n++
			}
			if !l.nameCharAt(n, class) {
				return
			}
			l.pos += n
		case c >= 0x80:
			r, size := l.rune()
			if !isNameChar(r) || r == utf8.RuneError && size == 1 {
				return
			}
			l.pos += size
		default:
			return
		}
	}
}

// nameCharAt reports whether a character of the class is n bytes after pos.
func (l *lexer) nameCharAt(n int, class uint8) bool {
	c := l.peekAt(n)
	if c < 0x80 {
		return classes[c]&class != 0
	}
	l.has(n + utf8.UTFMax)
	r, size := utf8.DecodeRune(l.buf[l.pos+n : l.end])
	return isNameChar(r) && size > 1
}

// anonLabel begins the labels of blank nodes that have none.
const anonLabel = "anon"

// blank makes the node of a written label. A label that begins as those of
// unlabelled nodes do is set apart by "_", which no such label has next.
func (l *lexer) blank(label []byte) Term {
	if l.blankPrefix == "" && (len(label) < len(anonLabel) || string(label[:len(anonLabel)]) != anonLabel) {
		return Term{Kind: BlankNode, Value: l.intern.str(label)}
	}
	b := append(l.scratch[:0], l.blankPrefix...)
	if len(label) >= len(anonLabel) && string(label[:len(anonLabel)]) == anonLabel {
		b = append(b, anonLabel+"_"...)
	}
	l.scratch = append(b, label...)
	return Term{Kind: BlankNode, Value: l.intern.str(l.scratch)}
}
