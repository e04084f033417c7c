package verdict

import (
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

// Ungated judges the steps that no gate speaks of, neither by name nor by the
// metrics that they feed: such a step has to pass. It returns a gate of the
// first level for each one that has not; a skipped step is no failure.
func Ungated(p *config.Pipeline, run Run) []GateResult {
	mentioned := map[string]bool{}
	all := run.scopes(p, nil)
	for _, g := range p.Gates {
		all[g.Module].mentioned(names(g.Condition), mentioned)
	}
	var out []GateResult
	for _, r := range run.Results {
		if r.Status.OK() || r.Status == plan.StatusSkipped || mentioned[r.Step] {
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
