package verdict

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

var testSchema = Schema{
	"tests":    {{Name: "executed"}, {Name: "failed"}},
	"coverage": {{Name: "lines", Unit: "percent"}},
}

const testStages = `
variable "token" {
  type      = string
  sensitive = true
  default   = "hunter2"
}
image "i" { from = "oci-layout://x" }
stage "t" {
  image = image.i
  step "build" { command = ["true"] }
  step "test" { command = ["true"] }
}
stage "v" {
  image = image.i
  step "build" { command = ["true"] }
}
`

// pipeline evaluates the test's stages with some gates.
func pipeline(t *testing.T, gates string) *config.Pipeline {
	t.Helper()
	cfg, diags := config.Parse(".", []string{"p.hcl"}, map[string][]byte{"p.hcl": []byte(testStages + gates)})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	p, diags := cfg.Evaluate(map[string]cty.Value{"token": cty.StringVal("hunter2").Mark("sensitive")}, cty.EmptyObjectVal)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return p
}

func results(build, test, again plan.Status) []plan.Result {
	zero, one := 0, 1
	code := map[plan.Status]*int{plan.StatusPassed: &zero, plan.StatusFailed: &one}
	return []plan.Result{
		{Step: "t.build", Stage: "t", Name: "build", Status: build, ExitCode: code[build]},
		{Step: "t.test", Stage: "t", Name: "test", Status: test, ExitCode: code[test], Reason: "because"},
		{Step: "v.build", Stage: "v", Name: "build", Status: again, ExitCode: code[again]},
	}
}

// graph is the test's stages as a plan.
func graph() *plan.Graph {
	return &plan.Graph{Stages: []plan.Stage{
		{Name: "t", Steps: []plan.Step{{ID: "t.build", Stage: "t", Name: "build"}, {ID: "t.test", Stage: "t", Name: "test", Metrics: []string{"tests", "coverage"}}}},
		{Name: "v", Steps: []plan.Step{{ID: "v.build", Stage: "v", Name: "build"}}},
	}}
}

func TestGates(t *testing.T) {
	measured := Metrics{"tests": {"executed": 5, "failed": 2}}
	const passed, failed, notRun = plan.StatusPassed, plan.StatusFailed, plan.StatusNotRun
	for _, c := range []struct {
		name, gate string
		test       plan.Status
		metrics    Metrics
		want       plan.Status
		message    string
	}{
		{"true", `condition = metrics.tests.failed == 2`, passed, measured, passed, "tests.failed = 2"},
		{"false", `condition = metrics.tests.failed == 0`, passed, measured, failed, "tests.failed = 2"},
		{"own message", "condition = metrics.tests.failed == 0\nmessage = \"${metrics.tests.failed} of ${metrics.tests.executed}\"", passed, measured, failed, "2 of 5"},
		{"message is for failures", "condition = metrics.tests.failed == 2\nmessage = \"no\"", passed, measured, passed, "tests.failed = 2"},
		{"figure not measured", `condition = metrics.coverage.lines > 80`, passed, measured, notRun, "metrics.coverage.lines was not measured"},
		{"a negation is no pass", `condition = metrics.coverage.lines != 80`, passed, measured, notRun, "metrics.coverage.lines was not measured"},
		{"the other branch is no pass", `condition = metrics.tests.failed == 2 || metrics.coverage.lines > 80`, passed, measured, notRun, "metrics.coverage.lines was not measured"},
		{"by index", `condition = metrics["coverage"]["lines"] != 80`, passed, measured, notRun, "metrics.coverage.lines was not measured"},
		{"whole group", `condition = alltrue([for f, v in metrics.coverage : v != 1])`, passed, measured, notRun, "metrics.coverage.lines was not measured"},
		{"whole group, measured", `condition = alltrue([for f, v in metrics.tests : v != 1])`, passed, measured, passed, ""},
		{"all groups", `condition = length(metrics) > 0`, passed, measured, notRun, "metrics.coverage.lines was not measured"},
		{"step's own figure", `condition = step.test.metrics.tests.failed == 2`, passed, measured, passed, ""},
		{"step's own figure, not measured", `condition = step.test.metrics.coverage.lines != 1`, passed, measured, notRun, "coverage.lines of step t.test was not measured"},
		{"a step's figure in a loop", `condition = alltrue([for s in stage.t.step : try(s.metrics.coverage.lines, 0) != 1])`, passed, measured, notRun, "the condition reads a figure that was not measured"},
		{"step passed", `condition = step.test.status == "passed"`, passed, nil, passed, ""},
		{"step failed", `condition = step.test.status == "passed"`, failed, nil, failed, "the condition is false"},
		{"exit code", `condition = step.test.exit_code == 1`, failed, nil, passed, ""},
		{"timed out", `condition = step.test.status == "passed"`, plan.StatusTimedOut, nil, failed, "the condition is false"},
		{"step not run", `condition = step.test.status == "passed"`, notRun, nil, notRun, "step t.test did not run: because"},
		{"not run is not not failed", `condition = step.test.status != "failed"`, notRun, nil, notRun, "step t.test did not run: because"},
		{"skipped", `condition = step.test.status != "failed"`, plan.StatusSkipped, nil, notRun, "step t.test did not run: because"},
		{"canceled", `condition = step.test.status != "failed"`, plan.StatusCanceled, nil, notRun, "step t.test did not run: because"},
		{"error", `condition = step.test.status != "failed"`, plan.StatusError, nil, notRun, "step t.test did not run: because"},
		{"by stage", `condition = stage.t.step.test.status != "failed"`, notRun, nil, notRun, "step t.test did not run: because"},
		{"another stage's", `condition = stage.v.step.build.status == "passed"`, notRun, nil, passed, ""},
		{"whole stage", `condition = alltrue([for s in stage.t.step : s.status != "failed"])`, notRun, nil, notRun, "step t.test did not run: because"},
		{"every step", `condition = alltrue([for s in step : s.status != "failed"])`, notRun, nil, notRun, "step t.test did not run: because"},
		{"message without its figure", "condition = step.test.status == \"passed\"\nmessage = \"${metrics.coverage.lines} %\"", failed, nil, failed, "the condition is false"},
		{"sensitive message", "condition = step.test.status == \"passed\"\nmessage = \"token ${var.token}\"", failed, nil, failed, "the condition is false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pipeline(t, "gate \"g\" {\n"+c.gate+"\n}")
			if diags := Check(p, testSchema, graph()); diags.HasErrors() {
				t.Fatal(diags)
			}
			v, _ := Judge(p, testSchema, Run{graph(), results(passed, c.test, passed), map[string]Metrics{"t.test": c.metrics}}, "basic")
			g := v.Gates[0]
			if g.Status != c.want || c.message != "" && g.Message != c.message {
				t.Errorf("%s: %q, want %s: %q", g.Status, g.Message, c.want, c.message)
			}
			if strings.Contains(g.Message, "hunter2") {
				t.Errorf("the message shows a sensitive value: %s", g.Message)
			}
			if v.Ready != (c.want == passed) {
				t.Errorf("ready is %v with a gate that is %s", v.Ready, g.Status)
			}
		})
	}
}

func TestLevels(t *testing.T) {
	gate := func(name, level, severity string, pass bool) string {
		return fmt.Sprintf("gate %q {\nlevel = %q\nseverity = %q\ncondition = %v\n}\n", name, level, severity, pass)
	}
	for name, c := range map[string]struct {
		gates   string
		asked   string
		ready   bool
		reached string
		missing map[string][]string
	}{
		"all":                {gate("a", "basic", "error", true) + gate("b", "production", "error", true) + gate("c", "distribution", "error", true), "distribution", true, "distribution", nil},
		"one above":          {gate("a", "basic", "error", true) + gate("b", "production", "error", false), "basic", true, "basic", map[string][]string{"production": {"b"}, "distribution": {"b"}}},
		"one below":          {gate("a", "basic", "error", false) + gate("b", "production", "error", true), "production", false, "", map[string][]string{"basic": {"a"}, "production": {"a"}, "distribution": {"a"}}},
		"warning":            {gate("a", "basic", "error", true) + gate("w", "basic", "warning", false), "basic", true, "basic", nil},
		"nothing asked":      {"", "basic", false, "", nil},
		"no gate of its own": {gate("a", "basic", "error", true), "production", false, "basic", nil},
	} {
		t.Run(name, func(t *testing.T) {
			v, diags := Judge(pipeline(t, c.gates), testSchema, Run{Graph: graph()}, c.asked)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if v.Ready != c.ready || v.Reached != c.reached {
				t.Errorf("ready %v, reached %q; want %v, %q", v.Ready, v.Reached, c.ready, c.reached)
			}
			for _, l := range v.Levels {
				if !slices.Equal(l.Missing, c.missing[l.Name]) {
					t.Errorf("level %s misses %v, want %v", l.Name, l.Missing, c.missing[l.Name])
				}
			}
		})
	}
}

func TestBudget(t *testing.T) {
	s := plan.Stage{Name: "t", Budget: time.Second}
	for _, c := range []struct {
		ended plan.Status
		took  time.Duration
		want  plan.Status
	}{
		{plan.StatusPassed, time.Second, plan.StatusPassed},
		{plan.StatusFailed, time.Second, plan.StatusPassed},
		{plan.StatusPassed, time.Second + time.Millisecond, plan.StatusFailed},
		{plan.StatusCanceled, time.Minute, plan.StatusFailed},
		{plan.StatusCanceled, 0, plan.StatusNotRun},
		{plan.StatusNotRun, 0, plan.StatusNotRun},
	} {
		if g := Budget(s, c.ended, c.took); g.Status != c.want || g.Name != "budget t" || g.Message == "" {
			t.Errorf("%s after %s: %+v, want %s", c.ended, c.took, g, c.want)
		}
	}
	v, _ := Judge(pipeline(t, `gate "a" { condition = true }`), testSchema, Run{Graph: graph()}, "basic", Budget(s, plan.StatusPassed, time.Minute))
	if v.Ready || !slices.Equal(v.Levels[0].Missing, []string{"budget t"}) {
		t.Errorf("an exceeded budget keeps nothing away: %+v", v)
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct{ gate, want string }{
		"figure":          {`condition = metrics.tests.faild == 0`, `"faild"`},
		"group":           {`condition = metrics.test.failed == 0`, `"test"`},
		"step":            {`condition = step.tset.status == "passed"`, `"tset"`},
		"step's field":    {`condition = step.test.state == "passed"`, `"state"`},
		"ambiguous step":  {`condition = step.build.status == "passed"`, `"build"`},
		"not a truth":     {`condition = metrics.tests.failed`, "must be true or false"},
		"null":            {`condition = null`, "must be true or false: it is null"},
		"in the message":  {"condition = true\nmessage = \"${metrics.tests.faild}\"", `"faild"`},
		"list as message": {"condition = true\nmessage = [1]", "must be text"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pipeline(t, "gate \"g\" {\n"+c.gate+"\n}")
			diags := Check(p, testSchema, graph())
			if !diags.HasErrors() || !strings.Contains(diags.Error(), c.want) {
				t.Fatalf("diagnostics %v, want %s", diags, c.want)
			}
			lines := strings.Count(testStages, "\n")
			if s := diags[0].Subject; s == nil || s.Filename != "p.hcl" || s.Start.Line <= lines+1 {
				t.Errorf("the diagnostic is at %v", s)
			}
		})
	}
}
