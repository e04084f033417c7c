package market

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

func packHCL(id, version, extra string) *fstest.MapFile {
	return &fstest.MapFile{Data: fmt.Appendf(nil, "pack {\n  id = %q\n  version = %q\n%s\n}\n", id, version, extra)}
}

func testCatalog(t *testing.T) *Catalog {
	t.Helper()
	shipped := NewFSSource("shipped", fstest.MapFS{
		"a/pack.hcl": packHCL("io.sixty.rust.axum-service", "0.1.0", `description = "An HTTP service on axum"`+"\n"+`keywords = ["rust", "axum", "http"]`+"\n"+`category = "web-service"`+"\n"+`license = "MIT OR Apache-2.0"`),
		"b/pack.hcl": packHCL("io.sixty.rust.cli", "0.1.0", `description = "A command line with clap"`+"\n"+`keywords = ["rust", "clap"]`),
		"c/pack.hcl": packHCL("io.sixty.python.web", "1.0.0", `authors = ["Ada Lovelace"]`),
		"d/README":   {Data: []byte("no pack")},
	})
	user := NewFSSource("user", fstest.MapFS{
		"x/pack.hcl":      packHCL("io.sixty.rust.cli", "0.2.0", ""),
		"y/pack.hcl":      packHCL("io.sixty.rust.cli", "0.3.0-rc.1", ""),
		"z/pack.hcl":      packHCL("io.sixty.rust.cli", "0.1.0", ""),
		"broken/pack.hcl": {Data: []byte("pack {")},
	})
	c, err := OpenCatalog(t.Context(), user, shipped)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestResolve(t *testing.T) {
	c := testCatalog(t)
	for _, tc := range []struct{ id, constraint, version, source, err string }{
		{"io.sixty.rust.cli", "", "0.2.0", "user/x", ""},
		{"io.sixty.rust.cli", "0.1.0", "0.1.0", "user/z", ""},
		{"io.sixty.rust.cli", ">= 0.3.0-0", "0.3.0-rc.1", "user/y", ""},
		{"io.sixty.rust.cli", "^1", "", "", `no version satisfies "^1"; there is 0.3.0-rc.1, 0.2.0, 0.1.0`},
		{"io.sixty.rust.cli", "newest", "", "", `version constraint "newest"`},
		{"io.sixty.rust.axum-servce", "", "", "", `Did you mean io.sixty.rust.axum-service`},
		{"com.example.axum", "", "", "", `Did you mean io.sixty.rust.axum-service?`},
		{"zzzzzzzz", "", "", "", "sixty market search"},
		{"zzzzzzzz", "", "", "", "user/broken/pack.hcl line 1"},
	} {
		p, err := c.Resolve(t.Context(), tc.id, tc.constraint)
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s %s: got %v, want %q", tc.id, tc.constraint, err, tc.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v", tc.id, tc.constraint, err)
		} else if p.Version != tc.version || p.Source != tc.source || !strings.HasPrefix(p.Digest, "h1:") {
			t.Errorf("%s %s: got %s from %s (%s)", tc.id, tc.constraint, p.Version, p.Source, p.Digest)
		}
	}
}

func TestSearch(t *testing.T) {
	c := testCatalog(t)
	for _, tc := range []struct {
		q    Query
		want []string
	}{
		{Query{Text: "axum"}, []string{"io.sixty.rust.axum-service"}},
		{Query{Text: "axxum"}, []string{"io.sixty.rust.axum-service"}},
		{Query{Text: "comand"}, nil}, // the newest version of the pack has no description
		{Query{Text: "rust"}, []string{"io.sixty.rust.axum-service", "io.sixty.rust.cli"}},
		{Query{Text: "rust http"}, []string{"io.sixty.rust.axum-service"}},
		{Query{Text: "rsut"}, nil}, // two letters differ in a word of four
		{Query{Text: "io.sixty.rust.cli"}, []string{"io.sixty.rust.cli"}},
		{Query{}, []string{"io.sixty.python.web", "io.sixty.rust.axum-service", "io.sixty.rust.cli"}},
		{Query{Author: "lovelace"}, []string{"io.sixty.python.web"}},
		{Query{Category: "Web-Service"}, []string{"io.sixty.rust.axum-service"}},
		{Query{License: "apache"}, []string{"io.sixty.rust.axum-service"}},
		{Query{Keyword: "http"}, []string{"io.sixty.rust.axum-service"}},
		{Query{Text: "rust", Limit: 1}, []string{"io.sixty.rust.axum-service"}},
	} {
		var got []string
		for _, h := range c.Search(tc.q) {
			got = append(got, h.ID)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%+v: got %v, want %v", tc.q, got, tc.want)
		}
	}
	for _, h := range c.Search(Query{Text: "cli", Stable: true}) {
		if h.Version != "0.2.0" {
			t.Errorf("stable: got %s", h.Version)
		}
	}
	for _, h := range c.Search(Query{Text: "cli"}) {
		if h.Version != "0.3.0-rc.1" {
			t.Errorf("newest: got %s", h.Version)
		}
	}
}

func TestDigest(t *testing.T) {
	base := fstest.MapFS{"a": {Data: []byte("1")}, "b/c": {Data: []byte("2")}}
	sum, err := Digest(base)
	if err != nil {
		t.Fatal(err)
	}
	// (sha256sum a; sha256sum b/c) | sha256sum, in base64
	if want := "h1:SBOaa+c1SMmbah9k7hUK+zqB3aurXTM6UdWgrHYogMA="; sum != want {
		t.Errorf("got %s, want %s", sum, want)
	}
	for name, other := range map[string]fstest.MapFS{
		"content": {"a": {Data: []byte("1")}, "b/c": {Data: []byte("3")}},
		"name":    {"a": {Data: []byte("1")}, "b/d": {Data: []byte("2")}},
		"more":    {"a": {Data: []byte("1")}, "b/c": {Data: []byte("2")}, "d": {}},
	} {
		if other, err := Digest(other); err != nil || other == sum {
			t.Errorf("%s: the same digest (%v)", name, err)
		}
	}
	if _, err := Digest(fstest.MapFS{"l": {Data: []byte("x"), Mode: fs.ModeSymlink}}); err == nil {
		t.Error("a link has a digest")
	}
}

func TestVariables(t *testing.T) {
	fsys := fstest.MapFS{"pack.hcl": {Data: []byte(`
pack {
  id      = "a"
  version = "1.0.0"
}
variable "name" {
  type = string
  validation {
    condition     = can(regex("^[a-z]+$", var.name))
    error_message = "Lower-case letters only."
  }
}
variable "port" {
  type    = number
  default = 8080
}
variable "tags" {
  type    = list(string)
  default = []
}
variable "token" {
  type      = string
  default   = "s3cret"
  sensitive = true
}
`)}}
	p, err := ReadPack(fsys, "a", "test")
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Resolve([]lang.Given{{Name: "name", Text: "abc", Source: "--var"}, {Name: "tags", Value: cty.TupleVal([]cty.Value{cty.StringVal("x")}), Source: "file"}})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := v.Plain()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%T %v", plain["port"], plain); got != "int64 map[name:abc port:8080 tags:[x] token:s3cret]" {
		t.Errorf("plain: %s", got)
	}
	rec, err := v.Recordable()
	if err != nil || rec["token"] != nil || string(rec["tags"]) != `["x"]` {
		t.Errorf("record: %v %v", rec, err)
	}
	rec["gone"] = []byte("1")
	given, dropped, err := p.GivenAgain(rec, "the record")
	if err != nil || !slices.Equal(dropped, []string{"gone"}) {
		t.Errorf("given again: %v %v", dropped, err)
	}
	if again, err := p.Resolve(given); err != nil {
		t.Error(err)
	} else if values, err := again.Plain(); err != nil || fmt.Sprint(values) != fmt.Sprint(plain) {
		t.Errorf("given again: %v %v, want %v", values, err, plain)
	}
	for name, tc := range map[string]struct {
		given lang.Given
		want  string
	}{
		"validation": {lang.Given{Name: "name", Text: "ABC", Source: "--var"}, "Lower-case letters only."},
		"unknown":    {lang.Given{Name: "nme", Text: "abc", Source: "--var"}, `Did you mean "name"?`},
		"type":       {lang.Given{Name: "port", Text: "many", Source: "--var"}, "port"},
	} {
		_, err := p.Resolve([]lang.Given{{Name: "name", Text: "abc", Source: "x"}, tc.given})
		var diags *DiagnosticsError
		if !errors.As(err, &diags) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := p.Resolve(nil); err == nil || !strings.Contains(err.Error(), "a/pack.hcl line 6") {
		t.Errorf("missing: got %v", err)
	}
}

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "conf", "market.json")
	packs := filepath.Join(dir, "packs")
	if err := os.MkdirAll(filepath.Join(packs, "one"), 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := ReadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddDir(t.Context(), packs); !errors.Is(err, ErrNoManifest) {
		t.Errorf("a folder without packs: %v", err)
	}
	manifest := filepath.Join(packs, "one", "pack.hcl")
	if err := os.WriteFile(manifest, []byte("pack {"), 0o644); err != nil {
		t.Fatal(err)
	}
	var diags *DiagnosticsError
	if _, err := c.AddDir(t.Context(), packs); !errors.As(err, &diags) || len(c.Sources) != 0 {
		t.Errorf("a faulty pack: %v", err)
	}
	if err := os.WriteFile(manifest, packHCL("io.x", "1.0.0", "").Data, 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // adding twice is adding once
		entries, err := c.AddDir(t.Context(), packs)
		if err != nil || len(entries) != 1 || entries[0].ID != "io.x" {
			t.Fatalf("add: %v %v", entries, err)
		}
	}
	if err := c.Write(path); err != nil {
		t.Fatal(err)
	}
	again, err := ReadConfig(path)
	if err != nil || len(again.Sources) != 1 {
		t.Fatalf("read: %+v %v", again, err)
	}
	sources, faults := again.Open()
	if len(sources) != 1 || len(faults) != 0 {
		t.Fatalf("open: %v %v", sources, faults)
	}
	catalog, err := OpenCatalog(t.Context(), sources...)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := catalog.Resolve(t.Context(), "io.x", ""); err != nil || p.Source != filepath.Join(packs, "one") {
		t.Errorf("resolve: %+v %v", p, err)
	}
	// A link out of the source is not followed.
	if err := os.Symlink("/etc/passwd", filepath.Join(packs, "one", "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := catalog.Resolve(t.Context(), "io.x", ""); err == nil {
		t.Error("a pack with a link was read")
	}
	if err := os.RemoveAll(packs); err != nil {
		t.Fatal(err)
	}
	if _, faults := again.Open(); len(faults) != 1 {
		t.Errorf("a folder that is gone: %v", faults)
	}
	if removed, err := again.RemoveDir(packs); err != nil || !removed || len(again.Sources) != 0 {
		t.Errorf("remove: %v %v", removed, err)
	}
}

func TestExpand(t *testing.T) {
	files := []string{"a.ttl", "g/a.ttl", "g/sub/b.ttl", "g/sub/deep/c.ttl", "g/x.rq"}
	for _, tc := range []struct{ pattern, want string }{
		{"a.ttl", "a.ttl"}, {"*.ttl", "a.ttl"}, {"g/*.ttl", "g/a.ttl"}, {"**/*.ttl", "a.ttl g/a.ttl g/sub/b.ttl g/sub/deep/c.ttl"},
		{"g/**/b.ttl", "g/sub/b.ttl"}, {"g/**", "g/a.ttl g/sub/b.ttl g/sub/deep/c.ttl g/x.rq"}, {"**/deep/**/c.ttl", "g/sub/deep/c.ttl"}, {"*.md", ""},
	} {
		got, err := expand(files, []string{tc.pattern, tc.pattern}, "graphs")
		if err != nil || strings.Join(got, " ") != tc.want {
			t.Errorf("%s: got %v %v, want %s", tc.pattern, got, err, tc.want)
		}
	}
	if _, err := expand(files, []string{"b.ttl"}, "graphs"); err == nil || !strings.Contains(err.Error(), "no file") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := expand(files, []string{"[a.ttl"}, "graphs"); err == nil {
		t.Error("a pattern that is none was taken")
	}
	fsys := fstest.MapFS{"pack.hcl": {Data: []byte("pack {\n  id = \"a\"\n  version = \"1.0.0\"\n}\ngraphs = \"g/**/*.ttl\"\ndialect = \"string\"\nprefixes = { ex = \"http://example.org/\" }\n")}, "g/x.ttl": {Data: []byte("x")}, "g/s/y.ttl": {Data: []byte("y")}}
	p, err := ReadPack(fsys, "a", "s")
	if err != nil {
		t.Fatal(err)
	}
	texts, err := p.ReadFiles(p.Graphs)
	if err != nil || len(texts) != 2 || texts[0] != (File{"g/s/y.ttl", "y"}) || p.Dialect != "string" || p.Prefixes["ex"] == "" {
		t.Errorf("got %+v %v", texts, err)
	}
}

func TestResolveAll(t *testing.T) {
	pack := func(id, version string, deps ...string) *fstest.MapFile {
		f := packHCL(id, version, "")
		f.Data = append(f.Data, "dependencies = {\n"+strings.Join(deps, "\n")+"\n}\n"...)
		return f
	}
	fsys := fstest.MapFS{
		"app/pack.hcl":   pack("app", "1.0.0", `"web" = "^1"`, `"base" = ">= 1"`),
		"web1/pack.hcl":  pack("web", "1.0.0", `"base" = "< 2"`),
		"web2/pack.hcl":  pack("web", "2.0.0"),
		"base1/pack.hcl": pack("base", "1.5.0"),
		"base2/pack.hcl": pack("base", "2.0.0", `"extra" = "*"`),
		"a/pack.hcl":     pack("a", "1.0.0", `"b" = "*"`),
		"b/pack.hcl":     pack("b", "1.0.0", `"c" = "*"`),
		"c/pack.hcl":     pack("c", "1.0.0", `"b" = "*"`),
		"odd/pack.hcl":   pack("odd", "1.0.0", `"web" = "^1"`, `"base" = ">= 2"`),
		"lost/pack.hcl":  pack("lost", "1.0.0", `"wbe" = "^1"`),
		"extra/pack.hcl": pack("extra", "1.0.0"),
	}
	c, err := OpenCatalog(t.Context(), NewFSSource("s", fsys))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ id, want, err string }{
		{"app", "base 1.5.0, web 1.0.0, app 1.0.0", ""},
		{"web", "web 2.0.0", ""},
		{"base", "extra 1.0.0, base 2.0.0", ""},
		{"a", "", "b → c → b"},
		{"odd", "", `web wants "< 2"`},
		{"lost", "", `unknown template "wbe"`},
	} {
		packs, err := c.ResolveAll(t.Context(), tc.id, "", Pins{})
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s: got %v, want %q", tc.id, err, tc.err)
			}
			continue
		}
		var got []string
		for _, p := range packs {
			got = append(got, p.ID+" "+p.Version)
		}
		if err != nil || strings.Join(got, ", ") != tc.want {
			t.Errorf("%s: got %v %v, want %s", tc.id, got, err, tc.want)
		}
	}
}

func TestScaffold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := Scaffold(dir, "No ID"); err == nil {
		t.Error("took a name that is no id")
	}
	if err := Scaffold(dir, "io.x.new"); err != nil {
		t.Fatal(err)
	}
	s, err := NewDirSource(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := resolveFrom(t, s, "io.x.new")
	if err != nil || p.Version != "0.1.0" || len(p.Variables) != 1 {
		t.Errorf("%+v %v", p, err)
	}
	if err := Scaffold(dir, "io.x.new"); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("over a pack: %v", err)
	}
}

// announcing is a source whose list promises a digest.
type announcing struct {
	*FSSource
	digest string
}

func (s announcing) List(ctx context.Context) ([]Entry, []error, error) {
	entries, faults, err := s.FSSource.List(ctx)
	for i := range entries {
		entries[i].Digest = s.digest
	}
	return entries, faults, err
}

func TestResolveChecksDigest(t *testing.T) {
	inner := NewFSSource("s", fstest.MapFS{"pack.hcl": packHCL("io.x", "1.0.0", "")})
	p, err := resolveFrom(t, announcing{inner, ""}, "io.x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resolveFrom(t, announcing{inner, p.Digest}, "io.x"); err != nil {
		t.Error(err)
	}
	if _, err := resolveFrom(t, announcing{inner, "h1:SBOaa+c1SMmbah9k7hUK+zqB3aurXTM6UdWgrHYogMA="}, "io.x"); err == nil || !strings.Contains(err.Error(), "was announced") {
		t.Errorf("another digest: %v", err)
	}
}

func TestLinksAreRefused(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "pack.hcl"), packHCL("io.x", "1.0.0", "").Data)
	if err := os.Symlink("pack.hcl", filepath.Join(dir, "inside")); err != nil {
		t.Fatal(err)
	}
	s, err := NewDirSource(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resolveFrom(t, s, "io.x"); err == nil || !strings.Contains(err.Error(), "not a plain file") {
		t.Errorf("a link inside the pack: %v", err)
	}
}
