package config

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// scope is what an expression may name beside the blocks of the pipeline.
type scope struct {
	// roots are more first names.
	roots []string
	// stage is the stage whose steps are step.NAME, nil outside of one.
	stage *StageBlock
	// results says that the expression is evaluated after the run, when
	// metrics and the steps that stages add are there too.
	results bool
}

// expressions calls visit for every expression of the pipeline.
func (c *Config) expressions(visit func(hcl.Expression, scope)) {
	attrs := func(a hcl.Attributes, s scope) {
		for _, name := range sortedNames(a) {
			visit(a[name].Expr, s)
		}
	}
	for _, l := range c.Locals {
		visit(l.Expr, scope{})
	}
	for _, i := range c.Images {
		attrs(i.Attrs, scope{})
		if i.Debian != nil {
			attrs(i.Debian.Attrs, scope{})
		}
	}
	for _, s := range c.Secrets {
		attrs(s.Attrs, scope{})
	}
	for _, s := range c.Services {
		attrs(s.Attrs, scope{})
		if s.Ready != nil {
			attrs(s.Ready.Attrs, scope{})
		}
	}
	for _, m := range c.Modules {
		attrs(m.Inputs, scope{})
	}
	for i := range c.Stages {
		s := &c.Stages[i]
		stageRoots := roots(s.Attrs)
		attrs(s.Attrs, scope{roots: stageRoots})
		for _, g := range s.Graphs {
			attrs(g.Attrs, scope{roots: stageRoots})
		}
		for _, step := range s.Steps {
			inner := scope{stage: s, roots: append(stageRoots[:len(stageRoots):len(stageRoots)], roots(step.Attrs)...)}
			attrs(step.Attrs, inner)
			for _, b := range append(slices.Clone(step.Mounts), step.Outputs...) {
				attrs(b.Attrs, inner)
			}
			for _, d := range step.dynamic {
				if body, ok := d.Body.(*hclsyntax.Body); ok {
					inner.roots = append(inner.roots, iterator(d.Labels[0], body))
					dynamicExpressions(body, func(e hcl.Expression) { visit(e, inner) })
				}
			}
		}
	}
	for _, g := range c.Gates {
		for _, e := range []hcl.Expression{g.Condition, g.Message} {
			if e != nil {
				visit(e, scope{results: true})
			}
		}
	}
	for _, o := range c.Outputs {
		if o.Value != nil {
			visit(o.Value, scope{results: true})
		}
	}
}

// iterator is the name that the content of a dynamic block gives its element.
func iterator(kind string, body *hclsyntax.Body) string {
	if attr, ok := body.Attributes["iterator"]; ok {
		if name := hcl.ExprAsKeyword(attr.Expr); name != "" {
			return name
		}
	}
	return kind
}

func dynamicExpressions(body *hclsyntax.Body, visit func(hcl.Expression)) {
	for name, attr := range body.Attributes {
		if name != "iterator" {
			visit(attr.Expr)
		}
	}
	for _, b := range body.Blocks {
		dynamicExpressions(b.Body, visit)
	}
}

// referenceMistakes are those of checkReferences. Where a name of an attribute or
// block is none, what seems unused may stand there.
func (c *Config) referenceMistakes(found hcl.Diagnostics) hcl.Diagnostics {
	diags := c.checkReferences()
	if !found.HasErrors() {
		return diags
	}
	return slices.DeleteFunc(diags, func(d *hcl.Diagnostic) bool { return d.Severity == hcl.DiagWarning })
}

// checkReferences refuses names that nothing declares, and warns of variables,
// locals, images, caches and secrets that nothing names.
func (c *Config) checkReferences() hcl.Diagnostics {
	known := c.declared()
	used := map[string]bool{}
	stages := make(map[string]*StageBlock, len(c.Stages))
	for i := range c.Stages {
		stages[c.Stages[i].Name] = &c.Stages[i]
	}
	var diags hcl.Diagnostics
	c.expressions(func(e hcl.Expression, s scope) {
		for _, t := range e.Variables() {
			root, name := t.RootName(), part(t, 1)
			names, isBlock := known[root]
			switch {
			case isBlock && name == "":
				for n := range names { // the whole object
					used[root+"."+n] = true
				}
			case isBlock && names[name] != nil:
				used[root+"."+name] = true
				if root == "module" {
					diags = append(diags, c.checkModuleOutput(t)...)
				}
			case isBlock:
				diags = append(diags, undeclared(t, "No such "+label(root), fmt.Sprintf("No %s %q is declared.", label(root), name), root, name, keys(names)))
			case root == "stage" || root == "step":
				diags = append(diags, checkStep(stages, t, s)...)
			case root == "path" || root == "crate" || slices.Contains(s.roots, root) || s.results && root == "metrics":
			case root == "metrics":
				diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Results are not known here",
					Detail: "What steps measured can be read in gates and outputs alone, since all else is decided before anything runs.", Subject: t.SourceRange().Ptr()})
			default:
				if s.results {
					s.roots = append(s.roots[:len(s.roots):len(s.roots)], "metrics")
				}
				diags = append(diags, undeclared(t, "Unknown name", fmt.Sprintf("There is nothing named %q here.", root), "", root,
					append(append(keys(known), "stage", "step", "path", "crate"), s.roots...)))
			}
		}
	})
	for _, kind := range []string{"var", "local", "image", "cache", "secret", "service"} {
		for _, name := range keys(known[kind]) {
			if !used[kind+"."+name] {
				diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Unused " + label(kind),
					Detail: fmt.Sprintf("Nothing refers to %s.%s.", kind, name), Subject: known[kind][name]})
			}
		}
	}
	return diags
}

// declared are the blocks that can be named, by root and name.
func (c *Config) declared() map[string]map[string]*hcl.Range {
	known := map[string]map[string]*hcl.Range{"var": {}, "local": {}, "image": {}, "cache": {}, "secret": {}, "service": {}, "module": {}}
	for _, b := range c.Variables {
		known["var"][b.Name] = b.DeclRange.Ptr()
	}
	for _, b := range c.Locals {
		known["local"][b.Name] = b.Range.Ptr()
	}
	for _, b := range c.Images {
		known["image"][b.Name] = b.Range.Ptr()
	}
	for _, b := range c.Caches {
		known["cache"][b.Name] = b.Range.Ptr()
	}
	for _, b := range c.Secrets {
		known["secret"][b.Name] = b.Range.Ptr()
	}
	for _, b := range c.Services {
		known["service"][b.Name] = b.Range.Ptr()
	}
	for _, b := range c.Modules {
		known["module"][b.Name] = b.Range.Ptr()
	}
	return known
}

// checkModuleOutput checks module.NAME.OUTPUT.
func (c *Config) checkModuleOutput(t hcl.Traversal) hcl.Diagnostics {
	name, output := part(t, 1), part(t, 2)
	for _, m := range c.Modules {
		if m.Name != name || m.Config == nil || output == "" {
			continue
		}
		var names []string
		for _, o := range m.Config.Outputs {
			names = append(names, o.Name)
		}
		if !slices.Contains(names, output) {
			return hcl.Diagnostics{undeclared(t, "No such output", fmt.Sprintf("The module %q has no output %q.", name, output), "module."+name, output, names)}
		}
	}
	return nil
}

// checkStep checks stage.STAGE, stage.STAGE.step.NAME and step.NAME.
func checkStep(stages map[string]*StageBlock, t hcl.Traversal, s scope) hcl.Diagnostics {
	at, stage := 1, s.stage
	if t.RootName() == "stage" {
		name := part(t, 1)
		stage = stages[name]
		if name == "" {
			return nil
		}
		if stage == nil {
			return hcl.Diagnostics{undeclared(t, "No such stage", fmt.Sprintf("No stage %q is declared.", name), "stage", name, keys(stages))}
		}
		at = 3
		if part(t, 2) != "step" {
			if len(roots(stage.Attrs)) == 0 || part(t, 3) != "step" {
				return nil
			}
			at = 4 // stage.NAME["INSTANCE"].step
		}
	}
	name := part(t, at)
	if name == "" || s.results {
		return nil
	}
	if stage == nil {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Which stage?",
			Detail: fmt.Sprintf("Outside of a stage, a step is stage.STAGE.step.%s.", name), Subject: t.SourceRange().Ptr()}}
	}
	if slices.ContainsFunc(stage.Steps, func(b StepBlock) bool { return b.Name == name }) {
		return nil
	}
	var names []string
	for _, b := range stage.Steps {
		names = append(names, b.Name)
	}
	return hcl.Diagnostics{undeclared(t, "No such step", fmt.Sprintf("The stage %q has no step %q.", stage.Name, name), "step", name, names)}
}

func undeclared(t hcl.Traversal, summary, detail, root, name string, names []string) *hcl.Diagnostic {
	near := lang.Nearest(name, names)
	if root != "" {
		root += "."
	}
	if len(near) > 0 {
		detail += " Did you mean " + root + near[0] + "?"
	}
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: t.SourceRange().Ptr()}
}

// part is the name at a place of a traversal, or empty.
func part(t hcl.Traversal, i int) string {
	if i >= len(t) {
		return ""
	}
	switch p := t[i].(type) {
	case hcl.TraverseAttr:
		return p.Name
	case hcl.TraverseIndex:
		if p.Key.Type() == cty.String && p.Key.IsKnown() {
			return p.Key.AsString()
		}
	}
	return ""
}

// label is what a block of a root is called in messages.
func label(root string) string {
	if root == "var" {
		return "variable"
	}
	return root
}

func keys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
