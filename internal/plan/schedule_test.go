package plan

import (
	"slices"
	"testing"
	"time"
)

// work is a graph of steps by "NAME: WHAT IT WAITS FOR".
func work(names []string, waits map[string][]string) *Graph {
	g := &Graph{Stages: []Stage{{Name: "s"}}}
	for _, n := range names {
		g.Stages[0].Steps = append(g.Stages[0].Steps, Step{ID: n, Stage: "s", Name: n, After: waits[n]})
	}
	return g
}

func TestLongestFirst(t *testing.T) {
	g := work([]string{"short", "chain", "end", "long"}, map[string][]string{"end": {"chain"}})
	estimates := map[string]time.Duration{"short": 1 * time.Second, "chain": 2 * time.Second, "end": 5 * time.Second, "long": 6 * time.Second}
	order, err := LongestFirst(g, estimates)
	if want := []string{"chain", "long", "end", "short"}; err != nil || !slices.Equal(order, want) {
		t.Errorf("order %v, %v; want %v", order, err, want)
	}
	// Without estimates the longest chain is that of the most steps.
	if order, err = LongestFirst(g, nil); err != nil || order[0] != "chain" {
		t.Errorf("order %v, %v", order, err)
	}
	s, err := NewSchedule(g, 2, estimates)
	if err != nil {
		t.Fatal(err)
	}
	if s.Length != 7*time.Second || s.CriticalLength != 7*time.Second || !slices.Equal(s.Critical, []string{"chain", "end"}) || s.Guessed != 0 {
		t.Errorf("%+v", s)
	}
	starts := map[string]time.Duration{}
	for _, slot := range s.Steps {
		starts[slot.Step] = slot.Start
	}
	if starts["chain"] != 0 || starts["long"] != 0 || starts["end"] != 2*time.Second || starts["short"] != 6*time.Second {
		t.Errorf("starts %v", starts)
	}
	if s, _ = NewSchedule(g, 1, estimates); s.Length != 14*time.Second || s.CriticalLength != 7*time.Second {
		t.Errorf("one at a time: %+v", s)
	}
}

func TestScheduleLeavesOutWhatDoesNotRun(t *testing.T) {
	g := work([]string{"a", "b", "c"}, map[string][]string{"b": {"a"}, "c": {"b"}})
	g.Stages[0].Steps[1].Skipped = "its condition is false"
	s, err := NewSchedule(g, 2, map[string]time.Duration{"a": 2 * time.Second, "b": time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Steps) != 2 || s.Length != 2*time.Second+Guess || s.Guessed != 1 || !slices.Equal(s.Critical, []string{"a", "c"}) {
		t.Errorf("%+v", s)
	}
	if _, err := NewSchedule(work([]string{"a", "b"}, map[string][]string{"a": {"b"}, "b": {"a"}}), 1, nil); err == nil {
		t.Error("a cycle has a schedule")
	}
	if s, err := NewSchedule(&Graph{}, 1, nil); err != nil || s.Length != 0 || len(s.Critical) != 0 {
		t.Errorf("nothing to do: %+v, %v", s, err)
	}
}
