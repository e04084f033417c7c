package reference

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/sixtyhq/sixty/internal/lang"
)

// toJSON converts a pipeline in HCL syntax to HCL's JSON syntax, as a writer
// would: constants as they are, everything else as "${…}".
func toJSON(t *testing.T, src []byte, name string) []byte {
	t.Helper()
	file, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		t.Skip(diags)
	}
	c := converter{t, src}
	out, err := json.MarshalIndent(c.body(file.Body.(*hclsyntax.Body), nil), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type converter struct {
	t   *testing.T
	src []byte
}

func (c converter) body(b *hclsyntax.Body, path []string) map[string]any {
	out := map[string]any{}
	for name, attr := range b.Attributes {
		if path != nil && path[len(path)-1] == "variable" && name == "type" || name == "iterator" {
			out[name] = c.source(attr.Expr)
			continue
		}
		out[name] = c.value(attr.Expr)
	}
	for _, block := range b.Blocks {
		// Blocks of one type and labels become a list.
		into := out
		keys := append([]string{block.Type}, block.Labels...)
		for _, key := range keys[:len(keys)-1] {
			next, ok := into[key].(map[string]any)
			if !ok {
				next = map[string]any{}
				into[key] = next
			}
			into = next
		}
		last := keys[len(keys)-1]
		inner := c.body(block.Body, append(path, block.Type))
		switch before := into[last].(type) {
		case nil:
			into[last] = inner
		case []any:
			into[last] = append(before, inner)
		default:
			into[last] = []any{before, inner}
		}
	}
	return out
}

func (c converter) source(e hclsyntax.Expression) string {
	return string(e.Range().SliceBytes(c.src))
}

func (c converter) value(e hclsyntax.Expression) any {
	switch e := e.(type) {
	case *hclsyntax.TupleConsExpr:
		list := []any{}
		for _, element := range e.Exprs {
			list = append(list, c.value(element))
		}
		return list
	case *hclsyntax.ObjectConsExpr:
		object := map[string]any{}
		for _, item := range e.Items {
			key, diags := item.KeyExpr.Value(nil)
			if diags.HasErrors() || key.Type() != cty.String {
				return "${" + c.source(e) + "}"
			}
			object[key.AsString()] = c.value(item.ValueExpr)
		}
		return object
	case *hclsyntax.TemplateExpr:
		text := ""
		for _, part := range e.Parts {
			val, diags := lang.Constant(part)
			if diags.HasErrors() || val.Type() != cty.String {
				if _, directive := part.(*hclsyntax.ConditionalExpr); directive {
					c.t.Skip("a directive in a template")
				}
				text += "${" + c.source(part) + "}"
				continue
			}
			text += escapeTemplate(val.AsString())
		}
		return text
	}
	if val, diags := lang.Constant(e); !diags.HasErrors() && len(e.Variables()) == 0 && isLiteral(e) {
		b, err := ctyjson.Marshal(val, val.Type())
		if err != nil {
			c.t.Fatal(err)
		}
		return json.RawMessage(b)
	}
	return fmt.Sprintf("${%s}", c.source(e))
}

func isLiteral(e hclsyntax.Expression) bool {
	_, ok := e.(*hclsyntax.LiteralValueExpr)
	return ok
}

func escapeTemplate(s string) string {
	out := ""
	for i := 0; i < len(s); i++ {
		if i+1 < len(s) && s[i+1] == '{' && (s[i] == '$' || s[i] == '%') {
			out += string(s[i])
		}
		out += string(s[i])
	}
	return out
}
