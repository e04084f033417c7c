package verdict

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/sixtyhq/sixty/internal/config"
)

// Output is a value of the pipeline after its run.
type Output struct {
	Name        string
	Description string
	// Value is the value as JSON; nil when it is sensitive or not known.
	Value json.RawMessage
	// Sensitive says that the value is shown nowhere.
	Sensitive bool
	// Missing says why there is no value: what it needs was not measured.
	Missing string
}

// checkOutput refuses what an output of the pipeline can't be.
func checkOutput(o config.OutputBlock, ctx *hcl.EvalContext) hcl.Diagnostics {
	if o.Value == nil {
		return nil // which was said
	}
	val, diags := value(o.Value, ctx)
	if diags.HasErrors() {
		return diags
	}
	refuse := func(summary, format string, args ...any) hcl.Diagnostics {
		return append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: o.Value.Range().Ptr()})
	}
	switch {
	case val.ContainsMarked() && !o.Sensitive:
		return refuse("Sensitive output", "The output %q comes from a sensitive value. Say sensitive = true, and it is shown nowhere.", o.Name)
	case config.HoldsReference(val.Type()):
		return refuse("Output without a value", "The output %q is a reference to something that a run makes, which can't be written down.", o.Name)
	}
	return diags
}

// output evaluates an output; missing says which figure it lacks.
func (s scope) output(o config.OutputBlock) (val cty.Value, missing string, diags hcl.Diagnostics) {
	if missing := s.missing(names(o.Value)); missing != "" {
		return cty.DynamicVal, missing, nil
	}
	val, diags = o.Value.Value(s.ctx)
	if diags.HasErrors() {
		return cty.DynamicVal, "it could not be evaluated: " + diags[0].Detail, diags
	}
	if o.Sensitive {
		val = val.Mark(config.Sensitive)
	}
	if !val.IsWhollyKnown() {
		missing = "a figure that it needs was not measured"
	}
	return val, missing, diags
}

// shown is an output in the form of reports.
func (s scope) shown(o config.OutputBlock) (Output, hcl.Diagnostics) {
	out := Output{Name: o.Name, Description: o.Description, Sensitive: o.Sensitive}
	val, missing, diags := s.output(o)
	if out.Missing = missing; missing != "" || o.Sensitive || val.ContainsMarked() {
		out.Sensitive = out.Sensitive || val.ContainsMarked()
		return out, diags
	}
	text, err := ctyjson.Marshal(val, val.Type())
	if err != nil {
		out.Missing = "it can't be written as JSON: " + err.Error()
		return out, diags
	}
	out.Value = text
	return out, diags
}
