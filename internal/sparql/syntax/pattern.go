package syntax

import (
	"maps"
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// group reads { … }: a subquery or a list of patterns.
func (p *parser) group() *Group {
	p.enter()
	defer p.leave()
	p.expectOp("{")
	g := &Group{}
	p.breakBGP()
	if p.isWord("SELECT") {
		g.Elements = append(g.Elements, p.subSelect())
		p.expectOp("}")
		p.breakBGP()
		return g
	}
	scope := varSet{}
	add := func(e Pattern) {
		p.element()
		g.Elements = append(g.Elements, e)
		scope.addPattern(e)
	}
	if p.startsTriples() {
		add(p.triplesBlock())
	}
	for !p.isOp("}") {
		at := p.tok.start
		e := p.patternNotTriples()
		if bind, ok := e.(*Bind); ok && scope.has(bind.Var) {
			p.failAt(at, "BIND assigns ?%s, which the group has already used", bind.Var)
		}
		add(e)
		p.acceptOp(".")
		if p.startsTriples() {
			add(p.triplesBlock())
		}
	}
	p.expectOp("}")
	p.breakBGP()
	return g
}

// breakBGP begins a new basic graph pattern.
func (p *parser) breakBGP() {
	p.bgps++
	p.bgp = p.bgps
}

func (p *parser) patternNotTriples() Pattern {
	if p.acceptWord("FILTER") { // does not end a basic graph pattern
		bgp := p.bgp
		cond := p.constraint()
		p.bgp = bgp
		return &Filter{Cond: cond}
	}
	defer p.breakBGP()
	p.breakBGP()
	switch {
	case p.isOp("{"):
		first := p.group()
		if !p.isWord("UNION") {
			return first
		}
		u := &Union{Branches: []*Group{first}}
		for p.acceptWord("UNION") {
			p.element()
			u.Branches = append(u.Branches, p.group())
		}
		return u
	case p.acceptWord("OPTIONAL"):
		return &Optional{Group: p.group()}
	case p.acceptWord("MINUS"):
		return &Minus{Group: p.group()}
	case p.acceptWord("GRAPH"):
		return &Graph{Name: p.varOrIRI(), Group: p.group()}
	case p.acceptWord("SERVICE"):
		return p.service()
	case p.acceptWord("BIND"):
		p.expectOp("(")
		e := p.expression()
		p.expectWord("AS")
		b := &Bind{Expr: e, Var: p.varName()}
		p.expectOp(")")
		return b
	case p.acceptWord("VALUES"):
		return p.dataBlock()
	}
	p.fail("expected a triple pattern, a pattern keyword or }, found %s", p.tok)
	return nil
}

func (p *parser) service() *Service {
	s := &Service{Silent: p.acceptWord("SILENT")}
	s.Name = p.varOrIRI()
	var b strings.Builder
	if p.base != "" {
		b.WriteString("BASE <" + p.base + ">\n")
	}
	for _, prefix := range slices.Sorted(maps.Keys(p.prefixes)) {
		b.WriteString("PREFIX " + prefix + ": <" + p.prefixes[prefix] + ">\n")
	}
	s.Prologue = b.String()
	start := p.tok.start
	s.Group = p.group()
	s.Source = p.lex.src[start:p.last.end] // the last token read is the closing brace
	return s
}

func (p *parser) dataBlock() *Values {
	v := &Values{}
	if p.tok.kind == tokVar {
		v.Vars = []string{p.varName()}
		p.expectOp("{")
		for !p.acceptOp("}") {
			v.Rows = append(v.Rows, []rdf.Term{p.dataValue()})
		}
		return v
	}
	p.expectOp("(")
	for !p.acceptOp(")") {
		at := p.tok.start
		name := p.varName()
		if slices.Contains(v.Vars, name) {
			p.failAt(at, "?%s is listed twice in VALUES", name)
		}
		v.Vars = append(v.Vars, name)
		p.element()
	}
	p.expectOp("{")
	for !p.acceptOp("}") {
		at := p.tok.start
		p.expectOp("(")
		row := make([]rdf.Term, 0, len(v.Vars))
		for !p.acceptOp(")") {
			row = append(row, p.dataValue())
		}
		if len(row) != len(v.Vars) {
			p.failAt(at, "a row of VALUES has %d terms for %d variables", len(row), len(v.Vars))
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

func (p *parser) dataValue() rdf.Term {
	switch {
	case p.acceptWord("UNDEF"):
		return rdf.Term{}
	case p.isIRI():
		return rdf.NewIRI(p.iri())
	case p.isLiteral() || p.isSignedNumber():
		return p.literal()
	}
	p.fail("expected an IRI, a literal or UNDEF, found %s", p.tok)
	return rdf.Term{}
}
