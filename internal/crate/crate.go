// Package crate is the Rust package or workspace at hand: its project, its
// lockfile and its source tree, read from a folder and not changed.
package crate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/cargo"
)

// LockName is the lockfile's name.
const LockName = "Cargo.lock"

// ErrNoLock is that a crate has no lockfile, so its dependencies are not
// pinned.
var ErrNoLock = errors.New("there is no " + LockName)

// Crate is a package or workspace.
type Crate struct {
	// Dir is the root of the tree, absolute: the workspace's folder.
	Dir     string
	Project *cargo.Project
	// Name and Version are those of the package that was asked for; a
	// workspace without a root package has its folder's name and no version.
	Name    string
	Version string
	// Lock is the parsed lockfile, nil when there is none.
	Lock *cargo.Lock
}

// Open reads the crate that a manifest belongs to.
func Open(manifest string) (*Crate, error) {
	if st, err := os.Stat(manifest); err != nil {
		return nil, fmt.Errorf("open the crate: %w", err)
	} else if st.IsDir() {
		manifest = filepath.Join(manifest, "Cargo.toml")
	}
	dir, pkg, err := cargo.Locate(manifest)
	if err != nil {
		return nil, err
	}
	c := &Crate{Dir: dir, Name: filepath.Base(dir)}
	if c.Project, err = cargo.LoadProject(c.tree()); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	for _, m := range c.Project.Members {
		if m.Dir == pkg {
			c.Name, c.Version = m.Name, m.Version
		}
	}
	lock, err := os.ReadFile(filepath.Join(dir, LockName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c, nil
	case err != nil:
		return nil, fmt.Errorf("open the crate: %w", err)
	}
	if c.Lock, err = cargo.ParseLock(lock); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, LockName), err)
	}
	return c, nil
}

func (c *Crate) tree() fs.FS { return os.DirFS(c.Dir) }

// Pack stores the source tree. Build products (any folder that says it is a
// cache, as cargo's target does), version control and sixty's own record stay
// out.
func (c *Crate) Pack(store *blob.Store) (blob.Blob, error) {
	b, err := store.PutTree(c.tree(), c.skip)
	if err != nil {
		return blob.Blob{}, fmt.Errorf("pack the source of %s: %w", c.Name, err)
	}
	return b, nil
}

// cacheSignature begins a CACHEDIR.TAG, https://bford.info/cachedir/.
const cacheSignature = "Signature: 8a477f597d28d172789f06886806bc55"

func (c *Crate) skip(name string, entry fs.DirEntry) bool {
	switch path.Base(name) {
	case ".git", ".hg", ".jj", ".svn", ".sixty":
		return true
	}
	if !entry.IsDir() {
		return false
	}
	tag, err := os.ReadFile(filepath.Join(c.Dir, filepath.FromSlash(name), "CACHEDIR.TAG"))
	return err == nil && strings.HasPrefix(string(tag), cacheSignature)
}

// Skeleton is the least tree that compiles the dependencies.
func (c *Crate) Skeleton() (*cargo.Skeleton, error) { return cargo.NewSkeleton(c.tree()) }

// Sources are the crates that the lockfile pins. The error is ErrNoLock when
// there is no lockfile.
func (c *Crate) Sources() (cargo.SourceSet, error) {
	if c.Lock == nil {
		return cargo.SourceSet{}, ErrNoLock
	}
	return cargo.Sources(c.Lock, nil)
}

// Value is the crate as pipelines see it: crate.name, crate.version,
// crate.members as a list of { name, version, dir }, and lists of
// { package, name } for bins, examples and benches.
func (c *Crate) Value() cty.Value {
	lists := map[cargo.TargetKind][]cty.Value{}
	var members []cty.Value
	for _, m := range c.Project.Members {
		if !m.InWorkspace {
			continue
		}
		members = append(members, cty.ObjectVal(map[string]cty.Value{
			"name": cty.StringVal(m.Name), "version": cty.StringVal(m.Version), "dir": cty.StringVal(m.Dir),
		}))
		for _, t := range m.Targets {
			if len(t.RequiredFeatures) > 0 {
				continue
			}
			lists[t.Kind] = append(lists[t.Kind], cty.ObjectVal(map[string]cty.Value{
				"package": cty.StringVal(m.Name), "name": cty.StringVal(t.Name),
			}))
		}
	}
	list := func(kind cargo.TargetKind) cty.Value {
		if len(lists[kind]) == 0 {
			return cty.ListValEmpty(cty.Object(map[string]cty.Type{"package": cty.String, "name": cty.String}))
		}
		return cty.ListVal(lists[kind])
	}
	return cty.ObjectVal(map[string]cty.Value{
		"name": cty.StringVal(c.Name), "version": cty.StringVal(c.Version),
		"workspace": cty.BoolVal(c.Project.Workspace), "members": cty.ListVal(members),
		"bins": list(cargo.TargetBin), "examples": list(cargo.TargetExample), "benches": list(cargo.TargetBench),
	})
}
