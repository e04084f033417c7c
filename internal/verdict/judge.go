// Package verdict judges a run: it evaluates the gates over what was measured
// and says which readiness level the crate has reached.
//
// A gate passes only when everything that its condition names was measured:
// one whose step did not run, or whose figure no tool printed, is "not run".
package verdict

import (
	"fmt"
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
		val, d := g.Condition.Value(ctx)
		diags = append(diags, d...)
		if !d.HasErrors() {
			if _, err := convert.Convert(val, cty.Bool); err != nil {
				diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid gate condition",
					Detail: "A condition must be true or false: " + err.Error() + ".", Subject: g.Condition.Range().Ptr()})
			}
		}
		if g.Message != nil {
			_, d := g.Message.Value(ctx)
			diags = append(diags, d...)
		}
	}
	return diags
}

// Budget is the gate of a stage whose exceeded budget fails the run.
func Budget(s plan.Stage, took time.Duration) GateResult {
	g := GateResult{Name: "budget " + s.Name, Level: config.Levels()[0], Severity: "error", Status: plan.StatusPassed, Range: s.Range,
		Message: fmt.Sprintf("%s of %s", took.Round(time.Millisecond), s.Budget)}
	if took > s.Budget {
		g.Status = plan.StatusFailed
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
	r.Status, r.Message = plan.StatusFailed, describe(named.metrics, j.metrics)
	if g.Message != nil {
		if msg, d := g.Message.Value(j.ctx); !d.HasErrors() {
			if msg, _ := msg.Unmark(); msg.Type() == cty.String && msg.IsKnown() && !msg.IsNull() {
				r.Message = msg.AsString()
			}
		}
	}
	if r.Message == "" {
		r.Message = "the condition is false"
	}
	return r, diags
}

// naming is what a condition refers to.
type naming struct {
	metrics []string      // "tests.failed"
	steps   []plan.Result // by name only
}

func names(expr hcl.Expression) naming {
	var n naming
	for _, t := range expr.Variables() {
		var path []string
		for _, part := range t {
			switch part := part.(type) {
			case hcl.TraverseRoot:
				path = append(path, part.Name)
			case hcl.TraverseAttr:
				path = append(path, part.Name)
			case hcl.TraverseIndex:
				if part.Key.Type() == cty.String {
					path = append(path, part.Key.AsString())
				}
			}
		}
		switch {
		case len(path) >= 3 && path[0] == "metrics":
			n.metrics = append(n.metrics, path[1]+"."+path[2])
		case len(path) >= 2 && path[0] == "step":
			n.steps = append(n.steps, plan.Result{Name: path[1]})
		case len(path) >= 4 && path[0] == "stage" && path[2] == "step":
			n.steps = append(n.steps, plan.Result{Stage: path[1], Name: path[3]})
		}
	}
	return n
}

// missing says which thing that a condition names was not measured.
func (j judge) missing(n naming) string {
	for _, want := range n.steps {
		for _, r := range j.results {
			if r.Name != want.Name || want.Stage != "" && r.Stage != want.Stage {
				continue
			}
			switch r.Status {
			case plan.StatusPassed, plan.StatusFailed, plan.StatusTimedOut:
			default:
				return fmt.Sprintf("step %s did not run: %s", r.Step, reason(r))
			}
		}
	}
	for _, name := range n.metrics {
		if text := j.unmeasured(name); text != "" {
			return text
		}
	}
	return ""
}

func (j judge) unmeasured(name string) string {
	for group, fields := range j.schema {
		for _, f := range fields {
			if group+"."+f.Name != name {
				continue
			}
			if _, ok := j.metrics[group][f.Name]; ok {
				return ""
			}
			return fmt.Sprintf("metrics.%s was not measured", name)
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
