package sparql

import (
	"slices"

	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

// ref is a variable's slot in a row, or a term.
type ref struct {
	slot int // -1: a term
	term id
}

func (r ref) isVar() bool { return r.slot >= 0 }

// node is an operator of the SPARQL algebra (section 18.2), variables replaced
// by slots. Inner variables of subqueries and blank nodes have slots of their
// own, so that slots never clash.
type node interface{ scope() *scopeOf }

// scopeOf says which variables an operator's solutions bind.
type scopeOf struct {
	certain  varSet // bound in every solution
	possible varSet // bound in some
	mentions varSet // possible, and those its expressions look at
}

func (s *scopeOf) scope() *scopeOf { return s }

type (
	// joinNode joins its parts; without parts it has the one empty solution.
	joinNode struct {
		scopeOf
		parts []node
	}
	tripleNode struct {
		scopeOf
		s, p, o ref
	}
	// pathNode is a path that needs more than joins and unions of triples.
	pathNode struct {
		scopeOf
		s, o ref
		path path
	}
	leftJoinNode struct {
		scopeOf
		left, right node
		conds       []condition
	}
	unionNode struct {
		scopeOf
		branches []node
	}
	filterNode struct {
		scopeOf
		sub   node
		conds []condition
	}
	minusNode struct {
		scopeOf
		left, right node
	}
	graphNode struct {
		scopeOf
		name ref
		sub  node
	}
	extendNode struct {
		scopeOf
		sub  node
		slot int
		expr condition
	}
	valuesNode struct {
		scopeOf
		slots []int
		rows  [][]id
	}
	groupNode struct {
		scopeOf
		sub        node
		keys       []groupKey
		aggregates []*aggregate
	}
	// selectNode is a subquery, or the solutions of the query itself.
	selectNode struct {
		scopeOf
		sub           node
		order         []orderKey
		project       []int
		distinct      bool
		limit, offset int64
	}
	serviceNode struct {
		scopeOf
		clause *syntax.Service
		name   ref
		vars   map[string]int // the group's variables
	}
)

// condition is an expression with the variables it looks at.
type condition struct {
	expr expr
	vars varSet
	// exists are the EXISTS in it, which need plans.
	exists []*existsExpr
}

type groupKey struct {
	slot int
	expr condition
}

type orderKey struct {
	expr condition
	desc bool
}

func newJoin(parts ...node) *joinNode {
	j := &joinNode{}
	for _, part := range parts {
		if inner, ok := part.(*joinNode); ok {
			j.parts = append(j.parts, inner.parts...)
		} else {
			j.parts = append(j.parts, part)
		}
		s := part.scope()
		j.certain = j.certain.union(s.certain)
		j.possible = j.possible.union(s.possible)
		j.mentions = j.mentions.union(s.mentions)
	}
	return j
}

func newTriple(s, p, o ref) *tripleNode {
	t := &tripleNode{s: s, p: p, o: o}
	t.bindAll(s, p, o)
	return t
}

// bindAll records that the variables among refs are bound in every solution.
func (s *scopeOf) bindAll(refs ...ref) {
	for _, r := range refs {
		if r.isVar() {
			s.certain.add(r.slot)
			s.possible.add(r.slot)
			s.mentions.add(r.slot)
		}
	}
}

func newPath(s ref, p path, o ref) *pathNode {
	n := &pathNode{s: s, path: p, o: o}
	n.bindAll(s, o)
	return n
}

func newLeftJoin(left, right node, conds []condition) *leftJoinNode {
	l, r := left.scope(), right.scope()
	return &leftJoinNode{left: left, right: right, conds: conds, scopeOf: scopeOf{
		certain:  l.certain,
		possible: l.possible.union(r.possible),
		mentions: l.mentions.union(r.mentions).union(conditionVars(conds)),
	}}
}

func newUnion(branches ...node) *unionNode {
	u := &unionNode{branches: branches}
	for i, b := range branches {
		s := b.scope()
		if i == 0 {
			u.certain = s.certain
		}
		u.certain = u.certain.intersect(s.certain)
		u.possible = u.possible.union(s.possible)
		u.mentions = u.mentions.union(s.mentions)
	}
	return u
}

func conditionVars(conds []condition) varSet {
	var s varSet
	for _, c := range conds {
		s = s.union(c.vars)
	}
	return s
}

// newFilter puts each condition as deep as it may go without a change of what
// it sees.
func newFilter(sub node, conds ...condition) node {
	var here []condition
	for _, c := range conds {
		if !pushInto(sub, c) {
			here = append(here, c)
		}
	}
	if len(here) == 0 {
		return sub
	}
	s := sub.scope()
	return &filterNode{sub: sub, conds: here, scopeOf: scopeOf{
		certain: s.certain, possible: s.possible, mentions: s.mentions.union(conditionVars(here)),
	}}
}

// pushInto moves a condition below an operator that only adds to the solutions
// of its left side, where those bind all that the condition looks at.
func pushInto(n node, c condition) bool {
	var left *node
	switch n := n.(type) {
	case *leftJoinNode:
		left = &n.left
	case *minusNode:
		left = &n.left
	case *extendNode:
		left = &n.sub
	default:
		return false
	}
	if len(c.exists) > 0 || !c.vars.within((*left).scope().certain) {
		return false
	}
	*left = newFilter(*left, c)
	return true
}

func newMinus(left, right node) *minusNode {
	l, r := left.scope(), right.scope()
	return &minusNode{left: left, right: right, scopeOf: scopeOf{
		certain: l.certain, possible: l.possible, mentions: l.mentions.union(r.mentions),
	}}
}

func newGraph(name ref, sub node) *graphNode {
	g := &graphNode{name: name, sub: sub, scopeOf: *sub.scope()}
	g.certain, g.possible, g.mentions = g.certain.union(nil), g.possible.union(nil), g.mentions.union(nil)
	g.bindAll(name)
	return g
}

func newExtend(sub node, slot int, e condition) *extendNode {
	s := sub.scope()
	x := varsOf(slot)
	return &extendNode{sub: sub, slot: slot, expr: e, scopeOf: scopeOf{
		certain: s.certain, possible: s.possible.union(x), mentions: s.mentions.union(x).union(e.vars),
	}}
}

func newValues(slots []int, rows [][]id) *valuesNode {
	v := &valuesNode{slots: slots, rows: rows}
	for i, slot := range slots {
		v.possible.add(slot)
		bound := true
		for _, row := range rows {
			bound = bound && row[i] != 0
		}
		if bound {
			v.certain.add(slot)
		}
	}
	v.mentions = v.possible
	return v
}

// correlates reports whether evaluating n with the variables of given already
// bound, as by substitution, gives the same as joining n's own solutions with
// those bindings. It does not where some expression or MINUS inside n would see
// a variable that is not in its scope there, and for operators that count or
// order solutions.
func correlates(n node, given varSet) bool {
	sees := func(vars varSet, sub node) bool { return vars.intersect(given).within(sub.scope().certain) }
	switch n := n.(type) {
	case *joinNode:
		return allCorrelate(n.parts, given)
	case *tripleNode, *pathNode, *valuesNode, *serviceNode:
		return true
	case *unionNode:
		return allCorrelate(n.branches, given)
	case *leftJoinNode:
		return sees(n.right.scope().mentions, n.left) && sees(conditionVars(n.conds), n.left) &&
			correlates(n.left, given) && correlates(n.right, given)
	case *filterNode:
		return sees(conditionVars(n.conds), n.sub) && correlates(n.sub, given)
	case *minusNode:
		return sees(n.right.scope().mentions, n.left) && correlates(n.left, given)
	case *extendNode:
		return sees(n.expr.vars, n.sub) && correlates(n.sub, given)
	case *graphNode:
		return correlates(n.sub, given)
	}
	return false // groupNode, selectNode
}

func allCorrelate(nodes []node, given varSet) bool {
	for _, n := range nodes {
		if !correlates(n, given) {
			return false
		}
	}
	return true
}

// tellsConstants reports whether it makes a difference in n that variables are
// constants, beyond their being bound: MINUS goes by the variables that both
// sides bind, and a path of no steps leads from any constant, but only from those
// bindings of a variable that are nodes of the graph.
func tellsConstants(n node, vars varSet) bool {
	switch n := n.(type) {
	case *joinNode:
		return anyTells(n.parts, vars)
	case *unionNode:
		return anyTells(n.branches, vars)
	case *pathNode:
		return nullable(n.path) && n.mentions.meets(vars)
	case *leftJoinNode:
		return tellsConstants(n.left, vars) || tellsConstants(n.right, vars)
	case *filterNode:
		return tellsConstants(n.sub, vars)
	case *minusNode:
		shared := n.left.scope().possible.intersect(n.right.scope().possible)
		return shared.meets(vars) || tellsConstants(n.left, vars) || tellsConstants(n.right, vars)
	case *extendNode:
		return tellsConstants(n.sub, vars)
	case *graphNode:
		return tellsConstants(n.sub, vars)
	}
	return false
}

func anyTells(nodes []node, vars varSet) bool {
	return slices.ContainsFunc(nodes, func(n node) bool { return tellsConstants(n, vars) })
}
