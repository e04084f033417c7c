package market

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// testPacks is a folder of two packs.
func testPacks(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files := fstest.MapFS{
		"one/pack.hcl":         packHCL("io.x.one", "1.0.0", `keywords = ["alpha"]`),
		"one/templates/a.tera": {Data: []byte("a")},
		"two/pack.hcl":         packHCL("io.x.two", "2.0.0", ""),
	}
	for name, f := range files {
		writeFile(t, filepath.Join(dir, name), f.Data)
	}
	return dir
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func resolveFrom(t *testing.T, s Source, id string) (*Pack, error) {
	t.Helper()
	c, err := OpenCatalog(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return c.Resolve(t.Context(), id, "")
}

func TestHTTPSource(t *testing.T) {
	dir, err := NewDirSource(testPacks(t))
	if err != nil {
		t.Fatal(err)
	}
	www := t.TempDir()
	if _, err := WriteIndex(t.Context(), dir, www); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(www)))
	cache := NewCache(t.TempDir())
	plain, err := NewHTTPSource(server.URL+"/index.json", server.Client(), cache)
	if err != nil {
		t.Fatal(err)
	}
	s := NewCachedSource(plain, cache, Refresh)
	want, err := resolveFrom(t, dir, "io.x.one")
	if err != nil {
		t.Fatal(err)
	}
	got, err := resolveFrom(t, s, "io.x.one")
	if err != nil {
		t.Fatal(err)
	}
	if got.Digest != want.Digest || got.Source != server.URL+"/index.json" {
		t.Errorf("got %s from %s, want %s", got.Digest, got.Source, want.Digest)
	}

	// The archive of the other pack is not what the index says.
	data, err := os.ReadFile(filepath.Join(www, "io.x.one-1.0.0.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(www, "io.x.two-2.0.0.tar.gz"), data)
	if _, err := resolveFrom(t, s, "io.x.two"); err == nil || !strings.Contains(err.Error(), "was announced") {
		t.Errorf("a wrong archive: %v", err)
	}

	// With the server gone, what was fetched is still there.
	server.Close()
	if _, err := resolveFrom(t, s, "io.x.one"); err != nil {
		t.Errorf("without a network: %v", err)
	}
	if c, err := OpenCatalog(t.Context(), s); err != nil || len(c.Faults) != 1 || !strings.Contains(c.Faults[0].Error(), "last time") {
		t.Errorf("without a network: %v %v", c.Faults, err)
	}
	if _, err := resolveFrom(t, s, "io.x.two"); err == nil {
		t.Error("fetched without a network")
	}
	if c, err := OpenCatalog(t.Context(), NewCachedSource(plain, cache, PreferCache)); err != nil || len(c.Faults) != 0 || len(c.Entries()) != 2 {
		t.Errorf("from the cache: %v %v", c.Faults, err)
	}
	if c, err := OpenCatalog(t.Context(), NewCachedSource(plain, NewCache(t.TempDir()), PreferCache)); err != nil || len(c.Faults) != 1 {
		t.Errorf("nothing cached and no network: %v %v", c.Faults, err)
	}

	// What the cache holds is checked before it is used.
	kept, err := filepath.Glob(filepath.Join(cache.dir, "packs", "*", "templates", "a.tera"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept: %v %v", kept, err)
	}
	writeFile(t, kept[0], []byte("changed"))
	if _, err := cache.Get(got.Digest); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("changed content: %v", err)
	}
}

func TestPlaceholders(t *testing.T) {
	for _, digest := range []string{"", "h1:", "h1:abc", "def456", "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="} {
		if validDigest(digest) {
			t.Errorf("%q is taken for a digest", digest)
		}
		s := &HTTPSource{cache: NewCache(t.TempDir())}
		if _, err := s.Open(t.Context(), Entry{Digest: digest}); err == nil || !strings.Contains(err.Error(), "placeholder") {
			t.Errorf("%q: %v", digest, err)
		}
	}
	dir := filepath.Join(shared(t, "ggen"), "registry-index", "input")
	for file, id := range map[string]string{"index.json": "io.ggen.rust.cli-subcommand", "packages.toml": "graphql-api-rust"} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewRegistrySource(file, data, NewCache(t.TempDir()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := resolveFrom(t, s, id); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v", file, err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewRegistrySource("index.json", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenCatalog(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if hits := c.Search(Query{Text: "rust"}); len(hits) != 1 || hits[0].ID != "io.ggen.rust.cli-subcommand" {
		t.Errorf("search: %+v", hits)
	}
	if hits := c.Search(Query{Stable: true}); len(hits) != 1 {
		t.Errorf("stable: %+v", hits)
	}
}

func TestUnpackRefuses(t *testing.T) {
	for name, h := range map[string]tar.Header{
		"link":     {Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		"hardlink": {Name: "l", Typeflag: tar.TypeLink, Linkname: "a"},
		"parent":   {Name: "../x", Typeflag: tar.TypeReg},
		"absolute": {Name: "/x", Typeflag: tar.TypeReg},
		"twice":    {Name: "a", Typeflag: tar.TypeReg},
		"device":   {Name: "d", Typeflag: tar.TypeChar},
	} {
		var b bytes.Buffer
		gz := gzip.NewWriter(&b)
		tw := tar.NewWriter(gz)
		for _, h := range []tar.Header{{Name: "a", Typeflag: tar.TypeReg}, h} {
			if err := tw.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(tw.Close(), gz.Close()); err != nil {
			t.Fatal(err)
		}
		cache := NewCache(t.TempDir())
		if _, _, err := cache.Unpack(t.Context(), &b, ""); err == nil {
			t.Errorf("%s: unpacked", name)
		}
		if left, _ := filepath.Glob(filepath.Join(cache.dir, "packs", "*")); len(left) > 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
	if _, _, err := NewCache(t.TempDir()).Unpack(t.Context(), strings.NewReader("<html>"), ""); err == nil {
		t.Error("unpacked a page")
	}
}

func gitRun(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestGitSource(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no git")
	}
	repo := t.TempDir()
	if err := os.CopyFS(filepath.Join(repo, "packs"), os.DirFS(testPacks(t))); err != nil {
		t.Fatal(err)
	}
	// An attribute that would rewrite content in a checkout or an archive.
	writeFile(t, filepath.Join(repo, ".gitattributes"), []byte("*.tera export-subst ident\n"))
	writeFile(t, filepath.Join(repo, "packs/one/templates/v.tera"), []byte("$Id$ $Format:%H$"))
	gitRun(t, repo, "init", "-q")
	gitRun(t, repo, "add", ".")
	gitRun(t, repo, "commit", "-q", "-m", "one")
	gitRun(t, repo, "tag", "v1")
	first := gitRun(t, repo, "rev-parse", "HEAD")

	cache := NewCache(t.TempDir())
	s, err := NewGitSource(repo, "v1", "packs", cache)
	if err != nil {
		t.Fatal(err)
	}
	cached := NewCachedSource(s, cache, PreferCache)
	one, err := resolveFrom(t, cached, "io.x.one")
	if err != nil {
		t.Fatal(err)
	}
	if want := "git+" + repo + "?ref=" + first + "&dir=packs/one"; one.Source != want {
		t.Errorf("source %s, want %s", one.Source, want)
	}
	if data, err := fs.ReadFile(one.FS, "templates/v.tera"); err != nil || string(data) != "$Id$ $Format:%H$" {
		t.Errorf("content was rewritten: %q %v", data, err)
	}

	// The branch moves on, the tag does not.
	writeFile(t, filepath.Join(repo, "packs/one/pack.hcl"), packHCL("io.x.one", "1.1.0", "").Data)
	gitRun(t, repo, "commit", "-q", "-a", "-m", "two")
	head, err := NewGitSource(repo, "", "packs", cache)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := resolveFrom(t, head, "io.x.one"); err != nil || p.Version != "1.1.0" {
		t.Errorf("HEAD: %+v %v", p, err)
	}
	if p, err := resolveFrom(t, s, "io.x.one"); err != nil || p.Version != "1.0.0" || p.Digest != one.Digest {
		t.Errorf("v1: %+v %v", p, err)
	}

	// A link in the repository is refused.
	if err := os.Symlink("/etc/passwd", filepath.Join(repo, "packs/one/link")); err != nil {
		t.Fatal(err)
	}
	gitRun(t, repo, "add", ".")
	gitRun(t, repo, "commit", "-q", "-m", "link")
	if _, err := resolveFrom(t, head, "io.x.one"); err == nil || !strings.Contains(err.Error(), "link") {
		t.Errorf("link: %v", err)
	}

	// With the repository gone, what was fetched is still there.
	if err := os.RemoveAll(repo); err != nil {
		t.Fatal(err)
	}
	if p, err := resolveFrom(t, cached, "io.x.one"); err != nil || p.Digest != one.Digest {
		t.Errorf("without a network: %v", err)
	}
	byCommit, err := NewGitSource(repo, first, "packs", cache)
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenCatalog(t.Context(), byCommit)
	if err != nil || len(c.Faults) != 0 || len(c.Entries()) != 2 {
		t.Errorf("a commit that is there needs no network: %v %v", c.Faults, err)
	}
}

func TestGitAddresses(t *testing.T) {
	for _, tc := range [][3]string{
		{"ext::sh -c touch% /tmp/x", "", ""}, {"--upload-pack=x", "", ""}, {"-x", "", ""}, {"relative/path", "", ""},
		{"https://example.org/x.git", "--exec=x", ""}, {"https://example.org/x.git", "a..b", ""}, {"https://example.org/x.git", "a b", ""},
		{"https://example.org/x.git", "main", "../x"}, {"https://example.org/x\n.git", "main", ""},
	} {
		if _, err := NewGitSource(tc[0], tc[1], tc[2], nil); err == nil {
			t.Errorf("%q is let through", tc)
		}
	}
	for _, a := range []string{"https://example.org/x.git", "git@example.org:x/y.git", "ssh://git@example.org/x", "/srv/x"} {
		if _, err := NewGitSource(a, "release/v1.0", "a/b", nil); err != nil {
			t.Error(err)
		}
	}
}

func TestConfigSources(t *testing.T) {
	dir, err := NewDirSource(testPacks(t))
	if err != nil {
		t.Fatal(err)
	}
	www := t.TempDir()
	if _, err := WriteIndex(t.Context(), dir, www); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(www)))
	defer server.Close()
	cache := NewCache(t.TempDir())
	opener := Caching(cache, Refresh, GitOpener(cache), HTTPOpener(cache, server.Client()))
	var c Config
	spec := SourceSpec{HTTP: server.URL + "/index.json"}
	if entries, err := c.Add(t.Context(), spec, opener); err != nil || len(entries) != 2 {
		t.Fatalf("%v %v", entries, err)
	}
	if _, err := c.Add(t.Context(), SourceSpec{HTTP: server.URL + "/none.json"}, opener); err == nil || len(c.Sources) != 1 {
		t.Errorf("an index that is not there: %v", err)
	}
	if sources, faults := c.Open(); len(sources) != 0 || len(faults) != 1 {
		t.Errorf("without an opener: %v %v", sources, faults)
	}
	if sources, faults := c.Open(opener); len(sources) != 1 || len(faults) != 0 {
		t.Errorf("open: %v %v", sources, faults)
	}
	if !c.Remove(spec) || c.Remove(spec) {
		t.Error("remove")
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), LockFile)
	l, err := ReadLock(path)
	if err != nil {
		t.Fatal(err)
	}
	packs := fstest.MapFS{"one/pack.hcl": packHCL("io.x.one", "1.0.0", ""), "one/a": {Data: []byte("a")}, "new/pack.hcl": packHCL("io.x.one", "1.1.0", "")}
	resolve := func(constraint string) (*Pack, error) {
		c, err := OpenCatalog(context.Background(), NewFSSource("s", packs))
		if err != nil {
			t.Fatal(err)
		}
		return c.ResolveLocked(t.Context(), "io.x.one", constraint, Pins{Lock: l})
	}
	p, err := resolve("= 1.0.0")
	if err != nil || !l.Pin(p, "") || l.Pin(p, "") {
		t.Fatalf("pin: %v", err)
	}
	if err := l.Write(path); err != nil {
		t.Fatal(err)
	}
	if l, err = ReadLock(path); err != nil {
		t.Fatal(err)
	}
	// The pin holds although there is a newer version.
	if p, err := resolve(""); err != nil || p.Version != "1.0.0" {
		t.Errorf("locked: %v", err)
	}
	if p, err := resolve("^1.1"); err != nil || p.Version != "1.1.0" {
		t.Errorf("a constraint that the pin does not satisfy: %v", err)
	}
	for name, change := range map[string]fstest.MapFS{
		"content": {"one/a": {Data: []byte("b")}},
		"name":    {"one/a": nil, "one/b": {Data: []byte("a")}},
		"more":    {"one/c": {}},
	} {
		saved := packs
		packs = fstest.MapFS{}
		for n, f := range saved {
			packs[n] = f
		}
		for n, f := range change {
			if packs[n] = f; f == nil {
				delete(packs, n)
			}
		}
		if _, err := resolve(""); err == nil || !strings.Contains(err.Error(), "pins") {
			t.Errorf("%s: %v", name, err)
		}
		packs = saved
	}
	for name, src := range map[string]string{
		"placeholder": "pack \"a\" {\n  version = \"1.0.0\"\n  source  = \"x\"\n  digest  = \"h1:abc\"\n}\n",
		"unknown key": "pack \"a\" {\n  version = \"1.0.0\"\n  source  = \"x\"\n  digest  = \"h1:SBOaa+c1SMmbah9k7hUK+zqB3aurXTM6UdWgrHYogMA=\"\n  x = 1\n}\n",
		"twice":       strings.Repeat("pack \"a\" {\n  version = \"1.0.0\"\n  source  = \"x\"\n  digest  = \"h1:SBOaa+c1SMmbah9k7hUK+zqB3aurXTM6UdWgrHYogMA=\"\n}\n", 2),
		"syntax":      "pack {",
	} {
		var diags *DiagnosticsError
		if _, err := ParseLock([]byte(src), "sixty.lock"); !errors.As(err, &diags) || !strings.Contains(err.Error(), "sixty.lock line") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	files, err := filepath.Glob("testdata/invalid/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint8(0))
		f.Add(data, uint8(1))
	}
	f.Add(packHCL("a", "1.0.0", "").Data, uint8(0))
	f.Add([]byte("[gpack]\nid = \"a\"\nversion = \"1.0.0\"\n"), uint8(1))
	f.Add([]byte("[pack]\nname = \"a\"\nversion = \"1.0.0\"\n"), uint8(2))
	f.Fuzz(func(t *testing.T, src []byte, kind uint8) {
		kinds := []string{manifestHCL, manifestGpack, manifestGgen}
		m, err := ParseManifest(src, kinds[int(kind)%len(kinds)], "p")
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without text")
			}
			return
		}
		if !idPattern.MatchString(m.ID) || !fs.ValidPath(m.Templates) {
			t.Errorf("let through: %+v", m)
		}
	})
}

func FuzzParseLock(f *testing.F) {
	f.Add([]byte("pack \"a\" {\n  version = \"1.0.0\"\n  source  = \"x\"\n  digest  = \"h1:SBOaa+c1SMmbah9k7hUK+zqB3aurXTM6UdWgrHYogMA=\"\n}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		l, err := ParseLock(src, "l")
		if err != nil {
			return
		}
		for _, p := range l.Packs {
			if !validDigest(p.Digest) {
				t.Errorf("let through: %+v", p)
			}
		}
	})
}

func TestRecorded(t *testing.T) {
	packs := fstest.MapFS{"one/pack.hcl": packHCL("io.x.one", "1.0.0", "")}
	cache := NewCache(t.TempDir())
	find := func(digest string) (*Pack, error) {
		c, err := OpenCatalog(t.Context(), NewFSSource("s", packs))
		if err != nil {
			t.Fatal(err)
		}
		return c.Recorded(t.Context(), cache, "io.x.one", "1.0.0", digest)
	}
	p, err := resolveFrom(t, NewFSSource("s", packs), "io.x.one")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := find(p.Digest); err != nil || got.Source != "s/one" {
		t.Errorf("from the source: %+v %v", got, err)
	}
	if err := cache.Keep(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	// The source moves on; the cache remembers.
	packs = fstest.MapFS{"one/pack.hcl": packHCL("io.x.one", "2.0.0", "")}
	if got, err := find(p.Digest); err != nil || got.Version != "1.0.0" || got.Digest != p.Digest {
		t.Errorf("from the cache: %+v %v", got, err)
	}
	packs = fstest.MapFS{"one/pack.hcl": packHCL("io.x.one", "1.0.0", `description = "changed"`)}
	if _, err := find("h1:SBOaa+c1SMmbah9k7hUK+zqB3aurXTM6UdWgrHYogMA="); err == nil || !strings.Contains(err.Error(), "under that version") {
		t.Errorf("other content: %v", err)
	}
}
