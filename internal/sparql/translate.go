package sparql

import (
	"fmt"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

// translator turns a syntax tree into algebra (section 18.2).
type translator struct {
	terms     *terms
	names     []string // of the slots; empty for those that no query text names
	functions map[string]Function
	errs      []error // what the query asks for and there is not
}

// variables maps the names of one query or subquery to slots.
type variables struct {
	t     *translator
	slots map[string]int
	// grouping collects aggregates while the expressions of a grouped query are
	// compiled; nil elsewhere.
	grouping *groupNode
}

func (t *translator) newVariables() *variables { return &variables{t: t, slots: map[string]int{}} }

func (t *translator) newSlot(name string) int {
	t.names = append(t.names, name)
	return len(t.names) - 1
}

func (v *variables) slot(name string) int {
	s, ok := v.slots[name]
	if !ok {
		s = v.t.newSlot(name)
		v.slots[name] = s
	}
	return s
}

func (v *variables) ref(n syntax.Node) ref {
	if n.IsVar() {
		return ref{slot: v.slot(n.Var)}
	}
	return v.constant(n.Term)
}

func (v *variables) constant(t rdf.Term) ref { return ref{slot: -1, term: v.t.terms.intern(t)} }

func (v *variables) fresh() ref { return ref{slot: v.t.newSlot("")} }

// query translates a query's pattern, grouping and solution modifiers. project
// are the names to keep; a query that is not a SELECT keeps all.
func (v *variables) query(q *syntax.Query, project []string) *selectNode {
	var n node = newJoin()
	if q.Where != nil {
		n = v.group(q.Where)
	}
	var grouped *groupNode
	if q.Grouped() {
		grouped = &groupNode{sub: n}
		v.groupKeys(q, grouped)
	}
	// The expressions of every clause may hold aggregates, so they are compiled
	// before the group node is complete.
	v.grouping = grouped
	var having []condition
	for _, e := range q.Having {
		having = append(having, v.compileConjuncts(e)...)
	}
	computed := make([]condition, len(q.Projection))
	for i, item := range q.Projection {
		if item.Expr != nil {
			computed[i] = v.compile(item.Expr)
		}
	}
	sel := &selectNode{distinct: q.Distinct, limit: q.Limit, offset: q.Offset}
	for _, k := range q.OrderBy {
		sel.order = append(sel.order, orderKey{expr: v.compile(k.Expr), desc: k.Desc})
	}
	v.grouping = nil
	if grouped != nil {
		grouped.rescope()
		n = grouped
	}
	if len(having) > 0 {
		n = newFilter(n, having...)
	}
	if q.Values != nil {
		n = newJoin(n, v.values(q.Values))
	}
	for i, item := range q.Projection {
		if item.Expr != nil {
			n = newExtend(n, v.slot(item.Var), computed[i])
		}
	}
	sel.sub = n
	if q.Form != syntax.Select {
		sel.project = n.scope().possible.list()
	}
	for _, name := range project {
		sel.project = append(sel.project, v.slot(name))
	}
	s, kept := n.scope(), varsOf(sel.project...)
	sel.scopeOf = scopeOf{certain: s.certain.intersect(kept), possible: s.possible.intersect(kept), mentions: kept}
	return sel
}

func (v *variables) groupKeys(q *syntax.Query, g *groupNode) {
	for _, k := range q.GroupBy {
		switch {
		case k.Expr == nil:
			slot := v.slot(k.Var)
			g.keys = append(g.keys, groupKey{slot: slot, expr: condition{expr: &varExpr{slot}, vars: varsOf(slot)}})
		case k.Var != "":
			g.keys = append(g.keys, groupKey{expr: v.compile(k.Expr), slot: v.slot(k.Var)})
		default:
			g.keys = append(g.keys, groupKey{expr: v.compile(k.Expr), slot: v.t.newSlot("")})
		}
	}
}

// rescope computes what a group node binds: keys may be unbound, where the
// expression has none or fails, and aggregates may fail.
func (g *groupNode) rescope() {
	s := g.sub.scope()
	g.certain, g.possible = nil, nil
	for _, k := range g.keys {
		g.possible.add(k.slot)
		if v, isVar := k.expr.expr.(*varExpr); isVar && s.certain.has(v.slot) {
			g.certain.add(k.slot)
		}
	}
	for _, a := range g.aggregates {
		g.possible.add(a.slot)
	}
	g.mentions = g.possible
}

// group translates { … } (section 18.2.2).
func (v *variables) group(g *syntax.Group) node {
	n, filters := v.groupParts(g)
	return newFilter(n, filters...)
}

// groupParts translates a group but for its own filters.
func (v *variables) groupParts(g *syntax.Group) (n node, filters []condition) {
	n = newJoin()
	for _, e := range g.Elements {
		switch e := e.(type) {
		case *syntax.Filter:
			filters = append(filters, v.compileConjuncts(e.Cond)...)
		case *syntax.Optional:
			n = v.optional(n, e.Group)
		case *syntax.Minus:
			n = newMinus(n, v.group(e.Group))
		case *syntax.Bind:
			n = newExtend(n, v.slot(e.Var), v.compile(e.Expr))
		default:
			n = newJoin(n, v.pattern(e))
		}
	}
	if j, ok := n.(*joinNode); ok && len(j.parts) == 1 {
		n = j.parts[0]
	}
	return n, filters
}

// optional translates OPTIONAL, whose group's own filters see the left side too.
func (v *variables) optional(left node, g *syntax.Group) node {
	right, filters := v.groupParts(g)
	var conds []condition
	for _, c := range filters {
		if len(c.exists) == 0 && c.vars.within(right.scope().certain) {
			right = newFilter(right, c)
		} else {
			conds = append(conds, c)
		}
	}
	return newLeftJoin(left, right, conds)
}

func (v *variables) pattern(e syntax.Pattern) node {
	switch e := e.(type) {
	case *syntax.Group:
		return v.group(e)
	case *syntax.Triples:
		return v.triples(e.List)
	case *syntax.Union:
		branches := make([]node, len(e.Branches))
		for i, b := range e.Branches {
			branches[i] = v.group(b)
		}
		return newUnion(branches...)
	case *syntax.Graph:
		return newGraph(v.ref(e.Name), v.group(e.Group))
	case *syntax.Values:
		return v.values(e)
	case *syntax.SubSelect:
		return v.subSelect(e.Query)
	case *syntax.Service:
		return v.service(e)
	}
	panic(fmt.Sprintf("sparql: unknown pattern %T", e))
}

func (v *variables) subSelect(q *syntax.Query) node {
	inner := v.t.newVariables()
	project := q.Vars()
	for _, name := range project {
		inner.slots[name] = v.slot(name)
	}
	return inner.query(q, project)
}

func (v *variables) service(e *syntax.Service) node {
	s := &serviceNode{clause: e, name: v.ref(e.Name), vars: map[string]int{}}
	for _, name := range e.Group.VisibleVars() {
		slot := v.slot(name)
		s.vars[name] = slot
		s.possible.add(slot)
	}
	s.mentions = s.possible.union(nil)
	if s.name.isVar() {
		s.mentions.add(s.name.slot)
	}
	return s
}

func (v *variables) values(e *syntax.Values) node {
	slots := make([]int, len(e.Vars))
	for i, name := range e.Vars {
		slots[i] = v.slot(name)
	}
	rows := make([][]id, len(e.Rows))
	for i, terms := range e.Rows {
		rows[i] = make([]id, len(terms))
		for j, t := range terms {
			if !t.IsZero() {
				rows[i][j] = v.t.terms.intern(t)
			}
		}
	}
	return newValues(slots, rows)
}

func (v *variables) triples(list []syntax.Triple) node {
	parts := make([]node, 0, len(list))
	for _, t := range list {
		s, o := v.ref(t.Subject), v.ref(t.Object)
		if p, ok := t.Path.(syntax.PathVar); ok {
			parts = append(parts, newTriple(s, ref{slot: v.slot(p.Name)}, o))
			continue
		}
		parts = append(parts, v.path(s, t.Path, o))
	}
	return newJoin(parts...)
}

// path translates a property path pattern (section 18.2.2.4): what joins and
// unions can say becomes those.
func (v *variables) path(s ref, p syntax.Path, o ref) node {
	switch p := p.(type) {
	case syntax.PathIRI:
		return newTriple(s, v.constant(rdf.NewIRI(p.IRI)), o)
	case syntax.PathInverse:
		return v.path(o, p.Path, s)
	case syntax.PathSequence:
		parts := make([]node, len(p.Steps))
		from := s
		for i, step := range p.Steps {
			to := o
			if i < len(p.Steps)-1 {
				to = v.fresh()
			}
			parts[i] = v.path(from, step, to)
			from = to
		}
		return newJoin(parts...)
	case syntax.PathAlternative:
		branches := make([]node, len(p.Choices))
		for i, c := range p.Choices {
			branches[i] = v.path(s, c, o)
		}
		return newUnion(branches...)
	case syntax.PathNegated:
		forward, backward := v.negated(p.Forward), v.negated(p.Backward)
		switch {
		case len(p.Backward) == 0:
			return newPath(s, negatedPath{not: forward}, o)
		case len(p.Forward) == 0:
			return newPath(o, negatedPath{not: backward}, s)
		}
		return newUnion(newPath(s, negatedPath{not: forward}, o), newPath(o, negatedPath{not: backward}, s))
	}
	return newPath(s, v.innerPath(p), o)
}

func (v *variables) negated(iris []string) map[id]bool {
	set := map[id]bool{}
	for _, iri := range iris {
		set[v.t.terms.intern(rdf.NewIRI(iri))] = true
	}
	return set
}

// innerPath translates a path to be walked node by node, inside ?, * or +.
func (v *variables) innerPath(p syntax.Path) path {
	switch p := p.(type) {
	case syntax.PathIRI:
		return predicatePath{v.t.terms.intern(rdf.NewIRI(p.IRI))}
	case syntax.PathInverse:
		return inversePath{v.innerPath(p.Path)}
	case syntax.PathSequence:
		steps := make(sequencePath, len(p.Steps))
		for i, s := range p.Steps {
			steps[i] = v.innerPath(s)
		}
		return steps
	case syntax.PathAlternative:
		choices := make(alternativePath, len(p.Choices))
		for i, c := range p.Choices {
			choices[i] = v.innerPath(c)
		}
		return choices
	case syntax.PathNegated:
		var choices alternativePath
		if len(p.Forward) > 0 || len(p.Backward) == 0 {
			choices = append(choices, negatedPath{v.negated(p.Forward)})
		}
		if len(p.Backward) > 0 {
			choices = append(choices, inversePath{negatedPath{v.negated(p.Backward)}})
		}
		return choices
	case syntax.PathRepeat:
		repeat := &repeatPath{sub: v.innerPath(p.Path), zero: p.Min == 0, many: p.Many}
		if inner, ok := repeat.sub.(*repeatPath); ok { // (p?)+ is p*, and so on
			return &repeatPath{sub: inner.sub, zero: repeat.zero || inner.zero, many: repeat.many || inner.many}
		}
		return repeat
	}
	panic(fmt.Sprintf("sparql: unknown path %T", p))
}

// isBlankVar reports whether a variable stands for a blank node of the query.
func isBlankVar(name string) bool { return strings.HasPrefix(name, "_:") }
