package sparql

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// queryMaker makes random queries about the data of randomStore.
type queryMaker struct {
	*rand.Rand
	depth int
}

func (m *queryMaker) pick(choices ...string) string { return choices[m.IntN(len(choices))] }

func (m *queryMaker) variable() string { return m.pick("?a", "?b", "?c", "?d", "?e") }

func (m *queryMaker) term() string {
	return m.pick(":n0", ":n1", ":n2", ":n3", ":n4", "1", "2", "\"x\"", ":absent")
}

func (m *queryMaker) node() string {
	if m.IntN(4) == 0 {
		return m.term()
	}
	return m.variable()
}

func (m *queryMaker) pathText(depth int) string {
	if depth == 0 || m.IntN(3) == 0 {
		return m.pick(":p", ":q", ":r")
	}
	sub := func() string { return m.pathText(depth - 1) }
	switch m.IntN(8) {
	case 0:
		return "^" + m.pick(":p", ":q")
	case 1:
		return "(" + sub() + "/" + sub() + ")"
	case 2:
		return "(" + sub() + "|" + sub() + ")"
	case 3:
		return "(" + sub() + ")?"
	case 4:
		return "(" + sub() + ")*"
	case 5:
		return "(" + sub() + ")+"
	case 6:
		return m.pick("!:p", "!(:p|:q)", "!(:p|^:q)", "!^:r")
	}
	return "(" + sub() + ")"
}

func (m *queryMaker) triple() string {
	predicate := m.pick(":p", ":p", ":q", ":q", ":r", m.variable())
	if m.IntN(5) == 0 {
		predicate = m.pathText(2)
	}
	return m.node() + " " + predicate + " " + m.node() + " . "
}

func (m *queryMaker) condition() string {
	v, w := m.variable(), m.variable()
	switch m.IntN(9) {
	case 0:
		return "bound(" + v + ")"
	case 1:
		return "!bound(" + v + ")"
	case 2:
		return v + " = " + w
	case 3:
		return v + " != " + m.term()
	case 4:
		return v + " < " + w + " || " + w + " = " + m.term()
	case 5:
		return "isIRI(" + v + ") && " + v + " != " + w
	case 6:
		return v + " IN (" + m.term() + ", " + w + ")"
	}
	if m.depth <= 0 {
		return "isLiteral(" + v + ")"
	}
	return m.pick("EXISTS ", "NOT EXISTS ") + m.group()
}

func (m *queryMaker) group() string {
	m.depth--
	defer func() { m.depth++ }()
	var b strings.Builder
	b.WriteString("{ ")
	used := map[string]bool{}
	for range 1 + m.IntN(4) {
		if m.depth <= 0 {
			b.WriteString(m.triple())
			continue
		}
		switch m.IntN(18) {
		default:
			b.WriteString(m.triple())
		case 0, 1:
			b.WriteString("OPTIONAL " + m.group())
		case 2:
			b.WriteString(m.group() + " UNION " + m.group())
		case 3:
			b.WriteString("MINUS " + m.group())
		case 4, 5, 6:
			b.WriteString("FILTER(" + m.condition() + ") ")
		case 7:
			fresh := m.pick("?f", "?g", "?h")
			if !used[fresh] {
				used[fresh] = true
				b.WriteString("BIND(" + m.pick(m.variable(), "1 + 1", "COALESCE("+m.variable()+", "+m.term()+")", "IF(bound("+m.variable()+"), 1, ?a + 1)") + " AS " + fresh + ") ")
			}
		case 8:
			v, w := "?a", m.pick("?b", "?c")
			b.WriteString(fmt.Sprintf("VALUES (%s %s) { (%s UNDEF) (%s %s) } ", v, w, m.term(), m.pick("UNDEF", m.term()), m.term()))
		case 9:
			b.WriteString("GRAPH " + m.pick(":g1", ":g2", "?g", m.variable()) + " " + m.group())
		case 10:
			b.WriteString(m.subquery())
		case 11:
			b.WriteString(m.group())
		}
	}
	b.WriteString("} ")
	return b.String()
}

func (m *queryMaker) subquery() string {
	v, w := m.pick("?a", "?b"), m.pick("?c", "?d", "?e")
	switch m.IntN(3) {
	case 0:
		return "{ SELECT DISTINCT " + v + " " + w + " " + m.group() + "} "
	case 1:
		return "{ SELECT " + v + " (COUNT(*) AS ?n) " + m.group() + "GROUP BY " + v + " } "
	}
	return "{ SELECT " + v + " " + m.group() + "} "
}

func (m *queryMaker) query() string {
	return "PREFIX : <http://example.org/>\nSELECT * " + m.group()
}

func randomStore(r *rand.Rand) *Store {
	term := func(name string) rdf.Term { return rdf.NewIRI("http://example.org/" + name) }
	b := NewBuilder()
	for _, g := range []rdf.Term{{}, term("g1"), term("g2")} {
		for range 4 + r.IntN(14) {
			object := term(fmt.Sprintf("n%d", r.IntN(6)))
			switch r.IntN(5) {
			case 0:
				object = rdf.NewTypedLiteral(fmt.Sprint(1+r.IntN(2)), rdf.XSDInteger)
			case 1:
				object = rdf.NewLiteral("x")
			}
			b.Add(rdf.Quad{Graph: g, Triple: rdf.Triple{
				Subject:   term(fmt.Sprintf("n%d", r.IntN(6))),
				Predicate: term([]string{"p", "q", "r"}[r.IntN(3)]),
				Object:    object,
			}})
		}
	}
	return b.Build()
}

// randomQuery makes a store and a query to ask it.
func randomQuery(seed uint64) (*Store, string) {
	r := rand.New(rand.NewPCG(seed, 11))
	s := randomStore(r)
	m := &queryMaker{Rand: r, depth: 3}
	return s, m.query()
}
