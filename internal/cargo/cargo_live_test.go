package cargo_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/cargo/vendor"
)

// workshop is a place to run the real cargo in, without any network: its crates
// come from a vendor directory of archives that cargo itself has packaged.
type workshop struct {
	t    *testing.T
	dir  string
	home string
	env  []string // beside cargo's own
}

// newWorkshop packages some small crates, unpacks them with this project's own
// unpacker and configures cargo to use nothing else.
func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	if testing.Short() {
		t.Skip("cargo is not run in short mode")
	}
	// Not required anywhere, CI included: the project needs no Rust on the host,
	// and its stories run the same through the image's own cargo. rustup's
	// proxy may be there without a toolchain behind it, so it is asked.
	if err := exec.Command("cargo", "--version").Run(); err != nil {
		t.Skip("there is no cargo here: ", err)
	}
	w := &workshop{t: t, dir: t.TempDir()}
	w.home = filepath.Join(w.dir, "home")
	crates := filepath.Join(w.dir, "crates")
	for name, files := range map[string]map[string]string{
		"leaf":    {"Cargo.toml": "[features]\nextra = []\n", "src/lib.rs": "pub fn leaf() -> u32 { if cfg!(feature = \"extra\") { 2 } else { 1 } }\n"},
		"derive":  {"Cargo.toml": "[lib]\nproc-macro = true\n", "src/lib.rs": "use proc_macro::TokenStream;\n#[proc_macro] pub fn one(_: TokenStream) -> TokenStream { \"1\".parse().unwrap() }\n"},
		"scripts": {"Cargo.toml": "", "build.rs": "fn main() { println!(\"cargo:rerun-if-changed=build.rs\"); println!(\"cargo:rustc-env=MADE=7\"); }\n", "src/lib.rs": "pub fn made() -> &'static str { env!(\"MADE\") }\n"},
		"devonly": {"Cargo.toml": "", "src/lib.rs": "pub fn dev() {}\n"},
	} {
		src := filepath.Join(w.dir, "src", name)
		files["Cargo.toml"] = fmt.Sprintf("[package]\nname = %q\nversion = \"1.2.3\"\nedition = \"2021\"\nlicense = \"MIT\"\ndescription = \"x\"\n", name) + files["Cargo.toml"]
		w.write(src, files)
		w.must(src, "package", "--quiet", "--no-verify", "--allow-dirty", "--offline", "--target-dir", filepath.Join(w.dir, "packaged"))
	}
	if err := os.Rename(filepath.Join(w.dir, "packaged", "package"), crates); err != nil {
		t.Fatal(err)
	}
	for _, e := range must(os.ReadDir(crates)) {
		if !strings.HasSuffix(e.Name(), ".crate") {
			os.RemoveAll(filepath.Join(crates, e.Name()))
		}
	}
	out := filepath.Join(w.dir, "vendor")
	if err := vendor.Unpack(crates, out, vendor.DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	w.write(w.home, map[string]string{"config.toml": cargo.VendorConfig(cargo.SourceSet{}, out)})
	return w
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (w *workshop) write(dir string, files map[string]string) {
	w.t.Helper()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(p), 0o755)
		if err == nil {
			err = os.WriteFile(p, []byte(text), 0o644)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *workshop) cargo(dir string, args ...string) (stdout, stderr string, err error) {
	cmd := exec.CommandContext(w.t.Context(), "cargo", args...)
	cmd.Dir = dir
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "CARGO_") || strings.HasPrefix(v, "RUSTFLAGS=")
	})
	cmd.Env = append(append(env, "CARGO_HOME="+w.home, "CARGO_TERM_COLOR=never", "RUSTUP_HOME="+rustupHome()), w.env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("cargo %s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out), errs.String(), err
}

func rustupHome() string {
	if h := os.Getenv("RUSTUP_HOME"); h != "" {
		return h
	}
	return filepath.Join(os.Getenv("HOME"), ".rustup")
}

func (w *workshop) must(dir string, args ...string) string {
	w.t.Helper()
	out, _, err := w.cargo(dir, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// project is a workspace with one of everything: a package with library, binary,
// build script and tests, a macro crate and a member with dev-dependencies.
func project(name, version string) map[string]string {
	return map[string]string{
		"Cargo.toml": fmt.Sprintf(`[package]
name = %q
version = %q
edition = "2021"
description = "A sample"

[features]
default = ["extra"]
extra = ["leaf/extra"]

[dependencies]
leaf = "1"
macros = { path = "macros", version = "0.1" }
util = { workspace = true }

[target.'cfg(unix)'.dependencies]
scripts = "1.2"

[build-dependencies]
leaf = "1"

[dev-dependencies]
devonly = "1"

[workspace]
members = ["crates/*", "macros"]
resolver = "2"

[workspace.package]
version = "0.3.0"

[workspace.dependencies]
util = { path = "crates/util", version = "0.3" }

[profile.release]
lto = true

[profile.dev.package.leaf]
opt-level = 1

[profile.dev.package.%s]
opt-level = 2
`, name, version, name),
		"build.rs":                 "fn main() { leaf::leaf(); }\n",
		"src/lib.rs":               "pub fn sum() -> u32 { leaf::leaf() + macros::two!() + util::three() }\n",
		"src/main.rs":              "fn main() { println!(\"{}\", scripts::made()) }\n",
		"tests/sum.rs":             "#[test] fn sums() { devonly::dev(); assert_eq!(" + strings.ReplaceAll(name, "-", "_") + "::sum(), 7) }\n",
		"macros/Cargo.toml":        "[package]\nname = \"macros\"\nversion = \"0.1.9\"\nedition = \"2021\"\n[lib]\nproc-macro = true\n",
		"macros/src/lib.rs":        "use proc_macro::TokenStream;\n#[proc_macro] pub fn two(_: TokenStream) -> TokenStream { \"2\".parse().unwrap() }\n",
		"crates/util/Cargo.toml":   "[package]\nname = \"util\"\nversion.workspace = true\nedition = \"2021\"\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n[dependencies]\nderive = \"1\"\n[dev-dependencies]\ndevonly = \"1\"\n",
		"crates/util/src/lib.rs":   "pub fn three() -> u32 { derive::one!() + 2 }\n#[cfg(test)] mod tests { #[test] fn it() { assert_eq!(super::three(), 3) } }\n",
		"crates/util/tests/one.rs": "#[test] fn one() {}\n",
	}
}

// age sets every file's time to long ago, as archives have it.
func age(t *testing.T, dir string) {
	t.Helper()
	old := time.Unix(1153704088, 0)
	err := filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(p, old, old))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSkeletonWarmsDependencies compiles a skeleton with the real cargo, then
// the project itself in the same target directory: every dependency has to be
// fresh, nothing of the project may be, and its tests have to run, although its
// sources are older than those of the skeleton.
func TestSkeletonWarmsDependencies(t *testing.T) {
	w := newWorkshop(t)
	app := filepath.Join(w.dir, "app")
	w.write(app, project("sample-app", "1.0.0"))
	w.must(app, "generate-lockfile", "--offline")
	age(t, app)

	s, err := cargo.NewSkeleton(os.DirFS(app))
	if err != nil {
		t.Fatal(err)
	}
	skeleton := filepath.Join(w.dir, "skeleton")
	for name, data := range s.Files {
		w.write(skeleton, map[string]string{name: string(data)})
	}
	warm := filepath.Join(w.dir, "target")
	common := []string{"--offline", "--locked", "--workspace", "--target-dir", warm}
	steps := [][]string{{"test", "--no-run"}, {"clippy", "--all-targets"}, {"build", "--release"}, {"doc", "--no-deps"}}
	for _, step := range steps {
		w.must(skeleton, slices.Concat(step, common)...)
	}
	for _, step := range steps {
		out := w.must(app, slices.Concat(step, common, []string{"--message-format=json"})...)
		for pkg, fresh := range freshness(t, out) {
			own := strings.HasPrefix(pkg, "path+")
			if own && fresh {
				t.Errorf("cargo %v: %s counts as compiled", step, pkg)
			}
			if !own && !fresh {
				t.Errorf("cargo %v: %s was compiled again", step, pkg)
			}
		}
	}
	built, err := cargo.ParseMessages(strings.NewReader(w.must(app, slices.Concat(steps[0], common, []string{"--message-format=json"})...)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := cargo.LoadProject(os.DirFS(app))
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := w.cargo(app, slices.Concat([]string{"test"}, common)...)
	if err != nil {
		t.Fatal(err)
	}
	r := cargo.ParseTests(cargo.TestLog{Stdout: []byte(stdout), Stderr: []byte(stderr), ExitCode: new(int), Binaries: cargo.TestBinaries(built, p)})
	if !r.Sound || r.Executed != 3 || r.Passed != 3 {
		t.Errorf("%+v\n%s", r, stdout)
	}

	removeStale(t, s, warm)
	err = filepath.WalkDir(warm, func(p string, _ os.DirEntry, err error) error {
		if strings.Contains(filepath.Base(p), "skeleton") {
			t.Errorf("the patterns leave %s", p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg, fresh := range freshness(t, w.must(skeleton, slices.Concat(steps[0], common, []string{"--message-format=json"})...)) {
		if own := strings.HasPrefix(pkg, "path+"); own == fresh {
			t.Errorf("after the removal %s: fresh is %v", pkg, fresh)
		}
	}
}

func removeStale(t *testing.T, s *cargo.Skeleton, target string) {
	t.Helper()
	for _, pattern := range s.Stale {
		for _, p := range must(filepath.Glob(filepath.Join(target, pattern))) {
			if err := os.RemoveAll(p); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestSkeletonOfPatches has a package that keeps its name, so what its empty
// source has left must go, or its tests would not be compiled.
func TestSkeletonOfPatches(t *testing.T) {
	w := newWorkshop(t)
	app := filepath.Join(w.dir, "app")
	w.write(app, map[string]string{
		"Cargo.toml":         "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nleaf = \"1\"\nscripts = \"1\"\n[workspace]\nmembers = [\"leaf\"]\n[patch.crates-io]\nleaf = { path = \"leaf\" }\ndevonly = { path = \"unused\" }\n",
		"src/main.rs":        "fn main() { leaf::leaf(); }\n",
		"leaf/Cargo.toml":    "[package]\nname = \"leaf\"\nversion = \"1.9.0\"\nedition = \"2021\"\n",
		"leaf/src/lib.rs":    "pub fn leaf() {}\n#[test] fn tested() {}\n",
		"unused/Cargo.toml":  "[package]\nname = \"devonly\"\nversion = \"1.9.0\"\nedition = \"2021\"\n[workspace]\n",
		"unused/src/lib.rs":  "",
		"unused/src/more.rs": "",
	})
	w.must(app, "generate-lockfile", "--offline")
	age(t, app)
	s, err := cargo.NewSkeleton(os.DirFS(app))
	if err != nil {
		t.Fatal(err)
	}
	skeleton, warm := filepath.Join(w.dir, "skeleton"), filepath.Join(w.dir, "target")
	for name, data := range s.Files {
		w.write(skeleton, map[string]string{name: string(data)})
	}
	test := []string{"test", "--offline", "--locked", "--workspace", "--target-dir", warm}
	w.must(skeleton, append(test, "--no-run")...)
	removeStale(t, s, warm)
	stdout, stderr, err := w.cargo(app, test...)
	r := cargo.ParseTests(cargo.TestLog{Stdout: []byte(stdout), Stderr: []byte(stderr), ExitCode: new(int)})
	if err != nil || !r.Sound || r.Executed != 1 {
		t.Errorf("%v: %+v", err, r)
	}
	if strings.Contains(stderr, "Compiling scripts") {
		t.Error("a dependency was compiled again")
	}
}

// freshness reads from cargo's messages which packages it did not compile.
func freshness(t *testing.T, out string) map[string]bool {
	t.Helper()
	fresh := map[string]bool{}
	for line := range strings.Lines(out) {
		var m struct {
			Reason    string `json:"reason"`
			PackageID string `json:"package_id"`
			Fresh     bool   `json:"fresh"`
		}
		if json.Unmarshal([]byte(line), &m) != nil || m.Reason != "compiler-artifact" {
			continue
		}
		was, seen := fresh[m.PackageID]
		fresh[m.PackageID] = m.Fresh && (was || !seen)
	}
	if len(fresh) < 6 {
		t.Fatalf("only %d packages in cargo's messages", len(fresh))
	}
	return fresh
}

// TestSkeletonKeepsItsKey edits everything that has no say in how dependencies
// are compiled, and then something that has.
func TestSkeletonKeepsItsKey(t *testing.T) {
	w := newWorkshop(t)
	n := 0
	skeleton := func(files map[string]string) map[string][]byte {
		t.Helper()
		n++
		dir := filepath.Join(w.dir, fmt.Sprint("variant-", n))
		w.write(dir, files)
		w.must(dir, "generate-lockfile", "--offline")
		s, err := cargo.NewSkeleton(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		return s.Files
	}
	same := func(a, b map[string][]byte) bool {
		return maps.EqualFunc(a, b, slices.Equal[[]byte])
	}
	before := skeleton(project("sample-app", "1.0.0"))

	renamed := project("zebra", "2.7.1-rc.1")
	renamed["src/lib.rs"] += "// changed\n"
	renamed["src/bin/other.rs"] = "fn main() {}\n"
	renamed["tests/more.rs"] = "#[test] fn more() {}\n"
	renamed["examples/e.rs"] = "fn main() {}\n"
	renamed["README.md"] = "x\n"
	renamed["Cargo.toml"] = strings.ReplaceAll(renamed["Cargo.toml"], "A sample", "Another")
	renamed["crates/util/Cargo.toml"] = strings.Replace(renamed["crates/util/Cargo.toml"], "[dep", "[lints.rust]\nunused = \"warn\"\n[dep", 1)
	if after := skeleton(renamed); !same(before, after) {
		for name := range after {
			if string(before[name]) != string(after[name]) {
				t.Errorf("%s\n--- before\n%s--- after\n%s", name, before[name], after[name])
			}
		}
	}

	for what, edit := range map[string]func(map[string]string){
		"feature": func(f map[string]string) { f["Cargo.toml"] = strings.Replace(f["Cargo.toml"], `"leaf/extra"`, "", 1) },
		"profile": func(f map[string]string) {
			f["Cargo.toml"] = strings.Replace(f["Cargo.toml"], "lto = true", "lto = false", 1)
		},
		"dependency": func(f map[string]string) {
			f["Cargo.toml"] = strings.Replace(f["Cargo.toml"], "scripts = \"1.2\"", "", 1)
		},
		"build script": func(f map[string]string) { delete(f, "build.rs") },
		"flags":        func(f map[string]string) { f[".cargo/config.toml"] = "[build]\nrustflags = [\"-g\"]\n" },
	} {
		files := project("sample-app", "1.0.0")
		edit(files)
		if same(before, skeleton(files)) {
			t.Errorf("%s: the skeleton did not follow", what)
		}
	}
}

// TestVendoredBuild runs cargo on a project whose lockfile goes through
// ParseLock and Sources, and checks that cargo refuses a changed archive.
func TestVendoredBuild(t *testing.T) {
	w := newWorkshop(t)
	app := filepath.Join(w.dir, "app")
	w.write(app, project("sample-app", "1.0.0"))
	w.must(app, "generate-lockfile", "--offline")
	data := must(os.ReadFile(filepath.Join(app, "Cargo.lock")))
	lock, err := cargo.ParseLock(data)
	if err != nil {
		t.Fatal(err)
	}
	set, err := cargo.Sources(lock, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Crates) != 4 || len(set.Local) != 3 {
		t.Fatalf("sources: %+v", set)
	}
	for _, c := range set.Crates {
		archive := must(os.ReadFile(filepath.Join(w.dir, "crates", c.File())))
		if sum := sha256.Sum256(archive); hex.EncodeToString(sum[:]) != c.SHA256 {
			t.Errorf("%s: checksum %s does not fit the archive", c.File(), c.SHA256)
		}
	}
	w.must(app, "build", "--offline", "--locked")

	sums := filepath.Join(w.dir, "vendor", "leaf-1.2.3", ".cargo-checksum.json")
	w.write(filepath.Dir(sums), map[string]string{filepath.Base(sums): `{"files":{},"package":"` + strings.Repeat("0", 64) + `"}`})
	if _, _, err := w.cargo(app, "build", "--offline", "--locked"); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("cargo took a crate with another checksum: %v", err)
	}
}

// TestPublishDryRun publishes to nowhere: a registry on loopback that has only
// its config.json is enough for cargo.
func TestPublishDryRun(t *testing.T) {
	w := newWorkshop(t)
	index := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/config.json" {
			http.NotFound(rw, r)
			return
		}
		fmt.Fprintf(rw, `{"dl":"http://%s/dl","api":"http://%s"}`, r.Host, r.Host)
	}))
	defer index.Close()
	app := filepath.Join(w.dir, "app")
	w.write(app, map[string]string{
		"Cargo.toml": "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\ndescription = \"x\"\nlicense = \"MIT\"\n[dependencies]\nleaf = \"1\"\n",
		"src/lib.rs": "pub use leaf::leaf;\n",
	})
	w.must(app, "generate-lockfile", "--offline")
	w.env = []string{"CARGO_NET_OFFLINE=false", "CARGO_REGISTRIES_LOCAL_INDEX=sparse+" + index.URL + "/"}
	listed, err := cargo.ParsePackageList([]byte(w.must(app, "package", "--list", "--allow-dirty")))
	if err != nil {
		t.Fatal(err)
	}
	_, stderr, err := w.cargo(app, "publish", "--dry-run", "--no-verify", "--allow-dirty", "--registry", "local")
	if err != nil {
		t.Fatal(err)
	}
	p := cargo.ParsePackaging([]byte(stderr))
	if len(p.Packages) != 1 || !p.Packages[0].Uploading || !p.Packages[0].DryRun || p.Packages[0].Files == nil || *p.Packages[0].Files != len(listed) || len(p.Errors) != 0 {
		t.Errorf("%+v of\n%s", p, stderr)
	}
	w.must(app, "package", "--no-verify", "--allow-dirty", "--offline")
	archive := must(os.Open(filepath.Join(app, "target", "package", "app-0.1.0.crate")))
	defer archive.Close()
	files, _, err := vendor.List(archive, "app-0.1.0", vendor.DefaultLimits())
	if err != nil || len(files) != len(listed) {
		t.Errorf("archive: %v, %v; listed: %v", files, err, listed)
	}
}
