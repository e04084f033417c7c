package plan

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// sample is a graph of two steps of which b uses every field.
func sample() *Graph {
	return &Graph{
		Images: []Image{{Name: "i", Ref: "ref", Digest: "sha256:i", Env: []string{"PATH=/bin"}, Layout: "/l", Origin: "o"},
			{Name: "j", Ref: "ref", Digest: "sha256:j", Env: []string{"PATH=/bin"}}},
		Stages: []Stage{{Name: "s", Budget: time.Second, Steps: []Step{
			{ID: "s.a", Stage: "s", Name: "a", Image: "i", Command: []string{"make"}, Outputs: []Output{{Name: "o", Path: "/o"}}},
			{ID: "s.b", Stage: "s", Name: "b", Image: "i", Command: []string{"use", "x"}, Env: []string{"A=1", "B=2"}, Dir: "/d",
				Network: NetworkNone, Timeout: time.Minute, Outputs: []Output{{Name: "p", Path: "/p"}},
				Services: []Service{{Name: "db", Image: "j", Command: []string{"serve"}, Env: []string{"C=3"}, Dir: "/", User: "u", Address: "127.0.0.2",
					Ready: Ready{TCP: 1, Timeout: time.Second}, Range: Range{File: "f", StartLine: 2}}},
				Metrics: []string{"tests"}, After: []string{"s.a"}, Range: Range{File: "f", StartLine: 1},
				Mounts: []Mount{
					{Target: "/out", Source: Source{Kind: SourceOutput, Step: "s.a", Output: "o"}},
					{Target: "/blob", Source: Source{Kind: SourceBlob, Digest: "sha256:b", Path: "/host", Size: 3}},
					{Target: "/fetch", Source: Source{Kind: SourceFetch, Files: []Fetch{{Name: "x", URL: "https://a/x", SHA256: "11"}, {Name: "y", URL: "https://a/y", SHA256: "22"}}}},
					{Target: "/cache", Source: Source{Kind: SourceCache, Cache: "c"}},
					{Target: "/secret", Source: Source{Kind: SourceSecret, Secret: "token"}},
					{Target: "/scratch", Source: Source{Kind: SourceScratch}},
				}},
		}}},
	}
}

func keyOf(t *testing.T, g *Graph, init string) Key {
	t.Helper()
	keys, err := Keys(g, init)
	if err != nil {
		t.Fatal(err)
	}
	steps := g.Steps()
	return keys[steps[len(steps)-1].ID]
}

func TestKeyChanges(t *testing.T) {
	before := keyOf(t, sample(), "init")
	if after := keyOf(t, sample(), "other"); after.Digest == before.Digest {
		t.Error("another sixty-init gives the same key")
	}
	for name, change := range map[string]func(g *Graph, a, b *Step){
		"command":             func(_ *Graph, _, b *Step) { b.Command = []string{"use", "y"} },
		"command's words":     func(_ *Graph, _, b *Step) { b.Command = []string{"use x"} },
		"runner":              func(_ *Graph, _, b *Step) { b.Runner = "audit" },
		"environment's value": func(_ *Graph, _, b *Step) { b.Env[0] = "A=2" },
		"environment's name":  func(_ *Graph, _, b *Step) { b.Env[0] = "C=1" },
		"environment's end":   func(_ *Graph, _, b *Step) { b.Env = b.Env[:1] },
		"folder":              func(_ *Graph, _, b *Step) { b.Dir = "/e" },
		"network":             func(_ *Graph, _, b *Step) { b.Network = NetworkHost },
		"timeout":             func(_ *Graph, _, b *Step) { b.Timeout++ },
		"output's path":       func(_ *Graph, _, b *Step) { b.Outputs[0].Path = "/q" },
		"output's name":       func(_ *Graph, _, b *Step) { b.Outputs[0].Name = "q" },
		"optional output":     func(_ *Graph, _, b *Step) { b.Outputs[0].Optional = true },
		"volume":              func(_ *Graph, _, b *Step) { b.Outputs[0].Volume = true },
		"image":               func(g *Graph, _, _ *Step) { g.Images[0].Digest = "sha256:k" },
		"image's environment": func(g *Graph, _, _ *Step) { g.Images[0].Env[0] = "PATH=/sbin" },
		"mount's target":      func(_ *Graph, _, b *Step) { b.Mounts[1].Target = "/blub" },
		"mount's mode":        func(_ *Graph, _, b *Step) { b.Mounts[1].Writable = true },
		"blob":                func(_ *Graph, _, b *Step) { b.Mounts[1].Source.Digest = "sha256:c" },
		"fetched content":     func(_ *Graph, _, b *Step) { b.Mounts[2].Source.Files[0].SHA256 = "33" },
		"fetched name":        func(_ *Graph, _, b *Step) { b.Mounts[2].Source.Files[0].Name = "z" },
		"cache":               func(_ *Graph, _, b *Step) { b.Mounts[3].Source.Cache = "d" },
		"secret's id":         func(_ *Graph, _, b *Step) { b.Mounts[4].Source.Secret = "key" },
		"kind of mount":       func(_ *Graph, _, b *Step) { b.Mounts[5].Source.Kind = "other" },
		"an input's key":      func(_ *Graph, a, _ *Step) { a.Command = []string{"make", "more"} },
		"service":             func(_ *Graph, _, b *Step) { b.Services = nil },
		"service's image":     func(g *Graph, _, _ *Step) { g.Images[1].Digest = "sha256:k" },
		"service's image env": func(g *Graph, _, _ *Step) { g.Images[1].Env[0] = "PATH=/sbin" },
		"service's name":      func(_ *Graph, _, b *Step) { b.Services[0].Name = "other" },
		"service's command":   func(_ *Graph, _, b *Step) { b.Services[0].Command[0] = "other" },
		"service's env":       func(_ *Graph, _, b *Step) { b.Services[0].Env[0] = "C=4" },
		"service's user":      func(_ *Graph, _, b *Step) { b.Services[0].User = "v" },
		"service's folder":    func(_ *Graph, _, b *Step) { b.Services[0].Dir = "/tmp" },
		"service's address":   func(_ *Graph, _, b *Step) { b.Services[0].Address = "127.0.0.3" },
		"service's readiness": func(_ *Graph, _, b *Step) { b.Services[0].Ready.TCP = 2 },
		"host name":           func(_ *Graph, _, b *Step) { b.Conditions = &Conditions{Hostname: "other"} },
		"processors":          func(_ *Graph, _, b *Step) { b.Conditions = &Conditions{CPUs: 1} },
		"links":               func(_ *Graph, _, b *Step) { b.Conditions = &Conditions{Links: []Link{{"/src", "/d"}}} },
		"an earlier output": func(_ *Graph, _, b *Step) {
			b.Mounts[5].Source = Source{Kind: SourceEarlier, Step: "e", Output: "o", Earlier: []Step{{ID: "e", Image: "i", Command: []string{"make"}}}}
		},
		"which output": func(_ *Graph, _, b *Step) { b.Mounts[0].Source.Output = "other" },
	} {
		g := sample()
		change(g, &g.Stages[0].Steps[0], &g.Stages[0].Steps[1])
		after := keyOf(t, g, "init")
		if after.Digest == before.Digest {
			t.Errorf("%s: the key stays the same", name)
		}
		if jsonString(after.Parts) == jsonString(before.Parts) {
			t.Errorf("%s: no part tells the difference", name)
		}
	}
}

func TestKeyStays(t *testing.T) {
	before := keyOf(t, sample(), "init")
	for name, change := range map[string]func(g *Graph, a, b *Step){
		"names of steps": func(_ *Graph, a, b *Step) {
			a.ID, a.Name, b.ID, b.Name = "s.x", "x", "s.y", "y"
			b.After, b.Mounts[0].Source.Step = nil, "s.x"
		},
		"names of stages":  func(g *Graph, a, b *Step) { g.Stages[0].Name, a.Stage, b.Stage = "t", "t", "t" },
		"names of images":  func(g *Graph, a, b *Step) { g.Images[0].Name, a.Image, b.Image = "k", "k", "k" },
		"origin of images": func(g *Graph, _, _ *Step) { g.Images[0].Ref, g.Images[0].Layout, g.Images[0].Origin = "x", "y", "z" },
		"ranges":           func(_ *Graph, _, b *Step) { b.Range, b.Services[0].Range = Range{File: "g", StartLine: 9}, Range{} },
		"metrics":          func(_ *Graph, _, b *Step) { b.Metrics = nil },
		"order":            func(_ *Graph, _, b *Step) { b.After = nil },
		"order of mounts":  func(_ *Graph, _, b *Step) { b.Mounts[1], b.Mounts[3] = b.Mounts[3], b.Mounts[1] },
		"order of fetches": func(_ *Graph, _, b *Step) { f := b.Mounts[2].Source.Files; f[0], f[1] = f[1], f[0] },
		"mirror":           func(_ *Graph, _, b *Step) { b.Mounts[2].Source.Files[0].URL = "https://mirror/x" },
		"host path":        func(_ *Graph, _, b *Step) { b.Mounts[1].Source.Path = "/elsewhere" },
		"budget":           func(g *Graph, _, _ *Step) { g.Stages[0].Budget = 0 },
	} {
		g := sample()
		change(g, &g.Stages[0].Steps[0], &g.Stages[0].Steps[1])
		if after := keyOf(t, g, "init"); after.Digest != before.Digest {
			t.Errorf("%s: the key changes from %s to %s", name, jsonString(before.Parts), jsonString(after.Parts))
		}
	}
}

func TestKeysOfUnusableGraphs(t *testing.T) {
	g := sample()
	g.Images = g.Images[:1]
	if _, err := Keys(g, "init"); err == nil || !strings.Contains(err.Error(), `service "db" of step "s.b" refers to image "j", which does not exist`) {
		t.Errorf("error %v", err)
	}
	g.Images = nil
	if _, err := Keys(g, "init"); err == nil || !strings.Contains(err.Error(), `image "i", which does not exist`) {
		t.Errorf("error %v", err)
	}
	if _, err := Keys(graph("a: a"), "init"); err == nil {
		t.Error("a cycle has keys")
	}
}

// A plan is written to logs and reports, so host paths stay out of it.
func TestGraphAsJSON(t *testing.T) {
	text, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{"/host", `"/l"`} {
		if strings.Contains(string(text), private) {
			t.Errorf("the plan shows %s: %s", private, text)
		}
	}
}

func TestCheck(t *testing.T) {
	all := Caps{Name: "all", Networks: []Network{NetworkNone}, Layouts: true, Services: true,
		Sources: []SourceKind{SourceBlob, SourceFetch, SourceOutput, SourceCache, SourceSecret, SourceScratch}}
	base := func() *Graph {
		g := sample()
		g.Stages[0].Steps[0].Network = NetworkNone
		return g
	}
	for name, c := range map[string]struct {
		change func(g *Graph, c *Caps)
		want   string
	}{
		"all kept": {func(*Graph, *Caps) {}, ""},
		"network":  {func(g *Graph, _ *Caps) { g.Stages[0].Steps[1].Network = NetworkHost }, `step "s.b": the all engine can't give it network "host"`},
		"source":   {func(_ *Graph, c *Caps) { c.Sources = c.Sources[:5] }, `step "s.b": the all engine can't mount a scratch at /scratch`},
		"layout":   {func(_ *Graph, c *Caps) { c.Layouts = false }, `can't take image "i" from an OCI layout`},
		"services": {func(_ *Graph, c *Caps) { c.Services = false }, `step "s.b": the all engine can't run services`},
		"a service's layout": {func(g *Graph, c *Caps) {
			c.Layouts = false
			g.Images[0].Layout, g.Images[1].Layout = "", "/l"
		}, `can't take image "j" from an OCI layout`},
		"no image for a service": {func(g *Graph, _ *Caps) { g.Images = g.Images[:1] }, `image "j" does not exist`},
		"no image":               {func(g *Graph, _ *Caps) { g.Images = nil }, `image "i" does not exist`},
		"skipped steps":          {func(g *Graph, c *Caps) { c.Networks = nil; skip(g, func(s *Step) { s.Skipped = "no" }) }, ""},
		"steps of our own":       {func(g *Graph, c *Caps) { c.Networks = nil; skip(g, func(s *Step) { s.Runner = "audit" }) }, ""},
	} {
		g, caps := base(), all
		c.change(g, &caps)
		var texts []string
		for _, r := range Check(g, caps) {
			texts = append(texts, r.Error())
			if step, _ := g.Step(r.Step); r.Range != step.Range {
				t.Errorf("%s: refusal at %v", name, r.Range)
			}
		}
		if got := strings.Join(texts, "\n"); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: refusals %q, want %q", name, got, c.want)
		}
	}
}

func skip(g *Graph, change func(*Step)) {
	for i := range g.Stages[0].Steps {
		change(&g.Stages[0].Steps[i])
	}
}

// An output is known by what it was made from, in this run or in an earlier one.
func TestKeyOfEarlierOutputs(t *testing.T) {
	inRun := sample()
	step := &inRun.Stages[0].Steps[1]
	step.Mounts = step.Mounts[:1]
	earlier := sample()
	made := earlier.Stages[0].Steps[0]
	made.ID = "earlier"
	step = &earlier.Stages[0].Steps[1]
	step.Mounts = []Mount{{Target: "/out", Source: Source{Kind: SourceEarlier, Step: made.ID, Output: "o", Earlier: []Step{made}}}}
	step.After = nil
	if a, b := keyOf(t, inRun, "init"), keyOf(t, earlier, "init"); a.Digest != b.Digest {
		t.Errorf("%s and %s", jsonString(a.Parts), jsonString(b.Parts))
	}
	if got := earlier.Earlier(); len(got) != 1 || got[0].ID != "earlier" {
		t.Errorf("earlier steps %v", got)
	}
	step.Mounts[0].Source.Step = "none"
	if _, err := Keys(earlier, "init"); err == nil || !strings.Contains(err.Error(), `step "none" is not among the earlier ones`) {
		t.Errorf("error %v", err)
	}
}
