package config

import (
	"fmt"
	"math/big"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/sixtyhq/sixty/internal/lang"
)

// NotKnown is the summary of a diagnostic about an attribute that shapes the
// run and whose value is unknown.
const NotKnown = "Value not known yet"

// reader evaluates the attributes of one block and collects what is wrong
// with them; a missing attribute gives the zero value.
type reader struct {
	ctx   *hcl.EvalContext
	attrs hcl.Attributes
	diags hcl.Diagnostics
}

func (r *reader) value(name string, t cty.Type) (cty.Value, *hcl.Attribute, bool) {
	attr, ok := r.attrs[name]
	if !ok {
		return cty.NilVal, nil, false
	}
	val, diags := attr.Expr.Value(r.ctx)
	r.diags = append(r.diags, diags...)
	if diags.HasErrors() {
		return cty.NilVal, attr, false
	}
	if val.IsNull() {
		return cty.NilVal, attr, false
	}
	var err error
	if t != cty.DynamicPseudoType && val.Type() != t {
		val, err = convert.Convert(val, t)
	}
	if err != nil {
		r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unsuitable value",
			Detail: fmt.Sprintf("%q: %s.", name, err), Subject: attr.Expr.Range().Ptr(), Expression: attr.Expr, EvalContext: r.ctx})
		return cty.NilVal, attr, false
	}
	if !lang.Known(val) {
		r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: NotKnown,
			Detail:  fmt.Sprintf("%q shapes what will run, so it can't depend on what is known later: the results of steps, and for images and the first two stages the crate and the outputs of modules.", name),
			Subject: attr.Expr.Range().Ptr()})
		return cty.NilVal, attr, false
	}
	return val, attr, true
}

func (r *reader) refuse(attr *hcl.Attribute, format string, args ...any) {
	r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unsuitable value",
		Detail: fmt.Sprintf(format, args...), Subject: attr.Expr.Range().Ptr(), Expression: attr.Expr, EvalContext: r.ctx})
}

// plain refuses sensitive values where they would enter a plan.
func (r *reader) plain(val cty.Value, attr *hcl.Attribute) (cty.Value, bool) {
	if lang.Marked(val) {
		r.refuse(attr, "A sensitive value can't stand here, since plans and keys would show it. Declare a secret block and mount it.")
		return cty.NilVal, false
	}
	return val, true
}

func (r *reader) str(name string) string {
	val, attr, ok := r.value(name, cty.String)
	if !ok {
		return ""
	}
	if val, ok = r.plain(val, attr); !ok {
		return ""
	}
	return val.AsString()
}

func (r *reader) boolean(name string, missing bool) bool {
	val, attr, ok := r.value(name, cty.Bool)
	if !ok {
		return missing
	}
	if val, ok = r.plain(val, attr); !ok {
		return missing
	}
	return val.True()
}

func (r *reader) strs(name string) []string {
	val, attr, ok := r.value(name, cty.DynamicPseudoType)
	if !ok {
		return nil
	}
	if val, ok = r.plain(val, attr); !ok {
		return nil
	}
	if val.Type().IsTupleType() {
		if out, ok := texts(val); ok {
			return out
		}
	}
	val, err := convert.Convert(val, cty.List(cty.String))
	if err != nil {
		r.refuse(attr, "%q: %s.", name, err)
		return nil
	}
	out := make([]string, 0, val.LengthInt())
	for it := val.ElementIterator(); it.Next(); {
		_, v := it.Element()
		if v.IsNull() {
			r.refuse(attr, "%q has a null element.", name)
			return nil
		}
		out = append(out, v.AsString())
	}
	return out
}

// texts gives the elements of a tuple as text when all are strings or whole
// numbers, which is what commands are made of; to convert the tuple to a list
// first takes many times as long.
func texts(val cty.Value) ([]string, bool) {
	out := make([]string, 0, val.LengthInt())
	for v := range lang.Elements(val) {
		s, ok := text(v)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

// text is a string, or a whole number of 64 bits as one.
func text(v cty.Value) (string, bool) {
	switch {
	case v.IsNull():
	case v.Type() == cty.String:
		return v.AsString(), true
	case v.Type() == cty.Number:
		if n, accuracy := v.AsBigFloat().Int64(); accuracy == big.Exact {
			return strconv.FormatInt(n, 10), true
		}
	}
	return "", false
}

func (r *reader) env(name string) []string {
	val, attr, ok := r.value(name, cty.DynamicPseudoType)
	if !ok {
		return nil
	}
	if val, ok = r.plain(val, attr); !ok {
		return nil
	}
	if t := val.Type(); !t.IsObjectType() && !t.IsMapType() {
		r.refuse(attr, "%q: map of string required.", name)
		return nil
	}
	out := make([]string, 0, val.LengthInt())
	for it := val.ElementIterator(); it.Next(); {
		k, v := it.Element()
		key := k.AsString()
		value, ok := text(v)
		if !ok {
			v, err := convert.Convert(v, cty.String)
			if err != nil {
				r.refuse(attr, "%q: element %q: %s.", name, key, err)
				return nil
			}
			if ok = !v.IsNull(); ok {
				value = v.AsString()
			}
		}
		if !ok || key == "" || strings.ContainsAny(key, "=\x00") || strings.Contains(value, "\x00") {
			r.refuse(attr, "%q is not a name and value that an environment can hold.", key)
			return nil
		}
		out = append(out, key+"="+value)
	}
	sort.Strings(out)
	return out
}

func (r *reader) duration(name string) time.Duration {
	text := r.str(name)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		r.refuse(r.attrs[name], "%q must be a duration such as \"10s\" or \"1m30s\", not %q.", name, text)
		return 0
	}
	return d
}

func (r *reader) choice(name, missing string, allowed ...string) string {
	text := r.str(name)
	if text == "" {
		return missing
	}
	for _, d := range oneOf(r.attrs[name], text, allowed) {
		d.Expression, d.EvalContext = r.attrs[name].Expr, r.ctx
		r.diags = append(r.diags, d)
	}
	return text
}

// ref reads an attribute that takes a reference of one of some kinds.
func (r *reader) ref(name string, kinds ...RefKind) *Ref {
	val, attr, ok := r.value(name, cty.DynamicPseudoType)
	if !ok {
		return nil
	}
	ref := asRef(val)
	if ref != nil {
		for _, k := range kinds {
			if ref.Kind == k {
				return ref
			}
		}
	}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	r.refuse(attr, "%q takes a reference to %s.", name, article(strings.Join(names, " or ")))
	return nil
}

func asRef(val cty.Value) *Ref {
	if val.IsMarked() || val.IsNull() || !val.IsKnown() {
		return nil
	}
	if val.Type() == refType {
		return val.EncapsulatedValue().(*Ref)
	}
	if val.Type().IsObjectType() && val.Type().HasAttribute(selfAttr) {
		return asRef(val.GetAttr(selfAttr))
	}
	return nil
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

func oneOf(attr *hcl.Attribute, val string, allowed []string) hcl.Diagnostics {
	for _, a := range allowed {
		if a == val {
			return nil
		}
	}
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Unsuitable value",
		Detail:  fmt.Sprintf("%q must be one of %s, not %q.%s", attr.Name, strings.Join(allowed, ", "), val, lang.DidYouMean(val, allowed)),
		Subject: attr.Expr.Range().Ptr()}}
}

func unsuitable(attr *hcl.Attribute, want string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unsuitable value",
		Detail: fmt.Sprintf("%q must be %s.", attr.Name, want), Subject: attr.Expr.Range().Ptr()}
}

func sortedNames(attrs hcl.Attributes) []string {
	names := make([]string, 0, len(attrs))
	for n := range attrs {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
