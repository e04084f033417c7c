package codegen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql"
	"github.com/sixtyhq/sixty/internal/sparql/results"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

// Graph is the RDF that the queries of a run see: documents that are loaded
// together, each with its own scope of blank nodes and prefixes.
type Graph struct {
	Documents []GraphDocument
	// Prefixes and Base are known to every query and to rdf and rdf_inline.
	Prefixes map[string]string
	Base     string
}

// GraphDocument is one document of RDF, or one query. RDF is in the format that
// the extension of its name stands for, else in Turtle.
type GraphDocument struct {
	Name string // for errors
	Text string
}

func (g *Graph) digest() string {
	if g == nil {
		return ""
	}
	data, _ := json.Marshal(g) // strings always marshal
	return digest(data)
}

// Bounds on queries.
const (
	maxRows        = 100_000
	maxQueryMemory = 256 << 20
	maxQueryTime   = time.Minute
)

// dataset is what the queries of one document see.
type dataset struct {
	quads    []rdf.Quad
	store    *sparql.Store
	graph    *rdf.Graph // of quads, made when a shape is checked
	prefixes map[string]string
	base     string
}

// loadGraph reads the run's documents. In reverse order it gives the same
// graph built another way, which `determinism` compares with.
func (r *run) loadGraph(reverse bool) (*dataset, error) {
	g := r.req.Graph
	if g == nil {
		g = &Graph{}
	}
	d := &dataset{prefixes: g.Prefixes, base: g.Base}
	order := make([]int, len(g.Documents))
	for i := range order {
		order[i] = i
	}
	if reverse {
		slices.Reverse(order)
	}
	for _, i := range order {
		doc := g.Documents[i]
		if err := d.read(r.ctx, doc.Name, doc.Text, fmt.Sprintf("d%d.", i), 0, g.Base); err != nil {
			return nil, err
		}
	}
	d.build()
	if r.req.project != nil {
		for _, rule := range r.req.project.inference {
			if err := r.infer(d, rule); err != nil {
				return nil, err
			}
		}
	}
	for i := range r.docs {
		doc := &r.docs[i]
		if doc.Front.Construct.given() && !doc.overlays() {
			if err := r.construct(doc, d); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

// read adds a document. One of a template is Turtle, and its first columns
// characters, the prefixes, are no part of the file.
func (d *dataset) read(ctx context.Context, name, text, blanks string, columns int, base string) error {
	format, ok := rdf.FormatByExtension(name)
	if !ok || columns > 0 {
		format = rdf.Turtle
	}
	err := rdf.Parse(ctx, strings.NewReader(text), format, rdf.Options{File: name, BlankPrefix: blanks, Base: base},
		func(q rdf.Quad, _ rdf.Position) error {
			d.quads = append(d.quads, q)
			return nil
		})
	return turtleError(err, name, text, columns)
}

// turtleError tells an error of the Turtle reader with its line; the first
// columns characters are no part of the file.
func turtleError(err error, name, text string, columns int) error {
	var pe *rdf.ParseError
	if !errors.As(err, &pe) {
		return err
	}
	e := &Error{File: name, Line: pe.Line, Column: pe.Column, Message: pe.Msg, Err: err, Snippet: lineOf(text, pe.Line)}
	if e.Line == 1 {
		e.Column -= columns
		e.Snippet = lineOf(text[columns:], 1)
	}
	return e
}

func (d *dataset) build() {
	b := sparql.NewBuilder()
	for _, q := range d.quads {
		b.Add(q)
	}
	d.store, d.graph = b.Build(), nil
}

// overlays reports whether a document adds to the graph for itself.
func (d *Document) overlays() bool { return len(d.Front.RDF)+len(d.Front.RDFInline) > 0 }

// data gives the graph that a document sees: the run's, or its own on top.
func (r *run) data(d *Document, base *dataset) (*dataset, error) {
	fm := &d.Front
	if !d.overlays() && len(fm.Prefixes) == 0 && !fm.Base.given() {
		return base, nil
	}
	own := &dataset{quads: slices.Clip(base.quads), store: base.store, prefixes: maps.Clone(base.prefixes), base: base.base}
	if own.prefixes == nil {
		own.prefixes = map[string]string{}
	}
	if fm.Base.given() {
		own.base = fm.Base.s
	}
	for name, iri := range fm.Prefixes {
		own.prefixes[name] = iri.s
	}
	if !d.overlays() {
		return own, nil
	}
	var prolog strings.Builder
	for _, name := range slices.Sorted(maps.Keys(own.prefixes)) {
		fmt.Fprintf(&prolog, "@prefix %s: <%s> . ", name, own.prefixes[name])
	}
	for i, t := range fm.RDF {
		name, err := cleanInput(d.file, t.s)
		if err != nil {
			return nil, d.errorAt(t, "rdf: %v", err)
		}
		data, err := readFile(d.layer, name, maxExistingSize)
		if err != nil {
			return nil, d.errorAt(t, "rdf: %v", err)
		}
		show := path.Join(strings.TrimSuffix(d.File, d.file), name)
		if err := own.read(r.ctx, show, prolog.String()+string(data), fmt.Sprintf("f%d.", i), prolog.Len(), own.base); err != nil {
			return nil, err
		}
	}
	for i, t := range fm.RDFInline {
		err := own.read(r.ctx, d.File, prolog.String()+t.s, fmt.Sprintf("i%d.", i), prolog.Len(), own.base)
		var e *Error
		if errors.As(err, &e) {
			return nil, d.errorIn(t, e.Line, e.Column, "rdf_inline: "+e.Message)
		}
		if err != nil {
			return nil, err
		}
	}
	own.build()
	if fm.Construct.given() {
		if err := r.construct(d, own); err != nil {
			return nil, err
		}
	}
	return own, nil
}

// construct adds what a document's construct gives.
func (r *run) construct(d *Document, data *dataset) error {
	res, err := r.query(d, data, d.Front.Construct)
	if err != nil {
		return err
	}
	if res.Kind != results.Graph {
		return d.errorAt(d.Front.Construct, "construct must be a CONSTRUCT or DESCRIBE query")
	}
	data.add(res.Triples)
	return nil
}

func (d *dataset) add(triples []rdf.Triple) {
	for _, t := range triples {
		d.quads = append(d.quads, rdf.Quad{Triple: t})
	}
	if len(triples) > 0 {
		d.build()
	}
}

// query runs a query of a document's frontmatter.
func (r *run) query(d *Document, data *dataset, t text) (*results.Result, error) {
	named, err := r.namedQuery(t.s)
	if err != nil {
		return nil, d.errorAt(t, "%v", err)
	}
	query := t.s
	if named != nil {
		query = named.Text
	}
	res, err := r.runQuery(data, query)
	var syn *syntax.Error
	switch {
	case errors.As(err, &syn) && named != nil:
		return nil, source{file: named.Name, text: named.Text, line: 1}.errorAt(syn.Line, syn.Column, "SPARQL: "+syn.Msg)
	case errors.As(err, &syn):
		return nil, d.errorIn(t, syn.Line, syn.Column, "SPARQL: "+syn.Msg)
	case err != nil && r.ctx.Err() != nil:
		return nil, r.ctx.Err()
	case err != nil:
		fault := d.errorAt(t, "SPARQL: %v", err)
		fault.Err = err
		return nil, fault
	}
	return res, nil
}

var queryName = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_.-]*$`)

// namedQuery gives the query file that text names, nil if it is no name.
func (r *run) namedQuery(text string) (*GraphDocument, error) {
	name := strings.TrimSpace(text)
	if !queryName.MatchString(name) {
		return nil, nil
	}
	var names []string
	for i := range r.req.Queries {
		base := path.Base(r.req.Queries[i].Name)
		base = strings.TrimSuffix(base, path.Ext(base))
		if base == name {
			return &r.req.Queries[i], nil
		}
		names = append(names, base)
	}
	return nil, fmt.Errorf("there is no query file called %q.%s", name, lang.DidYouMean(name, names))
}

// runQuery runs a query. Rows without ORDER BY are put in the order of their terms,
// column by column.
func (r *run) runQuery(data *dataset, query string) (*results.Result, error) {
	opts := sparql.Options{
		Base: data.base, Prefixes: data.prefixes, Now: r.req.Epoch.UTC(), Rand: r.chance.rand,
		MaxMemory: maxQueryMemory, MaxRows: maxRows,
	}
	parsed, err := syntax.Parse(query, syntax.Options{Base: opts.Base, Prefixes: opts.Prefixes})
	if err != nil {
		return nil, err
	}
	if r.req.Remote != nil {
		opts.Service = r.req.Remote.Service
	}
	ctx, cancel := context.WithTimeout(r.ctx, maxQueryTime)
	defer cancel()
	res, err := data.store.Query(ctx, query, opts)
	if err != nil && r.ctx.Err() == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, fmt.Errorf("the query took over %s", maxQueryTime)
	}
	if err != nil {
		return nil, err
	}
	if len(parsed.OrderBy) == 0 {
		slices.SortStableFunc(res.Rows, func(a, b []rdf.Term) int { return slices.CompareFunc(a, b, rdf.Term.Compare) })
		slices.SortFunc(res.Triples, rdf.Triple.Compare)
	}
	return res, nil
}

// ask runs a document's queries. It gives their values by name and the rows
// that drive the outputs: those of for_each, else of the first query by name
// that gives rows.
func (r *run) ask(d *Document, data *dataset) (named map[string]any, driver []any, err error) {
	named = make(map[string]any, len(d.Front.Sparql))
	typed := r.typed(d)
	var found bool
	for _, q := range d.Front.Sparql {
		res, err := r.query(d, data, q.Text)
		if err != nil {
			return nil, nil, err
		}
		value := resultValue(res, typed)
		named[q.Name] = value
		if rows, ok := value.([]any); ok && !found && !d.Front.ForEach.given() {
			driver, found = rows, true
		}
	}
	if f := d.Front.ForEach; f.given() {
		rows, ok := named[f.s].([]any)
		if !ok {
			return nil, nil, d.errorAt(f, "for_each: the query %q is an ASK, which has no rows", f.s)
		}
		driver = rows
	}
	if driver == nil {
		driver = []any{}
	}
	return named, driver, nil
}

func (r *run) typed(d *Document) bool {
	dialect := d.Front.Dialect.s
	if dialect == "" {
		dialect = r.req.Dialect
	}
	return dialect != "string"
}

// resultValue gives a result as templates see it: a boolean, or a list of one
// map for each row with its bound variables, or of subject, predicate, object.
func resultValue(res *results.Result, typed bool) any {
	switch res.Kind {
	case results.Boolean:
		if !typed {
			return fmt.Sprint(res.Boolean)
		}
		return res.Boolean
	case results.Graph:
		rows := make([]any, len(res.Triples))
		for i, t := range res.Triples {
			rows[i] = map[string]any{
				"subject": termValue(t.Subject, false), "predicate": termValue(t.Predicate, false), "object": termValue(t.Object, false),
			}
		}
		return rows
	}
	rows := make([]any, len(res.Rows))
	for i, row := range res.Rows {
		m := make(map[string]any, len(row))
		for j, t := range row {
			if !t.IsZero() {
				m[res.Vars[j]] = termValue(t, typed)
			}
		}
		rows[i] = m
	}
	return rows
}

// checkDeterminism runs a document's queries once more, against a graph that
// was loaded anew in another order: the rows must be the same.
func (r *run) checkDeterminism(d *Document, named map[string]any) error {
	base, err := r.loadGraph(true)
	if err != nil {
		return err
	}
	data, err := r.data(d, base)
	if err != nil {
		return err
	}
	r.chance.reseed(d)
	again, _, err := r.ask(d, data)
	if err != nil {
		return err
	}
	for _, q := range d.Front.Sparql {
		if !reflect.DeepEqual(named[q.Name], again[q.Name]) {
			return d.errorAt(q.Text, "determinism: the query %q gives other rows when it runs again; with LIMIT it needs ORDER BY", q.Name)
		}
	}
	return nil
}
