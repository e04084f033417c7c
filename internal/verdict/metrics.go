package verdict

import (
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/plan"
)

// Metrics are the figures that were parsed from what the steps printed, by
// group and name: metrics["tests"]["executed"]. A figure that was not measured
// is absent.
type Metrics map[string]map[string]float64

// Field is one figure of a group.
type Field struct {
	Name        string
	Unit        string
	Description string
}

// Schema is every figure that can be measured, by group. Gates are checked
// against it before anything runs.
type Schema map[string][]Field

// Value is the metrics as gates see them: every group and figure of the
// schema, null where it was not measured.
func (s Schema) Value(m Metrics) cty.Value { return s.value(m, cty.NullVal(cty.Number)) }

// Unknown is the metrics before the run: all figures unknown.
func (s Schema) Unknown() cty.Value { return s.value(nil, cty.UnknownVal(cty.Number)) }

func (s Schema) value(m Metrics, missing cty.Value) cty.Value {
	groups := map[string]cty.Value{}
	for group := range s {
		groups[group] = s.group(group, m[group], missing)
	}
	return object(groups)
}

func (s Schema) group(name string, figures map[string]float64, missing cty.Value) cty.Value {
	values := map[string]cty.Value{}
	for _, f := range s[name] {
		values[f.Name] = missing
		if v, ok := figures[f.Name]; ok {
			values[f.Name] = cty.NumberFloatVal(v)
		}
	}
	return object(values)
}

// percent is the unit of figures that can't be added.
const percent = "percent"

// total puts the figures of steps together: counts are added, and of percentages
// the least one stands. A figure that a step was to give and did not is missing
// from the whole, unless the step was skipped.
func (s Schema) total(run *Run, results map[string]plan.Result, covers func(plan.Stage) bool) Metrics {
	out := Metrics{}
	missing := map[string]bool{}
	for _, stage := range run.Graph.Stages {
		if !covers(stage) {
			continue
		}
		for _, step := range stage.Steps {
			if r, ok := results[step.ID]; !ok || r.Status == plan.StatusSkipped {
				continue
			}
			for _, group := range step.Metrics {
				for _, f := range s[group] {
					out.add(group, f, run.Measured[step.ID][group], missing)
				}
			}
		}
	}
	return out
}

func (m Metrics) add(group string, f Field, figures map[string]float64, missing map[string]bool) {
	name := group + "." + f.Name
	v, ok := figures[f.Name]
	if !ok || missing[name] {
		missing[name] = true
		delete(m[group], f.Name)
		if len(m[group]) == 0 {
			delete(m, group)
		}
		return
	}
	if m[group] == nil {
		m[group] = map[string]float64{}
	}
	switch old, again := m[group][f.Name]; {
	case again && f.Unit == percent:
		v = min(v, old)
	case again:
		v += old
	}
	m[group][f.Name] = v
}

// Groups are the schema's groups, sorted.
func (s Schema) Groups() []string {
	var names []string
	for g := range s {
		names = append(names, g)
	}
	sort.Strings(names)
	return names
}

func object(m map[string]cty.Value) cty.Value {
	if len(m) == 0 {
		return cty.EmptyObjectVal
	}
	return cty.ObjectVal(m)
}

// describe puts figures that a condition names into words: "tests.failed = 2".
func describe(names []string, m Metrics) string {
	var parts []string
	for _, n := range names {
		group, field, _ := strings.Cut(n, ".")
		if v, ok := m[group][field]; ok {
			parts = append(parts, n+" = "+strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64))
		}
	}
	return strings.Join(parts, ", ")
}
