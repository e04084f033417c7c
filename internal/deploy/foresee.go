package deploy

import (
	"context"
	"fmt"
	"slices"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/preview"
	"github.com/sixtyhq/sixty/stages"
)

// Foresee plans a resolved run and tells what it would do. Nothing runs, no image
// is made, and what only the run finds out is told as unknown. on has what is on
// record of earlier runs, and how many steps would run at once.
func (r *Run) Foresee(ctx context.Context, on preview.Input) (preview.Plan, error) {
	var err error
	if on.Unresolved, err = r.knownImages(ctx); err != nil {
		return preview.Plan{}, err
	}
	if err := r.Plan(ctx); err != nil {
		return preview.Plan{}, err
	}
	var unknown []preview.Unknown
	if r.Crate.Lock == nil {
		on.NoKeys = "there is no Cargo.lock yet"
		u, err := r.foreseeLock()
		if err != nil {
			return preview.Plan{}, err
		}
		unknown = append(unknown, u)
	}
	if on.Keys, err = r.Keys(); err != nil {
		on.NoKeys = err.Error()
	}
	on.Graph = r.Graph
	p := preview.New(on)
	p.Unknown = slices.Insert(p.Unknown, 0, unknown...)
	p.Sixty, p.CrateName, p.CrateVersion, p.Source, p.Level = r.Sixty, r.Crate.Name, r.Crate.Version, r.Source, r.req.Level
	p.Targets = append(p.Targets, r.Targets...)
	p.Warnings = r.Warnings
	if r.Template != nil {
		p.Template = r.Template.ID + " " + r.Template.Version
	}
	for _, g := range r.Pipeline.Gates {
		p.Gates = append(p.Gates, preview.Gate{Name: g.Name, Level: g.Level, Severity: g.Severity})
	}
	return p, nil
}

// knownImages takes the images that are known, and says of the others why they
// are not.
func (r *Run) knownImages(ctx context.Context) (map[string]string, error) {
	r.Images = map[string]plan.Image{}
	unresolved := map[string]string{}
	for _, block := range r.Pipeline.Images {
		image, open, err := r.host.Engine.Known(ctx, block, r.serves(block))
		if err != nil {
			return nil, err
		}
		if open != "" {
			unresolved[block.Name] = open
		}
		image.Name, image.Range = block.Name, config.PlanRange(block.Range)
		r.Images[block.Name] = image
	}
	return unresolved, nil
}

// foreseeLock puts the step that makes a lockfile before all others, and says
// what follows from it.
func (r *Run) foreseeLock() (preview.Unknown, error) {
	u := preview.Unknown{What: "the dependencies", Why: fmt.Sprintf("%s has no Cargo.lock. deploy --resolve makes one in the step setup.lockfile, "+
		"which has the network, and cargo generate-lockfile does so now; which crates setup.vendor fetches and setup.dependencies compiles follows from it", r.Crate.Name)}
	image := WarmImage(r.Pipeline)
	if image == "" {
		return u, nil
	}
	step, err := r.lockStep(image)
	if err != nil {
		return u, err
	}
	g := r.Graph
	at := slices.IndexFunc(g.Stages, func(s plan.Stage) bool { return s.Name == step.Stage })
	if at < 0 {
		g.Stages = slices.Insert(g.Stages, 0, plan.Stage{Name: step.Stage})
		at = 0
	}
	if g.Stages[at].Skipped == stages.NotSelected {
		g.Stages[at].Skipped = ""
	}
	g.Stages[at].Steps = slices.Insert(g.Stages[at].Steps, 0, step)
	return u, nil
}
