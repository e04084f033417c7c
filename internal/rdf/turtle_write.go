package rdf

import (
	"bufio"
	"io"
)

// TurtleWriter writes triples as Turtle as they come, without holding any:
// triples that follow each other with the same subject, or subject and
// predicate, are put together. [WriteTurtle] writes a whole graph more nicely.
type TurtleWriter struct {
	w      *bufio.Writer
	terms  turtleTerms
	buf    []byte
	last   Triple
	begun  bool // the prefixes are written
	inside bool // a statement waits for its dot
}

// NewTurtleWriter makes a writer that declares and uses the given namespaces by
// prefix (without the colon). Close it when done.
func NewTurtleWriter(w io.Writer, prefixes map[string]string) *TurtleWriter {
	return &TurtleWriter{w: bufio.NewWriterSize(w, 64<<10), terms: newTurtleTerms(prefixes)}
}

// Write writes one triple. An error of the underlying writer may come later, at
// the latest from Close.
func (w *TurtleWriter) Write(t Triple) error {
	b := w.buf[:0]
	if !w.begun {
		w.begun = true
		b = w.terms.header(b, false)
	}
	switch {
	case w.inside && t.Subject == w.last.Subject && t.Predicate == w.last.Predicate:
		b = append(b, ", "...)
	case w.inside && t.Subject == w.last.Subject:
		b = append(b, " ;\n    "...)
		b = append(w.terms.appendPredicate(b, t.Predicate), ' ')
	default:
		if w.inside {
			b = append(b, " .\n"...)
		}
		if len(w.terms.prefixes) > 0 || w.inside {
			b = append(b, '\n')
		}
		b = append(w.terms.append(b, t.Subject), ' ')
		b = append(w.terms.appendPredicate(b, t.Predicate), ' ')
	}
	w.buf = w.terms.append(b, t.Object)
	w.last, w.inside = t, true
	_, err := w.w.Write(w.buf)
	return err
}

// Close ends the last statement and writes what is buffered. It does not close
// the underlying writer.
func (w *TurtleWriter) Close() error {
	if w.inside {
		w.inside = false
		if _, err := w.w.WriteString(" .\n"); err != nil {
			return err
		}
	}
	return w.w.Flush()
}

// WriteTurtle writes a graph as Turtle: subjects in the order they were added
// in, rdf:type first, blank nodes that are used once inside their place, and
// collections in parentheses. Of the namespaces, given by prefix (without the
// colon), those in use are declared.
func WriteTurtle(w io.Writer, g *Graph, prefixes map[string]string) error {
	p := prettyTurtle{g: g, terms: newTurtleTerms(prefixes)}
	p.plan()
	for _, s := range p.subjects {
		if !p.inline[s] {
			p.statement(s)
		}
	}
	if _, err := w.Write(p.terms.header(nil, true)); err != nil {
		return err
	}
	_, err := w.Write(p.b)
	return err
}
