package sparql

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// regex is the state of one REGEX or REPLACE: the pattern used last, compiled.
// Nearly every query has a constant pattern.
type regex struct {
	pattern, flags string
	compiled       matcher
	err            error
	ready          bool
}

// matcher matches a compiled pattern. Patterns without a special meaning are
// matched as plain strings.
type matcher struct {
	re      *regexp.Regexp
	literal string
	isText  bool
}

func (m matcher) match(s string) bool {
	if m.isText {
		return strings.Contains(s, m.literal)
	}
	return m.re.MatchString(s)
}

func newRegex() *regex { return &regex{} }

func (r *regex) compile(x *exec, pattern, flags *val) bool {
	f := ""
	if flags != nil {
		f = flags.term.Value
		if !flags.isString() {
			return false
		}
	}
	if !pattern.isString() {
		return false
	}
	if p := pattern.term.Value; !r.ready || p != r.pattern || f != r.flags {
		*r = regex{pattern: p, flags: f, ready: true}
		r.compiled, r.err = compileRegex(p, f)
		if errors.Is(r.err, errBackReference) {
			x.fail(fmt.Errorf("regular expression %q: %w", p, r.err))
		}
	}
	return r.err == nil
}

// match is REGEX(text, pattern [, flags]).
func (r *regex) match(x *exec, a []val) (val, bool) {
	var flags *val
	if len(a) == 3 {
		flags = &a[2]
	}
	if !a[0].isText() || !r.compile(x, &a[1], flags) {
		return val{}, false
	}
	return boolVal(r.compiled.match(a[0].term.Value)), true
}

// replace is REPLACE(text, pattern, replacement [, flags]), which is
// fn:replace: a pattern that matches the empty string is an error.
func (r *regex) replace(x *exec, a []val) (val, bool) {
	var flags *val
	if len(a) == 4 {
		flags = &a[3]
	}
	if !a[0].isText() || !a[2].isString() || !r.compile(x, &a[1], flags) || r.compiled.match("") {
		return val{}, false
	}
	s := a[0].term.Value
	if r.compiled.isText {
		r.compiled = matcher{re: regexp.MustCompile(regexp.QuoteMeta(r.compiled.literal))}
	}
	re := r.compiled.re
	parts, ok := parseReplacement(a[2].term.Value, re.NumSubexp(), strings.Contains(r.flags, "q"))
	if !ok {
		return val{}, false
	}
	var b strings.Builder
	last := 0
	matches := re.FindAllStringSubmatchIndex(s, maxMatches)
	if len(matches) == maxMatches {
		x.fail(fmt.Errorf("REPLACE: the pattern %q has %d matches or more", r.pattern, maxMatches))
		return val{}, false
	}
	for _, m := range matches {
		b.WriteString(s[last:m[0]])
		for _, p := range parts {
			switch {
			case p.group < 0:
				b.WriteString(p.text)
			case m[2*p.group] >= 0:
				b.WriteString(s[m[2*p.group]:m[2*p.group+1]])
			}
		}
		last = m[1]
		if b.Len() > maxString {
			return val{}, false
		}
	}
	b.WriteString(s[last:])
	return like(&a[0], b.String()), true
}

// replacementPart is literal text, or a captured group where group is not -1.
type replacementPart struct {
	text  string
	group int
}

// parseReplacement reads $N, \$ and \\; other uses of $ and \ are errors.
func parseReplacement(s string, groups int, literal bool) (parts []replacementPart, ok bool) {
	if literal {
		return []replacementPart{{text: s, group: -1}}, true
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if i+1 >= len(s) || s[i+1] != '\\' && s[i+1] != '$' {
				return nil, false
			}
			i++
			parts = append(parts, replacementPart{text: s[i : i+1], group: -1})
		case c == '$':
			if i+1 >= len(s) || s[i+1] < '0' || s[i+1] > '9' {
				return nil, false
			}
			i++
			n := int(s[i] - '0')
			// More digits belong to the number while there is such a group.
			for i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' && n*10+int(s[i+1]-'0') <= groups {
				i++
				n = n*10 + int(s[i]-'0')
			}
			if n <= groups {
				parts = append(parts, replacementPart{group: n})
			}
		default:
			parts = append(parts, replacementPart{text: s[i : i+1], group: -1})
		}
	}
	return parts, true
}

// maxMatches bounds the matches that one REPLACE may have.
const maxMatches = 1 << 17

// maxPattern bounds a regular expression, in bytes.
const maxPattern = 1 << 16
