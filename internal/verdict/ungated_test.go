package verdict

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

func TestUngated(t *testing.T) {
	condition := func(src string) config.Gate {
		expr, diags := hclsyntax.ParseExpression([]byte(src), "x.hcl", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		return config.Gate{Condition: expr}
	}
	gates := []config.Gate{condition(`step.build.status == "passed"`), condition(`metrics.tests.failed == 0`), condition(`stage.b.step.twice.status == "passed"`)}
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
	var results []plan.Result
	for i, s := range steps {
		results = append(results, plan.Result{Step: s.ID, Stage: s.Stage, Name: s.Name, Status: status[i], Reason: "why"})
	}
	got := map[string]plan.Status{}
	for _, g := range Ungated(gates, steps, results) {
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
