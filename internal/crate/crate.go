// Package crate is the Rust package or workspace at hand: its project, its
// lockfile and its source tree, read from a folder and not changed.
package crate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zclconf/go-cty/cty"

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
	// Only are the members that a run is limited to, by name; nil means all.
	Only []string
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
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the crate: %w", err)
	}
	defer root.Close()
	if c.Project, err = cargo.LoadProject(root.FS()); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	for _, m := range c.Project.Members {
		if m.Dir == pkg {
			c.Name, c.Version = m.Name, m.Version
		}
	}
	if c.Lock, err = readLock(root); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, LockName), err)
	}
	return c, nil
}

// readLock parses the lockfile below root; nil when there is none.
func readLock(root *os.Root) (*cargo.Lock, error) {
	f, err := root.Open(LockName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// One byte more than a lockfile may have, so that ParseLock refuses it.
	text, err := io.ReadAll(io.LimitReader(f, cargo.MaxLockBytes+1))
	if err != nil {
		return nil, err
	}
	return cargo.ParseLock(text)
}

// Skeleton is the least tree that compiles the dependencies.
func (c *Crate) Skeleton() (*cargo.Skeleton, error) {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the crate: %w", err)
	}
	defer root.Close()
	return cargo.NewSkeleton(root.FS())
}

// Foundation is the tree with the packages that others of the project need, as
// [cargo.NewFoundation] has it: nil where there is none, and where the run is
// limited to some members, whose dependencies are compiled for them alone. The
// files of except are no source, as for [Crate.Pack].
func (c *Crate) Foundation(except ...string) (*cargo.Skeleton, error) {
	if c.Only != nil {
		return nil, nil
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the crate: %w", err)
	}
	defer root.Close()
	p := c.packer(root.FS(), except)
	return cargo.NewFoundation(p.tree, p.skip)
}

// Sources are the crates that the lockfile pins, with registries as
// cargo.Sources takes them. The error is ErrNoLock when there is no lockfile.
func (c *Crate) Sources(registries map[string]cargo.RegistryConfig) (cargo.SourceSet, error) {
	if c.Lock == nil {
		return cargo.SourceSet{}, ErrNoLock
	}
	return cargo.Sources(c.Lock, registries)
}

// Value is the crate as pipelines see it: crate.name, crate.version,
// crate.members as a list of { name, version, dir, needed, host } (see
// cargo.Project.Needed and Host), lists of { package, name } for bins, examples
// and benches, crate.packed (see cargo.Project.PackedManifest) and
// crate.test_profile. Targets that need features are left out, since a plain
// build does not make them. crate.selection are the arguments that make cargo
// work on the members that the run is limited to.
func (c *Crate) Value() cty.Value {
	lists := map[cargo.TargetKind][]cty.Value{}
	var members []cty.Value
	for _, m := range c.Project.Members {
		if !m.InWorkspace {
			continue
		}
		members = append(members, cty.ObjectVal(map[string]cty.Value{
			"name": cty.StringVal(m.Name), "version": cty.StringVal(m.Version), "dir": cty.StringVal(m.Dir),
			"needed": cty.BoolVal(c.Project.Needed(m)), "host": cty.BoolVal(c.Project.Host(m)),
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
	selection := []cty.Value{cty.StringVal("--workspace")}
	if c.Only != nil {
		selection = nil
		for _, name := range c.Only {
			selection = append(selection, cty.StringVal("--package"), cty.StringVal(name))
		}
	}
	return cty.ObjectVal(map[string]cty.Value{
		"selection": list(selection, cty.String),
		"name":      cty.StringVal(c.Name), "version": cty.StringVal(c.Version),
		"workspace": cty.BoolVal(c.Project.Workspace), "members": list(members, memberType),
		"packed":       cty.StringVal(c.Project.PackedManifest()),
		"test_profile": cty.StringVal(c.Project.TestProfile),
		"bins":         list(lists[cargo.TargetBin], targetType),
		"examples":     list(lists[cargo.TargetExample], targetType),
		"benches":      list(lists[cargo.TargetBench], targetType),
	})
}

var (
	targetType = cty.Object(map[string]cty.Type{"package": cty.String, "name": cty.String})
	memberType = cty.Object(map[string]cty.Type{"name": cty.String, "version": cty.String, "dir": cty.String, "needed": cty.Bool, "host": cty.Bool})
)

// Unknown is what Value gives for a crate of which nothing is known but the
// form.
func Unknown() cty.Value {
	return cty.UnknownVal(cty.Object(map[string]cty.Type{
		"selection": cty.List(cty.String),
		"name":      cty.String, "version": cty.String, "workspace": cty.Bool, "members": cty.List(memberType),
		"packed": cty.String, "test_profile": cty.String,
		"bins": cty.List(targetType), "examples": cty.List(targetType), "benches": cty.List(targetType),
	}))
}

// list is a list of a type also when it is empty.
func list(values []cty.Value, of cty.Type) cty.Value {
	if len(values) == 0 {
		return cty.ListValEmpty(of)
	}
	return cty.ListVal(values)
}
