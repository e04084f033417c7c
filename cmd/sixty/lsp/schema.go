package lsp

import (
	"github.com/hashicorp/hcl-lang/lang"
	"github.com/hashicorp/hcl-lang/schema"
	"github.com/zclconf/go-cty/cty"

	sixty "github.com/sixtyhq/sixty/internal/lang"
)

// bodySchema is a block's content as hcl-lang describes it.
func bodySchema(b sixty.BlockSchema) *schema.BodySchema {
	out := &schema.BodySchema{Attributes: map[string]*schema.AttributeSchema{}, Blocks: map[string]*schema.BlockSchema{}, Description: lang.Markdown(b.Doc)}
	for _, a := range b.Attributes {
		out.Attributes[a.Name] = &schema.AttributeSchema{
			Description: lang.Markdown(describe(a)), IsRequired: a.Required, IsOptional: !a.Required, Constraint: constraint(a),
		}
	}
	for _, nested := range b.Blocks {
		block := &schema.BlockSchema{Description: lang.Markdown(nested.Doc), Body: bodySchema(nested), Address: address(nested)}
		if nested.Single {
			block.MaxItems = 1
		}
		for _, label := range nested.Labels {
			block.Labels = append(block.Labels, &schema.LabelSchema{Name: label})
		}
		out.Blocks[nested.Type] = block
	}
	if len(b.Dynamic) > 0 {
		out.Extensions = &schema.BodyExtensions{DynamicBlocks: true}
	}
	if b.AnyAttribute && len(b.Attributes) == 0 {
		out.Attributes = nil // hcl-lang has one or the other
		out.AnyAttribute = &schema.AttributeSchema{
			IsOptional: true, Description: lang.Markdown(b.Doc), Constraint: schema.AnyExpression{OfType: cty.DynamicPseudoType},
			Address: &schema.AttributeAddrSchema{FriendlyName: "local", ScopeId: "local", AsExprType: true, AsReference: true,
				Steps: schema.Address{schema.StaticStep{Name: "local"}, schema.AttrNameStep{}}},
		}
	}
	return out
}

// address says how a block is named by others.
func address(b sixty.BlockSchema) *schema.BlockAddrSchema {
	root := b.Type
	switch b.Type {
	case "variable":
		root = "var"
	case "image", "cache", "secret", "service", "stage", "step", "module":
	default:
		return nil
	}
	out := &schema.BlockAddrSchema{FriendlyName: b.Type, ScopeId: lang.ScopeId(b.Type), AsReference: true,
		Steps: schema.Address{schema.StaticStep{Name: root}, schema.LabelStep{Index: 0}}}
	if b.Type == "variable" {
		out.AsReference = false
		out.AsTypeOf = &schema.BlockAsTypeOf{AttributeExpr: "type"}
	}
	return out
}

func describe(a sixty.AttributeSchema) string {
	text := string(a.Type)
	if a.Required {
		text += ", required"
	}
	text = "_" + text + "_\n\n" + a.Doc
	if a.Default != "" {
		text += "\n\nDefault: `" + a.Default + "`"
	}
	return text
}

// constraint is what an attribute takes.
func constraint(a sixty.AttributeSchema) schema.Constraint {
	expression := func(t cty.Type) schema.Constraint { return schema.AnyExpression{OfType: t} }
	references := func() schema.OneOf {
		var out schema.OneOf
		for _, scope := range a.Refers {
			switch scope {
			case "image", "cache", "secret", "service", "stage", "step", "module":
				out = append(out, schema.Reference{OfScopeId: lang.ScopeId(scope), Name: scope})
			}
		}
		return append(out, expression(cty.DynamicPseudoType))
	}
	switch a.Type {
	case sixty.TypeString, sixty.TypeDuration:
		if len(a.Values) == 0 {
			return expression(cty.String)
		}
		var out schema.OneOf
		for _, v := range a.Values {
			out = append(out, schema.LiteralValue{Value: cty.StringVal(v)})
		}
		return append(out, expression(cty.String))
	case sixty.TypeBool:
		return expression(cty.Bool)
	case sixty.TypeNumber:
		return expression(cty.Number)
	case sixty.TypeStrings:
		return expression(cty.List(cty.String))
	case sixty.TypeStringMap:
		return expression(cty.Map(cty.String))
	case sixty.TypeConstraint:
		return schema.TypeDeclaration{}
	case sixty.TypeReference:
		return references()
	case sixty.TypeReferences:
		return schema.List{Elem: references()}
	}
	return expression(cty.DynamicPseudoType)
}

// signatures are the functions as hcl-lang describes them.
func signatures(all []sixty.Function) map[string]schema.FunctionSignature {
	out := map[string]schema.FunctionSignature{}
	for _, f := range all {
		returns, err := f.Func.ReturnType(make([]cty.Type, 0))
		if err != nil || returns == cty.NilType {
			returns = cty.DynamicPseudoType
		}
		out[f.Name] = schema.FunctionSignature{
			Description: f.Description + "\n\nExample: `" + f.Example + "`", ReturnType: returns, Params: f.Func.Params(), VarParam: f.Func.VarParam(),
		}
	}
	return out
}
