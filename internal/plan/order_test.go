package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// graph makes a graph of one stage from "ID: mounts of | after", such as
// "s.b: s.a | s.c".
func graph(lines ...string) *Graph {
	stage := Stage{Name: "s"}
	for _, line := range lines {
		id, rest, _ := strings.Cut(line, ":")
		inputs, after, _ := strings.Cut(rest, "|")
		step := Step{ID: id, Stage: "s", Name: strings.TrimPrefix(id, "s."), After: strings.Fields(after)}
		for _, in := range strings.Fields(inputs) {
			step.Mounts = append(step.Mounts, Mount{Target: "/" + in, Source: Source{Kind: SourceOutput, Step: in, Output: "o"}})
		}
		stage.Steps = append(stage.Steps, step)
	}
	return &Graph{Stages: []Stage{stage}}
}

func TestOrder(t *testing.T) {
	for name, c := range map[string]struct {
		steps []string
		want  string
		err   string
	}{
		"nothing":                       {},
		"free steps as declared":        {steps: []string{"c", "a", "b"}, want: "c a b"},
		"after moves a step":            {steps: []string{"a: | b", "b", "c"}, want: "b a c"},
		"a mount moves a step":          {steps: []string{"a: b", "b", "c"}, want: "b a c"},
		"freed late but declared early": {steps: []string{"z", "b: z", "a: z", "c"}, want: "z b a c"},
		"both mounted and after":        {steps: []string{"a: b | b", "b"}, want: "b a"},
		"diamond":                       {steps: []string{"d: b c", "c: a", "b: a", "a"}, want: "a c b d"},
		"unknown step":                  {steps: []string{"a: nope"}, err: `step "a" refers to step "nope", which does not exist`},
		"unknown step in after":         {steps: []string{"a: | nope"}, err: `step "a" refers to step "nope", which does not exist`},
		"two of one name":               {steps: []string{"a", "a"}, err: `two steps are called "a"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Order(graph(c.steps...))
			if text := errorText(err); text != c.err {
				t.Fatalf("error %q, want %q", text, c.err)
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("order %q, want %q", s, c.want)
			}
		})
	}
}

func TestOrderNamesWholeCycles(t *testing.T) {
	for name, c := range map[string]struct {
		steps []string
		want  []string
	}{
		"itself":           {[]string{"a: a"}, []string{"a", "a"}},
		"two":              {[]string{"a: b", "b: | a"}, []string{"a", "b", "a"}},
		"three, with tail": {[]string{"tail: a", "a: c", "b: a", "c: b", "free"}, []string{"a", "b", "c", "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Order(graph(c.steps...))
			var cycle *CycleError
			if !errors.As(err, &cycle) {
				t.Fatalf("error %v, want a cycle", err)
			}
			if !sameCycle(cycle.Steps, c.want) {
				t.Errorf("cycle %v, want %v", cycle.Steps, c.want)
			}
			for _, id := range c.want {
				if !strings.Contains(err.Error(), id) {
					t.Errorf("%q does not name %s", err, id)
				}
			}
		})
	}
}

// sameCycle compares cycles that may begin at different steps.
func sameCycle(a, b []string) bool {
	if len(a) != len(b) || a[0] != a[len(a)-1] {
		return false
	}
	a, b = a[1:], b[1:]
	for range a {
		if slices.Equal(a, b) {
			return true
		}
		a = append(a[1:len(a):len(a)], a[0])
	}
	return false
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
