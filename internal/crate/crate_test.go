package crate

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/blob"
)

const lock = "version = 4\n\n[[package]]\nname = \"one\"\nversion = \"0.1.0\"\n"

func manifest(name string) string {
	return "[package]\nname = \"" + name + "\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"
}

// lay writes a tree and returns its folder.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, path string) *Crate {
	t.Helper()
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOpen(t *testing.T) {
	dir := lay(t, map[string]string{
		"Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\"]\n", "Cargo.lock": lock,
		"a/Cargo.toml": manifest("one"), "a/src/lib.rs": "", "a/examples/ex.rs": "", "a/benches/be.rs": "",
		"b/Cargo.toml":  manifest("two") + "[[bin]]\nname = \"extra\"\npath = \"src/extra.rs\"\nrequired-features = [\"x\"]\n[features]\nx = []\n",
		"b/src/main.rs": "", "b/src/extra.rs": "",
	})
	for path, want := range map[string]string{
		dir: filepath.Base(dir) + " ", filepath.Join(dir, "Cargo.toml"): filepath.Base(dir) + " ",
		filepath.Join(dir, "a", "Cargo.toml"): "one 0.1.0", filepath.Join(dir, "b"): "two 0.1.0",
	} {
		c := open(t, path)
		if got := c.Name + " " + c.Version; got != want || c.Dir != dir || c.Lock == nil {
			t.Errorf("%s: %q in %s, lock %v; want %q in %s", path, got, c.Dir, c.Lock, want, dir)
		}
	}
	if value := open(t, dir).Value(); !value.Type().Equals(Unknown().Type()) {
		t.Errorf("a crate is %#v, and an unknown one %#v", value.Type(), Unknown().Type())
	}
	v := open(t, dir).Value().AsValueMap()
	for name, want := range map[string]string{"bins": "two two", "examples": "one ex", "benches": "one be"} {
		var got []string
		for it := v[name].ElementIterator(); it.Next(); {
			_, e := it.Element()
			got = append(got, e.GetAttr("package").AsString()+" "+e.GetAttr("name").AsString())
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s are %v, want %s", name, got, want)
		}
	}
	if n := v["members"].LengthInt(); n != 2 || v["workspace"].False() {
		t.Errorf("%d members, workspace %v", n, v["workspace"])
	}
}

func TestOpenRefuses(t *testing.T) {
	outside := lay(t, map[string]string{"Cargo.lock": lock, "Cargo.toml": manifest("one")})
	linked := lay(t, map[string]string{"Cargo.toml": manifest("one"), "src/lib.rs": ""})
	if err := os.Symlink(filepath.Join(outside, LockName), filepath.Join(linked, LockName)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, want string }{
		"nothing there":    {filepath.Join(t.TempDir(), "Cargo.toml"), "no such file"},
		"no manifest":      {t.TempDir(), "no such file"},
		"another file":     {filepath.Join(outside, LockName), "not the path of a Cargo.toml"},
		"broken lockfile":  {lay(t, map[string]string{"Cargo.toml": manifest("one"), "src/lib.rs": "", "Cargo.lock": "[[package"}), LockName},
		"link out of it":   {linked, "escapes"},
		"endless lockfile": {lay(t, map[string]string{"Cargo.toml": manifest("one"), "src/lib.rs": "", "Cargo.lock": strings.Repeat("#", 17<<20)}), LockName},
	} {
		if _, err := Open(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", name, err, c.want)
		}
	}
}

func TestNoLock(t *testing.T) {
	c := open(t, lay(t, map[string]string{"Cargo.toml": manifest("one"), "src/lib.rs": ""}))
	if c.Lock != nil {
		t.Error("a lockfile from nowhere")
	}
	if _, err := c.Sources(nil); !errors.Is(err, ErrNoLock) {
		t.Errorf("error %v", err)
	}
}

func TestPack(t *testing.T) {
	dir := lay(t, map[string]string{
		"Cargo.toml": manifest("one"), "Cargo.lock": lock, "src/lib.rs": "",
		".git/HEAD": "x", "sub/.git": "gitdir: x", "sub/keep": "", ".sixty/record.json": "{}",
		"target/CACHEDIR.TAG": cacheSignature + "\n", "target/debug/one": "x",
		"fake/CACHEDIR.TAG": "Signature: no", "fake/kept": "",
	})
	store, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, dir)
	first, err := c.Pack(store)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Cargo.lock", "Cargo.toml", "fake/", "fake/CACHEDIR.TAG", "fake/kept", "src/", "src/lib.rs", "sub/", "sub/keep"}
	if got := names(t, first.Path); !slices.Equal(got, want) {
		t.Errorf("packed %v, want %v", got, want)
	}
	// What a run writes into the crate is no source of the next one.
	for _, name := range []string{"out/report.json", "out/logs/x.log", "src/metrics.json"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	except := []string{filepath.Join(dir, "out/report.json"), filepath.Join(dir, "out/logs"), filepath.Join(dir, "src/metrics.json"), "/elsewhere", dir, ""}
	again, err := c.Pack(store, except...)
	if err != nil {
		t.Fatal(err)
	}
	if again != first {
		t.Errorf("what was excepted is packed: %v", names(t, again.Path))
	}
	if err := os.WriteFile(filepath.Join(dir, "out/mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	third, err := c.Pack(store, except...)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, third.Path); !slices.Contains(got, "out/mine") || slices.Contains(got, "out/report.json") {
		t.Errorf("packed %v", got)
	}
}

func names(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	for tr := tar.NewReader(f); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, h.Name)
	}
}
