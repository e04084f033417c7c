package scenario

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// maxBytes bounds a scenario file.
const maxBytes = 64 << 10

// maxDepth bounds the nesting of what is taken from a file.
const maxDepth = 32

// node is a value of a YAML or TOML file with its place.
type node struct {
	at hcl.Range
	// One of these: a scalar (string, bool, int64, float64, nil), a list, or
	// entries in the order of the file.
	scalar  any
	list    []*node
	entries []*entry
	kind    kind
	// taken: the importer has understood it.
	taken bool
}

type kind string

const (
	isScalar kind = "value"
	isList   kind = "list"
	isMap    kind = "table"
)

type entry struct {
	key   string
	at    hcl.Range // of the key
	value *node
}

func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// source finds places in a file's text.
type source struct {
	name  string
	text  []byte
	lines []int // byte offset of each line
}

func newSource(name string, text []byte) *source {
	s := &source{name: name, text: text, lines: []int{0}}
	for i, b := range text {
		if b == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// line is the text of a line, counted from one, without its end.
func (s *source) line(n int) []byte {
	if n < 1 || n > len(s.lines) {
		return nil
	}
	rest := s.text[s.lines[n-1]:]
	if end := bytes.IndexByte(rest, '\n'); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// at is the range of width bytes from a line and a column in characters, both
// counted from one.
func (s *source) at(line, column, width int) hcl.Range {
	line = min(max(line, 1), len(s.lines))
	text := s.line(line)
	start := 0
	for range column - 1 {
		_, size := utf8.DecodeRune(text[start:])
		start += size
	}
	return s.offset(s.lines[line-1]+start, width)
}

// offset is the range of width bytes from a byte of the text; it ends with its
// line.
func (s *source) offset(byteOffset, width int) hcl.Range {
	byteOffset = min(max(byteOffset, 0), len(s.text))
	line := 1
	for line < len(s.lines) && s.lines[line] <= byteOffset {
		line++
	}
	text := s.line(line)
	start := min(byteOffset-s.lines[line-1], len(text))
	end := min(start+max(width, 1), len(text))
	return hcl.Range{Filename: s.name,
		Start: hcl.Pos{Line: line, Column: utf8.RuneCount(text[:start]) + 1, Byte: s.lines[line-1] + start},
		End:   hcl.Pos{Line: line, Column: utf8.RuneCount(text[:end]) + 1, Byte: s.lines[line-1] + end}}
}

func problem(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at}
}
