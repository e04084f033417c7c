package cargo

import (
	"maps"
	"path"

	"github.com/pelletier/go-toml/v2"
)

// PackedManifest is the Cargo.toml of a workspace whose members are what cargo
// package made of the project's packages, each unpacked to the folder
// NAME-VERSION beside it. Packages lose in their archives what only a
// workspace's root may say: profiles stand here again, so that a build is the
// project's own, and packages find those that they depend on here, as in no
// registry yet.
//
// It does not name packages that no other one needs, so that it stays the same
// when they are called otherwise.
//
// It is empty where there is one package, at the root: its archive says all of
// that by itself.
func (p *Project) PackedManifest() string {
	packed := map[string]string{} // package by folder
	names := map[string]string{}
	for _, m := range p.Members {
		if m.InWorkspace {
			packed[m.Dir], names[m.Dir] = m.Name+"-"+m.Version, m.Name
		}
	}
	if _, root := packed["."]; root && len(packed) == 1 {
		return ""
	}
	siblings := map[string]any{}
	for dir := range p.neededBy(dependencyTables) {
		if name, ok := names[dir]; ok {
			siblings[name] = map[string]any{"path": packed[dir]}
		}
	}
	out := map[string]any{"workspace": map[string]any{"members": []string{"*-[0-9]*"}, "resolver": p.resolver()}}
	if len(siblings) > 0 {
		out["patch"] = map[string]any{"crates-io": siblings}
	}
	for _, key := range []string{"cargo-features", "profile"} {
		if v, ok := p.root[key]; ok {
			out[key] = v
		}
	}
	text, err := toml.Marshal(out)
	if err != nil {
		panic("cargo: values out of a manifest that TOML can't hold: " + err.Error())
	}
	return string(text)
}

// Needed reports whether another package of the project depends on m.
func (p *Project) Needed(m Member) bool { return p.neededBy(dependencyTables)[m.Dir] }

// Host reports whether m is a procedural macro that another package is always
// compiled with: whoever builds that package makes it, as its users do. Built
// for its own sake too it would be compiled once more, with other flags.
func (p *Project) Host(m Member) bool {
	return m.Has(TargetProcMacro) && p.neededBy(func(m manifest) []manifest {
		always := maps.Clone(m.table("dependencies"))
		for name := range always {
			if always.table(name)["optional"] == true {
				delete(always, name)
			}
		}
		return []manifest{always}
	})[m.Dir]
}

// neededBy are the folders of packages that some of the tables of other
// packages name.
func (p *Project) neededBy(tables func(manifest) []manifest) map[string]bool {
	needed := map[string]bool{}
	for _, m := range p.Members {
		for _, deps := range tables(m.manifest) {
			for name, dep := range deps {
				from := m.Dir
				if deps.table(name)["workspace"] == true {
					from, dep = ".", p.root.table("workspace", "dependencies")[name]
				}
				if rel, ok := dependencyPath(dep); ok {
					needed[path.Join(from, rel)] = true
				}
			}
		}
	}
	return needed
}

// resolver is the version of the dependency resolver that the root asks for,
// outright or by its edition.
func (p *Project) resolver() string {
	for _, table := range []string{"workspace", "package"} {
		if v := p.root.table(table).string("resolver"); v != "" {
			return v
		}
	}
	for _, m := range p.Members {
		if m.Dir != "." {
			continue
		}
		switch m.Edition {
		case "2015", "2018":
		case "2021":
			return "2"
		default:
			return "3"
		}
	}
	return "1"
}
