package cargo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// MaxManifestBytes bounds a Cargo.toml.
const MaxManifestBytes = 1 << 20

// TargetKind is a kind of cargo target.
type TargetKind string

// The kinds of cargo targets.
const (
	TargetLib         TargetKind = "lib"
	TargetProcMacro   TargetKind = "proc-macro"
	TargetBin         TargetKind = "bin"
	TargetTest        TargetKind = "test"
	TargetExample     TargetKind = "example"
	TargetBench       TargetKind = "bench"
	TargetBuildScript TargetKind = "custom-build"
)

// group is the kind without the several names that cargo has for libraries.
func (k TargetKind) group() TargetKind {
	switch k {
	case TargetBin, TargetTest, TargetExample, TargetBench, TargetBuildScript:
		return k
	}
	return TargetLib
}

// Target is something that cargo compiles out of a package.
type Target struct {
	Kind TargetKind `json:"kind"`
	Name string     `json:"name"`
	// Path is the source file relative to the tree.
	Path string `json:"path"`
	// Harness says that libtest drives it as a test or benchmark.
	Harness          bool     `json:"harness"`
	RequiredFeatures []string `json:"required_features,omitempty"`
	// CrateTypes are those that a library asks for; none is cargo's default.
	CrateTypes []string `json:"crate_types,omitempty"`
}

// Member is a package of the tree.
type Member struct {
	// Dir is the package's folder relative to the tree, "." for its root.
	Dir     string `json:"dir"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Edition string `json:"edition"`
	// Publish is false where the manifest forbids to publish the package.
	Publish bool     `json:"publish"`
	Targets []Target `json:"targets"`
	// Features are the names of the manifest's features.
	Features []string `json:"features"`
	// InWorkspace is false for a path dependency that is no member.
	InWorkspace bool `json:"in_workspace"`

	manifest manifest
}

// Has reports whether the package has a target of one of the kinds.
func (m Member) Has(kinds ...TargetKind) bool {
	for _, t := range m.Targets {
		for _, k := range kinds {
			if t.Kind == k {
				return true
			}
		}
	}
	return false
}

// manifest is a Cargo.toml as cargo's tables.
type manifest map[string]any

// readManifest reads the Cargo.toml of a folder.
func readManifest(tree fs.FS, dir string) (manifest, error) {
	name := path.Join(dir, "Cargo.toml")
	data, err := readBounded(tree, name, MaxManifestBytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	m := manifest{}
	if err := toml.Unmarshal(data, &m); err != nil {
		return nil, tomlError(name, err)
	}
	return m, nil
}

// table gives a table by its path, nil where there is none.
func (m manifest) table(names ...string) manifest {
	for _, n := range names {
		next, ok := m[n].(map[string]any)
		if !ok {
			return nil
		}
		m = next
	}
	return m
}

// either gives the first of two spellings of a key; cargo takes some keys with
// a dash and with an underscore.
func (m manifest) either(key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return m[strings.ReplaceAll(key, "-", "_")]
}

func (m manifest) string(key string) string {
	s, _ := m.either(key).(string)
	return s
}

// bool gives a key's value, or the default where it is absent.
func (m manifest) bool(key string, absent bool) bool {
	if b, ok := m.either(key).(bool); ok {
		return b
	}
	return absent
}

func (m manifest) strings(key string) []string {
	list, _ := m.either(key).([]any)
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// tables gives an array of tables, as [[bin]].
func (m manifest) tables(key string) []manifest {
	list, _ := m[key].([]any)
	var out []manifest
	for _, v := range list {
		if t, ok := v.(map[string]any); ok {
			out = append(out, t)
		}
	}
	return out
}

// inherited gives a string key of [package], which may say to take it from
// [workspace.package] of the root.
func (m manifest) inherited(key string, root manifest) (string, error) {
	switch v := m.table("package").either(key).(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case map[string]any:
		if v["workspace"] != true {
			break
		}
		s, ok := root.table("workspace", "package")[key].(string)
		if !ok {
			return "", fmt.Errorf("package.%s is to come from the workspace, which does not have it", key)
		}
		return s, nil
	}
	return "", fmt.Errorf("package.%s is not a string", key)
}

// readMember reads the package in a folder; root is the workspace's manifest.
func readMember(tree fs.FS, dir string, m, root manifest) (Member, error) {
	fail := func(err error) (Member, error) {
		return Member{}, fmt.Errorf("%s: %w", path.Join(dir, "Cargo.toml"), err)
	}
	out := Member{Dir: dir, Name: m.table("package").string("name"), Version: "0.0.0", Edition: "2015", Publish: true, manifest: m}
	if err := checkName(out.Name); err != nil {
		return fail(err)
	}
	version, err := m.inherited("version", root)
	if err != nil {
		return fail(err)
	}
	if version != "" {
		if err := checkVersion(version); err != nil {
			return fail(err)
		}
		out.Version = version
	}
	edition, err := m.inherited("edition", root)
	if err != nil {
		return fail(err)
	}
	if edition != "" {
		out.Edition = edition
	}
	out.Publish = mayPublish(m.table("package")["publish"], root)
	for name := range m.table("features") {
		out.Features = append(out.Features, name)
	}
	if out.Targets, err = targets(tree, dir, m, out); err != nil {
		return fail(err)
	}
	return out, nil
}

// mayPublish reads package.publish: false, or an empty list of registries,
// forbids it.
func mayPublish(v any, root manifest) bool {
	switch v := v.(type) {
	case bool:
		return v
	case []any:
		return len(v) > 0
	case map[string]any:
		if v["workspace"] == true {
			return mayPublish(root.table("workspace", "package")["publish"], nil)
		}
	}
	return true
}

// readBounded reads a file of the tree, and fails on more than limit bytes.
func readBounded(tree fs.FS, name string, limit int64) ([]byte, error) {
	f, err := tree.Open(name)
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = pe.Err // the caller names the file
		}
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("larger than the limit of %d bytes", limit)
	}
	return data, nil
}
