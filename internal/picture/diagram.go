package picture

import (
	"fmt"
	"slices"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/preview"
	"github.com/sixtyhq/sixty/internal/report"
)

// MaxSteps is how many steps are drawn one by one.
const MaxSteps = 400

// state is how a node looks.
type state string

const (
	stateUnknown state = "unknown"
	statePassed  state = "passed"
	stateFailed  state = "failed"
	stateOff     state = "off" // it does not run
)

// node is a step, or a stage that stands for all of its steps.
type node struct {
	id     string
	label  string
	group  int // the stage's number
	state  state
	cached bool
	note   string // the second line
}

// edge says that one node comes before another; by number.
type edge struct {
	from, to int
	// order is without data: from is named in to's after.
	order bool
}

// diagram is what is drawn.
type diagram struct {
	groups []string // stages that have nodes, or none at all
	nodes  []node
	edges  []edge
	// byStage says that nodes are stages.
	byStage bool
}

// newDiagram takes a plan apart. Edges that follow from others are left out,
// unless all is wanted.
func newDiagram(p preview.Plan, all bool) diagram {
	d := diagram{}
	index := map[string]int{}
	for i, s := range p.Stages {
		d.groups = append(d.groups, s.Name)
		for _, step := range s.Steps {
			index[step.ID] = len(d.nodes)
			n := node{id: step.ID, label: step.ID[len(s.Name)+1:], group: i}
			n.state, n.cached, n.note = look(step)
			d.nodes = append(d.nodes, n)
		}
	}
	for _, s := range p.Stages {
		for _, step := range s.Steps {
			seen := map[int]bool{}
			for _, kind := range []struct {
				ids   []string
				order bool
			}{{step.Needs, false}, {step.After, true}} {
				for _, id := range kind.ids {
					if from, ok := index[id]; ok && !seen[from] {
						seen[from] = true
						d.edges = append(d.edges, edge{from, index[step.ID], kind.order})
					}
				}
			}
		}
	}
	if !all {
		d.reduce()
	}
	return d
}

// look is how a step appears, by what is on record of it.
func look(s preview.Step) (st state, cached bool, note string) {
	switch l := s.LastRun; {
	case s.Skipped != "":
		return stateOff, false, "does not run"
	case l == nil:
		return stateUnknown, false, "no run on record"
	case l.Cached:
		return ofStatus(l.Status), true, report.Word(l.Status) + ", cached"
	default:
		return ofStatus(l.Status), false, report.Word(l.Status) + ", " + report.Duration(l.DurationMS)
	}
}

func ofStatus(s plan.Status) state {
	switch s {
	case plan.StatusPassed:
		return statePassed
	case plan.StatusSkipped, plan.StatusNotRun:
		return stateOff
	}
	return stateFailed
}

// reduce leaves out every edge that a longer way between its ends implies. The
// table of what reaches what is quadratic, so a diagram that is too large to be
// drawn stays as it is.
func (d *diagram) reduce() {
	if len(d.nodes) > MaxSteps {
		return
	}
	next := make([][]int, len(d.nodes))
	for _, e := range d.edges {
		if !d.byStage || e.from < e.to { // stages may wait for each other's steps both ways
			next[e.from] = append(next[e.from], e.to)
		}
	}
	reach := make([][]bool, len(d.nodes))
	var visit func(n int) []bool
	visit = func(n int) []bool {
		if reach[n] == nil {
			reach[n] = make([]bool, len(d.nodes))
			reach[n][n] = true
			for _, to := range next[n] {
				for i, yes := range visit(to) {
					reach[n][i] = reach[n][i] || yes
				}
			}
		}
		return reach[n]
	}
	d.edges = slices.DeleteFunc(d.edges, func(e edge) bool {
		return slices.ContainsFunc(next[e.from], func(over int) bool { return over != e.to && visit(over)[e.to] })
	})
}

// stages is the diagram with a node for each stage.
func (d diagram) stages() diagram {
	out := diagram{groups: d.groups, byStage: true}
	type tally struct{ all, passed, failed, off, cached int }
	tallies := make([]tally, len(d.groups))
	for _, n := range d.nodes {
		t := &tallies[n.group]
		t.all++
		switch n.state {
		case statePassed:
			t.passed++
		case stateFailed:
			t.failed++
		case stateOff:
			t.off++
		}
		if n.cached {
			t.cached++
		}
	}
	for i, name := range d.groups {
		t := tallies[i]
		n := node{id: name, label: name, group: i, state: stateUnknown, note: plural(t.all, "step")}
		switch {
		case t.failed > 0:
			n.state, n.note = stateFailed, n.note+fmt.Sprintf(", %d failed", t.failed)
		case t.all > 0 && t.off == t.all:
			n.state = stateOff
		case t.all > 0 && t.passed+t.off == t.all:
			n.state, n.cached = statePassed, t.cached == t.passed
		}
		out.nodes = append(out.nodes, n)
	}
	seen := map[edge]bool{}
	for _, e := range d.edges {
		e.from, e.to = d.nodes[e.from].group, d.nodes[e.to].group
		if data := (edge{from: e.from, to: e.to}); e.from == e.to || seen[e] || seen[data] {
			continue
		}
		seen[e] = true
		out.edges = append(out.edges, e)
	}
	out.reduce()
	return out
}

// drawn is the diagram in the form in which pictures show it.
func drawn(p preview.Plan) diagram {
	d := newDiagram(p, false)
	if len(d.nodes) > MaxSteps {
		return d.stages()
	}
	return d
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
