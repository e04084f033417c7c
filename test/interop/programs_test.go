package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program is a command that others publish as a Go module.
type program struct {
	module, version string
	// dir is where in the module its main package lies.
	dir string
}

func (p program) name() string { return path.Base(p.module + p.dir) }

var (
	fulcio       = program{"github.com/sigstore/fulcio", "v1.8.8", ""}
	rekor        = program{"github.com/sigstore/rekor-tiles/v2", "v2.3.0", "/cmd/rekor-server/posix"}
	tsa          = program{"github.com/sigstore/timestamp-authority/v2", "v2.1.3", "/cmd/timestamp-server"}
	cosign       = program{"github.com/sigstore/cosign/v3", "v3.1.3", "/cmd/cosign"}
	gh           = program{"github.com/cli/cli/v2", "v2.80.0", "/cmd/gh"}
	slsaVerifier = program{"github.com/slsa-framework/slsa-verifier/v2", "v2.7.1", "/cli/slsa-verifier"}
)

func binFolder() (string, error) {
	if dir := os.Getenv("SIXTY_INTEROP_BIN"); dir != "" {
		return filepath.Abs(dir)
	}
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "sixty", "interop"), err
}

// build builds the program unless it was built before, and returns where it is.
func (p program) build(t testing.TB) string {
	t.Helper()
	folder, err := binFolder()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(folder, p.version, p.name())
	if _, err := os.Stat(bin); err == nil {
		return bin
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	t.Logf("building %s%s@%s", p.module, p.dir, p.version)
	if err := os.MkdirAll(filepath.Dir(bin), 0o755); err != nil {
		t.Fatal(err)
	}
	// A module that requires nothing else, so that every version is the one
	// that the program was published with.
	dir := t.TempDir()
	mod := fmt.Sprintf("module build\n\ngo 1.26.0\n\nrequire %s %s\n", p.module, p.version)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-mod=mod", "-buildvcs=false", "-o", bin, p.module+p.dir)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s%s@%s: %v\n%s", p.module, p.dir, p.version, err, out)
	}
	return bin
}

// run runs the program and returns what it printed, both streams.
func (p program) run(t testing.TB, env []string, args ...string) (string, error) {
	t.Helper()
	bin := p.build(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, args...)
	home := t.TempDir() // nothing of the user's: no TUF cache, no keys
	cmd.Env = append([]string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}, env...)
	cmd.Dir = home
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// mustRun is run for what has to succeed.
func (p program) mustRun(t testing.TB, env []string, args ...string) string {
	t.Helper()
	out, err := p.run(t, env, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", p.name(), strings.Join(args, " "), err, out)
	}
	return out
}

// start runs the program until the test ends.
func (p program) start(t testing.TB, args ...string) {
	t.Helper()
	var log bytes.Buffer
	cmd := exec.Command(p.build(t), args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Errorf("end %s: %v", p.name(), err)
		}
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("%s printed:\n%s", p.name(), log.String())
		}
	})
}

func write(t testing.TB, data []byte, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(fmt.Errorf("write %s: %w", name, err))
	}
	return path
}
