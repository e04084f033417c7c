package cargo

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// base is a workspace in which an application depends on a library, and a tool
// on nothing.
func base(app string, change func(files fstest.MapFS)) fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text), Mode: 0o644} }
	files := fstest.MapFS{
		"Cargo.toml": file("[workspace]\nmembers = [\"core\", \"tool\"]\n[workspace.package]\nlicense = \"MIT\"\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n" +
			"[package]\nname = \"" + app + "\"\nversion = \"1.2.3\"\nedition = \"2024\"\n[dependencies]\ncore = { package = \"shared-core\", version = \"0.1.0\", path = \"core\" }\n" +
			"[profile.release.package.shared-core]\nopt-level = 1\n[profile.release.package." + app + "]\nopt-level = 2\n"),
		"src/main.rs":         file("fn main() {}"),
		"README.md":           file("# " + app),
		"core/Cargo.toml":     file("[package]\nname = \"shared-core\"\nversion = \"0.1.0\"\nedition = \"2024\"\nlicense.workspace = true\n[lints]\nworkspace = true\n"),
		"core/src/lib.rs":     file("pub fn one() -> u32 { 1 }\n"),
		"core/tests/it.rs":    file("#[test]\nfn it() {}\n"),
		"core/out/left.txt":   file("left by a run"),
		"tool/Cargo.toml":     file("[package]\nname = \"tool\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
		"tool/src/main.rs":    file("fn main() {}"),
		"clippy.toml":         file("msrv = \"1.85\"\n"),
		".cargo/config.toml":  file("[build]\nincremental = false\n"),
		"rustfmt.toml":        file(""),
		"Cargo.lock":          file("version = 4\n\n[[package]]\nname = \"" + app + "\"\nversion = \"1.2.3\"\ndependencies = [\n \"shared-core\",\n]\n\n[[package]]\nname = \"shared-core\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"tool\"\nversion = \"0.1.0\"\n"),
		"core/src/sub/mod.rs": file("// sub\n"),
	}
	if change != nil {
		change(files)
	}
	return files
}

func foundationOf(t *testing.T, files fstest.MapFS) *Skeleton {
	t.Helper()
	s, err := NewFoundation(files, func(name string, _ fs.DirEntry) bool { return name == "core/out" })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFoundation(t *testing.T) {
	s := foundationOf(t, base("app", nil))
	want := []string{".cargo/config.toml", "Cargo.lock", "Cargo.toml", "clippy.toml", "core/Cargo.toml", "core/src/lib.rs", "core/src/sub/mod.rs", "core/tests/it.rs", "src/main.rs", "tool/Cargo.toml", "tool/src/main.rs"}
	if got := slices.Sorted(maps.Keys(s.Files)); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	if got := string(s.Files["core/Cargo.toml"]); got != string(base("app", nil)["core/Cargo.toml"].Data) {
		t.Errorf("the member that is needed is not as it is:\n%s", got)
	}
	p := load(t, fstest.MapFS{"Cargo.toml": {Data: s.Files["Cargo.toml"]}, "core/Cargo.toml": {Data: s.Files["core/Cargo.toml"]}, "tool/Cargo.toml": {Data: s.Files["tool/Cargo.toml"]}, "src/main.rs": {}, "core/src/lib.rs": {}, "tool/src/main.rs": {}})
	// cargo package refuses a dependency by its path alone.
	if dep := p.root.table("dependencies", "core"); dep["version"] != "0.1.0" || dep["package"] != "shared-core" {
		t.Errorf("the dependency on it is %v", dep)
	}
	w := p.root.table("workspace")
	if w.table("package")["license"] != "MIT" || w.table("lints", "rust")["unsafe_code"] != "forbid" {
		t.Errorf("what it inherits is lost: %v", w)
	}
	overrides := p.root.table("profile", "release", "package")
	if len(overrides) != 1 || overrides.table("shared-core")["opt-level"] != int64(1) {
		t.Errorf("overrides %v", overrides)
	}
	for _, pattern := range s.Stale {
		if strings.Contains(pattern, "core") {
			t.Errorf("%s is removed, which was compiled ahead", pattern)
		}
	}
}

// What is compiled ahead is found again after a change elsewhere, and in another
// crate of the same pack; a change of its own is never missed.
func TestFoundationKeepsItsKey(t *testing.T) {
	write := func(name, text string) func(fstest.MapFS) {
		return func(f fstest.MapFS) { f[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644} }
	}
	first := foundationOf(t, base("app", nil))
	for name, c := range map[string]struct {
		tree fstest.MapFS
		same bool
	}{
		"another crate":      {base("service", nil), true},
		"the top changed":    {base("app", write("src/main.rs", "fn main() { panic!() }")), true},
		"its readme changed": {base("app", write("README.md", "x")), true},
		"a sibling changed":  {base("app", write("tool/src/main.rs", "fn main() { panic!() }")), true},
		"left by a run":      {base("app", write("core/out/left.txt", "other")), true},
		"its source changed": {base("app", write("core/src/lib.rs", "pub fn one() -> u32 { 2 }\n")), false},
		"its tests changed":  {base("app", write("core/tests/it.rs", "")), false},
		"a file is new":      {base("app", write("core/src/new.rs", "")), false},
		"lints changed":      {base("app", write("clippy.toml", "")), false},
	} {
		s := foundationOf(t, c.tree)
		if same := maps.EqualFunc(first.Files, s.Files, slices.Equal[[]byte]); same != c.same {
			t.Errorf("%s: the same is %v", name, same)
		}
	}
}

func TestNoFoundation(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"nothing is needed": base("app", func(f fstest.MapFS) {
			f["Cargo.toml"].Data = []byte("[workspace]\nmembers = [\"core\", \"tool\"]\n[package]\nname = \"app\"\nversion = \"1.2.3\"\n")
		}),
		"all is needed": base("app", func(f fstest.MapFS) {
			f["core/Cargo.toml"].Data = append(f["core/Cargo.toml"].Data, "[dev-dependencies]\napp = { path = \"..\" }\ntool = { path = \"../tool\" }\n"...)
		}),
		"a program":       base("app", func(f fstest.MapFS) { f["core/gen.sh"] = &fstest.MapFile{Mode: 0o755} }),
		"a symbolic link": base("app", func(f fstest.MapFS) { f["core/link"] = &fstest.MapFile{Data: []byte("src"), Mode: fs.ModeSymlink} }),
		"an old lockfile": base("app", func(f fstest.MapFS) {
			f["Cargo.lock"].Data = []byte(strings.ReplaceAll(string(f["Cargo.lock"].Data), "version = 4\n\n", ""))
		}),
	} {
		if s := foundationOf(t, files); s != nil {
			t.Errorf("%s: there is a foundation of %v", name, slices.Sorted(maps.Keys(s.Files)))
		}
	}
}
