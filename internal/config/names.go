package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// evaluation is one evaluation of a configuration. Locals and modules are
// evaluated when something needs them, each once.
type evaluation struct {
	*Config
	ctx   *hcl.EvalContext
	crate cty.Value
	// early is for what is known before there is a crate: modules, which may
	// depend on it, are unknown then.
	early bool

	locals  map[string]Local
	calls   map[string]*ModuleBlock
	values  map[string]cty.Value // of locals and modules: "local.NAME", "module.NAME"
	modules map[string]*Pipeline
	// open are the names whose evaluation has begun, with their places.
	open  []open
	diags hcl.Diagnostics
}

type open struct {
	name string
	at   hcl.Range
}

// need evaluates the locals and modules that expressions name, and puts them
// into the context.
func (e *evaluation) need(exprs ...hcl.Expression) {
	locals, modules := map[string]cty.Value{}, map[string]cty.Value{}
	for _, expr := range exprs {
		e.visit(expr, locals, modules)
	}
	e.ctx.Variables["local"], e.ctx.Variables["module"] = objectOf(locals), objectOf(modules)
}

// all evaluates every local and module, and puts them into the context.
func (e *evaluation) all() {
	locals, modules := map[string]cty.Value{}, map[string]cty.Value{}
	for _, l := range e.Locals {
		locals[l.Name] = e.local(l)
	}
	for i := range e.Modules {
		modules[e.Modules[i].Name] = e.module(&e.Modules[i])
	}
	e.ctx.Variables["local"], e.ctx.Variables["module"] = objectOf(locals), objectOf(modules)
}

// visit gathers the values that an expression names.
func (e *evaluation) visit(expr hcl.Expression, locals, modules map[string]cty.Value) {
	for _, t := range expr.Variables() {
		switch name := part(t, 1); t.RootName() {
		case "local":
			if l, ok := e.locals[name]; ok {
				locals[name] = e.local(l)
			}
		case "module":
			if m, ok := e.calls[name]; ok {
				modules[name] = e.module(m)
			}
		}
	}
}

// once evaluates a name, unless that was done or has begun: what needs itself
// is reported with the whole cycle.
func (e *evaluation) once(name string, at hcl.Range, value func() cty.Value) cty.Value {
	if v, ok := e.values[name]; ok {
		return v
	}
	for i, o := range e.open {
		if o.name != name {
			continue
		}
		var cycle []string
		for _, o := range e.open[i:] {
			cycle = append(cycle, fmt.Sprintf("%s (%s:%d)", o.name, o.at.Filename, o.at.Start.Line))
			e.values[o.name] = cty.DynamicVal
		}
		e.diags = append(e.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Cycle of values",
			Detail: "Each of these needs the next one: " + strings.Join(append(cycle, name), " → ") + ".", Subject: &o.at})
		return cty.DynamicVal
	}
	e.open = append(e.open, open{name, at})
	v := value()
	e.open = e.open[:len(e.open)-1]
	if known, cyclic := e.values[name]; cyclic {
		return known
	}
	e.values[name] = v
	return v
}

func (e *evaluation) local(l Local) cty.Value {
	return e.once("local."+l.Name, l.Range, func() cty.Value {
		e.need(l.Expr)
		if _, cyclic := e.values["local."+l.Name]; cyclic {
			return cty.DynamicVal
		}
		val, d := l.Expr.Value(e.ctx)
		if !d.HasErrors() {
			if err := lang.Bounded(val); err != nil {
				d = append(d, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Value too large",
					Detail: fmt.Sprintf("In local.%s, %s.", l.Name, err), Subject: l.Expr.Range().Ptr()})
			}
		}
		e.diags = append(e.diags, d...)
		if d.HasErrors() {
			return cty.DynamicVal
		}
		return val
	})
}

// module evaluates a module with its inputs, and gives its outputs as far as
// they are known before the run.
func (e *evaluation) module(m *ModuleBlock) cty.Value {
	return e.once("module."+m.Name, m.Range, func() cty.Value {
		if m.Config == nil || e.early {
			return cty.DynamicVal
		}
		var exprs []hcl.Expression
		names := sortedNames(m.Inputs)
		for _, name := range names {
			exprs = append(exprs, m.Inputs[name].Expr)
		}
		e.need(exprs...)
		if _, cyclic := e.values["module."+m.Name]; cyclic {
			return cty.DynamicVal
		}
		values, d := m.inputs(e.ctx)
		e.diags = append(e.diags, d...)
		if d.HasErrors() {
			return cty.DynamicVal
		}
		p, d := m.Config.evaluate(values, e.crate, e.ctx.Functions)
		e.diags = append(e.diags, d...)
		e.modules[m.Name] = p
		return objectOf(p.Scopes[0].Handles)
	})
}

// inputs are the values of a module's variables.
func (m *ModuleBlock) inputs(ctx *hcl.EvalContext) (map[string]cty.Value, hcl.Diagnostics) {
	var given []lang.Given
	var diags hcl.Diagnostics
	for _, name := range sortedNames(m.Inputs) {
		attr := m.Inputs[name]
		val, d := attr.Expr.Value(ctx)
		diags = append(diags, d...)
		given = append(given, lang.Given{Name: name, Value: val, Source: fmt.Sprintf("%s:%d", attr.Range.Filename, attr.Range.Start.Line), Range: attr.Expr.Range().Ptr()})
	}
	if diags.HasErrors() {
		return nil, diags
	}
	values, d := lang.ResolveVariables(m.Config.Variables, given, lang.FunctionMap(m.Config.Dir))
	m.Config.Sources = values.Sources
	// That an input is missing or unknown was said where the module is called.
	d = slices.DeleteFunc(d, func(d *hcl.Diagnostic) bool { return d.Summary == lang.NoValue || d.Summary == lang.UnknownVariable })
	return values.Values, append(diags, d...)
}
