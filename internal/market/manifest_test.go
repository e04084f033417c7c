package market

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected errors")

// TestInvalidManifests reads each testdata/invalid/*.txtar: a manifest that
// must be refused with the text in "want".
func TestInvalidManifests(t *testing.T) {
	files, err := filepath.Glob("testdata/invalid/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			manifest := ar.Files[0]
			_, err = ReadManifest(fstest.MapFS{manifest.Name: {Data: manifest.Data}}, "p")
			if err == nil {
				t.Fatal("accepted")
			}
			got := err.Error() + "\n"
			if *update {
				ar.Files = []txtar.File{manifest, {Name: "want", Data: []byte(got)}}
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(ar.Files) != 2 || got != string(ar.Files[1].Data) {
				t.Errorf("got:\n%s", got)
			}
		})
	}
}

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

func TestGgenManifests(t *testing.T) {
	dir := filepath.Join(shared(t, "ggen"), "gpack-manifests", "input")
	for folder, want := range map[string]Manifest{
		"web-api-pack":  {ID: "test.web-api", Version: "1.0.0", License: "MIT", Base: "https://example.org/api/"},
		"cli-tool-pack": {ID: "test.cli-tool", Version: "2.0.0", License: "MIT OR Apache-2.0", Base: "https://example.org/cli/"},
		"database-pack": {ID: "test.database", Version: "1.5.0", License: "Apache-2.0", Base: "https://example.org/db/"},
	} {
		m, err := ReadManifest(os.DirFS(filepath.Join(dir, folder)), folder)
		if err != nil {
			t.Errorf("%s: %v", folder, err)
			continue
		}
		if m.ID != want.ID || m.Version != want.Version || m.License != want.License || m.Base != want.Base || len(m.Prefixes) == 0 {
			t.Errorf("%s: got %+v", folder, m)
		}
	}
	if m, err := ReadManifest(os.DirFS(filepath.Join(dir, "cli-tool-pack")), "cli"); err == nil && m.Dependencies["test.web-api"] != "^1.0" {
		t.Errorf("dependencies: %v", m.Dependencies)
	}
	for file, want := range map[string]string{
		"cleanroom-gpack.toml": "cleanroom-gpack.toml line ",
		"noun-verb-gpack.toml": "noun-verb-gpack.toml line 1",
	} {
		src, err := os.ReadFile(filepath.Join(dir, "invalid", file))
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseManifest(src, "gpack.toml", file)
		var diags *DiagnosticsError
		if !errors.As(err, &diags) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", file, err)
			continue
		}
		t.Log(err)
	}
	m, err := ReadManifest(os.DirFS(filepath.Join(shared(t, "ggen"), "demo-pack-project", "input", "demo-pack")), "demo-pack")
	if err != nil || m.ID != "widget" || m.Version != "0.1.0" {
		t.Errorf("pack.toml: %+v, %v", m, err)
	}
}

func TestDeepManifest(t *testing.T) {
	src := "x = " + strings.Repeat("[", 100_000)
	_, err := ReadManifest(fstest.MapFS{"pack.hcl": {Data: []byte(src)}}, "p")
	var diags *DiagnosticsError
	if !errors.As(err, &diags) || !strings.Contains(err.Error(), "Nested too deeply") || !strings.Contains(err.Error(), "p/pack.hcl line 1") {
		t.Errorf("got %.300v", err)
	}
}
