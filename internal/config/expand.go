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

// Bounds on what a matrix or for_each makes.
const (
	maxInstances = 1000   // of one block
	maxSteps     = 20_000 // of a pipeline
)

// each is one instance of a block that has a matrix or for_each, or the only
// one.
type each struct {
	// key names the instance within its block, empty for the only one.
	key string
	// values are the names that its expressions see besides.
	values map[string]cty.Value
}

// context is ctx with the instance's own names.
func (e each) context(ctx *hcl.EvalContext) *hcl.EvalContext {
	if e.values == nil {
		return ctx
	}
	inner := ctx.NewChild()
	inner.Variables = e.values
	return inner
}

// name is an instance's name in plans and reports.
func (e each) name(block string) string {
	if e.key == "" {
		return block
	}
	return block + "-" + e.key
}

// stageInstance is a stage as it will run.
type stageInstance struct {
	StageBlock
	each
	// full is its name in the plan, with the module's before it.
	full  string
	steps []stepInstance
	// handles is what `step` refers to inside of it.
	handles cty.Value
}

// stepInstance is a step as it will run.
type stepInstance struct {
	StepBlock
	each
}

// roots are the names that the instances of a block see besides.
func roots(attrs hcl.Attributes) []string {
	var names []string
	if _, ok := attrs["matrix"]; ok {
		names = append(names, "matrix")
	}
	if _, ok := attrs["for_each"]; ok {
		names = append(names, "each")
	}
	return names
}

// expand gives the instances of each stage, with those of its steps, whose
// dynamic blocks are expanded.
func (c *Config) expand(ctx *hcl.EvalContext) (map[string][]stageInstance, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	out := map[string][]stageInstance{}
	names := map[string]hcl.Range{}
	total := 0
	for _, s := range c.Stages {
		own, d := instances("stage", s.Attrs, ctx)
		diags = append(diags, d...)
		if builtIn := c.module == "" && isBuiltIn(s.Name); builtIn && len(roots(s.Attrs)) > 0 {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "One stage alone",
				Detail: fmt.Sprintf("The stage %q has a part that is built in and happens once, so it takes no matrix and no for_each.", s.Name), Subject: s.Range.Ptr()})
			continue
		}
		for _, one := range own {
			i := stageInstance{StageBlock: s, each: one, full: c.qualified(one.name(s.Name))}
			if first, dup := names[i.full]; dup {
				diags = append(diags, duplicate("stage", one.name(s.Name), first, s.Range))
				continue
			}
			names[i.full] = s.Range
			d := i.expandSteps(ctx)
			diags = append(diags, d...)
			if total += len(i.steps); total > maxSteps {
				return out, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Too many steps",
					Detail: fmt.Sprintf("With the instances of matrix and for_each, a pipeline has at most %d steps.", maxSteps), Subject: s.Range.Ptr()})
			}
			i.handles = stepHandles(i)
			out[s.Name] = append(out[s.Name], i)
		}
	}
	return out, diags
}

func duplicate(kind, name string, first, again hcl.Range) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Duplicate " + kind,
		Detail: fmt.Sprintf("The values make a %s %q, and there is one already at %s.", kind, name, first), Subject: &again}
}

// isBuiltIn says whether a stage of the pipeline has a part that is built in.
func isBuiltIn(stage string) bool {
	return stage == "concept" || stage == "generation" || stage == "setup"
}

func (i *stageInstance) expandSteps(ctx *hcl.EvalContext) hcl.Diagnostics {
	var diags hcl.Diagnostics
	seen := make(map[string]hcl.Range, len(i.Steps))
	inner := i.context(ctx)
	for _, b := range i.Steps {
		all, d := instances("step", b.Attrs, inner)
		diags = append(diags, d...)
		for _, one := range all {
			if len(i.values) > 0 {
				one.values = outer(i.values, one.values)
			}
			step := stepInstance{b, one}
			if name := one.name(b.Name); one.key != "" || !seen[name].Empty() {
				if first, dup := seen[name]; dup {
					diags = append(diags, duplicate("step", name, first, b.Range))
					continue
				}
			}
			seen[one.name(b.Name)] = b.Range
			if len(b.dynamic) > 0 {
				content, d := dynblock.Expand(b.body, one.context(ctx)).Content(stepBody)
				diags = append(diags, d...)
				step.Mounts, step.Outputs, d = decodeNested(content.Blocks)
				diags = append(diags, d...)
			}
			i.steps = append(i.steps, step)
		}
	}
	return diags
}

// outer gives a step's values with its stage's: the axes of both matrices are
// one object, and the step's own win.
func outer(stage, step map[string]cty.Value) map[string]cty.Value {
	all := map[string]cty.Value{}
	for name, v := range stage {
		all[name] = v
	}
	for name, v := range step {
		if wide, ok := stage[name]; ok && name == "matrix" {
			axes := wide.AsValueMap()
			for axis, value := range v.AsValueMap() {
				axes[axis] = value
			}
			v = cty.ObjectVal(axes)
		}
		all[name] = v
	}
	return all
}

// instances evaluates matrix, exclude and for_each of a block.
func instances(kind string, attrs hcl.Attributes, ctx *hcl.EvalContext) ([]each, hcl.Diagnostics) {
	_, isMatrix := attrs["matrix"]
	_, isEach := attrs["for_each"]
	exclude, isExclude := attrs["exclude"]
	if !isMatrix && !isEach && !isExclude {
		return []each{{}}, nil
	}
	r := &reader{ctx: ctx, attrs: attrs}
	all := []each{{}}
	switch {
	case isMatrix && isEach:
		r.refuse(attrs["for_each"], "A %s has matrix or for_each, not both.", kind)
	case isMatrix:
		all = r.matrix(kind)
	case isEach:
		all = r.forEach(kind)
	}
	if isExclude && !isMatrix {
		r.refuse(exclude, "\"exclude\" leaves out combinations of a matrix, and this %s has none.", kind)
	}
	for _, one := range all {
		if one.key == "step" && kind == "stage" || one.key == "output" && kind == "step" {
			attr := attrs["for_each"]
			if isMatrix {
				attr = attrs["matrix"]
			}
			r.refuse(attr, "An instance of a %s can't be called %q: that is the name of what is in it.", kind, one.key)
		}
	}
	return all, r.diags
}

func (r *reader) forEach(kind string) []each {
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
		r.refuse(attr, "A %s has at most %d instances.", kind, maxInstances)
		return nil
	}
	var all []each
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
			r.refuse(attr, "The key %q has no letter or digit to name a %s by.", k.AsString(), kind)
			return nil
		}
		all = append(all, each{key, map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": k, "value": v})}})
	}
	return all
}

// matrix gives every combination of the values, in the order of the axes'
// names and of each axis's values, but those that an object of exclude fits.
func (r *reader) matrix(kind string) []each {
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
			r.refuse(attr, "A %s has at most %d instances.", kind, maxInstances)
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
	var all []each
	for _, c := range combinations {
		if excludes(excluded, c) {
			continue
		}
		var parts []string
		for _, axis := range names {
			text, err := convert.Convert(c[axis], cty.String)
			if err != nil || text.IsNull() || slug(text.AsString()) == "" {
				r.refuse(attr, "The value %s of the axis %q can't name a %s; values are strings, numbers and bools with a letter or digit.", lang.Show(c[axis]), axis, kind)
				return nil
			}
			parts = append(parts, slug(text.AsString()))
		}
		all = append(all, each{strings.Join(parts, "-"), map[string]cty.Value{"matrix": cty.ObjectVal(c)}})
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
