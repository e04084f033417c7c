package reference

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sixtyhq/sixty/internal/lang"
)

// PipelineSchemaURI identifies the JSON Schema of pipeline files.
const PipelineSchemaURI = "https://github.com/sixtyhq/sixty/blob/main/docs/schemas/pipeline.json"

// object is a part of a JSON Schema; encoding/json writes its keys in order.
type object = map[string]any

// PipelineSchema is the JSON Schema (2020-12) of pipeline files in JSON, that is
// of HCL's JSON syntax (https://github.com/hashicorp/hcl/blob/main/json/spec.md)
// with the blocks of the language. It knows the form alone: what names refer to
// is checked by sixty validate.
func PipelineSchema(root lang.BlockSchema) ([]byte, error) {
	defs := object{
		"template": object{"type": "string", "pattern": templatePattern, "description": "text with ${…} or %{…} in it"},
	}
	for _, block := range Blocks(root) {
		defs[block.Path] = body(block.Path, block.Schema)
		for _, made := range block.Schema.Dynamic {
			defs[block.Path+".dynamic."+made] = dynamic(block.Path + "." + made)
		}
	}
	top := body("", root)
	schema := object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$id":     PipelineSchemaURI,
		"title":   "Pipeline file of sixty in JSON",
		"description": "A .hcl.json file. Text is a template: \"${var.x}\" is the value of an expression. " +
			"A property called // is a comment.",
		"$defs": defs,
		"anyOf": []any{top, object{"type": "array", "items": top}},
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(schema); err != nil {
		return nil, fmt.Errorf("write the schema of pipelines: %w", err)
	}
	return []byte(b.String()), nil
}

// templatePattern is text that is an expression, or has one in it.
const templatePattern = `[$%]\{`

// body is the schema of the content of a block.
func body(path string, b lang.BlockSchema) object {
	properties := object{"//": true}
	var required []string
	for _, a := range b.Attributes {
		properties[a.Name] = attribute(a)
		if a.Required {
			required = append(required, a.Name)
		}
	}
	for _, nested := range b.Blocks {
		properties[nested.Type] = labelled(nested, strings.TrimPrefix(path+"."+nested.Type, "."))
	}
	if len(b.Dynamic) > 0 {
		types := object{}
		for _, made := range b.Dynamic {
			types[made] = oneOrMore(ref(path + ".dynamic." + made))
		}
		properties["dynamic"] = oneOrMore(object{"type": "object", "additionalProperties": false, "properties": types})
	}
	out := object{"type": "object", "properties": properties, "additionalProperties": b.AnyAttribute}
	if b.Doc != "" {
		out["description"] = b.Doc
	}
	if required != nil {
		out["required"] = required
	}
	return out
}

// labelled is a block below its labels: an object for each, whose keys are the
// labels.
func labelled(b lang.BlockSchema, path string) object {
	out := ref(path)
	if !b.Single {
		out = oneOrMore(out)
	}
	for _, label := range b.Labels {
		level := object{"type": "object", "additionalProperties": out}
		if label == "name" {
			level["propertyNames"] = object{"pattern": `^[\p{L}_][\p{L}\p{N}_-]*$`}
		}
		out = oneOrMore(level)
	}
	return out
}

func ref(path string) object { return object{"$ref": "#/$defs/" + path} }

// oneOrMore is one of something, or a list of it: a property that would stand
// more than once.
func oneOrMore(one object) object {
	return object{"anyOf": []any{one, object{"type": "array", "items": one}}}
}

// dynamic is a dynamic block that makes blocks of a type.
func dynamic(content string) object {
	return object{
		"type": "object", "additionalProperties": false, "required": []string{"for_each", "content"},
		"properties": object{
			"//": true, "for_each": true, "content": ref(content), "iterator": object{"type": "string"},
			"labels": anyOf(object{"type": "array", "items": object{"type": "string"}}),
		},
	}
}

// attribute is the schema of an attribute's value. Values are converted as in
// HCL, so that a number may stand for text.
func attribute(a lang.AttributeSchema) object {
	text := object{"type": []string{"string", "number", "boolean"}}
	var out object
	switch a.Type {
	case lang.TypeString:
		out = text
		if len(a.Values) > 0 {
			out = object{"enum": a.Values}
		}
	case lang.TypeDuration:
		out = object{"type": "string", "pattern": `^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`}
	case lang.TypeBool:
		out = object{"enum": []any{true, false, "true", "false"}}
	case lang.TypeNumber:
		out = object{"anyOf": []any{object{"type": "number"}, object{"type": "string", "pattern": `^-?[0-9]+(\.[0-9]+)?$`}}}
	case lang.TypeStrings:
		out = object{"type": "array", "items": text}
	case lang.TypeStringMap:
		out = object{"type": "object", "additionalProperties": text}
	case lang.TypeMap:
		out = object{"type": "object"}
	case lang.TypeLists:
		out = object{"type": "object", "additionalProperties": anyOf(object{"type": "array"})}
	case lang.TypeObjects:
		out = object{"type": "array", "items": anyOf(object{"type": "object"})}
	case lang.TypeEach:
		out = object{"type": []string{"object", "array"}}
	case lang.TypeReferences:
		out = object{"type": "array", "items": ref("template")}
	case lang.TypeConstraint:
		out = object{"type": "string"}
	case lang.TypeReference:
		out = ref("template")
	}
	if a.Literal {
		if out == nil {
			out = object{}
		}
	} else {
		out = anyOf(out)
	}
	described := object{"description": Meaning(a)}
	for k, v := range out {
		described[k] = v
	}
	return described
}

// anyOf is a form, a template that gives it, or null for a missing value; nil
// is any form.
func anyOf(form object) object {
	if form == nil {
		return object{}
	}
	return object{"anyOf": []any{form, ref("template"), object{"type": "null"}}}
}
