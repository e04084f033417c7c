package cargo

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Skeleton is the least tree that makes cargo compile a project's dependencies
// and nothing of its own: manifests, the lockfile and empty sources.
//
// It holds only what cargo looks at for that. Packages of the project have
// neutral names and versions, sources of any kind count as one library, one
// binary and one build script, and descriptions are gone, so a project keeps
// its skeleton when it is renamed, released or edited.
type Skeleton struct {
	// Files are the tree, by slash-separated path.
	Files map[string][]byte `json:"-"`
	// Packages are the names that the project's packages have in it, by their
	// folder. A package keeps its own name where it takes the place of a
	// registry's ([patch]) and under lockfiles of format 1 and 2.
	Packages map[string]string `json:"packages"`
	// Stale are patterns, relative to the target directory and with * as their
	// only wildcard, of what compiling the skeleton leaves of the project's own
	// packages. Under neutral names that is dead weight. Where a package keeps
	// its own name it has to be removed before real sources meet that
	// directory: sources older than the empty ones would count as compiled, and
	// no test would run. There, a dependency whose name goes on after that name
	// and a dash matches too; it is then compiled again.
	Stale []string `json:"stale"`
}

// neutralVersion is the version of every package in a skeleton.
const neutralVersion = "0.0.0"

// NewSkeleton makes the skeleton of the package or workspace at the root of
// tree, which needs a Cargo.lock that lists all of its packages.
func NewSkeleton(tree fs.FS) (*Skeleton, error) {
	project, lock, data, err := lockedProject(tree)
	if err != nil {
		return nil, err
	}
	return newSkeleton(tree, project, lock, data, neutralNames(project, lock), nil)
}

// lockedProject reads the project at the root of a tree and its lockfile, as
// its text too.
func lockedProject(tree fs.FS) (*Project, *Lock, []byte, error) {
	project, err := LoadProject(tree)
	if err != nil {
		return nil, nil, nil, err
	}
	data, err := readBounded(tree, "Cargo.lock", MaxLockBytes)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("Cargo.lock: %w", err)
	}
	lock, err := ParseLock(data)
	return project, lock, data, err
}

// newSkeleton leaves out the packages in the folders of real, which have no
// neutral names, but takes over what they inherit of the workspace.
func newSkeleton(tree fs.FS, project *Project, lock *Lock, data []byte, names map[string]string, real map[string]bool) (*Skeleton, error) {
	s := &Skeleton{Files: map[string][]byte{}, Packages: map[string]string{}}
	var err error
	if s.Files["Cargo.lock"], err = neutralLock(project, lock, data, names); err != nil {
		return nil, err
	}
	for _, m := range project.Members {
		if real[m.Dir] {
			continue
		}
		if err := s.addMember(project, m, names, real); err != nil {
			return nil, fmt.Errorf("%s: %w", path.Join(m.Dir, "Cargo.toml"), err)
		}
	}
	if _, ok := s.Packages["."]; !ok && !real["."] {
		out := map[string]any{}
		rootTables(project, out, names, real)
		if s.Files["Cargo.toml"], err = toml.Marshal(out); err != nil {
			return nil, fmt.Errorf("Cargo.toml: %w", err)
		}
	}
	for _, name := range configNames { // flags decide what is compiled
		data, err := readBounded(tree, name, MaxManifestBytes)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.Files[name] = data
	}
	for _, dir := range slices.Sorted(maps.Keys(s.Packages)) {
		s.Stale = append(s.Stale, stale(s.Packages[dir])...)
	}
	return s, nil
}

// neutralNames gives the new names by folder. Packages without an entry keep
// what they have.
func neutralNames(p *Project, lock *Lock) map[string]string {
	names := map[string]string{}
	if lock.Version < 3 {
		return names // their lists of dependencies are written in other ways
	}
	prefix := "skeleton"
	for slices.ContainsFunc(lock.Packages, func(l Package) bool { return strings.HasPrefix(l.Name, prefix) }) {
		prefix += "-x"
	}
	for i, m := range p.Members {
		names[m.Dir] = fmt.Sprintf("%s-%d", prefix, i)
	}
	for _, table := range []string{"patch", "replace"} {
		for _, source := range p.root.table(table) {
			entries, _ := source.(map[string]any)
			if _, isEntry := entries["path"].(string); isEntry {
				entries = map[string]any{"": entries}
			}
			for _, dep := range entries {
				if rel, ok := dependencyPath(dep); ok {
					delete(names, path.Clean(rel))
				}
			}
		}
	}
	return names
}

func (s *Skeleton) addMember(p *Project, m Member, names map[string]string, real map[string]bool) error {
	name, version := names[m.Dir], neutralVersion
	if name == "" {
		name, version = m.Name, m.Version
	}
	s.Packages[m.Dir] = name
	pkg := map[string]any{"name": name, "version": version, "edition": m.Edition}
	out := map[string]any{"package": pkg}
	for _, key := range []string{"cargo-features", "features"} {
		if v, ok := m.manifest[key]; ok {
			out[key] = v
		}
	}
	s.addTargets(m, pkg, out)
	used := usedInFeatures(m.manifest)
	copyDependencies(m.manifest, out, m.Dir, names, used)
	if platforms := m.manifest.table("target"); platforms != nil {
		kept := map[string]any{}
		for cfg := range platforms {
			scope := map[string]any{}
			copyDependencies(platforms.table(cfg), scope, m.Dir, names, used)
			kept[cfg] = scope
		}
		out["target"] = kept
	}
	if m.Dir == "." {
		if v, ok := m.manifest.table("package")["resolver"]; ok {
			pkg["resolver"] = v
		}
		rootTables(p, out, names, real)
	} else if v, ok := m.manifest.table("package")["workspace"]; ok {
		pkg["workspace"] = v
	}
	data, err := toml.Marshal(out)
	s.Files[path.Join(m.Dir, "Cargo.toml")] = data
	return err
}

// addTargets writes one empty source for each kind of target that has a say in
// how dependencies are compiled. Tests, examples and benchmarks have none: the
// library or binary is a test as well, and it takes the same dev-dependencies.
func (s *Skeleton) addTargets(m Member, pkg, out map[string]any) {
	const empty, main = "", "fn main() {}\n"
	file := func(name, content string) { s.Files[path.Join(m.Dir, name)] = []byte(content) }
	hasBin := m.Has(TargetBin)
	if m.Has(TargetLib, TargetProcMacro) || !hasBin {
		file("src/lib.rs", empty)
	}
	if hasBin {
		file("src/main.rs", main)
	}
	pkg["build"] = false
	for _, t := range m.Targets {
		switch t.Kind {
		case TargetProcMacro:
			out["lib"] = map[string]any{"proc-macro": true}
		case TargetLib:
			if len(t.CrateTypes) > 0 { // link-time optimisation depends on them
				out["lib"] = map[string]any{"crate-type": t.CrateTypes}
			}
		case TargetBuildScript:
			pkg["build"] = "build.rs"
			file("build.rs", main)
		}
	}
}

// usedInFeatures are the dependencies that a package's features may speak of.
func usedInFeatures(m manifest) map[string]bool {
	used := map[string]bool{}
	features := m.table("features")
	for name := range features {
		for _, entry := range features.strings(name) {
			dep, _, _ := strings.Cut(strings.TrimPrefix(entry, "dep:"), "/")
			used[strings.TrimSuffix(dep, "?")] = true
		}
	}
	for _, deps := range dependencyTables(m) {
		for key := range deps {
			if deps.table(key)["optional"] == true { // a feature by its own name
				used[key] = true
			}
		}
	}
	return used
}

// copyDependencies takes over the dependency tables of a scope, with path
// dependencies under their new names.
func copyDependencies(from manifest, to map[string]any, dir string, names map[string]string, kept map[string]bool) {
	for _, key := range dependencyKeys {
		if deps := from.table(key); deps != nil {
			to[key] = neutralDependencies(deps, dir, names, func(name string) bool { return kept[name] })
		}
	}
}

// neutralDependencies gives path dependencies their new names, as keys too
// where kept does not say that something else speaks of the key.
func neutralDependencies(deps manifest, dir string, names map[string]string, kept func(key string) bool) map[string]any {
	out := make(map[string]any, len(deps))
	for key, dep := range deps {
		rel, ok := dependencyPath(dep)
		name := names[path.Join(dir, rel)]
		if !ok || name == "" {
			out[key] = dep
			continue
		}
		entry := maps.Clone(dep.(map[string]any))
		for _, published := range []string{"version", "registry", "registry-index"} {
			delete(entry, published)
		}
		entry["package"] = name
		if _, taken := deps[name]; !taken && !kept(key) {
			key = name
		}
		out[key] = entry
	}
	return out
}

// rootTables takes over what only the root's manifest may say.
func rootTables(p *Project, out map[string]any, names map[string]string, real map[string]bool) {
	for _, key := range []string{"cargo-features", "patch", "replace"} {
		if v, ok := p.root[key]; ok {
			out[key] = v
		}
	}
	if profiles := p.root.table("profile"); profiles != nil {
		out["profile"] = foreignProfiles(p, profiles, real)
	}
	if !p.Workspace {
		return
	}
	w := p.root.table("workspace")
	kept := map[string]any{}
	if len(real) > 0 {
		realTables(p, kept)
	}
	for _, key := range []string{"resolver", "exclude"} {
		if v, ok := w[key]; ok {
			kept[key] = v
		}
	}
	var members []string
	for _, m := range p.Members {
		if m.InWorkspace && m.Dir != "." {
			members = append(members, m.Dir)
		}
	}
	if members != nil {
		kept["members"] = members
	}
	if _, ok := w["default-members"]; ok {
		kept["default-members"] = p.DefaultMembers
	}
	if deps := w.table("dependencies"); deps != nil {
		// Members name these by their keys.
		kept["dependencies"] = neutralDependencies(deps, ".", names, func(string) bool { return true })
	}
	out["workspace"] = kept
}

// foreignProfiles leaves out overrides for the project's own packages, unless
// they are real.
func foreignProfiles(p *Project, profiles manifest, real map[string]bool) map[string]any {
	own := map[string]bool{}
	for _, m := range p.Members {
		own[m.Name] = !real[m.Dir]
	}
	out := map[string]any{}
	for name, v := range profiles {
		out[name] = v
		profile, ok := v.(map[string]any)
		overrides := profiles.table(name, "package")
		if !ok || overrides == nil {
			continue
		}
		kept := map[string]any{}
		for spec, o := range overrides {
			if own[baseOf(spec)] {
				continue
			}
			kept[spec] = o
		}
		profile = maps.Clone(profile)
		profile["package"] = kept
		out[name] = profile
	}
	return out
}

// stale gives the patterns of what a package leaves in a target directory, both
// directly below a profile's folder and below that of a target triple.
func stale(name string) []string {
	crate := strings.ReplaceAll(name, "-", "_")
	var out []string
	for _, target := range []string{"", "*/"} {
		out = append(out, target+"doc/"+crate, target+"doc/src/"+crate)
	}
	for _, profile := range []string{"*/", "*/*/"} {
		for _, pattern := range []string{
			".fingerprint/" + name + "-*",
			"build/" + name + "-*",
			"deps/lib" + crate + "-*",
			"deps/" + crate + "-*",
			"deps/lib" + crate + ".*", "deps/" + crate + ".d", // dynamic libraries
			"incremental/" + crate + "-*",
			name, name + ".d", "lib" + crate + ".*",
		} {
			out = append(out, profile+pattern)
		}
	}
	return out
}
