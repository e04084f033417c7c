package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestKey(t *testing.T) {
	base := Spec{Name: "a", Packages: []string{"gcc"}}
	same := Spec{Name: "b", Suite: "bookworm", Components: []string{"main"}, Packages: []string{"gcc"}, Env: []string{"PATH=" + debianPath}}
	if base.Key() != same.Key() {
		t.Error("a default spelled out, or the name, changes the key")
	}
	shuffled := Rust()
	slices.Reverse(shuffled.Packages)
	slices.Reverse(shuffled.Exclude)
	slices.Reverse(shuffled.Env)
	if shuffled.Key() != Rust().Key() {
		t.Error("the order of a list changes the key")
	}
	for what, other := range map[string]Spec{
		"package": {Packages: []string{"g++"}},
		"suite":   {Packages: base.Packages, Suite: "trixie"},
		"mirror":  {Packages: base.Packages, Mirror: "http://example.org/debian"},
		"exclude": {Packages: base.Packages, Exclude: []string{"/usr/share/man/*"}},
		"include": {Packages: base.Packages, Include: []string{"/usr/share/man/*"}},
		"env":     {Packages: base.Packages, Env: []string{"A=b"}},
	} {
		if other.Key() == base.Key() {
			t.Errorf("another %s has the same key", what)
		}
	}
}

func TestCheck(t *testing.T) {
	if err := Rust().Check(); err != nil {
		t.Error(err)
	}
	good := func(change func(*Spec)) Spec {
		s := Spec{Name: "x", Packages: []string{"gcc=4:12.2.0-3", "libstdc++6", "libc6:amd64"}}
		change(&s)
		return s
	}
	if err := good(func(*Spec) {}).Check(); err != nil {
		t.Error(err)
	}
	for what, s := range map[string]Spec{
		"name":          good(func(s *Spec) { s.Name = "../x" }),
		"no packages":   good(func(s *Spec) { s.Packages = nil }),
		"package":       good(func(s *Spec) { s.Packages = []string{"gcc,--hook"} }),
		"option":        good(func(s *Spec) { s.Packages = []string{"--setup-hook=x"} }),
		"suite":         good(func(s *Spec) { s.Suite = "--simulate" }),
		"component":     good(func(s *Spec) { s.Components = []string{"main\ndeb"} }),
		"mirror":        good(func(s *Spec) { s.Mirror = "file:///debian" }),
		"mirror option": good(func(s *Spec) { s.Mirror = "http://x/ [trusted=yes]" }),
		"security":      good(func(s *Spec) { s.SecurityMirror = "x" }),
		"exclude":       good(func(s *Spec) { s.Exclude = []string{"/x\npost-invoke=sh"} }),
		"include":       good(func(s *Spec) { s.Include = []string{"x"} }),
		"env":           good(func(s *Spec) { s.Env = []string{"=x"} }),
	} {
		if err := s.Check(); err == nil {
			t.Errorf("%s: passed", what)
		}
	}
}

func TestInstalled(t *testing.T) {
	const status = `Package: gcc
Status: install ok installed
Source: gcc-defaults (1.203)
Architecture: amd64
Version: 4:12.2.0-3
Description: GNU C compiler
 Package: not a field
 .

Package: removed
Status: deinstall ok config-files
Version: 1
Architecture: all
`
	got, err := installed(strings.NewReader(status))
	want := []Package{{"gcc", "4:12.2.0-3", "gcc-defaults (1.203)", "amd64"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("installed: %+v, %v", got, err)
	}
	if _, err := installed(strings.NewReader("")); err == nil {
		t.Error("a system without packages passed")
	}
}

func TestTail(t *testing.T) {
	var out bytes.Buffer
	l := &tail{to: &out, keep: 2}
	for _, s := range []string{"a", "b\nc\n\nd", "\r\n", strings.Repeat("x", maxLine+1), "end"} {
		fmt.Fprint(l, s)
	}
	l.flush()
	if want := "ab\nc\nd\n" + strings.Repeat("x", maxLine+1) + "\nend\n"; out.String() != want {
		t.Errorf("passed on %q", out.String())
	}
	if len(l.lines) != 2 || l.lines[1] != "end" {
		t.Errorf("kept %q", l.lines)
	}
}

// smallLayout writes a layout around a folder as Build does.
func smallLayout(t *testing.T, dir, root string, built time.Time) Info {
	t.Helper()
	w, err := newLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	var epoch time.Time
	sum, size, err := w.stream(func(out io.Writer) (err error) {
		epoch, err = writeLayer(t.Context(), root, built, out)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	spec := Spec{Name: "small", Packages: []string{"a"}}.complete()
	layer := ocispecs.Descriptor{MediaType: ocispecs.MediaTypeImageLayer, Digest: sum, Size: size}
	if err := w.finish(spec, layer, []Package{{Name: "a", Version: "1"}}, epoch); err != nil {
		t.Fatal(err)
	}
	info, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// tree makes a small file system: packaged files have an old time, generated
// ones that of now.
func tree(t *testing.T, secret string) string {
	t.Helper()
	root := t.TempDir()
	packaged := time.Date(2024, 5, 6, 7, 8, 9, 123, time.UTC)
	for name, data := range map[string]string{
		"usr/bin/tool": "tool", "usr/bin/old": "old", "etc/ld.so.cache": "generated",
		"etc/machine-id": secret, "etc/hostname": secret, "var/log/dpkg.log": secret,
		"var/lib/apt/lists/x/y": secret, "var/cache/ldconfig/aux-cache": secret, "tmp/x": secret,
	} {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(root, "usr/bin/tool"), filepath.Join(root, "usr/bin/twin")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/usr/bin/tool", filepath.Join(root, "usr/bin/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "usr/bin/tool"), os.ModeSetuid|0o755); err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]time.Time{"tool": packaged, "old": packaged.Add(-time.Hour)} {
		if err := os.Chtimes(filepath.Join(root, "usr/bin", name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestLayer(t *testing.T) {
	built := time.Now().Add(-time.Minute)
	one := smallLayout(t, filepath.Join(t.TempDir(), "x"), tree(t, "secret-1"), built)
	two := smallLayout(t, filepath.Join(t.TempDir(), "x"), tree(t, "secret-2"), built)
	if one.Digest != two.Digest {
		t.Errorf("two builds of the same files differ: %s, %s", one.Digest, two.Digest)
	}
	if want := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC); !one.Epoch.Equal(want) {
		t.Errorf("epoch %s, want the time of the newest packaged file, %s", one.Epoch, want)
	}
	out := t.TempDir()
	unpack(t, one, out)
	listed, err := exec.Command("find", out, "-mindepth", "1", "(", "-type", "d", "-printf", "%P/\n", "-o", "-printf", "%P %m %l%TY-%Tm-%TdT%TH:%TM:%TS\n", ")").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(listed)), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSuffix(l, ".0000000000")
	}
	slices.Sort(lines)
	want := []string{
		"etc/", "etc/ld.so.cache 644 2024-05-06T07:08:09", "tmp/", "usr/", "usr/bin/",
		"usr/bin/link 777 /usr/bin/tool2024-05-06T07:08:09", "usr/bin/old 644 2024-05-06T06:08:09",
		"usr/bin/tool 4755 2024-05-06T07:08:09", "usr/bin/twin 4755 2024-05-06T07:08:09",
		"var/", "var/cache/", "var/cache/ldconfig/", "var/lib/", "var/lib/apt/", "var/lib/apt/lists/", "var/log/",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("the layer holds\n%s", strings.Join(lines, "\n"))
	}
}

// unpack extracts the layer of an image.
func unpack(t *testing.T, info Info, dir string) {
	t.Helper()
	var manifest ocispecs.Manifest
	if err := readBlob(info.Dir, digest.Digest(info.Digest), &manifest); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tar", "-xpf", blobPath(info.Dir, manifest.Layers[0].Digest), "-C", dir)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, ErrNone) {
		t.Errorf("nothing there: %v, want ErrNone", err)
	}
	built := time.Now().Add(-time.Minute)
	for what, harm := range map[string]func(dir string, info Info) error{
		"no index": func(dir string, _ Info) error { return os.Remove(filepath.Join(dir, "index.json")) },
		"no JSON": func(dir string, _ Info) error {
			return os.WriteFile(filepath.Join(dir, "index.json"), []byte("x"), 0o644)
		},
		"no manifests": func(dir string, _ Info) error {
			return os.WriteFile(filepath.Join(dir, "index.json"), []byte("{}"), 0o644)
		},
		"changed manifest": func(dir string, i Info) error {
			return os.WriteFile(blobPath(dir, digest.Digest(i.Digest)), []byte("{}"), 0o644)
		},
		"escaping digest": func(dir string, _ Info) error {
			return os.WriteFile(filepath.Join(dir, "index.json"), []byte(`{"manifests":[{"digest":"sha256:../../../../etc/passwd"}]}`), 0o644)
		},
		"shortened layer": func(dir string, i Info) error {
			var m ocispecs.Manifest
			if err := readBlob(dir, digest.Digest(i.Digest), &m); err != nil {
				return err
			}
			return os.Truncate(blobPath(dir, m.Layers[0].Digest), 10)
		},
	} {
		dir := filepath.Join(t.TempDir(), "x")
		info := smallLayout(t, dir, tree(t, ""), built)
		if err := harm(dir, info); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "build the image again") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	unlock, waited, err := lock(t.Context(), name, io.Discard)
	if err != nil || waited {
		t.Fatalf("first: waited %v, %v", waited, err)
	}
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if _, _, err := lock(ctx, name, io.Discard); !errors.Is(err, stop) {
		t.Errorf("canceled while waiting: %v", err)
	}
	says := notify{make(chan string, 1)}
	go func() { <-says.line; unlock() }()
	again, waited, err := lock(t.Context(), name, says)
	if err != nil || !waited {
		t.Fatalf("second: waited %v, %v", waited, err)
	}
	again()
}

type notify struct{ line chan string }

func (n notify) Write(p []byte) (int, error) { n.line <- string(p); return len(p), nil }

func TestReplace(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"one", "two"} {
		from := filepath.Join(base, "new")
		if err := os.MkdirAll(filepath.Join(from, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := replace(from, filepath.Join(base, "place")); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(from); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(filepath.Join(base, "place"))
		if err != nil || len(entries) != 1 || entries[0].Name() != name {
			t.Errorf("after %s: %v, %v", name, entries, err)
		}
	}
}

func TestBuildSaysWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Build(t.Context(), Rust(), filepath.Join(t.TempDir(), "rust"), io.Discard)
	var setup *SetupError
	if !errors.As(err, &setup) || setup.Do == "" {
		t.Errorf("error %v, want a SetupError that says what to do", err)
	}
}

// TestRust builds the Rust image twice from Debian's packages, which takes
// minutes and the network, so it runs only when asked to.
func TestRust(t *testing.T) {
	if os.Getenv("SIXTY_TEST_IMAGE") == "" {
		t.Skip("SIXTY_TEST_IMAGE is not set: builds two images over the network")
	}
	if err := Ready(); err != nil {
		t.Fatal(err)
	}
	base := t.TempDir()
	var infos []Info
	for _, name := range []string{"one", "two"} {
		info, err := Build(t.Context(), Rust(), filepath.Join(base, name), t.Output())
		if err != nil {
			t.Fatal(err)
		}
		infos = append(infos, info)
		t.Logf("%s: %d packages, %d bytes, epoch %s", info.Ref, len(info.Packages), info.SizeBytes, info.Epoch)
	}
	if infos[0].Digest != infos[1].Digest {
		a, b := filepath.Join(base, "a"), filepath.Join(base, "b")
		for i, dir := range []string{a, b} {
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			unpack(t, infos[i], dir)
		}
		diff, _ := exec.Command("diff", "-rq", "--no-dereference", a, b).CombinedOutput() // 1 means that they differ
		t.Errorf("two builds differ: %s and %s\n%s", infos[0].Digest, infos[1].Digest, diff)
	}
	if infos[0].Key != Rust().Key() {
		t.Errorf("the layout has key %s, the spec %s", infos[0].Key, Rust().Key())
	}
	entries, err := filepath.Glob(filepath.Join(base, "*.new"))
	if err != nil || len(entries) > 0 {
		t.Errorf("left over: %v, %v", entries, err)
	}
	checkToolchain(t, infos[0])
}

// checkToolchain does with a small crate what the gates do.
func checkToolchain(t *testing.T, info Info) {
	bundle := t.TempDir()
	root := filepath.Join(bundle, "rootfs")
	crate := filepath.Join(root, "crate")
	if err := os.MkdirAll(filepath.Join(crate, "src"), 0o755); err != nil {
		t.Fatal(err)
	}
	unpack(t, info, root)
	for name, text := range map[string]string{
		"Cargo.toml": "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
		"src/lib.rs": `//! A small crate.

/// Says whether a number is even.
pub fn even(n: u32) -> bool {
    if n % 2 == 0 {
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    #[test]
    fn four_is_even() {
        assert!(super::even(4));
    }
}
`,
	} {
		if err := os.WriteFile(filepath.Join(crate, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const script = `set -e
		for tool in cargo rustc rustdoc rustfmt clippy-driver cargo-clippy cargo-fmt llvm-profdata llvm-cov cc ld; do command -v $tool; done
		rustc --version
		cargo fmt --check
		cargo clippy --offline --message-format=json | grep -o 'clippy::[a-z_]*' | sort -u
		export RUSTFLAGS=-Cinstrument-coverage LLVM_PROFILE_FILE=/tmp/%p-%m.profraw
		cargo test --offline
		llvm-profdata merge -sparse /tmp/*.profraw -o /tmp/all.profdata
		test=$(ls target/debug/deps/small-* | grep -v '\.d$' | head -n 1)
		llvm-cov export --summary-only --instr-profile=/tmp/all.profdata "$test" > coverage.json`
	out, err := inContainer(t, bundle, info.Env, "sh", "-c", script)
	if err != nil {
		t.Fatalf("the toolchain: %v\n%s", err, out)
	}
	t.Logf("%s", out)
	for _, want := range []string{"test result: ok. 1 passed", "/usr/bin/cargo\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in the output", want)
		}
	}
	version := regexp.MustCompile(`(?m)^rustc 1\.(\d+)`).FindStringSubmatch(out)
	if version == nil {
		t.Fatal("rustc does not say its version")
	}
	if minor, _ := strconv.Atoi(version[1]); minor < 85 {
		t.Errorf("rustc 1.%d is too old for edition 2024", minor)
	}
	b, err := os.ReadFile(filepath.Join(crate, "coverage.json"))
	if err != nil {
		t.Fatal(err)
	}
	var coverage struct {
		Data []struct {
			Totals struct{ Lines struct{ Count, Covered int } }
		}
	}
	if err := json.Unmarshal(b, &coverage); err != nil || len(coverage.Data) != 1 {
		t.Fatalf("coverage %s: %v", b, err)
	}
	// Of the library's lines, the test leaves the last one of even alone.
	if l := coverage.Data[0].Totals.Lines; l.Count == 0 || l.Covered == 0 || l.Covered >= l.Count {
		t.Errorf("%d of %d lines covered", l.Covered, l.Count)
	}
}

func inContainer(t *testing.T, bundle string, env []string, command ...string) (string, error) {
	t.Helper()
	type m = map[string]any
	caps := []string{"CAP_DAC_OVERRIDE"}
	b, err := json.Marshal(m{
		"ociVersion": "1.0.2",
		"root":       m{"path": "rootfs"},
		"process": m{
			"args": command, "env": env, "cwd": "/crate",
			"capabilities": m{"bounding": caps, "effective": caps, "permitted": caps},
		},
		"mounts": []m{
			{"destination": "/proc", "type": "proc", "source": "proc"},
			{"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
		},
		"linux": m{"namespaces": []m{{"type": "pid"}, {"type": "mount"}, {"type": "network"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	id := "sixty-image-test-" + strconv.Itoa(os.Getpid())
	out, err := exec.CommandContext(t.Context(), "runc", "run", "--bundle", bundle, id).CombinedOutput()
	return string(out), err
}
