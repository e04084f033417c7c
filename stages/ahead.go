package stages

import (
	"slices"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
)

// ahead splits off a step the one that compiles what members need of each
// other, where there is something to compile; the first result is nil where
// there is not.
func (p *planner) ahead(step config.Step, planned plan.Step) (*plan.Step, plan.Step) {
	foundation := p.rooms[planned.Image].Foundation
	if foundation == nil {
		return nil, planned
	}
	ahead, rest, err := foundation.Ahead(planned)
	if err != nil {
		p.fail(step.Range, "Nothing can run ahead", "Step %q has ahead = true, but %s.", planned.ID, err)
		return nil, planned
	}
	for _, s := range p.in.Pipeline.Stages {
		if s.Name == planned.Stage && slices.ContainsFunc(s.Steps, func(o config.Step) bool { return o.Name == ahead.Name }) {
			p.fail(step.Range, "Duplicate step", "Step %q has ahead = true, so a step %q is made, and there is one already.", step.Name, ahead.Name)
		}
	}
	return &ahead, rest
}
