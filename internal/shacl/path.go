package shacl

import (
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

type pathKind uint8

const (
	predicatePath pathKind = iota
	inversePath
	sequencePath
	alternativePath
	zeroOrMorePath
	oneOrMorePath
	zeroOrOnePath
)

// Path is a SHACL property path (section 2.3.1).
type Path struct {
	kind      pathKind
	predicate rdf.Term
	parts     []*Path
}

// Predicate gives the IRI of a path that is a single predicate.
func (p *Path) Predicate() (iri rdf.Term, ok bool) {
	return p.predicate, p.kind == predicatePath
}

// maxPathDepth bounds how deep paths nest.
const maxPathDepth = 64

var unaryPaths = []struct {
	name string
	kind pathKind
	mark string // in text
}{
	{"inversePath", inversePath, "^"},
	{"zeroOrMorePath", zeroOrMorePath, "*"},
	{"oneOrMorePath", oneOrMorePath, "+"},
	{"zeroOrOnePath", zeroOrOnePath, "?"},
}

// path compiles the path that a node of the shapes graph stands for.
func (c *compiler) path(shape, node rdf.Term, depth int) (*Path, error) {
	if depth > maxPathDepth {
		return nil, c.errorf(shape, "the path is nested deeper than %d, or contains itself", maxPathDepth)
	}
	if node.Kind == rdf.IRI {
		return &Path{predicate: node}, nil
	}
	if node.Kind != rdf.BlankNode {
		return nil, c.errorf(shape, "the path %s is not an IRI or a blank node", node)
	}
	if !c.g.Object(node, rdf.NewIRI(rdf.RDFFirst)).IsZero() {
		return c.pathList(shape, node, sequencePath, depth)
	}
	if list := c.g.Object(node, sh("alternativePath")); !list.IsZero() {
		return c.pathList(shape, list, alternativePath, depth)
	}
	for _, u := range unaryPaths {
		if inner := c.g.Object(node, sh(u.name)); !inner.IsZero() {
			part, err := c.path(shape, inner, depth+1)
			if err != nil {
				return nil, err
			}
			return &Path{kind: u.kind, parts: []*Path{part}}, nil
		}
	}
	return nil, c.errorf(shape, "the path %s is not one that SHACL knows", node)
}

func (c *compiler) pathList(shape, list rdf.Term, kind pathKind, depth int) (*Path, error) {
	members, ok := c.g.List(list)
	if !ok || len(members) < 2 {
		return nil, c.errorf(shape, "a sequence or alternative path is a list of at least two paths")
	}
	p := &Path{kind: kind}
	for _, m := range members {
		part, err := c.path(shape, m, depth+1)
		if err != nil {
			return nil, err
		}
		p.parts = append(p.parts, part)
	}
	return p, nil
}

// values gives the nodes that the path leads to from a node, each once. Where
// stop says so it gives up.
func (p *Path) values(g *rdf.Graph, from rdf.Term, stop func() bool) []rdf.Term {
	set := newTermSet()
	w := walker{g, stop}
	w.walk(p, []rdf.Term{from}, false, set)
	return set.list
}

// walker evaluates paths over a graph.
type walker struct {
	g    *rdf.Graph
	stop func() bool
}

// walk adds to the set what the path leads to from any of the nodes or, with
// back, where it comes from.
func (w walker) walk(p *Path, from []rdf.Term, back bool, to *termSet) {
	switch p.kind {
	case predicatePath:
		w.step(p.predicate, from, back, to)
	case inversePath:
		w.walk(p.parts[0], from, !back, to)
	case sequencePath:
		parts := p.parts
		if back {
			parts = slices.Clone(parts)
			slices.Reverse(parts)
		}
		for _, part := range parts {
			next := newTermSet()
			w.walk(part, from, back, next)
			from = next.list
		}
		to.add(from...)
	case alternativePath:
		for _, part := range p.parts {
			w.walk(part, from, back, to)
		}
	case zeroOrOnePath:
		to.add(from...)
		w.walk(p.parts[0], from, back, to)
	case zeroOrMorePath, oneOrMorePath:
		reached := newTermSet()
		if p.kind == zeroOrMorePath {
			reached.add(from...)
		} else {
			w.walk(p.parts[0], from, back, reached)
		}
		// Each round goes on from what the one before has found.
		for done := 0; done < len(reached.list) && !w.stop(); {
			frontier := reached.list[done:]
			done = len(reached.list)
			w.walk(p.parts[0], frontier, back, reached)
		}
		to.add(reached.list...)
	}
}

func (w walker) step(predicate rdf.Term, from []rdf.Term, back bool, to *termSet) {
	for _, node := range from {
		if w.stop() {
			return
		}
		if back {
			for t := range w.g.Match(rdf.Term{}, predicate, node) {
				to.add(t.Subject)
			}
			continue
		}
		for t := range w.g.Match(node, predicate, rdf.Term{}) {
			to.add(t.Object)
		}
	}
}

// String gives the path as SPARQL writes it.
func (p *Path) String() string { return p.text(func(t rdf.Term) string { return t.String() }) }

func (p *Path) text(name func(rdf.Term) string) string {
	part := func(p *Path) string {
		if p.kind == sequencePath || p.kind == alternativePath {
			return "(" + p.text(name) + ")"
		}
		return p.text(name)
	}
	switch p.kind {
	case predicatePath:
		return name(p.predicate)
	case sequencePath, alternativePath:
		var texts []string
		for _, q := range p.parts {
			texts = append(texts, part(q))
		}
		return strings.Join(texts, map[pathKind]string{sequencePath: "/", alternativePath: "|"}[p.kind])
	case inversePath:
		return "^" + part(p.parts[0])
	}
	for _, u := range unaryPaths {
		if u.kind == p.kind {
			return part(p.parts[0]) + u.mark
		}
	}
	return ""
}

// node adds the path to a graph and gives the node that stands for it. fresh
// makes blank nodes.
func (p *Path) node(g *rdf.Graph, fresh func() rdf.Term) rdf.Term {
	switch p.kind {
	case predicatePath:
		return p.predicate
	case sequencePath, alternativePath:
		var members []rdf.Term
		for _, part := range p.parts {
			members = append(members, part.node(g, fresh))
		}
		list := addList(g, members, fresh)
		if p.kind == sequencePath {
			return list
		}
		node := fresh()
		g.Add(rdf.Triple{Subject: node, Predicate: sh("alternativePath"), Object: list}, rdf.Position{})
		return node
	}
	node := fresh()
	for _, u := range unaryPaths {
		if u.kind == p.kind {
			g.Add(rdf.Triple{Subject: node, Predicate: sh(u.name), Object: p.parts[0].node(g, fresh)}, rdf.Position{})
		}
	}
	return node
}

func addList(g *rdf.Graph, members []rdf.Term, fresh func() rdf.Term) rdf.Term {
	list := rdf.NewIRI(rdf.RDFNil)
	for _, m := range slices.Backward(members) {
		node := fresh()
		g.Add(rdf.Triple{Subject: node, Predicate: rdf.NewIRI(rdf.RDFFirst), Object: m}, rdf.Position{})
		g.Add(rdf.Triple{Subject: node, Predicate: rdf.NewIRI(rdf.RDFRest), Object: list}, rdf.Position{})
		list = node
	}
	return list
}

// termSet is a set of terms that keeps the order they came in.
type termSet struct {
	list []rdf.Term
	has  map[rdf.Term]bool
}

func newTermSet() *termSet { return &termSet{has: map[rdf.Term]bool{}} }

func (s *termSet) add(terms ...rdf.Term) {
	for _, t := range terms {
		if !s.has[t] {
			s.has[t] = true
			s.list = append(s.list, t)
		}
	}
}
