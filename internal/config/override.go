package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/sixtyhq/sixty/internal/lang"
)

// isOverride says whether a file changes the blocks of others, as in
// Terraform.
func isOverride(name string) bool {
	base := strings.TrimSuffix(filepath.Base(name), ".json")
	return base == "override.hcl" || strings.HasSuffix(base, "_override.hcl")
}

// override changes the blocks of files by those of an override file. A block
// takes the place of the one of its type and labels attribute by attribute.
// Blocks within it do the same when they have a label; those without one, such
// as validation, take the place of all of their type. What runs in a step is
// one thing: command, script and uses replace each other.
func override(files []*hclsyntax.Body, by *hclsyntax.Body) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, block := range by.Blocks {
		if block.Type == "locals" {
			diags = append(diags, overrideLocals(files, block)...)
			continue
		}
		var labels []string
		found := false
		for _, file := range files {
			for _, b := range file.Blocks {
				if b.Type != block.Type {
					continue
				}
				if slices.Equal(b.Labels, block.Labels) {
					found = true
					overrideBody(b.Body, block.Body)
				}
				labels = append(labels, strings.Join(b.Labels, "."))
			}
		}
		if !found {
			diags = append(diags, nothing(block.DefRange(), block.Type, strings.Join(block.Labels, "."), labels))
		}
	}
	for _, attr := range by.Attributes {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unexpected attribute",
			Detail: "A pipeline has blocks alone at its top.", Subject: attr.NameRange.Ptr()})
	}
	return diags
}

// overrideLocals replaces each local wherever it was declared.
func overrideLocals(files []*hclsyntax.Body, block *hclsyntax.Block) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, name := range slices.Sorted(maps.Keys(block.Body.Attributes)) {
		attr := block.Body.Attributes[name]
		var names []string
		found := false
		for _, file := range files {
			for _, b := range file.Blocks {
				if b.Type != "locals" {
					continue
				}
				if _, ok := b.Body.Attributes[name]; ok {
					b.Body.Attributes[name] = attr
					found = true
				}
				names = append(names, slices.Collect(maps.Keys(b.Body.Attributes))...)
			}
		}
		if !found {
			diags = append(diags, nothing(attr.NameRange, "local", name, names))
		}
	}
	return diags
}

func nothing(at hcl.Range, kind, name string, names []string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Nothing to override",
		Detail:  fmt.Sprintf("No other file declares the %s %q, which this file overrides.%s", kind, name, lang.DidYouMean(name, names)),
		Subject: &at}
}

// exclusive are the attributes of a step of which one stands for all.
var exclusive = []string{"command", "script", "uses"}

func overrideBody(base, by *hclsyntax.Body) {
	for name, attr := range by.Attributes {
		if slices.Contains(exclusive, name) {
			for _, other := range exclusive {
				delete(base.Attributes, other)
			}
		}
		base.Attributes[name] = attr
	}
	replaced := map[string]bool{}
	for _, block := range by.Blocks {
		if len(block.Labels) == 0 {
			if !replaced[block.Type] {
				base.Blocks = slices.DeleteFunc(base.Blocks, func(b *hclsyntax.Block) bool { return b.Type == block.Type })
				replaced[block.Type] = true
			}
			base.Blocks = append(base.Blocks, block)
			continue
		}
		i := slices.IndexFunc(base.Blocks, func(b *hclsyntax.Block) bool {
			return b.Type == block.Type && slices.Equal(b.Labels, block.Labels)
		})
		if i < 0 {
			base.Blocks = append(base.Blocks, block)
			continue
		}
		overrideBody(base.Blocks[i].Body, block.Body)
	}
}
