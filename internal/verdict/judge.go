// Package verdict judges a run: it evaluates the gates over what was measured
// and says which readiness level the crate has reached.
//
// A gate passes only when everything that its condition names was measured:
// one whose step did not run, or whose figure no tool printed, is "not run".
package verdict

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

// GateResult is how one gate ended.
type GateResult struct {
	Name     string
	Level    string
	Severity string
	// Status is passed, failed or not_run.
	Status plan.Status
	// Message says why it failed or did not run; for a pass, the figures.
	Message string
	Range   plan.Range
}

// Level is a readiness level and what keeps the crate from it.
type Level struct {
	Name  string
	Ready bool
	// Missing are the gates, of this level and the lower ones, that have not
	// passed.
	Missing []string
}

// Verdict is the judgement of a run.
type Verdict struct {
	Gates  []GateResult
	Levels []Level
	// Asked is the level that was asked for; Ready says whether it is reached.
	Asked string
	Ready bool
	// Reached is the highest level reached, empty for none.
	Reached string
}

// Check evaluates the gates against unknown results, so that a condition that
// names what can't exist is refused before anything runs.
func Check(p *config.Pipeline, schema Schema, all []plan.Step) hcl.Diagnostics {
	ctx := p.Context.NewChild()
	step, stage := steps(all, func(plan.Step) cty.Value { return cty.UnknownVal(stepType) })
	ctx.Variables = map[string]cty.Value{"metrics": schema.Unknown(), "step": step, "stage": stage}
	var diags hcl.Diagnostics
	for _, g := range p.Gates {
		diags = append(diags, checkType(g.Condition, ctx, cty.Bool, "condition", "true or false")...)
		if g.Message != nil {
			diags = append(diags, checkType(g.Message, ctx, cty.String, "message", "text")...)
		}
	}
	return diags
}

// checkType refuses an expression of a gate that can't become the type; word
// and want are what people call the two.
func checkType(expr hcl.Expression, ctx *hcl.EvalContext, ty cty.Type, word, want string) hcl.Diagnostics {
	val, diags := expr.Value(ctx)
	if diags.HasErrors() {
		return diags
	}
	problem := ""
	if val, err := convert.Convert(val, ty); err != nil {
		problem = err.Error()
	} else if val.IsNull() {
		problem = "it is null"
	}
	if problem != "" {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid gate " + word,
			Detail: fmt.Sprintf("A gate's %s must be %s: %s.", word, want, problem), Subject: expr.Range().Ptr()})
	}
	return diags
}

// Budget is the gate of a stage whose exceeded budget fails the run. ended is
// how the stage ended: one that did not run to its end has kept no budget, but
// it may well have exceeded it.
func Budget(s plan.Stage, ended plan.Status, took time.Duration) GateResult {
	g := GateResult{Name: "budget " + s.Name, Level: config.Levels()[0], Severity: "error", Status: plan.StatusPassed, Range: s.Range,
		Message: fmt.Sprintf("%s of %s", took.Round(time.Millisecond), s.Budget)}
	switch {
	case s.OverBudget(took):
		g.Status = plan.StatusFailed
	case !ended.Ran():
		g.Status, g.Message = plan.StatusNotRun, "the stage did not run to its end: "+string(ended)
	}
	return g
}

// Judge evaluates the gates over a run's results and metrics and compares
// with the asked level. more are gates that were judged elsewhere.
func Judge(p *config.Pipeline, schema Schema, results []plan.Result, metrics Metrics, asked string, more ...GateResult) (Verdict, hcl.Diagnostics) {
	j := judge{schema: schema, metrics: metrics, results: results, ctx: p.Context.NewChild()}
	byID := map[string]plan.Result{}
	all := make([]plan.Step, 0, len(results))
	for _, r := range results {
		byID[r.Step] = r
		all = append(all, plan.Step{ID: r.Step, Stage: r.Stage, Name: r.Name})
	}
	step, stage := steps(all, func(s plan.Step) cty.Value { return stepValue(byID[s.ID]) })
	j.ctx.Variables = map[string]cty.Value{"metrics": schema.Value(metrics), "step": step, "stage": stage}
	v := Verdict{Asked: asked}
	var diags hcl.Diagnostics
	for _, g := range p.Gates {
		r, d := j.gate(g)
		diags = append(diags, d...)
		v.Gates = append(v.Gates, r)
	}
	v.Gates = append(v.Gates, more...)
	v.levels()
	return v, diags
}

type judge struct {
	schema  Schema
	metrics Metrics
	results []plan.Result
	ctx     *hcl.EvalContext
}

func (j judge) gate(g config.Gate) (GateResult, hcl.Diagnostics) {
	r := GateResult{Name: g.Name, Level: g.Level, Severity: g.Severity, Status: plan.StatusNotRun, Range: config.PlanRange(g.Range)}
	named := names(g.Condition)
	if reason := j.missing(named); reason != "" {
		r.Message = reason
		return r, nil
	}
	val, diags := g.Condition.Value(j.ctx)
	if diags.HasErrors() {
		r.Message = "the condition could not be evaluated: " + diags[0].Detail
		return r, diags
	}
	val, err := convert.Convert(val, cty.Bool)
	if err != nil || val.IsNull() || !val.IsKnown() {
		r.Message = "the condition is neither true nor false"
		return r, diags
	}
	if val, _ := val.Unmark(); val.True() {
		r.Status, r.Message = plan.StatusPassed, describe(named.metrics, j.metrics)
		return r, diags
	}
	r.Status = plan.StatusFailed
	for _, text := range []string{j.message(g.Message), describe(named.metrics, j.metrics), "the condition is false"} {
		if text != "" {
			r.Message = text
			break
		}
	}
	return r, diags
}

// message is a gate's own message; empty when it has none, or when it can't be
// told: it may name a figure that was not measured, or a sensitive value.
func (j judge) message(expr hcl.Expression) string {
	if expr == nil {
		return ""
	}
	val, diags := expr.Value(j.ctx)
	if diags.HasErrors() || val.ContainsMarked() {
		return ""
	}
	val, err := convert.Convert(val, cty.String)
	if err != nil || val.IsNull() || !val.IsKnown() {
		return ""
	}
	return val.AsString()
}

// naming is what a condition refers to.
type naming struct {
	// metrics are figures, "tests.failed", or whole groups: "tests", and ""
	// for all of them.
	metrics []string
	// steps are patterns of steps.
	steps []stepPattern
}

// stepPattern names steps; an empty field stands for any.
type stepPattern struct{ stage, name string }

func (p stepPattern) matches(r plan.Result) bool {
	return (p.stage == "" || p.stage == r.Stage) && (p.name == "" || p.name == r.Name)
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
		// A name that stops short, as in `for s in stage.testing.step`, stands
		// for all below it: such a condition may read any of them.
		at := func(i int) string {
			if i < len(path) {
				return path[i]
			}
			return ""
		}
		switch path[0] {
		case "metrics":
			n.metrics = append(n.metrics, strings.TrimSuffix(at(1)+"."+at(2), "."))
		case "step":
			n.steps = append(n.steps, stepPattern{name: at(1)})
		case "stage":
			n.steps = append(n.steps, stepPattern{stage: at(1), name: at(3)})
		}
	}
	return n
}

// missing says which thing that a condition names was not measured.
func (j judge) missing(n naming) string {
	for _, want := range n.steps {
		for _, r := range j.results {
			if want.matches(r) && !r.Status.Ran() {
				return fmt.Sprintf("step %s did not run: %s", r.Step, reason(r))
			}
		}
	}
	for _, name := range n.metrics {
		if figure := j.unmeasured(name); figure != "" {
			return fmt.Sprintf("metrics.%s was not measured", figure)
		}
	}
	return ""
}

// unmeasured returns the first figure that a name stands for and that was not
// measured, or nothing. Names that the schema lacks are no figures.
func (j judge) unmeasured(name string) string {
	group, field, _ := strings.Cut(name, ".")
	for _, g := range j.schema.Groups() {
		if group != "" && g != group {
			continue
		}
		for _, f := range j.schema[g] {
			if field != "" && f.Name != field {
				continue
			}
			if _, ok := j.metrics[g][f.Name]; !ok {
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

// levels fills in the readiness levels from the gates. A level without a gate
// of its own can't be reached: nothing was asked.
func (v *Verdict) levels() {
	var missing []string
	for _, name := range config.Levels() {
		gates := 0
		for _, g := range v.Gates {
			if g.Level != name {
				continue
			}
			gates++
			if g.Status != plan.StatusPassed && g.Severity != "warning" {
				missing = append(missing, g.Name)
			}
		}
		level := Level{Name: name, Ready: len(missing) == 0 && gates > 0, Missing: append([]string(nil), missing...)}
		v.Levels = append(v.Levels, level)
		if level.Ready {
			v.Reached = name
		}
		if name == v.Asked {
			v.Ready = level.Ready
		}
	}
}
