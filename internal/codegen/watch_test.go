package codegen

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"
)

// TestWatch generates again for each kind of change, and not for what the run
// itself writes anew with the same content.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	writeTree(t, dir, fstest.MapFS{"templates/a.tera": {Data: []byte("one")}})
	ctx, stop := context.WithCancel(t.Context())
	runs := make(chan map[string]string)
	ended := make(chan error)
	go func() {
		ended <- Watch(ctx, time.Millisecond, []string{dir}, func(ctx context.Context) error {
			plan, err := Render(ctx, Request{Templates: os.DirFS(filepath.Join(dir, "templates")), Output: os.DirFS(dir)})
			if err != nil {
				return err
			}
			got := map[string]string{}
			for name, data := range plan.Files() {
				got[name] = string(data)
			}
			select {
			case runs <- got:
			case <-ctx.Done():
			}
			return nil
		})
	}()
	until := func(want string, ok func(map[string]string) bool) {
		for {
			select {
			case got := <-runs:
				if ok(got) {
					return
				}
			case err := <-ended:
				t.Fatalf("ended with %v, waiting for %s", err, want)
			}
		}
	}
	until("the first run", func(m map[string]string) bool { return m["a"] == "one" })
	writeTree(t, dir, fstest.MapFS{"templates/a.tera": {Data: []byte("two, longer")}})
	until("a change", func(m map[string]string) bool { return m["a"] == "two, longer" })
	writeTree(t, dir, fstest.MapFS{"templates/b.tera": {Data: []byte("b")}})
	until("a new file", func(m map[string]string) bool { return m["b"] == "b" })
	if err := os.Remove(filepath.Join(dir, "templates", "b.tera")); err != nil {
		t.Fatal(err)
	}
	until("a removed file", func(m map[string]string) bool { _, ok := m["b"]; return !ok })
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestWatchEndsWithAnError(t *testing.T) {
	want := errors.New("enough")
	if err := Watch(t.Context(), time.Millisecond, []string{t.TempDir()}, func(context.Context) error { return want }); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}
