package tera

import "strconv"

// value: a boolean, test, macro call, function call, variable or number. The
// words true and false come first, whatever follows them.
func (p *parser) value() (term, bool) {
	if b, ok := p.boolean(); ok {
		return b, true
	}
	if t, ok := p.test(); ok {
		return t, true
	}
	if m, ok := p.macroCall(); ok {
		return m, true
	}
	if c, ok := p.functionCall(); ok {
		return c, true
	}
	if v, ok := p.path(); ok {
		return v, true
	}
	if n, ok := p.numeric(); ok {
		return n, true
	}
	return nil, false
}

var booleans = [...]string{"true", "false", "True", "False"}

func (p *parser) boolean() (*constant, bool) {
	for _, word := range booleans {
		if p.peek(word) {
			p.pos += len(word)
			return &constant{word == "true" || word == "True"}, true
		}
	}
	return nil, false
}

func (p *parser) numeric() (*constant, bool) {
	start := p.pos
	if text, ok := p.number(true); ok {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			p.fail(start, "the number %s is out of range", text)
		}
		return &constant{f}, true
	}
	text, ok := p.number(false)
	if !ok {
		return nil, false
	}
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		p.fail(start, "the integer %s is out of range", text)
	}
	return &constant{i}, true
}

// test: a variable, is, perhaps not, and the test's name and arguments.
func (p *parser) test() (*testTerm, bool) {
	start := p.pos
	subject, ok := p.path()
	if !ok {
		return nil, false
	}
	p.space()
	if !p.literal("is") {
		p.pos = start
		return nil, false
	}
	p.space()
	afterIs := p.pos
	if p.peek("not") {
		p.pos += len("not")
		p.space()
		if t, ok := p.testCall(subject, start); ok {
			t.negated = true
			return t, true
		}
		p.pos = afterIs
	}
	t, ok := p.testCall(subject, start)
	if !ok {
		p.pos = start
	}
	return t, ok
}

func (p *parser) testCall(subject *path, at int) (*testTerm, bool) {
	name, ok := p.ident()
	if !ok {
		return nil, false
	}
	t := &testTerm{at: int32(at), subject: subject, name: name}
	before := p.pos
	p.space()
	if !p.literal("(") {
		p.pos = before
		return t, true
	}
	for {
		p.space()
		arg, ok := p.logicOrArray()
		if !ok {
			break
		}
		t.args = append(t.args, arg)
		p.space()
		if p.literal(")") {
			return t, true
		}
		if !p.literal(",") {
			break
		}
	}
	t.args = nil
	p.pos = before
	return t, true
}

func (p *parser) macroCall() (*macroTerm, bool) {
	return memoised(p, ruleMacroCall, func() (*macroTerm, bool) {
		m := &macroTerm{at: int32(p.pos)}
		var ok bool
		if m.namespace, ok = p.ident(); !ok {
			return nil, false
		}
		p.space()
		if !p.peek("::") {
			return nil, false
		}
		p.pos += len("::")
		p.space()
		if m.name, ok = p.ident(); !ok {
			return nil, false
		}
		p.space()
		m.args, ok = p.keywords()
		return m, ok
	})
}

func (p *parser) functionCall() (*call, bool) {
	return memoised(p, ruleCall, func() (*call, bool) {
		c := &call{at: int32(p.pos)}
		var ok bool
		if c.name, ok = p.ident(); !ok {
			return nil, false
		}
		p.space()
		c.args, ok = p.keywords()
		return c, ok
	})
}

// keywords: arguments in parentheses; of two with one name the last counts.
func (p *parser) keywords() ([]keyword, bool) {
	if !p.literal("(") {
		return nil, false
	}
	var args []keyword
	for {
		p.space()
		if p.literal(")") {
			return args, true
		}
		name, ok := p.ident()
		if !ok {
			return nil, false
		}
		p.space()
		if !p.literal("=") {
			return nil, false
		}
		p.space()
		value, ok := p.logicOrArray()
		if !ok {
			return nil, false
		}
		args = setKeyword(args, keyword{name, value})
		p.space()
		if p.literal(")") {
			return args, true
		}
		if !p.literal(",") {
			return nil, false
		}
	}
}

func setKeyword(args []keyword, k keyword) []keyword {
	for i := range args {
		if args[i].name == k.name {
			args[i] = k
			return args
		}
	}
	return append(args, k)
}

func (p *parser) logicOrArray() (*expr, bool) {
	if e, ok := p.logicExpr(); ok {
		return e, true
	}
	return p.arrayFiltered()
}

func (p *parser) arrayFiltered() (*expr, bool) {
	start := p.pos
	if !p.literal("[") {
		return nil, false
	}
	p.enter()
	defer p.leave()
	array := &arrayTerm{}
	for {
		p.space()
		item, ok := p.logicValue()
		if !ok {
			break
		}
		array.items = append(array.items, item)
		p.space()
		if !p.literal(",") {
			break
		}
	}
	if !p.literal("]") {
		p.pos = start
		return nil, false
	}
	return p.withFilters(&expr{at: int32(start), term: array}), true
}

// stringFiltered: a string, or two or more parts joined by ~, then filters.
func (p *parser) stringFiltered() (*expr, bool) {
	return memoised(p, ruleStringFiltered, func() (*expr, bool) {
		start := p.pos
		t, ok := p.concat()
		if !ok {
			p.pos = start
			var s string
			if s, ok = p.quoted(); ok {
				t = &constant{s}
			}
		}
		if !ok {
			return nil, false
		}
		return p.withFilters(&expr{at: int32(start), term: t}), true
	})
}

// concat: two or more parts joined by ~; neighbouring strings become one.
func (p *parser) concat() (term, bool) {
	part, ok := p.concatPart()
	if !ok {
		return nil, false
	}
	parts := []term{part}
	joined := false
	for {
		before := p.pos
		p.space()
		if !p.literal("~") {
			p.pos = before
			break
		}
		p.space()
		if part, ok = p.concatPart(); !ok {
			p.pos = before
			break
		}
		joined = true
		parts = appendPart(parts, part)
	}
	if !joined {
		return nil, false
	}
	if s, ok := parts[0].(*constant); ok && len(parts) == 1 {
		return s, true
	}
	return &concatTerm{parts}, true
}

func appendPart(parts []term, part term) []term {
	next, ok := stringOf(part)
	if !ok {
		return append(parts, part)
	}
	last, ok := stringOf(parts[len(parts)-1])
	if !ok {
		return append(parts, part)
	}
	parts[len(parts)-1] = &constant{last + next}
	return parts
}

func stringOf(t term) (string, bool) {
	if c, ok := t.(*constant); ok {
		s, ok := c.value.(string)
		return s, ok
	}
	return "", false
}

func (p *parser) concatPart() (term, bool) {
	if c, ok := p.functionCall(); ok {
		return c, true
	}
	if n, ok := p.numeric(); ok {
		return n, true
	}
	if s, ok := p.quoted(); ok {
		return &constant{s}, true
	}
	return p.pathTerm()
}

func (p *parser) pathTerm() (term, bool) {
	v, ok := p.path()
	if !ok {
		return nil, false
	}
	return v, true
}

// withFilters reads | name and | name(…) as often as they come.
func (p *parser) withFilters(e *expr) *expr {
	filtered := *e
	filtered.filters = nil
	for {
		before := p.pos
		p.space()
		if !p.literal("|") {
			p.pos = before
			return &filtered
		}
		p.space()
		c, ok := p.filterCall()
		if !ok {
			p.pos = before
			return &filtered
		}
		filtered.filters = append(filtered.filters, c)
	}
}

// filterCall: name(…) or a bare name.
func (p *parser) filterCall() (*call, bool) {
	if c, ok := p.functionCall(); ok {
		return c, true
	}
	at := p.pos
	name, ok := p.ident()
	return &call{at: int32(at), name: name}, ok
}
