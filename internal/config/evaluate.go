package config

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// selfAttr holds a block's own reference inside the object that stands for it;
// no attribute can have this name, so it can't be read by accident.
const selfAttr = "#self"

// Evaluate computes every attribute. vars are the variables' values; crate is
// what is known of the crate, or an unknown value while nothing is.
func (c *Config) Evaluate(vars map[string]cty.Value, crate cty.Value) (*Pipeline, hcl.Diagnostics) {
	ctx, diags := c.context(vars, crate)
	steps, d := c.expand(ctx)
	diags = append(diags, d...)
	ctx.Variables["stage"] = c.stageObject(steps)
	p := &Pipeline{Gates: c.Gates, Outputs: c.Outputs, Context: ctx}
	for _, b := range c.Images {
		image, d := b.evaluate(ctx)
		diags = append(diags, d...)
		p.Images = append(p.Images, image)
	}
	for _, b := range c.Caches {
		p.Caches = append(p.Caches, b.Name)
	}
	for _, b := range c.Secrets {
		s, d := b.evaluate(ctx)
		diags = append(diags, d...)
		p.Secrets = append(p.Secrets, s)
	}
	for _, b := range c.Services {
		s, d := b.evaluate(ctx)
		diags = append(diags, d...)
		p.Services = append(p.Services, s)
	}
	for _, b := range c.Stages {
		s, d := b.evaluateAll(steps[b.Name], ctx)
		diags = append(diags, d...)
		p.Stages = append(p.Stages, s)
	}
	return p, c.explain(diags)
}

// Concept evaluates what is needed before there is a crate: the concept and
// generation stages without their steps.
func (c *Config) Concept(vars map[string]cty.Value) (concept, generation Stage, diags hcl.Diagnostics) {
	ctx, diags := c.context(vars, cty.DynamicVal)
	for _, b := range c.Stages {
		var d hcl.Diagnostics
		switch b.Name {
		case "concept":
			concept, d = b.evaluate(ctx)
		case "generation":
			generation, d = b.evaluate(ctx)
		}
		diags = append(diags, d...)
	}
	return concept, generation, c.explain(diags)
}

func (c *Config) context(vars map[string]cty.Value, crate cty.Value) (*hcl.EvalContext, hcl.Diagnostics) {
	ctx := &hcl.EvalContext{
		Functions: lang.FunctionMap(c.Dir),
		Variables: map[string]cty.Value{
			"var":   objectOf(vars),
			"path":  cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(c.Dir)}),
			"crate": crate,
			"image": c.refs(len(c.Images), func(i int) Ref { return Ref{Kind: RefImage, Name: c.Images[i].Name} }),
			"cache": c.refs(len(c.Caches), func(i int) Ref { return Ref{Kind: RefCache, Name: c.Caches[i].Name} }),
			"secret": c.refs(len(c.Secrets), func(i int) Ref {
				return Ref{Kind: RefSecret, Name: c.Secrets[i].Name}
			}),
			"service": c.refs(len(c.Services), func(i int) Ref {
				return Ref{Kind: RefService, Name: c.Services[i].Name}
			}),
			"stage": c.stageObject(c.unexpanded()),
		},
	}
	diags := c.evaluateLocals(ctx)
	return ctx, diags
}

func objectOf(m map[string]cty.Value) cty.Value {
	if len(m) == 0 {
		return cty.EmptyObjectVal
	}
	return cty.ObjectVal(m)
}

func (c *Config) refs(n int, at func(int) Ref) cty.Value {
	m := map[string]cty.Value{}
	for i := range n {
		r := at(i)
		m[r.Name] = refVal(r)
	}
	return objectOf(m)
}

// unexpanded gives every step as one instance: what locals and images can
// refer to, before matrices have values.
func (c *Config) unexpanded() map[string][]instance {
	out := map[string][]instance{}
	for _, s := range c.Stages {
		for _, step := range s.Steps {
			out[s.Name] = append(out[s.Name], instance{StepBlock: step})
		}
	}
	return out
}

// stageObject is what `stage` refers to: for each stage its steps, and for
// generation the tree and the lockfile.
func (c *Config) stageObject(steps map[string][]instance) cty.Value {
	m := map[string]cty.Value{}
	for _, s := range c.Stages {
		attrs := map[string]cty.Value{"step": s.stepObject(steps[s.Name])}
		if s.Name == "generation" {
			attrs["tree"] = refVal(Ref{Kind: RefTree})
			attrs["lockfile"] = refVal(Ref{Kind: RefLockfile})
		}
		m[s.Name] = cty.ObjectVal(attrs)
	}
	if _, declared := m["generation"]; !declared {
		// A crate that exists has a tree and a lockfile as well.
		m["generation"] = cty.ObjectVal(map[string]cty.Value{
			"step": cty.EmptyObjectVal, "tree": refVal(Ref{Kind: RefTree}), "lockfile": refVal(Ref{Kind: RefLockfile}),
		})
	}
	return objectOf(m)
}

// stepObject is what `step` refers to. A step with a matrix or for_each stands
// for all its instances, and has one attribute for each.
func (b StageBlock) stepObject(instances []instance) cty.Value {
	steps := map[string]map[string]cty.Value{}
	ids := map[string][]string{}
	for _, step := range b.Steps {
		steps[step.Name] = map[string]cty.Value{}
	}
	for _, i := range instances {
		id := b.Name + "." + i.name()
		ids[i.Name] = append(ids[i.Name], id)
		outputs := map[string]cty.Value{}
		for _, o := range i.Outputs {
			outputs[o.Label] = refVal(Ref{Kind: RefOutput, Name: id, Output: o.Label})
		}
		if i.key == "" {
			steps[i.Name]["output"] = objectOf(outputs)
			continue
		}
		steps[i.Name][i.key] = cty.ObjectVal(map[string]cty.Value{
			selfAttr: refVal(Ref{Kind: RefStep, Name: id, steps: []string{id}}),
			"output": objectOf(outputs),
		})
	}
	all := map[string]cty.Value{}
	for name, attrs := range steps {
		attrs[selfAttr] = refVal(Ref{Kind: RefStep, Name: b.Name + "." + name, steps: ids[name]})
		all[name] = cty.ObjectVal(attrs)
	}
	return objectOf(all)
}

// evaluateLocals resolves locals in the order of their dependencies.
func (c *Config) evaluateLocals(ctx *hcl.EvalContext) hcl.Diagnostics {
	var diags hcl.Diagnostics
	exprs := map[string]Local{}
	for _, l := range c.Locals {
		exprs[l.Name] = l
	}
	done := map[string]cty.Value{}
	var visiting []string
	var visit func(l Local)
	visit = func(l Local) {
		if _, ok := done[l.Name]; ok {
			return
		}
		for i, name := range visiting {
			if name == l.Name {
				diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Cycle of locals",
					Detail: "Locals depend on each other: " + strings.Join(append(visiting[i:], l.Name), " → ") + ".", Subject: &l.Range})
				done[l.Name] = cty.DynamicVal
				return
			}
		}
		visiting = append(visiting, l.Name)
		needs := map[string]cty.Value{}
		for _, t := range l.Expr.Variables() {
			if dep, ok := exprs[part(t, 1)]; ok && t.RootName() == "local" {
				visit(dep)
				needs[dep.Name] = done[dep.Name]
			}
		}
		visiting = visiting[:len(visiting)-1]
		if _, cyclic := done[l.Name]; cyclic {
			return
		}
		ctx.Variables["local"] = objectOf(needs)
		val, d := l.Expr.Value(ctx)
		if !d.HasErrors() {
			if err := lang.Bounded(val); err != nil {
				d = append(d, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Value too large",
					Detail: fmt.Sprintf("In local.%s, %s.", l.Name, err), Subject: l.Expr.Range().Ptr()})
			}
		}
		diags = append(diags, d...)
		if d.HasErrors() {
			val = cty.DynamicVal
		}
		done[l.Name] = val
	}
	for _, l := range c.Locals {
		visit(l)
	}
	ctx.Variables["local"] = objectOf(done)
	return diags
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
	s := Secret{Name: b.Name, Env: r.str("env"), File: r.str("file"), Range: b.Range}
	if (s.Env == "") == (s.File == "") && !r.diags.HasErrors() {
		r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Where is this secret?",
			Detail: "A secret has exactly one of env and file.", Subject: &s.Range})
	}
	return s, r.diags
}

// evaluate computes the stage's own attributes, without its steps.
func (b StageBlock) evaluate(ctx *hcl.EvalContext) (Stage, hcl.Diagnostics) {
	r := &reader{ctx: ctx, attrs: b.Attrs}
	s := Stage{
		Name: b.Name, Pack: r.str("pack"), Version: r.str("version"), Image: r.ref("image", RefImage),
		Env:         r.strs("env"),
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
func (b StageBlock) evaluateAll(instances []instance, ctx *hcl.EvalContext) (Stage, hcl.Diagnostics) {
	s, diags := b.evaluate(ctx)
	inner := ctx.NewChild()
	inner.Variables = map[string]cty.Value{"step": b.stepObject(instances)}
	for _, i := range instances {
		step, d := i.evaluate(i.context(inner))
		diags = append(diags, d...)
		step.Name = i.name()
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
		Metrics: r.strs("metrics"), When: r.boolean("when", true), After: r.after(), Services: r.services(), Range: b.Range,
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
		s.Outputs = append(s.Outputs, StepOutput{Name: ob.Label, Path: or.absolute("path"), Optional: or.boolean("optional", false), Range: ob.Range})
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
		r.refuse(attr, "\"after\" takes a list of steps, such as [step.build].")
		return nil
	}
	var ids []string
	for it := val.ElementIterator(); it.Next(); {
		_, v := it.Element()
		ref := asRef(v)
		if ref == nil || ref.Kind != RefStep {
			r.refuse(attr, "\"after\" takes a list of steps, such as [step.build].")
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

// EvaluateImages computes the image blocks alone.
func (c *Config) EvaluateImages(vars map[string]cty.Value) ([]Image, hcl.Diagnostics) {
	ctx, diags := c.context(vars, cty.DynamicVal)
	var out []Image
	for _, b := range c.Images {
		image, d := b.evaluate(ctx)
		diags = append(diags, d...)
		out = append(out, image)
	}
	return out, c.explain(diags)
}
