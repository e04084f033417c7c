package results

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sixtyhq/sixty/internal/rdf"
)

func writeTSV(w io.Writer, r *Result) error {
	out := bufio.NewWriter(w)
	for i, v := range r.Vars {
		if i > 0 {
			out.WriteByte('\t')
		}
		out.WriteString("?" + v)
	}
	out.WriteByte('\n')
	for _, row := range r.Rows {
		for i, t := range row {
			if i > 0 {
				out.WriteByte('\t')
			}
			if !t.IsZero() {
				out.WriteString(tsvTerm(t))
			}
		}
		out.WriteByte('\n')
	}
	return out.Flush()
}

// tsvTerm writes a term as Turtle does, numbers without quotes.
func tsvTerm(t rdf.Term) string {
	if t.Kind == rdf.Literal {
		if datatype := bareType(t.Value); datatype == t.Datatype && datatype != rdf.XSDBoolean {
			return t.Value
		}
	}
	return strings.ReplaceAll(t.String(), "\t", `\t`)
}

// The numbers that Turtle may write without quotes.
var (
	integerForm = regexp.MustCompile(`^[+-]?[0-9]+$`)
	decimalForm = regexp.MustCompile(`^[+-]?[0-9]*\.[0-9]+$`)
	doubleForm  = regexp.MustCompile(`^[+-]?([0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+$`)
)

// bareType gives the datatype that Turtle reads in a form without quotes, or
// the empty string.
func bareType(s string) string {
	switch {
	case integerForm.MatchString(s):
		return rdf.XSDInteger
	case decimalForm.MatchString(s):
		return rdf.XSDDecimal
	case doubleForm.MatchString(s):
		return rdf.XSDDouble
	case s == "true" || s == "false":
		return rdf.XSDBoolean
	}
	return ""
}

func readTSV(in io.Reader, limits Limits) (*Result, error) {
	lines := bufio.NewReader(in)
	head, err := readLine(lines)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	r := &Result{}
	if head != "" {
		for _, v := range strings.Split(head, "\t") {
			r.Vars = append(r.Vars, strings.TrimLeft(v, "?$"))
		}
	}
	for line := 2; ; line++ {
		text, err := readLine(lines)
		if errors.Is(err, io.EOF) && text == "" {
			return r, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if len(r.Rows) >= limits.MaxRows {
			return nil, tooManyRows(limits)
		}
		row := make([]rdf.Term, len(r.Vars))
		if len(row) > 0 {
			fields := strings.Split(text, "\t")
			if len(fields) != len(row) {
				return nil, fmt.Errorf("line %d has %d fields for %d variables", line, len(fields), len(row))
			}
			for i, field := range fields {
				if row[i], err = parseTSVTerm(field); err != nil {
					return nil, fmt.Errorf("line %d, field %d: %w", line, i+1, err)
				}
			}
		}
		r.Rows = append(r.Rows, row)
	}
}

func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

// parseTSVTerm reads a term as Turtle writes it; an empty field is no term.
func parseTSVTerm(field string) (rdf.Term, error) {
	field = strings.TrimSpace(field)
	if field == "" {
		return rdf.Term{}, nil
	}
	if label, ok := strings.CutPrefix(field, "_:"); ok {
		return rdf.NewBlank(label), nil
	}
	if datatype := bareType(field); datatype != "" {
		return rdf.NewTypedLiteral(field, datatype), nil
	}
	switch quote := field[0]; quote {
	case '<':
		iri, rest, err := unquote(field[1:], '>')
		if err == nil && rest != "" {
			err = fmt.Errorf("unexpected %q after an IRI", rest)
		}
		return rdf.NewIRI(iri), err
	case '"', '\'':
		text, rest, err := unquote(field[1:], quote)
		if err != nil {
			return rdf.Term{}, err
		}
		if lang, ok := strings.CutPrefix(rest, "@"); ok && lang != "" {
			return rdf.NewLangLiteral(text, lang), nil
		}
		if datatype, ok := strings.CutPrefix(rest, "^^<"); ok {
			iri, rest, err := unquote(datatype, '>')
			if err == nil && rest == "" {
				return rdf.NewTypedLiteral(text, iri), nil
			}
		}
		if rest == "" {
			return rdf.NewLiteral(text), nil
		}
	}
	return rdf.Term{}, fmt.Errorf("%q is no term", field)
}

// unquote undoes the escapes of s up to the end character, and gives what
// follows that.
func unquote(s string, end byte) (text, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == end:
			return b.String(), s[i+1:], nil
		case c != '\\':
			b.WriteByte(c)
		case i+1 >= len(s):
			return "", "", errors.New("\\ at the end")
		default:
			i++
			n := map[byte]int{'u': 4, 'U': 8}[s[i]]
			if n == 0 {
				at := strings.IndexByte(`tbnrf"'\`, s[i])
				if at < 0 {
					return "", "", fmt.Errorf("unknown escape \\%c", s[i])
				}
				b.WriteByte("\t\b\n\r\f\"'\\"[at])
				continue
			}
			if i+n >= len(s) {
				return "", "", errors.New("incomplete escape")
			}
			r, err := strconv.ParseUint(s[i+1:i+1+n], 16, 32)
			if err != nil || !utf8.ValidRune(rune(r)) {
				return "", "", errors.New("invalid escape")
			}
			b.WriteRune(rune(r))
			i += n
		}
	}
	return "", "", fmt.Errorf("no closing %c", end)
}
