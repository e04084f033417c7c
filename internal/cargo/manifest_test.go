package cargo

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func tree(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// describe gives targets in short: kind name path.
func describe(m *Member) string {
	var out []string
	for _, t := range m.Targets {
		text := fmt.Sprintf("%s %s %s", t.Kind, t.Name, t.Path)
		if !t.Harness && (t.Kind == TargetTest || t.Kind == TargetBench || t.Kind == TargetLib) {
			text += " no-harness"
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

func TestTargets(t *testing.T) {
	const pkg = "[package]\nname = \"my-app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"found": {map[string]string{"Cargo.toml": pkg, "src/lib.rs": "", "src/main.rs": "", "src/bin/two.rs": "", "src/bin/three/main.rs": "", "src/bin/not/lib.rs": "", "tests/t.rs": "", "tests/common/mod.rs": "", "benches/b.rs": "", "examples/e/main.rs": "", "build.rs": ""},
			"lib my_app src/lib.rs; bin my-app src/main.rs; bin three src/bin/three/main.rs; bin two src/bin/two.rs; example e examples/e/main.rs; test t tests/t.rs; bench b benches/b.rs; custom-build build-script-build build.rs"},
		"written down": {map[string]string{"Cargo.toml": pkg + "build = \"tools/make.rs\"\n[lib]\nname = \"other\"\npath = \"code/l.rs\"\n[[bin]]\nname = \"x\"\npath = \"src/main.rs\"\n[[test]]\nname = \"t\"\nharness = false\n", "code/l.rs": "", "src/main.rs": "", "tests/t.rs": "", "tests/u.rs": ""},
			"lib other code/l.rs; bin x src/main.rs; test t tests/t.rs no-harness; test u tests/u.rs; custom-build build-script-build tools/make.rs"},
		"discovery off": {map[string]string{"Cargo.toml": pkg + "autotests = false\nautobins = false\nbuild = false\n[[test]]\nname = \"u\"\n", "src/lib.rs": "", "src/main.rs": "", "build.rs": "", "tests/t.rs": "", "tests/u.rs": ""},
			"lib my_app src/lib.rs; test u tests/u.rs"},
		"edition 2015": {map[string]string{"Cargo.toml": "[package]\nname = \"a\"\n[[test]]\nname = \"u\"\n", "src/lib.rs": "", "tests/t.rs": "", "tests/u.rs": "", "src/bin/b.rs": ""},
			"lib a src/lib.rs; bin b src/bin/b.rs; test u tests/u.rs"},
		"proc-macro":     {map[string]string{"Cargo.toml": pkg + "[lib]\nproc-macro = true\n", "src/lib.rs": ""}, "proc-macro my_app src/lib.rs"},
		"old proc-macro": {map[string]string{"Cargo.toml": pkg + "[lib]\ncrate-type = [\"proc-macro\"]\n", "src/lib.rs": ""}, "proc-macro my_app src/lib.rs"},
	} {
		p, err := LoadProject(tree(tt.files))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := describe(&p.Members[0]); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}

func workspace() map[string]string {
	return map[string]string{
		"Cargo.toml":                 "[workspace]\nmembers = [\"crates/*\", \"tools/**/x\", \"in/out/deep\"]\nexclude = [\"crates/old\", \"in/out\"]\n[workspace.package]\nversion = \"2.0.0\"\nedition = \"2024\"\npublish = false\n[workspace.dependencies]\nshared = { path = \"shared\" }\nunused = { path = \"gone\" }\n",
		"crates/a/Cargo.toml":        "[package]\nname = \"a\"\nversion.workspace = true\nedition = { workspace = true }\npublish.workspace = true\n[dependencies]\nb = { path = \"../b\" }\nshared.workspace = true\n[target.'cfg(unix)'.dev-dependencies]\nold = { path = \"../old\" }\n[features]\nzeta = []\nalpha = []\n",
		"crates/b/Cargo.toml":        "[package]\nname = \"b\"\n[build-dependencies]\nb2 = { path = \"../../free/b2\" }\n",
		"crates/old/Cargo.toml":      "[package]\nname = \"old\"\n",
		"crates/README/x.txt":        "",
		"tools/x/Cargo.toml":         "[package]\nname = \"x1\"\n",
		"tools/deep/er/x/Cargo.toml": "[package]\nname = \"x2\"\n",
		"in/out/deep/Cargo.toml":     "[package]\nname = \"deep\"\n",
		"free/b2/Cargo.toml":         "[package]\nname = \"b2\"\npublish = []\n",
		"shared/Cargo.toml":          "[package]\nname = \"shared\"\n",
	}
}

func TestLoadWorkspace(t *testing.T) {
	p, err := LoadProject(tree(workspace()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range p.Members {
		text := m.Dir + " " + m.Name + " " + m.Version
		if !m.InWorkspace {
			text += " outside"
		}
		got = append(got, text)
	}
	want := []string{
		"crates/a a 2.0.0", "crates/b b 0.0.0", "crates/old old 0.0.0 outside", "free/b2 b2 0.0.0",
		"in/out/deep deep 0.0.0", "shared shared 0.0.0", "tools/deep/er/x x2 0.0.0", "tools/x x1 0.0.0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("members:\n%s", strings.Join(got, "\n"))
	}
	a := p.Member("a")
	if a.Edition != "2024" || a.Publish || !slices.Equal(a.Features, []string{"alpha", "zeta"}) || p.Member("b2").Publish || !p.Member("b").Publish {
		t.Errorf("a: %+v", a)
	}
	if p.Member("none") != nil {
		t.Error("a member that is none")
	}
	if len(p.DefaultMembers) != 7 {
		t.Errorf("default members: %v", p.DefaultMembers)
	}
}

func TestLoadProjectRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		file, text, want string
	}{
		"no manifest":      {"README.md", "", "Cargo.toml"},
		"neither":          {"Cargo.toml", "[profile.dev]\n", "neither"},
		"syntax":           {"Cargo.toml", "[package\n", "Cargo.toml:1"},
		"no name":          {"Cargo.toml", "[package]\n", "no name"},
		"bad name":         {"Cargo.toml", "[package]\nname = \"../x\"\n", "not valid"},
		"bad version":      {"Cargo.toml", "[package]\nname = \"x\"\nversion = \"one\"\n", "semantic version"},
		"version type":     {"Cargo.toml", "[package]\nname = \"x\"\nversion = 1\n", "not a string"},
		"no inheritance":   {"Cargo.toml", "[package]\nname = \"x\"\nversion.workspace = true\n", "workspace"},
		"outside":          {"Cargo.toml", "[package]\nname = \"x\"\n[dependencies]\ny = { path = \"../y\" }\n", "outside"},
		"absolute":         {"Cargo.toml", "[package]\nname = \"x\"\n[dependencies]\ny = { path = \"/y\" }\n", "outside"},
		"patch outside":    {"Cargo.toml", "[package]\nname = \"x\"\n[patch.crates-io]\ny = { path = \"../y\" }\n", "outside"},
		"member outside":   {"Cargo.toml", "[workspace]\nmembers = [\"../y\"]\n", "outside"},
		"member missing":   {"Cargo.toml", "[workspace]\nmembers = [\"y\"]\n", "no Cargo.toml"},
		"no members":       {"Cargo.toml", "[workspace]\nmembers = [\"y/*\"]\n", "no members"},
		"bad pattern":      {"Cargo.toml", "[workspace]\nmembers = [\"y/[\"]\n", "y/["},
		"lib outside":      {"Cargo.toml", "[package]\nname = \"x\"\n[lib]\npath = \"../l.rs\"\n", "outside"},
		"bin without name": {"Cargo.toml", "[package]\nname = \"x\"\n[[bin]]\n", "no name"},
		"missing path":     {"Cargo.toml", "[package]\nname = \"x\"\n[dependencies]\ny = { path = \"y\" }\n", "y/Cargo.toml"},
		"too large":        {"Cargo.toml", strings.Repeat("#", MaxManifestBytes+1), "limit"},
	} {
		if p, err := LoadProject(tree(map[string]string{tt.file: tt.text})); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestLocate(t *testing.T) {
	dir := t.TempDir()
	files := workspace()
	files["crates/old/Cargo.toml"] = "[package]\nname = \"old\"\n"
	files["far/Cargo.toml"] = "[package]\nname = \"far\"\nworkspace = \"..\"\n"
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for at, want := range map[string][2]string{
		"Cargo.toml":             {".", "."},
		"crates/a/Cargo.toml":    {".", "crates/a"},
		"crates/old/Cargo.toml":  {"crates/old", "."},
		"in/out/deep/Cargo.toml": {".", "in/out/deep"},
		"far/Cargo.toml":         {".", "far"},
	} {
		root, pkg, err := Locate(filepath.Join(dir, at))
		if err != nil || root != filepath.Join(dir, want[0]) || pkg != want[1] {
			t.Errorf("%s: %s %s, %v", at, root, pkg, err)
		}
	}
	for _, bad := range []string{"crates/a", "none/Cargo.toml", "crates/README/x.txt"} {
		if _, _, err := Locate(filepath.Join(dir, bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestSkeletonRefuses(t *testing.T) {
	const pkg = "[package]\nname = \"app\"\nversion = \"0.1.0\"\n"
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no lock":      {map[string]string{"Cargo.toml": pkg, "src/lib.rs": ""}, "Cargo.lock"},
		"other lock":   {map[string]string{"Cargo.toml": pkg, "Cargo.lock": "version = 4\n[[package]]\nname = \"other\"\nversion = \"0.1.0\"\n"}, "does not list the package app"},
		"old version":  {map[string]string{"Cargo.toml": pkg, "Cargo.lock": "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.0.9\"\n"}, "0.0.9"},
		"large config": {map[string]string{"Cargo.toml": pkg, "Cargo.lock": "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n", ".cargo/config.toml": strings.Repeat("#", MaxManifestBytes+1)}, "limit"},
	} {
		if s, err := NewSkeleton(tree(tt.files)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// TestSkeletonKeepsPatches has a member that takes the place of a registry's
// crate, which works by its name.
func TestSkeletonKeepsPatches(t *testing.T) {
	s, err := NewSkeleton(tree(map[string]string{
		"Cargo.toml":           "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\npatched = \"1\"\n[patch.crates-io]\npatched = { path = \"patched\" }\nunused = { path = \"unused\" }\n",
		"src/main.rs":          "fn main() {}",
		"patched/Cargo.toml":   "[package]\nname = \"patched\"\nversion = \"1.0.5\"\n",
		"patched/src/lib.rs":   "",
		"unused/Cargo.toml":    "[package]\nname = \"unused\"\nversion = \"3.0.0\"\n",
		"patched/src/other.rs": "",
		"Cargo.lock":           "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"patched\",\n]\n\n[[package]]\nname = \"patched\"\nversion = \"1.0.5\"\n\n[[patch.unused]]\nname = \"unused\"\nversion = \"3.0.0\"\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if s.Packages["."] != "skeleton-0" || s.Packages["patched"] != "patched" {
		t.Errorf("%v", s.Packages)
	}
	lock := string(s.Files["Cargo.lock"])
	if !strings.Contains(lock, "name = \"patched\"\nversion = \"1.0.5\"\n") || !strings.Contains(lock, "name = \"skeleton-0\"\nversion = \"0.0.0\"\ndependencies = [\n \"patched\",\n]") {
		t.Errorf("%s", lock)
	}
	if !strings.HasSuffix(lock, "\n[[patch.unused]]\nname = \"unused\"\nversion = \"3.0.0\"\n") || s.Files["unused/Cargo.toml"] == nil {
		t.Errorf("%s", lock)
	}
	if !slices.Contains(s.Stale, "*/libpatched.*") {
		t.Errorf("%v", s.Stale)
	}
	for name := range s.Files {
		if strings.HasSuffix(name, "other.rs") {
			t.Errorf("%s is in it", name)
		}
	}
}

func FuzzProject(f *testing.F) {
	for name, text := range workspace() {
		f.Add(text, name)
	}
	f.Add("[package]\nname = \"a\"\n[lib]\nproc-macro = true\n[[bin]]\nname = \"b\"\npath = \"x.rs\"\n[profile.dev.package.a]\n", "src/main.rs")
	f.Add("[package]\nname = \"a\"\n[patch.crates-io]\nb = { path = \"b\" }\n[replace]\n\"c:1.0.0\" = { path = \"c\" }\n", "b/Cargo.toml")
	f.Fuzz(func(t *testing.T, manifest, other string) {
		files := fstest.MapFS{
			"Cargo.toml": {Data: []byte(manifest)},
			"Cargo.lock": {Data: []byte("version = 4\n[[package]]\nname = \"a\"\nversion = \"0.0.0\"\n[[package]]\nname = \"b\"\nversion = \"0.0.0\"\n")},
			"src/lib.rs": {}, "b/Cargo.toml": {Data: []byte("[package]\nname = \"b\"\n")},
		}
		if validName(other) && files[other] == nil {
			files[other] = &fstest.MapFile{Data: []byte(manifest)}
		}
		s, err := NewSkeleton(files)
		if err != nil {
			return
		}
		for name := range s.Files {
			if !validName(name) {
				t.Errorf("file %q", name)
			}
		}
	})
}

func validName(name string) bool {
	return name != "." && filepath.IsLocal(name) && filepath.Clean(name) == name
}
