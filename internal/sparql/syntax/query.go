package syntax

import (
	"strconv"
	"strings"
)

// query reads a whole query: prologue, one of the four forms, VALUES.
func (p *parser) query() *Query {
	p.prologue()
	var q *Query
	switch {
	case p.isWord("SELECT"):
		q = p.selectClause()
		p.datasetClauses(q)
		p.whereClause(q)
	case p.isWord("CONSTRUCT"):
		q = p.construct()
	case p.isWord("DESCRIBE"):
		q = p.describe()
	case p.isWord("ASK"):
		p.advance()
		q = &Query{Form: Ask, Limit: -1}
		p.datasetClauses(q)
		p.whereClause(q)
	default:
		p.fail("expected SELECT, CONSTRUCT, DESCRIBE or ASK, found %s", p.tok)
	}
	p.modifiers(q)
	p.trailingValues(q)
	if p.tok.kind != tokEOF {
		p.fail("expected the end of the query, found %s", p.tok)
	}
	p.checkProjection(q)
	q.Base = p.base
	return q
}

func (p *parser) prologue() {
	for {
		switch {
		case p.acceptWord("BASE"):
			p.base = p.resolve(p.expect(tokIRI, "the base IRI"))
		case p.acceptWord("PREFIX"):
			t := p.expect(tokPName, "a prefix with its colon")
			if t.local != "" {
				p.failAt(t.start, "a prefix ends with its colon; found %s", t)
			}
			p.prefixes[t.text] = p.resolve(p.expect(tokIRI, "the prefix's IRI"))
		default:
			return
		}
	}
}

func (p *parser) selectClause() *Query {
	p.expectWord("SELECT")
	q := &Query{Form: Select, Limit: -1}
	if p.acceptWord("DISTINCT") {
		q.Distinct = true
	} else if p.acceptWord("REDUCED") {
		q.Reduced = true
	}
	if p.acceptOp("*") {
		q.Star = true
		return q
	}
	for {
		p.element()
		at := p.tok.start
		switch {
		case p.tok.kind == tokVar:
			q.Projection = append(q.Projection, Projection{Var: p.varName(), at: at})
		case p.acceptOp("("):
			e := p.expression()
			p.expectWord("AS")
			q.Projection = append(q.Projection, Projection{Var: p.varName(), Expr: e, at: at})
			p.expectOp(")")
		case len(q.Projection) > 0:
			return q
		default:
			p.fail("expected *, a variable or (expression AS ?variable), found %s", p.tok)
		}
	}
}

func (p *parser) construct() *Query {
	p.expectWord("CONSTRUCT")
	q := &Query{Form: Construct, Limit: -1}
	if p.isOp("{") {
		p.advance()
		p.inTemplate = true
		q.Template = p.templateTriples()
		p.inTemplate = false
		p.expectOp("}")
		p.datasetClauses(q)
		p.whereClause(q)
		return q
	}
	p.datasetClauses(q)
	p.expectWord("WHERE")
	p.expectOp("{")
	q.Template = p.templateTriples()
	p.expectOp("}")
	q.Where = &Group{Elements: []Pattern{&Triples{List: q.Template}}}
	return q
}

func (p *parser) describe() *Query {
	p.expectWord("DESCRIBE")
	q := &Query{Form: Describe, Limit: -1}
	if p.acceptOp("*") {
		q.Star = true
	} else {
		for p.tok.kind == tokVar || p.isIRI() {
			q.Describe = append(q.Describe, p.varOrIRI())
		}
		if len(q.Describe) == 0 {
			p.fail("expected *, a variable or an IRI, found %s", p.tok)
		}
	}
	p.datasetClauses(q)
	if p.isWord("WHERE") || p.isOp("{") {
		p.whereClause(q)
	}
	return q
}

func (p *parser) datasetClauses(q *Query) {
	for p.acceptWord("FROM") {
		if p.acceptWord("NAMED") {
			q.FromNamed = append(q.FromNamed, p.iri())
		} else {
			q.From = append(q.From, p.iri())
		}
	}
}

func (p *parser) whereClause(q *Query) {
	p.acceptWord("WHERE")
	was := p.noAgg
	p.noAgg = true
	q.Where = p.group()
	p.noAgg = was
}

func (p *parser) modifiers(q *Query) {
	if p.acceptWord("GROUP") {
		p.expectWord("BY")
		p.groupBy(q)
	}
	if p.acceptWord("HAVING") {
		q.Having = append(q.Having, p.constraint())
		for p.startsConstraint() {
			q.Having = append(q.Having, p.constraint())
		}
	}
	if p.acceptWord("ORDER") {
		p.expectWord("BY")
		p.orderBy(q)
	}
	limit, offset := false, false
	for {
		switch {
		case !limit && p.acceptWord("LIMIT"):
			limit, q.Limit = true, p.count()
		case !offset && p.acceptWord("OFFSET"):
			offset, q.Offset = true, p.count()
		default:
			return
		}
	}
}

func (p *parser) count() int64 {
	t := p.expect(tokInteger, "a whole number")
	n, err := strconv.ParseInt(t.text, 10, 64)
	if err != nil {
		p.failAt(t.start, "%s is too large", t.text)
	}
	return n
}

func (p *parser) groupBy(q *Query) {
	was := p.noAgg
	p.noAgg = true
	defer func() { p.noAgg = was }()
	for {
		p.element()
		switch {
		case p.tok.kind == tokVar:
			q.GroupBy = append(q.GroupBy, GroupKey{Var: p.varName()})
		case p.acceptOp("("):
			key := GroupKey{Expr: p.expression()}
			if p.acceptWord("AS") {
				key.Var = p.varName()
			}
			p.expectOp(")")
			q.GroupBy = append(q.GroupBy, key)
		case p.startsConstraint():
			q.GroupBy = append(q.GroupBy, GroupKey{Expr: p.constraint()})
		case len(q.GroupBy) > 0:
			return
		default:
			p.fail("expected a variable or an expression to group by, found %s", p.tok)
		}
	}
}

func (p *parser) orderBy(q *Query) {
	for {
		p.element()
		switch {
		case p.isAnyWord("ASC", "DESC"):
			desc := p.isWord("DESC")
			p.advance()
			p.expectOp("(")
			q.OrderBy = append(q.OrderBy, OrderKey{Expr: p.expression(), Desc: desc})
			p.expectOp(")")
		case p.tok.kind == tokVar:
			q.OrderBy = append(q.OrderBy, OrderKey{Expr: &Var{Name: p.varName()}})
		case p.startsConstraint():
			q.OrderBy = append(q.OrderBy, OrderKey{Expr: p.constraint()})
		case len(q.OrderBy) > 0:
			return
		default:
			p.fail("expected a variable or an expression to order by, found %s", p.tok)
		}
	}
}

// startsConstraint reports whether a constraint (bracketed expression, built-in
// or function call) begins here.
func (p *parser) startsConstraint() bool {
	if p.isOp("(") || p.isIRI() {
		return true
	}
	if p.tok.kind != tokWord {
		return false
	}
	name := strings.ToUpper(p.tok.text)
	_, builtin := builtins[name]
	return builtin || isAggregate(name) || name == "EXISTS" || name == "NOT"
}

func (p *parser) constraint() Expr {
	p.element()
	switch {
	case p.acceptOp("("):
		e := p.expression()
		p.expectOp(")")
		return e
	case p.isIRI():
		at := p.tok.start
		iri := p.iri()
		if !p.isOp("(") {
			p.failAt(at, "expected a condition; <%s> is no function call", iri)
		}
		return p.functionCall(iri)
	case p.startsConstraint():
		return p.builtinCall()
	}
	p.fail("expected a condition in parentheses or a function call, found %s", p.tok)
	return nil
}

func (p *parser) trailingValues(q *Query) {
	if p.acceptWord("VALUES") {
		q.Values = p.dataBlock()
	}
}

// subSelect reads a SELECT inside a group.
func (p *parser) subSelect() *SubSelect {
	p.enter()
	defer p.leave()
	was := p.noAgg
	p.noAgg = false
	q := p.selectClause()
	p.whereClause(q)
	p.modifiers(q)
	p.trailingValues(q)
	p.noAgg = was
	p.checkProjection(q)
	return &SubSelect{Query: q}
}
