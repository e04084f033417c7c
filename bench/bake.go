package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/crate"
)

//go:embed bake
var bakeFiles embed.FS

// buildxVersion is the version of buildx to compare with, from the Go module
// proxy.
const buildxVersion = "v0.38.2"

// chef is cargo-chef, as crates.io has it.
var chef = cargo.Crate{
	Name: "cargo-chef", Version: "0.1.78",
	URL:    "https://static.crates.io/crates/cargo-chef/cargo-chef-0.1.78.crate",
	SHA256: "ada7988681f22918824509059546e0f7bc937eef4f857e30e23d871fa2ef76fc",
}

// baker runs docker buildx bake on an engine of its own, which is the one that
// sixty embeds, of the same build and with its state on the same disk.
type baker struct {
	dir    string
	buildx string
	engine *exec.Cmd
	// base is the OCI layout and digest of the image that its builds start from.
	base string
}

func (b *baker) files() string  { return filepath.Join(b.dir, "bake") }
func (b *baker) layout() string { return filepath.Join(b.dir, "bake-base") }
func (b *baker) state() string  { return filepath.Join(b.dir, "bake-engine") }

// newBaker makes buildx and cargo-chef, starts the engine, and makes the image
// that builds start from: with the crates of set and with cargo-chef.
func newBaker(ctx context.Context, o options, bare chroot, img image, set cargo.SourceSet) (b *baker, err error) {
	b = &baker{dir: o.dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.stop())
		}
	}()
	if err := b.clean(); err != nil {
		return b, err
	}
	if b.buildx, err = installBuildx(ctx, filepath.Join(o.dir, "tools")); err != nil {
		return b, err
	}
	program := filepath.Join(o.dir, "tools", chef.Name+"-"+chef.Version+"-"+img.layerName[:16])
	if err := buildChef(ctx, bare, filepath.Join(o.dir, "crates"), program); err != nil {
		return b, err
	}
	progress("making the image that buildx bake starts from")
	files, err := fs.Sub(bakeFiles, "bake")
	if err != nil {
		return b, err
	}
	if err := os.CopyFS(b.files(), files); err != nil {
		return b, fmt.Errorf("write the Dockerfiles: %w", err)
	}
	home := filepath.Join(b.files(), "cargo")
	if err := write(filepath.Join(home, "config.toml"), cargo.VendorConfig(set, "/vendor")); err != nil {
		return b, err
	}
	if err := os.Mkdir(filepath.Join(home, "bin"), 0o755); err != nil {
		return b, err
	}
	if err := copyFile(program, filepath.Join(home, "bin", chef.Name)); err != nil {
		return b, err
	}
	if err := os.Chmod(filepath.Join(home, "bin", chef.Name), 0o755); err != nil {
		return b, err
	}
	if err := b.start(ctx, o.benchd); err != nil {
		return b, err
	}
	env := []string{"IMAGE=" + o.image + "@" + img.digest, "CRATES=" + bare.path("vendor"), "CARGO=" + home, "LAYOUT=" + b.layout()}
	if _, err := b.run(ctx, env, "base", "--provenance=false"); err != nil {
		return b, err
	}
	digest, err := onlyImage(b.layout())
	if err != nil {
		return b, err
	}
	b.base = b.layout() + "@" + digest
	return b, nil
}

// installBuildx builds buildx, unless an earlier benchmark has.
func installBuildx(ctx context.Context, tools string) (string, error) {
	dir := filepath.Join(tools, "buildx-"+buildxVersion)
	program := filepath.Join(dir, "buildx")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	progress("building buildx %s", buildxVersion)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "install", "github.com/docker/buildx/cmd/buildx@"+buildxVersion)
	cmd.Dir = dir // no go.mod of ours
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
	_, _, err := measure(cmd)
	return program, err
}

// buildChef compiles cargo-chef in the chroot, unless an earlier benchmark has.
func buildChef(ctx context.Context, bare chroot, downloads, program string) error {
	if _, err := os.Stat(program); err == nil {
		return nil
	}
	progress("building cargo-chef %s", chef.Version)
	work := bare.path("chef")
	defer os.RemoveAll(work)
	if err := fetch(ctx, []cargo.Crate{chef}, downloads, work); err != nil {
		return err
	}
	source := chef.Name + "-" + chef.Version
	c, err := crate.Open(filepath.Join(work, source, "Cargo.toml"))
	if err != nil {
		return err
	}
	set, err := c.Sources(nil)
	if err != nil {
		return err
	}
	if err := fetch(ctx, set.Crates, downloads, filepath.Join(work, "vendor")); err != nil {
		return err
	}
	if err := write(filepath.Join(work, "home", "config.toml"), cargo.VendorConfig(set, workDir+"/chef/vendor")); err != nil {
		return err
	}
	_, _, err = measure(bare.command(ctx, workDir+"/chef/"+source, []string{"CARGO_HOME=" + workDir + "/chef/home", "CARGO_TARGET_DIR=" + workDir + "/chef/target"},
		"cargo", "build", "--locked", "--bin", chef.Name))
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(program), 0o755), os.Rename(filepath.Join(work, "target", "debug", chef.Name), program))
}

// start starts the engine and makes it known to buildx.
func (b *baker) start(ctx context.Context, benchd string) error {
	socket := filepath.Join(b.files(), "engine.sock")
	b.engine = exec.CommandContext(ctx, benchd, "-root", b.state(), "-socket", socket)
	var said bytes.Buffer
	b.engine.Stdout, b.engine.Stderr = &said, &said
	b.engine.Cancel = func() error { return b.engine.Process.Signal(os.Interrupt) }
	b.engine.WaitDelay = stopDelay
	if err := b.engine.Start(); err != nil {
		return fmt.Errorf("start an engine for buildx: %w", err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the engine for buildx (%s) does not listen: %s", benchd, tail(said.String(), 5))
		}
		time.Sleep(20 * time.Millisecond)
	}
	_, _, err := measure(b.command(ctx, nil, "create", "--name", "bench", "--driver", "remote", "unix://"+socket))
	return err
}

// stop ends the engine.
func (b *baker) stop() error {
	if b == nil || b.engine == nil || b.engine.Process == nil || b.engine.ProcessState != nil {
		return nil
	}
	if err := b.engine.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the engine for buildx: %w", err)
	}
	var exit *exec.ExitError
	if err := b.engine.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("stop the engine for buildx: %w", err)
	}
	return nil
}

func (b *baker) clean() error {
	return errors.Join(os.RemoveAll(b.files()), os.RemoveAll(b.layout()), os.RemoveAll(b.state()))
}

func (b *baker) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.buildx, args...)
	cmd.Dir = b.files()
	cmd.Env = append(append(os.Environ(), "BUILDX_CONFIG="+filepath.Join(b.files(), "config"), "DIR="+b.files()), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopDelay
	return cmd
}

func (b *baker) run(ctx context.Context, env []string, target string, args ...string) (ran, error) {
	args = append([]string{"bake", "--builder", "bench", "--allow", "fs=*", "--progress", "rawjson", target}, args...)
	r, err := observe(b.command(ctx, env, args...), b.engine.Process.Pid, false)
	if err != nil {
		// What failed is said in words, the rest is for programs.
		return r, fmt.Errorf("docker buildx bake: %w", errors.Join(err, errors.New(tail(string(readBuild(r.out).logs), 40))))
	}
	return r, nil
}

// gates measures the gates of the crate in a folder of this machine.
func (b *baker) gates(ctx context.Context, name, source string, args []string) (spent, error) {
	env := append([]string{"BASE=" + b.base, "CRATE=" + source}, args...)
	r, err := b.run(ctx, env, "default")
	if err != nil {
		return r.spent, err
	}
	said := readBuild(r.out)
	// For whoever wonders what was compiled.
	if err := write(filepath.Join(b.dir, "bake-"+strings.ReplaceAll(name, " ", "-")+".log"), string(said.logs)); err != nil {
		return r.spent, err
	}
	return r.spent, said.check(name)
}

// build is what buildx tells of a build.
type build struct {
	// executed are the vertices that ran, cached those that were answered from
	// the cache: their names by their digests.
	executed, cached map[string]string
	// logs is what the steps wrote.
	logs []byte
}

// readBuild reads buildx's rawjson progress: lines of JSON, with other lines
// between them.
func readBuild(out []byte) build {
	b := build{executed: map[string]string{}, cached: map[string]string{}}
	for line := range bytes.Lines(out) {
		var event struct {
			Vertexes []struct {
				Digest    string     `json:"digest"`
				Name      string     `json:"name"`
				Completed *time.Time `json:"completed"`
				Cached    bool       `json:"cached"`
			} `json:"vertexes"`
			Logs []struct {
				Data []byte `json:"data"`
			} `json:"logs"`
		}
		if json.Unmarshal(line, &event) != nil {
			continue
		}
		for _, v := range event.Vertexes {
			switch {
			case v.Cached:
				b.cached[v.Digest] = v.Name
			case v.Completed != nil:
				b.executed[v.Digest] = v.Name
			}
		}
		for _, l := range event.Logs {
			b.logs = append(b.logs, l.Data...)
		}
	}
	return b
}

// among counts the vertices with a text in their name.
func among(vertices map[string]string, text string) (n int) {
	for _, name := range vertices {
		if strings.Contains(name, text) {
			n++
		}
	}
	return n
}

// check finds out what makes a build unfit for a case.
func (b build) check(name string) error {
	const cook, command = "RUN cargo chef cook", "] RUN "
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("docker buildx bake: "+format, args...))
	}
	if cooked := among(b.executed, cook) > 0; cooked != (name == caseCold) {
		bad("in the case %q dependencies were compiled: %t", name, cooked)
	}
	if among(b.executed, cook)+among(b.cached, cook) == 0 {
		bad("there is no step %q", cook)
	}
	switch ran := among(b.executed, command); {
	case name == caseUnchanged && ran > 0:
		bad("%d steps ran again though nothing had changed", ran)
	case name != caseUnchanged && passedTests(b.logs) == 0:
		bad("no test ran")
	}
	return errors.Join(errs...)
}

// bakeArgs are a crate's part of the bake file.
func bakeArgs(manifest string) ([]string, error) {
	c, err := crate.Open(manifest)
	if err != nil {
		return nil, err
	}
	return []string{
		"SIBLINGS=" + strings.Join(siblings(c), " "),
		"RUNS=" + strings.Join(runs(c, ""), "\n"),
	}, nil
}
