package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/lang"
)

// explain says of every value in a diagnostic that came from a variable where
// it came from, and leaves out what was said already: the instances of a step
// repeat it.
func (c *Config) explain(diags hcl.Diagnostics) hcl.Diagnostics {
	locals := map[string]hcl.Expression{}
	for _, l := range c.Locals {
		locals[l.Name] = l.Expr
	}
	seen := map[string]bool{}
	var out hcl.Diagnostics
	for _, d := range diags {
		if problem, ok := strings.CutPrefix(d.Detail, lang.MeterFailed); ok {
			plain := *d
			plain.Summary, plain.Detail = "Value too large", "Here "+problem
			d = &plain
		}
		at := ""
		if d.Subject != nil {
			at = d.Subject.String()
		}
		key := at + d.Summary + d.Detail
		if seen[key] {
			continue
		}
		seen[key] = true
		if d.Expression != nil && len(c.Sources) > 0 {
			var origins []string
			c.origins(d.Expression, locals, map[string]bool{}, &origins)
			if len(origins) > 0 {
				explained := *d
				explained.Detail += " " + strings.Join(origins, " ")
				d = &explained
			}
		}
		out = append(out, d)
	}
	return InOrder(out)
}

// origins follows an expression, through locals, to variables.
func (c *Config) origins(e hcl.Expression, locals map[string]hcl.Expression, seen map[string]bool, out *[]string) {
	for _, t := range e.Variables() {
		root, name := t.RootName(), part(t, 1)
		if seen[root+"."+name] {
			continue
		}
		seen[root+"."+name] = true
		switch source := c.Sources[name]; {
		case root == "local" && locals[name] != nil:
			c.origins(locals[name], locals, seen, out)
		case root == "var" && source == "default":
			*out = append(*out, fmt.Sprintf("var.%s has its default value.", name))
		case root == "var" && source != "":
			*out = append(*out, fmt.Sprintf("The value of var.%s came from %s.", name, source))
		}
	}
}

// InOrder sorts diagnostics by file and place, those without one first: HCL
// gives those of a block's attributes in any order.
func InOrder(diags hcl.Diagnostics) hcl.Diagnostics {
	place := func(d *hcl.Diagnostic) hcl.Range {
		if d.Subject == nil {
			return hcl.Range{}
		}
		return *d.Subject
	}
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		x, y := place(a), place(b)
		return cmp.Or(cmp.Compare(x.Filename, y.Filename), cmp.Compare(x.Start.Line, y.Start.Line), cmp.Compare(x.Start.Column, y.Start.Column))
	})
	return diags
}

// maxTold bounds the diagnostics that are shown: the source is searched for the
// place of each, and nobody reads thousands.
const maxTold = 200

// Most are the first diagnostics, errors before warnings where there are too many,
// and a last one that says how many more there are.
func Most(diags hcl.Diagnostics) hcl.Diagnostics {
	if len(diags) <= maxTold+1 {
		return diags
	}
	ranked := slices.Clone(diags)
	slices.SortStableFunc(ranked, func(a, b *hcl.Diagnostic) int { return cmp.Compare(a.Severity, b.Severity) })
	told, rest := ranked[:maxTold:maxTold], ranked[maxTold:]
	more := &hcl.Diagnostic{Severity: rest[0].Severity, Summary: "And more", Detail: fmt.Sprintf("%d more errors and warnings are not shown.", len(rest))}
	return append(InOrder(told), more)
}

// Complete reports whether all files could be read whole. A configuration that
// is complete can be evaluated though there are mistakes in it, to find more of
// them.
func (c *Config) Complete() bool { return !c.broken }

// Further are the diagnostics that say something of lines of which nothing was
// said yet: what follows from a mistake stands where the mistake does, or says
// nothing of use.
func Further(found, more hcl.Diagnostics) hcl.Diagnostics {
	type line struct {
		file string
		line int
	}
	said := map[line]bool{}
	for _, d := range found {
		if d.Subject == nil {
			continue
		}
		for at := d.Subject.Start.Line; at <= d.Subject.End.Line; at++ {
			said[line{d.Subject.Filename, at}] = true
		}
	}
	var out hcl.Diagnostics
	for _, d := range more {
		if d.Subject != nil && !said[line{d.Subject.Filename, d.Subject.Start.Line}] {
			out = append(out, d)
		}
	}
	return out
}
