package tera

import "strings"

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
