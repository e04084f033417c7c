package lsp

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// definition finds the block or local that the name at a place of a file refers
// to, among the files of a pipeline.
func definition(files map[string]*hcl.File, file string, offset int) (hcl.Range, bool) {
	body, ok := files[file].Body.(*hclsyntax.Body)
	if !ok {
		return hcl.Range{}, false
	}
	name, part := traversalAt(body, offset)
	if name == nil {
		return hcl.Range{}, false
	}
	path := names(name)
	switch path[0] {
	case "var":
		path[0] = "variable"
	case "step": // of the stage around it
		stage := blockAt(body, "stage", offset)
		if stage == nil {
			return hcl.Range{}, false
		}
		path = append([]string{"stage", stage.Labels[0]}, path...)
		part += 2
	}
	// The name at the place decides: of stage.a.step.b, "a" is the stage's.
	return find(files, path[:min(max(part+1, 2), len(path))])
}

// traversalAt is the innermost name at a place, and which of its parts is
// there.
func traversalAt(body *hclsyntax.Body, offset int) (found hcl.Traversal, part int) {
	hclsyntax.VisitAll(body, func(node hclsyntax.Node) hcl.Diagnostics { //nolint:errcheck // it visits, and finds no fault
		t, ok := node.(*hclsyntax.ScopeTraversalExpr)
		if !ok || offset < t.SrcRange.Start.Byte || offset > t.SrcRange.End.Byte {
			return nil
		}
		found, part = t.Traversal, len(t.Traversal)-1
		for i, step := range t.Traversal {
			if offset <= step.SourceRange().End.Byte {
				part = i
				break
			}
		}
		return nil
	})
	return found, part
}

func names(t hcl.Traversal) []string {
	var out []string
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			out = append(out, step.Name)
		case hcl.TraverseAttr:
			out = append(out, step.Name)
		case hcl.TraverseIndex:
			if step.Key.Type() != cty.String || !step.Key.IsKnown() {
				return out
			}
			out = append(out, step.Key.AsString())
		}
	}
	return out
}

func blockAt(body *hclsyntax.Body, typ string, offset int) *hclsyntax.Block {
	for _, b := range body.Blocks {
		if r := b.Range(); b.Type == typ && len(b.Labels) > 0 && r.Start.Byte <= offset && offset <= r.End.Byte {
			return b
		}
	}
	return nil
}

// find looks for a block by a path such as stage.a.step.b.output.c, as far as
// it leads, or for a local.
func find(files map[string]*hcl.File, path []string) (hcl.Range, bool) {
	for _, file := range files {
		body, ok := file.Body.(*hclsyntax.Body)
		if !ok {
			continue
		}
		if path[0] == "local" && len(path) > 1 {
			for _, b := range body.Blocks {
				if attr, ok := b.Body.Attributes[path[1]]; ok && b.Type == "locals" {
					return attr.NameRange, true
				}
			}
			continue
		}
		if r, ok := findBlock(body, path); ok {
			return r, true
		}
	}
	return hcl.Range{}, false
}

func findBlock(body *hclsyntax.Body, path []string) (hcl.Range, bool) {
	if len(path) < 2 {
		return hcl.Range{}, false
	}
	for _, b := range body.Blocks {
		if b.Type == path[0] && len(b.Labels) > 0 && b.Labels[0] == path[1] {
			if r, ok := findBlock(b.Body, path[2:]); ok {
				return r, true
			}
			return b.DefRange(), true
		}
	}
	return hcl.Range{}, false
}
