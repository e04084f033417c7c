package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sixtyhq/sixty/internal/plan"
)

// TestHostileResults has a step that left links and a pipe where its log and
// artifacts should be: nothing of the host may come out with them.
func TestHostileResults(t *testing.T) {
	host := t.TempDir()
	secret := filepath.Join(host, "secret")
	if err := os.WriteFile(secret, []byte("of the host"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, err := range []error{
		os.Symlink(secret, filepath.Join(dir, "log")),
		os.MkdirAll(filepath.Join(dir, "outputs"), 0o755),
		os.Symlink(host, filepath.Join(dir, "outputs", "bin")),
		os.MkdirAll(filepath.Join(dir, "outputs", "crates"), 0o755),
		os.Symlink(secret, filepath.Join(dir, "outputs", "crates", "a.crate")),
		syscall.Mkfifo(filepath.Join(dir, "outputs", "crates", "b.crate"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	results := []plan.Result{{Step: "t.evil", Status: plan.StatusPassed, Dir: dir}}
	out := t.TempDir()
	if err := ExportLogs(results, filepath.Join(out, "logs")); err != nil {
		t.Fatal(err)
	}
	// The artifacts are refused or left out, and either way not copied.
	artifacts, _ := ExportArtifacts(results, filepath.Join(out, "artifacts"))
	if len(artifacts) > 0 {
		t.Errorf("artifacts: %+v", artifacts)
	}
	if tail := LogTail(dir, 10); strings.Contains(tail, "of the host") {
		t.Errorf("the end of the log: %q", tail)
	}
	err := filepath.WalkDir(out, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		if strings.Contains(string(b), "of the host") {
			t.Errorf("%s holds a file of the host", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(out, "logs", "t.evil.log"))
	if err != nil || !strings.Contains(string(log), "could not be read") {
		t.Errorf("log: %q, %v", log, err)
	}
}
