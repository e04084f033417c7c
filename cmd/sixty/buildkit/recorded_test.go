//go:build linux

package buildkit

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sixtyhq/sixty/internal/plan"
)

// What ran is answered without the engine for as long as nothing about it is
// otherwise.
func TestRecorded(t *testing.T) {
	make := step("make", "write", "/made/file", "from "+t.Name())
	make.Outputs = []plan.Output{{Name: "made", Path: "/made"}}
	use := step("use", "cat", "/m/file")
	use.Mounts = []plan.Mount{{Target: "/m", Source: plan.Source{Kind: plan.SourceOutput, Step: "t.make", Output: "made"}}}
	e := engine(t, Options{Engine: "this"}, make, use)
	opts := e.opts
	answers := func() *Recorded {
		t.Helper()
		with := opts
		with.Client = nil
		r, err := NewRecorded(t.Context(), with)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := run(t, e, make)
	if answers() != nil {
		t.Error("a graph of which one step never ran is answered")
	}
	used := run(t, e, use)
	r := answers()
	if r == nil {
		t.Fatal("what ran is not answered")
	}
	for _, c := range []struct {
		step  plan.Step
		first plan.Result
	}{{make, first}, {use, used}} {
		got, err := r.Run(t.Context(), c.step)
		if err != nil || got.Status != plan.StatusPassed || !got.Cached || *got.ExitCode != 0 || got.Dir != c.first.Dir || got.Key != c.first.Key {
			t.Errorf("%+v, %v", got, err)
		}
		if got.Record == nil || got.Record.WallMS != c.first.Record.WallMS || got.Record.PeakRSS != c.first.Record.PeakRSS {
			t.Errorf("record %+v, want %+v", got.Record, c.first.Record)
		}
	}

	opts.Engine = "another"
	if answers() != nil {
		t.Error("another engine's results are answered")
	}
	opts.Engine = "this"
	for name, change := range map[string]func(dir string) error{
		"log":        func(dir string) error { return os.WriteFile(filepath.Join(dir, "log"), []byte("better"), 0o644) },
		"output":     func(dir string) error { return os.WriteFile(filepath.Join(dir, "outputs/made/file"), nil, 0o644) },
		"lost":       func(dir string) error { return os.Remove(filepath.Join(dir, "outputs/made/file")) },
		"added":      func(dir string) error { return os.WriteFile(filepath.Join(dir, "outputs/made/more"), nil, 0o644) },
		"provenance": func(dir string) error { return os.WriteFile(filepath.Join(dir, ProvenanceFile), []byte("{}"), 0o644) },
		"seal":       func(dir string) error { return os.WriteFile(dir+SealSuffix, []byte("{}"), 0o644) },
		"folder":     os.RemoveAll,
	} {
		if err := change(first.Dir); err != nil {
			t.Fatal(err)
		}
		if answers() != nil {
			t.Errorf("%s: what was changed is answered", name)
		}
		// The engine puts it right, and then it is answered again.
		if r := run(t, e, make); !r.Cached || left(t, r, "outputs/made/file") != "from "+t.Name() {
			t.Errorf("%s: %+v", name, r)
		}
		if answers() == nil {
			t.Errorf("%s: what was put right is not answered", name)
		}
	}
}

// What failed is tried again, whatever its step leaves behind.
func TestFailureIsNotRecorded(t *testing.T) {
	s := step("fail", "write", "/.sixty/out/"+ProvenanceFile, "{}", "7")
	e := engine(t, Options{Engine: "this"}, s)
	// As if it had passed once.
	if err := os.WriteFile(resultsDir(e.opts, s)+SealSuffix, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := run(t, e, s); r.Status != plan.StatusFailed {
		t.Fatalf("%+v", r)
	}
	if r, err := NewRecorded(t.Context(), e.opts); r != nil || err != nil {
		t.Errorf("a failure is answered: %v", err)
	}
	if _, err := os.Stat(resultsDir(e.opts, s) + SealSuffix); !os.IsNotExist(err) {
		t.Errorf("a failure is sealed: %v", err)
	}
}
