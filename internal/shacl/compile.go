package shacl

import (
	"fmt"
	"strconv"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// Shapes are the shapes of a graph, ready to validate with. They do not change
// any more and may be used by several goroutines at once.
type Shapes struct {
	targeted []*shape // those with targets, in the graph's order
}

// shape is a node or property shape.
type shape struct {
	node        rdf.Term
	path        *Path // nil for a node shape
	severity    rdf.Term
	messages    []rdf.Term
	deactivated bool
	targets     []target
	constraints []constraint
	line        int32 // in the shapes graph
	shared      bool  // reached from several shapes
}

// constraint is one constraint of a shape. It reports each violation among the
// value nodes that the shape has for a focus node.
type constraint interface {
	check(v *validation, s *shape, focus rdf.Term, values []rdf.Term)
}

// ShapeError says what is wrong with a shape, and where.
type ShapeError struct {
	Shape rdf.Term
	// Line is where the shape begins in its document; 0 where it is not known.
	Line int
	Msg  string
}

func (e *ShapeError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d: shape %s: %s", e.Line, e.Shape, e.Msg)
	}
	return fmt.Sprintf("shape %s: %s", e.Shape, e.Msg)
}

// Compile makes the shapes that have targets, and those they refer to. Shapes
// that nothing leads to are not looked at. An ill-formed or recursive shape is
// a *[ShapeError], and so is what SHACL has beyond Core, such as sh:sparql.
func Compile(g *rdf.Graph) (*Shapes, error) {
	c := &compiler{g: g, shapes: map[rdf.Term]*shape{}, open: map[rdf.Term]bool{}}
	c.classes = newHierarchy(g, func() bool { return false })
	if err := c.refuseBeyondCore(); err != nil {
		return nil, err
	}
	s := &Shapes{}
	seen := map[rdf.Term]bool{}
	for t := range g.Match(rdf.Term{}, rdf.Term{}, rdf.Term{}) {
		if seen[t.Subject] {
			continue
		}
		seen[t.Subject] = true
		targets, err := c.targets(t.Subject)
		if err != nil {
			return nil, err
		}
		if len(targets) == 0 {
			continue
		}
		sp, err := c.shape(t.Subject)
		if err != nil {
			return nil, err
		}
		sp.targets = targets
		s.targeted = append(s.targeted, sp)
	}
	return s, nil
}

// refuseBeyondCore finds what would change the outcome and is not SHACL Core:
// data that would pass because a check did not run must not pass.
func (c *compiler) refuseBeyondCore() error {
	for _, property := range []string{"entailment", "sparql", "target", "js", "expression"} {
		for t := range c.g.Match(rdf.Term{}, sh(property), rdf.Term{}) {
			return c.errorf(t.Subject, "sh:%s is not part of SHACL Core and not supported", property)
		}
	}
	return nil
}

type compiler struct {
	g       *rdf.Graph
	classes hierarchy
	shapes  map[rdf.Term]*shape
	open    map[rdf.Term]bool // being compiled, to find recursion
}

func (c *compiler) errorf(shape rdf.Term, format string, args ...any) error {
	line := int(c.g.SubjectPosition(shape).SubjectLine)
	return &ShapeError{Shape: shape, Line: line, Msg: fmt.Sprintf(format, args...)}
}

// shape compiles the shape that a node stands for, once.
func (c *compiler) shape(node rdf.Term) (*shape, error) {
	if s, ok := c.shapes[node]; ok {
		s.shared = true
		return s, nil
	}
	if node.Kind == rdf.Literal {
		return nil, c.errorf(node, "a literal is not a shape")
	}
	if c.open[node] {
		return nil, c.errorf(node, "the shape refers to itself; recursive shapes are not supported")
	}
	if len(c.open) > maxShapeDepth {
		return nil, c.errorf(node, "shapes are nested deeper than %d", maxShapeDepth)
	}
	c.open[node] = true
	defer delete(c.open, node)

	s := &shape{node: node, severity: sh("Violation"), line: c.g.SubjectPosition(node).SubjectLine}
	if severity, err := c.single(node, "severity"); err != nil {
		return nil, err
	} else if !severity.IsZero() {
		s.severity = severity
	}
	s.messages = c.g.Objects(node, sh("message"))
	deactivated, err := c.single(node, "deactivated")
	if err != nil {
		return nil, err
	}
	s.deactivated = deactivated == isTrue
	path, err := c.single(node, "path")
	if err != nil {
		return nil, err
	}
	if !path.IsZero() {
		if s.path, err = c.path(node, path, 0); err != nil {
			return nil, err
		}
	}
	if !s.deactivated {
		if err := c.constraints(s); err != nil {
			return nil, err
		}
	}
	c.shapes[node] = s
	return s, nil
}

// maxShapeDepth bounds how deep shapes refer to shapes.
const maxShapeDepth = 256

// single gives the one value of a parameter, or the zero Term.
func (c *compiler) single(node rdf.Term, parameter string) (rdf.Term, error) {
	values := c.g.Objects(node, sh(parameter))
	switch len(values) {
	case 0:
		return rdf.Term{}, nil
	case 1:
		return values[0], nil
	}
	return rdf.Term{}, c.errorf(node, "sh:%s is given %d times; it has one value", parameter, len(values))
}

// count gives the value of a parameter that is a number of things; ok where it
// is given.
func (c *compiler) count(node rdf.Term, parameter string) (n int, ok bool, err error) {
	v, err := c.single(node, parameter)
	if err != nil || v.IsZero() {
		return 0, false, err
	}
	n, err = strconv.Atoi(v.Value)
	if err != nil || v.Datatype != rdf.XSDInteger || n < 0 {
		return 0, false, c.errorf(node, "sh:%s %s is not a number of things (xsd:integer, 0 or more)", parameter, v)
	}
	return n, true, nil
}

// list gives the members of a parameter that is a list; ok where it is given.
func (c *compiler) list(node, head rdf.Term, parameter string) ([]rdf.Term, error) {
	members, ok := c.g.List(head)
	if !ok {
		return nil, c.errorf(node, "sh:%s is not a well-formed list", parameter)
	}
	return members, nil
}

// shapeList compiles the members of a list of shapes.
func (c *compiler) shapeList(node, head rdf.Term, parameter string) ([]*shape, error) {
	members, err := c.list(node, head, parameter)
	if err != nil {
		return nil, err
	}
	var shapes []*shape
	for _, m := range members {
		s, err := c.shape(m)
		if err != nil {
			return nil, err
		}
		shapes = append(shapes, s)
	}
	return shapes, nil
}
