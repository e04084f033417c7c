package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fakeMmdebstrap puts a script in the place of mmdebstrap. TestRust runs the
// real one; this one is for what the real one does rarely: fail and hang.
func fakeMmdebstrap(t *testing.T, script string) {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("needs root, and CI is set")
		}
		t.Skip("needs root")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mmdebstrap"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// installs is a script that makes a system of one package in its folder, the
// fourth argument from the end.
const installs = `while test $# -gt 4; do shift; done
mkdir -p "$1/var/lib/dpkg" "$1/proc"; mount -t tmpfs tmpfs "$1/proc"; : > "$1/proc/mounted"
printf 'Package: base\nStatus: install ok installed\nVersion: %s\nArchitecture: all\n' 1 > "$1/var/lib/dpkg/status"
echo "I: done"
`

func small() Spec { return Spec{Name: "small", Packages: []string{"base"}} }

func TestBuild(t *testing.T) {
	fakeMmdebstrap(t, installs)
	dir := filepath.Join(t.TempDir(), "images", "small")
	var progress bytes.Buffer
	one, err := Build(t.Context(), small(), dir, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	if one.Key != small().Key() || one.Dir != dir || one.Ref != "oci-layout://small@"+one.Digest {
		t.Errorf("built %+v", one)
	}
	if !slices.Equal(one.Packages, []Package{{Name: "base", Version: "1", Architecture: "all"}}) {
		t.Errorf("packages %+v", one.Packages)
	}
	if !strings.Contains(progress.String(), "I: done\n") {
		t.Errorf("progress %q", progress.String())
	}
	out := t.TempDir()
	unpack(t, one, out)
	if entries, err := os.ReadDir(filepath.Join(out, "proc")); err != nil || len(entries) > 0 {
		t.Errorf("/proc holds %v, %v", entries, err)
	}
	two, err := Build(t.Context(), small(), dir, io.Discard)
	if err != nil || two.Digest != one.Digest {
		t.Errorf("built again in its place: %s, %v; want %s", two.Digest, err, one.Digest)
	}
	onlyImage(t, dir)
}

// onlyImage fails when there is more beside an image than its lock.
func onlyImage(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if n := e.Name(); n != filepath.Base(dir) && n != filepath.Base(dir)+".lock" {
			t.Errorf("left over: %s", n)
		}
	}
}

func TestBuildFails(t *testing.T) {
	fakeMmdebstrap(t, installs)
	dir := filepath.Join(t.TempDir(), "small")
	before, err := Build(t.Context(), small(), dir, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	fakeMmdebstrap(t, installs+"echo 'E: no space left on device' >&2; exit 28\n")
	_, err = Build(t.Context(), small(), dir, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), "exit status 28") {
		t.Errorf("error %v", err)
	}
	if after, err := Open(dir); err != nil || after.Digest != before.Digest {
		t.Errorf("the image from before: %v", err)
	}
	onlyImage(t, dir)
}

func TestBuildIsCanceled(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	fakeMmdebstrap(t, installs+fmt.Sprintf("(sleep 3600 & echo $! > %[1]s.new; mv %[1]s.new %[1]s; wait)\n", started))
	dir := filepath.Join(t.TempDir(), "small")
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	progress := notify{make(chan string, 16)}
	go func() {
		<-progress.line
		for {
			if _, err := os.Stat(started); err == nil {
				cancel(interrupted)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := Build(ctx, small(), dir, progress); !errors.Is(err, interrupted) {
		t.Errorf("error %v, want the cause of the cancellation", err)
	}
	pid, err := os.ReadFile(started)
	if err != nil {
		t.Fatal(err)
	}
	if state, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat"); err == nil && !strings.Contains(string(state), ") Z ") {
		t.Errorf("a process of it lives: %s", state)
	}
	onlyImage(t, dir)
}
