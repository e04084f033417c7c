package deploy

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/cargo"
)

func lockOf(t *testing.T, source string) *cargo.Lock {
	t.Helper()
	lock, err := cargo.ParseLock([]byte("version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"" + source + "\"\nchecksum = \"" + strings.Repeat("0", 64) + "\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestRegistries(t *testing.T) {
	asked := 0
	config := `{"dl":"https://files.example/{crate}/{version}.crate"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/index/config.json" {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(config)) // the test would see it
	}))
	defer server.Close()
	cache := t.TempDir()
	lock := lockOf(t, "sparse+"+server.URL+"/index/")
	for range 2 {
		known, err := registries(t.Context(), cache, lock)
		if err != nil {
			t.Fatal(err)
		}
		set, err := cargo.Sources(lock, known)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Crates[0].URL; got != "https://files.example/a/1.0.0.crate" {
			t.Errorf("URL: %q", got)
		}
	}
	if asked != 1 {
		t.Errorf("the registry was asked %d times", asked)
	}
	// crates.io is known and never asked.
	if _, err := registries(t.Context(), t.TempDir(), lockOf(t, "registry+"+cargo.CratesIO)); err != nil {
		t.Error(err)
	}
	for source, want := range map[string]string{
		"sparse+" + server.URL + "/elsewhere/":   "404",
		"registry+https://git.example/index.git": "git repository",
	} {
		if _, err := registries(t.Context(), t.TempDir(), lockOf(t, source)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", source, err)
		}
	}
	config = `{"dl":"https://files.example","auth-required":true}`
	if _, err := registries(t.Context(), t.TempDir(), lock); err == nil || !strings.Contains(err.Error(), "token") {
		t.Errorf("a registry that asks for a token: %v", err)
	}
}
