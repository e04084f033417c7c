package console

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Show writes a value as HCL on as many lines as it takes. What is sensitive is
// (sensitive), what is not known yet is (unknown), and what only the run has is
// (reference).
func Show(val cty.Value) string {
	var b strings.Builder
	show(&b, val, "")
	return b.String()
}

func show(b *strings.Builder, val cty.Value, indent string) {
	t := val.Type()
	switch {
	case val.IsMarked():
		b.WriteString("(sensitive)")
	case !val.IsKnown() && t == cty.DynamicPseudoType:
		b.WriteString("(unknown)")
	case !val.IsKnown():
		b.WriteString("(unknown " + t.FriendlyName() + ")")
	case val.IsNull():
		b.WriteString("null")
	case t.IsCapsuleType(), t.IsObjectType() && t.HasAttribute("#self"):
		b.WriteString("(reference)")
	case t.IsObjectType() || t.IsMapType():
		object(b, val, indent)
	case t.IsSetType():
		b.WriteString("toset(")
		list(b, val, indent)
		b.WriteString(")")
	case t.IsTupleType() || t.IsListType():
		list(b, val, indent)
	default:
		b.Write(hclwrite.TokensForValue(val).Bytes())
	}
}

func list(b *strings.Builder, val cty.Value, indent string) {
	if val.LengthInt() == 0 {
		b.WriteString("[]")
		return
	}
	b.WriteString("[\n")
	for it := val.ElementIterator(); it.Next(); {
		_, element := it.Element()
		b.WriteString(indent + "  ")
		show(b, element, indent+"  ")
		b.WriteString(",\n")
	}
	b.WriteString(indent + "]")
}

func object(b *strings.Builder, val cty.Value, indent string) {
	if val.LengthInt() == 0 {
		b.WriteString("{}")
		return
	}
	type pair struct {
		key   string
		value cty.Value
	}
	var pairs []pair
	width := 0
	for it := val.ElementIterator(); it.Next(); {
		k, v := it.Element()
		key := k.AsString()
		if !hclsyntax.ValidIdentifier(key) {
			key = string(hclwrite.TokensForValue(k).Bytes())
		}
		pairs = append(pairs, pair{key, v})
		width = max(width, len(key))
	}
	b.WriteString("{\n")
	for _, p := range pairs {
		b.WriteString(indent + "  " + p.key + strings.Repeat(" ", width-len(p.key)) + " = ")
		show(b, p.value, indent+"  ")
		b.WriteString("\n")
	}
	b.WriteString(indent + "}")
}
