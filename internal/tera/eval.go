package tera

import "errors"

// value evaluates e. escapable says whether a string that it gives has yet to
// be escaped where escaping is on.
func (r *run) value(e *expr) (v any, escapable bool, err error) {
	if err := r.spend(1); err != nil {
		return nil, false, err
	}
	switch t := e.term.(type) {
	case *path:
		if v, escapable, err = r.pathValue(e, t); err != nil || v == undefinedIsFalse {
			return true, false, err
		}
	case *constant:
		v = t.value
		_, escapable = v.(string)
	case *call:
		v, err = r.callFunction(t)
		escapable = true
	case *concatTerm:
		v, escapable, err = r.concat(t)
	case *macroTerm:
		v, err = r.capture(func() error { return r.callMacro(t) })
	case *arrayTerm:
		v, err = r.array(t)
	case *testTerm:
		v, err = r.test(t)
	case *inTerm:
		v, err = r.in(t)
	case *logicTerm:
		v, err = r.condition(e)
	case *mathTerm:
		var n number
		n, err = r.maths(t)
		v = n.value()
	}
	if err != nil {
		return nil, false, err
	}
	for _, f := range e.filters {
		if f.name == "safe" || f.name == "default" {
			continue
		}
		if v, err = r.applyFilter(f, v); err != nil {
			return nil, false, err
		}
		escapable = true
	}
	if e.negated {
		return !truthy(v), false, nil
	}
	return v, escapable && !e.markedSafe(), nil
}

// undefinedIsFalse is what pathValue gives for a negated variable that does
// not exist: `not missing` is true.
var undefinedIsFalse any = &struct{ _ byte }{}

// variable returns the value of p, or all variables for __tera_context.
func (r *run) variable(p *path) (any, error) {
	if p.text == contextVariable {
		return r.json(r.context(), true)
	}
	return r.lookup(p)
}

const contextVariable = "__tera_context"

func (r *run) pathValue(e *expr, p *path) (v any, escapable bool, err error) {
	v, err = r.variable(p)
	if e.hasDefault() && (err != nil && !fatal(err) || err == nil && v == nil) {
		v, err = r.defaultValue(e.filters[0])
		return v, true, err
	}
	if err != nil && e.negated && !fatal(err) {
		return undefinedIsFalse, false, nil
	}
	return v, p.text != contextVariable, err
}

func (r *run) defaultValue(c *call) (any, error) {
	for _, a := range c.args {
		if a.name == "value" {
			return r.escaped(a.expr)
		}
	}
	return nil, r.fail(c.at, "the filter `default` needs an argument `value`")
}

// escaped evaluates e and escapes a string where escaping is on.
func (r *run) escaped(e *expr) (any, error) {
	v, escapable, err := r.value(e)
	if s, ok := v.(string); ok && escapable && r.escape {
		return escapeHTML(s), err
	}
	return v, err
}

// unescaped evaluates e with escaping off.
func (r *run) unescaped(e *expr) (any, error) {
	outer := r.escape
	r.escape = false
	v, _, err := r.value(e)
	r.escape = outer
	return v, err
}

func (r *run) array(t *arrayTerm) (any, error) {
	items := make([]any, len(t.items))
	for i, e := range t.items {
		v, err := r.escaped(e)
		if err != nil {
			return nil, err
		}
		items[i] = v
	}
	return items, nil
}

func (r *run) concat(t *concatTerm) (v any, escapable bool, err error) {
	var b []byte
	for _, part := range t.parts {
		var v any
		var at int32
		switch part := part.(type) {
		case *constant:
			b = appendPrinted(b, part.value)
			continue
		case *path:
			at = part.at
			v, err = r.variable(part)
		case *call:
			at = part.at
			escapable = true
			v, err = r.callFunction(part)
		}
		if err != nil {
			return nil, false, err
		}
		if err := r.fits(len(b)); err != nil {
			return nil, false, err
		}
		switch v := v.(type) {
		case string:
			b = append(b, v...)
		case int64, uint64, float64:
			b = append(b, display(v)...)
		default:
			return nil, false, r.fail(at, "`~` joins strings and numbers, this is %s", kindName(v))
		}
	}
	s := string(b)
	return s, escapable, r.charge(s)
}

// condition evaluates e as true or false. Filters count only after a
// variable, whose failures are false; that is Tera's rule.
func (r *run) condition(e *expr) (bool, error) {
	var yes bool
	var err error
	switch t := e.term.(type) {
	case *path:
		v, _, err := r.value(e)
		if err != nil {
			if fatal(err) {
				return false, err
			}
			return false, nil
		}
		return truthy(v), nil
	case *logicTerm:
		if yes, err = r.logic(t); errors.Is(err, errIncomparable) {
			return false, nil
		}
	case *testTerm:
		yes, err = r.test(t)
	case *inTerm:
		yes, err = r.in(t)
	case *constant:
		yes = truthy(t.value)
	case *mathTerm:
		var n number
		n, err = r.maths(t)
		yes = n.kind != notANumber && n.float() != 0
	case *call:
		var v any
		if v, err = r.callFunction(t); err == nil {
			b, ok := v.(bool)
			if !ok {
				return false, r.fail(t.at, "the function `%s` gives %s, a condition needs a bool", t.name, kindName(v))
			}
			yes = b
		}
	case *concatTerm:
		// Evaluated with its filters.
		plainExpr := *e
		plainExpr.negated = false
		var v any
		if v, _, err = r.value(&plainExpr); err == nil {
			s, ok := v.(string)
			if !ok {
				return false, r.fail(e.at, "a condition needs a string here, this is %s", kindName(v))
			}
			yes = s != ""
		}
	case *macroTerm:
		var s string
		s, err = r.capture(func() error { return r.callMacro(t) })
		yes = s != ""
	default:
		return false, r.fail(e.at, "an array cannot be a condition")
	}
	return yes != e.negated && err == nil, err
}

func (r *run) logic(t *logicTerm) (bool, error) {
	switch t.op {
	case opOr, opAnd:
		left, err := r.condition(t.l)
		if err != nil || left == (t.op == opOr) {
			return left, err
		}
		return r.condition(t.r)
	case opEq, opNotEq:
		return r.equality(t)
	}
	l, err := r.operand(t.l)
	if err != nil {
		return false, err
	}
	m, err := r.operand(t.r)
	if err != nil {
		return false, err
	}
	if l.kind == notANumber || m.kind == notANumber {
		return false, r.fail(t.l.at, "a comparison with NaN has no answer")
	}
	switch x, y := l.float(), m.float(); t.op {
	case opLess:
		return x < y, nil
	case opLessEq:
		return x <= y, nil
	case opGreater:
		return x > y, nil
	default:
		return x >= y, nil
	}
}

// errIncomparable: a number was compared with something else. The two are
// neither equal nor different, and the condition is false even when negated.
var errIncomparable = errors.New("a number and something else")

// equality compares numbers by value and everything else strictly.
func (r *run) equality(t *logicTerm) (bool, error) {
	l, err := r.escaped(t.l)
	if err != nil {
		return false, err
	}
	m, err := r.escaped(t.r)
	if err != nil {
		return false, err
	}
	if err := errors.Join(r.charge(l), r.charge(m)); err != nil {
		return false, err
	}
	x, xNumber := numberOf(l)
	y, yNumber := numberOf(m)
	if xNumber != yNumber {
		return false, errIncomparable
	}
	var same bool
	if xNumber {
		same = x.float() == y.float()
	} else if same, err = r.equal(l, m, 0); err != nil {
		return false, err
	}
	return same == (t.op == opEq), nil
}

func (r *run) in(t *inTerm) (bool, error) {
	needle, err := r.unescaped(t.l)
	if err != nil {
		return false, err
	}
	container, err := r.unescaped(t.r)
	if err != nil {
		return false, err
	}
	if err := r.charge(container); err != nil {
		return false, err
	}
	found, err := r.contains(container, needle)
	if err != nil {
		return false, r.located(err, t.l.at)
	}
	return found != t.negated, nil
}

func (r *run) test(t *testTerm) (bool, error) {
	test, ok := r.env.tests[t.name]
	if !ok {
		return false, r.fail(t.at, "there is no test `%s`%s", t.name, suggest(t.name, keys(r.env.tests)))
	}
	args := make([]any, len(t.args))
	for i, e := range t.args {
		v, err := r.unescaped(e)
		if err != nil {
			return false, err
		}
		if err := r.charge(v); err != nil {
			return false, err
		}
		args[i] = v
	}
	v, err := r.variable(t.subject)
	if fatal(err) {
		return false, err
	}
	if err := r.charge(v); err != nil {
		return false, err
	}
	yes, err := test(r, v, err == nil, args)
	if err != nil {
		return false, r.callError(t.at, "test", t.name, err)
	}
	return yes != t.negated, nil
}
