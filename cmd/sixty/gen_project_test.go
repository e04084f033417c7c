package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestGenSharedProject runs a project of ggen's own, of which the output is
// known, and looks at every file of it.
func TestGenSharedProject(t *testing.T) {
	shared := os.Getenv("SIXTY_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	source := filepath.Join(shared, "ggen", "demo-pack-project")
	if _, err := os.Stat(source); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("the shared test data is not here")
	}
	work := t.TempDir()
	t.Setenv("SIXTY_CACHE_DIR", filepath.Join(work, "cache"))
	if err := os.CopyFS(work, os.DirFS(filepath.Join(source, "input"))); err != nil {
		t.Fatal(err)
	}
	project := filepath.Join(work, "demo-project")
	gen := func(args ...string) int {
		var stdout, stderr bytes.Buffer
		a := newApp(&stdout, &stderr)
		cmd := a.rootCommand()
		cmd.SetArgs(append([]string{"gen", "--project", project}, args...))
		code := a.exitCode(t.Context(), cmd.ExecuteContext(t.Context()))
		t.Logf("%v: %d\n%s%s", args, code, &stdout, &stderr)
		return code
	}
	if code := gen("--check"); code != exitNo {
		t.Fatalf("before a run --check gives %d", code)
	}
	if code := gen(); code != exitReady {
		t.Fatalf("the run gives %d", code)
	}
	if code := gen("--check"); code != exitReady {
		t.Fatalf("after a run --check gives %d", code)
	}
	for _, name := range []string{"src/widget.rs", "out/instances.txt"} {
		want, err := os.ReadFile(filepath.Join(source, "expected", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(project, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
}
