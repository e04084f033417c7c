package retention

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

var now = time.Now().Truncate(time.Second)

// cacheOf makes a cache folder: NAME → age in days. Results are folders.
func cacheOf(t *testing.T, results, content map[string]int) string {
	t.Helper()
	cache := t.TempDir()
	put := func(path string, age int) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, 8192), 0o444); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{path, filepath.Dir(path)} {
			if err := os.Chtimes(p, now, now.Add(-time.Duration(age)*day)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, age := range results {
		put(filepath.Join(cache, "results", name, "log"), age)
	}
	for name, age := range content {
		put(filepath.Join(cache, "content", "blobs", "sha256", name), age)
	}
	return cache
}

func names(entries []Entry) string {
	var out []string
	for _, e := range entries {
		out = append(out, string(e.Kind)+"/"+e.Name)
	}
	return strings.Join(out, " ")
}

func TestCollect(t *testing.T) {
	probe := cacheOf(t, map[string]int{"new": 1}, map[string]int{"a": 2})
	both, err := List(probe)
	if err != nil || len(both) != 2 {
		t.Fatal(both, err)
	}
	for name, c := range map[string]struct {
		policy Policy
		want   string
	}{
		"age":      {Policy{MaxAge: 10 * day}, "results/.new-x content/b results/old"},
		"nothing":  {Policy{MaxAge: 100 * day, MaxBytes: 1 << 30}, "results/.new-x"},
		"size":     {Policy{MaxBytes: both[0].Bytes + both[1].Bytes}, "results/.new-x results/mid content/b results/old"},
		"all":      {Policy{All: true}, "results/.new-x results/new content/a results/mid content/b results/old"},
		"for ever": {Policy{}, "results/.new-x"},
	} {
		t.Run(name, func(t *testing.T) {
			cache := cacheOf(t, map[string]int{"new": 1, "mid": 5, "old": 40, ".new-x": 0}, map[string]int{"a": 2, "b": 20})
			removed, err := Collect(cache, c.policy, now)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(removed); got != c.want {
				t.Errorf("removed %q, want %q", got, c.want)
			}
			for _, e := range removed {
				if _, err := os.Lstat(e.path); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s is there: %v", e.path, err)
				}
			}
			left, err := List(cache)
			if err != nil || len(left)+len(removed) != 6 {
				t.Errorf("left %q, %v", names(left), err)
			}
		})
	}
}

// What lies beside an entry under its name goes and stays with it.
func TestBeside(t *testing.T) {
	cache := cacheOf(t, map[string]int{"new": 1, "old": 40}, nil)
	results := filepath.Join(cache, "results")
	for _, name := range []string{"new.seal", "old.seal", "gone.seal"} {
		if err := os.WriteFile(filepath.Join(results, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := Collect(cache, Policy{MaxAge: 10 * day}, now)
	if got := names(removed); err != nil || got != "results/gone.seal results/old" {
		t.Errorf("removed %q, %v", got, err)
	}
	left, err := os.ReadDir(results)
	if err != nil || len(left) != 2 || left[0].Name() != "new" || left[1].Name() != "new.seal" {
		t.Errorf("left %v, %v", left, err)
	}
}

// Nothing is collected while a run goes on, in this process or another.
func TestInUse(t *testing.T) {
	cache := cacheOf(t, map[string]int{"old": 400}, nil)
	run, err := Use(cache)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Use(cache)
	if err != nil {
		t.Fatal("two runs can't use the cache at a time: ", err)
	}
	if _, err := Collect(cache, Policy{All: true}, now); !errors.Is(err, ErrInUse) {
		t.Errorf("collected under a run: %v", err)
	}
	if err := CollectSometimes(cache, now); err != nil {
		t.Errorf("a run is an error: %v", err)
	}
	run.Close()
	if _, err := Collect(cache, Policy{All: true}, now); !errors.Is(err, ErrInUse) {
		t.Errorf("collected under the second run: %v", err)
	}
	second.Close()
	other := exec.CommandContext(t.Context(), "flock", "--shared", filepath.Join(cache, ".in-use"), "sh", "-c", "echo held; read line")
	in, _ := other.StdinPipe()
	out, _ := other.StdoutPipe()
	if err := other.Start(); err != nil {
		t.Skip(err)
	}
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	if _, err := Collect(cache, Policy{All: true}, now); !errors.Is(err, ErrInUse) {
		t.Errorf("collected under another process: %v", err)
	}
	in.Close()
	other.Wait() // its input ended
	if err := CollectSometimes(cache, now); err != nil {
		t.Fatal(err)
	}
	if left, _ := List(cache); len(left) != 0 {
		t.Errorf("left %q", names(left))
	}
}

func TestOnceADay(t *testing.T) {
	cache := cacheOf(t, map[string]int{"one": 40}, nil)
	if err := CollectSometimes(cache, now); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(cache, "results", "two"), 0o755); err != nil {
		t.Fatal(err)
	}
	old := now.Add(-40 * day)
	if err := os.Chtimes(filepath.Join(cache, "results", "two"), old, old); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		left  int
	}{{23 * time.Hour, 1}, {25 * time.Hour, 0}} {
		if err := CollectSometimes(cache, now.Add(c.after)); err != nil {
			t.Fatal(err)
		}
		if left, _ := List(cache); len(left) != c.left {
			t.Errorf("after %s %q is left", c.after, names(left))
		}
	}
}

func TestNoCache(t *testing.T) {
	cache := t.TempDir()
	if all, err := List(cache); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	if removed, err := Collect(cache, Default(), now); err != nil || len(removed) != 0 {
		t.Errorf("%v, %v", removed, err)
	}
}
