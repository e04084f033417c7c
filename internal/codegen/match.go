package codegen

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Match selects a place in an existing file. The zero options mean: contains,
// the key's own scope (line for before and after, file for skip_if), the first
// match, case-sensitive, untrimmed.
type Match struct {
	Pattern    text // a template
	Kind       string
	Scope      string
	Occurrence string
	Index      int // for occurrence nth, 1-based
	IgnoreCase bool
	Trim       bool
}

const maxPatternSize = 64 << 10

func (d *decoder) match(e entry) *Match {
	m := &Match{Kind: "contains", Scope: "auto", Occurrence: "first", Index: 1}
	if t, ok := d.string(e.val); ok {
		m.Pattern = t
		return m
	}
	entries, ok := d.mapping(e.val, e.key)
	if !ok {
		return nil
	}
	known := []string{"pattern", "matcher", "scope", "occurrence", "index", "case_sensitive", "trim"}
	for _, x := range entries {
		switch x.key {
		case "pattern":
			m.Pattern = d.text(x)
		case "matcher":
			m.Kind = d.oneOf(x, "contains", "exact", "regex").s
		case "scope":
			m.Scope = d.oneOf(x, "auto", "line", "file").s
		case "occurrence":
			m.Occurrence = d.oneOf(x, "first", "last", "unique", "nth").s
		case "index":
			m.Index = int(d.int(x, 1, 1<<30))
		case "case_sensitive":
			m.IgnoreCase = !d.bool(x)
		case "trim":
			m.Trim = d.bool(x)
		default:
			d.fault(x.node, "unknown key %q in %s.%s", x.key, e.key, lang.DidYouMean(x.key, known))
		}
	}
	if m.Pattern.s == "" {
		d.fault(firstNode(e), "%s needs a pattern", e.key)
		return m
	}
	if m.Kind == "regex" && !m.Pattern.templated() {
		if _, err := compile(*m, m.Pattern.s); err != nil {
			d.fault(firstNode(e), "%s: %v", e.key, err)
		}
	}
	return m
}

func firstNode(e entry) ast.Node {
	if e.val != nil {
		return e.val
	}
	return e.node
}

// span is the lines, from first to last (0-based, inclusive), of one match.
type span struct{ first, last int }

// find gives the selected match of pattern in content; ok is false when there
// is none. An unusable pattern, or several matches of a unique one, are errors.
func (m Match) find(content, pattern, autoScope string) (s span, ok bool, err error) {
	if len(pattern) > maxPatternSize {
		return span{}, false, fmt.Errorf("pattern is over %d bytes", maxPatternSize)
	}
	re, err := compile(m, pattern)
	if err != nil {
		return span{}, false, err
	}
	scope := m.Scope
	if scope == "auto" {
		scope = autoScope
	}
	var spans []span
	if scope == "line" {
		for i, line := range strings.Split(strings.TrimSuffix(content, "\n"), "\n") {
			line = strings.TrimSuffix(line, "\r")
			if m.Trim {
				line = strings.TrimSpace(line)
			}
			if re.MatchString(line) {
				spans = append(spans, span{i, i})
			}
		}
	} else if spans, err = fileSpans(re, content, m.Trim); err != nil {
		return span{}, false, err
	}
	return m.choose(spans)
}

func fileSpans(re *regexp.Regexp, content string, trim bool) ([]span, error) {
	view, offset := content, 0
	if trim {
		view = strings.TrimLeftFunc(content, unicode.IsSpace)
		offset = len(content) - len(view)
		view = strings.TrimSpace(view)
	}
	var spans []span
	line, at := 0, 0
	for _, loc := range re.FindAllStringIndex(view, -1) {
		start, end := loc[0]+offset, loc[1]+offset
		if start == end {
			return nil, fmt.Errorf("pattern matches the empty string at byte %d", start)
		}
		line += strings.Count(content[at:start], "\n")
		at = start
		spans = append(spans, span{line, line + strings.Count(content[start:end-1], "\n")})
	}
	return spans, nil
}

func (m Match) choose(spans []span) (span, bool, error) {
	if len(spans) == 0 {
		return span{}, false, nil
	}
	switch m.Occurrence {
	case "last":
		return spans[len(spans)-1], true, nil
	case "unique":
		if len(spans) > 1 {
			return span{}, false, fmt.Errorf("pattern must match once, matches %d times", len(spans))
		}
	case "nth":
		if m.Index > len(spans) {
			return span{}, false, nil
		}
		return spans[m.Index-1], true, nil
	}
	return spans[0], true, nil
}

// compile turns any matcher into a regular expression.
func compile(m Match, pattern string) (*regexp.Regexp, error) {
	expr := pattern
	switch m.Kind {
	case "contains":
		expr = regexp.QuoteMeta(pattern)
	case "exact":
		expr = `\A` + regexp.QuoteMeta(pattern) + `\z`
	}
	if m.IgnoreCase {
		expr = "(?i)" + expr
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	return re, nil
}

// inject puts body into content at the line index at (0 is before the first
// line). Lines keep the line ending of the file.
func inject(content, body string, at int) string {
	lines := splitLines(content)
	eol := "\n"
	if strings.Contains(content, "\r\n") {
		eol = "\r\n"
	}
	out := make([]string, 0, len(lines)+8)
	out = append(out, lines[:at]...)
	out = append(out, splitLines(body)...)
	out = append(out, lines[at:]...)
	joined := strings.Join(out, eol)
	if strings.HasSuffix(content, "\n") || !strings.Contains(content, "\n") {
		joined += eol
	}
	return joined
}

// splitLines gives the lines of s without their breaks; a final break makes no
// further line.
func splitLines(s string) []string {
	if s == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSuffix(l, "\r")
	}
	return lines
}

// containsLines reports whether the lines of body stand in content one after
// the other.
func containsLines(content, body string) bool {
	have, want := splitLines(content), splitLines(body)
	if len(want) == 0 {
		return true
	}
next:
	for i := 0; i+len(want) <= len(have); i++ {
		for j, w := range want {
			if have[i+j] != w {
				continue next
			}
		}
		return true
	}
	return false
}
