package tera

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Causes that an [*Error] may wrap.
var (
	// ErrTemplateNotFound: a template that is rendered, extended, imported or
	// included does not exist.
	ErrTemplateNotFound = errors.New("template not found")
	// ErrUndefined: a variable does not exist in the context.
	ErrUndefined = errors.New("undefined variable")
	// ErrLimit: one of the [Limits] was reached.
	ErrLimit = errors.New("limit reached")
)

// Error is what went wrong in a template, and where.
type Error struct {
	Name    string     // the template
	Line    int        // from 1; 0 when the error has no place in a template
	Column  int        // from 1, in characters
	Snippet string     // the line of source, with a caret under the column
	Msg     string     // what is wrong
	Trace   []Location // the includes and macro calls that led here, innermost first
	Err     error      // the cause, or nil
}

// Location is a place in a template.
type Location struct {
	Name         string
	Line, Column int
	What         string // such as "include" or "macro input::text"
}

// Error gives place, message and cause on one line, then the snippet and the
// calls that led there.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Name)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	b.WriteString(": ")
	b.WriteString(e.Msg)
	switch e.Err {
	case nil, ErrTemplateNotFound, ErrUndefined, ErrLimit: //nolint:errorlint // one that wraps these has more to say
	default:
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	if e.Snippet != "" {
		b.WriteByte('\n')
		b.WriteString(e.Snippet)
	}
	for _, l := range e.Trace {
		fmt.Fprintf(&b, "\n  from %s:%d:%d (%s)", l.Name, l.Line, l.Column, l.What)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// errorAt returns an error at byte offset at of t's source.
func (t *template) errorAt(at int32, cause error, format string, args ...any) *Error {
	line, column, snippet := locate(t.source, int(at))
	return &Error{Name: t.name, Line: line, Column: column, Snippet: snippet, Msg: fmt.Sprintf(format, args...), Err: cause}
}

// snippetWidth is how many characters of a long line a snippet shows on each
// side of its column.
const snippetWidth = 60

// locate turns a byte offset into a line and a column, both from 1, and a
// two-line snippet.
func locate(source string, at int) (line, column int, snippet string) {
	at = min(at, len(source))
	start := strings.LastIndexByte(source[:at], '\n') + 1
	end := len(source)
	if n := strings.IndexByte(source[at:], '\n'); n >= 0 {
		end = at + n
	}
	line = strings.Count(source[:start], "\n") + 1
	column = utf8.RuneCountInString(source[start:at]) + 1

	before := []rune(source[start:at])
	after := []rune(strings.TrimRight(source[at:end], "\r"))
	if len(before) > snippetWidth {
		before = append([]rune("…"), before[len(before)-snippetWidth:]...)
	}
	if len(after) > snippetWidth {
		after = append(after[:snippetWidth:snippetWidth], '…')
	}
	number := fmt.Sprint(line)
	pad := make([]rune, len(before))
	for i, r := range before {
		pad[i] = ' '
		if r == '\t' {
			pad[i] = '\t'
		}
	}
	snippet = fmt.Sprintf(" %s | %s%s\n %s | %s^", number, string(before), string(after), strings.Repeat(" ", len(number)), string(pad))
	return line, column, snippet
}

// fatal reports whether err must end the render even where the language
// would swallow an error (a condition on a variable).
func fatal(err error) bool {
	var stop *stopError
	return errors.As(err, &stop)
}

// overLimit ends a render that reached a limit.
func overLimit(limit int, what string) error { return &stopError{&limitError{what, limit}} }

// stopError ends a render: a limit was reached or the context is done.
type stopError struct{ err error }

func (s *stopError) Error() string { return s.err.Error() }
func (s *stopError) Unwrap() error { return s.err }

// limitError says which limit was reached; it is an ErrLimit.
type limitError struct {
	what  string
	limit int
}

func (l *limitError) Error() string { return fmt.Sprintf("more than %d %s", l.limit, l.what) }

func (l *limitError) Is(target error) bool { return target == ErrLimit }
