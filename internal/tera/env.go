package tera

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Options says what templates of one [Env] may see and use. The zero value is
// ready to use: the system clock, a random seed, no environment.
type Options struct {
	// Now is the clock behind now(); nil is time.Now. The location of the
	// time it returns is what now() calls local.
	Now func() time.Time
	// Rand is the source behind get_random(); nil is a randomly seeded one.
	// Its use is serialised by the Env.
	Rand *rand.Rand
	// Getenv looks up a name for get_env(); nil finds nothing.
	Getenv func(name string) (string, bool)
	// Autoescape lists the suffixes of template names whose output is
	// escaped for HTML; nil is .html, .htm and .xml, empty is none.
	Autoescape []string
	// Limits bounds one render.
	Limits Limits
}

// Limits bounds the parsing of one template and the work of one render. A
// zero field takes its default.
type Limits struct {
	// Output is the largest text, in bytes, that a render, with the macros
	// and sections it is in the middle of, or any string on the way to it may
	// reach. Default 64 MiB.
	Output int
	// Steps is how much work a render may do: a step is a node, a term of an
	// expression, a turn of a loop, an element handled by a filter or 32
	// bytes of intermediate text. Default 20 million.
	Steps int
	// Depth is how deep tags and expressions may nest, and how deep macros,
	// includes and blocks may call each other. Default 128.
	Depth int
}

func (l Limits) withDefaults() Limits {
	if l.Output <= 0 {
		l.Output = 64 << 20
	}
	if l.Steps <= 0 {
		l.Steps = 20_000_000
	}
	if l.Depth <= 0 {
		l.Depth = 128
	}
	return l
}

// Filter turns value into another, given the keyword arguments of the call.
// It must not change value or args.
type Filter func(value any, args map[string]any) (any, error)

// Function returns a value for the keyword arguments of the call.
type Function func(args map[string]any) (any, error)

// Test answers a question about value, given the positional arguments of the
// call. When defined is false the variable does not exist and value is nil.
type Test func(value any, defined bool, args []any) (bool, error)

// Env is a set of templates and of the filters, functions and tests that they
// may use. Building it is for one goroutine; once built, any number may
// render from it at the same time.
type Env struct {
	opts      Options
	templates map[string]*template
	filters   map[string]filterImpl
	functions map[string]functionImpl
	tests     map[string]testImpl

	mu     sync.Mutex // guards linked and opts.Rand
	linked map[string]*linkedTemplate
}

// New returns an Env without templates that knows the filters, functions and
// tests built into Tera.
func New(opts Options) *Env {
	opts.Limits = opts.Limits.withDefaults()
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Rand == nil {
		opts.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	if opts.Autoescape == nil {
		opts.Autoescape = []string{".html", ".htm", ".xml"}
	}
	opts.Autoescape = slices.Clone(opts.Autoescape)
	return &Env{
		opts:      opts,
		templates: map[string]*template{},
		filters:   builtinFilters(),
		functions: builtinFunctions(),
		tests:     builtinTests(),
		linked:    map[string]*linkedTemplate{},
	}
}

// Add compiles source under name, replacing a template of that name. Syntax
// errors are of type [*Error]. What the template extends and imports may be
// added later; see [Env.Check].
func (e *Env) Add(name, source string) error {
	t, err := parseTemplate(name, source, e.opts.Limits.Depth)
	if err != nil {
		return err
	}
	e.templates[name] = t
	e.mu.Lock()
	clear(e.linked)
	e.mu.Unlock()
	return nil
}

// AddFilter makes f available as {{ value | name(…) }}, replacing a filter of
// that name. The names safe and default belong to the language.
func (e *Env) AddFilter(name string, f Filter) {
	e.filters[name] = func(in *invocation, value any) (any, error) { return f(value, in.argMap()) }
}

// AddFunction makes f available as {{ name(…) }}, replacing a function of
// that name.
func (e *Env) AddFunction(name string, f Function) {
	e.functions[name] = func(in *invocation) (any, error) { return f(in.argMap()) }
}

// AddTest makes t available as {% if variable is name(…) %}, replacing a test
// of that name.
func (e *Env) AddTest(name string, t Test) {
	e.tests[name] = func(_ *run, value any, defined bool, args []any) (bool, error) {
		return t(value, defined, args)
	}
}

// Check resolves what every template extends and imports, and reports the
// first that is missing or goes in a circle as an [*Error]. Included
// templates are looked up when an include is reached, as Tera does.
func (e *Env) Check() error {
	names := make([]string, 0, len(e.templates))
	for name := range e.templates {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if _, err := e.link(e.templates[name]); err != nil {
			return err
		}
	}
	return nil
}

// Render renders the template called name with vars. Failures are of type
// [*Error], which wraps the context's error when ctx ends it.
func (e *Env) Render(ctx context.Context, name string, vars map[string]any) (string, error) {
	t, ok := e.templates[name]
	if !ok {
		return "", &Error{Name: name, Msg: "template `" + name + "` not found" + suggest(name, keys(e.templates)), Err: ErrTemplateNotFound}
	}
	return e.render(ctx, t, vars)
}

// RenderString compiles source and renders it once, without keeping it. It
// may extend, include and import templates of the Env; name is what errors
// call it and decides about escaping.
func (e *Env) RenderString(ctx context.Context, name, source string, vars map[string]any) (string, error) {
	t, err := parseTemplate(name, source, e.opts.Limits.Depth)
	if err != nil {
		return "", err
	}
	return e.render(ctx, t, vars)
}
