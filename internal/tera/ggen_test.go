package tera_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// ggenDigests holds, for every template that was found in the folder ggen of
// the shared data, the SHA-256 of what the crate renders it to, or nothing
// where it fails.
const ggenDigests = "testdata/ggen.json"

// TestGgenTemplates renders the templates that people wrote for ggen, with
// variables for what they name, and compares with what the crate gave.
func TestGgenTemplates(t *testing.T) {
	root := sharedFolder(t, "ggen")
	cases := ggenCases(t, root)
	if *update {
		o := startOracle(t)
		digests := map[string]string{}
		for path, c := range cases {
			r, err := c.ask(o)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			digests[path] = digestOf(r.Output)
		}
		data, err := json.MarshalIndent(digests, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(ggenDigests, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(ggenDigests)
	if err != nil {
		t.Fatal(err)
	}
	var digests map[string]string
	if err := json.Unmarshal(data, &digests); err != nil {
		t.Fatal(err)
	}
	for path := range digests {
		if _, ok := cases[path]; !ok {
			t.Errorf("%s is gone; run with -update", path)
		}
	}
	for path, c := range cases {
		want, ok := digests[path]
		if !ok {
			t.Errorf("%s is new; run with -update", path)
			continue
		}
		var got *string
		out, err := c.ours()
		if err == nil {
			got = &out
		}
		if digestOf(got) != want {
			t.Errorf("%s: differs from the crate (error %v):\n%s", path, err, out)
		}
	}
}

func digestOf(output *string) string {
	if output == nil {
		return ""
	}
	sum := sha256.Sum256([]byte(*output))
	return hex.EncodeToString(sum[:])
}

var templateMark = regexp.MustCompile(`\{\{|\{%`)

// ggenCases returns a case for every file under root that holds a tag.
func ggenCases(t *testing.T, root string) map[string]oracleCase {
	t.Helper()
	row := func(name, label string) map[string]any { return map[string]any{"name": name, "label": label} }
	vars := map[string]any{
		"name": "hello_world", "message": "hi there", "output_dir": "out", "endpoint_name": "users", "resource_name": "User",
		"cli_name": "tool", "cli_description": "A tool", "timestamp": "20240101", "migration_name": "init", "table_name": "users",
		"project_name": "demo", "results": []any{row("a", "Has Name"), row("b", "count")},
	}
	cases := map[string]oracleCase{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || !templateMark.Match(data) {
			return err
		}
		rel, err := filepath.Rel(root, path)
		cases[filepath.ToSlash(rel)] = oracleCase{
			Templates: map[string]string{"main": string(data)}, Render: "main", Vars: vars, Inflector: true,
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatalf("no templates in %s", root)
	}
	return cases
}

// sharedFolder returns a folder of the data shared between projects, which is
// at SIXTY_SHARED or beside the repository. Without it the test is skipped,
// but not in continuous integration.
func sharedFolder(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("SIXTY_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return dir
}
