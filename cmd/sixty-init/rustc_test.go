package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// compiler is a program that writes what rustc would, and notes that it was
// called.
const compiler = `#!/bin/sh
echo "$*" >>"$CALLS"
name= hash= emit= out=
for arg; do
  case $before in --crate-name) name=$arg ;; --emit) emit=$arg ;; --out-dir) out=$arg ;; esac
  case $arg in --emit=*) emit=${arg#--emit=} ;; extra-filename=*) hash=${arg#extra-filename=} ;; esac
  before=$arg
done
[ -n "$hash" ] || exit 0
echo "meta of $name$hash" >"$out/lib$name$hash.rmeta"
echo "$out/$name$hash.d $out/lib$name$hash.rmeta: /vendor/$name/lib.rs" >"$out/$name$hash.d"
`

// bench is a target folder and a compiler.
type bench struct {
	t   *testing.T
	dir string
}

func newBench(t *testing.T) bench {
	t.Helper()
	b := bench{t, t.TempDir()}
	if err := os.MkdirAll(filepath.Join(b.dir, "deps"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "rustc"), []byte(compiler), 0o755); err != nil {
		t.Fatal(err)
	}
	b.source("one")
	return b
}

// source makes the vendored package.
func (b bench) source(checksum string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, checksums), []byte(checksum), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// call has sixty-init compile, and returns how often it called the compiler.
func (b bench) call(env []string, args ...string) int {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), self(b.t), append([]string{filepath.Join(b.dir, "rustc")}, args...)...)
	cmd.Env = append(append(os.Environ(), asInit+"=1", initrec.UnitsVariable+"="+filepath.Join(b.dir, "units"), "CALLS="+filepath.Join(b.dir, "calls"), "CARGO_MANIFEST_DIR="+b.dir), env...)
	before, _ := os.ReadFile(filepath.Join(b.dir, "calls"))
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("%v: %s", err, out)
	}
	after, _ := os.ReadFile(filepath.Join(b.dir, "calls"))
	return strings.Count(string(after[len(before):]), "\n")
}

// unit are the arguments for a crate; the externs are NAME-HASH.
func (b bench) unit(name, hash, emit string, more []string, externs ...string) []string {
	deps := filepath.Join(b.dir, "deps")
	args := []string{"--crate-name", name, "--edition=2021", "/vendor/" + name + "/lib.rs", "--crate-type", "lib", "--emit=" + emit,
		"-C", "opt-level=3", "-C", "metadata=" + hash, "-C", "extra-filename=-" + hash, "--out-dir", deps, "-L", "dependency=" + deps}
	for _, e := range externs {
		crate, _, _ := strings.Cut(e, "-")
		args = append(args, "--extern", crate+"="+filepath.Join(deps, "lib"+e+".rmeta"))
	}
	return append(args, more...)
}

const (
	build = "dep-info,metadata,link"
	check = "dep-info,metadata"
)

func (b bench) read(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, "deps", name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

func TestRustcReusesMetadata(t *testing.T) {
	b := newBench(t)
	b.call(nil, b.unit("a", "b1", build, nil)...)
	b.call(nil, b.unit("b", "b2", build, nil, "a-b1")...)
	// As cargo does, with another number of jobs and the words otherwise joined.
	again := func(name, hash string, externs ...string) int {
		args := b.unit(name, hash, check, nil, externs...)
		for i, arg := range args {
			if arg == "--emit="+check {
				args = append(append(args[:i:i], "--emit", check, "--json=artifacts"), args[i+1:]...)
			}
		}
		return b.call([]string{"CARGO_MAKEFLAGS=-j9"}, args...)
	}
	if n := again("a", "c1"); n != 0 {
		t.Errorf("a was compiled %d times more", n)
	}
	if n := again("b", "c2", "a-c1"); n != 0 {
		t.Errorf("b was compiled %d times more", n)
	}
	if got := b.read("libb-c2.rmeta"); got != "meta of b-b2\n" {
		t.Errorf("metadata %q", got)
	}
	deps := filepath.Join(b.dir, "deps")
	if got, want := b.read("b-c2.d"), fmt.Sprintf("%s/b-c2.d %s/libb-c2.rmeta: /vendor/b/lib.rs\n", deps, deps); got != want {
		t.Errorf("list of what was read: %q, want %q", got, want)
	}
}

func TestRustcCompilesWhatDiffers(t *testing.T) {
	b := newBench(t)
	b.call(nil, b.unit("a", "b1", build, nil)...)
	b.call(nil, b.unit("b", "b2", build, nil, "a-b1")...)
	b.call(nil, b.unit("a", "x1", check, []string{"--cfg", `feature="more"`})...)
	for name, c := range map[string]struct {
		env  []string
		args []string
	}{
		"a feature":           {nil, b.unit("a", "d1", check, []string{"--cfg", `feature="std"`})},
		"a flag":              {nil, b.unit("a", "d2", check, []string{"-C", "panic=abort"})},
		"a variable":          {[]string{"OUT_DIR=/other"}, b.unit("a", "d3", check, nil)},
		"a dependency":        {nil, b.unit("b", "d4", check, nil, "a-x1")},
		"no dependency":       {nil, b.unit("b", "d5", check, nil)},
		"unknown dependency":  {nil, b.unit("b", "d6", check, nil, "a-none")},
		"a test":              {nil, b.unit("a", "d7", check, []string{"--test"})},
		"a macro":             {nil, b.unit("a", "d8", check, []string{"--crate-type", "proc-macro"})},
		"the workspace's own": {[]string{"CARGO_PRIMARY_PACKAGE=1"}, b.unit("a", "d9", check, nil)},
		"a path's package":    {[]string{"CARGO_MANIFEST_DIR=/none"}, b.unit("a", "da", check, nil)},
		"a question":          {nil, []string{"-vV"}},
		"a build":             {nil, b.unit("a", "e1", build, nil)},
	} {
		if n := b.call(c.env, c.args...); n != 1 {
			t.Errorf("%s: the compiler was called %d times", name, n)
		}
	}
	// Other content under the same name and version.
	b.source("two")
	if n := b.call(nil, b.unit("a", "g1", check, nil)...); n != 1 {
		t.Errorf("another source: the compiler was called %d times", n)
	}
	b.source("one")
	// What a build was asked for and did not make.
	if err := os.Remove(filepath.Join(b.dir, "deps", "liba-e1.rmeta")); err != nil {
		t.Fatal(err)
	}
	if n := b.call(nil, b.unit("a", "f1", check, nil)...); n != 1 {
		t.Errorf("without a file the compiler was called %d times", n)
	}
}

// A compiler's failure is the wrapper's.
func TestRustcFails(t *testing.T) {
	b := newBench(t)
	if err := os.WriteFile(filepath.Join(b.dir, "rustc"), []byte("#!/bin/sh\necho no >&2\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self(t), append([]string{filepath.Join(b.dir, "rustc")}, b.unit("a", "b1", build, nil)...)...)
	cmd.Env = append(os.Environ(), asInit+"=1", initrec.UnitsVariable+"="+filepath.Join(b.dir, "units"))
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != 3 || string(out) != "no\n" {
		t.Errorf("%v: %s", err, out)
	}
}
