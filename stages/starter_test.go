package stages

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/verdict"
)

// starterFor is the pipeline for a crate of these files, loaded and checked.
func starterFor(t *testing.T, files map[string]string) (text string, p *config.Pipeline) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := crate.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	src, err := Starter(c)
	if err != nil {
		t.Fatal(err)
	}
	if formatted := hclwrite.Format(src); !bytes.Equal(formatted, src) {
		t.Error("it is not in the usual format")
	}
	if bytes.Contains(src, []byte("\n\n\n")) {
		t.Error("it has two empty lines in a row")
	}
	cfg, diags := config.Parse(dir, []string{starterName}, map[string][]byte{starterName: src})
	if len(diags) > 0 {
		t.Fatalf("%v\n%s", diags, src)
	}
	p, diags = cfg.Evaluate(map[string]cty.Value{}, c.Value())
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	images := map[string]plan.Image{"rust": {Name: "rust"}}
	g, diags := Plan(Input{Pipeline: p, Images: images})
	if diags = append(diags, verdict.Check(p, Metrics(), g)...); diags.HasErrors() {
		t.Fatal(diags)
	}
	return string(src), p
}

func names(p *config.Pipeline) (steps, gates []string) {
	for _, s := range p.Stages {
		for _, step := range s.Steps {
			steps = append(steps, step.Name)
		}
	}
	for _, g := range p.Gates {
		gates = append(gates, g.Name)
	}
	return steps, gates
}

func TestStarter(t *testing.T) {
	const head = "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"
	for name, c := range map[string]struct {
		files map[string]string
		gone  []string
		says  []string
	}{
		"all": {map[string]string{"Cargo.toml": head, "src/lib.rs": "", "examples/e.rs": "fn main() {}"}, nil, []string{"The pipeline of demo,"}},
		"no examples": {map[string]string{"Cargo.toml": head, "src/main.rs": "fn main() {}"}, []string{"examples"},
			[]string{"# Left out, since there are no examples and no benchmarks: examples."}},
		"private": {map[string]string{"Cargo.toml": head + "publish = false\n", "src/lib.rs": "", "benches/b.rs": ""}, []string{"package", "publish"},
			[]string{"# Left out, since its manifest says publish = false: package, publish."}},
		"workspace": {map[string]string{
			"Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\"]\n", "a/Cargo.toml": strings.ReplaceAll(head, "demo", "a"), "a/src/lib.rs": "",
			"b/Cargo.toml": strings.ReplaceAll(head, "demo", "b") + "publish = false\n", "b/src/lib.rs": "", "b/examples/e.rs": "fn main() {}"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			text, p := starterFor(t, c.files)
			steps, gates := names(p)
			for _, step := range []string{"fmt", "build", "test", "examples", "package", "docs", "audit", "publish"} {
				if want := !slices.Contains(c.gone, step); slices.Contains(steps, step) != want {
					t.Errorf("step %s is there: %v", step, !want)
				}
			}
			for _, gate := range []string{"examples", "package", "publish"} {
				if want := !slices.Contains(c.gone, gate); slices.Contains(gates, gate) != want {
					t.Errorf("gate %s is there: %v", gate, !want)
				}
			}
			if strings.Contains(text, "template") || strings.Contains(text, "concept") {
				t.Error("it speaks of templates")
			}
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q", want)
				}
			}
		})
	}
}
