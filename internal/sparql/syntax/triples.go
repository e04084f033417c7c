package syntax

import "github.com/sixtyhq/sixty/internal/rdf"

// startsTriples reports whether a triple pattern's subject begins here.
func (p *parser) startsTriples() bool {
	switch p.tok.kind {
	case tokVar, tokIRI, tokPName, tokBlank:
		return true
	case tokOperator:
		return p.isOp("(") || p.isOp("[") || p.isSignedNumber()
	}
	return p.isLiteral()
}

// triplesBlock reads triple patterns separated by dots, with paths.
func (p *parser) triplesBlock() *Triples {
	t := &tripleReader{parser: p, paths: true}
	t.block()
	return &Triples{List: t.out}
}

// templateTriples reads triple patterns without paths, possibly none.
func (p *parser) templateTriples() []Triple {
	t := &tripleReader{parser: p}
	if p.startsTriples() {
		t.block()
	}
	return t.out
}

type tripleReader struct {
	*parser
	paths bool
	out   []Triple
}

func (t *tripleReader) add(s Node, path Path, o Node) {
	t.element()
	t.out = append(t.out, Triple{Subject: s, Path: path, Object: o})
}

// addTo reads an object and adds its triple, before those that the object makes.
func (t *tripleReader) addTo(s Node, path Path) {
	at := len(t.out)
	t.add(s, path, Node{})
	object, _ := t.node()
	t.out[at].Object = object
}

func (t *tripleReader) block() {
	for {
		t.sameSubject()
		if !t.acceptOp(".") || !t.startsTriples() {
			return
		}
	}
}

func (t *tripleReader) sameSubject() {
	subject, isNode := t.node()
	if isNode && !t.startsVerb() {
		return // a collection or property list says enough on its own
	}
	t.propertyList(subject)
}

func (t *tripleReader) startsVerb() bool {
	if t.tok.kind == tokVar || t.isIRI() || t.tok.kind == tokWord && t.tok.text == "a" {
		return true
	}
	return t.paths && (t.isOp("^") || t.isOp("!") || t.isOp("("))
}

func (t *tripleReader) propertyList(subject Node) {
	t.verbObjects(subject)
	for t.acceptOp(";") {
		if t.startsVerb() {
			t.verbObjects(subject)
		}
	}
}

func (t *tripleReader) verbObjects(subject Node) {
	verb := t.verb()
	for {
		t.addTo(subject, verb)
		if !t.acceptOp(",") {
			return
		}
	}
}

func (t *tripleReader) verb() Path {
	switch {
	case t.tok.kind == tokVar:
		return PathVar{Name: t.varName()}
	case t.paths:
		return t.path()
	case t.tok.kind == tokWord && t.tok.text == "a":
		t.advance()
		return PathIRI{IRI: rdf.RDFType}
	}
	return PathIRI{IRI: t.iri()}
}

// node reads a subject or object. The second result is true for a collection
// or a property list, which have made triples of their own.
func (t *tripleReader) node() (Node, bool) {
	switch {
	case t.tok.kind == tokVar:
		return Node{Var: t.varName()}, false
	case t.isIRI():
		return Node{Term: rdf.NewIRI(t.iri())}, false
	case t.tok.kind == tokBlank:
		return t.blankLabel(), false
	case t.isLiteral() || t.isSignedNumber():
		return Node{Term: t.literal()}, false
	case t.acceptOp("["):
		if t.acceptOp("]") {
			return t.freshBlank(), false
		}
		t.enter()
		defer t.leave()
		subject := t.freshBlank()
		if !t.startsVerb() {
			t.fail("expected a property or ], found %s", t.tok)
		}
		t.propertyList(subject)
		t.expectOp("]")
		return subject, true
	case t.acceptOp("("):
		if t.acceptOp(")") {
			return Node{Term: rdf.NewIRI(rdf.RDFNil)}, false
		}
		return t.collection(), true
	}
	t.fail("expected a term or a variable, found %s", t.tok)
	return Node{}, false
}

// collection reads the elements of ( … ) and makes the list's triples.
func (t *tripleReader) collection() Node {
	t.enter()
	defer t.leave()
	head := t.freshBlank()
	cell := head
	for {
		t.addTo(cell, PathIRI{IRI: rdf.RDFFirst})
		if t.acceptOp(")") {
			t.add(cell, PathIRI{IRI: rdf.RDFRest}, Node{Term: rdf.NewIRI(rdf.RDFNil)})
			return head
		}
		next := t.freshBlank()
		t.add(cell, PathIRI{IRI: rdf.RDFRest}, next)
		cell = next
	}
}

// path reads a property path.
func (p *parser) path() Path {
	p.enter()
	defer p.leave()
	choices := []Path{p.pathSequence()}
	for p.acceptOp("|") {
		choices = append(choices, p.pathSequence())
	}
	if len(choices) == 1 {
		return choices[0]
	}
	return PathAlternative{Choices: choices}
}

func (p *parser) pathSequence() Path {
	steps := []Path{p.pathElement()}
	for p.acceptOp("/") {
		steps = append(steps, p.pathElement())
	}
	if len(steps) == 1 {
		return steps[0]
	}
	return PathSequence{Steps: steps}
}

func (p *parser) pathElement() Path {
	p.element()
	if p.acceptOp("^") {
		return PathInverse{Path: p.pathRepeat()}
	}
	return p.pathRepeat()
}

func (p *parser) pathRepeat() Path {
	path := p.pathPrimary()
	switch {
	case p.acceptOp("?"):
		return PathRepeat{Path: path, Min: 0, Many: false}
	case p.acceptOp("*"):
		return PathRepeat{Path: path, Min: 0, Many: true}
	case p.acceptOp("+"):
		return PathRepeat{Path: path, Min: 1, Many: true}
	}
	return path
}

func (p *parser) pathPrimary() Path {
	switch {
	case p.tok.kind == tokWord && p.tok.text == "a":
		p.advance()
		return PathIRI{IRI: rdf.RDFType}
	case p.isIRI():
		return PathIRI{IRI: p.iri()}
	case p.acceptOp("("):
		path := p.path()
		p.expectOp(")")
		return path
	case p.acceptOp("!"):
		var neg PathNegated
		if !p.acceptOp("(") {
			p.negatedStep(&neg)
			return neg
		}
		if p.acceptOp(")") {
			return neg
		}
		p.negatedStep(&neg)
		for p.acceptOp("|") {
			p.negatedStep(&neg)
		}
		p.expectOp(")")
		return neg
	}
	p.fail("expected a property or a path, found %s", p.tok)
	return nil
}

func (p *parser) negatedStep(neg *PathNegated) {
	p.element()
	inverse := p.acceptOp("^")
	iri := rdf.RDFType
	if p.tok.kind == tokWord && p.tok.text == "a" {
		p.advance()
	} else {
		iri = p.iri()
	}
	if inverse {
		neg.Backward = append(neg.Backward, iri)
	} else {
		neg.Forward = append(neg.Forward, iri)
	}
}
