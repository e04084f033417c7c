package rdf

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Options says how [Parse] reads a document. The zero value is usable.
type Options struct {
	// Base is the IRI that relative IRIs are resolved against (RFC 3986). Where
	// it is empty, a relative IRI is an error unless the document sets a base.
	Base string
	// File names the document in errors.
	File string
	// BlankPrefix is put before the label of each blank node. Give each document
	// its own where blank nodes of several meet in one store. It must itself be
	// the beginning of a valid label.
	BlankPrefix string
	// MaxDepth bounds the nesting of collections, blank node property lists and
	// XML elements. 0 means 512.
	MaxDepth int
	// MaxTermBytes bounds the size of one literal or IRI in bytes. 0 means 16 MiB.
	MaxTermBytes int
	// MaxDocumentBytes bounds a document that is read whole, which is JSON-LD, and
	// each of its contexts. 0 means 64 MiB.
	MaxDocumentBytes int64
	// LoadContext fetches a remote JSON-LD context by its URL. Where it is nil,
	// a document that needs one is an error.
	LoadContext func(ctx context.Context, url string) ([]byte, error)
}

const (
	defaultMaxDepth     = 512
	defaultMaxTermBytes = 16 << 20
	defaultMaxDocument  = 64 << 20
)

func (o Options) withDefaults() Options {
	if o.MaxDepth <= 0 {
		o.MaxDepth = defaultMaxDepth
	}
	if o.MaxTermBytes <= 0 {
		o.MaxTermBytes = defaultMaxTermBytes
	}
	if o.MaxDocumentBytes <= 0 {
		o.MaxDocumentBytes = defaultMaxDocument
	}
	return o
}

// ParseError says what is wrong with a document, and where.
type ParseError struct {
	// File is [Options.File].
	File string
	// Line and Column count from 1; a column counts bytes. Both are 0 where the
	// place is not known.
	Line, Column int
	Msg          string
	// Snippet is the source line, or the part of a long one around the error,
	// without its line end. It may be empty.
	Snippet string
	// SnippetColumn is the column within Snippet, counted as Column is.
	SnippetColumn int
}

// Error gives one line: file:line:column: message.
func (e *ParseError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		b.WriteByte(':')
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", e.Line, e.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(e.Msg)
	return b.String()
}

// Parse reads a document and calls emit once for each quad, in the document's
// order, with the place where it stands; a quad that is written twice is emitted
// twice. Triples of formats without graphs are in the default graph.
//
// Blank nodes keep their labels after [Options.BlankPrefix]; those without one
// are labelled anon0, anon1 and so on, and written labels that begin with anon
// are put out of their way. JSON-LD names all of its blank nodes anew.
//
// What emit has been given before an error stays given. An error in the document
// is a *[ParseError]; an error of emit is returned as it is; a done ctx ends the
// parse with its error.
func Parse(ctx context.Context, r io.Reader, format Format, opts Options, emit func(Quad, Position) error) error {
	opts = opts.withDefaults()
	switch format {
	case Turtle, TriG:
		return newTurtle(newSource(ctx, r, opts), opts, format == TriG, emit).document()
	case NTriples, NQuads:
		p := ntriples{lexer: newLexer(newSource(ctx, r, opts), opts), sink: emit, quads: format == NQuads}
		return p.document()
	case RDFXML:
		return parseRDFXML(ctx, r, opts, emit)
	case JSONLD:
		return parseJSONLD(ctx, r, opts, emit)
	}
	return fmt.Errorf("reading %s is not supported", format)
}
