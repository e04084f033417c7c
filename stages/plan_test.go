package stages

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/stages/setup"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	manifest = "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nonce = \"1\"\n"
	lock     = `version = 4

[[package]]
name = "once"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "abababababababababababababababababababababababababababababababab"

[[package]]
name = "small"
version = "0.1.0"
dependencies = ["once"]
`
)

// input is a small crate and a pipeline, resolved.
func input(t *testing.T, pipeline string) Input {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"Cargo.toml": manifest, "Cargo.lock": lock, "src/lib.rs": "", "examples/ex.rs": ""} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := crate.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg, diags := config.Parse(".", []string{"pipeline.hcl"}, map[string][]byte{"pipeline.hcl": []byte(pipeline)})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	vars := map[string]cty.Value{}
	for _, v := range cfg.Variables {
		vars[v.Name] = cty.NullVal(cty.String)
	}
	p, diags := cfg.Evaluate(vars, c.Value())
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	store, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Pipeline: p, Images: map[string]plan.Image{}, Rust: &setup.Input{Store: store}}
	if in.Tree, err = c.Pack(store); err != nil {
		t.Fatal(err)
	}
	if in.Rust.Sources, err = c.Sources(nil); err != nil {
		t.Fatal(err)
	}
	if in.Rust.Skeleton, err = c.Skeleton(); err != nil {
		t.Fatal(err)
	}
	for _, i := range p.Images {
		in.Images[i.Name] = plan.Image{Name: i.Name, Ref: "oci-layout://" + i.Name, Digest: "sha256:" + i.Name}
	}
	return in
}

func TestPlanOfTheDefaultPipeline(t *testing.T) {
	g, diags := Plan(input(t, string(DefaultPipeline)))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if _, err := plan.Keys(g, "sha256:init"); err != nil {
		t.Error(err)
	}
	for _, s := range g.Steps() {
		if s.Network == plan.NetworkHost {
			t.Errorf("step %s has the network", s.ID)
		}
	}
	got, err := json.MarshalIndent(g, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const golden = "testdata/default.json"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the graph is not the one of %s; look at it and run go test ./stages -update\n%s", golden, got)
	}
}

const twoStages = `
image "rust" {
  from = "oci-layout://rust"
  warm = stage.generation.lockfile
}
image "plain" { from = "oci-layout://plain" }
stage "generation" {}
stage "setup" { image = image.rust }
stage "t" {
  step "one" {
    command = ["true"]
    env     = { CARGO_INCREMENTAL = "1", ADDED = "yes" }
    mount "/src" { source = stage.generation.tree }
    output "o" { path = "/o" }
  }
  step "two" {
    image   = image.plain
    command = ["true"]
    mount "/in" {
      source   = step.one.output.o
      writable = true
    }
  }
  step "never" {
    when    = false
    command = ["true"]
  }
}
stage "off" {
  when = false
  step "s" { command = ["true"] }
}
`

func step(t *testing.T, g *plan.Graph, id string) plan.Step {
	t.Helper()
	s, ok := g.Step(id)
	if !ok {
		t.Fatalf("there is no step %s", id)
	}
	return s
}

func TestPlanOfSteps(t *testing.T) {
	g, diags := Plan(input(t, twoStages))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	one, two := step(t, g, "t.one"), step(t, g, "t.two")
	if !slices.Contains(one.Env, "CARGO_INCREMENTAL=1") || !slices.Contains(one.Env, "ADDED=yes") ||
		slices.Contains(one.Env, "CARGO_INCREMENTAL=0") || !slices.IsSorted(one.Env) {
		t.Errorf("environment %v", one.Env)
	}
	targets := func(s plan.Step) string {
		var out []string
		for _, m := range s.Mounts {
			mode := ""
			if m.Writable {
				mode = "+"
			}
			out = append(out, m.Target+mode)
		}
		return strings.Join(out, " ")
	}
	if got := targets(one); got != "/cargo+ /src /target+ /vendor" {
		t.Errorf("its own mount does not win: %s", got)
	}
	// An image without warm has the source and nothing of Rust.
	if got := targets(two); got != "/in+ /src+" || two.Image != "plain" || !slices.Equal(two.Env, []string{"SOURCE_DATE_EPOCH=315532800"}) {
		t.Errorf("on a plain image: mounts %s, environment %v", got, two.Env)
	}
	if two.Dir != setup.SourceDir || two.Network != plan.NetworkNone {
		t.Errorf("%+v", two)
	}
	for id, want := range map[string]string{"t.never": "its condition is false", "off.s": "its condition is false", "t.one": "", "setup.vendor": ""} {
		if got := step(t, g, id).Skipped; got != want {
			t.Errorf("%s skipped: %q, want %q", id, got, want)
		}
	}
}

func TestOnly(t *testing.T) {
	in := input(t, strings.ReplaceAll(twoStages, "when = false\n  step", "step"))
	in.Only = []string{"off"}
	g, diags := Plan(in)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for id, want := range map[string]string{"t.one": NotAsked, "off.s": "", "setup.vendor": "", "setup.dependencies": ""} {
		if got := step(t, g, id).Skipped; got != want {
			t.Errorf("%s skipped: %q, want %q", id, got, want)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	const image = "image \"i\" { from = \"oci-layout://i\" }\n"
	const warm = "image \"w\" {\n  from = \"oci-layout://w\"\n  warm = stage.generation.lockfile\n}\nstage \"generation\" {}\n"
	for name, c := range map[string]struct{ pipeline, want string }{
		"no image":                              {"stage \"t\" {\n  step \"s\" { command = [\"x\"] }\n}", `Step "t.s" has no image`},
		"warm, no setup":                        {warm + "stage \"t\" {\n  image = image.w\n  step \"s\" { command = [\"x\"] }\n}", `stage "setup" { image = image.w }`},
		"name of our own":                       {warm + "stage \"setup\" {\n  image = image.w\n  step \"vendor\" { command = [\"x\"] }\n}", `makes a step called "vendor" of its own`},
		"unknown metrics":                       {image + "stage \"t\" {\n  image = image.i\n  step \"s\" {\n    command = [\"x\"]\n    metrics = [\"test\"]\n  }\n}", `Did you mean "tests"?`},
		"metrics twice":                         {image + "stage \"t\" {\n  image = image.i\n  step \"a\" {\n    command = [\"x\"]\n    metrics = [\"tests\", \"tests\"]\n  }\n}", `"t.a" names "tests" twice`},
		"unknown runner":                        {"stage \"t\" {\n  step \"s\" { uses = \"audti\" }\n}", `There is no runner "audti"`},
		"runner with image":                     {image + "stage \"t\" {\n  step \"s\" {\n    uses  = \"audit\"\n    image = image.i\n  }\n}", "runs in no container"},
		"service of an image without a command": {image + "service \"d\" { image = image.i }\nstage \"t\" {\n  image = image.i\n  step \"s\" {\n    command  = [\"x\"]\n    services = [service.d]\n  }\n}", `service "d" needs command or script`},
		"runner with a service":                 {image + "service \"d\" { image = image.i }\nstage \"t\" {\n  step \"s\" {\n    uses     = \"audit\"\n    services = [service.d]\n  }\n}", "runs in no container"},
		"cycle":                                 {image + "stage \"t\" {\n  image = image.i\n  step \"a\" {\n    command = [\"x\"]\n    after = [step.b]\n  }\n  step \"b\" {\n    command = [\"x\"]\n    after = [step.a]\n  }\n}", "t.a (pipeline.hcl:4) → t.b (pipeline.hcl:8) → t.a (pipeline.hcl:4)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := Plan(input(t, c.pipeline))
			if !diags.HasErrors() || !strings.Contains(diags.Error(), c.want) {
				t.Fatalf("diagnostics %v, want %s", diags, c.want)
			}
			if diags[0].Subject == nil || diags[0].Subject.Filename != "pipeline.hcl" {
				t.Errorf("the diagnostic is at %v", diags[0].Subject)
			}
		})
	}
	in := input(t, image+"stage \"t\" {\n  image = image.i\n  step \"s\" { command = [\"x\"] }\n}")
	in.Images = nil
	if _, diags := Plan(in); !diags.HasErrors() {
		t.Error("an image that is not resolved is planned with")
	}
}

const withServices = `
image "plain" { from = "oci-layout://plain" }
image "db" { from = "oci-layout://db" }
service "own" {
  image   = image.db
  command = ["own"]
  env     = { A = "b" }
  dir     = "/own"
  user    = "me"
  ready {
    tcp     = 5432
    timeout = "2s"
  }
}
service "default" { image = image.db }
stage "t" {
  image = image.plain
  step "s" {
    command  = ["true"]
    services = [service.default, service.own]
  }
  step "alone" { command = ["true"] }
}
`

func TestPlanOfServices(t *testing.T) {
	in := input(t, withServices)
	db := in.Images["db"]
	db.Command, db.User, db.Dir = []string{"entry", "cmd"}, "postgres", "/data"
	in.Images["db"] = db
	g, diags := Plan(in)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if _, err := plan.Keys(g, "sha256:init"); err != nil {
		t.Fatal(err)
	}
	got := step(t, g, "t.s").Services
	for i := range got {
		if got[i].Range.StartLine == 0 {
			t.Errorf("service %s has no place in the file", got[i].Name)
		}
		got[i].Range = plan.Range{}
	}
	want := []plan.Service{
		{Name: "default", Image: "db", Command: []string{"entry", "cmd"}, User: "postgres", Dir: "/data", Address: "127.0.0.2", Ready: plan.Ready{Timeout: 30 * time.Second}},
		{Name: "own", Image: "db", Command: []string{"own"}, Env: []string{"A=b"}, User: "me", Dir: "/own", Address: "127.0.0.3", Ready: plan.Ready{TCP: 5432, Timeout: 2 * time.Second}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if alone := step(t, g, "t.alone"); alone.Services != nil {
		t.Errorf("a step that names none has services: %+v", alone.Services)
	}
}
