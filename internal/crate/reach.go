package crate

import (
	"path"
	"slices"
	"strings"
)

// Reach is what a change can reach in a workspace.
type Reach struct {
	// Selected are the members that it can reach, by name, in the order of
	// their folders; Rest are the others.
	Selected, Rest []string
	// Because says for each selected member how it is reached: by a file of its
	// own, or through a package that it depends on.
	Because map[string]string
}

// All selects every member, for one reason.
func (c *Crate) All(because string) Reach {
	r := Reach{Because: map[string]string{}}
	for _, m := range c.Project.Members {
		if m.InWorkspace {
			r.Selected = append(r.Selected, m.Name)
			r.Because[m.Name] = because
		}
	}
	return r
}

// Reach tells which members a change of files can reach: those that own a file,
// and those that depend on one of them, by any kind of dependency, as Cargo.lock
// says. Files are relative to the crate's folder, with slashes. What is not below
// a package's folder, every manifest, the lockfile and cargo's and the
// toolchain's configuration can reach everything. A package that reads another
// package's files without depending on it is not seen.
func (c *Crate) Reach(files []string) Reach {
	if c.Lock == nil {
		return c.All("there is no " + LockName + " that says what depends on what")
	}
	because := map[string]string{} // by package, members and path dependencies
	for _, file := range files {
		if reachesAll(file) {
			return c.All(file)
		}
		owner, ok := c.owner(file)
		if !ok {
			return c.All(file)
		}
		if _, known := because[owner]; !known {
			because[owner] = file
		}
	}
	c.spread(because)
	r := Reach{Because: map[string]string{}}
	for _, m := range c.Project.Members {
		if !m.InWorkspace {
			continue
		}
		why, reached := because[m.Name]
		if !reached {
			r.Rest = append(r.Rest, m.Name)
			continue
		}
		r.Selected = append(r.Selected, m.Name)
		r.Because[m.Name] = why
	}
	return r
}

// reachesAll tells whether a file has a meaning for packages that it does not
// belong to.
func reachesAll(file string) bool {
	switch path.Base(file) {
	case "Cargo.toml", LockName, "rust-toolchain", "rust-toolchain.toml", "clippy.toml", ".clippy.toml", "rustfmt.toml", ".rustfmt.toml":
		return true
	}
	return slices.Contains(strings.Split(path.Dir(file), "/"), ".cargo")
}

// owner is the package in the deepest folder that holds a file.
func (c *Crate) owner(file string) (string, bool) {
	best, name := -1, ""
	for _, m := range c.Project.Members {
		depth := strings.Count(m.Dir, "/") + 1
		if m.Dir == "." {
			depth = 0
		}
		if (m.Dir == "." || strings.HasPrefix(file, m.Dir+"/")) && depth > best {
			best, name = depth, m.Name
		}
	}
	return name, best >= 0
}

// spread follows dependencies of the packages of the tree backwards.
func (c *Crate) spread(because map[string]string) {
	for again := true; again; {
		again = false
		for _, p := range c.Lock.Packages {
			if _, known := because[p.Name]; known || p.Source != nil {
				continue
			}
			for _, i := range p.Dependencies {
				dep := c.Lock.Packages[i]
				if _, reached := because[dep.Name]; reached && dep.Source == nil {
					because[p.Name] = "depends on " + dep.Name
					again = true
					break
				}
			}
		}
	}
}
