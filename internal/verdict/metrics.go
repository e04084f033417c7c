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
func (s Schema) Value(m Metrics) cty.Value {
	groups := map[string]cty.Value{}
	for group, fields := range s {
		values := map[string]cty.Value{}
		for _, f := range fields {
			values[f.Name] = cty.NullVal(cty.Number)
			if v, ok := m[group][f.Name]; ok {
				values[f.Name] = cty.NumberFloatVal(v)
			}
		}
		groups[group] = object(values)
	}
	return object(groups)
}

// Unknown is the metrics before the run: all figures unknown.
func (s Schema) Unknown() cty.Value {
	groups := map[string]cty.Value{}
	for group, fields := range s {
		values := map[string]cty.Value{}
		for _, f := range fields {
			values[f.Name] = cty.UnknownVal(cty.Number)
		}
		groups[group] = object(values)
	}
	return object(groups)
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

var stepType = cty.Object(map[string]cty.Type{
	"status": cty.String, "exit_code": cty.Number, "duration_ms": cty.Number, "cached": cty.Bool,
})

// stepValue is a step's result as gates see it.
func stepValue(r plan.Result) cty.Value {
	code := cty.NullVal(cty.Number)
	if r.ExitCode != nil {
		code = cty.NumberIntVal(int64(*r.ExitCode))
	}
	return cty.ObjectVal(map[string]cty.Value{
		"status":      cty.StringVal(string(r.Status)),
		"exit_code":   code,
		"duration_ms": cty.NumberIntVal(r.Duration().Milliseconds()),
		"cached":      cty.BoolVal(r.Cached),
	})
}

// steps gives `step` and `stage`: a step is step.NAME where its name is unique
// in the pipeline, and always stage.STAGE.step.NAME.
func steps(all []plan.Step, value func(plan.Step) cty.Value) (step, stage cty.Value) {
	count := map[string]int{}
	for _, s := range all {
		count[s.Name]++
	}
	byName := map[string]cty.Value{}
	byStage := map[string]map[string]cty.Value{}
	for _, s := range all {
		v := value(s)
		if count[s.Name] == 1 {
			byName[s.Name] = v
		}
		if byStage[s.Stage] == nil {
			byStage[s.Stage] = map[string]cty.Value{}
		}
		byStage[s.Stage][s.Name] = v
	}
	stages := map[string]cty.Value{}
	for name, m := range byStage {
		stages[name] = cty.ObjectVal(map[string]cty.Value{"step": object(m)})
	}
	return object(byName), object(stages)
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
