package codegen

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/sixtyhq/sixty/internal/lang"
)

// string gives the text of a scalar; numbers and booleans count as their text.
func (d *decoder) string(n ast.Node) (text, bool) {
	line, col := position(n)
	line += d.src.line - 1
	at := func(s string) (text, bool) {
		return text{s: s, line: line, col: col, innerLine: line, innerCol: col}, true
	}
	switch v := n.(type) {
	case *ast.StringNode:
		t, _ := at(v.Value)
		if v.Token.Type == token.DoubleQuoteType || v.Token.Type == token.SingleQuoteType {
			t.innerCol++
		}
		return t, true
	case *ast.LiteralNode:
		t, _ := at(v.Value.Value)
		t.innerLine, t.innerCol = line+1, 0
		return t, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return at(n.GetToken().Value)
	}
	return text{}, false
}

func (d *decoder) text(e entry) text {
	t, ok := d.string(e.val)
	if !ok {
		d.fault(e.val, "%s must be a string, not %s", e.key, kind(e.val))
	}
	return t
}

func (d *decoder) texts(e entry) []text {
	if t, ok := d.string(e.val); ok {
		return []text{t}
	}
	seq, ok := e.val.(*ast.SequenceNode)
	if !ok {
		d.fault(e.val, "%s must be a string or a list of strings, not %s", e.key, kind(e.val))
		return nil
	}
	var out []text
	for _, n := range seq.Values {
		out = append(out, d.text(entry{e.key, e.node, n}))
	}
	return out
}

func (d *decoder) textMap(e entry) map[string]text {
	entries, ok := d.mapping(e.val, e.key)
	if !ok {
		return nil
	}
	out := make(map[string]text, len(entries))
	for _, x := range entries {
		out[x.key] = d.text(x)
	}
	return out
}

// queries decodes `sparql`: one query is called "default", the queries of a
// list query_0, query_1 and so on.
func (d *decoder) queries(e entry) []Query {
	if t, ok := d.string(e.val); ok {
		return []Query{{"default", t}}
	}
	var out []Query
	if seq, ok := e.val.(*ast.SequenceNode); ok {
		for i, n := range seq.Values {
			out = append(out, Query{fmt.Sprintf("query_%d", i), d.text(entry{e.key, e.node, n})})
		}
		return out
	}
	entries, ok := d.mapping(e.val, e.key)
	if !ok {
		return nil
	}
	for _, x := range entries {
		out = append(out, Query{x.key, d.text(x)})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func (d *decoder) bool(e entry) bool {
	if b, ok := e.val.(*ast.BoolNode); ok {
		return b.Value
	}
	d.fault(e.val, "%s must be true or false, not %s", e.key, kind(e.val))
	return false
}

func (d *decoder) int(e entry, low, high int64) int64 {
	n, ok := e.val.(*ast.IntegerNode)
	if !ok {
		d.fault(e.val, "%s must be a whole number, not %s", e.key, kind(e.val))
		return low
	}
	var v int64
	switch x := n.Value.(type) {
	case int64:
		v = x
	case uint64:
		if x > math.MaxInt64 {
			d.fault(e.val, "%s must be between %d and %d", e.key, low, high)
			return low
		}
		v = int64(x)
	}
	if v < low || v > high {
		d.fault(e.val, "%s must be between %d and %d", e.key, low, high)
		return low
	}
	return v
}

func (d *decoder) oneOf(e entry, allowed ...string) text {
	t := d.text(e)
	if t.given() && !slices.Contains(allowed, t.s) {
		d.fault(e.val, "%s must be one of %s.%s", e.key, strings.Join(allowed, ", "), lang.DidYouMean(t.s, allowed))
	}
	return t
}

func (d *decoder) vars(e entry) map[string]any {
	entries, ok := d.mapping(e.val, e.key)
	if !ok {
		return nil
	}
	out := make(map[string]any, len(entries))
	for _, x := range entries {
		out[x.key] = d.value(x.val, 0)
	}
	return out
}

// value gives plain data: nil, bool, int64, float64, string, []any or
// map[string]any.
func (d *decoder) value(n ast.Node, depth int) any {
	if depth > maxYAMLDepth {
		d.fault(n, "value is nested more than %d levels deep", maxYAMLDepth)
		return nil
	}
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value
	case *ast.LiteralNode:
		return v.Value.Value
	case *ast.BoolNode:
		return v.Value
	case *ast.NullNode:
		return nil
	case *ast.IntegerNode:
		switch x := v.Value.(type) {
		case int64:
			return x
		case uint64:
			if x <= math.MaxInt64 {
				return int64(x)
			}
		}
		return v.GetToken().Value
	case *ast.FloatNode:
		return v.Value
	case *ast.SequenceNode:
		out := make([]any, 0, len(v.Values))
		for _, x := range v.Values {
			out = append(out, d.value(x, depth+1))
		}
		return out
	case *ast.MappingNode, *ast.MappingValueNode:
		entries, _ := d.mapping(n, "value")
		out := make(map[string]any, len(entries))
		for _, x := range entries {
			out[x.key] = d.value(x.val, depth+1)
		}
		return out
	}
	d.fault(n, "value can't be %s", kind(n))
	return nil
}
