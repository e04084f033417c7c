//go:build linux

package buildkit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestStartAgain: what is closed lets go of everything, so that the same process
// can start another engine on the same state.
func TestStartAgain(t *testing.T) {
	if os.Geteuid() != 0 && os.Getenv("CI") == "" {
		t.Skip("the embedded engine needs root")
	}
	root := t.TempDir()
	for range 2 {
		c, e, err := StartEmbedded(t.Context(), EmbeddedOptions{Root: root})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.DiskUsage(t.Context()); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStartTwice: who waits for itself waits for ever.
func TestStartTwice(t *testing.T) {
	if os.Geteuid() != 0 && os.Getenv("CI") == "" {
		t.Skip("the embedded engine needs root")
	}
	root := t.TempDir()
	e, err := Start(t.Context(), EmbeddedOptions{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close() // the test is over
	if again, err := Start(t.Context(), EmbeddedOptions{Root: root}); err == nil || !strings.Contains(err.Error(), "open in "+root+" already") {
		t.Errorf("%v, %v", again, err)
	}
}

// TestTemporary: temporary files are the engine's own for as long as it runs, and
// what a killed one has left mounted is let go before it is removed.
func TestTemporary(t *testing.T) {
	if os.Geteuid() != 0 && os.Getenv("CI") == "" {
		t.Skip("the embedded engine needs root")
	}
	root, precious := t.TempDir(), t.TempDir()
	before := os.TempDir()
	left := filepath.Join(temporaryDir(root), "buildkit-mount1", "inner")
	kept := filepath.Join(precious, "kept")
	if err := errors.Join(os.MkdirAll(left, 0o700), os.WriteFile(kept, nil, 0o600), unix.Mount(precious, left, "", unix.MS_BIND, "")); err != nil {
		t.Fatal(err)
	}
	e, err := Start(t.Context(), EmbeddedOptions{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if got := os.TempDir(); got != temporaryDir(root) {
		t.Errorf("temporary files are in %s", got)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if got := os.TempDir(); got != before {
		t.Errorf("temporary files stay in %s", got)
	}
	if _, err := os.Stat(filepath.Dir(left)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was left is there: %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("what was mounted is gone: %v", err)
	}
}
