package tera

import (
	"slices"
	"strings"
)

// linkedTemplate is a template together with what it extends and imports.
type linkedTemplate struct {
	*template
	// parents are the templates it extends, closest first.
	parents []*template
	// namespaces maps the namespaces that macro calls in it may use to the
	// templates that define the macros.
	namespaces map[string]*template
}

// root is the template whose text is rendered: the last parent, or t itself.
func (t *linkedTemplate) root() *template {
	if n := len(t.parents); n > 0 {
		return t.parents[n-1]
	}
	return t.template
}

// link resolves t, once.
func (e *Env) link(t *template) (*linkedTemplate, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.linkLocked(t, nil)
}

// linkLocked resolves t; path holds the templates being linked, outermost
// first.
func (e *Env) linkLocked(t *template, path []string) (*linkedTemplate, error) {
	if l := e.linked[t.name]; l != nil && l.template == t {
		return l, nil
	}
	l := &linkedTemplate{template: t, namespaces: map[string]*template{}}
	if err := e.linkParents(l); err != nil {
		return nil, err
	}
	path = append(slices.Clip(path), t.name)
	if len(t.macros) > 0 {
		l.namespaces["self"] = t
	}
	for _, im := range t.imports {
		source, ok := e.templates[im.file]
		if !ok {
			return nil, t.errorAt(im.at, ErrTemplateNotFound, "the imported template `%s` does not exist%s", im.file, suggest(im.file, keys(e.templates)))
		}
		if slices.Contains(path, im.file) {
			return nil, t.errorAt(im.at, nil, "templates import each other in a circle: %s", strings.Join(append(path, im.file), " → "))
		}
		l.namespaces[im.namespace] = source
		if err := e.adopt(l, source, path); err != nil {
			return nil, err
		}
	}
	for _, parent := range l.parents {
		if slices.Contains(path, parent.name) {
			return nil, t.errorAt(t.parent.at, nil, "templates extend and import each other in a circle: %s", strings.Join(append(path, parent.name), " → "))
		}
		if err := e.adopt(l, parent, path); err != nil {
			return nil, err
		}
	}
	if e.templates[t.name] == t {
		e.linked[t.name] = l
	}
	return l, nil
}

// adopt makes the namespaces of from usable in l, where they are not taken.
func (e *Env) adopt(l *linkedTemplate, from *template, path []string) error {
	linked, err := e.linkLocked(from, path)
	if err != nil {
		return err
	}
	for namespace, source := range linked.namespaces {
		if l.namespaces[namespace] == nil {
			l.namespaces[namespace] = source
		}
	}
	return nil
}

func (e *Env) linkParents(l *linkedTemplate) error {
	seen := []string{l.name}
	for t := l.template; t.parent != nil; {
		parent, ok := e.templates[t.parent.name]
		if !ok {
			return t.errorAt(t.parent.at, ErrTemplateNotFound, "the extended template `%s` does not exist%s", t.parent.name, suggest(t.parent.name, keys(e.templates)))
		}
		if slices.Contains(seen, parent.name) {
			return t.errorAt(t.parent.at, nil, "templates extend each other in a circle: %s", strings.Join(append(seen, parent.name), " → "))
		}
		seen = append(seen, parent.name)
		l.parents = append(l.parents, parent)
		t = parent
	}
	return nil
}
