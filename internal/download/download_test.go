package download

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// kept is what save was told to keep.
type kept struct {
	sync.Mutex
	files map[string]string
}

func (k *kept) save(f File, content io.Reader) error {
	text, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	k.Lock()
	defer k.Unlock()
	if k.files == nil {
		k.files = map[string]string{}
	}
	k.files[f.Name] = string(text)
	return nil
}

func TestAll(t *testing.T) {
	var flaky, gone, cut atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			gone.Add(1)
			http.NotFound(w, r)
		case "/flaky":
			if flaky.Add(1) < 2 {
				http.Error(w, "not now", http.StatusServiceUnavailable)
				return
			}
			fmt.Fprint(w, "at last")
		case "/cut":
			if cut.Add(1) < 2 {
				w.Header().Set("Content-Length", "100")
				fmt.Fprint(w, "no")
				return
			}
			fmt.Fprint(w, "whole")
		default:
			fmt.Fprint(w, r.URL.Path)
		}
	}))
	defer server.Close()
	var k kept
	err := All(t.Context(), server.Client(), []File{
		{"plain", server.URL + "/plain", sum("/plain")},
		{"flaky", server.URL + "/flaky", sum("at last")},
		{"cut", server.URL + "/cut", sum("whole")},
		{"wrong", server.URL + "/wrong", sum("other")},
		{"gone", server.URL + "/gone", sum("x")},
	}, k.save)
	for _, want := range []string{"fetch wrong: ", "its SHA-256 is " + sum("/wrong"), "fetch gone: ", "404"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if gone.Load() != 1 {
		t.Errorf("a file that is not there was asked for %d times", gone.Load())
	}
	if len(k.files) != 3 || k.files["plain"] != "/plain" || k.files["flaky"] != "at last" || k.files["cut"] != "whole" {
		t.Errorf("kept %v", k.files)
	}
}

func TestAllEnds(t *testing.T) {
	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel(reason)
		<-r.Context().Done()
	}))
	defer server.Close()
	var k kept
	if err := All(ctx, server.Client(), []File{{"x", server.URL, sum("x")}}, k.save); !errors.Is(err, reason) || len(k.files) > 0 {
		t.Errorf("%v, kept %v", err, k.files)
	}
}

// What can't be stored is not asked for again.
func TestAllTellsOfSave(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		fmt.Fprint(w, "x")
	}))
	defer server.Close()
	full := errors.New("the disk is full")
	err := All(t.Context(), server.Client(), []File{{"x", server.URL, sum("x")}}, func(File, io.Reader) error { return full })
	if !errors.Is(err, full) || asked != 1 {
		t.Errorf("%v after %d tries", err, asked)
	}
}
