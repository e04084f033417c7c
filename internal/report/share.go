package report

import (
	"github.com/sixtyhq/sixty/internal/plan"
)

// Shares says what each gate rests on and what it cost: for every gate, by its
// place, the processor time of the steps that it speaks of and of those that
// they start from. A step that several gates rest on is split among them
// evenly, so that all shares together are what the steps took. The clean room
// (stage setup) is nobody's: it is there for all of them.
//
// For a step that was answered from the cache it counts what the step took when
// it ran. Gates are the IDs of the steps that each one speaks of.
func Shares(g *plan.Graph, results []plan.Result, gates [][]string) []int64 {
	steps, took := g.ByID(), map[string]int64{}
	for _, r := range results {
		if r.Record != nil {
			took[r.Step] = r.Record.UserMS + r.Record.SystemMS
		}
	}
	rests := map[string][]int{} // gates by step
	for i, ids := range gates {
		seen := map[string]bool{}
		for todo := ids; len(todo) > 0; todo = todo[1:] {
			step, ok := steps[todo[0]]
			if !ok || seen[step.ID] || step.Stage == "setup" {
				continue
			}
			seen[step.ID] = true
			rests[step.ID] = append(rests[step.ID], i)
			todo = append(todo[:len(todo):len(todo)], step.Inputs()...)
		}
	}
	out := make([]int64, len(gates))
	for id, on := range rests {
		each, left := took[id]/int64(len(on)), took[id]%int64(len(on))
		for n, i := range on {
			out[i] += each
			if int64(n) < left {
				out[i]++
			}
		}
	}
	return out
}
