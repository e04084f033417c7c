package codegen

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// before is a tree, and planFor a plan that creates, updates and removes in it.
func planFor(t *testing.T, dir string) *Plan {
	t.Helper()
	first := fstest.MapFS{
		"a.txt.tera":   {Data: []byte("a1")},
		"d/gone.tera":  {Data: []byte("gone")},
		"swap.tera":    {Data: []byte("a file")},
		"keep.sh.tera": {Data: []byte("---\nto: keep.sh\nexecutable: true\n---\nkeep")},
	}
	p := render(t, dir, Request{Templates: first})
	if err := p.Apply(t.Context(), dir, ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	second := fstest.MapFS{
		"a.txt.tera":       {Data: []byte("a2")},
		"new/deep/b.tera":  {Data: []byte("b")},
		"new/deep/c.tera":  {Data: []byte("c")},
		"keep.sh.tera":     first["keep.sh.tera"],
		"swap/deep/x.tera": {Data: []byte("in a folder")},
		"own.txt.tera":     {Data: []byte("---\nto: own.txt\nforce: true\nbackup: true\n---\nours")},
		"injected.rs.tera": {Data: []byte("---\nto: own.rs\ninject: true\n---\nmod x;")},
	}
	writeTree(t, dir, fstest.MapFS{"own.txt": {Data: []byte("mine")}, "own.rs": {Data: []byte("mod a;\n")}})
	return render(t, dir, Request{Templates: second})
}

func render(t *testing.T, dir string, req Request) *Plan {
	t.Helper()
	req.Output = os.DirFS(dir)
	var err error
	if req.Record, err = ReadRecord(req.Output); err != nil {
		t.Fatal(err)
	}
	p, err := Render(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestApply(t *testing.T) {
	dir := t.TempDir()
	p := planFor(t, dir)
	if err := p.Apply(t.Context(), dir, ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	got := readTree(t, dir)
	delete(got, RecordPath)
	want := map[string]string{
		"a.txt": "a2", "new/deep/b": "b", "new/deep/c": "c", "keep.sh": "keep", "swap/deep/x": "in a folder",
		"own.txt": "ours", "own.txt.bak": "mine", "own.rs": "mod a;\nmod x;\n",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if info, err := os.Stat(filepath.Join(dir, "keep.sh")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("keep.sh: %v %v", info.Mode(), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "d")); err == nil {
		t.Error("the folder of the removed file stays")
	}
}

// TestInterruptedApply stops a commit before each of its renames, as a killed
// process would, and expects the tree as it was after recovery.
func TestInterruptedApply(t *testing.T) {
	for n := 0; ; n++ {
		dir := t.TempDir()
		p := planFor(t, dir)
		before := readTree(t, dir)
		r, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		changes, err := p.changes(r)
		if err != nil {
			t.Fatal(err)
		}
		if n > len(changes) {
			return
		}
		for _, sub := range []string{"new", "old"} {
			if err := r.MkdirAll(transactionDir+"/"+sub, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := stage(t.Context(), r, changes); err != nil {
			t.Fatal(err)
		}
		for i, c := range changes[:n] {
			if err := put(r, c, i); err != nil {
				t.Fatal(err)
			}
		}
		if n > 0 && maps.Equal(readTree(t, dir), before) {
			t.Fatal("nothing was written")
		}
		if err := Recover(dir); err != nil {
			t.Fatalf("after %d of %d: %v", n, len(changes), err)
		}
		if after := readTree(t, dir); !maps.Equal(after, before) {
			t.Errorf("after %d of %d: got %v, want %v", n, len(changes), after, before)
		}
		if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
			t.Errorf("after %d: a folder of the run stays", n)
		}
		if err := p.Apply(t.Context(), dir, ApplyOptions{}); err != nil {
			t.Errorf("apply after recovery: %v", err)
		}
		r.Close()
	}
}

// stopAfter is a context that ends after its error was asked for n times.
type stopAfter struct {
	context.Context
	n *int
}

func (s stopAfter) Err() error {
	if *s.n--; *s.n < 0 {
		return context.Canceled
	}
	return nil
}

func TestCancelledApply(t *testing.T) {
	for n := 0; ; n++ {
		dir := t.TempDir()
		p := planFor(t, dir)
		before := readTree(t, dir)
		left := n
		err := p.Apply(stopAfter{t.Context(), &left}, dir, ApplyOptions{})
		if err == nil {
			if n < 8 {
				t.Errorf("only %d places to stop at", n)
			}
			return
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if after := readTree(t, dir); !maps.Equal(after, before) {
			t.Fatalf("stopped at %d: got %v, want %v", n, after, before)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	one := Request{Templates: fstest.MapFS{"sub/a.tera": {Data: []byte("a")}}}
	t.Run("a link out of the output folder", func(t *testing.T) {
		dir, outside := t.TempDir(), t.TempDir()
		if err := os.Symlink(outside, filepath.Join(dir, "sub")); err != nil {
			t.Fatal(err)
		}
		p, err := Render(t.Context(), one) // planned without a look at the folder
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Apply(t.Context(), dir, ApplyOptions{Force: true}); err == nil {
			t.Error("applied")
		}
		if left := readTree(t, outside); len(left) > 0 {
			t.Errorf("wrote outside: %v", left)
		}
	})
	t.Run("a file that is a link", func(t *testing.T) {
		dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(outside, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, filepath.Join(dir, "sub", "a")); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		req := one
		req.Output = root.FS()
		if _, err := Render(t.Context(), req); err == nil || !strings.Contains(err.Error(), "not a plain file") {
			t.Errorf("render: %v", err)
		}
	})
	t.Run("a file that changed since the plan", func(t *testing.T) {
		dir := t.TempDir()
		p := planFor(t, dir)
		writeTree(t, dir, fstest.MapFS{"a.txt": {Data: []byte("edited")}})
		before := readTree(t, dir)
		if err := p.Apply(t.Context(), dir, ApplyOptions{}); err == nil || !strings.Contains(err.Error(), "run again") {
			t.Errorf("got %v", err)
		}
		if after := readTree(t, dir); !maps.Equal(after, before) {
			t.Errorf("got %v", after)
		}
	})
	t.Run("two runs at once", func(t *testing.T) {
		dir := t.TempDir()
		p := planFor(t, dir)
		r, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		unlock, err := lock(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Apply(t.Context(), dir, ApplyOptions{}); err == nil || !strings.Contains(err.Error(), "another run") {
			t.Errorf("got %v", err)
		}
		unlock()
		if err := p.Apply(t.Context(), dir, ApplyOptions{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("a failure in a new folder", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "x", "y")
		p, err := Render(t.Context(), one)
		if err != nil {
			t.Fatal(err)
		}
		left := 0
		if err := p.Apply(stopAfter{t.Context(), &left}, dir, ApplyOptions{}); err == nil {
			t.Error("applied")
		}
		if _, err := os.Stat(filepath.Dir(dir)); err == nil {
			t.Error("the folder stays")
		}
	})
}

// TestRecoverKeeps leaves alone what a user wrote where the interrupted run had
// not come yet.
func TestRecoverKeeps(t *testing.T) {
	dir := t.TempDir()
	p := planFor(t, dir)
	r, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	changes, err := p.changes(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"new", "old"} {
		if err := r.MkdirAll(transactionDir+"/"+sub, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := stage(t.Context(), r, changes); err != nil {
		t.Fatal(err)
	}
	writeTree(t, dir, fstest.MapFS{"new/deep/b": {Data: []byte("the user's")}})
	if err := Recover(dir); err != nil {
		t.Fatal(err)
	}
	if got := readTree(t, dir)["new/deep/b"]; got != "the user's" {
		t.Errorf("got %q", got)
	}
}
