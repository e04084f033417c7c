package verdict

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

// scope is what the gates and outputs of the pipeline, or of one module, are
// judged in.
type scope struct {
	config.Scope
	ctx *hcl.EvalContext
	// stages are the module's own.
	stages []plan.Stage
	// total are the figures of its steps and of those of the modules it calls.
	total Metrics
	run   *Run
	// results are those of all steps by ID.
	results map[string]plan.Result
	schema  Schema
}

// stepValue gives what an expression sees of a step.
type stepValue func(plan.Step) cty.Value

// scopes makes the scope of each module, those that are called before those
// that call them. metrics gives what `metrics` is, and output the value of an
// output in its scope.
func scopes(p *config.Pipeline, g *plan.Graph, step stepValue, metrics func(s *scope) cty.Value, base scope, output func(scope, config.OutputBlock) cty.Value) map[string]scope {
	byModule := map[string][]plan.Stage{}
	for _, s := range g.Stages {
		byModule[s.Module] = append(byModule[s.Module], s)
	}
	modules := map[string]map[string]cty.Value{} // outputs of the modules that a scope calls
	all := map[string]scope{}
	for i := len(p.Scopes) - 1; i >= 0; i-- {
		s := base
		s.Scope, s.stages = p.Scopes[i], byModule[p.Scopes[i].Module]
		byName, byStage := objects(s.stages, step)
		s.ctx = s.Context.NewChild()
		s.ctx.Variables = map[string]cty.Value{"step": byName, "stage": byStage, "module": object(modules[s.Module])}
		s.ctx.Variables["metrics"] = metrics(&s)
		all[s.Module] = s
		if s.Module == "" {
			continue
		}
		outputs := map[string]cty.Value{}
		for _, o := range s.Outputs {
			outputs[o.Name] = output(s, o)
		}
		parent, name := "", s.Module
		if at := strings.LastIndex(s.Module, "."); at >= 0 {
			parent, name = s.Module[:at], s.Module[at+1:]
		}
		if modules[parent] == nil {
			modules[parent] = map[string]cty.Value{}
		}
		modules[parent][name] = object(outputs)
	}
	return all
}

// covers reports whether a stage's figures count in the scope.
func (s scope) covers(stage plan.Stage) bool {
	return s.Module == "" || stage.Module == s.Module || strings.HasPrefix(stage.Module, s.Module+".")
}

// objects gives `step` and `stage`: a step is step.NAME where only one stage
// has a step of that name, and always stage.STAGE.step.NAME. What has instances
// is an object of them by their keys.
func objects(stages []plan.Stage, value stepValue) (byName, byStage cty.Value) {
	count := map[string]int{}
	steps := map[string]cty.Value{}
	single := map[string]cty.Value{}
	instances := map[string]map[string]cty.Value{}
	for _, s := range stages {
		own := stepObjects(s, value)
		for name, v := range own {
			count[name]++
			steps[name] = v
		}
		one := cty.ObjectVal(map[string]cty.Value{"step": object(own)})
		switch block := s.Declared(); {
		case s.Instance == "":
			single[block] = one
		case instances[block] == nil:
			instances[block] = map[string]cty.Value{s.Instance: one}
		default:
			instances[block][s.Instance] = one
		}
	}
	for name, n := range count {
		if n > 1 {
			delete(steps, name)
		}
	}
	for block, m := range instances {
		single[block] = cty.ObjectVal(m)
	}
	return object(steps), object(single)
}

func stepObjects(stage plan.Stage, value stepValue) map[string]cty.Value {
	out := make(map[string]cty.Value, len(stage.Steps))
	instances := map[string]map[string]cty.Value{}
	for _, s := range stage.Steps {
		block := s.Declared()
		switch {
		case s.Instance == "":
			out[block] = value(s)
		case instances[block] == nil:
			instances[block] = map[string]cty.Value{s.Instance: value(s)}
		default:
			instances[block][s.Instance] = value(s)
		}
	}
	for block, m := range instances {
		out[block] = cty.ObjectVal(m)
	}
	return out
}

// handles are the references to each step's outputs, by the step's ID.
func handles(p *config.Pipeline) map[string]cty.Value {
	out := map[string]cty.Value{}
	for _, stage := range p.Stages {
		for _, s := range stage.Steps {
			out[stage.Name+"."+s.Name] = s.Handles
		}
	}
	return out
}

// unknownStep is a step before the run: what it will give is unknown.
func unknownStep(schema Schema, handles map[string]cty.Value) stepValue {
	return func(s plan.Step) cty.Value {
		figures := map[string]cty.Value{}
		for _, group := range s.Metrics {
			figures[group] = schema.group(group, nil, cty.UnknownVal(cty.Number))
		}
		return stepObject(s, handles, cty.UnknownVal(cty.String), cty.UnknownVal(cty.Number), cty.UnknownVal(cty.Number), cty.UnknownVal(cty.Bool), object(figures))
	}
}

// knownStep is a step after the run. A figure that was not measured is unknown,
// so that no condition can be true or false by it.
func knownStep(schema Schema, handles map[string]cty.Value, results map[string]plan.Result, measured map[string]Metrics) stepValue {
	return func(s plan.Step) cty.Value {
		r := results[s.ID]
		code := cty.NullVal(cty.Number)
		if r.ExitCode != nil {
			code = cty.NumberIntVal(int64(*r.ExitCode))
		}
		figures := map[string]cty.Value{}
		for _, group := range s.Metrics {
			figures[group] = schema.group(group, measured[s.ID][group], cty.UnknownVal(cty.Number))
		}
		return stepObject(s, handles, cty.StringVal(string(r.Status)), code, cty.NumberIntVal(r.Duration().Milliseconds()), cty.BoolVal(r.Cached), object(figures))
	}
}

func stepObject(s plan.Step, handles map[string]cty.Value, status, code, took, cached, metrics cty.Value) cty.Value {
	attrs := map[string]cty.Value{"status": status, "exit_code": code, "duration_ms": took, "cached": cached, "metrics": metrics}
	if outputs, ok := handles[s.ID]; ok && outputs != cty.NilVal {
		attrs["output"] = outputs
	}
	return cty.ObjectVal(attrs)
}
