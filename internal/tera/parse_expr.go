package tera

import (
	"strconv"
	"strings"
)

// memoised runs a rule once per place.
func memoised[T any](p *parser, r rule, f func() (T, bool)) (T, bool) {
	key := memoKey{r, p.pos}
	if m, ok := p.memo[key]; ok {
		if m.end < 0 {
			var zero T
			return zero, false
		}
		p.pos = m.end
		return m.value.(T), true
	}
	start := p.pos
	// All nesting leads through these two, so they alone count it.
	nests := r == ruleBasic || r == ruleLogicValue
	if nests {
		p.enter()
	}
	v, ok := f()
	if nests {
		p.leave()
	}
	if !ok {
		p.pos = start
		p.memo[key] = memoEntry{end: -1}
		return v, false
	}
	p.memo[key] = memoEntry{v, p.pos}
	return v, true
}

// logicExpr: values joined by or and and; and binds tighter.
func (p *parser) logicExpr() (*expr, bool) {
	return p.operators(opOr, func() (*expr, bool) {
		return p.operators(opAnd, p.logicValue)
	})
}

// maxChain is how many operators may follow each other in one expression;
// evaluation recurses once for each.
const maxChain = 1000

func (p *parser) limitChain(n int) {
	if n > maxChain {
		panic(syntaxPanic{p.tpl.errorAt(int32(p.pos), ErrLimit, "more than %d operators in one expression", maxChain)})
	}
}

func (p *parser) operators(op logicOp, operand func() (*expr, bool)) (*expr, bool) {
	word := "or"
	if op == opAnd {
		word = "and"
	}
	left, ok := operand()
	if !ok {
		return nil, false
	}
	for n := 0; ; n++ {
		before := p.pos
		p.limitChain(n)
		p.space()
		if !p.wordThenSpace(word) {
			p.pos = before
			return left, true
		}
		p.space()
		right, ok := operand()
		if !ok {
			p.pos = before
			return left, true
		}
		left = &expr{at: left.at, term: &logicTerm{op, left, right}}
	}
}

// logicValue: an `in` condition or a comparison, perhaps negated; or a logical
// expression in parentheses.
func (p *parser) logicValue() (*expr, bool) {
	return memoised(p, ruleLogicValue, func() (*expr, bool) {
		start := p.pos
		negated := p.wordThenSpace("not")
		if negated {
			p.space()
		}
		e, ok := p.inCondition()
		if !ok {
			e, ok = p.comparison()
		}
		if !ok {
			p.pos = start
			negated = false
			if !p.literal("(") {
				return nil, false
			}
			p.space()
			if e, ok = p.logicExpr(); !ok {
				return nil, false
			}
			p.space()
			if !p.literal(")") {
				return nil, false
			}
		}
		// Tera lets the outer value decide about the negation of an
		// expression in parentheses: `(not a)` is `a`.
		withNot := *e
		withNot.negated = negated
		return &withNot, true
	})
}

func (p *parser) inCondition() (*expr, bool) {
	start := p.pos
	left, ok := p.stringFiltered()
	if !ok {
		left, ok = p.basicFiltered()
	}
	if !ok {
		return nil, false
	}
	p.space()
	negated := p.wordThenSpace("not")
	if negated {
		p.space()
	}
	if !p.literal("in") {
		p.pos = start
		return nil, false
	}
	p.space()
	right, ok := p.stringFiltered()
	if !ok {
		right, ok = p.arrayFiltered()
	}
	if !ok {
		at := p.pos
		var v *path
		if v, ok = p.path(); ok {
			right = &expr{at: int32(at), term: v}
		}
	}
	if !ok {
		p.pos = start
		return nil, false
	}
	return &expr{at: left.at, term: &inTerm{negated, left, right}}, true
}

var comparisons = []struct {
	text string
	op   logicOp
}{{"<=", opLessEq}, {">=", opGreaterEq}, {">", opGreater}, {"<", opLess}, {"==", opEq}, {"!=", opNotEq}}

// comparison: one or two sides with an operator between; a side is a string
// or a sum of filtered expressions.
func (p *parser) comparison() (*expr, bool) {
	left, ok := p.comparisonSide()
	if !ok {
		return nil, false
	}
	before := p.pos
	p.space()
	for _, c := range comparisons {
		if !p.peek(c.text) {
			continue
		}
		p.pos += len(c.text)
		p.space()
		right, ok := p.comparisonSide()
		if !ok {
			break
		}
		return &expr{at: left.at, term: &logicTerm{c.op, left, right}}, true
	}
	p.pos = before
	return left, true
}

func (p *parser) comparisonSide() (*expr, bool) {
	if e, ok := p.stringFiltered(); ok {
		return e, true
	}
	return p.maths(p.basicFiltered)
}

// maths: operands joined by + - * / %, the last three binding tighter.
func (p *parser) maths(operand func() (*expr, bool)) (*expr, bool) {
	return p.mathLevel("+-", func() (*expr, bool) {
		return p.mathLevel("*/%", operand)
	})
}

func (p *parser) mathLevel(ops string, operand func() (*expr, bool)) (*expr, bool) {
	left, ok := operand()
	if !ok {
		return nil, false
	}
	for n := 0; ; n++ {
		before := p.pos
		p.limitChain(n)
		p.space()
		if p.pos >= len(p.src) || strings.IndexByte(ops, p.src[p.pos]) < 0 {
			p.pos = before
			return left, true
		}
		op := p.src[p.pos]
		p.pos++
		p.space()
		right, ok := operand()
		if !ok {
			p.pos = before
			return left, true
		}
		left = &expr{at: left.at, term: &mathTerm{op, left, right}}
	}
}

// basicFiltered: maths over values and parentheses, then filters.
func (p *parser) basicFiltered() (*expr, bool) {
	return memoised(p, ruleBasicFiltered, func() (*expr, bool) {
		e, ok := p.basic()
		if !ok {
			return nil, false
		}
		return p.withFilters(e), true
	})
}

func (p *parser) basic() (*expr, bool) {
	return memoised(p, ruleBasic, func() (*expr, bool) { return p.maths(p.basicOperand) })
}

func (p *parser) basicOperand() (*expr, bool) {
	start := p.pos
	if p.literal("(") {
		p.space()
		if e, ok := p.basic(); ok {
			p.space()
			if p.literal(")") {
				return e, true
			}
		}
		p.pos = start
	}
	t, ok := p.value()
	if !ok {
		return nil, false
	}
	return &expr{at: int32(start), term: t}, true
}

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

func (p *parser) boolean() (*constant, bool) {
	for _, word := range [...]string{"true", "false", "True", "False"} {
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

// path: a variable and the keys that lead into it.
func (p *parser) path() (*path, bool) {
	start := p.pos
	root, ok := p.ident()
	if !ok {
		return nil, false
	}
	v := &path{at: int32(start), root: root}
	for p.pos < len(p.src) {
		before := p.pos
		switch {
		case p.src[p.pos] == '.':
			p.pos++
			for p.pos < len(p.src) && isWord(p.src[p.pos]) {
				p.pos++
			}
			if p.pos > before+1 {
				v.steps = append(v.steps, fixedStep(p.src[before+1:p.pos]))
				continue
			}
		case p.src[p.pos] == '[':
			p.pos++
			if s, ok := p.subscript(); ok && p.literal("]") {
				v.dynamic = v.dynamic || s.sub != nil
				v.steps = append(v.steps, s)
				continue
			}
		}
		p.pos = before
		break
	}
	v.text = p.src[start:p.pos]
	return v, true
}

func (p *parser) subscript() (step, bool) {
	if text, ok := p.number(false); ok {
		return fixedStep(text), true
	}
	if s, ok := p.quoted(); ok {
		return fixedStep(s), true
	}
	p.enter()
	defer p.leave()
	sub, ok := p.path()
	return step{sub: sub}, ok
}

func fixedStep(key string) step { return step{key: key, index: arrayIndex(key)} }

// arrayIndex is key as an index, or -1: digits without a leading zero.
func arrayIndex(key string) int {
	if key == "" || len(key) > 1 && key[0] == '0' || key[0] == '+' || key[0] == '-' {
		return -1
	}
	n, err := strconv.Atoi(key)
	if err != nil {
		return -1
	}
	return n
}
