package image

import (
	"io"
	"log"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// serve starts a registry with a two-platform image and returns its reference.
func serve(t *testing.T) (ref string, index v1.ImageIndex) {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	index = empty.Index
	for _, arch := range []string{"amd64", "arm64", "riscv64"} {
		config := v1.Config{Env: []string{"ARCH=" + arch, "PATH=/opt/bin"}, User: "me", WorkingDir: "/home", Entrypoint: []string{"entry"}, Cmd: []string{"-x"}}
		img, err := mutate.Config(empty.Image, config)
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	ref = strings.TrimPrefix(server.URL, "http://") + "/library/rust:1"
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(parsed, index); err != nil {
		t.Fatal(err)
	}
	return ref, index
}

func TestPin(t *testing.T) {
	ref, index := serve(t)
	want, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Pin(t.Context(), ref)
	if err != nil || got != want.String() {
		t.Fatalf("Pin: %s, %v; want %s", got, err, want)
	}
	pinned := strings.TrimSuffix(ref, ":1") + "@" + got
	config, err := Configuration(t.Context(), pinned)
	wanted := Config{Env: []string{"ARCH=" + runtime.GOARCH, "PATH=/opt/bin"}, User: "me", Dir: "/home", Command: []string{"entry", "-x"}}
	if err != nil || !reflect.DeepEqual(config, wanted) {
		t.Errorf("Configuration: %+v, %v", config, err)
	}
	// Nothing is asked of a registry for a reference that is pinned.
	if d, err := Pin(t.Context(), "registry.invalid/x@"+got); err != nil || d != got {
		t.Errorf("Pin of a digest: %s, %v", d, err)
	}
}

func TestPinFails(t *testing.T) {
	ref, _ := serve(t)
	for _, bad := range []string{"not a reference", strings.TrimSuffix(ref, "1") + "2", "127.0.0.1:1/x"} {
		if _, err := Pin(t.Context(), bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("Pin(%q): %v", bad, err)
		}
		if _, err := Configuration(t.Context(), bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("Configuration(%q): %v", bad, err)
		}
	}
}
