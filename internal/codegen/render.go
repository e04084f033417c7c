package codegen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/remote"
	"github.com/sixtyhq/sixty/internal/shacl"
	"github.com/sixtyhq/sixty/internal/tera"
)

// Bounds on one run.
const (
	maxFiles        = 20_000    // files of a template folder
	maxOutputs      = 50_000    // paths of a plan
	maxOutputSize   = 64 << 20  // bytes of one output
	maxTotalSize    = 512 << 20 // bytes of all outputs
	maxExistingSize = 256 << 20 // bytes of a file of the output folder that is read
)

// Request is everything a run depends on.
type Request struct {
	// Templates is the template folder; nil is an empty one.
	Templates fs.FS
	// Layers are further template folders, rendered after it.
	Layers []Layer
	// Dependencies are the packs that this one depends on, in the order in which
	// they render.
	Dependencies []Dependency
	// Vars are the caller's values: nil, bool, int64, float64, string, []any
	// and map[string]any.
	Vars map[string]any
	// Graph is the RDF that queries see; nil is an empty graph.
	Graph *Graph
	// Queries are SPARQL files that templates may name, by the file's name
	// without its folder and suffix, where a query can stand.
	Queries []GraphDocument
	// Shapes are SHACL documents that the graph must conform to before
	// anything renders.
	Shapes []GraphDocument
	// Dialect is how the literals of query rows arrive where a template does
	// not say: "typed" (also when empty) or "string".
	Dialect string
	// Remote answers SERVICE clauses; nil refuses them. What it answered goes
	// into the record.
	Remote *remote.Asker
	// Epoch is the time that now() gives.
	Epoch time.Time
	// Env is the environment that get_env() sees: the names that the pipeline
	// lists, and no other.
	Env map[string]string
	// Output is the output folder as it is now; nil when there is none.
	Output fs.FS
	// Record is what earlier runs generated there, see [ReadRecord].
	Record Record
	// Pack and Variables go into the record of the plan: what was rendered and
	// the values, as JSON, that it was given. Leave sensitive values out.
	Pack      *PackRef
	Variables map[string]json.RawMessage
	// Packs are, for the record, what Dependencies render.
	Packs   []RecordedPack
	project *Project // set by Project.Request: ggen's rules for template folders
	// AllowHooks lets templates name commands; they come back as [Plan.Hooks].
	// Otherwise a template with sh_before or sh_after is refused.
	AllowHooks bool
	// Hooked is what those commands left, where they ran; nil where they did not.
	Hooked *Hooked
}

// Layer is a further template folder. Its files are known, in errors, records
// and to other templates, by its name and their path.
type Layer struct {
	Name string
	FS   fs.FS
}

// Render renders every template and decides every write. It writes nothing.
//
// Faults of templates are [*Error] values, as many as were found, joined.
func Render(ctx context.Context, req Request) (*Plan, error) {
	r, err := renderAll(ctx, req)
	if err != nil {
		return nil, err
	}
	return r.plan()
}

// renderOne renders every document of one pack or project.
func renderOne(ctx context.Context, req Request) (*run, error) {
	r, err := newRun(ctx, req)
	if err != nil {
		return nil, err
	}
	if r.base, err = r.loadGraph(false); err != nil { //nolint:contextcheck // the run holds the context
		return nil, err
	}
	var faults []error
	for _, doc := range req.Shapes {
		if err := r.validate(r.base, doc); err != nil {
			faults = append(faults, err)
		}
	}
	if req.project != nil {
		if err := r.check(r.base); err != nil { //nolint:contextcheck // the run holds the context
			faults = append(faults, err)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	for i := range r.docs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.document(&r.docs[i]); err != nil { //nolint:contextcheck // the run holds the context
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			faults = append(faults, err)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if req.project != nil && req.project.aggregate {
		r.aggregateModules()
	}
	return r, nil
}

// run is the state of one Render.
type run struct {
	ctx     context.Context
	req     Request
	docs    []Document
	sources map[string]source // by template name, to place errors in their file
	env     *tera.Env
	chance  *chance
	outputs []output
	skipped []Skipped
	total   int
	hooks   []Hook
	sawTime bool // a template read the clock

	shapes   map[string]*shacl.Shapes // compiled, by name and text
	base     *dataset                 // what queries see where a document adds nothing
	warnings []string
	// What the function sparql() works on.
	active      *dataset
	activeTyped bool
}

// output is one rendered file, before it is decided what happens to it.
type output struct {
	path    string
	content []byte
	doc     *Document
	front   rendered
	pack    string // the dependency that it is of; empty: the request's own
}

// rendered holds the frontmatter values that are templates, rendered for one
// output.
type rendered struct {
	before, after, skipIf string
	slots                 string
}

func newRun(ctx context.Context, req Request) (*run, error) {
	r := &run{ctx: ctx, req: req, sources: map[string]source{}, shapes: map[string]*shacl.Shapes{}}
	seed, err := inputsDigest(req)
	if err != nil {
		return nil, err
	}
	r.chance = newChance(seed)
	r.env = r.newEnv() //nolint:contextcheck // the run holds the context
	var faults []error
	for _, layer := range append([]Layer{{FS: req.Templates}}, req.Layers...) {
		files, err := listFiles(layer.FS)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := r.load(layer, file); err != nil {
				faults = append(faults, err)
			}
		}
	}
	if req.project != nil {
		for i := range req.project.rules {
			d := req.project.rules[i]
			if err := r.add(d.name, d.Body, d.source); err != nil {
				faults = append(faults, err)
			}
			r.docs = append(r.docs, d)
		}
	}
	if len(faults) == 0 {
		if err := r.env.Check(); err != nil {
			faults = append(faults, r.place(err, source{}))
		}
	}
	return r, errors.Join(faults...)
}

func (r *run) newEnv() *tera.Env {
	env := tera.New(tera.Options{
		Now: func() time.Time {
			r.sawTime = true
			return r.req.Epoch.UTC()
		},
		Rand: r.chance.rand,
		Getenv: func(name string) (string, bool) {
			v, ok := r.req.Env[name]
			return v, ok
		},
		Autoescape: []string{}, // outputs are code and configuration, not pages
		Limits:     tera.Limits{Output: maxOutputSize},
	})
	filters := tera.CaseFilters()
	for name, f := range filters {
		env.AddFilter(name, f)
	}
	if r.req.project != nil {
		env.AddFilter("title", filters["title_case"]) // ggen's title is this one
	}
	r.addFunctions(env)
	return env
}

// place tells an error of the template engine in terms of the file it is in.
func (r *run) place(err error, fallback source) error {
	var te *tera.Error
	if !errors.As(err, &te) {
		return err
	}
	src, ok := r.sources[te.Name]
	if !ok || fallback.file != "" {
		src = fallback
	}
	out := &Error{File: te.Name, Line: te.Line, Column: te.Column, Message: te.Msg, Err: err}
	if te.Err != nil && !errors.Is(te.Err, tera.ErrUndefined) && !errors.Is(te.Err, tera.ErrTemplateNotFound) && !errors.Is(te.Err, tera.ErrLimit) {
		out.Message += ": " + te.Err.Error()
	}
	if src.file != "" {
		out.File = src.file
		if te.Line > 0 {
			out.Line = te.Line + src.line - 1
			out.Snippet = lineOf(src.text, out.Line)
		}
	}
	for _, l := range te.Trace {
		file, line := l.Name, l.Line
		if s, ok := r.sources[l.Name]; ok {
			file, line = s.file, l.Line+s.line-1
		}
		out.Trace = append(out.Trace, fmt.Sprintf("%s:%d:%d (%s)", file, line, l.Column, l.What))
	}
	return out
}

// renderText renders a frontmatter value.
func (r *run) renderText(d *Document, t text, vars map[string]any) (string, error) {
	if !t.templated() {
		return t.s, nil
	}
	out, err := r.env.RenderString(r.ctx, d.File, t.s, vars)
	if err != nil {
		return "", r.placeIn(d, t, err, 0)
	}
	return out, nil
}

// placeIn tells an error of the template engine in a frontmatter value, before
// which the engine was given offset more characters.
func (r *run) placeIn(d *Document, t text, err error, offset int) error {
	err = r.place(err, source{file: d.File, text: d.whole, line: t.innerLine})
	var e *Error
	if errors.As(err, &e) && e.File == d.File && e.Line == t.innerLine {
		e.Column -= offset
		switch {
		case t.innerCol == 0:
			e.Column = 0
		default:
			e.Column += t.innerCol - 1
		}
	}
	return err
}

// document renders one document into outputs.
func (r *run) document(d *Document) error {
	if d.verbatim {
		return r.emit(d, r.req.Vars, d.Body)
	}
	return r.project(d)
}

// emit adds one output.
func (r *run) emit(d *Document, vars map[string]any, body string) error {
	to, err := r.renderText(d, d.Front.To, vars)
	if err != nil {
		return err
	}
	p, err := cleanOutput(strings.TrimSpace(to))
	if err != nil {
		return d.errorAt(d.Front.To, "%v", err)
	}
	o := output{path: p, content: []byte(body), doc: d}
	fm := &d.Front
	for _, m := range []struct {
		match *Match
		to    *string
	}{{fm.Before, &o.front.before}, {fm.After, &o.front.after}, {fm.SkipIf, &o.front.skipIf}} {
		if m.match == nil {
			continue
		}
		if *m.to, err = r.renderText(d, m.match.Pattern, vars); err != nil {
			return err
		}
	}
	if o.front.slots, err = r.renderText(d, fm.FreezeSlotsDir, vars); err != nil {
		return err
	}
	if err := r.collectHooks(d, vars); err != nil {
		return err
	}
	r.total += len(body)
	switch {
	case r.total > maxTotalSize:
		return d.errorAt(fm.To, "the outputs are over %d bytes together", maxTotalSize)
	case len(r.outputs) == maxOutputs:
		return d.errorAt(fm.To, "there are over %d outputs", maxOutputs)
	}
	r.outputs = append(r.outputs, o)
	return nil
}

// collectHooks takes a document's commands, or refuses them.
func (r *run) collectHooks(d *Document, vars map[string]any) error {
	for _, h := range []struct {
		cmd   text
		key   string
		after bool
	}{{d.Front.ShBefore, "sh_before", false}, {d.Front.ShAfter, "sh_after", true}} {
		if !h.cmd.given() {
			continue
		}
		if !r.req.AllowHooks {
			return d.errorAt(h.cmd, "%s is refused: commands never run on the host. --hooks, or hooks = \"container\" in the generation stage, runs them in a container without a network", h.key)
		}
		cmd, err := r.renderText(d, h.cmd, vars)
		if err != nil {
			return err
		}
		if hook := (Hook{Command: cmd, After: h.after, Template: d.place()}); !slices.Contains(r.hooks, hook) {
			r.hooks = append(r.hooks, hook)
		}
	}
	return nil
}

// scope gives the values a document starts from: its own defaults under the
// caller's values.
func (r *run) scope(d *Document) map[string]any {
	vars := maps.Clone(d.Front.Vars)
	if vars == nil {
		vars = make(map[string]any, len(r.req.Vars))
	}
	maps.Copy(vars, r.req.Vars)
	return vars
}
