package tera

import (
	"slices"
	"strconv"
)

// lookup finds a variable: innermost scope first, a macro seeing only itself
// and the caller's vars. A scope that has the root but not the rest of the
// path does not hide an outer one that has both.
func (r *run) lookup(p *path) (any, error) {
	steps := p.steps
	if p.dynamic {
		var err error
		if steps, err = r.resolve(p); err != nil {
			return nil, err
		}
	}
	for i := len(r.frames) - 1; i >= 0; i-- {
		f := &r.frames[i]
		for j := range f.vars {
			if f.vars[j].name == p.root {
				if v, ok := walk(f.vars[j].value, steps); ok {
					return v, nil
				}
			}
		}
		if f.loop != nil {
			if v, ok := f.loop.lookup(p.root, steps); ok {
				return v, nil
			}
		}
		if f.kind == frameMacro || f.kind == frameOrigin {
			break
		}
	}
	if root, ok := r.vars[p.root]; ok {
		if v, ok := walk(plain(root), steps); ok {
			return v, nil
		}
	}
	return nil, undefined{p}
}

// undefined says that a variable does not exist. It costs nothing to make, as
// the language often swallows it; located turns it into an *Error.
type undefined struct{ *path }

func (u undefined) Error() string { return "variable `" + u.text + "` is not defined" }

func (r *run) undefinedError(p *path) error {
	names := r.visible()
	if slices.Contains(names, p.root) {
		return r.errorAt(p.at, ErrUndefined, "variable `%s` is not defined: `%s` has no such field or element", p.text, p.root)
	}
	return r.errorAt(p.at, ErrUndefined, "variable `%s` is not defined%s", p.text, suggest(p.root, names))
}

// resolve replaces the steps of p that are variables by their values.
func (r *run) resolve(p *path) ([]step, error) {
	steps := slices.Clone(p.steps)
	for i, s := range steps {
		if s.sub == nil {
			continue
		}
		v, err := r.lookup(s.sub)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case string:
			steps[i] = fixedStep(v)
		case int64:
			steps[i] = fixedStep(strconv.FormatInt(v, 10))
		case uint64, float64:
			steps[i] = fixedStep(display(v))
		default:
			return nil, r.fail(s.sub.at, "`%s` cannot be an index: it is %s, not a string or a number", s.sub.text, kindName(v))
		}
	}
	return steps, nil
}

// walk follows steps into v.
func walk(v any, steps []step) (any, bool) {
	for i := range steps {
		switch c := v.(type) {
		case map[string]any:
			next, ok := c[steps[i].key]
			if !ok {
				return nil, false
			}
			v = plain(next)
		case []any:
			n := steps[i].index
			if n < 0 || n >= len(c) {
				return nil, false
			}
			v = plain(c[n])
		default:
			return nil, false
		}
	}
	return v, true
}

// visible lists the names of the variables in scope.
func (r *run) visible() []string {
	names := keys(r.vars)
	for i := len(r.frames) - 1; i >= 0; i-- {
		f := &r.frames[i]
		for _, b := range f.vars {
			names = append(names, b.name)
		}
		if f.loop != nil {
			names = append(names, f.loop.value, f.loop.key)
		}
		if f.kind == frameMacro {
			break
		}
	}
	return names
}

// loop is the state of a for loop: over items or, when key is set, over the
// keys of a map.
type loop struct {
	key, value string
	keys       []string
	items      []any
	current    int
}

func (l *loop) lookup(root string, steps []step) (any, bool) {
	if root == l.key && len(steps) == 0 && l.key != "" {
		return l.keys[l.current], true
	}
	if root == "loop" {
		if len(steps) != 1 {
			return nil, false
		}
		switch steps[0].key {
		case "index":
			return int64(l.current + 1), true
		case "index0":
			return int64(l.current), true
		case "first":
			return l.current == 0, true
		case "last":
			return l.current == len(l.items)-1, true
		}
		return nil, false
	}
	if root == l.value {
		return walk(plain(l.items[l.current]), steps)
	}
	return nil, false
}

// context returns what __tera_context shows. As in Tera, where two scopes
// bind a name the outer one is shown, and a macro shows only itself.
func (r *run) context() map[string]any {
	all := map[string]any{}
	for i := len(r.frames) - 1; i >= 0; i-- {
		f := &r.frames[i]
		for _, b := range f.vars {
			all[b.name] = b.value
		}
		if l := f.loop; l != nil {
			all[l.value] = l.items[l.current]
			if l.key != "" {
				all[l.key] = l.keys[l.current]
			}
		}
		if f.kind == frameMacro {
			return all
		}
	}
	for name, v := range r.vars {
		if _, ok := all[name]; !ok {
			all[name] = v
		}
	}
	return all
}
