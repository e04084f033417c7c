package crates

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/plan"
)

func file(base, name string) plan.Fetch {
	s := sha256.Sum256([]byte("/" + name))
	return plan.Fetch{Name: name, URL: base + "/" + name, SHA256: hex.EncodeToString(s[:])}
}

func names(t *testing.T, store *blob.Store, digest string) []string {
	t.Helper()
	f, err := store.Open(digest)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	for tr := tar.NewReader(f); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(tr)
		if err != nil || string(text) != "/"+h.Name {
			t.Errorf("%s holds %q, %v", h.Name, text, err)
		}
		out = append(out, h.Name)
	}
}

func remove(t *testing.T, store *blob.Store, digest string) {
	t.Helper()
	f, err := store.Open(digest)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := os.Remove(f.Name()); err != nil {
		t.Fatal(err)
	}
}

func TestCollect(t *testing.T) {
	var asked atomic.Int32
	down := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if down {
			http.Error(w, "gone", http.StatusGone)
			return
		}
		fmt.Fprint(w, r.URL.Path)
	}))
	defer server.Close()
	store, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := file(server.URL, "a.crate"), file(server.URL, "b.crate"), file(server.URL, "c.crate")
	collect := func(files ...plan.Fetch) (string, int32) {
		t.Helper()
		before := asked.Load()
		digest, err := Collect(t.Context(), store, files)
		if err != nil {
			t.Fatal(err)
		}
		return digest, asked.Load() - before
	}
	first, n := collect(b, a)
	if got := names(t, store, first); n != 2 || !slices.Equal(got, []string{"a.crate", "b.crate"}) {
		t.Errorf("%d downloads, %v", n, got)
	}
	if again, n := collect(a, b); again != first || n != 0 {
		t.Errorf("the same set is %s after %d downloads, was %s", again, n, first)
	}
	more, n := collect(a, b, c)
	if got := names(t, store, more); n != 1 || len(got) != 3 {
		t.Errorf("one crate more took %d downloads and gives %v", n, got)
	}

	// What the store has lost is made again, with the same digest, and is not
	// needed where an engine knows the set.
	remove(t, store, first)
	if again, n := collect(a, b); again != first || n != 0 {
		t.Errorf("made again it is %s after %d downloads, was %s", again, n, first)
	}
	remove(t, store, first)
	remove(t, store, digest(a))
	down = true
	if again, _ := collect(a, b); again != first {
		t.Errorf("without a network it is %s, was %s", again, first)
	}
	if _, err := Collect(t.Context(), store, []plan.Fetch{a}); err == nil || !strings.Contains(err.Error(), "fetch a.crate: ") {
		t.Errorf("a download that can't be had: %v", err)
	}
	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	if _, err := Collect(ctx, store, []plan.Fetch{a, b}); !errors.Is(err, reason) {
		t.Errorf("canceled: %v", err)
	}
}
