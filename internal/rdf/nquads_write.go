package rdf

import (
	"bufio"
	"io"
)

// appendNTriples appends the term as canonical N-Triples writes it.
func (t Term) appendNTriples(b []byte) []byte {
	switch t.Kind {
	case IRI:
		b = append(b, '<')
		b = appendIRI(b, t.Value)
		return append(b, '>')
	case BlankNode:
		return append(append(b, "_:"...), t.Value...)
	case Literal:
		b = append(b, '"')
		b = appendEscaped(b, t.Value)
		b = append(b, '"')
		switch {
		case t.Lang != "":
			b = append(append(b, '@'), t.Lang...)
		case t.Datatype != "" && t.Datatype != XSDString:
			b = append(b, "^^<"...)
			b = appendIRI(b, t.Datatype)
			b = append(b, '>')
		}
	}
	return b
}

// appendEscaped appends a literal's lexical form for a string in double quotes.
func appendEscaped(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		default:
			b = appendUEscape(b, c)
		}
	}
	return append(b, s[start:]...)
}

// appendIRI appends an IRI for <…>, with what IRIREF forbids as \u escapes.
func appendIRI(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		if classes[s[i]]&iriChar != 0 {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		b = appendUEscape(b, s[i])
	}
	return append(b, s[start:]...)
}

func appendUEscape(b []byte, c byte) []byte {
	const hex = "0123456789ABCDEF"
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// appendQuad appends the quad as N-Quads without the line end.
func appendQuad(b []byte, q Quad) []byte {
	b = q.Subject.appendNTriples(b)
	b = append(b, ' ')
	b = q.Predicate.appendNTriples(b)
	b = append(b, ' ')
	b = q.Object.appendNTriples(b)
	if !q.Graph.IsZero() {
		b = append(b, ' ')
		b = q.Graph.appendNTriples(b)
	}
	return append(b, " ."...)
}

// NQuadsWriter writes quads as N-Quads, one a line; quads of the default graph
// are N-Triples, so it writes both formats.
type NQuadsWriter struct {
	w   *bufio.Writer
	buf []byte
}

// NewNQuadsWriter makes a writer of N-Quads, and of N-Triples where every quad
// is in the default graph. Flush it when done.
func NewNQuadsWriter(w io.Writer) *NQuadsWriter {
	return &NQuadsWriter{w: bufio.NewWriterSize(w, 64<<10)}
}

// Write writes one quad. An error of the underlying writer may come later, at
// the latest from Flush.
func (w *NQuadsWriter) Write(q Quad) error {
	w.buf = append(appendQuad(w.buf[:0], q), '\n')
	_, err := w.w.Write(w.buf)
	return err
}

// Flush writes what is buffered to the underlying writer.
func (w *NQuadsWriter) Flush() error { return w.w.Flush() }
