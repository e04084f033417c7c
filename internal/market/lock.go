package market

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// LockFile is the name of the file that pins the packs of a project. It belongs
// under version control.
const LockFile = "sixty.lock"

// Lock pins packs: of each, the version, the source and the digest of the whole
// content.
type Lock struct {
	Packs []LockedPack
}

// LockedPack is one pinned pack.
type LockedPack struct {
	ID      string `hcl:"id,label"`
	Version string `hcl:"version"`
	Source  string `hcl:"source"`
	Digest  string `hcl:"digest"`
	// Constraint is what was asked for, where something was.
	Constraint string `hcl:"constraint,optional"`
	// Dependencies are the ids of the packs that it depends on.
	Dependencies []string `hcl:"dependencies,optional"`
}

// Pins are what a resolution holds to.
type Pins struct {
	Lock *Lock
	// Cache has packs that no source offers any more, or that can't be fetched;
	// nil does without.
	Cache *Cache
	// Strict refuses a pack that the lock does not pin, or pins in a version that
	// does not satisfy a constraint.
	Strict bool
}

// ReadLock reads a lock file; one that does not exist is empty.
func ReadLock(path string) (*Lock, error) {
	src, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Lock{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the lock: %w", err)
	}
	return ParseLock(src, path)
}

// ParseLock reads the text of a lock file; filename is for errors.
func ParseLock(src []byte, filename string) (*Lock, error) {
	fail := func(file *hcl.File, diags hcl.Diagnostics) (*Lock, error) {
		if file == nil {
			file = &hcl.File{Bytes: src}
		}
		return nil, &DiagnosticsError{Diagnostics: diags, Files: map[string]*hcl.File{filename: file}}
	}
	if diags := lang.Guard(src, filename); diags.HasErrors() {
		return fail(nil, diags)
	}
	file, diags := hclsyntax.ParseConfig(src, filename, hcl.InitialPos)
	if diags.HasErrors() {
		return fail(file, diags)
	}
	var f struct {
		Packs []LockedPack `hcl:"pack,block"`
	}
	if diags := gohcl.DecodeBody(file.Body, nil, &f); diags.HasErrors() {
		return fail(file, diags)
	}
	l := &Lock{Packs: f.Packs}
	for i, p := range l.Packs {
		at := file.Body.(*hclsyntax.Body).Blocks[i].DefRange()
		if !validDigest(p.Digest) {
			diags = append(diags, fault(at, "Invalid digest", fmt.Sprintf("The digest %q of %s is not the digest of any content. Remove the block to pin the pack anew.", p.Digest, p.ID)))
		}
		if slices.ContainsFunc(l.Packs[:i], func(q LockedPack) bool { return q.ID == p.ID }) {
			diags = append(diags, fault(at, "Pack pinned twice", fmt.Sprintf("The pack %s has a block above.", p.ID)))
		}
	}
	if diags.HasErrors() {
		return fail(file, diags)
	}
	return l, nil
}

// Find gives the pin of a pack.
func (l *Lock) Find(id string) (LockedPack, bool) {
	i := slices.IndexFunc(l.Packs, func(p LockedPack) bool { return p.ID == id })
	if i < 0 {
		return LockedPack{}, false
	}
	return l.Packs[i], true
}

// Pin sets the pin of a pack that a constraint, which may be empty, asked for, and
// reports whether that changed anything. The source of content that is pinned
// already stays: the same content may come from elsewhere on another machine.
func (l *Lock) Pin(p *Pack, constraint string) bool {
	pin := LockedPack{ID: p.ID, Version: p.Version, Source: p.Source, Digest: p.Digest, Constraint: constraint,
		Dependencies: slices.Sorted(maps.Keys(p.Dependencies))}
	i := slices.IndexFunc(l.Packs, func(q LockedPack) bool { return q.ID == p.ID })
	if i < 0 {
		l.Packs = append(l.Packs, pin)
		slices.SortFunc(l.Packs, func(a, b LockedPack) int { return strings.Compare(a.ID, b.ID) })
		return true
	}
	old := l.Packs[i]
	if old.Digest == pin.Digest {
		pin.Source = old.Source
	}
	l.Packs[i] = pin
	return old.Version != pin.Version || old.Digest != pin.Digest || old.Constraint != pin.Constraint || !slices.Equal(old.Dependencies, pin.Dependencies)
}

// Roots are the pinned packs that no other pinned pack depends on.
func (l *Lock) Roots() []LockedPack {
	return slices.DeleteFunc(slices.Clone(l.Packs), func(p LockedPack) bool {
		return slices.ContainsFunc(l.Packs, func(q LockedPack) bool { return slices.Contains(q.Dependencies, p.ID) })
	})
}

// Check compares a pack with its pin. A pack without one passes; content that
// is not what was pinned does not.
func (l *Lock) Check(p *Pack) error {
	pin, ok := l.Find(p.ID)
	if !ok || pin.Digest == p.Digest {
		return nil
	}
	if pin.Version != p.Version {
		return fmt.Errorf("%s pins %s %s, got %s: `sixty market update` moves the pin", LockFile, p.ID, pin.Version, p.Version)
	}
	return fmt.Errorf("the content of %s %s is not what %s pins:\n  pinned %s\n  got    %s from %s\nA version that was published should not change. If you know why this one did, sixty market update pins it anew",
		p.ID, p.Version, LockFile, pin.Digest, p.Digest, p.Source)
}

// Write replaces a lock file.
func (l *Lock) Write(path string) error {
	f := hclwrite.NewEmptyFile()
	body := f.Body()
	for i, p := range l.Packs {
		if i > 0 {
			body.AppendNewline()
		}
		b := body.AppendNewBlock("pack", []string{p.ID}).Body()
		b.SetAttributeValue("version", cty.StringVal(p.Version))
		b.SetAttributeValue("source", cty.StringVal(p.Source))
		b.SetAttributeValue("digest", cty.StringVal(p.Digest))
		if p.Constraint != "" {
			b.SetAttributeValue("constraint", cty.StringVal(p.Constraint))
		}
		if len(p.Dependencies) > 0 {
			var ids []cty.Value
			for _, id := range p.Dependencies {
				ids = append(ids, cty.StringVal(id))
			}
			b.SetAttributeValue("dependencies", cty.ListVal(ids))
		}
	}
	return replaceFile(path, append([]byte("# Written by sixty. Keep it under version control.\n\n"), hclwrite.Format(f.Bytes())...))
}

// ResolveLocked resolves a pack as a lock has it: the pinned version where there
// is a pin that satisfies the constraint, else as [Catalog.Resolve]. Content
// other than the pinned is refused. The lock itself is not changed.
func (c *Catalog) ResolveLocked(ctx context.Context, id, constraint string, pins Pins) (*Pack, error) {
	pin, ok := LockedPack{}, false
	if pins.Lock != nil {
		pin, ok = pins.Lock.Find(id)
	}
	holds := ok && satisfies(pin.Version, constraint)
	switch {
	case pins.Strict && !ok:
		return nil, fmt.Errorf("%s does not pin %s: a run without --locked does", LockFile, id)
	case pins.Strict && !holds:
		return nil, fmt.Errorf("%s pins %s %s, which does not satisfy %q: a run without --locked moves the pin", LockFile, id, pin.Version, constraint)
	case !holds:
		return c.Resolve(ctx, id, constraint)
	}
	p, err := c.Resolve(ctx, id, "= "+pin.Version)
	if err != nil {
		if kept, keptErr := pins.kept(id, pin); keptErr == nil {
			return kept, nil
		}
		return nil, err
	}
	return p, pins.Lock.Check(p)
}

// kept gives a pinned pack from the cache.
func (p Pins) kept(id string, pin LockedPack) (*Pack, error) {
	if p.Cache == nil {
		return nil, fs.ErrNotExist
	}
	fsys, err := p.Cache.Get(pin.Digest)
	if err != nil {
		return nil, err
	}
	return p.Cache.read(fsys, id, pin.Source)
}

// read reads a pack that the cache keeps, with its signatures.
func (c *Cache) read(fsys fs.FS, id, source string) (*Pack, error) {
	p, err := ReadPack(fsys, id, source)
	if err == nil && p.Signature == nil {
		p.Signature = c.Signature(p.Digest)
	}
	return p, err
}

// Recorded gives the pack that a tree was generated from, by what its record
// says: from the cache, where [Cache.Keep] put it when the tree was generated,
// else from the sources. Content with another digest is not what was rendered
// then, and an error.
func (c *Catalog) Recorded(ctx context.Context, cache *Cache, id, version, digest string) (*Pack, error) {
	if fsys, err := cache.Get(digest); err == nil {
		return cache.read(fsys, id, "cache")
	}
	p, err := c.Resolve(ctx, id, "= "+version)
	if err != nil {
		return nil, fmt.Errorf("find what the tree was generated from: %w", err)
	}
	if p.Digest != digest {
		return nil, fmt.Errorf("the tree was generated from %s %s with the content %s; %s has %s under that version", id, version, digest, p.Source, p.Digest)
	}
	return p, nil
}
