package sparql

import (
	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
	"github.com/sixtyhq/sixty/internal/sparql/xsd"
)

// expr is a compiled expression. ok is false for an error in SPARQL's sense,
// which leaves a variable unbound or drops a solution.
type expr interface {
	eval(x *exec) (v val, ok bool)
}

type (
	varExpr   struct{ slot int }
	constExpr struct{ v val }
	orExpr    struct{ args []expr }
	andExpr   struct{ args []expr }
	notExpr   struct{ arg expr }
	signExpr  struct {
		arg    expr
		negate bool
	}
	compareExpr struct {
		op          string
		left, right expr
	}
	inExpr struct {
		left expr
		list []expr
		not  bool
	}
	arithExpr struct {
		first expr
		ops   []byte
		rest  []expr
	}
	boundExpr    struct{ slot int }
	ifExpr       struct{ cond, then, otherwise expr }
	coalesceExpr struct{ args []expr }
	// callExpr calls a function on the values of args; buf is its memory.
	callExpr struct {
		fn   function
		args []expr
		buf  []val
	}
	// existsExpr is planned where its filter is placed.
	existsExpr struct {
		sub  node
		not  bool
		plan operator
		// joined says that the plan joins the row, instead of taking its variables
		// for constants.
		joined    bool
		run       func() bool
		found     bool
		constants []id
	}
)

// function computes a built-in function of its arguments' values.
type function func(x *exec, args []val) (val, bool)

func (e *varExpr) eval(x *exec) (val, bool) {
	n := x.row[e.slot]
	if n == 0 {
		return val{}, false
	}
	return val{id: n, term: x.terms.term(n)}, true
}

func constant(t rdf.Term) expr {
	v := termVal(t)
	if typed, ok := v.asTyped(); ok && typed.Term() == t {
		v = typedVal(typed) // parsed once
	}
	return &constExpr{v}
}

func (e *constExpr) eval(*exec) (val, bool) { return e.v, true }

func truth(x *exec, e expr) (b, ok bool) {
	v, ok := e.eval(x)
	if !ok {
		return false, false
	}
	return ebv(&v)
}

func (e *orExpr) eval(x *exec) (val, bool) {
	failed := false
	for _, arg := range e.args {
		b, ok := truth(x, arg)
		if b && ok {
			return boolVal(true), true
		}
		failed = failed || !ok
	}
	return boolVal(false), !failed
}

func (e *andExpr) eval(x *exec) (val, bool) {
	failed := false
	for _, arg := range e.args {
		b, ok := truth(x, arg)
		if !b && ok {
			return boolVal(false), true
		}
		failed = failed || !ok
	}
	return boolVal(true), !failed
}

func (e *notExpr) eval(x *exec) (val, bool) {
	b, ok := truth(x, e.arg)
	return boolVal(!b), ok
}

func (e *signExpr) eval(x *exec) (val, bool) {
	v, ok := e.arg.eval(x)
	if !ok {
		return val{}, false
	}
	n, ok := v.asTyped()
	if !ok || !n.IsNumeric() {
		return val{}, false
	}
	if e.negate {
		var err error
		if n, err = xsd.Negate(n); err != nil {
			return val{}, false
		}
	}
	return typedVal(n), true
}

func (e *compareExpr) eval(x *exec) (val, bool) {
	a, ok := e.left.eval(x)
	if !ok {
		return val{}, false
	}
	b, ok := e.right.eval(x)
	if !ok {
		return val{}, false
	}
	if e.op == "=" || e.op == "!=" {
		equal, ok := equalVals(&a, &b)
		return boolVal(equal == (e.op == "=")), ok
	}
	o, ok := orderVals(&a, &b)
	switch e.op {
	case "<":
		return boolVal(o == xsd.Less), ok
	case ">":
		return boolVal(o == xsd.Greater), ok
	case "<=":
		return boolVal(o == xsd.Less || o == xsd.Equal), ok
	}
	return boolVal(o == xsd.Greater || o == xsd.Equal), ok
}

func (e *inExpr) eval(x *exec) (val, bool) {
	left, ok := e.left.eval(x)
	if !ok {
		return val{}, false
	}
	failed := false
	for _, item := range e.list {
		v, ok := item.eval(x)
		if !ok {
			failed = true
			continue
		}
		equal, ok := equalVals(&left, &v)
		if equal && ok {
			return boolVal(!e.not), true
		}
		failed = failed || !ok
	}
	return boolVal(e.not), !failed
}

func (e *arithExpr) eval(x *exec) (val, bool) {
	v, ok := e.first.eval(x)
	if !ok {
		return val{}, false
	}
	acc, ok := v.asTyped()
	if !ok {
		return val{}, false
	}
	for i, arg := range e.rest {
		v, ok := arg.eval(x)
		if !ok {
			return val{}, false
		}
		n, ok := v.asTyped()
		if !ok {
			return val{}, false
		}
		var err error
		if acc, err = xsd.Arith(e.ops[i], acc, n); err != nil {
			return val{}, false
		}
	}
	return typedVal(acc), true
}

func (e *boundExpr) eval(x *exec) (val, bool) { return boolVal(x.row[e.slot] != 0), true }

func (e *ifExpr) eval(x *exec) (val, bool) {
	b, ok := truth(x, e.cond)
	if !ok {
		return val{}, false
	}
	if b {
		return e.then.eval(x)
	}
	return e.otherwise.eval(x)
}

func (e *coalesceExpr) eval(x *exec) (val, bool) {
	for _, arg := range e.args {
		if v, ok := arg.eval(x); ok {
			return v, true
		}
	}
	return val{}, false
}

func (e *callExpr) eval(x *exec) (val, bool) {
	for i, arg := range e.args {
		v, ok := arg.eval(x)
		if !ok {
			return val{}, false
		}
		e.buf[i] = v
	}
	return e.fn(x, e.buf)
}

func (e *existsExpr) eval(x *exec) (val, bool) {
	if e.run == nil {
		x.charge(int64(4 * len(x.row))) // constants
		e.run = e.plan.build(x, func() bool {
			e.found = true
			return false
		})
	}
	outer := x.constants
	x.constants = nil
	if !e.joined {
		e.constants = append(e.constants[:0], x.row...)
		x.constants = e.constants
	}
	e.found = false
	e.run()
	x.constants = outer
	return boolVal(e.found != e.not), x.err == nil
}

// compile makes a condition of an expression.
func (v *variables) compile(e syntax.Expr) condition {
	c := compiler{v: v}
	compiled := c.expr(e)
	return condition{expr: compiled, vars: c.vars, exists: c.exists}
}

// compileConjuncts compiles a filter; A && B is two filters.
func (v *variables) compileConjuncts(e syntax.Expr) []condition {
	and, ok := e.(*syntax.And)
	if !ok {
		return []condition{v.compile(e)}
	}
	var conds []condition
	for _, arg := range and.Args {
		conds = append(conds, v.compileConjuncts(arg)...)
	}
	return conds
}

type compiler struct {
	v      *variables
	vars   varSet
	exists []*existsExpr
}

func (c *compiler) expr(e syntax.Expr) expr {
	switch e := e.(type) {
	case *syntax.Var:
		return &varExpr{c.slot(e.Name)}
	case *syntax.Const:
		return constant(e.Term)
	case *syntax.Or:
		return &orExpr{c.exprs(e.Args)}
	case *syntax.And:
		return &andExpr{c.exprs(e.Args)}
	case *syntax.Not:
		return &notExpr{c.expr(e.Arg)}
	case *syntax.Negate:
		return &signExpr{arg: c.expr(e.Arg), negate: true}
	case *syntax.Plus:
		return &signExpr{arg: c.expr(e.Arg)}
	case *syntax.Compare:
		return &compareExpr{op: e.Op, left: c.expr(e.Left), right: c.expr(e.Right)}
	case *syntax.In:
		return &inExpr{left: c.expr(e.Left), list: c.exprs(e.List), not: e.Not}
	case *syntax.Arith:
		return &arithExpr{first: c.expr(e.First), ops: e.Ops, rest: c.exprs(e.Rest)}
	case *syntax.Exists:
		sub := &existsExpr{sub: c.v.group(e.Group), not: e.Not}
		c.exists = append(c.exists, sub)
		c.vars = c.vars.union(sub.sub.scope().mentions)
		return sub
	case *syntax.Aggregate:
		return c.aggregate(e)
	case *syntax.FuncCall:
		return c.call(c.v.t.namedFunction(e), c.exprs(e.Args))
	case *syntax.Call:
		return c.builtin(e)
	}
	panic("sparql: unknown expression")
}

func (c *compiler) slot(name string) int {
	slot := c.v.slot(name)
	c.vars.add(slot)
	return slot
}

func (c *compiler) exprs(list []syntax.Expr) []expr {
	out := make([]expr, len(list))
	for i, e := range list {
		out[i] = c.expr(e)
	}
	return out
}

func (c *compiler) call(fn function, args []expr) expr {
	return &callExpr{fn: fn, args: args, buf: make([]val, len(args))}
}

func (c *compiler) builtin(e *syntax.Call) expr {
	switch e.Name {
	case "BOUND":
		return &boundExpr{c.slot(e.Args[0].(*syntax.Var).Name)}
	case "IF":
		return &ifExpr{cond: c.expr(e.Args[0]), then: c.expr(e.Args[1]), otherwise: c.expr(e.Args[2])}
	case "COALESCE":
		return &coalesceExpr{c.exprs(e.Args)}
	case "REGEX":
		return c.call(newRegex().match, c.exprs(e.Args))
	case "REPLACE":
		return c.call(newRegex().replace, c.exprs(e.Args))
	}
	return c.call(builtins[e.Name], c.exprs(e.Args))
}

// aggregate gives a new slot to an aggregate; the expression is that slot's.
func (c *compiler) aggregate(e *syntax.Aggregate) expr {
	a := &aggregate{name: e.Name, distinct: e.Distinct, separator: e.Separator, slot: c.v.t.newSlot("")}
	g := c.v.grouping
	if e.Arg != nil {
		c.v.grouping = nil
		arg := c.v.compile(e.Arg)
		c.v.grouping = g
		a.arg = &arg
	}
	g.aggregates = append(g.aggregates, a)
	c.vars.add(a.slot)
	return &varExpr{a.slot}
}
