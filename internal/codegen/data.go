package codegen

import (
	"encoding/json"
)

// Graph is the RDF that the queries of a run see: documents that are loaded
// together, each with its own scope of blank nodes and prefixes.
type Graph struct {
	Documents []GraphDocument
}

// GraphDocument is one Turtle document.
type GraphDocument struct {
	Name string // for errors
	Text string
}

func (g *Graph) digest() string {
	if g == nil {
		return ""
	}
	data, _ := json.Marshal(g.Documents) // strings always marshal
	return digest(data)
}

// dataset is what the queries of one document see.
type dataset struct{}

func (d *dataset) bind(*run) {}

func (r *run) data(d *Document) (*dataset, error) {
	fm := &d.Front
	for _, t := range append(append(append([]text{fm.Construct}, fm.RDF...), fm.RDFInline...), fm.Shape...) {
		if t.given() {
			return nil, d.errorAt(t, "graphs are not supported")
		}
	}
	return nil, nil
}

func (r *run) ask(d *Document, _ *dataset) (map[string]any, []any, error) {
	if len(d.Front.Sparql) > 0 {
		return nil, nil, d.errorAt(d.Front.Sparql[0].Text, "queries are not supported")
	}
	return nil, nil, nil
}

func (r *run) conforms(*Document, *dataset, map[string]any) error { return nil }

// when evaluates the guard of a document: an expression of the template
// language.
func (r *run) when(d *Document, _ *dataset, vars map[string]any) (bool, error) {
	const before = "{% if "
	w := d.Front.When
	out, err := r.env.RenderString(r.ctx, d.File, before+w.s+" %}true{% endif %}", vars)
	if err != nil {
		return false, r.placeIn(d, w, err, len(before))
	}
	return out == "true", nil
}
