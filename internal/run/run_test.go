package run_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/run"
)

// fake answers for steps by name, and notes what ran.
type fake struct {
	answers map[string]func(ctx context.Context, s plan.Step) (plan.Result, error)

	mu      sync.Mutex
	ran     []string
	running int
	most    int
}

func (f *fake) Run(ctx context.Context, s plan.Step) (plan.Result, error) {
	f.mu.Lock()
	f.ran = append(f.ran, s.ID)
	f.running++
	f.most = max(f.most, f.running)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.running--
		f.mu.Unlock()
	}()
	if answer, ok := f.answers[s.ID]; ok {
		return answer(ctx, s)
	}
	time.Sleep(time.Second) // of the bubble's clock
	return plan.Result{Status: plan.StatusPassed}, nil
}

func ends(status plan.Status) func(context.Context, plan.Step) (plan.Result, error) {
	return func(context.Context, plan.Step) (plan.Result, error) { return plan.Result{Status: status}, nil }
}

// steps makes a graph from "ID: mounts of | after".
func steps(lines ...string) *plan.Graph {
	stage := plan.Stage{Name: "s"}
	for _, line := range lines {
		id, rest, _ := strings.Cut(line, ":")
		inputs, after, _ := strings.Cut(rest, "|")
		step := plan.Step{ID: id, Stage: "s", Name: id, After: strings.Fields(after), Range: plan.Range{File: "f", StartLine: len(stage.Steps) + 1}}
		for _, in := range strings.Fields(inputs) {
			step.Mounts = append(step.Mounts, plan.Mount{Target: "/" + in, Source: plan.Source{Kind: plan.SourceOutput, Step: in}})
		}
		stage.Steps = append(stage.Steps, step)
	}
	return &plan.Graph{Stages: []plan.Stage{stage}}
}

func summary(results []plan.Result) string {
	var parts []string
	for _, r := range results {
		text := r.Step + " " + string(r.Status)
		if r.Reason != "" {
			text += " (" + r.Reason + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func TestSteps(t *testing.T) {
	boom := func(context.Context, plan.Step) (plan.Result, error) {
		return plan.Result{Dir: "/left"}, errors.New("no space left")
	}
	for name, c := range map[string]struct {
		graph   *plan.Graph
		answers map[string]func(context.Context, plan.Step) (plan.Result, error)
		skip    string
		want    string
	}{
		"all pass":          {graph: steps("a", "b: a"), want: "a passed; b passed"},
		"declaration order": {graph: steps("b: a", "a"), want: "b passed; a passed"},
		"a failure hides nothing": {
			graph:   steps("a", "b", "c: | a", "d: a", "e: d"),
			answers: map[string]func(context.Context, plan.Step) (plan.Result, error){"a": ends(plan.StatusFailed)},
			want: "a failed; b passed; c passed; d not_run (step a, whose output it mounts, failed); " +
				"e not_run (step d, whose output it mounts, was not run)",
		},
		"timed out": {
			graph:   steps("a", "b: a"),
			answers: map[string]func(context.Context, plan.Step) (plan.Result, error){"a": ends(plan.StatusTimedOut)},
			want:    "a timed_out; b not_run (step a, whose output it mounts, timed out)",
		},
		"runner's error": {
			graph:   steps("a", "b: a", "c"),
			answers: map[string]func(context.Context, plan.Step) (plan.Result, error){"a": boom},
			want:    "a error (no space left); b not_run (step a, whose output it mounts, could not be run); c passed",
		},
		"no status is no pass": {
			graph:   steps("a"),
			answers: map[string]func(context.Context, plan.Step) (plan.Result, error){"a": ends("")},
			want:    "a error (its runner gave no status)",
		},
		"another step's name": {
			graph: steps("a", "b: a"),
			answers: map[string]func(context.Context, plan.Step) (plan.Result, error){"a": func(context.Context, plan.Step) (plan.Result, error) {
				return plan.Result{Step: "b", Status: plan.StatusPassed}, nil
			}},
			want: "a passed; b passed",
		},
		"skipped": {
			graph: steps("a", "b: a", "c: | a"), skip: "a",
			want: "a skipped (its condition is false); b not_run (step a, whose output it mounts, was skipped); c passed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for i, s := range c.graph.Stages[0].Steps {
					if s.ID == c.skip {
						c.graph.Stages[0].Steps[i].Skipped = "its condition is false"
					}
				}
				f := &fake{answers: c.answers}
				var ended []string
				results, err := run.Steps(t.Context(), c.graph, run.Options{Engine: f, Width: 2, Ended: func(r plan.Result) { ended = append(ended, r.Step) }})
				if err != nil {
					t.Fatal(err)
				}
				if got := summary(results); got != c.want {
					t.Errorf("\n got %s\nwant %s", got, c.want)
				}
				for i, r := range results {
					if s := c.graph.Steps()[i]; r.Step != s.ID || r.Stage != s.Stage || r.Range != s.Range {
						t.Errorf("result %+v is not of step %s", r, s.ID)
					}
				}
				slices.Sort(ended)
				if all := slices.Compact(ended); len(all) != len(results) {
					t.Errorf("told of %v", ended)
				}
				if c.skip != "" && slices.Contains(f.ran, c.skip) {
					t.Error("a skipped step ran")
				}
			})
		})
	}
}

func TestErrorKeepsTheFolder(t *testing.T) {
	f := &fake{answers: map[string]func(context.Context, plan.Step) (plan.Result, error){"a": func(context.Context, plan.Step) (plan.Result, error) {
		return plan.Result{Dir: "/left", Status: plan.StatusPassed}, errors.New("no record")
	}}}
	results, err := run.Steps(t.Context(), steps("a"), run.Options{Engine: f})
	if err != nil || results[0].Dir != "/left" || results[0].Status != plan.StatusError {
		t.Errorf("%+v, %v", results, err)
	}
}

func TestAfterOrders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		note := func(what string) func(string) { return func(id string) { order = append(order, what+id) } }
		started, ended := note("+"), note("-")
		_, err := run.Steps(t.Context(), steps("a: | b", "b"), run.Options{Engine: &fake{}, Width: 9,
			Started: func(s plan.Step) { started(s.ID) }, Ended: func(r plan.Result) { ended(r.Step) }})
		if got := strings.Join(order, " "); err != nil || got != "+b -b +a -a" {
			t.Errorf("%s, %v", got, err)
		}
	})
}

func TestWidth(t *testing.T) {
	for _, c := range []struct{ width, want int }{{-1, 1}, {0, 1}, {1, 1}, {3, 3}, {99, 6}} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{}
			if _, err := run.Steps(t.Context(), steps("a", "b", "c", "d", "e", "f"), run.Options{Engine: f, Width: c.width}); err != nil {
				t.Fatal(err)
			}
			if f.most != c.want {
				t.Errorf("width %d: %d steps ran at once, want %d", c.width, f.most, c.want)
			}
			if len(f.ran) != 6 {
				t.Errorf("width %d: ran %v", c.width, f.ran)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		hang := func(ctx context.Context, _ plan.Step) (plan.Result, error) {
			<-ctx.Done()
			return plan.Result{}, fmt.Errorf("rpc: %w", ctx.Err())
		}
		f := &fake{answers: map[string]func(context.Context, plan.Step) (plan.Result, error){"b": hang}}
		time.AfterFunc(5*time.Second, func() { cancel(errors.New("the deadline has passed")) })
		results, err := run.Steps(ctx, steps("a", "b", "c: | b", "d: b"), run.Options{Engine: f, Width: 2})
		want := "a passed; b canceled (the deadline has passed); c not_run (the deadline has passed); " +
			"d not_run (step b, whose output it mounts, was canceled)"
		if got := summary(results); err != nil || got != want {
			t.Errorf("\n got %s, %v\nwant %s", got, err, want)
		}
	})
}

func TestNoGoroutineStays(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	hang := func(ctx context.Context, _ plan.Step) (plan.Result, error) {
		cancel()
		<-ctx.Done()
		return plan.Result{}, ctx.Err()
	}
	f := &fake{answers: map[string]func(context.Context, plan.Step) (plan.Result, error){"a": hang, "b": hang, "c": hang}}
	if _, err := run.Steps(ctx, steps("a", "b", "c", "d"), run.Options{Engine: f, Width: 3}); err != nil {
		t.Fatal(err)
	}
	// The scheduler has received each result, so its goroutines are at their
	// last instruction.
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func TestRunners(t *testing.T) {
	g := steps("a", "b", "c")
	g.Stages[0].Steps[1].Runner = "audit"
	g.Stages[0].Steps[2].Runner = "nope"
	engine := &fake{answers: map[string]func(context.Context, plan.Step) (plan.Result, error){"a": ends(plan.StatusPassed)}}
	audit := &fake{answers: map[string]func(context.Context, plan.Step) (plan.Result, error){"b": ends(plan.StatusFailed)}}
	results, err := run.Steps(t.Context(), g, run.Options{Engine: engine, Runners: map[string]run.Runner{"audit": audit}})
	want := `a passed; b failed; c error (there is no runner called "nope")`
	if got := summary(results); err != nil || got != want {
		t.Errorf("\n got %s, %v\nwant %s", got, err, want)
	}
	results, err = run.Steps(t.Context(), steps("a"), run.Options{})
	if got := summary(results); err != nil || got != "a error (there is no engine to run it on)" {
		t.Errorf("without an engine: %s, %v", got, err)
	}
	if _, err := run.Steps(t.Context(), steps("a: a"), run.Options{Engine: engine}); err == nil {
		t.Error("a cycle is no error")
	}
}
