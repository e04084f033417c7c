package rdf

// Triple is an RDF triple.
type Triple struct {
	Subject, Predicate, Object Term
}

// Quad is a triple in a graph. The zero Graph is the default graph.
type Quad struct {
	Triple
	Graph Term
}

// String gives the triple as a line of N-Triples, without the line end.
func (t Triple) String() string {
	return string(appendQuad(nil, Quad{Triple: t}))
}

// String gives the quad as a line of N-Quads, without the line end.
func (q Quad) String() string {
	return string(appendQuad(nil, q))
}

// Compare orders triples by subject, predicate and object, as [Term.Compare].
func (t Triple) Compare(u Triple) int {
	if c := t.Subject.Compare(u.Subject); c != 0 {
		return c
	}
	if c := t.Predicate.Compare(u.Predicate); c != 0 {
		return c
	}
	return t.Object.Compare(u.Object)
}

// Compare orders quads by graph, the default graph first, then as
// [Triple.Compare].
func (q Quad) Compare(r Quad) int {
	if c := q.Graph.Compare(r.Graph); c != 0 {
		return c
	}
	return q.Triple.Compare(r.Triple)
}

// Position is where a quad stands in its document. Lines and columns count from
// 1; a column counts bytes. The zero Position means that the place is not known
// (JSON-LD).
type Position struct {
	// Line and Column are where the quad's object begins, or, where the syntax
	// has no object of its own, the construct that made the quad.
	Line, Column int32
	// SubjectLine is the line where the subject of the quad's statement begins.
	SubjectLine int32
}
