package verdict

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// value evaluates an expression before the run. HCL says nothing of the parts
// that it might not need in the end (the right side of && and || and the branches
// of a condition that is unknown yet), and before the run that is most of a gate:
// their mistakes are found here. What a known value guards, as in
// `var.a != null && var.a.b`, stays unread.
func value(expr hcl.Expression, ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	val, diags := expr.Value(ctx)
	if diags.HasErrors() {
		return val, diags
	}
	return val, append(diags, hidden(expr, ctx)...)
}

func hidden(expr hcl.Expression, ctx *hcl.EvalContext) hcl.Diagnostics {
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		return hidden(e.Expression, ctx)
	case *hclsyntax.UnaryOpExpr:
		return hidden(e.Val, ctx)
	case *hclsyntax.BinaryOpExpr:
		left, diags := value(e.LHS, ctx)
		if decides(e.Op, left) {
			return diags
		}
		_, d := value(e.RHS, ctx)
		return append(diags, d...)
	case *hclsyntax.ConditionalExpr:
		condition, diags := value(e.Condition, ctx)
		if condition.IsKnown() { // the branch that is taken was read
			return diags
		}
		_, yes := value(e.TrueResult, ctx)
		_, no := value(e.FalseResult, ctx)
		return append(append(diags, yes...), no...)
	case *hclsyntax.TemplateExpr:
		var diags hcl.Diagnostics
		for _, part := range e.Parts {
			diags = append(diags, hidden(part, ctx)...)
		}
		return diags
	case *hclsyntax.TemplateWrapExpr:
		return hidden(e.Wrapped, ctx)
	case *hclsyntax.FunctionCallExpr:
		if e.Name == "try" || e.Name == "can" { // whose mistakes are meant
			return nil
		}
		var diags hcl.Diagnostics
		for _, arg := range e.Args {
			diags = append(diags, hidden(arg, ctx)...)
		}
		return diags
	}
	return nil
}

// decides says whether the left side alone gives the result.
func decides(op *hclsyntax.Operation, left cty.Value) bool {
	left, _ = left.Unmark()
	if !left.IsKnown() || left.IsNull() || left.Type() != cty.Bool {
		return false
	}
	return op == hclsyntax.OpLogicalAnd && left.False() || op == hclsyntax.OpLogicalOr && left.True()
}
