package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// ggenData is the folder of ggen's own projects, of which the output is known.
func ggenData(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("SIXTY_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	dir, err := filepath.Abs(filepath.Join(shared, "ggen"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("the shared test data is not here")
	}
	return dir
}

// gen runs sixty gen with the places of a test.
func gen(t *testing.T, args ...string) int {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := newApp(&stdout, &stderr)
	cmd := a.rootCommand()
	cmd.SetArgs(append([]string{"gen"}, args...))
	code := a.exitCode(t.Context(), cmd.ExecuteContext(t.Context()))
	t.Logf("%v: %d\n%s%s", args, code, &stdout, &stderr)
	return code
}

// sameTree compares every file of a tree with what was expected.
func sameTree(t *testing.T, got, want string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(want, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(want, path)
		if err != nil {
			return err
		}
		expected, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		have, err := os.ReadFile(filepath.Join(got, name))
		if err != nil || !bytes.Equal(have, expected) {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, have, expected)
		}
		n++
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("%d files are expected: %v", n, err)
	}
}

// TestGenSharedProjects runs the projects of ggen and looks at every file.
func TestGenSharedProjects(t *testing.T) {
	data := ggenData(t)
	for name, folder := range map[string]string{"hygen-worker": ".", "hygen-component": ".", "demo-pack-project": "demo-project"} {
		t.Run(name, func(t *testing.T) {
			source, work := filepath.Join(data, name), t.TempDir()
			t.Setenv("SIXTY_CACHE_DIR", filepath.Join(t.TempDir(), "cache"))
			if err := os.CopyFS(work, os.DirFS(filepath.Join(source, "input"))); err != nil {
				t.Fatal(err)
			}
			project := filepath.Join(work, folder)
			for _, step := range []struct {
				args []string
				want int
			}{{[]string{"--check"}, exitNo}, {nil, exitReady}, {[]string{"--check"}, exitReady}} {
				if code := gen(t, append([]string{"--project", project}, step.args...)...); code != step.want {
					t.Fatalf("%v gives %d, not %d", step.args, code, step.want)
				}
			}
			sameTree(t, project, filepath.Join(source, "expected"))
		})
	}
}

// TestGenSharedDocuments renders a template of several documents as a pack: each
// is a file of its own, and the caller's value wins, in the paths and in the
// text.
func TestGenSharedDocuments(t *testing.T) {
	source, work := filepath.Join(ggenData(t), "era2025-ultra-cli"), t.TempDir()
	t.Setenv("SIXTY_CACHE_DIR", filepath.Join(work, "cache"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(work, "config"))
	t.Chdir(work)
	pack := filepath.Join(work, "pack")
	if err := os.CopyFS(filepath.Join(pack, "templates"), os.DirFS(filepath.Join(source, "input"))); err != nil {
		t.Fatal(err)
	}
	manifest := fmt.Sprintf("pack {\n  id = %q\n  version = \"1.0.0\"\n}\nvariable \"project_name\" { type = string }\n", "ggen.era2025")
	if err := os.WriteFile(filepath.Join(pack, "pack.hcl"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	a := newApp(&bytes.Buffer{}, &bytes.Buffer{})
	add := a.rootCommand()
	add.SetArgs([]string{"market", "add", pack})
	if err := add.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := gen(t, "--template", "ggen.era2025", "--var", "project_name=my_cli", "--output", "made"); code != exitReady {
		t.Fatalf("gen gives %d", code)
	}
	sameTree(t, filepath.Join(work, "made"), filepath.Join(source, "expected-if-multidoc-split"))
}
