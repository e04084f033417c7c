package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error says why a query could not be read and where. Line and Column count
// from one, columns in characters.
type Error struct {
	Line, Column int
	Msg          string
	Snippet      string // the line, cut to a readable length around the column
}

func (e *Error) Error() string {
	if e.Snippet == "" {
		return fmt.Sprintf("sparql: line %d, column %d: %s", e.Line, e.Column, e.Msg)
	}
	return fmt.Sprintf("sparql: line %d, column %d: %s, near %q", e.Line, e.Column, e.Msg, e.Snippet)
}

// snippetWidth is how much of the offending line an error quotes, in bytes.
const snippetWidth = 60

// newError locates offset in src. It runs once per failed parse, so it counts
// lines afresh instead of making the lexer keep count.
func newError(src string, offset int, msg string) *Error {
	offset = min(offset, len(src))
	before := src[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	end := len(src)
	if i := strings.IndexByte(src[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	from, to := start, end
	if to-from > snippetWidth {
		from = max(start, offset-snippetWidth/2)
		to = min(end, from+snippetWidth)
	}
	return &Error{
		Line:    strings.Count(before, "\n") + 1,
		Column:  utf8.RuneCountInString(before[start:]) + 1,
		Msg:     msg,
		Snippet: strings.TrimSpace(strings.ToValidUTF8(src[from:to], "")),
	}
}
