// Package verdict judges a run: it evaluates the gates over what was measured
// and says which readiness level the crate has reached.
//
// A gate passes only when everything that its condition names was measured:
// one whose step did not run, or whose figure no tool printed, is "not run".
package verdict

import (
	"fmt"
	"maps"
	"slices"
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
	// Steps are the IDs of the steps that the condition speaks of, by name or by
	// their figures.
	Steps []string
	Range plan.Range
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
	// Metrics are the figures of all steps together.
	Metrics Metrics
	// Outputs are the pipeline's, in the order of its files.
	Outputs []Output
}

// Run is what a run left behind.
type Run struct {
	Graph *plan.Graph
	// Results are those of the graph's steps.
	Results []plan.Result
	// Measured are the figures of each step, by its ID.
	Measured map[string]Metrics
}

// scopes are what gates and outputs are judged in, by module.
func (r *Run) scopes(p *config.Pipeline, schema Schema) map[string]scope {
	results := make(map[string]plan.Result, len(r.Results))
	for _, res := range r.Results {
		results[res.Step] = res
	}
	metrics := func(s *scope) cty.Value {
		s.total = schema.total(r, results, s.covers)
		return schema.Value(s.total)
	}
	return scopes(p, r.Graph, knownStep(schema, handles(p), results, r.Measured), metrics, scope{run: r, results: results, schema: schema},
		func(s scope, o config.OutputBlock) cty.Value {
			val, _, _ := s.output(o)
			return val
		})
}

// Check evaluates gates and outputs against unknown results, so that a
// condition that names what can't exist is refused before anything runs.
func Check(p *config.Pipeline, schema Schema, g *plan.Graph) hcl.Diagnostics {
	var diags hcl.Diagnostics
	metrics := func(*scope) cty.Value { return schema.Unknown() }
	all := scopes(p, g, unknownStep(schema, handles(p)), metrics, scope{schema: schema}, func(s scope, o config.OutputBlock) cty.Value {
		if o.Value == nil { // which was said already
			return cty.DynamicVal
		}
		val, d := value(o.Value, s.ctx)
		diags = append(diags, d...)
		if o.Sensitive {
			val = val.Mark(config.Sensitive)
		}
		return val
	})
	for _, g := range p.Gates {
		if g.Condition == nil {
			continue
		}
		ctx := all[g.Module].ctx
		diags = append(diags, checkType(g.Condition, ctx, cty.Bool, "condition", "true or false")...)
		if g.Message != nil {
			diags = append(diags, checkType(g.Message, ctx, cty.String, "message", "text")...)
		}
	}
	for _, o := range p.Scopes[0].Outputs {
		diags = append(diags, checkOutput(o, all[""].ctx)...)
	}
	return diags
}

// checkType refuses an expression of a gate that can't become the type; word
// and want are what people call the two.
func checkType(expr hcl.Expression, ctx *hcl.EvalContext, ty cty.Type, word, want string) hcl.Diagnostics {
	val, diags := value(expr, ctx)
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

// Judge evaluates the gates and outputs over what a run left behind, and
// compares with the asked level. more are gates that were judged elsewhere.
func Judge(p *config.Pipeline, schema Schema, run Run, asked string, more ...GateResult) (Verdict, hcl.Diagnostics) {
	all := run.scopes(p, schema)
	v := Verdict{Asked: asked, Metrics: all[""].total}
	var diags hcl.Diagnostics
	for _, g := range p.Gates {
		r, d := all[g.Module].gate(g)
		diags = append(diags, d...)
		v.Gates = append(v.Gates, r)
	}
	v.Gates = append(v.Gates, more...)
	v.levels()
	for _, o := range p.Scopes[0].Outputs {
		out, d := all[""].shown(o)
		diags = append(diags, d...)
		v.Outputs = append(v.Outputs, out)
	}
	return v, diags
}

func (s scope) gate(g config.Gate) (GateResult, hcl.Diagnostics) {
	r := GateResult{Name: g.Name, Level: g.Level, Severity: g.Severity, Status: plan.StatusNotRun, Range: config.PlanRange(g.Range)}
	named := names(g.Condition)
	spoken := map[string]bool{}
	s.mentioned(named, spoken)
	r.Steps = slices.Sorted(maps.Keys(spoken))
	if reason := s.missing(named); reason != "" {
		r.Message = reason
		return r, nil
	}
	val, diags := g.Condition.Value(s.ctx)
	if diags.HasErrors() {
		r.Message = "the condition could not be evaluated: " + diags[0].Detail
		return r, diags
	}
	val, err := convert.Convert(val, cty.Bool)
	if err != nil || val.IsNull() {
		r.Message = "the condition is neither true nor false"
		return r, diags
	}
	if !val.IsKnown() {
		r.Message = "the condition reads a figure that was not measured"
		return r, diags
	}
	if val, _ := val.Unmark(); val.True() {
		r.Status, r.Message = plan.StatusPassed, describe(named.metrics, s.total)
		return r, diags
	}
	r.Status = plan.StatusFailed
	for _, text := range []string{s.message(g.Message), describe(named.metrics, s.total), "the condition is false"} {
		if text != "" {
			r.Message = text
			break
		}
	}
	return r, diags
}

// message is a gate's own message; empty when it has none, or when it can't be
// told: it may name a figure that was not measured, or a sensitive value.
func (s scope) message(expr hcl.Expression) string {
	if expr == nil {
		return ""
	}
	val, diags := expr.Value(s.ctx)
	if diags.HasErrors() || val.ContainsMarked() {
		return ""
	}
	val, err := convert.Convert(val, cty.String)
	if err != nil || val.IsNull() || !val.IsKnown() {
		return ""
	}
	return val.AsString()
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
