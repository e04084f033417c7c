package config

import (
	"fmt"
	"path"
	"runtime"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Evaluate computes every attribute. vars are the variables' values; crate is
// what is known of the crate, or an unknown value while nothing is.
func (c *Config) Evaluate(vars map[string]cty.Value, crate cty.Value) (*Pipeline, hcl.Diagnostics) {
	return c.evaluate(vars, crate, lang.FunctionMap(c.Dir))
}

// evaluate is Evaluate with what the loops of the caller are metered by.
func (c *Config) evaluate(vars map[string]cty.Value, crate cty.Value, metered map[string]function.Function) (*Pipeline, hcl.Diagnostics) {
	e := c.evaluation(vars, crate, lang.SharedMeter(c.Dir, metered))
	e.before(c.expansions())
	stages, d := c.expand(e.ctx)
	e.diags = append(e.diags, d...)
	e.ctx.Variables["stage"] = c.stageHandles(stages)
	e.all()
	p := &Pipeline{Context: e.ctx}
	for _, b := range c.Images {
		image, d := b.evaluate(e.ctx)
		e.diags = append(e.diags, d...)
		image.Name = c.qualified(b.Name)
		p.Images = append(p.Images, image)
	}
	for _, b := range c.Caches {
		p.Caches = append(p.Caches, c.qualified(b.Name))
	}
	for _, b := range c.Secrets {
		s, d := b.evaluate(e.ctx)
		e.diags = append(e.diags, d...)
		s.Name, s.Dir = c.qualified(b.Name), c.Dir
		p.Secrets = append(p.Secrets, s)
	}
	for _, b := range c.Services {
		s, d := b.evaluate(e.ctx)
		e.diags = append(e.diags, d...)
		s.Name = c.qualified(b.Name)
		p.Services = append(p.Services, s)
	}
	for _, g := range c.Gates {
		g.Name, g.Module = c.qualified(g.Name), c.module
		p.Gates = append(p.Gates, g)
	}
	p.Scopes = []Scope{{Module: c.module, Context: e.ctx, Outputs: c.Outputs, Handles: e.handles(stages)}}
	done := evaluateStages(stages, e.ctx)
	for _, at := range c.order {
		if at.module >= 0 {
			p.include(e.modules[c.Modules[at.module].Name])
			continue
		}
		for _, s := range done[c.Stages[at.stage].Name] {
			e.diags = append(e.diags, s.diags...)
			s.stage.Module = c.module
			p.Stages = append(p.Stages, s.stage)
		}
	}
	return p, c.explain(e.diags)
}

// evaluated is a stage instance with its values.
type evaluated struct {
	stage Stage
	diags hcl.Diagnostics
}

// evaluateStages computes all instances, as many at a time as there are
// processors: none needs the values of another.
func evaluateStages(stages map[string][]stageInstance, ctx *hcl.EvalContext) map[string][]evaluated {
	out := make(map[string][]evaluated, len(stages))
	var wait sync.WaitGroup
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	for name, all := range stages {
		done := make([]evaluated, len(all))
		out[name] = done
		for n, i := range all {
			turns <- struct{}{}
			wait.Go(func() {
				done[n].stage, done[n].diags = i.evaluateAll(ctx)
				<-turns
			})
		}
	}
	wait.Wait()
	return out
}

// handles are the values of the outputs as far as they are known before the run.
// One that is wrong is unknown as well: that is said where all are evaluated.
func (e *evaluation) handles(stages map[string][]stageInstance) map[string]cty.Value {
	if e.Config.module == "" {
		return nil // no one calls the pipeline
	}
	ctx := e.ctx.NewChild()
	ctx.Variables = map[string]cty.Value{"step": uniqueSteps(stages)}
	out := map[string]cty.Value{}
	for _, o := range e.Outputs {
		out[o.Name] = cty.DynamicVal
		if o.Value == nil {
			continue
		}
		if val, d := o.Value.Value(ctx); !d.HasErrors() {
			out[o.Name] = val
			if o.Sensitive {
				out[o.Name] = val.Mark(Sensitive)
			}
		}
	}
	return out
}

// include adds what a module has to the pipeline that calls it; nil adds
// nothing.
func (p *Pipeline) include(module *Pipeline) {
	if module == nil {
		return
	}
	p.Images = append(p.Images, module.Images...)
	p.Caches = append(p.Caches, module.Caches...)
	p.Secrets = append(p.Secrets, module.Secrets...)
	p.Services = append(p.Services, module.Services...)
	p.Stages = append(p.Stages, module.Stages...)
	p.Gates = append(p.Gates, module.Gates...)
	p.Scopes = append(p.Scopes, module.Scopes...)
}

func (c *Config) evaluation(vars map[string]cty.Value, crate cty.Value, funcs map[string]function.Function) *evaluation {
	e := &evaluation{Config: c, crate: crate, locals: map[string]Local{}, calls: map[string]*ModuleBlock{},
		values: map[string]cty.Value{}, modules: map[string]*Pipeline{}}
	for _, l := range c.Locals {
		e.locals[l.Name] = l
	}
	for i := range c.Modules {
		e.calls[c.Modules[i].Name] = &c.Modules[i]
	}
	e.ctx = &hcl.EvalContext{
		Functions: funcs,
		Variables: map[string]cty.Value{
			"var":     objectOf(vars),
			"path":    cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(c.Dir)}),
			"crate":   crate,
			"image":   c.refs(RefImage, len(c.Images), func(i int) string { return c.Images[i].Name }),
			"cache":   c.refs(RefCache, len(c.Caches), func(i int) string { return c.Caches[i].Name }),
			"secret":  c.refs(RefSecret, len(c.Secrets), func(i int) string { return c.Secrets[i].Name }),
			"service": c.refs(RefService, len(c.Services), func(i int) string { return c.Services[i].Name }),
			"local":   cty.EmptyObjectVal,
			"module":  cty.EmptyObjectVal,
		},
	}
	return e
}

// before makes stages known to what is evaluated before matrices have values, if
// any of it refers to one.
func (e *evaluation) before(exprs []hcl.Expression) {
	if e.mentionStages(exprs) {
		e.ctx.Variables["stage"] = e.unexpanded()
	}
	e.need(exprs...)
}

// mentionStages says whether expressions, or the values that they may need,
// refer to a stage.
func (c *Config) mentionStages(exprs []hcl.Expression) bool {
	exprs = slices.Clone(exprs)
	for _, l := range c.Locals {
		exprs = append(exprs, l.Expr)
	}
	for _, m := range c.Modules {
		exprs = append(exprs, expressionsOf(m.Inputs)...)
	}
	return slices.ContainsFunc(exprs, func(e hcl.Expression) bool {
		return slices.ContainsFunc(e.Variables(), func(t hcl.Traversal) bool { return t.RootName() == "stage" })
	})
}

// expansions are the expressions that decide which steps there are.
func (c *Config) expansions() []hcl.Expression {
	var out []hcl.Expression
	add := func(attrs hcl.Attributes) {
		for _, name := range []string{"matrix", "exclude", "for_each"} {
			if attr, ok := attrs[name]; ok {
				out = append(out, attr.Expr)
			}
		}
	}
	for _, s := range c.Stages {
		add(s.Attrs)
		for _, step := range s.Steps {
			add(step.Attrs)
			for _, d := range step.dynamic {
				if body, ok := d.Body.(*hclsyntax.Body); ok {
					dynamicExpressions(body, func(e hcl.Expression) { out = append(out, e) })
				}
			}
		}
	}
	return out
}

func objectOf(m map[string]cty.Value) cty.Value {
	if len(m) == 0 {
		return cty.EmptyObjectVal
	}
	return cty.ObjectVal(m)
}

func (b ImageBlock) evaluate(ctx *hcl.EvalContext) (Image, hcl.Diagnostics) {
	r := &reader{ctx: ctx, attrs: b.Attrs}
	image := Image{Name: b.Name, From: r.str("from"), Warm: r.ref("warm", RefLockfile), Range: b.Range}
	diags := r.diags
	if b.Debian != nil {
		r := &reader{ctx: ctx, attrs: b.Debian.Attrs}
		suite := r.str("suite")
		if suite == "" {
			suite = "bookworm"
		}
		image.Debian = &Debian{Suite: suite, Packages: r.strs("packages"), Exclude: r.strs("exclude"),
			Include: r.strs("include"), Env: r.env("env"), Range: b.Debian.Range}
		diags = append(diags, r.diags...)
	}
	return image, diags
}

func (b SecretBlock) evaluate(ctx *hcl.EvalContext) (Secret, hcl.Diagnostics) {
	r := &reader{ctx: ctx, attrs: b.Attrs}
	s := Secret{Name: b.Name, Env: r.str("env"), File: r.str("file"), Command: r.strs("command"), Range: b.Range}
	ways := 0
	for _, given := range []bool{s.Env != "", s.File != "", len(s.Command) > 0} {
		if given {
			ways++
		}
	}
	if ways != 1 && !r.diags.HasErrors() {
		r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Where is this secret?",
			Detail: "A secret has exactly one of env, file and command, and it is not empty.", Subject: &s.Range})
	}
	return s, r.diags
}

// evaluate computes the stage's own attributes, without its steps.
func (b StageBlock) evaluate(ctx *hcl.EvalContext) (Stage, hcl.Diagnostics) {
	r := &reader{ctx: ctx, attrs: b.Attrs}
	s := Stage{
		Name: b.Name, Pack: r.str("pack"), Version: r.str("version"), Image: r.ref("image", RefImage),
		Env:         r.strs("env"),
		Hooks:       r.choice("hooks", "refuse", "refuse", "container") == "container",
		Budget:      r.duration("budget"),
		BudgetFails: r.choice("budget_exceeded", "warn", "warn", "fail") == "fail",
		When:        r.boolean("when", true),
		Range:       b.Range,
	}
	if val, attr, ok := r.value("vars", cty.DynamicPseudoType); ok {
		switch {
		case val.IsMarked():
			r.refuse(attr, "\"vars\" may hold sensitive values, but can't be one as a whole.")
		case !val.Type().IsObjectType() && !val.Type().IsMapType():
			r.refuse(attr, "\"vars\" must be a map of the pack's variables.")
		default:
			s.Vars = val.AsValueMap()
		}
	}
	diags := r.diags
	for _, g := range b.Graphs {
		r := &reader{ctx: ctx, attrs: g.Attrs}
		s.Graphs = append(s.Graphs, Graph{Endpoint: r.str("endpoint"), Query: r.str("query"), SHA256: r.str("sha256"),
			Timeout: r.duration("timeout"), Range: g.Range})
		diags = append(diags, r.diags...)
	}
	return s, diags
}

// evaluateAll computes the stage with its steps.
func (i stageInstance) evaluateAll(ctx *hcl.EvalContext) (Stage, hcl.Diagnostics) {
	s, diags := i.evaluate(i.context(ctx))
	s.Name, s.Block, s.Instance = i.full, i.Name, i.key
	inner := ctx.NewChild()
	inner.Variables = map[string]cty.Value{"step": i.handles}
	s.Steps = make([]Step, 0, len(i.steps))
	for _, b := range i.steps {
		step, d := b.evaluate(b.context(inner))
		diags = append(diags, d...)
		step.Name, step.Block, step.Instance = b.name(b.Name), b.Name, b.key
		step.Handles = outputHandles(i.id(b), b.Outputs)
		s.Steps = append(s.Steps, step)
	}
	return s, diags
}

func (b StepBlock) evaluate(ctx *hcl.EvalContext) (Step, hcl.Diagnostics) {
	r := &reader{ctx: ctx, attrs: b.Attrs}
	s := Step{
		Name: b.Name, Command: r.strs("command"), Uses: r.str("uses"), Image: r.ref("image", RefImage),
		Env: r.env("env"), Dir: r.absolute("dir"), Timeout: r.duration("timeout"),
		Network: r.choice("network", "none", "none", "host"),
		Metrics: r.strs("metrics"), When: r.boolean("when", true), Ahead: r.boolean("ahead", false), After: r.after(), Services: r.services(), Range: b.Range,
	}
	if script := r.str("script"); script != "" {
		s.Command = []string{"/bin/sh", "-euc", script}
	}
	if s.When && len(s.Command) == 0 && s.Uses == "" && !r.diags.HasErrors() {
		for _, name := range exclusive {
			if attr, ok := b.Attrs[name]; ok {
				r.refuse(attr, "The %s is empty. A step that has nothing to do says so by when = false.", name)
			}
		}
	}
	diags := r.diags
	for _, mb := range b.Mounts {
		m, d := mb.mount(ctx)
		diags = append(diags, d...)
		s.Mounts = append(s.Mounts, m)
	}
	for _, ob := range b.Outputs {
		or := &reader{ctx: ctx, attrs: ob.Attrs}
		s.Outputs = append(s.Outputs, StepOutput{Name: ob.Label, Path: or.absolute("path"), Optional: or.boolean("optional", false), Volume: or.boolean("volume", false), Range: ob.Range})
		diags = append(diags, or.diags...)
	}
	return s, diags
}

func (r *reader) absolute(name string) string {
	p := r.str(name)
	if p == "" {
		return ""
	}
	if !path.IsAbs(p) {
		r.refuse(r.attrs[name], "%q must be an absolute path in the container, not %q.", name, p)
		return ""
	}
	return path.Clean(p)
}

func (r *reader) after() []string {
	val, attr, ok := r.value("after", cty.DynamicPseudoType)
	if !ok {
		return nil
	}
	if val.IsMarked() || !val.CanIterateElements() || val.Type().IsObjectType() || val.Type().IsMapType() {
		r.refuse(attr, "\"after\" takes a list of steps and stages, such as [step.build].")
		return nil
	}
	var ids []string
	for it := val.ElementIterator(); it.Next(); {
		_, v := it.Element()
		ref := asRef(v)
		if ref == nil || ref.Kind != RefStep && ref.Kind != RefStage {
			r.refuse(attr, "\"after\" takes a list of steps and stages, such as [step.build].")
			return nil
		}
		ids = append(ids, ref.steps...)
	}
	return ids
}

func (b LabelledBlock) mount(ctx *hcl.EvalContext) (Mount, hcl.Diagnostics) {
	r := &reader{ctx: ctx, attrs: b.Attrs}
	m := Mount{Path: path.Clean(b.Label), Writable: r.boolean("writable", false), Range: b.Range}
	refs := []*Ref{r.ref("source", RefTree, RefOutput), r.ref("cache", RefCache), r.ref("secret", RefSecret)}
	n := 0
	for _, ref := range refs {
		if ref != nil {
			m.Source = *ref
			n++
		}
	}
	if !r.diags.HasErrors() && (n != 1 || !path.IsAbs(b.Label)) {
		r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid mount",
			Detail: fmt.Sprintf("A mount has an absolute path and exactly one of source, cache and secret; this one is at %q.", b.Label), Subject: &b.Range})
	}
	return m, r.diags
}
