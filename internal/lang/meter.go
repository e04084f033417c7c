package lang

import (
	"fmt"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Bounds on what the loops and templates of one evaluation make together.
const (
	maxLooped    = 200_000
	maxLoopBytes = 64 << 20
)

// meterName is the function that Meter calls. It can't clash with a function
// of the language, since it is a keyword.
const meterName = "for"

// MeterFailed begins the detail of HCL's diagnostic when the bounds are reached.
const MeterFailed = `Call to function "` + meterName + `" failed: `

// Meter bounds the loops and templates of a syntax tree, which can make any
// amount of values without a function: it puts a call around each collection
// that is looped over, each value that a loop makes and each part of a
// template. FunctionMap has the function, with a count of its own per map.
func Meter(tree hclsyntax.Node) {
	// Visiting can't fail: the visitor gives no diagnostics.
	_ = hclsyntax.VisitAll(tree, func(node hclsyntax.Node) hcl.Diagnostics {
		switch e := node.(type) {
		case *hclsyntax.ForExpr:
			e.CollExpr = metered(e.CollExpr)
			e.ValExpr = metered(e.ValExpr)
		case *hclsyntax.TemplateExpr:
			for i, part := range e.Parts {
				if _, isLiteral := part.(*hclsyntax.LiteralValueExpr); !isLiteral && len(e.Parts) > 1 {
					e.Parts[i] = metered(part)
				}
			}
		}
		return nil
	})
}

func metered(e hclsyntax.Expression) hclsyntax.Expression {
	if call, ok := e.(*hclsyntax.FunctionCallExpr); ok && call.Name == meterName {
		return e
	}
	at := e.Range()
	return &hclsyntax.FunctionCallExpr{Name: meterName, Args: []hclsyntax.Expression{e},
		NameRange: at, OpenParenRange: at, CloseParenRange: at}
}

// meter gives its argument back until the bounds are reached, then one error,
// and after that unknown values, which end loops without more errors. Expressions
// may be evaluated at the same time; which of them is told then that the bounds
// are reached is chance.
func meter() function.Function {
	var lock sync.Mutex
	elements, size, spent := 0, 0, false
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType,
			AllowNull: true, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true}},
		Type: func(args []cty.Value) (cty.Type, error) {
			lock.Lock()
			defer lock.Unlock()
			if spent {
				return cty.DynamicPseudoType, nil
			}
			return args[0].Type(), nil
		},
		Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
			made, bytes := 0, 0
			err := bounded(args[0], &made, &bytes, 0)
			lock.Lock()
			defer lock.Unlock()
			if spent {
				return cty.UnknownVal(t), nil
			}
			elements, size = elements+made, size+bytes
			if err == nil && (elements > maxLooped || size > maxLoopBytes) {
				err = fmt.Errorf("all loops and templates together make more than %d elements or %d bytes of text", maxLooped, maxLoopBytes)
			}
			if err != nil {
				spent = true
				return cty.NilVal, err
			}
			return args[0], nil
		},
	})
}

// Constant evaluates an expression that may refer to nothing.
func Constant(e hcl.Expression) (cty.Value, hcl.Diagnostics) { return e.Value(Constants()) }

// Constants is what expressions that may refer to nothing are evaluated with; what
// the loops of all of them make is counted together.
func Constants() *hcl.EvalContext {
	return &hcl.EvalContext{Functions: map[string]function.Function{meterName: meter()}}
}
