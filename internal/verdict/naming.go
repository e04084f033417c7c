package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/plan"
)

// naming is what an expression refers to.
type naming struct {
	// metrics are figures, "tests.failed", or whole groups: "tests", and ""
	// for all of them.
	metrics []string
	// steps are paths that lead to steps: ["stage", "testing", "step", "build"].
	// One that stops short stands for all below it, and so does an empty name.
	steps [][]string
}

func names(expr hcl.Expression) naming {
	var n naming
	for _, t := range expr.Variables() {
		var path []string
	parts:
		for _, part := range t {
			switch part := part.(type) {
			case hcl.TraverseRoot:
				path = append(path, part.Name)
			case hcl.TraverseAttr:
				path = append(path, part.Name)
			case hcl.TraverseIndex:
				if part.Key.Type() != cty.String {
					break parts
				}
				path = append(path, part.Key.AsString())
			default:
				break parts
			}
		}
		switch path[0] {
		case "metrics":
			n.metrics = append(n.metrics, strings.TrimSuffix(at(path, 1)+"."+at(path, 2), "."))
		case "step", "stage":
			n.steps = append(n.steps, path)
		}
	}
	return n
}

// at is a part of a path; a name that stops short, as in
// `for s in stage.testing.step`, stands for all below it.
func at(path []string, i int) string {
	if i < len(path) {
		return path[i]
	}
	return ""
}

// selected are the steps that a path leads to, and what it says of them beyond:
// ["status"] or ["metrics", "tests", "failed"].
func (s scope) selected(path []string) (steps []plan.Step, rest map[string][]string) {
	rest = map[string][]string{}
	for _, stage := range s.stages {
		i := 1
		if path[0] == "stage" {
			if want := at(path, 1); want != "" && want != stage.Declared() {
				continue
			}
			i = 2
			if stage.Instance != "" {
				if want := at(path, 2); want != "" && want != stage.Instance {
					continue
				}
				i = 3
			}
			i++ // the word "step"
		}
		for _, step := range stage.Steps {
			if want := at(path, i); want != "" && want != step.Declared() {
				continue
			}
			j := i + 1
			if step.Instance != "" {
				if want := at(path, j); want != "" && want != step.Instance {
					continue
				}
				j++
			}
			steps = append(steps, step)
			rest[step.ID] = path[min(j, len(path)):]
		}
	}
	return steps, rest
}

// missing says which thing that an expression names was not measured.
func (s scope) missing(n naming) string {
	for _, path := range n.steps {
		steps, rest := s.selected(path)
		for _, step := range steps {
			if r := s.results[step.ID]; !r.Status.Ran() {
				return fmt.Sprintf("step %s did not run: %s", step.ID, reason(r))
			}
			if said := rest[step.ID]; at(said, 0) == "metrics" {
				name := strings.TrimSuffix(at(said, 1)+"."+at(said, 2), ".")
				if figure := s.schema.unmeasured(name, step.Metrics, s.run.Measured[step.ID]); figure != "" {
					return fmt.Sprintf("%s of step %s was not measured", figure, step.ID)
				}
			}
		}
	}
	for _, name := range n.metrics {
		if figure := s.schema.unmeasured(name, s.schema.Groups(), s.total); figure != "" {
			return fmt.Sprintf("metrics.%s was not measured", figure)
		}
	}
	return ""
}

// unmeasured returns the first figure of some groups that a name stands for and
// that was not measured, or nothing. Names that the schema lacks are no figures.
func (s Schema) unmeasured(name string, groups []string, m Metrics) string {
	group, field, _ := strings.Cut(name, ".")
	for _, g := range groups {
		if group != "" && g != group {
			continue
		}
		for _, f := range s[g] {
			if field != "" && f.Name != field {
				continue
			}
			if _, ok := m[g][f.Name]; !ok {
				return g + "." + f.Name
			}
		}
	}
	return ""
}

func reason(r plan.Result) string {
	if r.Reason != "" {
		return r.Reason
	}
	return string(r.Status)
}

// mentioned are the IDs of the steps that the expression speaks of, by name or
// by the figures that they give.
func (s scope) mentioned(n naming, into map[string]bool) {
	for _, path := range n.steps {
		steps, _ := s.selected(path)
		for _, step := range steps {
			into[step.ID] = true
		}
	}
	for _, name := range n.metrics {
		group, _, _ := strings.Cut(name, ".")
		for _, stage := range s.run.Graph.Stages {
			if !s.covers(stage) {
				continue
			}
			for _, step := range stage.Steps {
				if slices.Contains(step.Metrics, group) || group == "" && len(step.Metrics) > 0 {
					into[step.ID] = true
				}
			}
		}
	}
}
