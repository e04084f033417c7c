package rdf

import (
	"mime"
	"path"
	"strings"
)

// Format is a syntax of RDF.
type Format uint8

// The formats that [Parse] reads.
const (
	Turtle Format = iota + 1
	NTriples
	NQuads
	TriG
	RDFXML
	JSONLD
)

var formats = [...]struct {
	name, mediaType string
	extensions      []string
}{
	Turtle:   {"Turtle", "text/turtle", []string{".ttl"}},
	NTriples: {"N-Triples", "application/n-triples", []string{".nt"}},
	NQuads:   {"N-Quads", "application/n-quads", []string{".nq"}},
	TriG:     {"TriG", "application/trig", []string{".trig"}},
	RDFXML:   {"RDF/XML", "application/rdf+xml", []string{".rdf", ".owl"}},
	JSONLD:   {"JSON-LD", "application/ld+json", []string{".jsonld"}},
}

// String gives the format's usual name, such as "N-Triples".
func (f Format) String() string {
	if f == 0 || int(f) >= len(formats) {
		return "unknown format"
	}
	return formats[f].name
}

// MediaType gives the format's registered media type, without parameters.
func (f Format) MediaType() string {
	if int(f) >= len(formats) {
		return ""
	}
	return formats[f].mediaType
}

// FormatByExtension finds the format that a file name's extension stands for,
// whatever its case.
func FormatByExtension(name string) (Format, bool) {
	ext := strings.ToLower(path.Ext(name))
	for f := range formats {
		for _, e := range formats[f].extensions {
			if e == ext {
				return Format(f), true
			}
		}
	}
	return 0, false
}

// FormatByMediaType finds the format of a Content-Type such as
// "text/turtle; charset=utf-8".
func FormatByMediaType(contentType string) (Format, bool) {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType == "" {
		return 0, false
	}
	for f := range formats {
		if formats[f].mediaType == mediaType {
			return Format(f), true
		}
	}
	return 0, false
}
