package codegen

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// plan decides what happens to each output.
//
// For one path the first of these that holds decides:
//
//  1. unless_exists and the file exists: skip
//  2. skip_if matches the existing file: skip
//  3. the file is frozen: skip
//  4. inject: the lines are there already: unchanged; else inject
//  5. there is no file: create
//  6. the file has this content: unchanged
//  7. the file is as an earlier run left it, or force: update
//  8. conflict
func (r *run) plan() (*Plan, error) {
	b := newPlanBuilder(r)
	if err := b.addAll(); err != nil {
		return nil, err
	}
	if err := b.hooked(); err != nil {
		return nil, err
	}
	if err := b.stale(); err != nil {
		return nil, err
	}
	return b.finish()
}

type planBuilder struct {
	*run
	writes map[string]*Write
	record Record
	// loose are injections into files that do not exist. They are collected
	// only where there is no output folder to look at (see freshTree).
	loose []*output
	fresh bool
}

func newPlanBuilder(r *run) *planBuilder {
	b := &planBuilder{run: r, writes: map[string]*Write{}, record: Record{
		Version: recordVersion, Pack: r.req.Pack, Dependencies: r.req.Packs, Variables: r.req.Variables, Env: r.req.Env, Files: map[string]RecordedFile{},
	}}
	if r.sawTime {
		epoch := r.req.Epoch.Unix()
		b.record.Epoch = &epoch
	}
	return b
}

func (b *planBuilder) finish() (*Plan, error) {
	if b.req.Remote != nil {
		b.record.Answers = b.req.Remote.Answers()
	}
	p := &Plan{Hooks: b.hooks, Skipped: b.skipped, Warnings: b.warnings, Record: b.record}
	for _, name := range slices.Sorted(maps.Keys(b.writes)) {
		p.Writes = append(p.Writes, *b.writes[name])
	}
	return p, nestedPaths(p.Writes)
}

func (b *planBuilder) addAll() error {
	var faults []error
	// Whole files first, so that an injection finds a file of the same run.
	for _, injecting := range []bool{false, true} {
		for i := range b.outputs {
			if o := &b.outputs[i]; o.doc.Front.Inject == injecting {
				if err := b.add(o); err != nil {
					faults = append(faults, err)
				}
			}
		}
	}
	return errors.Join(faults...)
}

func (b *planBuilder) add(o *output) error {
	d, fm := o.doc, &o.doc.Front
	w := b.writes[o.path]
	if w != nil && !fm.Inject {
		if !b.replaces(o.pack, w.pack) {
			return d.errorAt(fm.To, "output %q is also written by %s", o.path, w.Template)
		}
		w = nil
	}
	if w == nil {
		old, err := existing(b.req.Output, o.path)
		if err != nil {
			return d.errorAt(fm.To, "%v", err)
		}
		w = &Write{Path: o.path, Template: d.place(), Mode: 0o644, Old: old, pack: o.pack}
		if fm.Executable {
			w.Mode = 0o755
		}
	}
	skip, err := b.keeps(o, w)
	if err != nil {
		return err
	}
	if skip != "" {
		if b.writes[o.path] == nil {
			w.Action, w.Reason = Skip, skip
			b.keepRecord(o.path)
			b.writes[o.path] = w
		}
		return nil
	}
	switch {
	case fm.Inject:
		err = b.inject(o, w)
	case d.sections:
		err = b.sections(o, w)
	default:
		err = b.whole(o, w)
	}
	if err != nil || w.Action == "" {
		return err
	}
	b.writes[o.path] = w
	return b.freezeSlot(o, w)
}

// keeps gives the reason for which the existing file is left alone, or "".
func (b *planBuilder) keeps(o *output, w *Write) (string, error) {
	d, fm := o.doc, &o.doc.Front
	current := w.Old
	if w.Content != nil { // an injection into a file of this run
		current = w.Content
	}
	if current == nil {
		return "", nil
	}
	if fm.UnlessExists {
		return "unless_exists: the file exists", nil
	}
	if fm.SkipIf != nil {
		_, found, err := fm.SkipIf.find(string(current), o.front.skipIf, "file")
		if err != nil {
			return "", d.errorAt(fm.SkipIf.Pattern, "skip_if: %v", err)
		}
		if found {
			return "skip_if: the file matches", nil
		}
	}
	switch fm.FreezePolicy {
	case FreezeAlways:
		if w.Old == nil {
			return "", nil
		}
		if bytes.Equal(w.Old, o.content) {
			return "frozen", nil
		}
		return "frozen, though the templates would now give another content", nil
	case FreezeChecksum:
		slot, err := b.slot(o)
		if err != nil {
			return "", err
		}
		sum, err := existing(b.req.Output, slot)
		if err != nil {
			return "", d.errorAt(fm.FreezeSlotsDir, "freeze_slots_dir: %v", err)
		}
		if sum != nil && w.Old != nil && strings.TrimSpace(string(sum)) != digest(w.Old) {
			return "frozen: the file was edited since its checksum was taken", nil
		}
	}
	return "", nil
}

// whole decides about an output that is a whole file.
func (b *planBuilder) whole(o *output, w *Write) error {
	fm := &o.doc.Front
	w.Content, w.owned = o.content, true
	recorded, known := b.req.Record.Files[o.path]
	switch {
	case w.Old == nil:
		w.Action, w.Reason = Create, "new"
		if known {
			w.Reason = "was deleted"
		}
	case bytes.Equal(w.Old, o.content):
		w.Action, w.Reason = Unchanged, "same content"
	case known && !recorded.Injected && recorded.SHA256 == digest(w.Old):
		w.Action, w.Reason = Update, "generated earlier and not edited"
	case fm.FreezePolicy == FreezeChecksum && b.slotMatches(o, w.Old):
		w.Action, w.Reason = Update, "matches its checksum"
	case fm.Force:
		w.Action, w.Reason = Update, "force"
	case known:
		w.Action, w.Reason = Conflict, "edited since it was generated"
	default:
		w.Action, w.Reason = Conflict, "exists and was not generated"
	}
	if fm.Backup && w.Action == Update {
		w.Backup = o.path + ".bak"
	}
	b.record.Files[o.path] = RecordedFile{SHA256: digest(o.content), Template: o.doc.place()}
	return nil
}

// sections decides about an output that keeps its manual section.
func (b *planBuilder) sections(o *output, w *Write) error {
	merged, kept, err := mergeSections(o.content, w.Old)
	if err != nil {
		return o.doc.errorAt(o.doc.Front.To, "%q: %v", o.path, err)
	}
	o.content = merged
	if err := b.whole(o, w); err != nil {
		return err
	}
	if w.Action == Update && !kept {
		w.Action, w.Reason = Conflict, "exists without a "+generatedMark+" section"
	}
	return nil
}

// inject decides about an output that is inserted into a file.
func (b *planBuilder) inject(o *output, w *Write) error {
	d, fm := o.doc, &o.doc.Front
	base := w.Content
	if base == nil {
		base = w.Old
	}
	if base == nil && b.fresh {
		b.loose = append(b.loose, o)
		return nil
	}
	if base == nil {
		return d.errorAt(fm.To, "inject: %q does not exist: create it first, or drop `inject`", o.path)
	}
	if _, recorded := b.record.Files[o.path]; !recorded {
		b.record.Files[o.path] = RecordedFile{SHA256: digest(o.content), Injected: true, Template: d.place()}
	}
	if containsLines(string(base), string(o.content)) {
		if w.Content == nil {
			w.Action, w.Reason, w.Content = Unchanged, "the lines are there", base
		}
		return nil
	}
	at, err := injectionLine(o, string(base))
	if err != nil {
		return err
	}
	content := inject(string(base), string(o.content), at)
	if len(content) > maxExistingSize {
		return d.errorAt(fm.To, "inject: %q would be over %d bytes", o.path, maxExistingSize)
	}
	if w.Content != nil && w.owned {
		// The file itself comes from this run: decide anew with the whole of it.
		whole := &output{path: o.path, content: []byte(content), doc: &Document{File: d.File, Line: d.Line, Front: Frontmatter{Force: w.Reason == "force"}}}
		template := b.record.Files[o.path].Template
		if err := b.whole(whole, w); err != nil {
			return err
		}
		rec := b.record.Files[o.path]
		rec.Template = template
		b.record.Files[o.path] = rec
		return nil
	}
	w.Action, w.Reason, w.Content = Inject, "lines are inserted", []byte(content)
	if w.Old != nil && fm.Backup {
		w.Backup = o.path + ".bak"
	}
	return nil
}

// injectionLine gives the index of the line before which to insert.
func injectionLine(o *output, base string) (int, error) {
	d, fm := o.doc, &o.doc.Front
	count := len(splitLines(base))
	switch {
	case fm.Before != nil || fm.After != nil:
		m, pattern, key := fm.Before, o.front.before, "before"
		if m == nil {
			m, pattern, key = fm.After, o.front.after, "after"
		}
		s, found, err := m.find(base, pattern, "line")
		if err != nil {
			return 0, d.errorAt(m.Pattern, "%s: %v", key, err)
		}
		if !found {
			return 0, d.errorAt(m.Pattern, "%s: nothing in %q matches %q", key, o.path, pattern)
		}
		if key == "before" {
			return s.first, nil
		}
		return min(s.last+1, count), nil
	case fm.AtLine > 0:
		if fm.AtLine > count+1 {
			return 0, d.errorAt(fm.To, "at_line: %q has %d lines, so at_line may be 1 to %d", o.path, count, count+1)
		}
		return fm.AtLine - 1, nil
	case fm.Prepend:
		return 0, nil
	}
	return count, nil
}

// slot is the path of the checksum of an output under freeze_policy: checksum.
func (b *planBuilder) slot(o *output) (string, error) {
	name, err := cleanOutput(strings.TrimSuffix(o.front.slots, "/") + "/" + o.path + ".sha256")
	if err != nil {
		return "", o.doc.errorAt(o.doc.Front.FreezeSlotsDir, "freeze_slots_dir: %v", err)
	}
	return name, nil
}

func (b *planBuilder) slotMatches(o *output, old []byte) bool {
	name, err := b.slot(o)
	if err != nil {
		return false
	}
	sum, err := existing(b.req.Output, name)
	return err == nil && sum != nil && strings.TrimSpace(string(sum)) == digest(old)
}

// freezeSlot writes the checksum of an output that was just decided.
func (b *planBuilder) freezeSlot(o *output, w *Write) error {
	if o.doc.Front.FreezePolicy != FreezeChecksum || w.Content == nil {
		return nil
	}
	name, err := b.slot(o)
	if err != nil {
		return err
	}
	old, err := existing(b.req.Output, name)
	if err != nil {
		return o.doc.errorAt(o.doc.Front.FreezeSlotsDir, "freeze_slots_dir: %v", err)
	}
	s := &Write{Path: name, Template: o.doc.place(), Mode: 0o644, Old: old, Content: []byte(digest(w.Content) + "\n"), Reason: "checksum of " + o.path, owned: true}
	switch {
	case old == nil:
		s.Action = Create
	case bytes.Equal(old, s.Content):
		s.Action = Unchanged
	default:
		s.Action = Update
	}
	b.writes[name] = s
	b.record.Files[name] = RecordedFile{SHA256: digest(s.Content), Template: o.doc.place()}
	return nil
}

// keepRecord carries what an earlier run recorded of a path over.
func (b *planBuilder) keepRecord(path string) {
	if rec, ok := b.req.Record.Files[path]; ok {
		b.record.Files[path] = rec
	}
}

// stale removes the files that an earlier run made, this one does not, and
// nobody edited.
func (b *planBuilder) stale() error {
	for name, rec := range b.req.Record.Files {
		if _, ok := b.writes[name]; ok || rec.Injected {
			continue
		}
		clean, err := cleanOutput(name)
		if err != nil || clean != name {
			return fmt.Errorf("%s names a file outside the output folder: %q", RecordPath, name)
		}
		old, err := existing(b.req.Output, name)
		if err != nil {
			return err
		}
		if old == nil {
			continue
		}
		w := &Write{Path: name, Action: Skip, Old: old, Reason: "no longer generated, but edited"}
		if rec.SHA256 == digest(old) {
			w.Action, w.Reason, w.owned = Remove, "no longer generated", true
		}
		b.writes[name] = w
	}
	return nil
}

// nestedPaths refuses a plan in which one output is a folder of another.
func nestedPaths(writes []Write) error {
	for i := range writes {
		if writes[i].Action == Remove {
			continue
		}
		prefix := writes[i].Path + "/"
		at, _ := slices.BinarySearchFunc(writes, prefix, func(w Write, p string) int { return strings.Compare(w.Path, p) })
		if at < len(writes) && strings.HasPrefix(writes[at].Path, prefix) && writes[at].Action != Remove {
			return fmt.Errorf("%s and %s can't both be written: %q is a file in one and a folder in the other (%s, %s)",
				writes[i].Path, writes[at].Path, writes[i].Path, writes[i].Template, writes[at].Template)
		}
	}
	return nil
}
