package codegen

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// shared finds a folder of the shared test data.
func shared(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("SIXTY_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("shared test data: %v", err)
		}
		t.Skipf("no shared test data: %v", err)
	}
	return dir
}

// TestGgenProjects renders ggen's own projects and expects its output byte for
// byte, and nothing to do the second time.
func TestGgenProjects(t *testing.T) {
	for name, project := range map[string]string{
		"hygen-worker": ".", "hygen-component": ".", "demo-pack-project": "demo-project",
	} {
		t.Run(name, func(t *testing.T) {
			src := filepath.Join(shared(t, "ggen"), name)
			work := t.TempDir()
			if err := os.CopyFS(work, os.DirFS(filepath.Join(src, "input"))); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(work, project)
			before := readTree(t, dir)
			renderProject(t, dir)
			got := readTree(t, dir)
			delete(got, RecordPath)
			for file := range before {
				delete(got, file)
			}
			if want := readTree(t, filepath.Join(src, "expected")); !maps.Equal(got, want) {
				t.Errorf("got %q\nwant %q", got, want)
			}
			if again := renderProject(t, dir); again.Changed() {
				t.Errorf("a second run changes:\n%s", again.Diff())
			}
		})
	}
}

func renderProject(t *testing.T, dir string) *Plan {
	t.Helper()
	p, err := OpenProject(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	req := p.Request()
	req.Epoch = time.Unix(1_700_000_000, 0)
	if req.Record, err = ReadRecord(req.Output); err != nil {
		t.Fatal(err)
	}
	plan, err := Render(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Apply(t.Context(), dir, ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestMultiDocument splits a template of several documents, and the caller's
// value wins, in the path and in the text.
func TestMultiDocument(t *testing.T) {
	src := filepath.Join(shared(t, "ggen"), "era2025-ultra-cli")
	plan, err := Render(t.Context(), Request{
		Templates: os.DirFS(filepath.Join(src, "input")), Vars: map[string]any{"project_name": "my_cli"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name, data := range plan.Files() {
		got[name] = string(data)
	}
	if want := readTree(t, filepath.Join(src, "expected-if-multidoc-split")); !maps.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// FuzzOpenProject reads any text as a ggen.toml.
func FuzzOpenProject(f *testing.F) {
	files, err := filepath.Glob("testdata/projects/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, m := range ar.Files {
			if m.Name == "project/ggen.toml" {
				f.Add(string(m.Data))
			}
		}
	}
	dir := f.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "templates"), 0o755); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ontology.ttl"), nil, 0o644); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if err := os.WriteFile(filepath.Join(dir, "ggen.toml"), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := OpenProject(t.Context(), dir, nil)
		if err != nil {
			return
		}
		plan, err := Render(t.Context(), p.Request())
		if err != nil {
			return
		}
		for _, w := range plan.Writes {
			if !filepath.IsLocal(w.Path) {
				t.Errorf("a plan writes %q", w.Path)
			}
		}
	})
}
