package plan

import (
	"container/heap"
	"fmt"
	"slices"
	"strings"
)

// CycleError is that steps wait for each other.
type CycleError struct {
	// Steps are the cycle's steps, each one before the step that waits for it;
	// the first one stands again at the end.
	Steps []string
}

func (e *CycleError) Error() string {
	return "steps depend on each other in a cycle: " + strings.Join(e.Steps, " → ")
}

// Order returns the graph's step IDs so that each comes after what it mounts
// and what it names in After; among steps that are free, declaration order
// decides. The error is a *CycleError, or names an unknown step.
func Order(g *Graph) ([]string, error) {
	steps := g.all()
	index := make(map[string]int, len(steps))
	for i, s := range steps {
		if _, dup := index[s.ID]; dup {
			return nil, fmt.Errorf("two steps are called %q", s.ID)
		}
		index[s.ID] = i
	}
	waits := make([]int, len(steps))
	next := make([][]int, len(steps))
	for i, s := range steps {
		for _, id := range s.Before() {
			j, ok := index[id]
			if !ok {
				return nil, fmt.Errorf("step %q refers to step %q, which does not exist", s.ID, id)
			}
			next[j] = append(next[j], i)
			waits[i]++
		}
	}
	var free minHeap
	for i := range steps {
		if waits[i] == 0 {
			free = append(free, i) // sorted, so it is a heap
		}
	}
	ids := make([]string, 0, len(steps))
	for len(free) > 0 {
		i := heap.Pop(&free).(int)
		ids = append(ids, steps[i].ID)
		for _, j := range next[i] {
			if waits[j]--; waits[j] == 0 {
				heap.Push(&free, j)
			}
		}
	}
	if len(ids) < len(steps) {
		return nil, &CycleError{Steps: cycle(steps, index, waits)}
	}
	return ids, nil
}

// Before returns, without repeats, the steps that must have ended before s
// may start.
func (s Step) Before() []string {
	ids := append(s.Inputs(), s.After...)
	if len(ids) < 2 {
		return ids
	}
	seen := make(map[string]bool, len(ids))
	return slices.DeleteFunc(ids, func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}

// minHeap gives the least of the steps that are free, by declaration order.
type minHeap []int

func (h minHeap) Len() int           { return len(h) }
func (h minHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h minHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *minHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *minHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// cycle walks backwards from a step that never became free; every such step
// waits for another one, so the walk must come back to a step it has seen.
func cycle(steps []*Step, index map[string]int, waits []int) []string {
	at := 0
	for waits[at] == 0 {
		at++
	}
	seen := map[int]int{}
	var path []string
	for {
		if from, ok := seen[at]; ok {
			path = append(path[from:], steps[at].ID)
			slices.Reverse(path)
			return path
		}
		seen[at] = len(path)
		path = append(path, steps[at].ID)
		for _, id := range steps[at].Before() {
			if j := index[id]; waits[j] > 0 {
				at = j
				break
			}
		}
	}
}
