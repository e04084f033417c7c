package codegen

import (
	"bytes"
	"maps"
	"slices"
)

// Hooked is the tree that commands of templates left of what a plan gives, in the
// place of the plan's own: see [Plan.Hooks].
type Hooked struct {
	// Files are all files by path. One that is missing was removed.
	Files map[string][]byte
	// By says which templates named the commands, for messages.
	By string
}

// hooked takes what commands changed of the files that templates generate, as if
// the templates had given that. A file that is not generated as a whole, since
// lines are injected into it or its user keeps it, stays as it is.
func (b *planBuilder) hooked() error {
	h := b.req.Hooked
	if h == nil {
		return nil
	}
	for _, path := range slices.Sorted(maps.Keys(h.Files)) {
		w := b.writes[path]
		if w != nil && (w.Action == Inject || w.Action == Skip || bytes.Equal(w.Content, h.Files[path])) {
			continue
		}
		clean, err := cleanOutput(path)
		if err != nil || clean != path {
			return &Error{File: h.By, Message: "its commands leave a file that can't be an output: " + path, Err: err}
		}
		o := output{path: path, content: h.Files[path], doc: &Document{File: h.By, Front: Frontmatter{To: text{s: path}}, verbatim: true}}
		if w != nil {
			o.doc.Front.Executable = w.Mode&0o100 != 0
			delete(b.writes, path)
		}
		if err := b.add(&o); err != nil {
			return err
		}
	}
	for path, w := range b.writes {
		if _, kept := h.Files[path]; !kept && w.Action != Inject && w.Action != Skip {
			delete(b.writes, path)
			delete(b.record.Files, path)
		}
	}
	return nil
}
