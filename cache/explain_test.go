package cache_test

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/cache"
	"github.com/sixtyhq/sixty/internal/plan"
)

const initDigest = "sha256:init"

// graph is a small pipeline: dependencies from a skeleton, a build on them and
// on the source, a package of what was built, an audit without a container.
func graph(change func(steps map[string]*plan.Step, image *plan.Image)) *plan.Graph {
	blob := func(digest string) plan.Source {
		return plan.Source{Kind: plan.SourceBlob, Digest: "sha256:" + digest}
	}
	output := func(step, name string) plan.Source {
		return plan.Source{Kind: plan.SourceOutput, Step: step, Output: name}
	}
	deps := plan.Step{ID: "setup.deps", Image: "i", Command: []string{"deps"}, Mounts: []plan.Mount{{Target: "/src", Source: blob("skeleton")}}}
	build := plan.Step{ID: "t.build", Image: "i", Command: []string{"build"}, Env: []string{"A=1"}, Mounts: []plan.Mount{
		{Target: "/src", Source: blob("tree"), Writable: true}, {Target: "/target", Source: output("setup.deps", "target"), Writable: true}}}
	pack := plan.Step{ID: "v.pack", Image: "i", Command: []string{"pack"}, Mounts: []plan.Mount{{Target: "/bin", Source: output("t.build", "bin")}}}
	audit := plan.Step{ID: "v.audit", Runner: "audit"}
	image := plan.Image{Name: "i", Digest: "sha256:image"}
	if change != nil {
		change(map[string]*plan.Step{"deps": &deps, "build": &build, "pack": &pack, "audit": &audit}, &image)
	}
	return &plan.Graph{Images: []plan.Image{image}, Stages: []plan.Stage{{Name: "all", Steps: []plan.Step{deps, build, pack, audit}}}}
}

func keys(t *testing.T, g *plan.Graph, init string) map[string]plan.Key {
	t.Helper()
	k, err := plan.Keys(g, init)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sentences(t *testing.T, last map[string]cache.Last, g *plan.Graph, init string, trees cache.Trees) string {
	t.Helper()
	var lines []string
	for _, e := range cache.Explain(last, cache.Now{Graph: g, Keys: keys(t, g, init)}, trees) {
		lines = append(lines, e.Step+": "+string(e.Outlook)+": "+e.Sentence())
	}
	return strings.Join(lines, "\n")
}

func lastRun(t *testing.T) map[string]cache.Last {
	last := map[string]cache.Last{}
	for id, k := range keys(t, graph(nil), initDigest) {
		last[id] = cache.Last{Key: k, Status: plan.StatusPassed}
	}
	return last
}

const audit = "\nv.audit: always: it runs in sixty's own process each time"

func TestExplain(t *testing.T) {
	for name, c := range map[string]struct {
		change func(steps map[string]*plan.Step, image *plan.Image)
		last   func(last map[string]cache.Last)
		init   string
		want   string
	}{
		"nothing": {want: "setup.deps: unchanged: nothing changed\nt.build: unchanged: nothing changed\nv.pack: unchanged: nothing changed" + audit},
		"never ran": {
			last: func(last map[string]cache.Last) { clear(last) },
			want: "setup.deps: new: there is no record of an earlier run\nt.build: new: there is no record of an earlier run\n" +
				"v.pack: new: there is no record of an earlier run" + audit,
		},
		"source": {
			change: func(s map[string]*plan.Step, _ *plan.Image) { s["build"].Mounts[0].Source.Digest = "sha256:edited" },
			want: "setup.deps: unchanged: nothing changed\nt.build: changed: src/lib.rs changed → t.build\n" +
				"v.pack: changed: src/lib.rs changed → t.build → v.pack" + audit,
		},
		"the source here and upstream is told once": {
			change: func(s map[string]*plan.Step, _ *plan.Image) {
				s["build"].Mounts[0].Source.Digest = "sha256:edited"
				s["pack"].Mounts = append(s["pack"].Mounts, plan.Mount{Target: "/src", Writable: true, Source: s["build"].Mounts[0].Source})
			},
			last: func(last map[string]cache.Last) {
				g := graph(func(s map[string]*plan.Step, _ *plan.Image) {
					s["pack"].Mounts = append(s["pack"].Mounts, plan.Mount{Target: "/src", Writable: true, Source: s["build"].Mounts[0].Source})
				})
				for id, k := range keysOf(g) {
					last[id] = cache.Last{Key: k, Status: plan.StatusPassed}
				}
			},
			want: "setup.deps: unchanged: nothing changed\nt.build: changed: src/lib.rs changed → t.build\n" +
				"v.pack: changed: src/lib.rs changed → v.pack" + audit,
		},
		"dependencies reach all": {
			change: func(s map[string]*plan.Step, _ *plan.Image) { s["deps"].Command = []string{"deps", "--more"} },
			want: "setup.deps: changed: command changed → setup.deps\nt.build: changed: command changed → setup.deps → t.build\n" +
				"v.pack: changed: command changed → setup.deps → t.build → v.pack" + audit,
		},
		"environment": {
			change: func(s map[string]*plan.Step, _ *plan.Image) { s["build"].Env = []string{"B=2"} },
			want: "setup.deps: unchanged: nothing changed\nt.build: changed: environment variable A is gone → t.build (and 1 more)\n" +
				"v.pack: changed: environment variable A is gone → t.build → v.pack (and 1 more)" + audit,
		},
		"another output is no change of the step that makes it": {
			change: func(s map[string]*plan.Step, _ *plan.Image) { s["pack"].Mounts[0].Source.Output = "lib" },
			want: "setup.deps: unchanged: nothing changed\nt.build: unchanged: nothing changed\n" +
				"v.pack: changed: what is mounted at /bin changed → v.pack" + audit,
		},
		"image and init": {
			change: func(_ map[string]*plan.Step, i *plan.Image) { i.Digest = "sha256:other" }, init: "sha256:newer",
			want: "setup.deps: changed: the image changed → setup.deps (and 1 more)\nt.build: changed: the image changed → t.build (and 1 more)\n" +
				"v.pack: changed: the image changed → v.pack (and 1 more)" + audit,
		},
		"failed": {
			last: func(last map[string]cache.Last) {
				last["t.build"] = cache.Last{Key: last["t.build"].Key, Status: plan.StatusTimedOut}
			},
			want: "setup.deps: unchanged: nothing changed\nt.build: failed: nothing changed, but it timed out last time, and failures are never cached\n" +
				"v.pack: unchanged: nothing changed" + audit,
		},
		"upstream has no record": {
			change: func(s map[string]*plan.Step, _ *plan.Image) { s["deps"].Dir = "/elsewhere" },
			last:   func(last map[string]cache.Last) { delete(last, "setup.deps") },
			want: "setup.deps: new: there is no record of an earlier run\nt.build: changed: what is mounted at /target changed → t.build\n" +
				"v.pack: changed: what is mounted at /target changed → t.build → v.pack" + audit,
		},
		"skipped": {
			change: func(s map[string]*plan.Step, _ *plan.Image) { s["pack"].Skipped = "its condition is false" },
			want: "setup.deps: unchanged: nothing changed\nt.build: unchanged: nothing changed\n" +
				"v.pack: skipped: its condition is false" + audit,
		},
	} {
		t.Run(name, func(t *testing.T) {
			last := lastRun(t)
			if c.last != nil {
				c.last(last)
			}
			if c.init == "" {
				c.init = initDigest
			}
			trees := func(before, after string) ([]cache.FileChange, bool) {
				if before != "sha256:tree" || after != "sha256:edited" {
					t.Errorf("asked for %s and %s", before, after)
				}
				return []cache.FileChange{{Name: "src/lib.rs", Change: "changed"}}, true
			}
			if got := sentences(t, last, graph(c.change), c.init, trees); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func keysOf(g *plan.Graph) map[string]plan.Key {
	k, err := plan.Keys(g, initDigest)
	if err != nil {
		panic(err)
	}
	return k
}

func TestDiffTrees(t *testing.T) {
	before := tree(t, "kept", "x", "edited", "old", "gone", "", "mode", "")
	after := tree(t, "new", "", "kept", "x", "edited", "new", "mode*", "")
	got, err := cache.DiffTrees(before, after)
	if err != nil {
		t.Fatal(err)
	}
	want := "edited changed, gone removed, mode changed, new added"
	var parts []string
	for _, f := range got {
		parts = append(parts, f.Name+" "+f.Change)
	}
	if text := strings.Join(parts, ", "); text != want {
		t.Errorf("%s, want %s", text, want)
	}
	if _, err := cache.DiffTrees(tree(t), strings.NewReader("no tar at all, but long enough to be one"+strings.Repeat("!", 1024))); err == nil {
		t.Error("what is no tar is compared")
	}
}

// tree is a tar of names and contents; a name with a star is executable.
func tree(t *testing.T, files ...string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		name, mode := strings.TrimSuffix(files[i], "*"), int64(0o644)
		if name != files[i] {
			mode = 0o755
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(files[i+1])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestSentenceNamesFewFiles(t *testing.T) {
	c := cache.Cause{Part: "mount /src", Before: "blob sha256:a", After: "blob sha256:b", Through: []string{"t.a"}}
	for _, name := range []string{"src/a/1.rs", "src/a/2.rs", "src/b/3.rs", "src/b/4.rs", "src/b/5.rs"} {
		c.Files = append(c.Files, cache.FileChange{Name: name, Change: "changed"})
	}
	c.Files[2].Change = "added"
	if got, want := c.What(), "src/a/1.rs, src/a/2.rs changed, src/b/3.rs added and 2 more below src"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
