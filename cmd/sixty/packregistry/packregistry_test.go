package packregistry

import (
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sixtyhq/sixty/internal/market"
)

func pack(t *testing.T, version, body string) *market.Pack {
	t.Helper()
	fsys := fstest.MapFS{
		"pack.hcl":         {Data: fmt.Appendf(nil, "pack {\n  id = \"io.x.one\"\n  version = %q\n  keywords = [\"alpha\"]\n}\n", version)},
		"templates/a.tera": {Data: []byte(body)},
	}
	p, err := market.ReadPack(fsys, "one", "test")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPushAndPull publishes to a registry in this process and resolves from it.
func TestPushAndPull(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	repo := strings.TrimPrefix(server.URL, "http://") + "/some/packs"
	s, err := New(repo, market.NewCache(t.TempDir()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	first := pack(t, "1.0.0", "a")
	ref, err := s.Push(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Push(t.Context(), first); err != nil || again != ref {
		t.Errorf("the same once more: %s %v, want %s", again, err, ref)
	}
	if _, err := s.Push(t.Context(), pack(t, "1.0.0", "b")); err == nil || !strings.Contains(err.Error(), "other content") {
		t.Errorf("other content under the same version: %v", err)
	}
	if _, err := s.Push(t.Context(), pack(t, "1.1.0-rc.1+build.5", "c")); err != nil {
		t.Error(err)
	}

	// What is in the repository beside packs is told or left alone.
	img, err := random.Image(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"latest", "9.9.9"} {
		ref, err := name.ParseReference(repo + ":" + tag)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(ref, img); err != nil {
			t.Fatal(err)
		}
	}
	c, err := market.OpenCatalog(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Entries()) != 2 || len(c.Faults) != 1 || !strings.Contains(c.Faults[0].Error(), "9.9.9 is no pack") {
		t.Errorf("entries %d, faults %v", len(c.Entries()), c.Faults)
	}
	got, err := c.Resolve(t.Context(), "io.x.one", "")
	if err != nil {
		t.Fatal(err)
	}
	if got.Digest != first.Digest || got.Version != "1.0.0" || got.Source != "oci://"+ref {
		t.Errorf("got %s %s from %s, want %s from %s", got.Version, got.Digest, got.Source, first.Digest, ref)
	}
	if data, err := fs.ReadFile(got.FS, "templates/a.tera"); err != nil || string(data) != "a" {
		t.Errorf("%q %v", data, err)
	}
	if p, err := c.Resolve(t.Context(), "io.x.one", ">= 1.1.0-0"); err != nil || p.Version != "1.1.0-rc.1+build.5" {
		t.Errorf("%+v %v", p, err)
	}

	// With the registry gone, an entry that was opened once opens again.
	e := c.Entries()[1]
	server.Close()
	if p, err := s.Open(t.Context(), e); err != nil || p.Digest != first.Digest {
		t.Errorf("without a network: %v", err)
	}
	fresh, err := New(repo, market.NewCache(t.TempDir()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.Open(t.Context(), e); err == nil {
		t.Error("pulled from a registry that is gone")
	}
	if _, faults, err := fresh.List(t.Context()); err != nil || len(faults) != 1 {
		t.Errorf("list without a network: %v %v", faults, err)
	}
}

// TestPullRefuses serves a pack whose announced digest is not its own.
func TestPullRefuses(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	s, err := New(strings.TrimPrefix(server.URL, "http://")+"/packs", market.NewCache(t.TempDir()), Options{Transport: http.DefaultTransport})
	if err != nil {
		t.Fatal(err)
	}
	p := pack(t, "1.0.0", "a")
	p.Digest = pack(t, "1.0.0", "other").Digest
	if _, err := s.Push(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	c, err := market.OpenCatalog(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Resolve(t.Context(), "io.x.one", ""); err == nil || !strings.Contains(err.Error(), "was announced") {
		t.Errorf("got %v", err)
	}
}

func TestOpener(t *testing.T) {
	open := Opener(market.NewCache(t.TempDir()), Options{})
	if _, ok, _ := open(market.SourceSpec{Dir: "/x"}); ok {
		t.Error("took a directory for a repository")
	}
	if s, ok, err := open(market.SourceSpec{OCI: "registry.example.org/packs"}); !ok || err != nil || s.Name() != "oci://registry.example.org/packs" {
		t.Errorf("%v %v", s, err)
	}
	if _, _, err := open(market.SourceSpec{OCI: "not a repository"}); err == nil {
		t.Error("accepted")
	}
}
