package plan

import (
	"cmp"
	"slices"
	"time"
)

// Guess is how long a step is taken to last of which nothing is known.
const Guess = time.Second

// Schedule is how a run is expected to go.
type Schedule struct {
	// Width is how many steps run at once.
	Width int
	// Steps are those that run, in the order in which they start.
	Steps []Slot
	// Length is when the last one ends.
	Length time.Duration
	// Critical is the chain of steps that takes longest, in order, and
	// CriticalLength the time that it takes however many steps run at once.
	Critical       []string
	CriticalLength time.Duration
	// Guessed counts the steps whose time is a Guess.
	Guessed int
}

// Slot is one step's place in a schedule, from the beginning of the run.
type Slot struct {
	Step       string
	Start, End time.Duration
}

// LongestFirst is the order of Order, with those steps first that begin the
// longest chain of work: a long chain that starts late is what the others would
// have to wait for. Estimates are how long steps took earlier, by ID; a step
// without one counts as a [Guess], a skipped one as nothing.
//
// The rule is list scheduling by the critical path (Graham, 1969; HEFT's upward
// rank), which is never more than twice the best schedule.
func LongestFirst(g *Graph, estimates map[string]time.Duration) ([]string, error) {
	order, err := Order(g)
	if err != nil {
		return nil, err
	}
	ranks := rank(g, order, estimates)
	// A step outranks all that wait for it, so this is still an order.
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(ranks[b], ranks[a]) })
	return order, nil
}

// rank is for each step the time of the longest chain that begins with it.
func rank(g *Graph, order []string, estimates map[string]time.Duration) map[string]time.Duration {
	steps := g.byID()
	ranks := make(map[string]time.Duration, len(order))
	after := map[string]time.Duration{} // of the chains that wait for a step
	for _, id := range slices.Backward(order) {
		ranks[id] = after[id] + max(estimate(steps[id], estimates), 1)
		for _, before := range steps[id].Before() {
			after[before] = max(after[before], ranks[id])
		}
	}
	return ranks
}

func estimate(s *Step, estimates map[string]time.Duration) time.Duration {
	if s.Skipped != "" {
		return 0
	}
	if d, ok := estimates[s.ID]; ok {
		return d
	}
	return Guess
}

// NewSchedule foresees a run of the graph: what run.Steps does when each step
// takes as long as its estimate. The error is that of [Order].
func NewSchedule(g *Graph, width int, estimates map[string]time.Duration) (Schedule, error) {
	order, err := LongestFirst(g, estimates)
	if err != nil {
		return Schedule{}, err
	}
	s := Schedule{Width: max(width, 1)}
	steps := g.byID()
	s.critical(steps, order, estimates)
	place, waits, next := make(map[string]int, len(order)), make([]int, len(order)), make([][]int, len(order))
	var ready []int // sorted
	for i, id := range order {
		place[id] = i
		before := steps[id].Before()
		waits[i] = len(before)
		for _, other := range before {
			next[place[other]] = append(next[place[other]], i)
		}
		if len(before) == 0 {
			ready = append(ready, i)
		}
	}
	var now time.Duration
	var running []Slot
	over := func(i int) {
		for _, j := range next[i] {
			if waits[j]--; waits[j] == 0 {
				at, _ := slices.BinarySearch(ready, j)
				ready = slices.Insert(ready, at, j)
			}
		}
	}
	for len(ready)+len(running) > 0 {
		for len(ready) > 0 && len(running) < s.Width {
			i := ready[0]
			ready = ready[1:]
			step := steps[order[i]]
			if step.Skipped != "" {
				over(i)
				continue
			}
			if _, known := estimates[step.ID]; !known {
				s.Guessed++
			}
			running = append(running, Slot{step.ID, now, now + estimate(step, estimates)})
			s.Steps = append(s.Steps, running[len(running)-1])
		}
		if len(running) == 0 {
			continue // only skipped steps were ready
		}
		first := slices.MinFunc(running, func(a, b Slot) int { return cmp.Compare(a.End, b.End) })
		running = slices.DeleteFunc(running, func(r Slot) bool { return r.Step == first.Step })
		now = first.End
		over(place[first.Step])
	}
	s.Length = now
	return s, nil
}

// critical finds the longest chain.
func (s *Schedule) critical(steps map[string]*Step, order []string, estimates map[string]time.Duration) {
	ends, from := map[string]time.Duration{}, map[string]string{}
	last := ""
	for _, id := range order {
		for _, before := range steps[id].Before() {
			if ends[before] >= ends[id] && ends[before] > 0 {
				ends[id], from[id] = ends[before], before
			}
		}
		ends[id] += estimate(steps[id], estimates)
		if last == "" || ends[id] > ends[last] {
			last = id
		}
	}
	s.CriticalLength = ends[last]
	for id := last; id != ""; id = from[id] {
		if steps[id].Skipped == "" {
			s.Critical = append(s.Critical, id)
		}
	}
	slices.Reverse(s.Critical)
}
