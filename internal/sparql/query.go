package sparql

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/results"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

// Query parses and runs a query. The deadline and cancellation of ctx end it at
// once, with an error that wraps ctx's cause.
//
// Without ORDER BY, solutions come in an order that depends on the query and on
// the store's quads alone, not on the order in which they were loaded. A query
// that can't be read gives a *[syntax.Error].
func (s *Store) Query(ctx context.Context, query string, opts Options) (*results.Result, error) {
	q, err := syntax.Parse(query, syntax.Options{Base: opts.Base, Prefixes: opts.Prefixes, Limits: opts.Limits})
	if err != nil {
		return nil, err
	}
	store, data, err := s.dataset(ctx, q, &opts)
	if err != nil {
		return nil, err
	}
	x := &exec{
		ctx: ctx, opts: &opts, base: q.Base, limit: opts.maxMemory(),
		terms: newTerms(store.terms), dataset: data, graph: data.base,
	}
	t := &translator{terms: x.terms, functions: opts.Functions}
	r := &run{exec: x, query: q, vars: t.newVariables(), result: &results.Result{}}
	root := r.translate()
	if err := errors.Join(t.errs...); err != nil {
		return nil, err
	}
	x.row = make([]id, len(t.names))
	x.checkContext()
	op := newPlanner(x, usualCosts).nested(root, input{rows: 1})
	x.row = make([]id, len(t.names))
	op.build(x, r.sink())()
	x.checkContext()
	if x.err != nil {
		return nil, x.err
	}
	r.finish()
	return r.result, x.err
}

// run turns a query's solutions into its result.
type run struct {
	*exec
	query    *syntax.Query
	vars     *variables
	result   *results.Result
	project  []int
	template []templateTriple
	triples  map[triple]struct{} // CONSTRUCT and DESCRIBE: those given
	describe []id
	asked    map[id]struct{}
}

func (r *run) translate() *selectNode {
	q := r.query
	var project []string
	if q.Form == syntax.Select {
		project = q.Vars()
	}
	sel := r.vars.query(q, project)
	switch q.Form {
	case syntax.Select:
		r.result.Vars = project
		r.project = sel.project
	case syntax.Describe:
		if q.Star {
			for _, name := range q.Where.VisibleVars() {
				r.project = append(r.project, r.vars.slot(name))
			}
		}
		for _, n := range q.Describe {
			if n.IsVar() {
				r.project = append(r.project, r.vars.slot(n.Var))
			}
		}
	case syntax.Construct:
		for _, t := range q.Template {
			predicate := syntax.Node{}
			switch p := t.Path.(type) {
			case syntax.PathVar:
				predicate.Var = p.Name
			case syntax.PathIRI:
				predicate.Term = rdf.NewIRI(p.IRI)
			}
			r.template = append(r.template, templateTriple{r.templateNode(t.Subject), r.templateNode(predicate), r.templateNode(t.Object)})
		}
	}
	return sel
}

type templateTriple struct{ s, p, o templateNode }

// templateNode is a variable or a term, or a blank node to be made anew for each
// solution.
type templateNode struct {
	ref
	blank string
}

func (r *run) templateNode(n syntax.Node) templateNode {
	if isBlankVar(n.Var) {
		return templateNode{blank: n.Var}
	}
	return templateNode{ref: r.vars.ref(n)}
}

// sink gives the function that takes the solutions.
func (r *run) sink() func() bool {
	switch r.query.Form {
	case syntax.Select:
		return r.keepRow
	case syntax.Construct:
		r.result.Kind, r.triples = results.Graph, map[triple]struct{}{}
		return r.construct
	case syntax.Describe:
		r.result.Kind, r.triples, r.asked = results.Graph, map[triple]struct{}{}, map[id]struct{}{}
		return r.keepDescribed
	}
	r.result.Kind = results.Boolean
	return func() bool {
		r.result.Boolean = true
		return false
	}
}

func (r *run) keepRow() bool {
	if r.opts.MaxRows > 0 && len(r.result.Rows) >= r.opts.MaxRows {
		r.fail(fmt.Errorf("%w: the query has more than %d rows", ErrRows, r.opts.MaxRows))
		return false
	}
	row := make([]rdf.Term, len(r.project))
	for i, slot := range r.project {
		if n := r.row[slot]; n != 0 {
			row[i] = r.terms.term(n)
		}
	}
	r.result.Rows = append(r.result.Rows, row)
	return r.charge(24 + int64(len(row))*int64(unsafe.Sizeof(rdf.Term{})))
}

// construct instantiates the template (section 16.2); what is no triple of RDF
// is left out.
func (r *run) construct() bool {
	var blanks map[string]id
	resolve := func(n templateNode) id {
		if n.blank == "" {
			return r.get(n.ref)
		}
		b, ok := blanks[n.blank]
		if !ok {
			b = r.terms.intern(r.freshBlank())
			if blanks == nil {
				blanks = map[string]id{}
			}
			blanks[n.blank] = b
		}
		return b
	}
	for _, t := range r.template {
		s, p, o := resolve(t.s), resolve(t.p), resolve(t.o)
		if s == 0 || p == 0 || o == 0 || r.terms.kind(s) == rdf.Literal || r.terms.kind(p) != rdf.IRI {
			continue
		}
		if !r.addTriple(triple{s, p, o}) {
			return false
		}
	}
	return r.tick()
}

func (r *run) addTriple(t triple) bool {
	if _, there := r.triples[t]; there {
		return r.tick()
	}
	if r.opts.MaxRows > 0 && len(r.result.Triples) >= r.opts.MaxRows {
		r.fail(fmt.Errorf("%w: the query has more than %d triples", ErrRows, r.opts.MaxRows))
		return false
	}
	r.triples[t] = struct{}{}
	r.result.Triples = append(r.result.Triples, rdf.Triple{
		Subject: r.terms.term(t.s), Predicate: r.terms.term(t.p), Object: r.terms.term(t.o),
	})
	return r.charge(int64(unsafe.Sizeof(rdf.Triple{})) + 32)
}

func (r *run) keepDescribed() bool {
	for _, slot := range r.project {
		r.ask(r.row[slot])
	}
	return r.tick()
}

func (r *run) ask(n id) {
	if _, there := r.asked[n]; there || n == 0 {
		return
	}
	r.asked[n] = struct{}{}
	r.describe = append(r.describe, n)
	r.charge(32)
}

// finish describes resources: the triples they are the subject of, and those of
// the blank nodes these lead to (a concise bounded description).
func (r *run) finish() {
	if r.query.Form != syntax.Describe {
		return
	}
	for _, n := range r.query.Describe {
		if !n.IsVar() {
			r.ask(r.terms.intern(n.Term))
		}
	}
	for i := 0; i < len(r.describe); i++ { // grows as it goes
		n := r.describe[i]
		for _, t := range r.dataset.base.spo.find(n) {
			if !r.addTriple(triple{n, t.a, t.b}) {
				return
			}
			if r.terms.kind(t.b) == rdf.BlankNode {
				r.ask(t.b)
			}
		}
	}
}
