package warm

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/stages/setup"
)

// cache is a cache folder.
type cache struct {
	t *testing.T
	Layers
}

func newCache(t *testing.T) cache {
	t.Helper()
	dir := t.TempDir()
	blob := filepath.Join(dir, "blob")
	if err := os.WriteFile(blob, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return cache{t, Layers{
		Dir: filepath.Join(dir, "warm"), Results: filepath.Join(dir, "results"), Init: "init",
		Blobs: func(string) (*os.File, error) { return os.Open(blob) },
	}}
}

// graph has dependencies on crates, each by a letter.
func graph(crates string) *plan.Graph {
	var files []plan.Fetch
	for _, c := range crates {
		files = append(files, plan.Fetch{Name: string(c), URL: "https://x/" + string(c), SHA256: string(c)})
	}
	return &plan.Graph{Images: []plan.Image{{Name: "rust", Digest: "sha256:rust"}}, Stages: []plan.Stage{{Name: "setup", Steps: []plan.Step{
		{ID: setup.VendorStep, Image: "rust", Network: plan.NetworkNone, Mounts: []plan.Mount{{Target: "/crates", Source: plan.Source{Kind: plan.SourceFetch, Files: files}}},
			Outputs: []plan.Output{{Name: "vendor", Path: "/vendor", Volume: true}}},
		{ID: setup.DependenciesStep, Image: "rust", Network: plan.NetworkNone, Env: []string{"A=1"}, Mounts: []plan.Mount{
			{Target: "/src", Source: plan.Source{Kind: plan.SourceBlob, Digest: "sha256:lock-" + crates}, Writable: true},
			{Target: "/vendor", Source: plan.Source{Kind: plan.SourceOutput, Step: setup.VendorStep, Output: "vendor"}},
		}, Outputs: []plan.Output{{Name: setup.TargetOutput, Path: setup.TargetDir, Volume: true}}},
	}}}}
}

// run plans and runs a graph, and returns the crates of what it began with.
func (c cache) run(g *plan.Graph) string {
	c.t.Helper()
	base, err := c.Nearest(g)
	if err != nil {
		c.t.Fatal(err)
	}
	base.Apply(g)
	keys, err := plan.Keys(g, c.Init)
	if err != nil {
		c.t.Fatal(err)
	}
	key := keys[setup.DependenciesStep].Digest
	if err := os.MkdirAll(filepath.Join(c.Results, strings.TrimPrefix(key, "sha256:")), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := c.Record(g, base, []plan.Result{{Step: setup.DependenciesStep, Key: key, Status: plan.StatusPassed}}); err != nil {
		c.t.Fatal(err)
	}
	return chain(g)
}

// chain are the locks that a graph's dependencies stand on, the lowest first.
func chain(g *plan.Graph) string {
	var out []string
	for _, s := range g.Earlier() {
		for _, m := range s.Mounts {
			if lock, ok := strings.CutPrefix(m.Source.Digest, "sha256:lock-"); ok {
				out = append(out, lock)
			}
		}
	}
	return strings.Join(out, " ")
}

func TestNearest(t *testing.T) {
	c := newCache(t)
	for i, step := range []struct{ crates, want string }{
		{"abcd", ""},
		{"abcd", ""},           // the same again
		{"abce", "abcd"},       // one changed
		{"xyz", ""},            // nothing in common
		{"abxyz", "xyz"},       // the one with more in common
		{"abce", "abcd"},       // as it was made
		{"abcd", ""},           // and the first one
		{"abceg", "abcd abce"}, // on what stands on another
	} {
		if got := c.run(graph(step.crates)); got != step.want {
			t.Errorf("%d: %s begins with %q, want %q", i, step.crates, got, step.want)
		}
	}
}

func TestNearestIsInTheKey(t *testing.T) {
	c := newCache(t)
	c.run(graph("abcd"))
	with, without := graph("abce"), graph("abce")
	base, err := c.Nearest(with)
	if err != nil || base.Same != 3 || base.Crates != 4 {
		t.Fatalf("%+v, %v", base, err)
	}
	base.Apply(with)
	keys := func(g *plan.Graph) string {
		k, err := plan.Keys(g, c.Init)
		if err != nil {
			t.Fatal(err)
		}
		return k[setup.DependenciesStep].Digest
	}
	if keys(with) == keys(without) {
		t.Error("what dependencies begin with is not in their step's key")
	}
	named, err := c.Named(without, base.Name)
	if err != nil {
		t.Fatal(err)
	}
	named.Apply(without)
	if keys(with) != keys(without) {
		t.Error("the same base gives another key")
	}
	if none, err := c.Named(graph("abce"), "sha256:none"); err != nil || none.Name != "" {
		t.Errorf("a layer that is not there: %+v, %v", none, err)
	}
}

// A layer is used only where its steps would do the same again.
func TestNearestRefuses(t *testing.T) {
	for name, change := range map[string]func(c *cache, g *plan.Graph){
		"another image":       func(_ *cache, g *plan.Graph) { g.Images[0].Digest = "sha256:other" },
		"another environment": func(_ *cache, g *plan.Graph) { g.Stages[0].Steps[1].Env = []string{"A=2"} },
		"another sixty-init":  func(c *cache, _ *plan.Graph) { c.Init = "other" },
		"another engine":      func(c *cache, _ *plan.Graph) { c.Engine = "tcp://other" },
		"no results":          func(c *cache, _ *plan.Graph) { os.RemoveAll(c.Results) },
		"no blob": func(c *cache, _ *plan.Graph) {
			c.Blobs = func(string) (*os.File, error) { return nil, os.ErrNotExist }
		},
		"edited": func(c *cache, _ *plan.Graph) {
			c.edit(func(text string) string { return strings.ReplaceAll(text, "sha256:lock-abcd", "sha256:evil") })
		},
		"with the network": func(c *cache, _ *plan.Graph) {
			c.edit(func(text string) string { return strings.Replace(text, `"network":"none"`, `"network":"host"`, 1) })
		},
		"torn": func(c *cache, _ *plan.Graph) { c.edit(func(text string) string { return text[:len(text)/2] }) },
		"renamed": func(c *cache, _ *plan.Graph) {
			c.edit(func(text string) string { return strings.Replace(text, `"name":"sha256:`, `"name":"sha256:0`, 1) })
		},
		"on itself": func(c *cache, _ *plan.Graph) {
			c.edit(func(text string) string {
				name, _, _ := strings.Cut(text[strings.Index(text, "sha256:"):], `"`)
				return strings.Replace(text, `"key":`, fmt.Sprintf(`"base":%q,"key":`, name), 1)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCache(t)
			c.run(graph("abcd"))
			if base, err := c.Nearest(graph("abce")); err != nil || base.Name == "" {
				t.Fatalf("%+v, %v", base, err)
			}
			g := graph("abce")
			change(&c, g)
			if base, err := c.Nearest(g); err != nil || base.Name != "" {
				t.Errorf("it is used: %+v, %v", base, err)
			}
		})
	}
}

func (c cache) edit(change func(string) string) {
	c.t.Helper()
	files, err := filepath.Glob(filepath.Join(c.Dir, "*.json"))
	if err != nil || len(files) != 1 {
		c.t.Fatal(files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		c.t.Fatal(err)
	}
	changed := change(string(text))
	if changed == string(text) {
		c.t.Fatal("nothing was changed")
	}
	if err := os.WriteFile(files[0], []byte(changed), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// Sets that drift do not stand on each other for ever, nor carry along more
// than they need.
func TestChainsEnd(t *testing.T) {
	c := newCache(t)
	const crates = "abcdefghijklmnopqrst"
	longest := 0
	for i := range 3 * maxChain {
		set := []byte(crates)
		for j := range set {
			if j < i%len(set) {
				set[j] -= 32 // another version of it
			}
		}
		g := graph(string(set))
		c.run(g)
		longest = max(longest, len(g.Earlier())/2)
		if _, err := plan.Order(g); err != nil {
			t.Fatal(err)
		}
	}
	if longest < 2 || longest > maxChain {
		t.Errorf("up to %d sets stand on each other", longest)
	}
}

func TestRecordForgets(t *testing.T) {
	c := newCache(t)
	c.run(graph("abcd"))
	if err := os.RemoveAll(c.Results); err != nil {
		t.Fatal(err)
	}
	c.run(graph("wxyz"))
	if all := c.all(); len(all) != 1 {
		t.Errorf("%d layers are left", len(all))
	}
	g := graph("fail")
	if err := c.Record(g, Base{}, []plan.Result{{Step: setup.DependenciesStep, Status: plan.StatusFailed}}); err != nil || len(c.all()) != 1 {
		t.Errorf("a failure is kept: %v", err)
	}
}
