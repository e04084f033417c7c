package shacl

import (
	"slices"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// constraints compiles the constraints that a shape declares, in the order of
// the specification's section 4.
func (c *compiler) constraints(s *shape) error {
	for _, add := range []func(*shape) error{
		c.valueTypes, c.cardinality, c.ranges, c.stringBased, c.propertyPairs, c.logical, c.shapeBased, c.other,
	} {
		if err := add(s); err != nil {
			return err
		}
	}
	return nil
}

// each adds a constraint for every value of a parameter.
func (c *compiler) each(s *shape, parameter string, kinds []rdf.Kind, make func(rdf.Term) (constraint, error)) error {
	for _, v := range c.g.Objects(s.node, sh(parameter)) {
		if len(kinds) > 0 && !slices.Contains(kinds, v.Kind) {
			return c.errorf(s.node, "sh:%s cannot be the %s %s", parameter, v.Kind, v)
		}
		k, err := make(v)
		if err != nil {
			return err
		}
		s.constraints = append(s.constraints, k)
	}
	return nil
}

// one adds a constraint for the value of a parameter that has one at most.
func (c *compiler) one(s *shape, parameter string, kinds []rdf.Kind, make func(rdf.Term) (constraint, error)) error {
	if _, err := c.single(s.node, parameter); err != nil {
		return err
	}
	return c.each(s, parameter, kinds, make)
}

// counted adds a constraint for a parameter that is a number of things.
func (c *compiler) counted(s *shape, parameter string, make func(int) constraint) error {
	n, ok, err := c.count(s.node, parameter)
	if ok {
		s.constraints = append(s.constraints, make(n))
	}
	return err
}

// The kinds of terms that parameters may be given as.
var (
	iris     = []rdf.Kind{rdf.IRI}
	literals = []rdf.Kind{rdf.Literal}
	nodes    = []rdf.Kind{rdf.IRI, rdf.BlankNode}
	anyKind  []rdf.Kind
)

// valueTypes is section 4.1.
func (c *compiler) valueTypes(s *shape) error {
	err := c.each(s, "class", iris, func(t rdf.Term) (constraint, error) { return classConstraint{t}, nil })
	if err != nil {
		return err
	}
	err = c.one(s, "datatype", iris, func(t rdf.Term) (constraint, error) { return datatypeConstraint{t}, nil })
	if err != nil {
		return err
	}
	return c.one(s, "nodeKind", iris, func(t rdf.Term) (constraint, error) {
		kinds, ok := nodeKinds[t]
		if !ok {
			return nil, c.errorf(s.node, "sh:nodeKind %s is not one that SHACL knows", t)
		}
		return nodeKindConstraint{t, kinds}, nil
	})
}

type classConstraint struct{ class rdf.Term }

func (k classConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		if !v.classes.isInstance(value, k.class) {
			v.report(s, focus, classComponent, value, say("%s is not an instance of %s", value, k.class))
		}
	}
}

type datatypeConstraint struct{ datatype rdf.Term }

func (k datatypeConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		switch {
		case value.Kind != rdf.Literal || value.Datatype != k.datatype.Value:
			v.report(s, focus, datatypeComponent, value, say("%s does not have the datatype %s", value, k.datatype))
		case !validLexical(value.Datatype, value.Value):
			v.report(s, focus, datatypeComponent, value, say("%s is not a valid %s", value, k.datatype))
		}
	}
}

var nodeKinds = map[rdf.Term][]rdf.Kind{
	sh("BlankNode"):          {rdf.BlankNode},
	sh("IRI"):                {rdf.IRI},
	sh("Literal"):            {rdf.Literal},
	sh("BlankNodeOrIRI"):     {rdf.BlankNode, rdf.IRI},
	sh("BlankNodeOrLiteral"): {rdf.BlankNode, rdf.Literal},
	sh("IRIOrLiteral"):       {rdf.IRI, rdf.Literal},
}

type nodeKindConstraint struct {
	kind  rdf.Term
	kinds []rdf.Kind
}

func (k nodeKindConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		if !slices.Contains(k.kinds, value.Kind) {
			v.report(s, focus, nodeKindComponent, value, say("%s is not of kind %s", value, k.kind))
		}
	}
}

// cardinality is section 4.2.
func (c *compiler) cardinality(s *shape) error {
	if err := c.counted(s, "minCount", func(n int) constraint { return minCountConstraint{n} }); err != nil {
		return err
	}
	if err := c.counted(s, "maxCount", func(n int) constraint { return maxCountConstraint{n} }); err != nil {
		return err
	}
	return c.propertyShapeOnly(s, "minCount", "maxCount")
}

// propertyShapeOnly refuses parameters that a node shape cannot have.
func (c *compiler) propertyShapeOnly(s *shape, parameters ...string) error {
	for _, p := range parameters {
		if s.path == nil && len(c.g.Objects(s.node, sh(p))) > 0 {
			return c.errorf(s.node, "sh:%s is for shapes with sh:path", p)
		}
	}
	return nil
}

type minCountConstraint struct{ min int }

func (k minCountConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	if n := len(values); n < k.min {
		v.report(s, focus, minCountComponent, rdf.Term{}, say("the number of values is %d, the minimum is %d", n, k.min))
	}
}

type maxCountConstraint struct{ max int }

func (k maxCountConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	if n := len(values); n > k.max {
		v.report(s, focus, maxCountComponent, rdf.Term{}, say("the number of values is %d, the maximum is %d", n, k.max))
	}
}

// ranges is section 4.3.
func (c *compiler) ranges(s *shape) error {
	for _, r := range []struct {
		parameter, component, says string
		ok                         func(order int) bool
	}{
		{"minExclusive", "MinExclusive", "greater than", func(o int) bool { return o > 0 }},
		{"minInclusive", "MinInclusive", "at least", func(o int) bool { return o >= 0 }},
		{"maxExclusive", "MaxExclusive", "less than", func(o int) bool { return o < 0 }},
		{"maxInclusive", "MaxInclusive", "at most", func(o int) bool { return o <= 0 }},
	} {
		err := c.one(s, r.parameter, literals, func(t rdf.Term) (constraint, error) {
			return rangeConstraint{component(r.component), t, r.says, r.ok}, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type rangeConstraint struct {
	component, bound rdf.Term
	says             string
	ok               func(order int) bool
}

func (k rangeConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		switch order, comparable := compare(value, k.bound); {
		case !comparable:
			v.report(s, focus, k.component, value, say("%s cannot be compared with %s", value, k.bound))
		case !k.ok(order):
			v.report(s, focus, k.component, value, say("%s is not "+k.says+" %s", value, k.bound))
		}
	}
}

// propertyPairs is section 4.5.
func (c *compiler) propertyPairs(s *shape) error {
	for _, p := range []struct {
		parameter string
		make      func(rdf.Term) constraint
	}{
		{"equals", func(t rdf.Term) constraint { return equalsConstraint{t} }},
		{"disjoint", func(t rdf.Term) constraint { return disjointConstraint{t} }},
		{"lessThan", func(t rdf.Term) constraint {
			return lessConstraint{lessThanComponent, t, "less than", func(o int) bool { return o < 0 }}
		}},
		{"lessThanOrEquals", func(t rdf.Term) constraint {
			return lessConstraint{lessThanOrEqualsComponent, t, "at most", func(o int) bool { return o <= 0 }}
		}},
	} {
		err := c.each(s, p.parameter, iris, func(t rdf.Term) (constraint, error) { return p.make(t), nil })
		if err != nil {
			return err
		}
	}
	return c.propertyShapeOnly(s, "lessThan", "lessThanOrEquals")
}

type equalsConstraint struct{ property rdf.Term }

func (k equalsConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	others, own := newTermSet(), newTermSet()
	others.add(v.data.Objects(focus, k.property)...)
	own.add(values...)
	for _, value := range values {
		if !others.has[value] {
			v.report(s, focus, equalsComponent, value, say("%s is not a value of %s too", value, k.property))
		}
	}
	for _, other := range others.list {
		if !own.has[other] {
			v.report(s, focus, equalsComponent, other, say("%s is a value of %s only", other, k.property))
		}
	}
}

type disjointConstraint struct{ property rdf.Term }

func (k disjointConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	for _, value := range values {
		if v.data.Has(rdf.Triple{Subject: focus, Predicate: k.property, Object: value}) {
			v.report(s, focus, disjointComponent, value, say("%s is a value of %s too", value, k.property))
		}
	}
}

type lessConstraint struct {
	component, property rdf.Term
	says                string
	ok                  func(order int) bool
}

func (k lessConstraint) check(v *validation, s *shape, focus rdf.Term, values []rdf.Term) {
	others := v.data.Objects(focus, k.property)
	for _, value := range values {
		for _, other := range others {
			if v.stopped() {
				return
			}
			switch order, comparable := compare(value, other); {
			case !comparable:
				v.report(s, focus, k.component, value, say("%s cannot be compared with %s of %s", value, other, k.property))
			case !k.ok(order):
				v.report(s, focus, k.component, value, say("%s is not "+k.says+" %s of %s", value, other, k.property))
			}
		}
	}
}
