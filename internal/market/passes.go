package market

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Passed are the values that the pack, with its own values, passes to a pack that
// it depends on: chosen ones of its dependency block, and shared ones, its own for
// every other variable that both declare. Faults are a [*DiagnosticsError].
func (p *Pack) Passed(to *Pack, own *Values) (chosen, shared []lang.Given, err error) {
	source := fmt.Sprintf("the pack %s", p.ID)
	explicit := p.Passes[to.ID]
	for _, v := range to.Variables {
		if _, ok := explicit[v.Name]; ok {
			continue
		}
		if val, ok := own.Values.Values[v.Name]; ok {
			shared = append(shared, lang.Given{Name: v.Name, Value: val, Source: source})
		}
	}
	ctx := &hcl.EvalContext{Functions: lang.FunctionMap(""), Variables: map[string]cty.Value{"var": cty.ObjectVal(own.Values.Values)}}
	if len(own.Values.Values) == 0 {
		ctx.Variables["var"] = cty.EmptyObjectVal
	}
	for _, name := range slices.Sorted(maps.Keys(explicit)) {
		val, diags := explicit[name].Value(ctx)
		if diags.HasErrors() {
			return nil, nil, p.diagnosticsError(diags)
		}
		chosen = append(chosen, lang.Given{Name: name, Value: val, Source: source})
	}
	return chosen, shared, nil
}

// diagnosticsError is diagnostics of the pack's manifest.
func (p *Pack) diagnosticsError(diags hcl.Diagnostics) error {
	files := map[string]*hcl.File{}
	if src, err := readLimited(p.FS, p.File, maxManifestSize); err == nil {
		for _, d := range diags {
			if d.Subject != nil {
				files[d.Subject.Filename] = &hcl.File{Bytes: src}
			}
		}
	}
	return &DiagnosticsError{Diagnostics: diags, Files: files}
}
