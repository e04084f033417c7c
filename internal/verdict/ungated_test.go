package verdict

import (
	"testing"

	"github.com/sixtyhq/sixty/internal/plan"
)

func TestUngated(t *testing.T) {
	p := pipeline(t, `stage "b" {}
gate "one" { condition = step.build.status == "passed" }
gate "two" { condition = metrics.tests.failed == 0 }
gate "three" { condition = stage.b.step.twice.status == "passed" }`)
	steps := []plan.Step{
		{ID: "a.build", Stage: "a", Name: "build"},
		{ID: "a.test", Stage: "a", Name: "test", Metrics: []string{"tests"}},
		{ID: "a.lint", Stage: "a", Name: "lint", Metrics: []string{"test"}},
		{ID: "a.twice", Stage: "a", Name: "twice"},
		{ID: "b.twice", Stage: "b", Name: "twice"},
		{ID: "b.fine", Stage: "b", Name: "fine"},
		{ID: "b.skipped", Stage: "b", Name: "skipped"},
		{ID: "b.blocked", Stage: "b", Name: "blocked"},
	}
	status := []plan.Status{plan.StatusFailed, plan.StatusFailed, plan.StatusTimedOut, plan.StatusError, plan.StatusFailed,
		plan.StatusPassed, plan.StatusSkipped, plan.StatusNotRun}
	g := &plan.Graph{Stages: []plan.Stage{{Name: "a", Steps: steps[:4]}, {Name: "b", Steps: steps[4:]}}}
	var results []plan.Result
	for i, s := range steps {
		results = append(results, plan.Result{Step: s.ID, Stage: s.Stage, Name: s.Name, Status: status[i], Reason: "why"})
	}
	got := map[string]plan.Status{}
	for _, g := range Ungated(p, Run{Graph: g, Results: results}) {
		if g.Level != "basic" || g.Severity != "error" || g.Message == "" {
			t.Errorf("%+v", g)
		}
		got[g.Name] = g.Status
	}
	want := map[string]plan.Status{"step a.lint": plan.StatusFailed, "step a.twice": plan.StatusFailed, "step b.blocked": plan.StatusNotRun}
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, s := range want {
		if got[name] != s {
			t.Errorf("%s: got %q, want %q", name, got[name], s)
		}
	}
}
