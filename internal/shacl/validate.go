package shacl

import (
	"context"
	"fmt"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// Options bounds a validation. The zero value is usable.
type Options struct {
	// MaxResults bounds the number of results; more are an error. 0 means 100 000.
	MaxResults int
}

const defaultMaxResults = 100_000

// Validate checks a data graph against the shapes (section 3.4). Results come
// in the order of the shapes, then of the focus nodes in the data. That the
// data does not conform is no error; an error is a done ctx or a bound that is
// passed.
func (s *Shapes) Validate(ctx context.Context, data *rdf.Graph, o Options) (*Report, error) {
	if o.MaxResults <= 0 {
		o.MaxResults = defaultMaxResults
	}
	v := &validation{ctx: ctx, data: data, max: o.MaxResults, known: map[judged]bool{}}
	v.classes = newHierarchy(data, v.stopped)
	for _, sp := range s.targeted {
		if sp.deactivated {
			continue
		}
		for _, focus := range v.focusNodes(sp.targets) {
			v.validate(sp, focus)
			if v.err != nil {
				return nil, v.err
			}
		}
	}
	return &Report{Results: v.results}, nil
}

// validation is one run over a data graph.
type validation struct {
	ctx     context.Context
	data    *rdf.Graph
	classes hierarchy
	max     int
	results []Result
	steps   int
	err     error // ends the run
	// probing is set while only conformance is asked for; failed is its answer.
	probing, failed bool
	// known has what was found out about nodes and shapes that several shapes
	// refer to, without which their sharing could cost exponential time.
	known map[judged]bool
}

type judged struct {
	shape *shape
	node  rdf.Term
}

// stopped reports whether there is nothing left to find out. Whatever takes
// long asks it now and then, which is also when a done ctx is noticed.
func (v *validation) stopped() bool {
	if v.steps++; v.steps%1024 == 0 && v.err == nil {
		v.err = v.ctx.Err()
	}
	return v.err != nil || v.probing && v.failed
}

// validate reports what a node violates of a shape.
func (v *validation) validate(s *shape, focus rdf.Term) {
	if s.deactivated || v.stopped() {
		return
	}
	key := judged{s, focus}
	if s.shared {
		if conforms, ok := v.known[key]; ok && (conforms || v.probing) {
			v.failed = v.failed || !conforms
			return
		}
	}
	before := len(v.results)
	values := []rdf.Term{focus}
	if s.path != nil {
		values = s.path.values(v.data, focus, v.stopped)
	}
	for _, k := range s.constraints {
		if k.check(v, s, focus, values); v.stopped() {
			break
		}
	}
	if s.shared && v.err == nil {
		v.known[key] = !(v.probing && v.failed) && len(v.results) == before
	}
}

// conforms reports whether a node conforms to a shape (section 3.4.3).
func (v *validation) conforms(s *shape, node rdf.Term) bool {
	probing, failed := v.probing, v.failed
	v.probing, v.failed = true, false
	v.validate(s, node)
	ok := !v.failed
	v.probing, v.failed = probing, failed
	return ok
}

// report adds a result with the shape's own path.
func (v *validation) report(s *shape, focus, component, value rdf.Term, m message) {
	v.reportAt(s, focus, component, s.path, value, m)
}

func (v *validation) reportAt(s *shape, focus, component rdf.Term, path *Path, value rdf.Term, m message) {
	if v.probing {
		v.failed = true
		return
	}
	if v.err != nil {
		return
	}
	if len(v.results) >= v.max {
		v.err = fmt.Errorf("validating against the shape %s: there are more than %d results", s.node, v.max)
		return
	}
	r := Result{
		FocusNode: focus, Path: path, Value: value, Component: component,
		Shape: s.node, Severity: s.severity, Messages: s.messages,
		FocusLine: int(v.focusLine(focus)), ShapeLine: int(s.line), message: m,
	}
	if path != nil && !value.IsZero() {
		if predicate, ok := path.Predicate(); ok {
			r.Position = v.data.Position(rdf.Triple{Subject: focus, Predicate: predicate, Object: value})
		}
	}
	v.results = append(v.results, r)
}

// focusLine gives the line where a node is first described, or else used.
func (v *validation) focusLine(focus rdf.Term) int32 {
	if at := v.data.SubjectPosition(focus); at.SubjectLine > 0 {
		return at.SubjectLine
	}
	for t := range v.data.Match(rdf.Term{}, rdf.Term{}, focus) {
		return v.data.Position(t).Line
	}
	return 0
}
