package rdf

import (
	"fmt"
	"slices"
)

// Relabel gives quads whose blank nodes are labelled by what they are connected
// to, sorted and without repeats, so that two answers that differ only in labels
// and order come out alike. Nodes that look alike keep the order of their own
// labels: where one can't be told from another by what is around it, the result
// may still depend on the labels given. prefix begins the new labels.
func Relabel(quads []Quad, prefix string) []Quad {
	c := newColouring(quads)
	if len(c.colour) == 0 {
		return c.quads
	}
	c.refine()
	nodes := make([]Term, 0, len(c.colour))
	for t := range c.colour {
		nodes = append(nodes, t)
	}
	slices.SortFunc(nodes, func(a, b Term) int {
		switch x, y := c.colour[a], c.colour[b]; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return a.Compare(b)
	})
	label := make(map[Term]Term, len(nodes))
	for i, t := range nodes {
		label[t] = NewBlank(fmt.Sprintf("%s%d", prefix, i))
	}
	out := make([]Quad, len(c.quads))
	for i, q := range c.quads {
		for _, t := range [...]*Term{&q.Subject, &q.Object, &q.Graph} {
			if l, ok := label[*t]; ok {
				*t = l
			}
		}
		out[i] = q
	}
	slices.SortFunc(out, Quad.Compare)
	return out
}
