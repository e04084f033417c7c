package cargo

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// maxFoundationBytes bounds the sources that NewFoundation keeps in memory.
const maxFoundationBytes = 64 << 20

// sharedNames are files at the root of a workspace that have a say in how all
// of its members are compiled.
var sharedNames = []string{"clippy.toml", ".clippy.toml", "rust-toolchain", "rust-toolchain.toml"}

// NewFoundation makes the tree that compiles what a project's packages need of
// each other: those that another one depends on are there as they are, with the
// files of their folders that skip leaves in, and the rest as in a [Skeleton],
// as whose Stale the patterns are meant. So it stays the same when only the rest
// changes, or is called otherwise.
//
// It is nil where that gains nothing (no package needs another one, or each is
// needed) or can't be done faithfully: under lockfiles of format 1 and 2, where
// a package has symbolic links or other special files, and where the sources
// have more than 64 MiB.
func NewFoundation(tree fs.FS, skip func(name string, entry fs.DirEntry) bool) (*Skeleton, error) {
	project, lock, data, err := lockedProject(tree)
	if err != nil {
		return nil, err
	}
	names := neutralNames(project, lock)
	needed := project.neededBy(dependencyTables)
	real := map[string]bool{}
	for _, m := range project.Members {
		// A patch takes the place of a package that a needed one may depend on.
		if needed[m.Dir] || names[m.Dir] == "" {
			real[m.Dir] = true
			delete(names, m.Dir)
		}
	}
	if len(real) == 0 || len(real) == len(project.Members) {
		return nil, nil
	}
	s, err := newSkeleton(tree, project, lock, data, names, real)
	if err != nil {
		return nil, err
	}
	c := copier{tree: tree, skip: skip, into: s.Files, left: maxFoundationBytes, packages: map[string]bool{}}
	for _, m := range project.Members {
		c.packages[m.Dir] = true
	}
	for _, m := range project.Members {
		if !real[m.Dir] {
			continue
		}
		if err := c.copy(m.Dir); errors.Is(err, errNotFaithful) {
			return nil, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Dir, err)
		}
	}
	for _, name := range sharedNames {
		if data, err := readBounded(tree, name, MaxManifestBytes); err == nil {
			s.Files[name] = data
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return s, nil
}

// errNotFaithful is that a tree of plain files can't stand for a package's own.
var errNotFaithful = errors.New("not a folder of plain files of a bounded size")

// copier copies packages without the packages below them.
type copier struct {
	tree     fs.FS
	skip     func(name string, entry fs.DirEntry) bool
	into     map[string][]byte
	packages map[string]bool
	left     int64
}

func (c *copier) copy(dir string) error {
	return fs.WalkDir(c.tree, dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == dir:
			return nil
		case c.skip != nil && c.skip(name, entry), entry.IsDir() && c.packages[name]:
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		case name == "Cargo.lock": // the foundation has its own
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || info.Mode().Perm()&0o111 != 0 || info.Size() > c.left {
			return errNotFaithful
		}
		data, err := readBounded(c.tree, name, c.left)
		if err != nil {
			return err
		}
		c.left -= int64(len(data))
		c.into[path.Clean(name)] = data
		return nil
	})
}

// realTables takes over, for packages that are there as they are, what they
// inherit of the workspace.
func realTables(p *Project, workspace map[string]any) {
	w := p.root.table("workspace")
	for _, key := range []string{"package", "lints"} {
		if v, ok := w[key]; ok {
			workspace[key] = v
		}
	}
}

// baseOf is the name in a package id specification.
func baseOf(spec string) string {
	base := strings.FieldsFunc(spec, func(r rune) bool { return r == '@' || r == ':' })
	if len(base) == 0 {
		return ""
	}
	return base[0]
}
