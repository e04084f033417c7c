package lang

import "github.com/hashicorp/hcl/v2"

// BlockSchema describes one type of block. It is what the block is decoded
// with, and what the reference, completions and the JSON Schema are made from.
type BlockSchema struct {
	Type string
	// Labels are what the block's labels are, in words: "name".
	Labels []string
	Doc    string
	// Single says that the parent has at most one.
	Single     bool
	Attributes []AttributeSchema
	Blocks     []BlockSchema
	// AnyAttribute says that the attributes' names are the writer's own.
	AnyAttribute bool
	// Dynamic lists the types of nested blocks that a `dynamic` block can make.
	Dynamic []string
}

// AttributeSchema describes one attribute of a block.
type AttributeSchema struct {
	Name     string
	Type     AttributeType
	Required bool
	Doc      string
	// Default is what a missing attribute means, as HCL; empty for nothing.
	Default string
	// Values are the only ones that there are; empty for any.
	Values []string
	// Refers are the kinds of reference that it takes: "image",
	// "step.output", …
	Refers []string
	// Literal says that its expression may refer to nothing.
	Literal bool
	// Results says that it is evaluated after the run and may read metrics
	// and the results of steps.
	Results bool
}

// AttributeType is the type of an attribute's value.
type AttributeType string

// The types of attributes.
const (
	TypeString     AttributeType = "string"
	TypeBool       AttributeType = "bool"
	TypeNumber     AttributeType = "number"
	TypeStrings    AttributeType = "list of strings"
	TypeStringMap  AttributeType = "map of strings"
	TypeMap        AttributeType = "map"
	TypeLists      AttributeType = "object of lists"
	TypeObjects    AttributeType = "list of objects"
	TypeEach       AttributeType = "map, or set or list of strings"
	TypeDuration   AttributeType = "duration" // a string such as "1m30s"
	TypeReference  AttributeType = "reference"
	TypeReferences AttributeType = "list of references"
	TypeAny        AttributeType = "any"
	TypeConstraint AttributeType = "type" // string, list(number), object({…})
)

// Body is the schema in the form that HCL decodes with.
func (b BlockSchema) Body() *hcl.BodySchema {
	out := &hcl.BodySchema{}
	for _, a := range b.Attributes {
		out.Attributes = append(out.Attributes, hcl.AttributeSchema{Name: a.Name, Required: a.Required})
	}
	for _, nested := range b.Blocks {
		out.Blocks = append(out.Blocks, hcl.BlockHeaderSchema{Type: nested.Type, LabelNames: nested.Labels})
	}
	if len(b.Dynamic) > 0 {
		out.Blocks = append(out.Blocks, hcl.BlockHeaderSchema{Type: "dynamic", LabelNames: []string{"type"}})
	}
	return out
}

// Block returns the nested block of a type.
func (b BlockSchema) Block(typ string) (BlockSchema, bool) {
	for _, nested := range b.Blocks {
		if nested.Type == typ {
			return nested, true
		}
	}
	return BlockSchema{}, false
}

// Attribute returns the attribute with a name.
func (b BlockSchema) Attribute(name string) (AttributeSchema, bool) {
	for _, a := range b.Attributes {
		if a.Name == name {
			return a, true
		}
	}
	return AttributeSchema{}, false
}

// VariableSchema describes the variable block.
func VariableSchema() BlockSchema {
	return BlockSchema{
		Type: "variable", Labels: []string{"name"}, Doc: "a value that the caller may give",
		Attributes: []AttributeSchema{
			{Name: "type", Type: TypeConstraint, Literal: true, Default: "any",
				Doc: "`string`, `number`, `bool`, `any`, `list(…)`, `set(…)`, `map(…)`, `object({…})`, `tuple([…])`, with `optional(TYPE, DEFAULT)` in objects"},
			{Name: "default", Type: TypeAny, Literal: true, Doc: "without one, a value must be given"},
			{Name: "description", Type: TypeString, Literal: true, Doc: "what it is for, in messages too"},
			{Name: "sensitive", Type: TypeBool, Literal: true, Default: "false", Doc: "the value is refused wherever a plan, a key, a log or a report would show it"},
			{Name: "nullable", Type: TypeBool, Literal: true, Default: "true", Doc: "`false`: null means the default"},
		},
		Blocks: []BlockSchema{{
			Type: "validation", Doc: "a rule for the value; any number",
			Attributes: []AttributeSchema{
				{Name: "condition", Type: TypeBool, Required: true, Doc: "true for a value that is good; refers to `var.NAME` of its own variable alone"},
				{Name: "error_message", Type: TypeString, Required: true, Doc: "what is said otherwise"},
			},
		}},
	}
}
