package sparql

import (
	"errors"
	"fmt"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

// service asks another endpoint, once for each name.
type service struct {
	clause *syntax.Service
	name   ref
	vars   map[string]int
}

func (op service) build(x *exec, next func() bool) func() bool {
	tables := map[id]*table{}
	slots := make([]int, 0, len(op.vars))
	names := make([]string, 0, len(op.vars))
	for _, name := range op.clause.Group.VisibleVars() {
		names = append(names, name)
		slots = append(slots, op.vars[name])
	}
	join := newRowJoin(x, slots, next)
	return func() bool {
		n := x.get(op.name)
		t := tables[n]
		if t == nil {
			var err error
			if t, err = op.ask(x, n, names); err != nil {
				x.fail(fmt.Errorf("SERVICE: %w", err))
				return false
			}
			tables[n] = t
		}
		for i := range t.rows {
			if !join.join(t.row(i)) {
				return false
			}
		}
		return true
	}
}

// ask runs the clause. A failure of a SILENT one is the one empty solution.
func (op service) ask(x *exec, n id, names []string) (*table, error) {
	t := &table{width: len(names)}
	err := op.fill(x, t, n, names)
	if err != nil && op.clause.Silent && x.ctx.Err() == nil {
		return &table{width: len(names), ids: make([]id, len(names)), rows: 1}, nil
	}
	return t, err
}

func (op service) fill(x *exec, t *table, n id, names []string) error {
	switch {
	case n == 0:
		return errors.New("its variable is not bound")
	case x.terms.kind(n) != rdf.IRI:
		return fmt.Errorf("%s is not an IRI", x.terms.term(n))
	case x.opts.Service == nil:
		return fmt.Errorf("<%s>: the caller allows no endpoint (Options.Service)", x.terms.value(n))
	}
	endpoint := x.terms.value(n)
	query := op.clause.Prologue + "SELECT * WHERE " + op.clause.Source
	result, err := x.opts.Service(x.ctx, endpoint, query)
	if err != nil {
		return fmt.Errorf("<%s>: %w", endpoint, err)
	}
	column := make([]int, len(names))
	for i, name := range names {
		column[i] = -1
		for j, v := range result.Vars {
			if v == name {
				column[i] = j
			}
		}
	}
	blanks := map[string]rdf.Term{} // the endpoint's labels mean nothing here
	for _, row := range result.Rows {
		for _, c := range column {
			if c < 0 || row[c].IsZero() {
				t.ids = append(t.ids, 0)
				continue
			}
			term := row[c]
			if term.Kind == rdf.BlankNode {
				if _, known := blanks[term.Value]; !known {
					blanks[term.Value] = x.freshBlank()
				}
				term = blanks[term.Value]
			}
			t.ids = append(t.ids, x.terms.intern(term))
		}
		t.rows++
		if !x.charge(int64(4 * len(column))) {
			return x.err
		}
	}
	return nil
}
