package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sixtyhq/sixty/internal/rdf"
)

type jsonTerm struct {
	Type     string `json:"type"`
	Value    string `json:"value"`
	Lang     string `json:"xml:lang,omitempty"`
	Datatype string `json:"datatype,omitempty"`
}

func toJSON(t rdf.Term) jsonTerm {
	switch t.Kind {
	case rdf.IRI:
		return jsonTerm{Type: "uri", Value: t.Value}
	case rdf.BlankNode:
		return jsonTerm{Type: "bnode", Value: t.Value}
	}
	j := jsonTerm{Type: "literal", Value: t.Value, Lang: t.Lang}
	if t.Lang == "" && t.Datatype != rdf.XSDString {
		j.Datatype = t.Datatype
	}
	return j
}

func (j jsonTerm) term() (rdf.Term, error) {
	switch j.Type {
	case "uri":
		return rdf.NewIRI(j.Value), nil
	case "bnode":
		return rdf.NewBlank(j.Value), nil
	case "literal", "typed-literal": // the latter is that of the format's first draft
		if j.Lang != "" {
			return rdf.NewLangLiteral(j.Value, j.Lang), nil
		}
		return rdf.NewTypedLiteral(j.Value, j.Datatype), nil
	}
	return rdf.Term{}, fmt.Errorf("unknown type %q of a term", j.Type)
}

// writeJSON writes row by row: a result may be long.
func writeJSON(w io.Writer, r *Result) error {
	out := bufio.NewWriter(w)
	if r.Kind == Boolean {
		fmt.Fprintf(out, "{\"head\":{},\"boolean\":%t}\n", r.Boolean)
		return out.Flush()
	}
	put := func(v any) {
		data, err := json.Marshal(v)
		if err != nil { // strings and structs of strings always marshal
			panic(err)
		}
		out.Write(data)
	}
	out.WriteString(`{"head":{"vars":`)
	vars := r.Vars
	if vars == nil {
		vars = []string{}
	}
	put(vars)
	out.WriteString(`},"results":{"bindings":[`)
	for i, row := range r.Rows {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n{")
		first := true
		for j, t := range row {
			if t.IsZero() {
				continue
			}
			if !first {
				out.WriteByte(',')
			}
			first = false
			put(r.Vars[j])
			out.WriteByte(':')
			put(toJSON(t))
		}
		out.WriteByte('}')
	}
	out.WriteString("]}}\n")
	return out.Flush()
}

func readJSON(in io.Reader, limits Limits) (*Result, error) {
	var doc struct {
		Head struct {
			Vars []string `json:"vars"`
		} `json:"head"`
		Boolean *bool `json:"boolean"`
		Results *struct {
			Bindings []map[string]jsonTerm `json:"bindings"`
		} `json:"results"`
	}
	if err := json.NewDecoder(in).Decode(&doc); err != nil {
		return nil, err
	}
	if doc.Boolean != nil {
		return &Result{Kind: Boolean, Boolean: *doc.Boolean}, nil
	}
	if doc.Results == nil {
		return nil, errors.New(`neither "results" nor "boolean"`)
	}
	if len(doc.Results.Bindings) > limits.MaxRows {
		return nil, tooManyRows(limits)
	}
	r := &Result{Vars: doc.Head.Vars}
	column := map[string]int{}
	for i, v := range r.Vars {
		column[v] = i
	}
	for _, binding := range doc.Results.Bindings {
		row := make([]rdf.Term, len(r.Vars))
		for name, j := range binding {
			i, ok := column[name]
			if !ok {
				return nil, fmt.Errorf("variable %q is not in the head", name)
			}
			t, err := j.term()
			if err != nil {
				return nil, err
			}
			row[i] = t
		}
		r.Rows = append(r.Rows, row)
	}
	return r, nil
}
