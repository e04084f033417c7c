package codegen

import (
	"regexp"

	"github.com/sixtyhq/sixty/internal/sparql/results"
)

// askQuery matches the beginning of an ASK query, after comments.
var askQuery = regexp.MustCompile(`(?i)^(\s*#[^\n]*\n)*\s*(ASK\s*(\{|WHERE\b|FROM\b)|PREFIX\s+\S*:\s*<|BASE\s*<)`)

// when evaluates the guard of a document: an ASK query, or else an expression
// of the template language.
func (r *run) when(d *Document, data *dataset, vars map[string]any) (bool, error) {
	w := d.Front.When
	if r.req.project != nil || askQuery.MatchString(w.s) {
		res, err := r.query(d, data, w)
		if err != nil {
			return false, err
		}
		if res.Kind != results.Boolean {
			return false, d.errorAt(w, "when must be an ASK query")
		}
		return res.Boolean, nil
	}
	const before = "{% if "
	out, err := r.env.RenderString(r.ctx, d.File, before+w.s+" %}true{% endif %}", vars)
	if err != nil {
		return false, r.placeIn(d, w, err, len(before))
	}
	return out == "true", nil
}
