package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Concept evaluates what is needed before there is a crate: the concept and
// generation stages without their steps.
func (c *Config) Concept(vars map[string]cty.Value) (concept, generation Stage, diags hcl.Diagnostics) {
	var exprs []hcl.Expression
	for _, b := range c.Stages {
		if b.Name == "concept" || b.Name == "generation" {
			exprs = append(exprs, expressionsOf(b.Attrs)...)
			for _, g := range b.Graphs {
				exprs = append(exprs, expressionsOf(g.Attrs)...)
			}
		}
	}
	e := c.early(vars, exprs)
	for _, b := range c.Stages {
		var d hcl.Diagnostics
		switch b.Name {
		case "concept":
			concept, d = b.evaluate(e.ctx)
		case "generation":
			generation, d = b.evaluate(e.ctx)
		}
		e.diags = append(e.diags, d...)
	}
	return concept, generation, c.explain(e.diags)
}

// EvaluateImages computes the image blocks alone, of modules as well. What
// depends on the crate or on a module's outputs is not known yet.
func (c *Config) EvaluateImages(vars map[string]cty.Value) ([]Image, hcl.Diagnostics) {
	var exprs []hcl.Expression
	for _, b := range c.Images {
		exprs = append(exprs, expressionsOf(b.Attrs)...)
		if b.Debian != nil {
			exprs = append(exprs, expressionsOf(b.Debian.Attrs)...)
		}
	}
	for _, m := range c.Modules {
		exprs = append(exprs, expressionsOf(m.Inputs)...)
	}
	e := c.early(vars, exprs)
	var out []Image
	for _, b := range c.Images {
		image, d := b.evaluate(e.ctx)
		e.diags = append(e.diags, d...)
		image.Name = c.qualified(b.Name)
		out = append(out, image)
	}
	for i := range c.Modules {
		m := &c.Modules[i]
		if m.Config == nil {
			continue
		}
		values, d := m.inputs(e.ctx)
		e.diags = append(e.diags, d...)
		if !d.HasErrors() {
			images, d := m.Config.EvaluateImages(values)
			e.diags = append(e.diags, d...)
			out = append(out, images...)
		}
	}
	return out, c.explain(e.diags)
}

// early is an evaluation of some expressions before there is a crate.
func (c *Config) early(vars map[string]cty.Value, exprs []hcl.Expression) *evaluation {
	e := c.evaluation(vars, cty.DynamicVal, lang.FunctionMap(c.Dir))
	e.early = true
	e.before(exprs)
	return e
}

func expressionsOf(attrs hcl.Attributes) []hcl.Expression {
	var out []hcl.Expression
	for _, name := range sortedNames(attrs) {
		out = append(out, attrs[name].Expr)
	}
	return out
}
