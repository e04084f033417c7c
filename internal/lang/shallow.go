package lang

import (
	"bytes"
	"unicode/utf8"
)

// shallow reports that a file in HCL syntax is surely nested no deeper than
// Guard allows and has no huge number. It gives the offsets at which its
// top-level lines end, and at least the number of its tokens. It knows brackets, quoted templates with ${ and comments
// alone, and says no as soon as it meets anything else that could hide one: a
// heredoc, a directive, a line break in a string. It is there because a lexer's
// tokens take many times the memory of the text: what is shallow needs no
// tokens to be checked, and can be parsed in parts.
func shallow(src []byte) (ends []int, tokens int, ok bool) {
	if !utf8.Valid(src) {
		return nil, 0, false
	}
	s := scan{src: src}
	for s.at < len(src) {
		if quoted := len(s.open) > 0 && s.open[len(s.open)-1].opener == '"'; quoted {
			ok = s.text()
		} else {
			ok = s.code()
		}
		if !ok || len(s.open)+s.operators > maxNesting/2 {
			return nil, 0, false
		}
	}
	return s.ends, s.tokens + 1, len(s.open) == 0
}

// scan is a scanner of characters.
type scan struct {
	src  []byte
	at   int
	open []bracket
	// parens are those of the open brackets in which a line end separates nothing.
	parens int
	// operators stand between the bracket and here and nest, digits make a number.
	operators, digits int
	tokens            int
	ends              []int
}

func (s *scan) next() byte {
	if s.at+1 < len(s.src) {
		return s.src[s.at+1]
	}
	return 0
}

func (s *scan) push(opener byte) {
	if opener != '{' {
		s.parens++
	}
	s.open = append(s.open, bracket{opener, s.operators})
}

// pop closes the innermost bracket; what is closed may be indexed, and that nests
// again.
func (s *scan) pop(closer byte) bool {
	if len(s.open) == 0 {
		return false
	}
	opener := s.open[len(s.open)-1].opener
	if closerOf[opener] != closer {
		return false
	}
	if opener != '{' {
		s.parens--
	}
	s.open = s.open[:len(s.open)-1]
	s.operators++
	return true
}

// separate starts an expression anew: it is as deep as its bracket.
func (s *scan) separate() {
	s.operators = 0
	if len(s.open) > 0 {
		s.operators = s.open[len(s.open)-1].operators
	}
}

// text takes a character of a quoted template.
func (s *scan) text() bool {
	switch c, next := s.src[s.at], s.next(); c {
	case '"':
		s.at++
		s.tokens++
		return s.pop('"')
	case '\\':
		s.at += 2
		return next >= ' ' && next < utf8.RuneSelf
	case '\n', '\r':
		return false
	case '%':
		s.at++
		return next != '{'
	case '$':
		s.at++
		switch {
		case next == '{' && s.at > 1 && s.src[s.at-2] == '$':
			return false // an escape, or not
		case next == '{':
			s.at++
			s.tokens += 2 // with the text after it
			s.push('$')
		}
		return true
	default:
		s.at++
		return true
	}
}

// code takes a character outside of text, or a comment.
func (s *scan) code() bool {
	c, next := s.src[s.at], s.next()
	if word := isWord(c); !word && c != ' ' && c != '\t' || word && (s.at == 0 || !isWord(s.src[s.at-1])) {
		s.tokens++
	}
	if c >= '0' && c <= '9' || c == '.' {
		s.at++
		s.digits++
		// An exponent, or a word that looks like one, is left to the lexer.
		return s.digits <= maxDigits/4 && next != 'e' && next != 'E'
	}
	s.digits = 0
	s.at++
	switch c {
	case '"':
		s.tokens++ // the text
		s.push('"')
	case '#':
		s.at = lineEnd(s.src, s.at)
	case '/':
		switch next {
		case '/':
			s.at = lineEnd(s.src, s.at)
		case '*':
			return false
		default:
			s.operators++
		}
	case '<':
		s.operators++
		return next != '<'
	case '{':
		s.push(c)
		return !startsFor(s.src[s.at:])
	case '[', '(':
		s.push(c)
	case '}', ']', ')':
		return s.pop(c)
	case ',':
		s.separate()
	case '\n':
		if s.parens == 0 {
			s.separate()
		}
		if len(s.open) == 0 {
			s.ends = append(s.ends, s.at)
		}
	case '\r':
		return next == '\n'
	case '+', '-', '*', '%', '!', '&', '|', '?', '=', '>', '~':
		s.operators++
	default:
		return c < utf8.RuneSelf && c != '$' && c != '\\' && c != '`' && c != '\''
	}
	return true
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// bracket is one that waits for its closer, and how many operators stood before
// it.
type bracket struct {
	opener    byte
	operators int
}

var closerOf = map[byte]byte{'{': '}', '[': ']', '(': ')', '$': '}', '"': '"'}

func lineEnd(src []byte, i int) int {
	for i < len(src) && src[i] != '\n' {
		i++
	}
	return i
}

// startsFor says whether the first word could make a brace the beginning of a
// loop, in which a line end separates nothing.
func startsFor(src []byte) bool {
	for i, c := range src {
		switch c {
		case ' ', '\t', '\n', '\r':
		case '#', '/':
			return true // a comment may hide it
		default:
			return bytes.HasPrefix(src[i:], []byte("for")) && (i+3 >= len(src) || !isWord(src[i+3]))
		}
	}
	return false
}
