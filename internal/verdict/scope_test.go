package verdict

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

// instances is a stage with two toolchains, whose test step has two feature
// sets, and a module with a test step of its own.
const instances = `
image "i" { from = "i" }
stage "testing" {
  matrix = { toolchain = ["stable", "beta"] }
  image  = image.i
  step "test" {
    matrix  = { features = ["default", "serde"] }
    command = ["true"]
    metrics = ["tests", "coverage"]
  }
}
module "m" { source = "./m" }
`

const inModule = `
image "i" { from = "i" }
stage "check" {
  image = image.i
  step "test" {
    command = ["true"]
    metrics = ["tests"]
  }
}
gate "inside" { condition = metrics.tests.executed == 100 && step.test.status == "passed" }
output "executed" { value = metrics.tests.executed }
output "hidden" {
  value     = step.test.exit_code
  sensitive = true
}
`

// planned is the pipeline, and the graph that its stages are.
func planned(t *testing.T, gates string) (*config.Pipeline, *plan.Graph) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "m"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]string{"p.hcl": instances + gates, "m/m.hcl": inModule} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg, diags := config.Load(dir)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	p, diags := cfg.Evaluate(nil, cty.EmptyObjectVal)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	g := &plan.Graph{}
	for _, s := range p.Stages {
		stage := plan.Stage{Name: s.Name, Module: s.Module}
		if s.Instance != "" {
			stage.Block, stage.Instance = s.Block, s.Instance
		}
		for _, step := range s.Steps {
			planned := plan.Step{ID: s.Name + "." + step.Name, Stage: s.Name, Name: step.Name, Metrics: step.Metrics}
			if step.Instance != "" {
				planned.Block, planned.Instance = step.Block, step.Instance
			}
			stage.Steps = append(stage.Steps, planned)
		}
		g.Stages = append(g.Stages, stage)
	}
	return p, g
}

// ran gives every step of a graph figures: one more test with each, and ten less
// of coverage; the module's step has executed 100 tests.
func ran(g *plan.Graph) Run {
	run := Run{Graph: g, Measured: map[string]Metrics{}}
	zero := 0
	for i, s := range g.Steps() {
		run.Results = append(run.Results, plan.Result{Step: s.ID, Stage: s.Stage, Name: s.Name, Status: plan.StatusPassed, ExitCode: &zero})
		n := float64(i + 1)
		if strings.HasPrefix(s.ID, "m.") {
			n = 100
		}
		run.Measured[s.ID] = Metrics{"tests": {"executed": n, "failed": 0}, "coverage": {"lines": 100 - 10*n}}
	}
	return run
}

func TestScopes(t *testing.T) {
	const passed, failed, notRun = plan.StatusPassed, plan.StatusFailed, plan.StatusNotRun
	for name, c := range map[string]struct {
		condition string
		change    func(r *Run)
		want      plan.Status
		message   string
	}{
		"counts are added":        {`metrics.tests.executed == 1 + 2 + 3 + 4 + 100`, nil, passed, ""},
		"the least percentage":    {`metrics.coverage.lines == 60`, nil, passed, ""},
		"one instance":            {`stage.testing["beta"].step.test["serde"].metrics.tests.executed == 4`, nil, passed, ""},
		"each instance":           {`alltrue([for s in stage.testing : alltrue([for t in s.step.test : t.metrics.tests.executed > 0])])`, nil, passed, ""},
		"one of them is bad":      {`alltrue([for s in stage.testing : alltrue([for t in s.step.test : t.metrics.tests.executed > 1])])`, nil, failed, ""},
		"a module's output":       {`module.m.executed == 100`, nil, passed, ""},
		"a module's, unmeasured":  {`module.m.executed != 1`, func(r *Run) { delete(r.Measured, "m.check.test") }, notRun, "was not measured"},
		"one did not measure it":  {`metrics.tests.executed > 0`, func(r *Run) { delete(r.Measured["testing-beta.test-serde"], "tests") }, notRun, "metrics.tests.executed was not measured"},
		"one's own, not measured": {`stage.testing["beta"].step.test["serde"].metrics.tests.executed != 7`, func(r *Run) { delete(r.Measured["testing-beta.test-serde"], "tests") }, notRun, "tests.executed of step testing-beta.test-serde was not measured"},
		"another's is measured":   {`stage.testing["beta"].step.test["default"].metrics.tests.executed == 3`, func(r *Run) { delete(r.Measured["testing-beta.test-serde"], "tests") }, passed, ""},
		"a skipped one":           {`metrics.tests.executed == 1 + 2 + 3 + 100`, func(r *Run) { r.Results[3].Status = plan.StatusSkipped; delete(r.Measured, r.Results[3].Step) }, passed, ""},
		"one did not run":         {`alltrue([for s in stage.testing : length(s.step.test) == 2])`, func(r *Run) { r.Results[3].Status = plan.StatusError }, notRun, "testing-beta.test-serde did not run"},
		"another did not run":     {`stage.testing["stable"].step.test["serde"].status == "passed"`, func(r *Run) { r.Results[3].Status = plan.StatusError }, passed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, g := planned(t, "gate \"g\" { condition = "+c.condition+" }\n")
			if diags := Check(p, testSchema, g); diags.HasErrors() {
				t.Fatal(diags)
			}
			run := ran(g)
			if c.change != nil {
				c.change(&run)
			}
			v, _ := Judge(p, testSchema, run, "basic")
			if got := v.Gates[0]; got.Status != c.want || !strings.Contains(got.Message, c.message) {
				t.Errorf("%s: %q, want %s: %q", got.Status, got.Message, c.want, c.message)
			}
			// The module's gate sees its own step alone.
			if got := v.Gates[1]; c.change == nil && (got.Name != "m.inside" || got.Status != passed) {
				t.Errorf("the module's gate: %+v", got)
			}
		})
	}
}

func TestOutputs(t *testing.T) {
	p, g := planned(t, `
output "n" {
  value       = metrics.tests.executed
  description = "tests"
}
output "text" { value = "t" }
output "object" { value = { a = [1, "b", null] } }
output "lines" { value = metrics.coverage.lines }
output "hidden" {
  value     = module.m.hidden
  sensitive = true
}
`)
	if diags := Check(p, testSchema, g); diags.HasErrors() {
		t.Fatal(diags)
	}
	run := ran(g)
	delete(run.Measured["testing-beta.test-serde"], "coverage")
	v, diags := Judge(p, testSchema, run, "basic")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	want := []Output{
		{Name: "n", Description: "tests", Value: []byte("110")},
		{Name: "text", Value: []byte(`"t"`)},
		{Name: "object", Value: []byte(`{"a":[1,"b",null]}`)},
		{Name: "lines", Missing: "metrics.coverage.lines was not measured"},
		{Name: "hidden", Sensitive: true},
	}
	if len(v.Outputs) != len(want) {
		t.Fatalf("%d outputs", len(v.Outputs))
	}
	for i, o := range v.Outputs {
		if w := want[i]; o.Name != w.Name || o.Description != w.Description || string(o.Value) != string(w.Value) || o.Missing != w.Missing || o.Sensitive != w.Sensitive {
			t.Errorf("%+v, want %+v", o, w)
		}
	}
	for src, want := range map[string]string{
		`output "o" { value = module.m.hidden }`:                          "Sensitive output",
		`output "o" { value = metrics.tests.nope }`:                       `"nope"`,
		`output "o" { value = image.i }`:                                  "Output without a value",
		`gate "g" { condition = step.test.status == "passed" }`:           `"test"`,
		`gate "g" { condition = stage.testing.step.test.exit_code == 0 }`: `"step"`,
		`gate "g" { condition = module.m.executed }`:                      "must be true or false",
	} {
		p, g := planned(t, src)
		if diags := Check(p, testSchema, g); !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: %v, want %s", src, diags, want)
		}
	}
}
