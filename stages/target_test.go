package stages

import (
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/plan"
)

// targetGraph has, in "t": a, b (mounts a's output), c (after b), m-1, m-2; in
// "u": d (mounts b's output), and one that never runs.
func targetGraph() *plan.Graph {
	step := func(stage, name string, inputs ...string) plan.Step {
		s := plan.Step{ID: stage + "." + name, Stage: stage, Name: name}
		for _, in := range inputs {
			s.Mounts = append(s.Mounts, plan.Mount{Target: "/" + in, Source: plan.Source{Kind: plan.SourceOutput, Step: in, Output: "o"}})
		}
		return s
	}
	c := step("t", "c")
	c.After = []string{"t.b"}
	never := step("u", "never")
	never.Skipped = "its condition is false"
	return &plan.Graph{Stages: []plan.Stage{
		{Name: "concept"},
		{Name: "t", Steps: []plan.Step{step("t", "a"), step("t", "b", "t.a"), c, step("t", "m-1"), step("t", "m-2")}},
		{Name: "u", Steps: []plan.Step{step("u", "d", "t.b"), never}},
	}}
}

func TestSelect(t *testing.T) {
	for name, c := range map[string]struct {
		targets []string
		want    string
		err     string
	}{
		"none":                  {nil, "t.a t.b t.c t.m-1 t.m-2 u.d", ""},
		"alone":                 {[]string{"t.a"}, "t.a", ""},
		"with what it needs":    {[]string{"u.d"}, "t.a t.b u.d", ""},
		"order is no need":      {[]string{"t.c"}, "t.c", ""},
		"several":               {[]string{"t.c", "t.b"}, "t.a t.b t.c", ""},
		"pattern":               {[]string{"t.m-*"}, "t.m-1 t.m-2", ""},
		"stage":                 {[]string{"u"}, "t.a t.b u.d", ""},
		"unknown":               {[]string{"t.d"}, "", `--target t.d: there is no such step. Did you mean`},
		"nothing that runs":     {[]string{"u.never"}, "", "does not run: its condition is false"},
		"bad pattern":           {[]string{"t.["}, "", "syntax error in pattern"},
		"one good, one unknown": {[]string{"t.a", "v"}, "", "--target v: there is no such step"},
	} {
		t.Run(name, func(t *testing.T) {
			g := targetGraph()
			err := Select(g, c.targets)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var runs []string
			for _, s := range g.Steps() {
				if s.Skipped == "" {
					runs = append(runs, s.ID)
				}
			}
			if got := strings.Join(runs, " "); got != c.want {
				t.Errorf("runs %q, want %q", got, c.want)
			}
		})
	}
	for target, want := range map[string]string{"m.s": "m.s-x.t-1 m.s-x.t-2", "m.s.t": "m.s-x.t-1 m.s-x.t-2", "m": "m.s-x.t-1 m.s-x.t-2", "m.s-x": "m.s-x.t-1 m.s-x.t-2", "m.s-x.t-1": "m.s-x.t-1"} {
		found, err := targeted(&plan.Graph{Stages: []plan.Stage{
			{Name: "s", Steps: []plan.Step{{ID: "s.t", Name: "t"}}},
			{Name: "m.s-x", Module: "m", Block: "s", Instance: "x", Steps: []plan.Step{{ID: "m.s-x.t-1", Block: "t", Instance: "1"}, {ID: "m.s-x.t-2", Block: "t", Instance: "2"}}},
		}}, target)
		var got []string
		for _, s := range found {
			got = append(got, s.ID)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v, want %s", target, got, err, want)
		}
	}
	g := targetGraph()
	if err := Select(g, []string{"t.a"}); err != nil {
		t.Fatal(err)
	}
	if g.Stages[0].Skipped != "" || g.Stages[1].Skipped != "" || g.Stages[2].Skipped != NotSelected || g.Stages[2].Steps[1].Skipped != "its condition is false" {
		t.Errorf("stages %+v", g.Stages)
	}
}
