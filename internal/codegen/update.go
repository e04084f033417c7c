package codegen

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// UpdateRequest asks to bring a generated tree up to newer templates.
type UpdateRequest struct {
	// Base is the run that generated the tree, as its record tells: the same
	// templates and values. Its output folder and record are not looked at.
	Base Request
	// New is the run to update to, with the output folder as it is now.
	New Request
	// OurLabel and TheirLabel stand at conflict markers.
	OurLabel, TheirLabel string
}

// UpdatePlan plans an update by three-way merge: what changed from Base to New
// is brought into the output folder as it is now, and what a user changed there
// stays.
//
// For one path, with base, ours (the folder) and theirs (New):
//
//   - ours is as base: theirs is written, or the file removed
//   - theirs is as base: ours stays, also when ours was deleted
//   - both changed: [Merge], or [Marked] where the changes contradict
//   - a user's file stays when theirs no longer has it
//
// A binary file that both changed stays as it is, as a [Skip] that says so.
func UpdatePlan(ctx context.Context, u UpdateRequest) (*Plan, error) {
	base, err := newFreshTree(ctx, u.Base)
	if err != nil {
		return nil, fmt.Errorf("render what was generated before: %w", err)
	}
	next, err := newFreshTree(ctx, u.New)
	if err != nil {
		return nil, err
	}
	// The fresh trees were made without a look at the output folder; from here
	// on, decisions look at it.
	next.run.req.Output = u.New.Output
	m := &updater{UpdateRequest: u, base: base, next: next, b: newPlanBuilder(next.run)}
	paths := slices.Concat(slices.Collect(maps.Keys(base.files)), slices.Collect(maps.Keys(next.files)))
	slices.Sort(paths)
	for _, p := range slices.Compact(paths) {
		if err := m.file(p); err != nil {
			return nil, err
		}
	}
	for i, o := range next.loose {
		if err := m.injection(i, o); err != nil {
			return nil, err
		}
	}
	return m.b.finish()
}

// freshTree is what a run gives in an empty folder.
type freshTree struct {
	run   *run
	files map[string]*Write
	whole map[string]*output // the outputs that are whole files
	// loose are the injections into files that the run itself does not make.
	loose []*output
}

func newFreshTree(ctx context.Context, req Request) (*freshTree, error) {
	req.Output, req.Record = nil, Record{}
	r, err := renderAll(ctx, req)
	if err != nil {
		return nil, err
	}
	b := newPlanBuilder(r)
	b.fresh = true
	if err := b.addAll(); err != nil {
		return nil, err
	}
	if err := b.hooked(); err != nil {
		return nil, err
	}
	t := &freshTree{run: r, files: b.writes, whole: map[string]*output{}, loose: b.loose}
	for i := range r.outputs {
		if o := &r.outputs[i]; !o.doc.Front.Inject {
			t.whole[o.path] = o
		}
	}
	return t, nil
}

type updater struct {
	UpdateRequest
	base, next *freshTree
	b          *planBuilder
}

// file decides about one whole file.
func (m *updater) file(path string) error {
	var base, theirs []byte
	w := &Write{Path: path, Mode: 0o644}
	if f := m.base.files[path]; f != nil {
		base, w.Template, w.Mode = f.Content, f.Template, f.Mode
	}
	f := m.next.files[path]
	if f != nil {
		theirs, w.Template, w.Mode = f.Content, f.Template, f.Mode
		m.b.record.Files[path] = RecordedFile{SHA256: digest(theirs), Template: f.Template}
	}
	var err error
	if w.Old, err = existing(m.New.Output, path); err != nil {
		return err
	}
	if reason, err := m.keeps(path, w); err != nil || reason != "" {
		w.Action, w.Reason = Skip, reason
		m.b.writes[path] = w
		return err
	}
	m.merge(w, base, theirs)
	if w.Action == Remove && w.Old == nil {
		return nil
	}
	m.b.writes[path] = w
	return nil
}

// keeps applies the keys of the frontmatter that leave an existing file alone.
func (m *updater) keeps(path string, w *Write) (string, error) {
	o := m.next.whole[path]
	if w.Old == nil || o == nil {
		return "", nil
	}
	return m.b.keeps(o, &Write{Path: path, Old: w.Old})
}

func (m *updater) merge(w *Write, base, theirs []byte) {
	ours := w.Old
	same := func(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
	set := func(action Action, reason string, content []byte) {
		w.Action, w.Reason, w.Content = action, reason, content
	}
	switch {
	case same(ours, theirs) && theirs == nil:
		set(Remove, "gone on both sides", nil)
	case same(ours, theirs):
		set(Unchanged, "same content", theirs)
	case theirs == nil && same(ours, base):
		set(Remove, "no longer generated", nil)
	case theirs == nil:
		set(Skip, "no longer generated, but edited: yours now", nil)
	case ours == nil && base == nil:
		set(Create, "new", theirs)
	case ours == nil && same(base, theirs):
		set(Skip, "you deleted it", nil)
	case ours == nil:
		set(Skip, "you deleted it, though it changed since", nil)
	case same(ours, base):
		set(Update, "not edited", theirs)
	case same(theirs, base):
		set(Skip, "only you changed it", nil)
	case isBinary(ours) || isBinary(theirs) || isBinary(base):
		set(Skip, "both sides changed a binary file: yours stays", nil)
	default:
		merged, conflicts := merge3(string(base), string(ours), string(theirs), m.OurLabel, m.TheirLabel)
		switch {
		case conflicts > 0:
			set(Marked, fmt.Sprintf("conflicts to resolve: %d", conflicts), []byte(merged))
		case merged == string(ours):
			set(Unchanged, "your edits have it already", ours)
		default:
			set(Merge, "merged with your edits", []byte(merged))
		}
	}
}

// injection brings one injection into a user's own file up to date: lines that
// the base injected give way to the new ones, else the new ones are inserted.
func (m *updater) injection(i int, o *output) error {
	w := m.b.writes[o.path]
	if w == nil {
		old, err := existing(m.New.Output, o.path)
		if err != nil {
			return err
		}
		w = &Write{Path: o.path, Template: o.doc.place(), Mode: 0o644, Old: old}
	}
	current := w.Content
	if current == nil {
		current = w.Old
	}
	if before := m.injectedBefore(i, o); before != "" && current != nil && !containsLines(string(current), string(o.content)) {
		if replaced, ok := replaceLines(string(current), before, string(o.content)); ok {
			w.Action, w.Reason, w.Content = Inject, "lines are replaced", []byte(replaced)
			m.b.writes[o.path] = w
			m.b.record.Files[o.path] = RecordedFile{SHA256: digest(o.content), Injected: true, Template: o.doc.place()}
			return nil
		}
	}
	return m.b.add(o)
}

// injectedBefore gives what the base injected in the place of o: the injection
// into the same file with the same number among those.
func (m *updater) injectedBefore(i int, o *output) string {
	nth := 0
	for _, p := range m.next.loose[:i] {
		if p.path == o.path {
			nth++
		}
	}
	for _, p := range m.base.loose {
		if p.path != o.path {
			continue
		}
		if nth == 0 {
			return string(p.content)
		}
		nth--
	}
	return ""
}

// replaceLines replaces the first run of the lines of before.
func replaceLines(content, before, after string) (string, bool) {
	have, want := splitKeep(content), splitLines(before)
	if len(want) == 0 {
		return "", false
	}
next:
	for i := 0; i+len(want) <= len(have); i++ {
		for j, line := range want {
			if strings.TrimRight(have[i+j], "\r\n") != line {
				continue next
			}
		}
		eol := "\n"
		if strings.Contains(content, "\r\n") {
			eol = "\r\n"
		}
		var b strings.Builder
		b.WriteString(strings.Join(have[:i], ""))
		for _, line := range splitLines(after) {
			b.WriteString(line + eol)
		}
		b.WriteString(strings.Join(have[i+len(want):], ""))
		return b.String(), true
	}
	return "", false
}

// Drift gives what keeps an output folder from being what its templates and
// values give, for a check in CI: files that a run would change. Frontmatter
// keys that leave a file to its user are respected.
func (p *Plan) Drift() []Write {
	var out []Write
	for _, w := range p.Writes {
		if w.writes() {
			out = append(out, w)
		}
	}
	return out
}
