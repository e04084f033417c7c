package syntax

import (
	"math"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// arity is how many arguments a built-in function takes.
type arity struct{ min, max int }

// builtins are the functions of the grammar's BuiltInCall, but for EXISTS and
// the aggregates.
var builtins = map[string]arity{
	"STR": {1, 1}, "LANG": {1, 1}, "LANGMATCHES": {2, 2}, "DATATYPE": {1, 1}, "BOUND": {1, 1},
	"IRI": {1, 1}, "URI": {1, 1}, "BNODE": {0, 1}, "RAND": {0, 0}, "ABS": {1, 1}, "CEIL": {1, 1},
	"FLOOR": {1, 1}, "ROUND": {1, 1}, "CONCAT": {0, math.MaxInt}, "STRLEN": {1, 1}, "UCASE": {1, 1},
	"LCASE": {1, 1}, "ENCODE_FOR_URI": {1, 1}, "CONTAINS": {2, 2}, "STRSTARTS": {2, 2},
	"STRENDS": {2, 2}, "STRBEFORE": {2, 2}, "STRAFTER": {2, 2}, "YEAR": {1, 1}, "MONTH": {1, 1},
	"DAY": {1, 1}, "HOURS": {1, 1}, "MINUTES": {1, 1}, "SECONDS": {1, 1}, "TIMEZONE": {1, 1},
	"TZ": {1, 1}, "NOW": {0, 0}, "UUID": {0, 0}, "STRUUID": {0, 0}, "MD5": {1, 1}, "SHA1": {1, 1},
	"SHA256": {1, 1}, "SHA384": {1, 1}, "SHA512": {1, 1}, "COALESCE": {0, math.MaxInt}, "IF": {3, 3},
	"STRLANG": {2, 2}, "STRDT": {2, 2}, "SAMETERM": {2, 2}, "ISIRI": {1, 1}, "ISURI": {1, 1},
	"ISBLANK": {1, 1}, "ISLITERAL": {1, 1}, "ISNUMERIC": {1, 1}, "REGEX": {2, 3}, "SUBSTR": {2, 3},
	"REPLACE": {3, 4},
}

func isAggregate(name string) bool {
	switch name {
	case "COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT":
		return true
	}
	return false
}

func (p *parser) expression() Expr {
	p.enter()
	defer p.leave()
	p.element()
	args := []Expr{p.and()}
	for p.acceptOp("||") {
		args = append(args, p.and())
	}
	if len(args) == 1 {
		return args[0]
	}
	return &Or{Args: args}
}

func (p *parser) and() Expr {
	args := []Expr{p.relational()}
	for p.acceptOp("&&") {
		args = append(args, p.relational())
	}
	if len(args) == 1 {
		return args[0]
	}
	return &And{Args: args}
}

func (p *parser) relational() Expr {
	p.element()
	left := p.additive()
	if p.tok.kind == tokOperator {
		switch op := p.tok.text; op {
		case "=", "!=", "<", ">", "<=", ">=":
			p.advance()
			return &Compare{Op: op, Left: left, Right: p.additive()}
		}
	}
	if p.acceptWord("IN") {
		return &In{Left: left, List: p.expressionList()}
	}
	if p.acceptWord("NOT") {
		p.expectWord("IN")
		return &In{Left: left, List: p.expressionList(), Not: true}
	}
	return left
}

// expressionList reads ( … , … ), possibly empty.
func (p *parser) expressionList() []Expr {
	p.expectOp("(")
	if p.acceptOp(")") {
		return nil
	}
	list := []Expr{p.expression()}
	for p.acceptOp(",") {
		list = append(list, p.expression())
	}
	p.expectOp(")")
	return list
}

func (p *parser) additive() Expr { return p.chain("+", "-", p.multiplicative) }

func (p *parser) multiplicative() Expr { return p.chain("*", "/", p.unary) }

func (p *parser) chain(op1, op2 string, operand func() Expr) Expr {
	first := operand()
	if !p.isOp(op1) && !p.isOp(op2) {
		return first
	}
	a := &Arith{First: first}
	for p.isOp(op1) || p.isOp(op2) {
		p.element()
		a.Ops = append(a.Ops, p.tok.text[0])
		p.advance()
		a.Rest = append(a.Rest, operand())
	}
	return a
}

func (p *parser) unary() Expr {
	switch {
	case p.acceptOp("!"):
		return &Not{Arg: p.primary()}
	case p.isSignedNumber():
		return &Const{Term: p.literal()}
	case p.acceptOp("-"):
		return &Negate{Arg: p.primary()}
	case p.acceptOp("+"):
		return &Plus{Arg: p.primary()}
	}
	return p.primary()
}

func (p *parser) primary() Expr {
	switch {
	case p.acceptOp("("):
		e := p.expression()
		p.expectOp(")")
		return e
	case p.tok.kind == tokVar:
		return &Var{Name: p.varName()}
	case p.isIRI():
		iri := p.iri()
		if p.isOp("(") {
			return p.functionCall(iri)
		}
		return &Const{Term: rdf.NewIRI(iri)}
	case p.isLiteral():
		return &Const{Term: p.literal()}
	case p.tok.kind == tokWord:
		return p.builtinCall()
	}
	p.fail("expected an expression, found %s", p.tok)
	return nil
}

func (p *parser) functionCall(iri string) Expr {
	call := &FuncCall{IRI: iri}
	p.expectOp("(")
	if p.acceptOp(")") {
		return call
	}
	if p.acceptWord("DISTINCT") {
		call.Distinct = true
	}
	call.Args = append(call.Args, p.expression())
	for p.acceptOp(",") {
		call.Args = append(call.Args, p.expression())
	}
	p.expectOp(")")
	return call
}

func (p *parser) builtinCall() Expr {
	t := p.tok
	name := strings.ToUpper(t.text)
	switch {
	case name == "EXISTS":
		p.advance()
		return &Exists{Group: p.existsGroup()}
	case name == "NOT":
		p.advance()
		p.expectWord("EXISTS")
		return &Exists{Group: p.existsGroup(), Not: true}
	case isAggregate(name):
		return p.aggregate(name)
	}
	want, ok := builtins[name]
	if !ok {
		p.fail("unknown function or keyword %q in an expression", t.text)
	}
	p.advance()
	at := p.tok.start
	args := p.expressionList()
	if len(args) < want.min || len(args) > want.max {
		p.failAt(at, "%s takes %s, found %d", name, want, len(args))
	}
	if _, isVar := first(args).(*Var); name == "BOUND" && !isVar {
		p.failAt(at, "BOUND takes a variable")
	}
	if name == "URI" {
		name = "IRI"
	}
	if name == "ISURI" {
		name = "ISIRI"
	}
	return &Call{Name: name, Args: args}
}

func first(args []Expr) Expr {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

func (a arity) String() string {
	count := func(n int) string {
		return [...]string{"no argument", "1 argument", "2 arguments", "3 arguments", "4 arguments"}[n]
	}
	switch {
	case a.max == math.MaxInt:
		return "any number of arguments"
	case a.min == a.max:
		return count(a.min)
	}
	return "at least " + count(a.min) + " and at most " + count(a.max)
}

// existsGroup reads the pattern of an EXISTS, where no aggregate may stand.
func (p *parser) existsGroup() *Group {
	was, bgp := p.noAgg, p.bgp
	p.noAgg = true
	g := p.group()
	p.noAgg, p.bgp = was, bgp
	return g
}

func (p *parser) aggregate(name string) Expr {
	if p.noAgg {
		p.fail("aggregate %s is not allowed here, only in SELECT, HAVING and ORDER BY, and not inside another", name)
	}
	p.advance()
	p.noAgg = true
	defer func() { p.noAgg = false }()
	a := &Aggregate{Name: name}
	p.expectOp("(")
	a.Distinct = p.acceptWord("DISTINCT")
	if name == "COUNT" && p.acceptOp("*") {
		p.expectOp(")")
		return a
	}
	a.Arg = p.expression()
	if name == "GROUP_CONCAT" {
		a.Separator = " "
		if p.acceptOp(";") {
			p.expectWord("SEPARATOR")
			p.expectOp("=")
			a.Separator = p.expect(tokString, "a string").text
		}
	}
	p.expectOp(")")
	return a
}
