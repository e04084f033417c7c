package sparql

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

var errBackReference = errors.New("back-references are not supported")

// compileRegex compiles a regular expression of XPath Functions 3.1, section 5.6,
// for Go's engine, whose time is linear in the text.
func compileRegex(pattern, flags string) (matcher, error) {
	if len(pattern) > maxPattern {
		return matcher{}, fmt.Errorf("pattern has more than %d bytes", maxPattern)
	}
	prefix, literal, extended := "", false, false
	for _, f := range flags {
		switch f {
		case 'i', 's', 'm':
			prefix += string(f)
		case 'x':
			extended = true
		case 'q':
			literal = true
		default:
			return matcher{}, fmt.Errorf("unknown flag %q", f)
		}
	}
	if literal {
		if !strings.Contains(prefix, "i") {
			return matcher{literal: pattern, isText: true}, nil
		}
		pattern = regexp.QuoteMeta(pattern)
	} else {
		t := regexTranslator{in: pattern, extended: extended}
		if err := t.translate(); err != nil {
			return matcher{}, err
		}
		pattern = t.out.String()
	}
	if prefix == "" && regexp.QuoteMeta(pattern) == pattern {
		return matcher{literal: pattern, isText: true}, nil
	}
	if prefix != "" {
		pattern = "(?" + prefix + ")" + pattern
	}
	re, err := regexp.Compile(pattern)
	return matcher{re: re}, err
}

// regexTranslator rewrites what XPath and Go write differently: the classes
// \i \c \d \w \s, blocks, class subtraction, and the x flag.
type regexTranslator struct {
	in       string
	pos      int
	out      strings.Builder
	extended bool
}

// Classes as the inside of a bracket expression. Names follow XML 1.0, fifth
// edition, productions 4 and 4a.
const (
	nameStart = `:A-Z_a-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}\x{200C}-\x{200D}` +
		`\x{2070}-\x{218F}\x{2C00}-\x{2FEF}\x{3001}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFFD}\x{10000}-\x{EFFFF}`
	nameChar = nameStart + `\-.0-9\x{B7}\x{300}-\x{36F}\x{203F}-\x{2040}`
)

func (t *regexTranslator) translate() error {
	for t.pos < len(t.in) {
		c := t.in[t.pos]
		switch {
		case c == '\\':
			class, err := t.escape()
			if err != nil {
				return err
			}
			t.out.WriteString(class)
		case c == '[':
			class, err := t.class()
			if err != nil {
				return err
			}
			t.out.WriteString(class)
		case t.extended && strings.IndexByte(" \t\r\n", c) >= 0:
			t.pos++
		default:
			t.out.WriteByte(c)
			t.pos++
		}
	}
	return nil
}

// escape reads an escape outside brackets.
func (t *regexTranslator) escape() (string, error) {
	if t.pos+1 >= len(t.in) {
		return "", errors.New(`\ at the end`)
	}
	c := t.in[t.pos+1]
	switch c {
	case 'i', 'I', 'c', 'C', 'w', 'W':
		t.pos += 2
		inside, negated := namedClass(c)
		if negated {
			return "[^" + inside + "]", nil
		}
		return "[" + inside + "]", nil
	}
	return t.plainEscape()
}

// namedClass gives the inside of the brackets of a multi-character escape.
func namedClass(c byte) (inside string, negated bool) {
	switch c {
	case 'i', 'I':
		return nameStart, c == 'I'
	case 'c', 'C':
		return nameChar, c == 'C'
	}
	return `\p{P}\p{Z}\p{C}`, c == 'w'
}

// plainEscape reads an escape that is written the same in and out of brackets.
func (t *regexTranslator) plainEscape() (string, error) {
	c := t.in[t.pos+1]
	start := t.pos
	t.pos += 2
	switch {
	case c >= '1' && c <= '9':
		return "", errBackReference
	case c == 'd':
		return `\p{Nd}`, nil
	case c == 'D':
		return `\P{Nd}`, nil
	case c == 's':
		return `\s`, nil
	case c == 'p' || c == 'P':
		end := strings.IndexByte(t.in[t.pos:], '}')
		if end < 0 || t.in[t.pos] != '{' {
			return "", errors.New(`\p without {name}`)
		}
		t.pos += end + 1
		name := t.in[start+3 : t.pos-1]
		if block, ok := strings.CutPrefix(name, "Is"); ok {
			return "", fmt.Errorf("block %q is not known; use a range", block)
		}
		return t.in[start:t.pos], nil
	case c >= utf8.RuneSelf:
		return "", errors.New("unknown escape")
	}
	return t.in[start:t.pos], nil
}

// class reads a bracket expression, with subtraction.
func (t *regexTranslator) class() (string, error) {
	t.pos++
	var b strings.Builder
	b.WriteByte('[')
	if t.pos < len(t.in) && t.in[t.pos] == '^' {
		b.WriteByte('^')
		t.pos++
	}
	for first := true; t.pos < len(t.in); first = false {
		c := t.in[t.pos]
		switch {
		case c == ']' && !first:
			t.pos++
			return b.String() + "]", nil
		case c == '-' && !first && strings.HasPrefix(t.in[t.pos:], "-["):
			t.pos++
			removed, err := t.class()
			if err != nil {
				return "", err
			}
			if t.pos >= len(t.in) || t.in[t.pos] != ']' {
				return "", errors.New("class subtraction must come last")
			}
			t.pos++
			return subtractClass(b.String()+"]", removed)
		case c == '\\' && t.pos+1 < len(t.in):
			next := t.in[t.pos+1]
			if inside, negated := namedClass(next); strings.IndexByte("iIcCwW", next) >= 0 {
				t.pos += 2
				if negated {
					complement, err := classRanges("[^" + inside + "]")
					if err != nil {
						return "", err
					}
					inside = formatRanges(complement)
				}
				b.WriteString(inside)
				continue
			}
			escaped, err := t.plainEscape()
			if err != nil {
				return "", err
			}
			b.WriteString(escaped)
		case c == '[':
			b.WriteString(`\[`)
			t.pos++
		default:
			b.WriteByte(c)
			t.pos++
		}
	}
	return "", errors.New("[ without ]")
}

// classRanges gives the runes of a bracket expression as pairs of bounds.
func classRanges(class string) ([]rune, error) {
	re, err := syntax.Parse(class, syntax.Perl)
	if err != nil {
		return nil, err
	}
	switch re.Op {
	case syntax.OpCharClass:
		return re.Rune, nil
	case syntax.OpLiteral:
		return []rune{re.Rune[0], re.Rune[0]}, nil
	case syntax.OpAnyChar:
		return []rune{0, utf8.MaxRune}, nil
	case syntax.OpAnyCharNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, utf8.MaxRune}, nil
	case syntax.OpNoMatch:
		return nil, nil
	}
	return nil, fmt.Errorf("class %s can't be subtracted from", class)
}

func formatRanges(ranges []rune) string {
	var b strings.Builder
	for i := 0; i+1 < len(ranges); i += 2 {
		fmt.Fprintf(&b, `\x{%X}-\x{%X}`, ranges[i], ranges[i+1])
	}
	return b.String()
}

func subtractClass(base, removed string) (string, error) {
	a, err := classRanges(base)
	if err != nil {
		return "", err
	}
	r, err := classRanges(removed)
	if err != nil {
		return "", err
	}
	var out []rune
	for i := 0; i+1 < len(a); i += 2 {
		lo, hi := a[i], a[i+1]
		for j := 0; j+1 < len(r) && lo <= hi; j += 2 {
			if r[j+1] < lo || r[j] > hi {
				continue
			}
			if r[j] > lo {
				out = append(out, lo, r[j]-1)
			}
			lo = r[j+1] + 1
		}
		if lo <= hi {
			out = append(out, lo, hi)
		}
	}
	if len(out) == 0 {
		return `[^\x{0}-\x{10FFFF}]`, nil
	}
	return "[" + formatRanges(out) + "]", nil
}
