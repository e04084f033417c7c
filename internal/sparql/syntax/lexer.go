package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEOF      tokenKind = iota
	tokIRI                // text: content of <…>, escapes undone
	tokPName              // text: prefix, local: local part, escapes undone
	tokBlank              // text: label
	tokVar                // text: name
	tokLang               // text: tag
	tokString             // text: content, escapes undone
	tokInteger            // text: lexical form, without sign
	tokDecimal            // same
	tokDouble             // same
	tokWord               // text: keyword or function name as written
	tokOperator           // text: punctuation
)

type token struct {
	kind        tokenKind
	text, local string
	start, end  int // byte offsets in the source
}

func (t token) String() string {
	switch t.kind {
	case tokEOF:
		return "the end of the query"
	case tokIRI:
		return "<" + t.text + ">"
	case tokPName:
		return t.text + ":" + t.local
	case tokBlank:
		return "_:" + t.text
	case tokVar:
		return "?" + t.text
	case tokLang:
		return "@" + t.text
	case tokString:
		return strconv.Quote(t.text)
	}
	return strconv.Quote(t.text)
}

type lexer struct {
	src string
	pos int
	// plainUntil is the end of a run of name characters and dots that has been
	// looked through and is no prefix.
	plainUntil int
}

func (l *lexer) errorf(at int, format string, args ...any) *Error {
	return newError(l.src, at, fmt.Sprintf(format, args...))
}

// next reads the token at the position. Failures are thrown as *Error and
// caught in Parse, which keeps the grammar functions free of error plumbing.
func (l *lexer) next() token {
	l.skipSpace()
	start := l.pos
	t := l.scan()
	t.start, t.end = start, l.pos
	return t
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; c {
		case ' ', '\t', '\r', '\n':
			l.pos++
		case '#':
			i := strings.IndexAny(l.src[l.pos:], "\r\n")
			if i < 0 {
				l.pos = len(l.src)
				return
			}
			l.pos += i
		default:
			return
		}
	}
}

// operators, longest first where one is the prefix of another.
var operators = []string{"^^", "&&", "||", "!=", "<=", ">=",
	"{", "}", "(", ")", "[", "]", ".", ";", ",", "=", "<", ">", "!", "+", "-", "*", "/", "|", "^", "?"}

func (l *lexer) scan() token {
	if l.pos >= len(l.src) {
		return token{kind: tokEOF}
	}
	rest := l.src[l.pos:]
	c := rest[0]
	switch {
	case c == '<':
		if n := iriLength(rest); n > 0 {
			l.pos += n
			return token{kind: tokIRI, text: rest[1 : n-1]}
		}
	case (c == '?' || c == '$') && len(rest) > 1:
		if n := varLength(rest[1:]); n > 0 {
			l.pos += 1 + n
			return token{kind: tokVar, text: rest[1 : 1+n]}
		}
	case c == '"' || c == '\'':
		return l.scanString(c)
	case c == '@':
		if n := langLength(rest[1:]); n > 0 {
			l.pos += 1 + n
			return token{kind: tokLang, text: rest[1 : 1+n]}
		}
	case c == '_' && strings.HasPrefix(rest, "_:"):
		return l.scanBlank()
	case isDigit(c) || c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return l.scanNumber()
	case c == ':':
		return l.scanPName("")
	}
	if r, _ := utf8.DecodeRuneInString(rest); isNameStartBase(r) {
		return l.scanWord()
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			l.pos += len(op)
			return token{kind: tokOperator, text: op}
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	panic(l.errorf(l.pos, "unexpected character %q", r))
}

// iriLength gives the length of the IRIREF at the start of s, or 0: a < that
// opens no IRI is the comparison.
func iriLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '>':
			return i + 1
		case c <= ' ' || strings.IndexByte("<\"{}|^`\\", c) >= 0:
			return 0
		}
	}
	return 0
}

func varLength(s string) int {
	n := 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !isNameStart(r) && !isASCIIDigit(r) && (n == 0 || !isNameExtra(r)) {
			break
		}
		n += size
	}
	return n
}

func langLength(s string) int {
	n := 0
	for n < len(s) && isLetter(s[n]) {
		n++
	}
	if n == 0 {
		return 0
	}
	for n+1 < len(s) && s[n] == '-' && (isLetter(s[n+1]) || isDigit(s[n+1])) {
		n += 2
		for n < len(s) && (isLetter(s[n]) || isDigit(s[n])) {
			n++
		}
	}
	return n
}

func (l *lexer) scanBlank() token {
	rest := l.src[l.pos+2:]
	n, end := 0, 0 // end: after the last character that may end a label
	for n < len(rest) {
		r, size := utf8.DecodeRuneInString(rest[n:])
		switch {
		case isNameStart(r) || isASCIIDigit(r) || n > 0 && (r == '-' || isNameExtra(r)):
			n += size
			end = n
		case n > 0 && r == '.':
			n += size
		default:
			goto done
		}
	}
done:
	if end == 0 {
		panic(l.errorf(l.pos, "a blank node label must follow _:"))
	}
	l.pos += 2 + end
	return token{kind: tokBlank, text: rest[:end]}
}

func (l *lexer) scanNumber() token {
	s := l.src[l.pos:]
	n := digits(s, 0)
	kind := tokInteger
	if n < len(s) && s[n] == '.' {
		fraction := digits(s, n+1)
		switch {
		case fraction > n+1:
			n, kind = fraction, tokDecimal
		case exponent(s, n+1) > n+1: // 1.e5
			n, kind = n+1, tokDecimal
		}
	}
	if e := exponent(s, n); e > n {
		n, kind = e, tokDouble
	}
	l.pos += n
	return token{kind: kind, text: s[:n]}
}

func digits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// exponent gives the end of the exponent at i, or i where there is none.
func exponent(s string, i int) int {
	if i >= len(s) || s[i] != 'e' && s[i] != 'E' {
		return i
	}
	j := i + 1
	if j < len(s) && (s[j] == '+' || s[j] == '-') {
		j++
	}
	if end := digits(s, j); end > j {
		return end
	}
	return i
}

// scanWord reads a keyword, or the prefix of a prefixed name.
func (l *lexer) scanWord() token {
	s := l.src[l.pos:]
	if l.pos >= l.plainUntil {
		n := prefixLength(s)
		if n < len(s) && s[n] == ':' {
			l.pos += n
			return l.scanPName(s[:n])
		}
		l.plainUntil = l.pos + n
	}
	// A keyword ends where its letters, digits and underscores do.
	k := 0
	for k < len(s) && (isLetter(s[k]) || isDigit(s[k]) || s[k] == '_') {
		k++
	}
	if k == 0 {
		panic(l.errorf(l.pos, "unexpected name: a prefixed name needs a colon"))
	}
	l.pos += k
	return token{kind: tokWord, text: s[:k]}
}

// prefixLength gives the length of the PN_PREFIX at the start of s: dots may be
// inside.
func prefixLength(s string) int {
	n, end := 0, 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		switch {
		case isNameStart(r) || isASCIIDigit(r) || r == '-' || isNameExtra(r):
			n += size
			end = n
		case r == '.':
			n += size
		default:
			return end
		}
	}
	return end
}

// scanPName reads the colon at the position and the local part after it.
func (l *lexer) scanPName(prefix string) token {
	l.pos++
	s := l.src[l.pos:]
	var b strings.Builder
	n, end, endLen := 0, 0, 0
loop:
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		switch {
		case r == '%':
			if n+2 >= len(s) || !isHex(s[n+1]) || !isHex(s[n+2]) {
				break loop
			}
			b.WriteString(s[n : n+3])
			n += 3
		case r == '\\':
			if n+1 >= len(s) || strings.IndexByte("_~.-!$&'()*+,;=/?#@%", s[n+1]) < 0 {
				panic(l.errorf(l.pos+n, "invalid escape in a prefixed name"))
			}
			b.WriteByte(s[n+1])
			n += 2
		case isNameStart(r) || isASCIIDigit(r) || r == ':' || n > 0 && (r == '-' || isNameExtra(r)):
			b.WriteString(s[n : n+size])
			n += size
		case n > 0 && r == '.': // may be inside, not last
			b.WriteByte('.')
			n += size
			continue
		default:
			break loop
		}
		end, endLen = n, b.Len()
	}
	l.pos += end
	return token{kind: tokPName, text: prefix, local: b.String()[:endLen]}
}

func (l *lexer) scanString(quote byte) token {
	start := l.pos
	s := l.src[start:]
	long := len(s) >= 3 && s[1] == quote && s[2] == quote
	i := 1
	if long {
		i = 3
	}
	from := i
	var b strings.Builder
	for i < len(s) {
		switch c := s[i]; {
		case c == quote && !long:
			b.WriteString(s[from:i])
			l.pos = start + i + 1
			return token{kind: tokString, text: b.String()}
		case c == quote && strings.HasPrefix(s[i:], s[:3]):
			b.WriteString(s[from:i])
			l.pos = start + i + 3
			return token{kind: tokString, text: b.String()}
		case c == '\\':
			b.WriteString(s[from:i])
			if i+1 >= len(s) {
				panic(l.errorf(start, "string without end"))
			}
			j := strings.IndexByte(`tbnrf\"'`, s[i+1])
			if j < 0 {
				panic(l.errorf(start+i, "invalid escape \\%c in a string", s[i+1]))
			}
			b.WriteByte("\t\b\n\r\f\\\"'"[j])
			i += 2
			from = i
		case !long && (c == '\n' || c == '\r'):
			panic(l.errorf(start, "string without end on this line; a string over several lines has three quotes"))
		default:
			i++
		}
	}
	panic(l.errorf(start, "string without end"))
}

// unescapeCodepoints undoes \uXXXX and \UXXXXXXXX, which may stand anywhere in
// a query and are undone before the grammar applies (section 19.2).
func unescapeCodepoints(src string) (string, *Error) {
	if !strings.Contains(src, `\u`) && !strings.Contains(src, `\U`) {
		return src, nil
	}
	var b strings.Builder
	for i := 0; i < len(src); {
		if src[i] != '\\' || i+1 >= len(src) {
			b.WriteByte(src[i])
			i++
			continue
		}
		var n int
		switch src[i+1] {
		case 'u':
			n = 4
		case 'U':
			n = 8
		default:
			b.WriteString(src[i : i+2]) // \\ must not start an escape of its second half
			i += 2
			continue
		}
		if i+2+n > len(src) {
			return "", newError(src, i, "incomplete codepoint escape")
		}
		r, err := strconv.ParseUint(src[i+2:i+2+n], 16, 32)
		if err != nil || !utf8.ValidRune(rune(r)) {
			return "", newError(src, i, "invalid codepoint escape")
		}
		b.WriteRune(rune(r))
		i += 2 + n
	}
	return b.String(), nil
}
