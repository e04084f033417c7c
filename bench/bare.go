package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/crate"
)

// chroot is the image's root file system, in which bare commands run. It is no
// container: namespaces, mounts and cgroups are those of the machine.
type chroot struct {
	root string
	env  []string
}

// Where things lie in the chroot.
const (
	workDir   = "/work"
	cargoHome = workDir + "/cargo"
	vendorDir = workDir + "/vendor"
)

// stopDelay is how long a command has to end by itself when it is interrupted.
const stopDelay = 10 * time.Second

// newChroot unpacks an image, unless an earlier benchmark has, and mounts what
// programs expect.
func newChroot(ctx context.Context, img image, dir string) (chroot, error) {
	c := chroot{root: filepath.Join(dir, "rootfs-"+img.layerName[:16])}
	c.env = append(append([]string{}, img.env...),
		"HOME=/root", "CARGO_HOME="+cargoHome, "CARGO_NET_OFFLINE=true", "CARGO_TERM_COLOR=never")
	if _, err := os.Stat(c.root); errors.Is(err, fs.ErrNotExist) {
		if err := removeOld(dir); err != nil {
			return c, err
		}
		if err := unpack(ctx, img.layer, c.root); err != nil {
			return c, err
		}
	}
	return c, c.mount()
}

// removeOld removes what was unpacked of other images. Nothing is mounted there:
// mounts ended with the benchmark that made them.
func removeOld(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, "rootfs-*"))
	if err != nil {
		return err
	}
	for _, root := range old {
		if err := os.RemoveAll(root); err != nil {
			return fmt.Errorf("remove what was unpacked of another image: %w", err)
		}
	}
	return nil
}

func unpack(ctx context.Context, layer, root string) error {
	partial := root + ".partial"
	if err := os.MkdirAll(partial, 0o755); err != nil {
		return err
	}
	_, _, err := measure(exec.CommandContext(ctx, "tar", "-xpf", layer, "--numeric-owner", "-C", partial))
	if err != nil {
		return fmt.Errorf("unpack the image: %w", err)
	}
	return os.Rename(partial, root)
}

// mount gives the chroot a /proc and a /dev. Its /dev has nodes of its own, so
// that whoever removes the folder removes nothing of the machine's.
func (c chroot) mount() error {
	for _, m := range []struct{ kind, at string }{{"proc", "proc"}, {"tmpfs", "dev"}} {
		target := filepath.Join(c.root, m.at)
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
		if err := syscall.Mount(m.kind, target, m.kind, syscall.MS_NOSUID, ""); err != nil {
			return fmt.Errorf("mount %s: %w", target, err)
		}
	}
	for name, minor := range map[string]int{"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9} {
		const memory = 1 // the major number of these devices
		node := filepath.Join(c.root, "dev", name)
		if err := syscall.Mknod(node, syscall.S_IFCHR|0o666, memory<<8|minor); err != nil {
			return fmt.Errorf("make %s: %w", node, err)
		}
		if err := os.Chmod(node, 0o666); err != nil {
			return err
		}
	}
	for name, target := range map[string]string{"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"} {
		if err := os.Symlink("/proc/self/fd"+target, filepath.Join(c.root, "dev", name)); err != nil {
			return err
		}
	}
	return nil
}

// path is the place outside of what has a name in the chroot's work folder.
func (c chroot) path(name string) string { return filepath.Join(c.work(), name) }

func (c chroot) work() string { return filepath.Join(c.root, workDir) }

// command is a program in the chroot. Its name is looked up there, by env(1).
func (c chroot) command(ctx context.Context, dir string, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/usr/bin/env", args...)
	cmd.Dir, cmd.Env = dir, append(append([]string{}, c.env...), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: c.root}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopDelay
	return cmd
}

// vendor gives cargo in the chroot the crates that lockfiles pin, and says which
// they are.
func (c chroot) vendor(ctx context.Context, manifests []string, downloads string) (all cargo.SourceSet, err error) {
	for _, m := range manifests {
		cr, err := crate.Open(m)
		if err != nil {
			return all, err
		}
		set, err := cr.Sources(nil)
		if err != nil {
			return all, fmt.Errorf("%s: %w", m, err)
		}
		all.Crates = append(all.Crates, set.Crates...)
	}
	if err := fetch(ctx, all.Crates, downloads, c.path("vendor")); err != nil {
		return all, err
	}
	return all, write(c.path("cargo/config.toml"), cargo.VendorConfig(all, vendorDir))
}

// gate is one check as a bare command.
type gate struct {
	name string
	args []string
	env  []string
	// tests says that it runs tests, so that none is a failure.
	tests bool
	// coverage is apart; see sideCoverage.
	coverage bool
}

// coverageScript is what tools for coverage do: everything is compiled once
// more, instrumented, in a target folder of its own. The profiles' path is
// absolute because each test program runs in the folder of its package.
const coverageScript = `
export LLVM_PROFILE_FILE="$PWD/target/coverage/profiles/%p-%m.profraw"
rm -rf target/coverage/profiles
cargo test --workspace
llvm-profdata merge --sparse target/coverage/profiles/*.profraw -o target/coverage/all.profdata
set --
for file in $(find target/coverage/debug target/coverage/debug/deps -maxdepth 1 -type f -perm -100 ! -name '*.so'); do
  set -- "$@" --object "$file"
done
llvm-cov export --summary-only --instr-profile=target/coverage/all.profdata "$@" >target/coverage/summary.json
test -s target/coverage/summary.json`

// gatesOf are the gates of a crate in the order in which people type them. They
// ask for the same as the built-in pipeline's steps do; of those, the audit and
// the publish dry run have no counterpart here.
func gatesOf(manifest string) ([]gate, error) {
	c, err := crate.Open(manifest)
	if err != nil {
		return nil, err
	}
	gates := []gate{
		{name: "build", args: []string{"cargo", "build", "--release", "--workspace"}},
		{name: "test", args: []string{"cargo", "test", "--workspace"}, tests: true},
		{name: "clippy", args: []string{"cargo", "clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"}},
		{name: "fmt", args: []string{"cargo", "fmt", "--all", "--check"}},
		{name: "doc", args: []string{"cargo", "doc", "--workspace", "--no-deps"}, env: []string{"RUSTDOCFLAGS=--deny=warnings"}},
		{name: "package", args: append([]string{"cargo", "package", "--workspace", "--allow-dirty"}, siblings(c)...)},
	}
	for _, m := range c.Project.Members {
		for _, t := range m.Targets {
			switch {
			case !m.InWorkspace || len(t.RequiredFeatures) > 0:
			case t.Kind == cargo.TargetExample:
				gates = append(gates, gate{name: "example " + t.Name, args: []string{"cargo", "run", "--quiet", "--package", m.Name, "--example", t.Name}})
			case t.Kind == cargo.TargetBench:
				gates = append(gates, gate{name: "benchmark " + t.Name, args: []string{"cargo", "test", "--quiet", "--package", m.Name, "--bench", t.Name}})
			}
		}
	}
	return append(gates, gate{
		name: "coverage", args: []string{"/bin/sh", "-euc", coverageScript}, tests: true, coverage: true,
		env: []string{"RUSTFLAGS=-Cinstrument-coverage", "CARGO_TARGET_DIR=target/coverage"},
	}), nil
}

// siblings makes cargo find the members of a workspace that need each other and
// are in no registry yet.
func siblings(c *crate.Crate) []string {
	if len(c.Project.Members) < 2 {
		return nil
	}
	args := []string{"--registry", "crates-io"}
	for _, m := range c.Project.Members {
		args = append(args, "--config", fmt.Sprintf("patch.crates-io.%s.path='%s'", m.Name, m.Dir))
	}
	return args
}

var testResult = regexp.MustCompile(`(?m)^test result: ok\. (\d+) passed`)

// passedTests counts the tests that cargo test says have passed.
func passedTests(out []byte) (passed int) {
	for _, match := range testResult.FindAllSubmatch(out, -1) {
		n, err := strconv.Atoi(string(match[1]))
		if err == nil { // more digits than a number has are not cargo's
			passed += n
		}
	}
	return passed
}

// run runs a gate in a crate's folder of the chroot.
func (c chroot) run(ctx context.Context, crate string, g gate) (spent, error) {
	s, out, err := measure(c.command(ctx, filepath.Join(workDir, crate), g.env, g.args...))
	if err != nil || !g.tests {
		return s, err
	}
	if passedTests(out) == 0 {
		return s, fmt.Errorf("%s: no test ran\n%s", g.name, tail(string(out), 40))
	}
	return s, nil
}
