package lang

import (
	"fmt"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// Sensitive marks values that no log, plan, report or key may show.
const Sensitive = sensitiveMark("sensitive")

type sensitiveMark string

// Variable is a declared variable, as in Terraform.
type Variable struct {
	Name        string
	Description string
	// Type is the type constraint; cty.DynamicPseudoType when none is given.
	Type     cty.Type
	defaults *typeexpr.Defaults
	// Default is the default value, cty.NilVal when the variable is required.
	Default   cty.Value
	Sensitive bool
	Nullable  bool
	rules     []rule
	// DeclRange is the block's header.
	DeclRange hcl.Range
}

// rule is one validation block.
type rule struct {
	condition hcl.Expression
	message   hcl.Expression
}

var (
	variableBody   = VariableSchema().Body()
	validationBody = VariableSchema().Blocks[0].Body()
)

// DecodeVariable reads a variable block whose only label is the name.
func DecodeVariable(block *hcl.Block) (Variable, hcl.Diagnostics) {
	v := Variable{Name: block.Labels[0], Type: cty.DynamicPseudoType, Nullable: true, DeclRange: block.DefRange}
	content, diags := block.Body.Content(variableBody)
	if !hclsyntax.ValidIdentifier(v.Name) {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid variable name",
			Detail: "A name starts with a letter and has only letters, digits, - and _.", Subject: &block.LabelRanges[0]})
	}
	if attr, ok := content.Attributes["type"]; ok {
		t, defaults, d := typeexpr.TypeConstraintWithDefaults(attr.Expr)
		diags = append(diags, d...)
		if !d.HasErrors() {
			v.Type, v.defaults = t, defaults
		}
	}
	diags = append(diags, decodeLiteral(content, "description", cty.String, func(val cty.Value) { v.Description = val.AsString() })...)
	diags = append(diags, decodeLiteral(content, "sensitive", cty.Bool, func(val cty.Value) { v.Sensitive = val.True() })...)
	diags = append(diags, decodeLiteral(content, "nullable", cty.Bool, func(val cty.Value) { v.Nullable = val.True() })...)
	if attr, ok := content.Attributes["default"]; ok {
		val, d := Constant(attr.Expr)
		diags = append(diags, d...)
		v.Default = cty.DynamicVal // when it is wrong, it is not missing
		if !d.HasErrors() {
			val, err := v.convert(val)
			switch {
			case err == nil && val.IsNull() && !v.Nullable:
				diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid default",
					Detail: fmt.Sprintf("%q is not nullable, so its default may not be null.", v.Name), Subject: attr.Expr.Range().Ptr()})
			case err != nil:
				diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid default",
					Detail: fmt.Sprintf("The default of %q does not fit its type: %s.", v.Name, err), Subject: attr.Expr.Range().Ptr()})
			default:
				v.Default = val
			}
		}
	}
	for _, b := range content.Blocks {
		c, d := b.Body.Content(validationBody)
		diags = append(diags, d...)
		if !d.HasErrors() {
			v.rules = append(v.rules, rule{c.Attributes["condition"].Expr, c.Attributes["error_message"].Expr})
		}
	}
	return v, diags
}

// decodeLiteral evaluates an attribute that may not refer to anything.
func decodeLiteral(content *hcl.BodyContent, name string, t cty.Type, set func(cty.Value)) hcl.Diagnostics {
	attr, ok := content.Attributes[name]
	if !ok {
		return nil
	}
	val, diags := Constant(attr.Expr)
	if diags.HasErrors() {
		return diags
	}
	val, err := convert.Convert(val, t)
	if err != nil || val.IsNull() || !val.IsKnown() {
		return append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unsuitable value",
			Detail: fmt.Sprintf("%q must be a %s.", name, t.FriendlyName()), Subject: attr.Expr.Range().Ptr()})
	}
	set(val)
	return diags
}

// Required reports whether a value must be given.
func (v Variable) Required() bool { return v.Default == cty.NilVal }

func (v Variable) convert(val cty.Value) (cty.Value, error) {
	if v.defaults != nil && !val.IsNull() {
		val = v.defaults.Apply(val)
	}
	out, err := convert.Convert(val, v.Type)
	if err != nil {
		return cty.NilVal, err
	}
	return out, nil
}

// Parse turns text from a command line or the environment into a value of
// the variable's type. As in Terraform, a string variable takes the text as it
// is and every other type takes an expression.
func (v Variable) Parse(text, source string) (cty.Value, error) {
	if v.Type == cty.String || v.Type == cty.DynamicPseudoType {
		return cty.StringVal(text), nil
	}
	if diags := Guard([]byte(text), source); diags.HasErrors() {
		return cty.NilVal, diags
	}
	expr, diags := hclsyntax.ParseExpression([]byte(text), source, hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, fmt.Errorf("%q is not a value of type %s: %s", text, typeexpr.TypeString(v.Type), diags[0].Detail)
	}
	Meter(expr)
	val, diags := Constant(expr)
	if diags.HasErrors() {
		return cty.NilVal, fmt.Errorf("%q is not a value of type %s: %s", text, typeexpr.TypeString(v.Type), diags[0].Detail)
	}
	return val, nil
}

// Given is a value for a variable and where it came from.
type Given struct {
	Name string
	// Value is the value; when it is cty.NilVal, Text counts.
	Value cty.Value
	Text  string
	// Source names the origin in messages, where it begins a sentence: "--var x
	// on the command line", "SIXTY_VAR_x in the environment", "prod.sixtyvars:3".
	Source string
	// Lenient makes an undeclared name a warning (the environment's rule).
	Lenient bool
	// Range is the place in a variables file, when there is one.
	Range *hcl.Range
}

// Values is what variables were resolved to.
type Values struct {
	Values map[string]cty.Value
	// Sources says where each value came from; "default" for defaults.
	Sources map[string]string
}

// ResolveVariables gives every declared variable its value: the last of the
// given ones, else the default. Values are converted, validated, and marked
// when the variable is sensitive. funcs are the functions that validation
// conditions may call.
func ResolveVariables(declared []Variable, given []Given, funcs map[string]function.Function) (Values, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	out := Values{Values: map[string]cty.Value{}, Sources: map[string]string{}}
	byName := map[string]Variable{}
	var names []string
	for _, v := range declared {
		byName[v.Name] = v
		names = append(names, v.Name)
	}
	sort.Strings(names)
	last := map[string]Given{}
	for _, g := range given {
		if _, ok := byName[g.Name]; !ok {
			diags = append(diags, undeclared(g, names))
			continue
		}
		last[g.Name] = g
	}
	for _, v := range declared {
		val, source, d := v.resolve(last)
		diags = append(diags, d...)
		if d.HasErrors() {
			out.Values[v.Name] = cty.UnknownVal(v.Type)
			continue
		}
		out.Sources[v.Name] = source
		if v.Sensitive {
			val = val.Mark(Sensitive)
		}
		diags = append(diags, v.validate(val, source, funcs)...)
		out.Values[v.Name] = val
	}
	return out, diags
}

// byDefault is the source of a value that nobody gave.
const byDefault = "default"

// UnknownVariable is the summary of a diagnostic about a value for a variable
// that nothing declares.
const UnknownVariable = "Unknown variable"

// NoValue is the summary of a diagnostic about a variable that has no default
// and was given no value.
const NoValue = "No value for variable"

func undeclared(g Given, names []string) *hcl.Diagnostic {
	d := &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  UnknownVariable,
		Detail:   fmt.Sprintf("%s gives a value for %q, but no variable of that name is declared.%s", g.Source, g.Name, DidYouMean(g.Name, names)),
		Subject:  g.Range,
	}
	if g.Lenient {
		d.Severity = hcl.DiagWarning
	}
	return d
}

func (v Variable) resolve(given map[string]Given) (cty.Value, string, hcl.Diagnostics) {
	g, ok := given[v.Name]
	if !ok {
		if v.Required() {
			detail := fmt.Sprintf("The variable %q has no default and no value was given. Give one with --var %s=VALUE or SIXTY_VAR_%s.", v.Name, v.Name, v.Name)
			if v.Description != "" {
				detail += fmt.Sprintf(" It is: %s.", v.Description)
			}
			return cty.NilVal, "", hcl.Diagnostics{{Severity: hcl.DiagError, Summary: NoValue, Detail: detail, Subject: v.DeclRange.Ptr()}}
		}
		return v.Default, byDefault, nil
	}
	fail := func(format string, args ...any) (cty.Value, string, hcl.Diagnostics) {
		subject := g.Range
		if subject == nil {
			subject = v.DeclRange.Ptr()
		}
		return cty.NilVal, "", hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Invalid value for variable",
			Detail: fmt.Sprintf("%s gives %q %s", g.Source, v.Name, fmt.Sprintf(format, args...)), Subject: subject}}
	}
	val := g.Value
	if val == cty.NilVal {
		parsed, err := v.Parse(g.Text, g.Source)
		if err != nil {
			if v.Sensitive {
				return fail("a value that does not fit its type %s.", typeexpr.TypeString(v.Type))
			}
			return fail("a value that can't be read: %s.", strings.TrimSuffix(err.Error(), "."))
		}
		val = parsed
	}
	val, err := v.convert(val)
	if err != nil {
		return fail("a value that does not fit its type %s: %s.", typeexpr.TypeString(v.Type), err)
	}
	if val.IsNull() && !v.Nullable {
		if v.Required() {
			return fail("null, which it does not allow.")
		}
		return v.Default, byDefault, nil
	}
	return val, g.Source, nil
}

func (v Variable) validate(val cty.Value, source string, funcs map[string]function.Function) hcl.Diagnostics {
	var diags hcl.Diagnostics
	ctx := &hcl.EvalContext{
		Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{v.Name: val})},
		Functions: funcs,
	}
	for _, r := range v.rules {
		ok, d := r.condition.Value(ctx)
		if d.HasErrors() {
			diags = append(diags, d...)
			continue
		}
		ok, err := convert.Convert(ok, cty.Bool)
		if err != nil || ok.IsNull() {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid validation condition",
				Detail: "A condition must be true or false.", Subject: r.condition.Range().Ptr()})
			continue
		}
		if ok, _ = ok.Unmark(); !ok.IsKnown() || ok.True() {
			continue
		}
		msg, d := r.message.Value(ctx)
		diags = append(diags, d...)
		detail := "The value is not valid."
		if !d.HasErrors() && msg.Type() == cty.String && !msg.IsMarked() && msg.IsKnown() && !msg.IsNull() {
			detail = msg.AsString()
		}
		origin := "came from " + source
		if source == byDefault {
			origin = "is the default"
		}
		detail += fmt.Sprintf(" The value %s %s.", Show(val), origin)
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: fmt.Sprintf("Invalid value for variable %q", v.Name),
			Detail: detail, Subject: r.condition.Range().Ptr()})
	}
	return diags
}
