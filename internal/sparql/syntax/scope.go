package syntax

import "strings"

// varSet is a set of variables that remembers the order they came in.
type varSet struct {
	list []string
	in   map[string]bool
}

func (s *varSet) has(name string) bool { return s.in[name] }

func (s *varSet) add(name string) {
	if name == "" || s.in[name] {
		return
	}
	if s.in == nil {
		s.in = map[string]bool{}
	}
	s.in[name] = true
	s.list = append(s.list, name)
}

// addPattern adds the variables in scope after a pattern (section 18.2.1).
func (s *varSet) addPattern(pattern Pattern) {
	switch e := pattern.(type) {
	case *Group:
		s.addGroup(e)
	case *Triples:
		for _, t := range e.List {
			s.add(t.Subject.Var)
			if v, ok := t.Path.(PathVar); ok {
				s.add(v.Name)
			}
			s.add(t.Object.Var)
		}
	case *Optional:
		s.addGroup(e.Group)
	case *Union:
		for _, b := range e.Branches {
			s.addGroup(b)
		}
	case *Graph:
		s.add(e.Name.Var)
		s.addGroup(e.Group)
	case *Service:
		s.add(e.Name.Var)
		s.addGroup(e.Group)
	case *Bind:
		s.add(e.Var)
	case *Values:
		for _, v := range e.Vars {
			s.add(v)
		}
	case *SubSelect:
		for _, v := range e.Query.Vars() {
			s.add(v)
		}
	}
}

func (s *varSet) addGroup(g *Group) {
	for _, e := range g.Elements {
		s.addPattern(e)
	}
}

// VisibleVars gives the variables in scope after g (section 18.2.1), in the
// order they are first written. Blank nodes are not among them.
func (g *Group) VisibleVars() []string {
	var s varSet
	if g != nil {
		s.addGroup(g)
	}
	var out []string
	for _, v := range s.list {
		if !strings.HasPrefix(v, "_:") {
			out = append(out, v)
		}
	}
	return out
}

// Vars gives the variables that a SELECT projects, in order.
func (q *Query) Vars() []string {
	if !q.Star {
		vars := make([]string, len(q.Projection))
		for i, item := range q.Projection {
			vars[i] = item.Var
		}
		return vars
	}
	vars := q.Where.VisibleVars()
	if q.Values != nil {
		var s varSet
		for _, v := range append(vars, q.Values.Vars...) {
			s.add(v)
		}
		vars = s.list
	}
	return vars
}

// Grouped reports whether the query groups its solutions: it says GROUP BY or
// uses an aggregate.
func (q *Query) Grouped() bool {
	if len(q.GroupBy) > 0 {
		return true
	}
	for _, item := range q.Projection {
		if hasAggregate(item.Expr) {
			return true
		}
	}
	for _, e := range q.Having {
		if hasAggregate(e) {
			return true
		}
	}
	for _, k := range q.OrderBy {
		if hasAggregate(k.Expr) {
			return true
		}
	}
	return false
}

func hasAggregate(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		_, is := e.(*Aggregate)
		found = found || is
		return !found
	})
	return found
}

// Walk calls visit for e and the expressions inside it, parents first, and goes
// into those for which visit says so. It does not enter the patterns of EXISTS.
func Walk(e Expr, visit func(Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	for _, arg := range operands(e) {
		Walk(arg, visit)
	}
}

func operands(e Expr) []Expr {
	switch e := e.(type) {
	case *Or:
		return e.Args
	case *And:
		return e.Args
	case *Not:
		return []Expr{e.Arg}
	case *Negate:
		return []Expr{e.Arg}
	case *Plus:
		return []Expr{e.Arg}
	case *Compare:
		return []Expr{e.Left, e.Right}
	case *In:
		return append([]Expr{e.Left}, e.List...)
	case *Arith:
		return append([]Expr{e.First}, e.Rest...)
	case *Call:
		return e.Args
	case *FuncCall:
		return e.Args
	case *Aggregate:
		if e.Arg != nil {
			return []Expr{e.Arg}
		}
	}
	return nil
}

// checkProjection enforces what SELECT may project (grammar notes 12 and 13,
// section 11.4).
func (p *parser) checkProjection(q *Query) {
	grouped := q.Grouped()
	if q.Star && grouped {
		p.fail("SELECT * can't be used with GROUP BY or aggregates")
	}
	visible, assigned, groupVars := varSet{}, varSet{}, varSet{}
	if q.Where != nil {
		visible.addGroup(q.Where)
	}
	for _, k := range q.GroupBy {
		if k.Expr != nil && k.Var != "" && visible.has(k.Var) {
			p.fail("GROUP BY assigns ?%s, which the pattern already uses", k.Var)
		}
		groupVars.add(k.Var)
	}
	for _, item := range q.Projection {
		if item.Expr == nil {
			if grouped && !groupVars.has(item.Var) {
				p.failAt(item.at, "?%s is selected but is not in GROUP BY", item.Var)
			}
			continue
		}
		if visible.has(item.Var) || assigned.has(item.Var) || groupVars.has(item.Var) {
			p.failAt(item.at, "SELECT assigns ?%s, which is already in use", item.Var)
		}
		if grouped {
			Walk(item.Expr, func(e Expr) bool {
				if v, ok := e.(*Var); ok && !groupVars.has(v.Name) && !assigned.has(v.Name) {
					p.failAt(item.at, "?%s is used outside an aggregate but is not in GROUP BY", v.Name)
				}
				_, isAgg := e.(*Aggregate)
				return !isAgg
			})
		}
		assigned.add(item.Var)
	}
}
