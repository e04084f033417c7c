package rdf

// maxPrettyDepth bounds how deep WriteTurtle nests; deeper nodes are labelled.
const maxPrettyDepth = 64

// prettyTurtle writes a graph into b.
type prettyTurtle struct {
	g        *Graph
	terms    turtleTerms
	b        []byte
	subjects []Term // in order
	// use has the triple of each blank node that is the object of just one.
	use map[Term]Triple
	// list has the nodes that a collection in parentheses stands for.
	list map[Term]bool
	// inline has the blank nodes that are written where they are used.
	inline map[Term]bool
}

// plan finds the subjects, and how each blank node is to be written.
func (p *prettyTurtle) plan() {
	seen := map[Term]bool{}
	uses := map[Term]int{}
	p.use = map[Term]Triple{}
	for _, t := range p.g.triples {
		if !seen[t.Subject] {
			seen[t.Subject] = true
			p.subjects = append(p.subjects, t.Subject)
		}
		if t.Object.Kind == BlankNode {
			uses[t.Object]++
			p.use[t.Object] = t
		}
	}
	for node, n := range uses {
		if n > 1 {
			delete(p.use, node)
		}
	}
	p.findLists()
	p.findInline()
}

// findLists goes back from the end of each list for as long as its nodes are
// used once and have nothing but their member and rest.
func (p *prettyTurtle) findLists() {
	p.list = map[Term]bool{}
	for t := range p.g.Match(Term{}, NewIRI(RDFRest), NewIRI(RDFNil)) {
		for node := t.Subject; p.isListNode(node); {
			p.list[node] = true
			use := p.use[node]
			if use.Predicate.Value != RDFRest {
				break
			}
			node = use.Subject
		}
	}
}

func (p *prettyTurtle) isListNode(node Term) bool {
	_, once := p.use[node]
	return once && len(p.g.bySubject[node]) == 2 &&
		len(p.g.Objects(node, NewIRI(RDFFirst))) == 1 && len(p.g.Objects(node, NewIRI(RDFRest))) == 1
}

// findInline finds the blank nodes that are used once, unless they are nested
// too deep or in a circle. A list is one level, however long it is.
func (p *prettyTurtle) findInline() {
	p.inline = map[Term]bool{}
	depth := map[Term]int{}
	for node := range p.use {
		var chain []Term
		at := node
		for depth[at] == 0 {
			use, once := p.use[at]
			if !once {
				break
			}
			depth[at] = maxPrettyDepth + 1 // stays where the chain is a circle
			chain = append(chain, at)
			at = use.Subject
		}
		above := depth[at]
		for i := len(chain) - 1; i >= 0; i-- {
			step := 1
			if use := p.use[chain[i]]; p.list[chain[i]] && p.list[use.Subject] && use.Predicate.Value == RDFRest {
				step = 0
			}
			above = min(above+step, maxPrettyDepth+1)
			depth[chain[i]] = max(above, 1)
		}
	}
	for node := range p.use {
		p.inline[node] = depth[node] <= maxPrettyDepth
	}
}

func (p *prettyTurtle) statement(s Term) {
	p.b = append(p.b, '\n')
	p.b = p.terms.append(p.b, s)
	p.b = append(p.b, ' ')
	p.properties(s, 1)
	p.b = append(p.b, " .\n"...)
}

// properties writes a subject's predicates and objects; level is how far lines
// after the first are set in.
func (p *prettyTurtle) properties(s Term, level int) {
	var order []Term
	objects := map[Term][]Term{}
	for t := range p.g.Match(s, Term{}, Term{}) {
		if _, ok := objects[t.Predicate]; !ok {
			if t.Predicate.Value == RDFType {
				order = append([]Term{t.Predicate}, order...)
			} else {
				order = append(order, t.Predicate)
			}
		}
		objects[t.Predicate] = append(objects[t.Predicate], t.Object)
	}
	for i, predicate := range order {
		if i > 0 {
			p.b = append(p.b, " ;"...)
			p.newline(level)
		}
		p.b = append(p.terms.appendPredicate(p.b, predicate), ' ')
		for j, o := range objects[predicate] {
			if j > 0 {
				p.b = append(p.b, ", "...)
			}
			p.object(o, level)
		}
	}
}

func (p *prettyTurtle) newline(level int) {
	p.b = append(p.b, '\n')
	for range level {
		p.b = append(p.b, "    "...)
	}
}

func (p *prettyTurtle) object(o Term, level int) {
	if !p.inline[o] {
		p.b = p.terms.append(p.b, o)
		return
	}
	if p.list[o] {
		p.b = append(p.b, '(')
		for _, m := range p.members(o) {
			p.b = append(p.b, ' ')
			p.object(m, level)
		}
		p.b = append(p.b, " )"...)
		return
	}
	if len(p.g.bySubject[o]) == 0 {
		p.b = append(p.b, "[]"...)
		return
	}
	p.b = append(p.b, '[')
	p.newline(level + 1)
	p.properties(o, level+1)
	p.newline(level)
	p.b = append(p.b, ']')
}

// members gives the members of a list that is written as a collection.
func (p *prettyTurtle) members(head Term) []Term {
	var members []Term
	for node := head; p.list[node]; node = p.g.Object(node, NewIRI(RDFRest)) {
		members = append(members, p.g.Object(node, NewIRI(RDFFirst)))
	}
	return members
}
