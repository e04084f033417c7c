package rdf

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/piprate/json-gold/ld"
)

// jsonLD reads JSON-LD 1.1 (JSON-LD 1.1 Processing Algorithms and API, section
// 7, "Deserialize JSON-LD to RDF"). The document is read whole; its quads come
// in a fixed order and have no place.
type jsonLD struct {
	ctx    context.Context
	o      Options
	emit   sink
	loaded map[string]any // remote contexts by URL
}

func parseJSONLD(ctx context.Context, r io.Reader, o Options, emit sink) error {
	p := &jsonLD{ctx: ctx, o: o, emit: emit, loaded: map[string]any{}}
	data, err := io.ReadAll(io.LimitReader(r, o.MaxDocumentBytes+1))
	if err != nil {
		return fmt.Errorf("reading %s: %w", cmp.Or(o.File, "JSON-LD"), err)
	}
	document, err := p.decode(data)
	if err != nil {
		return err
	}
	switch document.(type) {
	case map[string]any, []any:
	default:
		return &ParseError{File: o.File, Line: 1, Column: 1, Msg: "a JSON-LD document is an object or an array"}
	}
	return p.toRDF(document)
}

// decode checks a document's bounds and takes it from JSON.
func (p *jsonLD) decode(data []byte) (any, error) {
	if int64(len(data)) > p.o.MaxDocumentBytes {
		return nil, &ParseError{File: p.o.File, Msg: fmt.Sprintf(
			"the document is longer than the limit of %d bytes", p.o.MaxDocumentBytes)}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if at := tooDeep(data, p.o.MaxDepth); at >= 0 {
		return nil, p.errorAt(data, at, fmt.Sprintf("the document is nested deeper than the limit of %d", p.o.MaxDepth))
	}
	var document any
	err := json.Unmarshal(data, &document)
	var syntax *json.SyntaxError
	var number *json.UnmarshalTypeError // one that no double can hold
	switch {
	case errors.As(err, &syntax):
		return nil, p.errorAt(data, int(max(syntax.Offset-1, 0)), err.Error())
	case errors.As(err, &number):
		return nil, p.errorAt(data, int(number.Offset), "the number "+strings.TrimPrefix(number.Value, "number ")+" is too large")
	}
	return document, err
}

// tooDeep gives the offset where arrays and objects are nested deeper than the
// limit, or -1.
func tooDeep(data []byte, limit int) int {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

func (p *jsonLD) errorAt(data []byte, offset int, msg string) error {
	offset = min(offset, len(data))
	s := &source{file: p.o.File, buf: data, end: len(data), line: 1, err: io.EOF}
	return s.errorAt(offset, msg)
}

// toRDF expands a document and emits its quads: graphs and subjects in order
// of their names, so that one document always gives the same labels.
func (p *jsonLD) toRDF(document any) (err error) {
	nodes, issuer, err := p.nodeMap(document)
	if err != nil {
		return err
	}
	for _, graph := range slices.Sorted(maps.Keys(nodes)) {
		if graph != "@default" && ld.IsRelativeIri(graph) {
			continue
		}
		subjects, _ := nodes[graph].(map[string]any)
		for _, id := range slices.Sorted(maps.Keys(subjects)) {
			if err := p.ctx.Err(); err != nil {
				return err
			}
			if err := p.subject(graph, map[string]any{id: subjects[id]}, issuer); err != nil {
				return err
			}
		}
	}
	return nil
}

// nodeMap expands a document and gathers each subject's properties by graph.
func (p *jsonLD) nodeMap(document any) (nodes map[string]any, issuer *ld.IdentifierIssuer, err error) {
	// The library indexes and asserts types on what it takes from the document.
	defer func() {
		if r := recover(); r != nil {
			err = &ParseError{File: p.o.File, Msg: fmt.Sprintf("the document is not valid JSON-LD: %v", r)}
		}
	}()
	opts := ld.NewJsonLdOptions(p.o.Base)
	opts.DocumentLoader = p
	expanded, err := ld.NewJsonLdProcessor().Expand(document, opts)
	if err != nil {
		return nil, nil, p.wrap(err)
	}
	issuer = ld.NewIdentifierIssuer("_:b")
	nodes = map[string]any{"@default": map[string]any{}}
	if _, err := ld.NewJsonLdApi().GenerateNodeMap(expanded, nodes, "@default", issuer, "", "", nil); err != nil {
		return nil, nil, p.wrap(err)
	}
	return nodes, issuer, p.wrapJSON(nodes)
}

// wrapJSON makes the value of each JSON literal the text of an array of it: of
// JSON values the library canonicalizes objects and, as text, arrays; for others
// it puts an error message into the literal. unwrapJSON undoes it.
func (p *jsonLD) wrapJSON(v any) error {
	switch v := v.(type) {
	case []any:
		for _, member := range v {
			if err := p.wrapJSON(member); err != nil {
				return err
			}
		}
	case map[string]any:
		value, isValue := v["@value"]
		if !isValue {
			for _, member := range v {
				if err := p.wrapJSON(member); err != nil {
					return err
				}
			}
			return nil
		}
		switch v["@type"] {
		case "@json":
			text, err := json.Marshal([]any{value})
			if err != nil {
				return &ParseError{File: p.o.File, Msg: fmt.Sprintf("a JSON literal: %v", err)}
			}
			v["@value"] = string(text)
		case RDFJSON:
			text, _ := value.(string)
			if !json.Valid([]byte(text)) {
				return &ParseError{File: p.o.File, Msg: fmt.Sprintf("the literal %q is not JSON, as its datatype says", value)}
			}
			v["@value"] = "[" + text + "]"
		}
	}
	return nil
}

func unwrapJSON(canonical string) string {
	return strings.TrimSuffix(strings.TrimPrefix(canonical, "["), "]")
}

func (p *jsonLD) wrap(err error) error {
	if ctxErr := p.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	var problem *ld.JsonLdError
	if errors.As(err, &problem) {
		// Details is an error where a context could not be loaded.
		if cause, ok := problem.Details.(error); ok {
			return &ParseError{File: p.o.File, Msg: fmt.Sprintf("%s: %v", problem.Code, cause)}
		}
	}
	return &ParseError{File: p.o.File, Msg: err.Error()}
}

// subject emits the quads of one subject in one graph.
func (p *jsonLD) subject(graph string, node map[string]any, issuer *ld.IdentifierIssuer) error {
	quads, err := p.quads(graph, node, issuer)
	if err != nil {
		return err
	}
	for _, q := range quads {
		if err := p.emit(q, Position{}); err != nil {
			return err
		}
	}
	return nil
}

func (p *jsonLD) quads(graph string, node map[string]any, issuer *ld.IdentifierIssuer) (out []Quad, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &ParseError{File: p.o.File, Msg: fmt.Sprintf("the document is not valid JSON-LD: %v", r)}
		}
	}()
	dataset := ld.NewRDFDataset()
	dataset.GraphToRDF(graph, node, issuer, false)
	for _, q := range dataset.Graphs[graph] {
		quad := Quad{Triple: Triple{p.term(q.Subject), p.term(q.Predicate), p.term(q.Object)}}
		if q.Graph != nil {
			quad.Graph = p.term(q.Graph)
		}
		if wellFormed(quad) {
			out = append(out, quad)
		}
	}
	return out, nil
}

// wellFormed reports whether a quad has only absolute IRIs. The algorithm leaves
// others out, of which the library finds only some.
func wellFormed(q Quad) bool {
	for _, t := range [...]Term{q.Subject, q.Predicate, q.Object, q.Graph} {
		iri := t.Value
		switch t.Kind {
		case BlankNode:
			continue
		case Literal:
			iri = t.Datatype
		}
		if !t.IsZero() && CheckIRI(iri) != nil {
			return false
		}
	}
	return !q.Subject.IsZero() && !q.Predicate.IsZero() && !q.Object.IsZero()
}

func (p *jsonLD) term(n ld.Node) Term {
	switch n := n.(type) {
	case ld.IRI:
		return NewIRI(n.Value)
	case ld.BlankNode:
		return NewBlank(p.o.BlankPrefix + strings.TrimPrefix(n.Attribute, "_:"))
	case ld.Literal:
		if n.Language != "" {
			return NewLangLiteral(n.Value, n.Language)
		}
		if n.Datatype == RDFJSON {
			n.Value = unwrapJSON(n.Value)
		}
		return NewTypedLiteral(n.Value, n.Datatype)
	}
	return Term{}
}

// LoadDocument gives the library a remote context, through the caller alone.
func (p *jsonLD) LoadDocument(url string) (*ld.RemoteDocument, error) {
	document, ok := p.loaded[url]
	if !ok {
		if p.o.LoadContext == nil {
			return nil, fmt.Errorf("the document needs the context <%s>, and loading contexts is not allowed here", url)
		}
		data, err := p.o.LoadContext(p.ctx, url)
		if err != nil {
			return nil, fmt.Errorf("loading the context <%s>: %w", url, err)
		}
		if document, err = p.decode(data); err != nil {
			return nil, fmt.Errorf("reading the context <%s>: %w", url, err)
		}
		p.loaded[url] = document
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: document}, nil
}
