package tera

import (
	"strings"
	"unicode"
)

func trimLeft(s string) string  { return strings.TrimLeftFunc(s, unicode.IsSpace) }
func trimRight(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }

// trim applies the dashes of {%- and -%} to the text between items and
// returns the nodes. left and right are the dashes of the tags around them.
func (p *parser) trim(items []item, left, right bool) []node {
	nodes := make([]node, 0, len(items))
	if p.untrimmed > 0 {
		for _, it := range items {
			nodes = append(nodes, it.node)
		}
		return nodes
	}
	afterText := false
	for _, it := range items {
		switch n := it.node.(type) {
		case *textNode:
			afterText = true
			if left {
				left = false
				n.text = trimLeft(n.text)
			}
			if n.text != "" {
				nodes = append(nodes, n)
			}
			continue
		case *superNode:
			// Keeps the dash of the tag before it for the text after it.
		default:
			if afterText && it.left {
				p.trimLast(&nodes)
			}
			left = it.right
		}
		afterText = false
		nodes = append(nodes, it.node)
	}
	if right {
		p.trimLast(&nodes)
	}
	return nodes
}

// trimLast trims the end of the last node if it is text.
func (p *parser) trimLast(nodes *[]node) {
	last := len(*nodes) - 1
	if p.untrimmed > 0 || last < 0 {
		return
	}
	if t, ok := (*nodes)[last].(*textNode); ok {
		if t.text = trimRight(t.text); t.text == "" {
			*nodes = (*nodes)[:last]
		}
	}
}
