package verdict

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

func TestValueFindsWhatHCLHides(t *testing.T) {
	ctx := &hcl.EvalContext{Variables: map[string]cty.Value{
		"metrics": cty.ObjectVal(map[string]cty.Value{"failed": cty.UnknownVal(cty.Number)}),
		"none":    cty.NullVal(cty.Object(map[string]cty.Type{"a": cty.Bool})),
	}, Functions: lang.FunctionMap("")}
	for text, mistakes := range map[string]int{
		`metrics.failed == 0 && metrics.failed > 1`:                 0,
		`metrics.failed == 0 && metrics.executed > 0`:               1,
		`metrics.failed == 0 || metrics.executed > 0`:               1,
		`metrics.passed == 0 && metrics.executed > 0`:               2, // HCL says both itself
		`!(metrics.failed == 0 && metrics.executed > 0)`:            1,
		`metrics.failed == 0 ? metrics.a : metrics.b`:               2,
		`metrics.failed == 0 ? "a" : "${metrics.executed} of them"`: 1,
		`(metrics.failed == 0 && metrics.a) == (true && metrics.b)`: 1,
		`none != null && none.a`:                                    0, // guarded by what is known
		`none == null || none.a`:                                    0,
		`none == null ? true : none.a`:                              0,
		`can(metrics.executed) || metrics.failed == 0`:              0,
	} {
		expr, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if _, diags = value(expr, ctx); len(diags) != mistakes {
			t.Errorf("%s: %d mistakes, want %d: %v", text, len(diags), mistakes, diags)
		}
	}
}
