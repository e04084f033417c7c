package config

import (
	"fmt"
	"path"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Local is one entry of a locals block.
type Local struct {
	Name  string
	Expr  hcl.Expression
	Range hcl.Range
}

func decodeLocals(block *hcl.Block) ([]Local, hcl.Diagnostics) {
	attrs, diags := block.Body.JustAttributes()
	var locals []Local
	for _, name := range sortedNames(attrs) {
		a := attrs[name]
		locals = append(locals, Local{a.Name, a.Expr, a.NameRange})
	}
	return locals, diags
}

// ImageBlock is an image block, unevaluated.
type ImageBlock struct {
	Name   string
	Attrs  hcl.Attributes
	Debian *DebianBlock
	Range  hcl.Range
}

// DebianBlock makes an image from Debian's packages.
type DebianBlock struct {
	Attrs hcl.Attributes
	Range hcl.Range
}

func decodeImage(block *hcl.Block) (ImageBlock, hcl.Diagnostics) {
	content, diags := block.Body.Content(imageBody)
	image := ImageBlock{Name: block.Labels[0], Attrs: content.Attributes, Range: block.DefRange}
	for _, b := range content.Blocks {
		if image.Debian != nil {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Duplicate debian block",
				Detail: "An image has at most one debian block.", Subject: &b.DefRange})
			continue
		}
		c, d := b.Body.Content(debianBody)
		diags = append(diags, d...)
		image.Debian = &DebianBlock{c.Attributes, b.DefRange}
	}
	if _, ok := content.Attributes["from"]; !ok && image.Debian == nil {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Image without a source",
			Detail: "An image needs from, a debian block, or both.", Subject: &image.Range})
	}
	return image, diags
}

// SecretBlock is a secret block, unevaluated.
type SecretBlock struct {
	Name  string
	Attrs hcl.Attributes
	Range hcl.Range
}

func decodeSecret(block *hcl.Block) (SecretBlock, hcl.Diagnostics) {
	content, diags := block.Body.Content(secretBody)
	return SecretBlock{block.Labels[0], content.Attributes, block.DefRange}, diags
}

// StageBlock is a stage block, unevaluated.
type StageBlock struct {
	Name   string
	Attrs  hcl.Attributes
	Graphs []GraphBlock
	Steps  []StepBlock
	Range  hcl.Range
}

// GraphBlock is a graph block of the generation stage, unevaluated.
type GraphBlock struct {
	Attrs hcl.Attributes
	Range hcl.Range
}

func decodeStage(block *hcl.Block) (StageBlock, hcl.Diagnostics) {
	content, diags := block.Body.Content(stageBody)
	stage := StageBlock{Name: block.Labels[0], Attrs: content.Attributes, Range: block.DefRange}
	for _, b := range content.Blocks {
		if b.Type == "graph" {
			if stage.Name != "generation" {
				diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Graph in another stage",
					Detail: "A graph block says what the generation stage's templates may query.", Subject: b.DefRange.Ptr()})
			}
			c, d := b.Body.Content(graphBody)
			diags = append(diags, d...)
			stage.Graphs = append(stage.Graphs, GraphBlock{c.Attributes, b.DefRange})
			continue
		}
		step, d := decodeStep(b)
		diags = append(diags, d...)
		stage.Steps = append(stage.Steps, step)
	}
	return stage, diags
}

// StepBlock is a step block, unevaluated.
type StepBlock struct {
	Name    string
	Attrs   hcl.Attributes
	Mounts  []LabelledBlock
	Outputs []LabelledBlock
	Range   hcl.Range
	// body and dynamic are there for dynamic blocks, which need values.
	body    hcl.Body
	dynamic []*hcl.Block
}

// LabelledBlock is a nested block with one label and attributes.
type LabelledBlock struct {
	Label string
	Attrs hcl.Attributes
	Range hcl.Range
}

func decodeStep(block *hcl.Block) (StepBlock, hcl.Diagnostics) {
	content, diags := block.Body.Content(stepBody)
	step := StepBlock{Name: block.Labels[0], Attrs: content.Attributes, Range: block.DefRange, body: block.Body,
		dynamic: content.Blocks.OfType("dynamic")}
	var d hcl.Diagnostics
	step.Mounts, step.Outputs, d = decodeNested(content.Blocks)
	diags = append(diags, d...)
	for _, b := range step.dynamic {
		if kind := b.Labels[0]; kind != "mount" && kind != "output" {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid dynamic block",
				Detail: fmt.Sprintf("A dynamic block of a step makes mount or output blocks, not %q.", kind), Subject: &b.LabelRanges[0]})
		}
	}
	ways := 0
	for _, name := range []string{"command", "script", "uses"} {
		if _, ok := content.Attributes[name]; ok {
			ways++
		}
	}
	if ways != 1 {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "What does this step run?",
			Detail: "A step has exactly one of command, script and uses.", Subject: &step.Range})
	}
	return step, diags
}

// decodeNested reads the mount and output blocks of a step.
func decodeNested(blocks hcl.Blocks) (mounts, outputs []LabelledBlock, diags hcl.Diagnostics) {
	seen := map[string]bool{}
	for _, b := range blocks {
		schema, into, name := mountBody, &mounts, path.Clean(b.Labels[0])
		switch b.Type {
		case "output":
			schema, into, name = stepOutputBody, &outputs, b.Labels[0]
		case "dynamic":
			continue
		}
		if seen[b.Type+" "+name] {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Duplicate " + b.Type,
				Detail: fmt.Sprintf("The step has %s %q already.", article(b.Type), name), Subject: b.DefRange.Ptr()})
			continue
		}
		seen[b.Type+" "+name] = true
		c, d := b.Body.Content(schema)
		diags = append(diags, d...)
		*into = append(*into, LabelledBlock{b.Labels[0], c.Attributes, b.DefRange})
	}
	return mounts, outputs, diags
}

// Gate is a gate block. Its expressions are evaluated once, when all results
// are there.
type Gate struct {
	Name string
	// Module is the path of the module that the gate is of, empty for the
	// pipeline.
	Module string
	// Level is the readiness level that asks for the gate.
	Level string
	// Severity is "error", or "warning" for a gate that only informs.
	Severity  string
	Condition hcl.Expression
	Message   hcl.Expression
	Range     hcl.Range
}

// Levels are the readiness levels, the easiest first.
func Levels() []string { return []string{"basic", "production", "distribution"} }

func decodeGate(block *hcl.Block) (Gate, hcl.Diagnostics) {
	content, diags := block.Body.Content(gateBody)
	gate := Gate{Name: block.Labels[0], Level: "basic", Severity: "error", Range: block.DefRange}
	choose := func(name string, into *string, allowed []string) {
		attr, ok := content.Attributes[name]
		if !ok {
			return
		}
		val, d := literalString(attr)
		diags = append(diags, d...)
		if d.HasErrors() {
			return
		}
		diags = append(diags, oneOf(attr, val, allowed)...)
		*into = val
	}
	choose("level", &gate.Level, Levels())
	choose("severity", &gate.Severity, []string{"error", "warning"})
	if attr, ok := content.Attributes["condition"]; ok {
		gate.Condition = attr.Expr
	}
	if attr, ok := content.Attributes["message"]; ok {
		gate.Message = attr.Expr
	}
	return gate, diags
}

// OutputBlock is an output block of the pipeline, unevaluated.
type OutputBlock struct {
	Name        string
	Value       hcl.Expression
	Description string
	// Sensitive says that the value is shown nowhere.
	Sensitive bool
	Range     hcl.Range
}

func decodeOutput(block *hcl.Block) (OutputBlock, hcl.Diagnostics) {
	content, diags := block.Body.Content(outputBody)
	out := OutputBlock{Name: block.Labels[0], Range: block.DefRange}
	if attr, ok := content.Attributes["value"]; ok {
		out.Value = attr.Expr
	}
	if attr, ok := content.Attributes["description"]; ok {
		var d hcl.Diagnostics
		out.Description, d = literalString(attr)
		diags = append(diags, d...)
	}
	if attr, ok := content.Attributes["sensitive"]; ok {
		val, d := lang.Constant(attr.Expr)
		diags = append(diags, d...)
		if val, err := convert.Convert(val, cty.Bool); !d.HasErrors() && (err != nil || val.IsNull() || !val.IsKnown()) {
			diags = append(diags, unsuitable(attr, "true or false"))
		} else if !d.HasErrors() {
			out.Sensitive = val.True()
		}
	}
	return out, diags
}

// literalString evaluates an attribute that may refer to nothing.
func literalString(attr *hcl.Attribute) (string, hcl.Diagnostics) {
	val, diags := lang.Constant(attr.Expr)
	if diags.HasErrors() {
		return "", diags
	}
	val, err := convert.Convert(val, cty.String)
	if err != nil || val.IsNull() || !val.IsKnown() {
		return "", append(diags, unsuitable(attr, "a string"))
	}
	return val.AsString(), diags
}
