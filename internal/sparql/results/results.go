// Package results holds what a SPARQL query answers, and reads and writes it in
// the W3C's formats: JSON (https://www.w3.org/TR/sparql11-results-json/), XML
// (https://www.w3.org/TR/rdf-sparql-XMLres/), and CSV and TSV
// (https://www.w3.org/TR/sparql11-results-csv-tsv/).
package results

import (
	"fmt"
	"io"
	"mime"
	"slices"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// Kind is what a query answers with.
type Kind uint8

// The kinds of answers: SELECT gives bindings, ASK a boolean, CONSTRUCT and
// DESCRIBE a graph.
const (
	Bindings Kind = iota
	Boolean
	Graph
)

// Result is the answer to a query.
type Result struct {
	Kind Kind
	// Vars are the projected variables, without question mark, and Rows the
	// solutions: a term for each variable, the zero Term where it is unbound.
	Vars []string
	Rows [][]rdf.Term
	// Boolean is the answer to ASK.
	Boolean bool
	// Triples is the graph, without repeats.
	Triples []rdf.Triple
}

// Get gives the term of a variable in a row; the zero Term where the variable is
// unbound or not there.
func (r *Result) Get(row int, name string) rdf.Term {
	if i := slices.Index(r.Vars, name); i >= 0 {
		return r.Rows[row][i]
	}
	return rdf.Term{}
}

// Format is a format for bindings and booleans.
type Format uint8

// The formats. CSV and TSV have no boolean, and CSV does not tell IRIs from
// literals.
const (
	JSON Format = iota
	XML
	CSV
	TSV
)

var mediaTypes = [...]string{
	JSON: "application/sparql-results+json",
	XML:  "application/sparql-results+xml",
	CSV:  "text/csv",
	TSV:  "text/tab-separated-values",
}

// MediaType gives the format's registered media type.
func (f Format) MediaType() string { return mediaTypes[f] }

// FormatByMediaType finds the format of a Content-Type, parameters and all.
func FormatByMediaType(contentType string) (Format, bool) {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return 0, false
	}
	switch mediaType {
	case "application/json":
		return JSON, true
	case "application/xml", "text/xml":
		return XML, true
	}
	i := slices.Index(mediaTypes[:], mediaType)
	return Format(max(i, 0)), i >= 0
}

// Write writes bindings or a boolean.
func Write(w io.Writer, format Format, r *Result) error {
	if r.Kind == Graph {
		return fmt.Errorf("a graph can't be written as %s", format.MediaType())
	}
	if r.Kind == Boolean && (format == CSV || format == TSV) {
		return fmt.Errorf("a boolean can't be written as %s", format.MediaType())
	}
	switch format {
	case JSON:
		return writeJSON(w, r)
	case XML:
		return writeXML(w, r)
	case CSV:
		return writeCSV(w, r)
	}
	return writeTSV(w, r)
}

// Limits bounds what [Read] takes from a document. Zero fields take the default.
type Limits struct {
	MaxBytes int64 // length of the document; default 256 MiB
	MaxRows  int   // default 10 million
}

// Read reads bindings or a boolean. The terms of CSV are xsd:string literals,
// an empty field is unbound: that is all CSV can say.
func Read(r io.Reader, format Format, limits Limits) (*Result, error) {
	if limits.MaxBytes <= 0 {
		limits.MaxBytes = 256 << 20
	}
	if limits.MaxRows <= 0 {
		limits.MaxRows = 10_000_000
	}
	in := &bounded{r: r, left: limits.MaxBytes}
	var result *Result
	var err error
	switch format {
	case JSON:
		result, err = readJSON(in, limits)
	case XML:
		result, err = readXML(in, limits)
	case CSV:
		result, err = readCSV(in, limits)
	default:
		result, err = readTSV(in, limits)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", format.MediaType(), err)
	}
	return result, nil
}

// bounded fails, rather than ends, once too much has been read.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the document is too long")
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	return n, err
}

func tooManyRows(limits Limits) error {
	return fmt.Errorf("more than %d rows", limits.MaxRows)
}
