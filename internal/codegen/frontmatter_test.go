package codegen

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestKeysAreUsed keeps the projects honest: each frontmatter key stands in one.
func TestKeysAreUsed(t *testing.T) {
	var all strings.Builder
	for _, dir := range []string{"projects", "stories"} {
		files, err := filepath.Glob("testdata/" + dir + "/*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			ar, err := txtar.ParseFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range ar.Files {
				if strings.HasSuffix(m.Name, ".tmpl") || strings.HasSuffix(m.Name, ".tera") {
					all.Write(m.Data)
				}
			}
		}
	}
	for _, k := range Keys() {
		if !strings.Contains(all.String(), "\n"+k[0]+":") {
			t.Errorf("no project has the key %s", k[0])
		}
	}
}

// TestHostileFrontmatter refuses what would cost the YAML parser minutes or
// gigabytes.
func TestHostileFrontmatter(t *testing.T) {
	for _, s := range []string{"[", "{", "{a: ", "- ", "? ", "&a ", "*a ", "!t ", "\"", "a: [", "<<: "} {
		src := "---\nto: x\nvars: " + strings.Repeat(s, 20_000/len(s)) + "\n---\n"
		if _, err := ParseDocuments("t.tera", src); err == nil {
			t.Errorf("%q: accepted", s)
		}
	}
	var e *Error
	if _, err := ParseDocuments("t.tera", "---\n"+strings.Repeat("# x\n", 50_000)+"---\n"); !errors.As(err, &e) {
		t.Errorf("too large: %v", err)
	}
	if _, err := ParseDocuments("t.tera", "---\nto: a\nvars: &x { a: *x }\n---\n"); !errors.As(err, &e) || !strings.Contains(e.Message, "anchor") {
		t.Errorf("anchor: %v", err)
	}
}

func FuzzParseDocuments(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, m := range txtar.Parse(data).Files {
			f.Add(string(m.Data))
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		docs, err := ParseDocuments("t.tera", src)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without text")
			}
			return
		}
		if len(docs) == 0 {
			t.Error("no document and no error")
		}
		for _, d := range docs {
			if !strings.Contains(src, d.Body) {
				t.Errorf("the body %q is not in the file", d.Body)
			}
			if d.Front.To.given() && (d.Front.To.line < 1 || d.Front.To.line > strings.Count(src, "\n")+1) {
				t.Errorf("`to` at line %d", d.Front.To.line)
			}
		}
	})
}

// FuzzCleanOutput checks that no rendered path leads out.
func FuzzCleanOutput(f *testing.F) {
	for _, p := range []string{"a/b", "../x", "/x", "a/../../b", ".git/x", ".sixty/x", "a//b", "./a", "a\\b", "a/.GIT/b", ""} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		clean, err := cleanOutput(p)
		if err != nil {
			return
		}
		parts := strings.Split(clean, "/")
		if slices.Contains(parts, "..") || filepath.IsAbs(clean) || !filepath.IsLocal(clean) || strings.EqualFold(parts[0], Dir) {
			t.Errorf("%q is let through as %q", p, clean)
		}
		for _, part := range parts {
			if strings.EqualFold(part, ".git") {
				t.Errorf("%q is let through as %q", p, clean)
			}
		}
	})
}
