package scenario

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"github.com/hashicorp/hcl/v2"
)

// readYAML reads one YAML document. Anchors and aliases are refused: a few lines
// of them can stand for gigabytes.
func readYAML(src *source) (*node, hcl.Diagnostics) {
	file, err := parser.ParseBytes(src.text, 0)
	if err != nil {
		at, text := src.at(1, 1, 1), err.Error()
		var syntax yaml.Error
		if errors.As(err, &syntax) {
			text = syntax.GetMessage()
			if t := syntax.GetToken(); t != nil {
				at = src.token(t)
			}
		}
		return nil, hcl.Diagnostics{problem(at, "Invalid YAML", "%s.", strings.TrimSuffix(text, "."))}
	}
	var docs []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			docs = append(docs, d.Body)
		}
	}
	switch len(docs) {
	case 0:
		return nil, hcl.Diagnostics{problem(src.at(1, 1, 1), "Empty scenario", "There is nothing in the file.")}
	case 1:
		return src.yaml(docs[0], 0)
	}
	return nil, hcl.Diagnostics{problem(src.token(docs[1].GetToken()), "Several documents", "A scenario file has one document.")}
}

func (s *source) token(t *token.Token) hcl.Range {
	if t == nil || t.Position == nil {
		return s.at(1, 1, 1)
	}
	return s.at(t.Position.Line, t.Position.Column, len(t.Value))
}

func (s *source) yaml(n ast.Node, depth int) (*node, hcl.Diagnostics) {
	at := s.token(n.GetToken())
	if depth > maxDepth {
		return nil, hcl.Diagnostics{problem(at, "Nested too deep", "A scenario has at most %d levels.", maxDepth)}
	}
	out := &node{at: at}
	switch n := n.(type) {
	case *ast.MappingNode:
		return s.yamlMap(out, n.Values, depth)
	case *ast.MappingValueNode:
		return s.yamlMap(out, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		out.kind = isList
		for _, v := range n.Values {
			item, diags := s.yaml(v, depth+1)
			if diags.HasErrors() {
				return nil, diags
			}
			out.list = append(out.list, item)
		}
		return out, nil
	case *ast.AnchorNode, *ast.AliasNode:
		return nil, hcl.Diagnostics{problem(at, "Anchors are not supported", "Write out what the anchor or alias stands for.")}
	case *ast.TagNode:
		return nil, hcl.Diagnostics{problem(at, "Tags are not supported", "A scenario has plain values.")}
	case *ast.LiteralNode:
		out.kind, out.scalar = isScalar, n.Value.Value
		return out, nil
	case ast.ScalarNode:
		out.kind = isScalar
		switch v := n.GetValue().(type) {
		case string, bool, float64, nil:
			out.scalar = v
		case int64:
			out.scalar = v
		case uint64:
			if v > 1<<62 {
				return nil, hcl.Diagnostics{problem(at, "Number too large", "%d is too large.", v)}
			}
			out.scalar = int64(v)
		default:
			out.scalar = fmt.Sprint(v)
		}
		return out, nil
	}
	return nil, hcl.Diagnostics{problem(at, "Invalid YAML", "A %s has no meaning here.", n.Type())}
}

func (s *source) yamlMap(out *node, values []*ast.MappingValueNode, depth int) (*node, hcl.Diagnostics) {
	out.kind = isMap
	for i, v := range values {
		at := s.token(v.Key.GetToken())
		if i == 0 {
			out.at = at
		}
		if v.Key.IsMergeKey() {
			return nil, hcl.Diagnostics{problem(at, "Anchors are not supported", "Write out what is merged here.")}
		}
		key, ok := v.Key.(ast.ScalarNode)
		if !ok {
			return nil, hcl.Diagnostics{problem(at, "Invalid key", "A key is a word.")}
		}
		name := fmt.Sprint(key.GetValue())
		if out.get(name) != nil {
			return nil, hcl.Diagnostics{problem(at, "Duplicate key", "%q is given twice.", name)}
		}
		value, diags := s.yaml(v.Value, depth+1)
		if diags.HasErrors() {
			return nil, diags
		}
		out.entries = append(out.entries, &entry{name, at, value})
	}
	return out, nil
}
