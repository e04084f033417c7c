// Package reference writes down the language from the data that it is decoded
// with: as tables in Markdown, and as a JSON Schema of pipeline files in JSON.
package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/verdict"
)

// Block is a type of block with its place in a file, such as "stage.step".
type Block struct {
	Path   string
	Schema lang.BlockSchema
}

// Blocks lists all types of blocks of a file, outer ones first.
func Blocks(root lang.BlockSchema) []Block {
	var out []Block
	var walk func(path string, b lang.BlockSchema)
	walk = func(path string, b lang.BlockSchema) {
		for _, nested := range b.Blocks {
			at := strings.TrimPrefix(path+"."+nested.Type, ".")
			out = append(out, Block{at, nested})
			walk(at, nested)
		}
	}
	walk("", root)
	return out
}

// TopBlocks is the table of the blocks at the top of a file.
func TopBlocks(root lang.BlockSchema) string {
	var b strings.Builder
	b.WriteString("| block | what it declares |\n| --- | --- |\n")
	for _, block := range root.Blocks {
		fmt.Fprintf(&b, "| `%s` | %s |\n", Header(block), cell(block.Doc))
	}
	return b.String()
}

// Header is how a block begins: `stage "NAME"`.
func Header(b lang.BlockSchema) string {
	text := b.Type
	for _, l := range b.Labels {
		text += fmt.Sprintf(" %q", strings.ToUpper(l))
	}
	return text
}

// Attributes is the table of what stands in a block.
func Attributes(block Block) string {
	var b strings.Builder
	of := ""
	if strings.Contains(block.Path, ".") {
		of = " of `" + block.Schema.Type + "`"
	}
	fmt.Fprintf(&b, "| attribute%s | type | meaning |\n| --- | --- | --- |\n", of)
	for _, a := range block.Schema.Attributes {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", a.Name, a.Type, cell(Meaning(a)))
	}
	for _, n := range block.Schema.Blocks {
		fmt.Fprintf(&b, "| `%s` | block | %s |\n", Header(n), cell(n.Doc))
	}
	if len(block.Schema.Dynamic) > 0 {
		var types []string
		for _, t := range slices.Sorted(slices.Values(block.Schema.Dynamic)) {
			types = append(types, fmt.Sprintf("`%q`", t))
		}
		fmt.Fprintf(&b, "| `dynamic \"TYPE\"` | block | makes blocks from a collection, as in Terraform; TYPE is %s |\n", strings.Join(types, " or "))
	}
	return b.String()
}

// Meaning is what an attribute says, with whether it is required and its
// default.
func Meaning(a lang.AttributeSchema) string {
	meaning := a.Doc
	if a.Required {
		meaning = "required; " + meaning
	}
	if a.Default != "" {
		meaning += ". Default `" + a.Default + "`"
	}
	return meaning
}

// Functions is the table of functions.
func Functions(all []lang.Function) string {
	var b strings.Builder
	b.WriteString("| function | what it gives | example |\n| --- | --- | --- |\n")
	for _, f := range all {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", Signature(f), cell(f.Description), cell(f.Example))
	}
	return b.String()
}

// Signature is a function with the names of its parameters.
func Signature(f lang.Function) string {
	var params []string
	for _, p := range f.Func.Params() {
		params = append(params, p.Name)
	}
	if v := f.Func.VarParam(); v != nil {
		params = append(params, v.Name+"…")
	}
	return f.Name + "(" + strings.Join(params, ", ") + ")"
}

// Metrics is the table of what can be measured.
func Metrics(schema verdict.Schema) string {
	var b strings.Builder
	b.WriteString("| metric | unit | what is counted |\n| --- | --- | --- |\n")
	for _, group := range schema.Groups() {
		for _, f := range schema[group] {
			fmt.Fprintf(&b, "| `metrics.%s.%s` | %s | %s |\n", group, f.Name, f.Unit, cell(f.Description))
		}
	}
	return b.String()
}

// Page is the whole reference, without the explanations of docs/language.md.
func Page(root lang.BlockSchema, functions []lang.Function, metrics verdict.Schema) string {
	var b strings.Builder
	b.WriteString("# Reference of the pipeline language\n\n## Blocks\n\n" + TopBlocks(root))
	for _, block := range Blocks(root) {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", block.Path, Section(block))
	}
	b.WriteString("\n## Functions\n\n" + Functions(functions))
	b.WriteString("\n## Metrics\n\nFor the conditions and messages of gates, and for outputs.\n\n" + Metrics(metrics))
	return b.String()
}

// Section describes one block.
func Section(block Block) string {
	text := fmt.Sprintf("`%s`: %s.\n", Header(block.Schema), block.Schema.Doc)
	if block.Schema.AnyAttribute && len(block.Schema.Attributes) == 0 {
		return text + "\nIts attributes have names of the writer's choice."
	}
	if len(block.Schema.Attributes)+len(block.Schema.Blocks) == 0 {
		return strings.TrimSuffix(text, "\n")
	}
	return strings.TrimSuffix(text+"\n"+Attributes(block), "\n")
}

// cell keeps text from ending a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
