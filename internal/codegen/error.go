package codegen

import (
	"fmt"
	"strings"
)

// Error is a fault in a template file: where it is and what is wrong.
type Error struct {
	File    string // slash-separated, relative to the template folder's root
	Line    int    // 1-based; 0 when the fault concerns the whole file
	Column  int    // 1-based, in characters; 0 when unknown
	Snippet string // the text of the line at fault, without its line break
	Message string
	Trace   []string // the includes and macro calls that led there, innermost first
	Err     error    // the cause, if there is one beyond the message
}

// Error gives "file:line:column: message" followed by the line at fault with a
// mark under the column.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	b.WriteString(": ")
	b.WriteString(e.Message)
	if e.Line > 0 && e.Snippet != "" {
		gutter := fmt.Sprintf("%4d | ", e.Line)
		fmt.Fprintf(&b, "\n%s%s", gutter, e.Snippet)
		if e.Column > 0 {
			fmt.Fprintf(&b, "\n%s%s^", strings.Repeat(" ", len(gutter)-2)+"| ", indent(e.Snippet, e.Column-1))
		}
	}
	for _, t := range e.Trace {
		b.WriteString("\n  from " + t)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// indent gives n columns of white space that line up under line, keeping tabs.
func indent(line string, n int) string {
	var b strings.Builder
	for _, r := range line {
		if n == 0 {
			break
		}
		if r == '\t' {
			b.WriteRune('\t')
		} else {
			b.WriteByte(' ')
		}
		n--
	}
	for ; n > 0 && n < 512; n-- {
		b.WriteByte(' ')
	}
	return b.String()
}

// lineOf gives line n (1-based) of text without its line break, shortened to
// what fits a terminal.
func lineOf(text string, n int) string {
	for ; n > 1; n-- {
		i := strings.IndexByte(text, '\n')
		if i < 0 {
			return ""
		}
		text = text[i+1:]
	}
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	text = strings.TrimSuffix(text, "\r")
	const most = 400
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
