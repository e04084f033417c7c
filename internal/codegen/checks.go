package codegen

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/sparql/results"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

// infer adds what an inference rule of a project gives.
func (r *run) infer(data *dataset, rule inference) error {
	d := &Document{File: "ggen.toml", whole: r.req.project.source}
	if rule.when.given() {
		res, err := r.query(d, data, rule.when)
		if err != nil {
			return err
		}
		if res.Kind != results.Boolean {
			return d.errorAt(rule.when, "inference rule %q: when must be an ASK query", rule.name)
		}
		if !res.Boolean {
			return nil
		}
	}
	res, err := r.query(d, data, rule.construct)
	if err != nil {
		return err
	}
	if res.Kind != results.Graph {
		return d.errorAt(rule.construct, "inference rule %q: construct must be a CONSTRUCT query", rule.name)
	}
	data.add(res.Triples)
	return nil
}

// check evaluates the checks of a project: nothing is rendered if one fails.
func (r *run) check(data *dataset) error {
	var faults []error
	for _, c := range r.req.project.checks {
		wrong, err := r.violated(data, c)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if wrong == "" {
			continue
		}
		if c.message != "" {
			wrong = c.message + ": " + wrong
		}
		if c.warning {
			r.warnings = append(r.warnings, fmt.Sprintf("%s: %s", c.name, wrong))
			continue
		}
		faults = append(faults, fmt.Errorf("%s: the graph does not pass: %s", c.name, wrong))
	}
	return errors.Join(faults...)
}

// violated says how a check fails, or gives "".
func (r *run) violated(data *dataset, c check) (string, error) {
	res, err := r.runQuery(data, c.query)
	var syn *syntax.Error
	if errors.As(err, &syn) {
		return "", c.file.errorAt(syn.Line, syn.Column, "SPARQL: "+syn.Msg)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", c.name, err)
	}
	switch {
	case res.Kind == results.Boolean && res.Boolean == c.gate:
		return fmt.Sprintf("the ASK is %v", res.Boolean), nil
	case res.Kind == results.Boolean:
		return "", nil
	case res.Kind == results.Bindings && c.gate && len(res.Rows) == 0:
		return "", nil
	case res.Kind == results.Bindings && c.gate:
		return describeRows(res), nil
	case c.gate:
		return "", c.file.errorAt(1, 0, c.name+" must be an ASK or a SELECT query")
	}
	return "", c.file.errorAt(1, 0, c.name+" must be an ASK query")
}

// describeRows shows the first rows of what a gate found.
func describeRows(res *results.Result) string {
	const most = 5
	var rows []string
	for _, row := range resultValue(res, false).([]any)[:min(most, len(res.Rows))] {
		var cells []string
		m := row.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(m)) {
			cells = append(cells, fmt.Sprintf("%s=%v", name, m[name]))
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	s := strings.Join(rows, "; ")
	if len(res.Rows) > most {
		s += fmt.Sprintf("; and %d more", len(res.Rows)-most)
	}
	return s
}
