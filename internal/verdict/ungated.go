package verdict

import (
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

// Ungated judges the steps that no gate speaks of, neither by name nor by the
// metrics that they feed: such a step has to pass. It returns a gate of the
// first level for each one that has not; a skipped step is no failure.
func Ungated(gates []config.Gate, steps []plan.Step, results []plan.Result) []GateResult {
	named := naming{}
	for _, g := range gates {
		n := names(g.Condition)
		named.metrics = append(named.metrics, n.metrics...)
		named.steps = append(named.steps, n.steps...)
	}
	var out []GateResult
	for i, r := range results {
		if r.Status.OK() || r.Status == plan.StatusSkipped || named.covers(steps[i]) {
			continue
		}
		g := GateResult{Name: "step " + r.Step, Level: config.Levels()[0], Severity: "error", Status: plan.StatusFailed,
			Message: "no gate speaks of this step, so it has to pass", Range: r.Range}
		if r.Status == plan.StatusNotRun {
			g.Status, g.Message = plan.StatusNotRun, reason(r)
		}
		out = append(out, g)
	}
	return out
}

// covers reports whether something that is named is about the step.
func (n naming) covers(s plan.Step) bool {
	named := func(p stepPattern) bool { return p.matches(plan.Result{Stage: s.Stage, Name: s.Name}) }
	feeds := func(metric string) bool {
		group, _, _ := strings.Cut(metric, ".")
		return slices.Contains(s.Metrics, group)
	}
	return slices.ContainsFunc(n.steps, named) || slices.ContainsFunc(n.metrics, feeds)
}
