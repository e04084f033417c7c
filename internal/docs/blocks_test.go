package docs

import (
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/reference"
)

// blockTables are the tables of the language reference: one of all blocks of a
// file, and one for each type of block that has attributes.
func blockTables() []table {
	root := config.Schema()
	out := []table{{"docs/language.md", "blocks", func() string { return reference.TopBlocks(root) }}}
	for _, block := range reference.Blocks(root) {
		if len(block.Schema.Attributes) > 0 {
			out = append(out, table{"docs/language.md", "block " + block.Path, func() string { return reference.Attributes(block) }})
		}
	}
	return out
}
