package scenario

import (
	"errors"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// readTOML reads a TOML file: once to have it checked, and once for the places
// of its keys.
func readTOML(src *source) (*node, hcl.Diagnostics) {
	var checked map[string]any
	if err := toml.Unmarshal(src.text, &checked); err != nil {
		at := src.at(1, 1, 1)
		var syntax *toml.DecodeError
		if errors.As(err, &syntax) {
			line, column := syntax.Position()
			at = src.at(line, column, 1)
		}
		return nil, hcl.Diagnostics{problem(at, "Invalid TOML", "%s.", strings.TrimPrefix(err.Error(), "toml: "))}
	}
	root := &node{kind: isMap, at: src.at(1, 1, 1)}
	table := root
	p := &unstable.Parser{}
	p.Reset(src.text)
	for p.NextExpression() {
		e := p.Expression()
		var diags hcl.Diagnostics
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table, diags = src.table(root, e)
		case unstable.KeyValue:
			diags = src.keyValue(table, e, 0)
		}
		if diags.HasErrors() {
			return nil, diags
		}
	}
	if err := p.Error(); err != nil {
		return nil, hcl.Diagnostics{problem(src.at(1, 1, 1), "Invalid TOML", "%s.", err)}
	}
	return root, nil
}

// path is a dotted key.
func (s *source) path(e *unstable.Node) (names []string, at []hcl.Range) {
	for it := e.Key(); it.Next(); {
		k := it.Node()
		names = append(names, string(k.Data))
		at = append(at, s.offset(int(k.Raw.Offset), int(k.Raw.Length)))
	}
	return names, at
}

// child is the table under a key, made when it is missing; of an array of
// tables it is the last one.
func child(n *node, name string, at hcl.Range) *node {
	c := n.get(name)
	if c == nil {
		c = &node{kind: isMap, at: at}
		n.entries = append(n.entries, &entry{name, at, c})
	}
	if c.kind == isList && len(c.list) > 0 {
		return c.list[len(c.list)-1]
	}
	return c
}

func (s *source) table(root *node, e *unstable.Node) (*node, hcl.Diagnostics) {
	names, at := s.path(e)
	if len(names) > maxDepth {
		return nil, hcl.Diagnostics{problem(at[0], "Nested too deep", "A scenario has at most %d levels.", maxDepth)}
	}
	n := root
	for i, name := range names[:len(names)-1] {
		n = child(n, name, at[i])
	}
	last := len(names) - 1
	if e.Kind == unstable.Table {
		return child(n, names[last], at[last]), nil
	}
	array := n.get(names[last])
	if array == nil {
		array = &node{kind: isList, at: at[last]}
		n.entries = append(n.entries, &entry{names[last], at[last], array})
	}
	item := &node{kind: isMap, at: at[last]}
	array.list = append(array.list, item)
	return item, nil
}

func (s *source) keyValue(n *node, e *unstable.Node, depth int) hcl.Diagnostics {
	names, at := s.path(e)
	if depth+len(names) > maxDepth {
		return hcl.Diagnostics{problem(at[0], "Nested too deep", "A scenario has at most %d levels.", maxDepth)}
	}
	for i, name := range names[:len(names)-1] {
		n = child(n, name, at[i])
	}
	last := len(names) - 1
	value, diags := s.value(e.Value(), at[last], depth+1)
	n.entries = append(n.entries, &entry{names[last], at[last], value})
	return diags
}

func (s *source) value(v *unstable.Node, at hcl.Range, depth int) (*node, hcl.Diagnostics) {
	out := &node{kind: isScalar, at: at}
	if v.Raw.Length > 0 {
		out.at = s.offset(int(v.Raw.Offset), int(v.Raw.Length))
	}
	if depth > maxDepth {
		return out, hcl.Diagnostics{problem(at, "Nested too deep", "A scenario has at most %d levels.", maxDepth)}
	}
	text := string(v.Data)
	switch v.Kind {
	case unstable.Array:
		out.kind = isList
		for it := v.Children(); it.Next(); {
			item, diags := s.value(it.Node(), at, depth+1)
			if diags.HasErrors() {
				return out, diags
			}
			out.list = append(out.list, item)
		}
	case unstable.InlineTable:
		out.kind = isMap
		for it := v.Children(); it.Next(); {
			if diags := s.keyValue(out, it.Node(), depth); diags.HasErrors() {
				return out, diags
			}
		}
	case unstable.Bool:
		out.scalar = text == "true"
	case unstable.Integer:
		n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 0, 64)
		if err != nil {
			return out, hcl.Diagnostics{problem(out.at, "Invalid number", "%s: %s.", text, err)}
		}
		out.scalar = n
	case unstable.Float:
		f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		if err != nil {
			return out, hcl.Diagnostics{problem(out.at, "Invalid number", "%s: %s.", text, err)}
		}
		out.scalar = f
	default:
		out.scalar = text
	}
	return out, nil
}
