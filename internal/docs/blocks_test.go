package docs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
)

// blockTables are the tables of the language reference: one of all blocks of a
// file, and one for each type of block that has attributes.
func blockTables() []table {
	root := config.Schema()
	out := []table{{"docs/language.md", "blocks", func() string { return topBlocks(root) }}}
	var walk func(path string, b lang.BlockSchema)
	walk = func(path string, b lang.BlockSchema) {
		if len(b.Attributes) > 0 {
			out = append(out, table{"docs/language.md", "block " + path, func() string { return attributes(b, strings.Contains(path, ".")) }})
		}
		for _, nested := range b.Blocks {
			walk(strings.TrimPrefix(path+"."+nested.Type, "."), nested)
		}
	}
	walk("", root)
	return out
}

func topBlocks(root lang.BlockSchema) string {
	var b strings.Builder
	b.WriteString("| block | what it declares |\n| --- | --- |\n")
	for _, block := range root.Blocks {
		fmt.Fprintf(&b, "| `%s` | %s |\n", header(block), cell(block.Doc))
	}
	return b.String()
}

// header is how a block begins: `stage "NAME"`.
func header(b lang.BlockSchema) string {
	text := b.Type
	for _, l := range b.Labels {
		text += fmt.Sprintf(" %q", strings.ToUpper(l))
	}
	return text
}

func attributes(block lang.BlockSchema, nested bool) string {
	var b strings.Builder
	of := ""
	if nested {
		of = " of `" + block.Type + "`"
	}
	fmt.Fprintf(&b, "| attribute%s | type | meaning |\n| --- | --- | --- |\n", of)
	for _, a := range block.Attributes {
		meaning := a.Doc
		if a.Required {
			meaning = "required; " + meaning
		}
		if a.Default != "" {
			meaning += ". Default `" + a.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", a.Name, a.Type, cell(meaning))
	}
	for _, n := range block.Blocks {
		fmt.Fprintf(&b, "| `%s` | block | %s |\n", header(n), cell(n.Doc))
	}
	if len(block.Dynamic) > 0 {
		var types []string
		for _, t := range slices.Sorted(slices.Values(block.Dynamic)) {
			types = append(types, fmt.Sprintf("`%q`", t))
		}
		fmt.Fprintf(&b, "| `dynamic \"TYPE\"` | block | makes blocks from a collection, as in Terraform; TYPE is %s |\n", strings.Join(types, " or "))
	}
	return b.String()
}
