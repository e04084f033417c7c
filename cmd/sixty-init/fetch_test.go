package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sixtyhq/sixty/internal/initrec"
)

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func writeList(t *testing.T, list any) string {
	t.Helper()
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "list.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFetch(t *testing.T) {
	var flaky atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			http.NotFound(w, r)
		case "/flaky":
			if flaky.Add(1) < 2 {
				http.Error(w, "not now", http.StatusServiceUnavailable)
				return
			}
			fmt.Fprint(w, "at last")
		default:
			fmt.Fprint(w, r.URL.Path)
		}
	}))
	defer server.Close()
	out := t.TempDir()
	file := writeList(t, []initrec.Download{
		{Name: "a-1.0.0+x.crate", URL: server.URL + "/a", SHA256: sumOf("/a")},
		{Name: "b.crate", URL: server.URL + "/flaky", SHA256: sumOf("at last")},
	})
	if err := fetchVerb([]string{"--list", file, "--out", out}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a-1.0.0+x.crate": "/a", "b.crate": "at last"} {
		got, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
		if st, err := os.Stat(filepath.Join(out, name)); err != nil || st.ModTime().Unix() != 0 {
			t.Errorf("%s has a time of its own: %v, %v", name, st.ModTime(), err)
		}
	}

	out = t.TempDir()
	file = writeList(t, []initrec.Download{
		{Name: "wrong", URL: server.URL + "/a", SHA256: sumOf("other")},
		{Name: "gone", URL: server.URL + "/gone", SHA256: sumOf("x")},
	})
	err := fetchVerb([]string{"--list", file, "--out", out})
	if err == nil {
		t.Fatal("a wrong checksum and a missing file are taken")
	}
	for _, want := range []string{"fetch wrong: ", "its SHA-256 is " + sumOf("/a"), "fetch gone: ", "404"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFetchRefusesLists(t *testing.T) {
	sum := sumOf("")
	for want, list := range map[string][]initrec.Download{
		"is no file name":   {{Name: "../x", URL: "https://a/x", SHA256: sum}},
		"two are called":    {{Name: "x", URL: "https://a/x", SHA256: sum}, {Name: "x", URL: "https://a/y", SHA256: sum}},
		"is no address":     {{Name: "x", URL: "file:///etc/passwd", SHA256: sum}},
		"is no SHA-256":     {{Name: "x", URL: "https://a/x", SHA256: "12"}},
		"is no file name ":  {{Name: ".x", URL: "https://a/x", SHA256: sum}},
		"is no SHA-256 in ": {{Name: "x", URL: "https://a/x", SHA256: strings.Repeat("zz", 32)}},
	} {
		err := fetchVerb([]string{"--list", writeList(t, list), "--out", t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("%v: %v, want %q", list, err, want)
		}
	}
}
