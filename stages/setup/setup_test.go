package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/plan"
)

func input(t *testing.T) Input {
	t.Helper()
	store, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return Input{
		Image: "rust", Tree: blob.Blob{Digest: "sha256:tree"}, Store: store,
		Skeleton: &cargo.Skeleton{Files: map[string][]byte{"Cargo.toml": nil}, Stale: []string{"*/x*"}},
		Sources:  cargo.SourceSet{Crates: []cargo.Crate{{Name: "serde", Version: "1.0.0", Registry: cargo.CratesIO, URL: "https://x/serde", SHA256: strings.Repeat("ab", 32)}}},
	}
}

func TestPlan(t *testing.T) {
	room, err := Plan(input(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(room.Steps) != 2 {
		t.Fatalf("%d steps", len(room.Steps))
	}
	for _, s := range room.Steps {
		if s.Network != plan.NetworkNone {
			t.Errorf("step %s has network %s", s.ID, s.Network)
		}
	}
	fetch := room.Steps[0].Mounts[0].Source
	if fetch.Kind != plan.SourceFetch || len(fetch.Files) != 1 || fetch.Files[0].SHA256 != strings.Repeat("ab", 32) || fetch.Files[0].URL != "https://x/serde" {
		t.Errorf("the crates come from %+v", fetch)
	}
	if inputs := room.Steps[1].Inputs(); !slices.Equal(inputs, []string{"setup.vendor"}) {
		t.Errorf("the dependencies are compiled from %v", inputs)
	}
	for _, m := range room.Steps[1].Mounts {
		if m.Source.Digest == "sha256:tree" {
			t.Error("a change of the source compiles the dependencies again")
		}
	}
	got := map[string]bool{}
	for _, m := range room.Mounts {
		got[m.Target] = m.Writable
	}
	if len(got) != 4 || !got[SourceDir] || !got[TargetDir] || got[VendorDir] {
		t.Errorf("mounts %v", got)
	}
	if !slices.Contains(room.Env, "CARGO_NET_OFFLINE=true") || !slices.IsSorted(room.Env) {
		t.Errorf("environment %v", room.Env)
	}
}

func TestPlanWithoutDependencies(t *testing.T) {
	in := input(t)
	in.Sources = cargo.SourceSet{}
	room, err := Plan(in)
	if err != nil || len(room.Steps) != 0 || slices.ContainsFunc(room.Mounts, func(m plan.Mount) bool { return m.Source.Kind == plan.SourceOutput }) {
		t.Errorf("%+v, %v", room, err)
	}
}

func TestGitDependencies(t *testing.T) {
	in := input(t)
	for range 2 {
		in.Sources.Git = append(in.Sources.Git, cargo.GitPackage{Name: "fork", Version: "0.1.0", Source: cargo.Source{URL: "https://git/fork"}})
	}
	_, err := Plan(in)
	if err == nil {
		t.Fatal("a git dependency is taken")
	}
	for _, want := range []string{"fork 0.1.0", "https://git/fork", "1 more", "publish it to a registry, or vendor it"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

// The commands are run by a real shell, with the target folder put elsewhere.
func TestRemove(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	for _, name := range []string{"target/debug/one-1", "target/debug/one-2", "target/debug/other", "target/it's/x", "target/$(touch pwned)/x", "target/a b/x", "target/-rf", "victim"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	patterns := []string{
		"*/one-*", "it's/x", "$(touch pwned)/x", "a b/*", "-rf", "none/*",
		"../victim", "x'; touch pwned; '", "`touch pwned`", "x\ntouch pwned\n", "; touch pwned", "a && touch pwned", `\'; touch pwned #`,
	}
	script := remove(TargetDir, patterns)
	if strings.Count(script, "rm -rf -- '"+TargetDir+"/") != len(patterns) || strings.Contains(script, "..") {
		t.Errorf("a pattern leads out of the folder: %s", script)
	}
	cmd := exec.Command("/bin/sh", "-euc", strings.ReplaceAll(script, "'"+TargetDir, "'"+target))
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s\n%s", err, out, script)
	}
	var left []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			left = append(left, rel)
		}
		return err
	})
	if want := []string{"target/debug/other", "victim"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left is %v, want %v (%v)", left, want, err)
	}
}

func TestOnlyLockfileHasTheNetwork(t *testing.T) {
	s := Lockfile("rust", blob.Blob{Digest: "sha256:tree"})
	if s.Network != plan.NetworkHost || len(s.Outputs) != 1 || s.Outputs[0].Path != SourceDir+"/Cargo.lock" {
		t.Errorf("%+v", s)
	}
}
