package shacl

import (
	"slices"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// logical is section 4.6.
func (c *compiler) logical(s *shape) error {
	err := c.each(s, "not", nodes, func(t rdf.Term) (constraint, error) {
		other, err := c.shape(t)
		return notConstraint{other}, err
	})
	if err != nil {
		return err
	}
	for _, l := range []struct {
		parameter string
		component rdf.Term
		says      string
		ok        func(conforming, of int) bool
	}{
		{"and", andComponent, "all", func(n, of int) bool { return n == of }},
		{"or", orComponent, "any", func(n, of int) bool { return n > 0 }},
		{"xone", xoneComponent, "exactly one", func(n, of int) bool { return n == 1 }},
	} {
		err := c.each(s, l.parameter, anyKind, func(t rdf.Term) (constraint, error) {
			shapes, err := c.shapeList(s.node, t, l.parameter)
			return logicalConstraint{l.component, shapes, l.says, l.ok}, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type notConstraint struct{ shape *shape }

func (k notConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		if v.conforms(k.shape, value) {
			v.report(s, focus, notComponent, value, say("%s conforms to the shape %s", value, k.shape.node))
		}
	}
}

type logicalConstraint struct {
	component rdf.Term
	shapes    []*shape
	says      string
	ok        func(conforming, of int) bool
}

func (k logicalConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		n := 0
		for _, other := range k.shapes {
			if v.conforms(other, value) {
				n++
			}
		}
		if !k.ok(n, len(k.shapes)) {
			v.report(s, focus, k.component, value,
				say("%s conforms to %d of %d shapes; it must conform to "+k.says, value, n, len(k.shapes)))
		}
	}
}

// shapeBased is section 4.7.
func (c *compiler) shapeBased(s *shape) error {
	err := c.each(s, "node", nodes, func(t rdf.Term) (constraint, error) {
		other, err := c.shape(t)
		if err == nil && other.path != nil {
			err = c.errorf(s.node, "sh:node %s is a property shape", t)
		}
		return nodeConstraint{other}, err
	})
	if err != nil {
		return err
	}
	err = c.each(s, "property", nodes, func(t rdf.Term) (constraint, error) {
		other, err := c.shape(t)
		if err == nil && other.path == nil {
			err = c.errorf(s.node, "sh:property %s has no sh:path", t)
		}
		return propertyConstraint{other}, err
	})
	if err != nil {
		return err
	}
	return c.one(s, "qualifiedValueShape", nodes, func(t rdf.Term) (constraint, error) { return c.qualified(s, t) })
}

type nodeConstraint struct{ shape *shape }

func (k nodeConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		if !v.conforms(k.shape, value) {
			v.report(s, focus, nodeComponent, value, say("%s does not conform to the shape %s", value, k.shape.node))
		}
	}
}

// propertyConstraint reports nothing itself: the property shape does.
type propertyConstraint struct{ shape *shape }

func (k propertyConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		v.validate(k.shape, value)
	}
}

func (c *compiler) qualified(s *shape, node rdf.Term) (constraint, error) {
	var k qualifiedConstraint
	var hasMax bool
	var err error
	if k.shape, err = c.shape(node); err != nil {
		return nil, err
	}
	if k.min, _, err = c.count(s.node, "qualifiedMinCount"); err != nil {
		return nil, err
	}
	if k.max, hasMax, err = c.count(s.node, "qualifiedMaxCount"); err != nil {
		return nil, err
	}
	if !hasMax {
		k.max = -1
	}
	if c.g.Object(s.node, sh("qualifiedValueShapesDisjoint")) == isTrue {
		k.siblings, err = c.siblings(s, node)
	}
	return k, err
}

// maxSiblings bounds the shapes that the values of one must not conform to.
const maxSiblings = 1024

// siblings compiles the qualified value shapes of the properties beside s: of
// every shape that s is a property of (section 4.7.3). own is that of s.
func (c *compiler) siblings(s *shape, own rdf.Term) ([]*shape, error) {
	beside := Path{kind: sequencePath, parts: []*Path{
		{kind: inversePath, parts: []*Path{{predicate: sh("property")}}},
		{predicate: sh("property")}, {predicate: sh("qualifiedValueShape")},
	}}
	var siblings []*shape
	for _, node := range beside.values(c.g, s.node, func() bool { return false }) {
		if node == own {
			continue
		}
		other, err := c.shape(node)
		if err != nil {
			return nil, err
		}
		if siblings = append(siblings, other); len(siblings) > maxSiblings {
			return nil, c.errorf(s.node, "there are more than %d qualified value shapes beside it", maxSiblings)
		}
	}
	return siblings, nil
}

type qualifiedConstraint struct {
	shape    *shape
	siblings []*shape
	min, max int // max -1 is none
}

func (k qualifiedConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	n := 0
	for _, value := range values {
		inSibling := slices.ContainsFunc(k.siblings, func(o *shape) bool { return v.conforms(o, value) })
		if !inSibling && v.conforms(k.shape, value) {
			n++
		}
	}
	if n < k.min {
		v.report(s, focus, qualifiedMinCountComponent, rdf.Term{},
			say("the number of values that conform to the shape %s is %d, the minimum is %d", k.shape.node, n, k.min))
	}
	if k.max >= 0 && n > k.max {
		v.report(s, focus, qualifiedMaxCountComponent, rdf.Term{},
			say("the number of values that conform to the shape %s is %d, the maximum is %d", k.shape.node, n, k.max))
	}
}

// other is section 4.8.
func (c *compiler) other(s *shape) error {
	err := c.one(s, "closed", literals, func(t rdf.Term) (constraint, error) {
		ignored, err := c.single(s.node, "ignoredProperties")
		if err != nil {
			return nil, err
		}
		k := closedConstraint{on: t == isTrue, allowed: map[rdf.Term]bool{}}
		if !ignored.IsZero() {
			members, err := c.list(s.node, ignored, "ignoredProperties")
			if err != nil {
				return nil, err
			}
			for _, p := range members {
				k.allowed[p] = true
			}
		}
		for _, property := range c.g.Objects(s.node, sh("property")) {
			k.allowed[c.g.Object(property, sh("path"))] = true
		}
		return k, nil
	})
	if err != nil {
		return err
	}
	err = c.each(s, "hasValue", anyKind, func(t rdf.Term) (constraint, error) { return hasValueConstraint{t}, nil })
	if err != nil {
		return err
	}
	return c.one(s, "in", anyKind, func(t rdf.Term) (constraint, error) {
		members, err := c.list(s.node, t, "in")
		k := inConstraint{members, map[rdf.Term]bool{}}
		for _, m := range members {
			k.set[m] = true
		}
		return k, err
	})
}

type closedConstraint struct {
	on      bool
	allowed map[rdf.Term]bool
}

func (k closedConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	if !k.on {
		return
	}
	for _, value := range values {
		for t := range v.data.Match(value, rdf.Term{}, rdf.Term{}) {
			if !k.allowed[t.Predicate] {
				v.reportAt(s, focus, closedComponent, &Path{predicate: t.Predicate}, t.Object,
					say("the property %s is not allowed", t.Predicate))
			}
		}
	}
}

type hasValueConstraint struct{ value rdf.Term }

func (k hasValueConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	if !slices.Contains(values, k.value) {
		v.report(s, focus, hasValueComponent, rdf.Term{}, say("the value %s is missing", k.value))
	}
}

type inConstraint struct {
	members []rdf.Term
	set     map[rdf.Term]bool
}

func (k inConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		if !k.set[value] {
			v.report(s, focus, inComponent, value, say("%s is not one of %s", value, k.members))
		}
	}
}
