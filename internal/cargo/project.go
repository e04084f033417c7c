package cargo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxMembers bounds the packages of one project.
const maxMembers = 5_000

// Project is a package or workspace with everything that its manifests refer to
// inside of the tree.
type Project struct {
	// Workspace says that the root's manifest has a [workspace].
	Workspace bool `json:"workspace"`
	// Members are all packages of the tree that cargo knows of, sorted by
	// folder: the root's own, workspace members and path dependencies.
	Members []Member `json:"members"`
	// DefaultMembers are the folders that cargo works on when nobody says
	// which.
	DefaultMembers []string `json:"default_members"`
	// TestProfile is the profile whose compiled dependencies tests can take:
	// "release", where nothing asks for other ones, or cargo's own, "dev".
	TestProfile string `json:"test_profile"`

	root manifest
}

// Member finds a package by its name, nil where there is none.
func (p *Project) Member(name string) *Member {
	for i := range p.Members {
		if p.Members[i].Name == name {
			return &p.Members[i]
		}
	}
	return nil
}

// Locate finds the folder that a project's tree begins at, from the path of any
// of its manifests on the host: the manifest's own folder, or that of the
// workspace which it belongs to. The package is the manifest's folder relative
// to it.
func Locate(manifestPath string) (root, pkg string, err error) {
	file, err := filepath.Abs(manifestPath)
	if err != nil {
		return "", "", fmt.Errorf("find the project: %w", err)
	}
	if filepath.Base(file) != "Cargo.toml" {
		return "", "", fmt.Errorf("find the project: %s is not the path of a Cargo.toml", manifestPath)
	}
	dir := filepath.Dir(file)
	m, err := readManifest(os.DirFS(dir), ".")
	if err != nil {
		return "", "", fmt.Errorf("find the project in %s: %w", dir, err)
	}
	if m.table("workspace") != nil {
		return dir, ".", nil
	}
	if w := m.table("package").string("workspace"); w != "" {
		return relativeTo(filepath.Join(dir, filepath.FromSlash(w)), dir)
	}
	for up := filepath.Dir(dir); ; up = filepath.Dir(up) {
		above, err := readManifest(os.DirFS(up), ".")
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", "", fmt.Errorf("find the workspace of %s, in %s: %w", dir, up, err)
		case above.table("workspace") != nil:
			rel, err := filepath.Rel(up, dir)
			if err != nil {
				return "", "", fmt.Errorf("find the workspace of %s: %w", dir, err)
			}
			if excluded(above, filepath.ToSlash(rel)) {
				return dir, ".", nil
			}
			return relativeTo(up, dir)
		}
		if up == filepath.Dir(up) {
			return dir, ".", nil
		}
	}
}

func relativeTo(root, dir string) (string, string, error) {
	rel, err := filepath.Rel(root, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return "", "", fmt.Errorf("find the project: the workspace %s does not hold %s", root, dir)
	}
	return root, filepath.ToSlash(rel), nil
}

// LoadProject reads the package or workspace at the root of a tree.
func LoadProject(tree fs.FS) (*Project, error) {
	root, err := readManifest(tree, ".")
	if err != nil {
		return nil, err
	}
	p := &Project{Workspace: root.table("workspace") != nil, root: root}
	l := loader{tree: tree, project: p, seen: map[string]bool{}}
	if root.table("package") != nil {
		if err := l.add(".", true); err != nil {
			return nil, err
		}
	} else if !p.Workspace {
		return nil, errors.New("Cargo.toml: it has neither [package] nor [workspace]")
	}
	if p.Workspace {
		members, err := expand(tree, root.table("workspace").strings("members"))
		if err != nil {
			return nil, err
		}
		for _, dir := range members {
			if excluded(root, dir) {
				continue
			}
			if err := l.add(dir, true); err != nil {
				return nil, err
			}
		}
	}
	for _, table := range []string{"patch", "replace"} {
		if err := l.addPatches(root.table(table)); err != nil {
			return nil, err
		}
	}
	if len(p.Members) == 0 {
		return nil, errors.New("Cargo.toml: the workspace has no members")
	}
	slices.SortFunc(p.Members, func(a, b Member) int { return strings.Compare(a.Dir, b.Dir) })
	if p.TestProfile, err = testProfile(tree, root); err != nil {
		return nil, err
	}
	return p, p.defaultMembers(tree)
}

func (p *Project) defaultMembers(tree fs.FS) error {
	if named := p.root.table("workspace").strings("default-members"); len(named) > 0 {
		dirs, err := expand(tree, named)
		p.DefaultMembers = dirs
		return err
	}
	if p.root.table("package") != nil {
		p.DefaultMembers = []string{"."}
		return nil
	}
	for _, m := range p.Members {
		if m.InWorkspace {
			p.DefaultMembers = append(p.DefaultMembers, m.Dir)
		}
	}
	return nil
}

// loader adds packages and, through their path dependencies, more of them.
type loader struct {
	tree    fs.FS
	project *Project
	seen    map[string]bool
}

func (l *loader) add(dir string, member bool) error {
	if l.seen[dir] {
		return nil
	}
	l.seen[dir] = true
	if len(l.seen) > maxMembers {
		return fmt.Errorf("the project has more than the limit of %d packages", maxMembers)
	}
	m, err := readManifest(l.tree, dir)
	if err != nil {
		return err
	}
	pkg, err := readMember(l.tree, dir, m, l.project.root)
	if err != nil {
		return err
	}
	// Cargo makes path dependencies below the root members by itself.
	pkg.InWorkspace = member && (dir == "." || l.project.Workspace)
	slices.Sort(pkg.Features)
	l.project.Members = append(l.project.Members, pkg)
	for _, deps := range dependencyTables(m) {
		if err := l.addPaths(dir, deps, true); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) addPaths(dir string, deps manifest, members bool) error {
	for _, name := range sortedKeys(deps) {
		from, dep := dir, deps[name]
		if deps.table(name)["workspace"] == true { // written down in the root
			from, dep = ".", l.project.root.table("workspace", "dependencies")[name]
		}
		p, ok := dependencyPath(dep)
		if !ok {
			continue
		}
		target, err := below(from, p)
		if err != nil {
			return fmt.Errorf("%s: dependency %s: %w", path.Join(dir, "Cargo.toml"), clip(name), err)
		}
		if err := l.add(target, members && !excluded(l.project.root, target)); err != nil {
			return fmt.Errorf("%s: dependency %s: %w", path.Join(dir, "Cargo.toml"), clip(name), err)
		}
	}
	return nil
}

func (l *loader) addPatches(table manifest) error {
	for _, source := range sortedKeys(table) {
		entries, ok := table[source].(map[string]any)
		if !ok {
			continue
		}
		if _, isEntry := entries["path"].(string); isEntry { // [replace]
			entries = map[string]any{source: entries}
		}
		if err := l.addPaths(".", entries, false); err != nil {
			return err
		}
	}
	return nil
}

// dependencyTables gives every table of dependencies of a manifest, those for
// certain platforms included.
func dependencyTables(m manifest) []manifest {
	var out []manifest
	scopes := []manifest{m}
	platforms := m.table("target")
	for _, name := range sortedKeys(platforms) {
		scopes = append(scopes, platforms.table(name))
	}
	for _, scope := range scopes {
		for _, key := range dependencyKeys {
			if t := scope.table(key); t != nil {
				out = append(out, t)
			}
		}
	}
	return out
}

var dependencyKeys = []string{"dependencies", "dev-dependencies", "dev_dependencies", "build-dependencies", "build_dependencies"}

func dependencyPath(dep any) (string, bool) {
	t, ok := dep.(map[string]any)
	if !ok {
		return "", false
	}
	p, ok := t["path"].(string)
	return p, ok
}

// excluded reports whether workspace.exclude keeps a folder out. An entry of
// members that names the folder outright wins, as in cargo.
func excluded(root manifest, dir string) bool {
	w := root.table("workspace")
	for _, m := range w.strings("members") {
		if path.Clean(m) == dir {
			return false
		}
	}
	for _, e := range w.strings("exclude") {
		if e = path.Clean(e); dir == e || strings.HasPrefix(dir, e+"/") {
			return true
		}
	}
	return false
}

func sortedKeys(m manifest) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
