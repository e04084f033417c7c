package tera

import (
	"slices"
	"strings"
)

// parser reads one source. Its expression rules follow Tera's parsing
// expression grammar: alternatives are tried in order, the first that matches
// wins, and a failure is reported at the farthest place any rule reached.
type parser struct {
	tpl      *template
	src      string
	pos      int
	depth    int
	maxDepth int

	far      int
	expected []string
	memo     map[memoKey]memoEntry

	// block is the name of the innermost block around pos.
	block string
	// untrimmed counts the for-else bodies around pos: whitespace control has
	// no effect in them.
	untrimmed int
}

// The memo makes the rules that several alternatives begin with run once per
// place, which keeps parsing linear in the length of a tag.
type memoKey struct {
	rule rule
	pos  int
}

type memoEntry struct {
	value any
	end   int // -1: no match
}

type rule uint8

const (
	ruleCall rule = iota
	ruleMacroCall
	ruleBasic
	ruleBasicFiltered
	ruleStringFiltered
	ruleLogicValue
)

// syntaxPanic carries an error out of the rules; parseTemplate recovers it.
type syntaxPanic struct{ err *Error }

func (p *parser) fail(at int, format string, args ...any) {
	panic(syntaxPanic{p.tpl.errorAt(int32(at), nil, format, args...)})
}

// failExpected reports the farthest failure.
func (p *parser) failExpected() {
	what := slices.Clone(p.expected)
	slices.Sort(what)
	what = slices.Compact(what)
	if len(what) > 8 {
		what = what[:8]
	}
	msg := "unexpected input"
	if p.far >= len(p.src) {
		msg = "unexpected end of the template"
	}
	if word, ok := p.literalBefore(p.far); ok {
		p.fail(p.far-len(word), "the name of a variable cannot begin with `%s`", word)
	}
	if len(what) > 0 {
		msg += ", expected " + strings.Join(what, " or ")
	}
	p.fail(p.far, "%s", msg)
}

// literalBefore returns the true or false that ends at a place inside a longer
// word: the language takes it for the literal.
func (p *parser) literalBefore(at int) (string, bool) {
	if at >= len(p.src) || !isWord(p.src[at]) {
		return "", false
	}
	for _, word := range booleans {
		before := at - len(word) - 1
		if strings.HasSuffix(p.src[:at], word) && (before < 0 || !isWord(p.src[before])) {
			return word, true
		}
	}
	return "", false
}

func (p *parser) expect(what string) {
	switch {
	case p.pos > p.far:
		p.far, p.expected = p.pos, append(p.expected[:0], what)
	case p.pos == p.far:
		p.expected = append(p.expected, what)
	}
}

func (p *parser) enter() {
	p.depth++
	if p.depth > p.maxDepth {
		panic(syntaxPanic{p.tpl.errorAt(int32(p.pos), ErrLimit, "tags and expressions nest deeper than %d", p.maxDepth)})
	}
}

func (p *parser) leave() { p.depth-- }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isWord(c byte) bool  { return isLetter(c) || isDigit(c) }

func (p *parser) space() {
	for p.pos < len(p.src) && isSpace(p.src[p.pos]) {
		p.pos++
	}
}

func (p *parser) peek(s string) bool { return strings.HasPrefix(p.src[p.pos:], s) }

// literal consumes s if it is next.
func (p *parser) literal(s string) bool {
	if p.peek(s) {
		p.pos += len(s)
		return true
	}
	p.expect("`" + s + "`")
	return false
}

// wordThenSpace consumes a word and one whitespace character, as the
// operators and, or and not are written.
func (p *parser) wordThenSpace(word string) bool {
	end := p.pos + len(word)
	if p.peek(word) && end < len(p.src) && isSpace(p.src[end]) {
		p.pos = end + 1
		return true
	}
	p.expect("`" + word + "`")
	return false
}

// ident consumes [A-Za-z_][A-Za-z0-9_]*.
func (p *parser) ident() (string, bool) {
	start := p.pos
	if start >= len(p.src) || !isLetter(p.src[start]) {
		p.expect("an identifier")
		return "", false
	}
	p.pos++
	for p.pos < len(p.src) && isWord(p.src[p.pos]) {
		p.pos++
	}
	return p.src[start:p.pos], true
}

// quoted consumes a string in one of the three kinds of quotes. There are no
// escapes.
func (p *parser) quoted() (string, bool) {
	if p.pos < len(p.src) {
		if q := p.src[p.pos]; q == '"' || q == '\'' || q == '`' {
			if n := strings.IndexByte(p.src[p.pos+1:], q); n >= 0 {
				s := p.src[p.pos+1 : p.pos+1+n]
				p.pos += n + 2
				return s, true
			}
		}
	}
	p.expect("a string")
	return "", false
}

// number consumes an integer or, when float is true, a number with a point.
func (p *parser) number(float bool) (string, bool) {
	i := p.pos
	if i < len(p.src) && p.src[i] == '-' {
		i++
	}
	switch {
	case i < len(p.src) && p.src[i] == '0':
		i++
	case i < len(p.src) && isDigit(p.src[i]):
		for i < len(p.src) && isDigit(p.src[i]) {
			i++
		}
	default:
		p.expect("a number")
		return "", false
	}
	if float {
		if i+1 >= len(p.src) || p.src[i] != '.' || !isDigit(p.src[i+1]) {
			return "", false
		}
		i++
		for i < len(p.src) && isDigit(p.src[i]) {
			i++
		}
	}
	text := p.src[p.pos:i]
	p.pos = i
	return text, true
}
