package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// native turns the body of a JSON file into the form that a file in HCL syntax
// has, so that overriding, metering and the search for references know one
// form. What a property means, the schema says
// (https://github.com/hashicorp/hcl/blob/main/json/spec.md).
func native(body hcl.Body, schema lang.BlockSchema) (*hclsyntax.Body, hcl.Diagnostics) {
	out := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: body.MissingItemRange(), EndRange: body.MissingItemRange()}
	if schema.AnyAttribute {
		attrs, diags := body.JustAttributes()
		diags = append(diags, nativeAttributes(attrs, schema, out)...)
		return out, diags
	}
	expected := schema.Body()
	for i := range expected.Attributes {
		expected.Attributes[i].Required = false // that one is missing is said once, later
	}
	content, diags := body.Content(expected)
	diags = append(diags, nativeAttributes(content.Attributes, schema, out)...)
	for _, b := range content.Blocks {
		inner, ok := schema.Block(b.Type)
		if b.Type == "dynamic" {
			inner, ok = dynamicSchema(schema, b.Labels[0]), true
		}
		if !ok {
			continue
		}
		nested, d := native(b.Body, inner)
		diags = append(diags, d...)
		out.Blocks = append(out.Blocks, &hclsyntax.Block{Type: b.Type, Labels: b.Labels, Body: nested,
			TypeRange: b.TypeRange, LabelRanges: b.LabelRanges, OpenBraceRange: b.DefRange, CloseBraceRange: b.DefRange})
	}
	return out, diags
}

// dynamicSchema describes a dynamic block that makes blocks of a type.
func dynamicSchema(parent lang.BlockSchema, typ string) lang.BlockSchema {
	content, _ := parent.Block(typ) // an unknown type is refused later
	content.Type, content.Labels, content.Single = "content", nil, true
	return lang.BlockSchema{
		Attributes: []lang.AttributeSchema{{Name: "for_each", Type: lang.TypeAny}, {Name: "iterator", Type: lang.TypeConstraint}, {Name: "labels", Type: lang.TypeStrings}},
		Blocks:     []lang.BlockSchema{content},
	}
}

func nativeAttributes(attrs hcl.Attributes, schema lang.BlockSchema, out *hclsyntax.Body) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, name := range sortedNames(attrs) {
		attr := attrs[name]
		parse := parseTemplate
		if a, ok := schema.Attribute(name); ok && a.Type == lang.TypeConstraint {
			parse = parseKeyword
		}
		expr, d := nativeExpression(attr.Expr, parse)
		diags = append(diags, d...)
		out.Attributes[name] = &hclsyntax.Attribute{Name: name, Expr: expr, SrcRange: attr.Range, NameRange: attr.NameRange}
	}
	return diags
}

type parser func(text string, at hcl.Range) (hclsyntax.Expression, hcl.Diagnostics)

// nativeExpression gives the expression that a JSON value stands for, each part
// of it at its own place.
func nativeExpression(e hcl.Expression, parse parser) (hclsyntax.Expression, hcl.Diagnostics) {
	if items, d := hcl.ExprList(e); !d.HasErrors() {
		out := &hclsyntax.TupleConsExpr{SrcRange: e.Range(), OpenRange: e.StartRange()}
		var diags hcl.Diagnostics
		for _, item := range items {
			expr, d := nativeExpression(item, parse)
			diags = append(diags, d...)
			out.Exprs = append(out.Exprs, expr)
		}
		return out, diags
	}
	if pairs, d := hcl.ExprMap(e); !d.HasErrors() {
		out := &hclsyntax.ObjectConsExpr{SrcRange: e.Range(), OpenRange: e.StartRange()}
		var diags hcl.Diagnostics
		for _, pair := range pairs {
			key, d := nativeExpression(pair.Key, parse)
			diags = append(diags, d...)
			value, d := nativeExpression(pair.Value, parse)
			diags = append(diags, d...)
			out.Items = append(out.Items, hclsyntax.ObjectConsItem{KeyExpr: key, ValueExpr: value})
		}
		return out, diags
	}
	val, diags := e.Value(nil) // strings as they stand there
	if val.Type() == cty.String && val.IsKnown() && !val.IsNull() {
		return parse(val.AsString(), e.Range())
	}
	return &hclsyntax.LiteralValueExpr{Val: val, SrcRange: e.Range()}, diags
}

func parseTemplate(text string, at hcl.Range) (hclsyntax.Expression, hcl.Diagnostics) {
	if !strings.Contains(text, "${") && !strings.Contains(text, "%{") {
		return &hclsyntax.LiteralValueExpr{Val: cty.StringVal(text), SrcRange: at}, nil
	}
	expr, diags := hclsyntax.ParseTemplate([]byte(text), at.Filename, afterQuote(at))
	return orUnknown(expr, at, diags)
}

// parseKeyword reads what is no value: a type, or the name of an iterator.
func parseKeyword(text string, at hcl.Range) (hclsyntax.Expression, hcl.Diagnostics) {
	expr, diags := hclsyntax.ParseExpression([]byte(text), at.Filename, afterQuote(at))
	return orUnknown(expr, at, diags)
}

func orUnknown(expr hclsyntax.Expression, at hcl.Range, diags hcl.Diagnostics) (hclsyntax.Expression, hcl.Diagnostics) {
	if diags.HasErrors() {
		return &hclsyntax.LiteralValueExpr{Val: cty.DynamicVal, SrcRange: at}, diags
	}
	return expr, diags
}

func afterQuote(at hcl.Range) hcl.Pos {
	return hcl.Pos{Line: at.Start.Line, Column: at.Start.Column + 1, Byte: at.Start.Byte + 1}
}
