package shacl

import "github.com/sixtyhq/sixty/internal/rdf"

type targetKind uint8

const (
	targetNode targetKind = iota
	targetClass
	targetSubjectsOf
	targetObjectsOf
)

// target says which nodes of a data graph a shape is for (section 2.1.3).
type target struct {
	kind targetKind
	term rdf.Term
}

// targets gives the targets of a node of the shapes graph, if it has any.
func (c *compiler) targets(node rdf.Term) ([]target, error) {
	var targets []target
	for _, p := range []struct {
		name string
		kind targetKind
	}{
		{"targetNode", targetNode}, {"targetClass", targetClass},
		{"targetSubjectsOf", targetSubjectsOf}, {"targetObjectsOf", targetObjectsOf},
	} {
		for _, term := range c.g.Objects(node, sh(p.name)) {
			if term.Kind != rdf.IRI && (p.kind != targetNode || term.Kind != rdf.Literal) {
				return nil, c.errorf(node, "sh:%s %s is not an IRI", p.name, term)
			}
			targets = append(targets, target{p.kind, term})
		}
	}
	// A class that is a shape is its own target.
	if node.Kind == rdf.IRI && c.classes.isInstance(node, class) &&
		(c.classes.isInstance(node, sh("NodeShape")) || c.classes.isInstance(node, sh("PropertyShape"))) {
		targets = append(targets, target{targetClass, node})
	}
	return targets, nil
}

// focusNodes gives the nodes that any of the targets selects, each once.
func (v *validation) focusNodes(targets []target) []rdf.Term {
	set := newTermSet()
	for _, t := range targets {
		switch t.kind {
		case targetNode:
			set.add(t.term)
		case targetClass:
			for _, c := range v.classes.subclasses(t.term).list {
				for _, node := range v.data.Subjects(typ, c) {
					set.add(node)
				}
			}
		case targetSubjectsOf:
			for m := range v.data.Match(rdf.Term{}, t.term, rdf.Term{}) {
				set.add(m.Subject)
			}
		case targetObjectsOf:
			for m := range v.data.Match(rdf.Term{}, t.term, rdf.Term{}) {
				set.add(m.Object)
			}
		}
	}
	return set.list
}

// hierarchy answers which classes are below others by rdfs:subClassOf.
type hierarchy struct {
	g     *rdf.Graph
	stop  func() bool
	below map[rdf.Term]*termSet // by class, that class included
}

func newHierarchy(g *rdf.Graph, stop func() bool) hierarchy {
	return hierarchy{g, stop, map[rdf.Term]*termSet{}}
}

var downFrom = &Path{kind: zeroOrMorePath, parts: []*Path{{kind: inversePath, parts: []*Path{{predicate: subClassOf}}}}}

// subclasses gives a class and those below it.
func (h hierarchy) subclasses(class rdf.Term) *termSet {
	set, ok := h.below[class]
	if !ok {
		set = newTermSet()
		set.add(downFrom.values(h.g, class, h.stop)...)
		h.below[class] = set
	}
	return set
}

// isInstance reports whether a node has a type that is the class or below it
// (a "SHACL instance", section 1.1).
func (h hierarchy) isInstance(node, class rdf.Term) bool {
	below := h.subclasses(class)
	for t := range h.g.Match(node, typ, rdf.Term{}) {
		if below.has[t.Object] {
			return true
		}
	}
	return false
}
