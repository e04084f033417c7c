package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/report"
	"github.com/sixtyhq/sixty/stages/concept"
	"github.com/sixtyhq/sixty/stages/generation"
)

// rendered is a plan of writes, and the packs that it came from.
type rendered struct {
	*generation.Result
	packs *concept.Packs
	lock  *packLock // nil: nothing is pinned
}

// render runs the concept stage, and the generation stage up to a plan of
// writes.
func (a *app) render(ctx context.Context, o *runOptions, r *resolved, c *chosen, view *progress.Printer) (*rendered, error) {
	m, err := a.market(market.PreferCache)
	if err != nil {
		return nil, err
	}
	out := &rendered{}
	if !o.unlocked {
		if out.lock, err = openLock(r.cfg.Dir, c.concept.Version, o.locked); err != nil {
			return nil, err
		}
	}
	inPipeline := r.cfg.PackPolicy
	if inPipeline != "" && !filepath.IsAbs(inPipeline) {
		inPipeline = filepath.Join(r.cfg.Dir, inPipeline)
	}
	policies, err := packPolicies(inPipeline, o.packPolicy)
	if err != nil {
		return nil, err
	}
	err = r.timed("concept", "resolve", view, func() (err error) {
		out.packs, err = concept.Resolve(ctx, m.config, c.concept.Pack, c.concept.Version, out.lock.pins(m.cache), m.openers...)
		if err != nil {
			return err
		}
		return accept(ctx, policies, out.packs.All()...)
	})
	if err != nil {
		return nil, err
	}
	if a.backwards {
		for _, p := range append([]*market.Pack{out.packs.Pack}, out.packs.Dependencies...) {
			p.FS = backwards{p.FS}
		}
	}
	r.template = deploy.Template(out.packs)
	view.Note("Template %s %s, %s", out.packs.ID, out.packs.Version, out.packs.Source)
	for _, p := range out.packs.Dependencies {
		view.Note("It depends on %s %s, %s", p.ID, p.Version, p.Source)
	}
	given := a.declaredOnly(r, out.packs, c.pack, view)
	epoch, err := sourceEpoch()
	if err != nil {
		return nil, err
	}
	err = r.timed("generation", "render", view, func() (err error) {
		out.Result, err = generation.Render(ctx, generation.Request{
			Pack: out.packs.Pack, Dependencies: out.packs.Dependencies, Given: append(fromStage(c.generation.Vars), given...),
			Dir: o.output, Epoch: epoch, Env: environment(c.generation.Env),
			Hooks: a.hooks(o, r, c.generation, view), Graphs: c.generation.Graphs, Remote: m.remote(c.generation.Graphs),
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, answer := range out.Plan.Record.Answers {
		r.template.Answers = append(r.template.Answers, report.Answer{Endpoint: answer.Endpoint, Query: answer.Query, SHA256: answer.SHA256})
		view.Note("Answer of %s: sha256 %s", answer.Endpoint, answer.SHA256)
	}
	return out, nil
}

// write writes what was rendered, keeps the packs, so that an update knows what
// was generated, also without a network, and pins them.
func (a *app) write(ctx context.Context, o *runOptions, r *resolved, made *rendered, view *progress.Printer) error {
	m, err := a.market(market.PreferCache)
	if err != nil {
		return err
	}
	err = r.timed("generation", "write", view, func() error { return made.Write(ctx, o.force) })
	if err != nil {
		return err
	}
	view.Note("Crate in %s: %s", made.Dir, made.Summary())
	for _, p := range made.packs.All() {
		if err := m.cache.Keep(ctx, p); err != nil {
			return fmt.Errorf("keep the pack for later updates: %w", err)
		}
	}
	changed, err := made.lock.pin(made.packs)
	if err == nil && changed {
		view.Note("Pinned in %s", made.lock.path)
	}
	return err
}

// declaredOnly warns of values from the environment that the pack does not
// declare either, and leaves them out.
func (a *app) declaredOnly(r *resolved, packs *concept.Packs, given []lang.Given, view *progress.Printer) []lang.Given {
	declared := map[string]bool{}
	for _, p := range packs.All() {
		for _, v := range p.Variables {
			declared[v.Name] = true
		}
	}
	var out []lang.Given
	for _, g := range given {
		if g.Lenient && !declared[g.Name] {
			a.warn(r, hcl.Diagnostics{{Summary: lang.UnknownVariable, Detail: fmt.Sprintf("%s is set, but neither the pipeline nor the pack %s declares %q.", g.Source, packs.ID, g.Name)}}, view)
			continue
		}
		out = append(out, g)
	}
	return out
}
