package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/dynblock"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/sixtyhq/sixty/internal/lang"
)

// maxInstances bounds what one step's matrix or for_each makes.
const maxInstances = 1000

// instance is a step as it will run: one of a matrix or for_each, or the only
// one.
type instance struct {
	StepBlock
	// key names the instance within its step, empty for the only one.
	key string
	// each are the names that its expressions see besides.
	each map[string]cty.Value
}

// roots are the names that only the step's own expressions know.
func (b StepBlock) roots() []string {
	var names []string
	if _, ok := b.Attrs["matrix"]; ok {
		names = append(names, "matrix")
	}
	if _, ok := b.Attrs["for_each"]; ok {
		names = append(names, "each")
	}
	return names
}

// expand gives the instances of each stage's steps, with their dynamic blocks
// expanded.
func (c *Config) expand(ctx *hcl.EvalContext) (map[string][]instance, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	out := map[string][]instance{}
	for _, s := range c.Stages {
		seen := map[string]hcl.Range{}
		for _, step := range s.Steps {
			all, d := step.instances(ctx)
			diags = append(diags, d...)
			for _, i := range all {
				if first, dup := seen[i.name()]; dup && i.key != "" {
					diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Duplicate step",
						Detail: fmt.Sprintf("The values make a step %q, and there is one already at %s.", i.name(), first), Subject: step.Range.Ptr()})
					continue
				}
				seen[i.name()] = step.Range
				out[s.Name] = append(out[s.Name], i)
			}
		}
	}
	return out, diags
}

// name is the step's name in plans and reports.
func (i instance) name() string {
	if i.key == "" {
		return i.Name
	}
	return i.Name + "-" + i.key
}

func (b StepBlock) instances(ctx *hcl.EvalContext) ([]instance, hcl.Diagnostics) {
	r := &reader{ctx: ctx, attrs: b.Attrs}
	all := []instance{{StepBlock: b}}
	_, isMatrix := b.Attrs["matrix"]
	_, isEach := b.Attrs["for_each"]
	switch {
	case isMatrix && isEach:
		r.refuse(b.Attrs["for_each"], "A step has matrix or for_each, not both.")
	case isMatrix:
		all = r.matrix(b)
	case isEach:
		all = r.forEach(b)
	}
	if exclude, ok := b.Attrs["exclude"]; ok && !isMatrix {
		r.refuse(exclude, "\"exclude\" leaves out combinations of a matrix, and this step has none.")
	}
	diags := r.diags
	if len(b.dynamic) == 0 {
		return all, diags
	}
	for i := range all {
		content, d := dynblock.Expand(b.body, all[i].context(ctx)).Content(stepBody)
		diags = append(diags, d...)
		all[i].Mounts, all[i].Outputs, d = decodeNested(content.Blocks)
		diags = append(diags, d...)
	}
	return all, diags
}

// context is ctx with the instance's own names.
func (i instance) context(ctx *hcl.EvalContext) *hcl.EvalContext {
	if i.each == nil {
		return ctx
	}
	inner := ctx.NewChild()
	inner.Variables = i.each
	return inner
}

func (r *reader) forEach(b StepBlock) []instance {
	val, attr, ok := r.value("for_each", cty.DynamicPseudoType)
	if !ok {
		return nil
	}
	if val, ok = r.plain(val, attr); !ok {
		return nil
	}
	t := val.Type()
	if !t.IsSetType() && !t.IsMapType() && !t.IsObjectType() && !t.IsTupleType() && !t.IsListType() {
		r.refuse(attr, "\"for_each\" takes a map, or a set or list of strings, not %s.", t.FriendlyName())
		return nil
	}
	if val.LengthInt() > maxInstances {
		r.refuse(attr, "A step has at most %d instances.", maxInstances)
		return nil
	}
	var all []instance
	for it := val.ElementIterator(); it.Next(); {
		k, v := it.Element()
		if !t.IsMapType() && !t.IsObjectType() {
			var err error
			if k, err = convert.Convert(v, cty.String); err != nil || k.IsNull() {
				r.refuse(attr, "The elements of a set or list in \"for_each\" must be strings.")
				return nil
			}
			v = k
		}
		key := slug(k.AsString())
		if key == "" {
			r.refuse(attr, "The key %q has no letter or digit to name a step by.", k.AsString())
			return nil
		}
		all = append(all, instance{b, key, map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": k, "value": v})}})
	}
	return all
}

// matrix gives every combination of the values, in the order of the axes'
// names and of each axis's values, but those that an object of exclude fits.
func (r *reader) matrix(b StepBlock) []instance {
	val, attr, ok := r.value("matrix", cty.DynamicPseudoType)
	if !ok {
		return nil
	}
	if val, ok = r.plain(val, attr); !ok {
		return nil
	}
	if t := val.Type(); !t.IsObjectType() && !t.IsMapType() || val.LengthInt() == 0 {
		r.refuse(attr, "\"matrix\" takes an object of lists, such as { toolchain = [\"stable\", \"beta\"] }.")
		return nil
	}
	excluded := r.excluded(val)
	combinations := []map[string]cty.Value{{}}
	axes := val.AsValueMap()
	names := keys(axes)
	for _, axis := range names {
		values := axes[axis]
		if t := values.Type(); values.IsNull() || !t.IsTupleType() && !t.IsListType() && !t.IsSetType() {
			r.refuse(attr, "The axis %q must be a list of values.", axis)
			return nil
		}
		if len(combinations)*values.LengthInt() > maxInstances {
			r.refuse(attr, "A step has at most %d instances.", maxInstances)
			return nil
		}
		var longer []map[string]cty.Value
		for _, c := range combinations {
			for it := values.ElementIterator(); it.Next(); {
				_, v := it.Element()
				next := map[string]cty.Value{axis: v}
				for k, old := range c {
					next[k] = old
				}
				longer = append(longer, next)
			}
		}
		combinations = longer
	}
	var all []instance
	for _, c := range combinations {
		if excludes(excluded, c) {
			continue
		}
		var parts []string
		for _, axis := range names {
			text, err := convert.Convert(c[axis], cty.String)
			if err != nil || text.IsNull() || slug(text.AsString()) == "" {
				r.refuse(attr, "The value %s of the axis %q can't name a step; values are strings, numbers and bools with a letter or digit.", lang.Show(c[axis]), axis)
				return nil
			}
			parts = append(parts, slug(text.AsString()))
		}
		all = append(all, instance{b, strings.Join(parts, "-"), map[string]cty.Value{"matrix": cty.ObjectVal(c)}})
	}
	return all
}

// excluded reads exclude, whose objects may only name axes of the matrix.
func (r *reader) excluded(matrix cty.Value) []map[string]cty.Value {
	val, attr, ok := r.value("exclude", cty.DynamicPseudoType)
	if !ok {
		return nil
	}
	if val, ok = r.plain(val, attr); !ok {
		return nil
	}
	axes := matrix.AsValueMap()
	var all []map[string]cty.Value
	if !val.Type().IsTupleType() && !val.Type().IsListType() && !val.Type().IsSetType() {
		r.refuse(attr, "\"exclude\" takes a list of objects, such as [{ toolchain = \"beta\" }].")
		return nil
	}
	for it := val.ElementIterator(); it.Next(); {
		_, v := it.Element()
		if v.IsNull() || !v.Type().IsObjectType() && !v.Type().IsMapType() || v.LengthInt() == 0 {
			r.refuse(attr, "\"exclude\" takes a list of objects, such as [{ toolchain = \"beta\" }].")
			return nil
		}
		m := v.AsValueMap()
		for _, axis := range keys(m) {
			if _, ok := axes[axis]; !ok {
				r.refuse(attr, "The matrix has no axis %q.%s", axis, lang.DidYouMean(axis, keys(axes)))
			}
		}
		all = append(all, m)
	}
	return all
}

func excludes(excluded []map[string]cty.Value, combination map[string]cty.Value) bool {
	for _, e := range excluded {
		fits := true
		for axis, v := range e {
			fits = fits && v.RawEquals(combination[axis])
		}
		if fits {
			return true
		}
	}
	return false
}

// slug makes a value fit for a step's name: what is no ASCII letter, digit or
// underscore becomes a single dash.
func slug(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	return strings.Join(words, "-")
}
