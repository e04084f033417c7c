package tera

import (
	"context"
	"errors"
	"strings"
)

// run is one render.
type run struct {
	env    *Env
	ctx    context.Context
	limits Limits
	vars   map[string]any
	tpl    *linkedTemplate // what is rendered
	source *template       // where the node being rendered was written
	escape bool

	out       []byte
	held      int // bytes in the outputs around out
	steps     int
	nextCheck int
	depth     int
	frames    []frame
	blocks    []openBlock
	jump      jump
	patterns  map[string]pattern // of the matching test
}

// frame is a scope: the template itself, a macro, an include or a loop.
type frame struct {
	kind frameKind
	tpl  *template
	vars []binding
	loop *loop
}

type frameKind uint8

const (
	frameOrigin frameKind = iota
	frameMacro
	frameInclude
	frameLoop
)

type binding struct {
	name  string
	value any
}

func (f *frame) set(name string, value any) {
	for i := range f.vars {
		if f.vars[i].name == name {
			f.vars[i].value = value
			return
		}
	}
	f.vars = append(f.vars, binding{name, value})
}

// openBlock is a block that was entered. As in Tera, an entry stays after its
// block has ended and decides which template's macros a call sees, and what
// super() means.
type openBlock struct {
	name  string
	tpl   *template
	level int
}

// jump says that break or continue was met and the loop has yet to act.
type jump uint8

const (
	jumpNone jump = iota
	jumpBreak
	jumpContinue
)

// checkEvery is how many steps pass between two looks at the context.
const checkEvery = 1024

func (e *Env) render(ctx context.Context, t *template, vars map[string]any) (string, error) {
	linked, err := e.link(t)
	if err != nil {
		return "", err
	}
	r := &run{
		env: e, ctx: ctx, limits: e.opts.Limits, vars: vars,
		tpl: linked, source: linked.root(),
		frames: []frame{{kind: frameOrigin, tpl: t}},
	}
	r.out = make([]byte, 0, min(len(r.source.source), r.limits.Output))
	for _, suffix := range e.opts.Autoescape {
		r.escape = r.escape || strings.HasSuffix(t.name, suffix)
	}
	if err := r.body(r.source.nodes); err != nil {
		return "", r.located(err, 0)
	}
	return string(r.out), nil
}

// located makes err an *Error; at is used when it is not one yet.
func (r *run) located(err error, at int32) error {
	var located *Error
	if errors.As(err, &located) {
		return err
	}
	if u := (undefined{}); errors.As(err, &u) {
		return r.undefinedError(u.path)
	}
	if fatal(err) {
		return r.errorAt(at, err, "rendering was stopped, at a limit on what one template may do or by the caller")
	}
	return r.errorAt(at, err, "rendering failed")
}

// fail returns an error at a place in the template being rendered.
func (r *run) fail(at int32, format string, args ...any) error {
	return r.errorAt(at, nil, format, args...)
}

// errorAt returns an error with a cause. It counts the work of finding the
// line, because the language may swallow the error and go on.
func (r *run) errorAt(at int32, cause error, format string, args ...any) error {
	r.steps += len(r.source.source) / bytesPerStep
	return r.source.errorAt(at, cause, format, args...)
}

// spend counts n steps and, from time to time, looks at the context.
func (r *run) spend(n int) error {
	r.steps += n
	if r.steps < r.nextCheck {
		return nil
	}
	r.nextCheck = min(r.steps+checkEvery, r.limits.Steps+1)
	if r.steps > r.limits.Steps {
		return overLimit(r.limits.Steps, "steps")
	}
	if err := r.ctx.Err(); err != nil {
		return &stopError{err}
	}
	return nil
}

// bytesPerStep is how much intermediate text counts as a step.
const bytesPerStep = 32

// charge counts the size of an intermediate value.
func (r *run) charge(v any) error {
	switch v := v.(type) {
	case string:
		if len(v) > r.limits.Output {
			return overLimit(r.limits.Output, "bytes of output")
		}
		return r.spend(len(v) / bytesPerStep)
	case []any:
		return r.spend(len(v))
	case map[string]any:
		return r.spend(len(v))
	}
	return nil
}

// room is how many bytes may still be written. What the captures around this
// one hold counts as well.
func (r *run) room() int { return r.limits.Output - r.held - len(r.out) }

// write appends s to the output.
func (r *run) write(s string) error {
	if len(s) > r.room() {
		return overLimit(r.limits.Output, "bytes of output")
	}
	r.out = append(r.out, s...)
	return nil
}

// capture runs f with an output of its own and returns what it wrote.
func (r *run) capture(f func() error) (string, error) {
	outer := r.out
	r.out = nil
	r.held += len(outer)
	err := f()
	s := string(r.out)
	r.held -= len(outer)
	r.out = outer
	if err != nil {
		return "", err
	}
	return s, r.charge(s)
}

// enter bounds how deep macros, includes and blocks call each other.
func (r *run) enter() error {
	r.depth++
	if r.depth > r.limits.Depth {
		return overLimit(r.limits.Depth, "nested macros, includes and blocks")
	}
	return nil
}

func (r *run) leave() { r.depth-- }

func (r *run) top() *frame { return &r.frames[len(r.frames)-1] }

func (r *run) push(f frame) { r.frames = append(r.frames, f) }

func (r *run) pop() {
	last := len(r.frames) - 1
	r.frames[last] = frame{}
	r.frames = r.frames[:last]
}

// assign binds name in the innermost scope or, globally, in the innermost
// that is not a loop.
func (r *run) assign(name string, value any, global bool) {
	i := len(r.frames) - 1
	for global && r.frames[i].kind == frameLoop {
		i--
	}
	r.frames[i].set(name, value)
}
