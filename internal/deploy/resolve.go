package deploy

import (
	"context"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/verdict"
	"github.com/sixtyhq/sixty/stages"
	"github.com/sixtyhq/sixty/stages/concept"
)

// Chosen is what a pipeline says of the first two stages, and the values that
// were given for the pack.
type Chosen struct {
	Concept, Generation config.Stage
	given               []lang.Given
	// packs are those of a new crate, once they are found, and lock is where they
	// are pinned.
	packs *concept.Packs
	lock  *PackLock
}

// MakesCrate reports whether the pipeline makes a new crate.
func (c *Chosen) MakesCrate() bool { return c.Concept.Pack != "" && c.Concept.When }

// Choose loads the pipeline and evaluates its first two stages. Where the project
// has none of its own, the one that its pack brings goes before the built-in one.
func (r *Run) Choose(ctx context.Context) (*Chosen, error) {
	cfg, warnings, err := r.req.Load()
	if err != nil {
		return nil, err
	}
	if r.modules, err = AddPacks(ctx, cfg, r.host.Market, r.host.Cache, PackRules{r.req.Locked, r.req.Unlocked, r.req.PackPolicies}); err != nil {
		return nil, err
	}
	r.modules.note(r.host.View)
	c, diags, err := r.consider(cfg)
	if err != nil {
		return nil, err
	}
	if IsBuiltIn(cfg) {
		if brought, err := r.brought(ctx, c); brought != nil || err != nil {
			return brought, err
		}
	}
	r.Warn(append(warnings, diags...))
	return c, nil
}

// consider evaluates the first two stages of a pipeline. Warnings come back.
func (r *Run) consider(cfg *config.Config) (*Chosen, hcl.Diagnostics, error) {
	r.Config = cfg
	c := &Chosen{}
	own, pack, err := r.req.Values.Split(cfg)
	if err != nil {
		return nil, nil, err
	}
	c.given = pack
	values, warnings := lang.ResolveVariables(cfg.Variables, own, lang.FunctionMap(cfg.Dir))
	if warnings.HasErrors() {
		return nil, nil, &DiagnosticsError{warnings, cfg.Files}
	}
	r.Variables, cfg.Sources = values.Values, values.Sources
	var diags hcl.Diagnostics
	if c.Concept, c.Generation, diags = cfg.Concept(r.Variables); diags.HasErrors() {
		return nil, nil, &DiagnosticsError{diags, cfg.Files}
	}
	// A template can be chosen where the pipeline has no variable for it, too.
	if id := r.req.Values.Template.Text; id != "" && !declares(cfg, templateVariable) {
		if c.Concept.Pack != id {
			c.Concept.Version = "" // it is for the pack that the pipeline names
		}
		c.Concept.Pack, c.Concept.When = id, true
	}
	return c, warnings, nil
}

// Resolve runs the concept and generation stages, or takes a crate that exists,
// evaluates the pipeline for it, and finds the mistakes that need no engine and
// no image to be found. place puts a rendered crate into a folder and says which;
// nil writes it to where it belongs.
func (r *Run) Resolve(ctx context.Context, place func(context.Context, *Rendered) (string, error)) error {
	c, err := r.Choose(ctx)
	if err != nil {
		return err
	}
	if place == nil {
		changed, err := r.modules.pin()
		if err != nil {
			return err
		}
		if changed {
			r.host.View.Note("Pinned in %s", r.PackLockPath())
		}
		place = func(ctx context.Context, made *Rendered) (string, error) { return made.Dir, r.Write(ctx, made) }
	}
	var manifest string
	if c.MakesCrate() {
		made, err := r.Render(ctx, c)
		if err != nil {
			return err
		}
		dir, err := place(ctx, made)
		if err != nil {
			return err
		}
		r.Made, manifest = made.Result, filepath.Join(dir, "Cargo.toml")
	} else {
		if manifest, err = r.req.Existing(); err != nil {
			return err
		}
		if err := r.unusedValues(c.given); err != nil {
			return err
		}
	}
	return r.Open(manifest)
}

// Open takes a crate and evaluates the pipeline for it.
func (r *Run) Open(manifest string) (err error) {
	if r.Crate, err = crate.Open(manifest); err != nil {
		return Mistake{err}
	}
	if len(r.req.Selected) > 0 {
		r.Crate.Only = r.req.Selected
	}
	var diags hcl.Diagnostics
	if r.Pipeline, diags = r.Config.Evaluate(r.Variables, r.Crate.Value()); diags.HasErrors() {
		return &DiagnosticsError{diags, r.Config.Files}
	}
	r.Warn(diags)
	return check(r.Config, r.Pipeline)
}

// unusedValues refuses values that nothing declares.
func (r *Run) unusedValues(given []lang.Given) error {
	_, diags := lang.ResolveVariables(r.Config.Variables, given, nil)
	var unknown hcl.Diagnostics
	for _, d := range diags {
		if d.Summary == lang.UnknownVariable {
			unknown = append(unknown, d)
		}
	}
	if unknown.HasErrors() {
		return &DiagnosticsError{unknown, r.Config.Files}
	}
	r.Warn(unknown)
	return nil
}

// check finds the mistakes of a pipeline that need no engine and no image to be
// found.
func check(cfg *config.Config, p *config.Pipeline) error {
	images := map[string]plan.Image{}
	for _, i := range p.Images {
		images[i.Name] = plan.Image{Name: i.Name}
	}
	g, diags := stages.Plan(stages.Input{Pipeline: p, Images: images})
	diags = append(diags, verdict.Check(p, stages.Metrics(), g)...)
	if diags.HasErrors() {
		return &DiagnosticsError{diags, cfg.Files}
	}
	return nil
}
