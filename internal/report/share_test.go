package report

import (
	"slices"
	"testing"

	"github.com/sixtyhq/sixty/internal/plan"
)

func TestShares(t *testing.T) {
	step := func(stage, name string, mounts ...string) plan.Step {
		s := plan.Step{ID: stage + "." + name, Stage: stage, Name: name}
		for _, m := range mounts {
			s.Mounts = append(s.Mounts, plan.Mount{Source: plan.Source{Kind: plan.SourceOutput, Step: m, Output: "target"}})
		}
		return s
	}
	g := &plan.Graph{Stages: []plan.Stage{
		{Name: "setup", Steps: []plan.Step{step("setup", "dependencies")}},
		{Name: "testing", Steps: []plan.Step{
			step("testing", "compile", "setup.dependencies"), step("testing", "test", "testing.compile", "setup.dependencies"), step("testing", "fmt"),
		}},
	}}
	var results []plan.Result
	for id, ms := range map[string]int64{"setup.dependencies": 9000, "testing.compile": 3000, "testing.test": 501} {
		results = append(results, plan.Result{Step: id, Record: &plan.Record{UserMS: ms - 1, SystemMS: 1}})
	}
	// Lints rest on the compile; tests and coverage on it and on the tests.
	got := Shares(g, results, [][]string{{"testing.compile"}, {"testing.test"}, {"testing.test", "testing.test"}, {"testing.fmt"}, nil})
	if want := []int64{1000, 1251, 1250, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("shares %v, want %v", got, want)
	}
}
