package codegen

import (
	"maps"
	"strings"
)

// project turns a document and the rows of its queries into outputs.
//
// Rows come from the query that for_each names or, where `to` is a template,
// from the first query that gives rows. If the rows give different paths each
// row makes a file; if for_each rows all give one path their bodies follow each
// other in it; else the document makes one file that sees all rows.
func (r *run) project(d *Document) error {
	vars := r.scope(d)
	r.chance.reseed(d)
	data, err := r.data(d, r.base)
	if err != nil {
		return err
	}
	if d.Front.When.given() {
		ok, err := r.when(d, data, vars)
		if err != nil {
			return err
		}
		if !ok {
			r.skip(d, "when is false")
			return nil
		}
	}
	named, driver, err := r.ask(d, data)
	if err != nil {
		return err
	}
	if d.Front.Determinism {
		if err := r.checkDeterminism(d, named); err != nil {
			return err
		}
	}
	maps.Copy(vars, named)
	explicit := d.Front.ForEach.given()
	if len(named) > 0 {
		vars["results"] = driver
	}
	if d.rule != "" {
		if d.skipNoRows && len(driver) == 0 {
			r.skip(d, "the query gave no rows")
			return nil
		}
		vars["sparql_results"] = driver
		if !d.Front.To.templated() && len(driver) > 0 {
			if columns, ok := driver[0].(map[string]any); ok {
				maps.Copy(vars, columns)
			}
		}
	}
	if !explicit && (len(named) == 0 || !d.Front.To.templated()) {
		return r.one(d, data, vars)
	}
	return r.rows(d, data, vars, driver, explicit)
}

// rows makes the outputs of a document that rows drive.
func (r *run) rows(d *Document, data *dataset, vars map[string]any, rows []any, explicit bool) error {
	if len(rows) == 0 {
		if !explicit {
			if _, err := r.renderText(d, d.Front.To, vars); err == nil {
				return r.one(d, data, vars)
			}
		}
		r.skip(d, "the query gave no rows")
		return nil
	}
	scopes := make([]map[string]any, len(rows))
	varies, first := false, ""
	for i, row := range rows {
		scope := maps.Clone(vars)
		scope["row"] = row
		if columns, ok := row.(map[string]any); ok {
			maps.Copy(scope, columns)
		}
		scopes[i] = scope
		to, err := r.renderText(d, d.Front.To, scope)
		if err != nil {
			return err
		}
		if i == 0 {
			first = to
		}
		varies = varies || to != first
	}
	switch {
	case varies || len(rows) == 1:
		for _, scope := range scopes {
			if err := r.one(d, data, scope); err != nil {
				return err
			}
		}
		return nil
	case explicit:
		return r.aggregate(d, data, scopes)
	default:
		return r.one(d, data, vars)
	}
}

// one renders the body once into one output.
func (r *run) one(d *Document, data *dataset, vars map[string]any) error {
	body, err := r.body(d, data, vars)
	if err != nil {
		return err
	}
	return r.finish(d, data, vars, body)
}

// aggregate renders the body once for each row into one output.
func (r *run) aggregate(d *Document, data *dataset, scopes []map[string]any) error {
	var body strings.Builder
	for _, scope := range scopes {
		part, err := r.body(d, data, scope)
		if err != nil {
			return err
		}
		if body.Len()+len(part) > maxOutputSize {
			return d.errorAt(d.Front.To, "the output is over %d bytes", maxOutputSize)
		}
		body.WriteString(part)
	}
	return r.finish(d, data, scopes[0], body.String())
}

func (r *run) finish(d *Document, data *dataset, vars map[string]any, body string) error {
	if err := r.conforms(d, data, vars); err != nil {
		return err
	}
	if d.rule != "" {
		if err := r.checkRule(d, body); err != nil {
			return err
		}
	}
	if d.Front.SkipEmpty && strings.TrimSpace(body) == "" {
		r.skip(d, "the body is empty")
		return nil
	}
	return r.emit(d, vars, body)
}

// body renders a document's body; with determinism a second time, against
// queries run anew, and the two must agree.
func (r *run) body(d *Document, data *dataset, vars map[string]any) (string, error) {
	r.chance.reseed(d)
	r.active, r.activeTyped = data, r.typed(d)
	body, err := r.env.Render(r.ctx, d.name, vars)
	if err != nil {
		return "", r.place(err, source{})
	}
	if d.Front.Determinism {
		r.chance.reseed(d)
		again, err := r.env.Render(r.ctx, d.name, vars)
		if err != nil {
			return "", r.place(err, source{})
		}
		if again != body {
			return "", d.errorAt(d.Front.To, "determinism: two renderings of the same inputs differ")
		}
	}
	return body, nil
}

func (r *run) skip(d *Document, reason string) {
	r.skipped = append(r.skipped, Skipped{Template: d.place(), Reason: reason})
}

// checkRule applies what ggen demands of the output of a rule.
func (r *run) checkRule(d *Document, body string) error {
	if body == "" {
		return d.errorAt(d.Front.To, "rule %q renders to nothing: set skip_empty if its query may give no rows", d.rule)
	}
	if r.req.project.noUnsafe && hasWord(body, "unsafe") {
		return d.errorAt(d.Front.To, "rule %q renders the word `unsafe`, which [validation] no_unsafe refuses", d.rule)
	}
	return nil
}

// hasWord reports whether an ASCII word stands in s on its own.
func hasWord(s, word string) bool {
	part := func(c byte) bool {
		return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
	}
	for at := 0; ; {
		i := strings.Index(s[at:], word)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(word)
		if (start == 0 || !part(s[start-1])) && (end == len(s) || !part(s[end])) {
			return true
		}
		at = end
	}
}
