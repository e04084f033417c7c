package deploy

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/remote"
	"github.com/sixtyhq/sixty/internal/report"
	"github.com/sixtyhq/sixty/stages/concept"
	"github.com/sixtyhq/sixty/stages/generation"
)

// Rendered is a plan of writes, and the packs that it came from.
type Rendered struct {
	*generation.Result
	Packs *concept.Packs
	// Lock is where the packs are pinned; nil: nowhere.
	Lock *PackLock
}

// find runs the concept stage: it resolves the pack and all that it depends on, as
// the lock has them, and holds them against the policies.
func (r *Run) find(ctx context.Context, c *Chosen) (err error) {
	if !r.req.Unlocked {
		if c.lock, err = OpenPackLock(r.Config.Project, c.Concept.Version, r.req.Locked); err != nil {
			return err
		}
	}
	return r.timed("concept", "resolve", func() (err error) {
		pins := c.lock.pins(market.NewCache(r.host.Cache.Packs()))
		if c.packs, err = r.host.Market.Resolve(ctx, c.Concept.Pack, c.Concept.Version, pins); err != nil {
			return err
		}
		return r.host.Market.Accept(ctx, r.policies(), c.packs.All())
	})
}

// Render runs the concept stage, and the generation stage up to a plan of
// writes.
func (r *Run) Render(ctx context.Context, c *Chosen) (*Rendered, error) {
	if c.packs == nil {
		if err := r.find(ctx, c); err != nil {
			return nil, err
		}
	}
	out := &Rendered{Packs: c.packs, Lock: c.lock}
	r.Template = template(out.Packs)
	r.host.View.Note("Template %s %s, %s", out.Packs.ID, out.Packs.Version, out.Packs.Source)
	for _, p := range out.Packs.Dependencies {
		r.host.View.Note("It depends on %s %s, %s", p.ID, p.Version, p.Source)
	}
	var given []lang.Given
	for name, v := range c.Generation.Vars {
		given = append(given, lang.Given{Name: name, Value: v, Source: "stage.generation.vars"})
	}
	given = append(given, r.Declared(out.Packs, c.given)...)
	err := r.timed("generation", "render", func() (err error) {
		out.Result, err = generation.Render(ctx, generation.Request{
			Pack: out.Packs.Pack, Dependencies: out.Packs.Dependencies, Given: given,
			Dir: r.req.Output, Epoch: r.req.Epoch, Env: r.environment(c.Generation.Env), Hooks: r.Hooks(c.Generation),
			Graphs: c.Generation.Graphs, Remote: remote.New(r.host.Cache.Answers(), http.DefaultClient, generation.Sources(c.Generation.Graphs)),
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, answer := range out.Plan.Record.Answers {
		r.Template.Answers = append(r.Template.Answers, report.Answer{Endpoint: answer.Endpoint, Query: answer.Query, SHA256: answer.SHA256})
		r.host.View.Note("Answer of %s: sha256 %s", answer.Endpoint, answer.SHA256)
	}
	return out, nil
}

// policies are the files that say who must have signed the packs.
func (r *Run) policies() []string {
	return PackPolicies([]*config.Config{r.Config}, r.req.PackPolicies...)
}

// PackPolicies are the files that say who must have signed packs: those that
// pipelines name, and others that are named.
func PackPolicies(pipelines []*config.Config, named ...string) []string {
	var out []string
	for _, cfg := range pipelines {
		p := cfg.PackPolicy
		if p == "" {
			continue
		}
		if !filepath.IsAbs(p) {
			p = filepath.Join(cfg.Dir, p)
		}
		out = append(out, p)
	}
	return append(out, named...)
}

// environment gives the variables of the environment that a pipeline names, as
// far as they are set.
func (r *Run) environment(names []string) map[string]string {
	out := map[string]string{}
	for _, pair := range r.host.Environ {
		if name, value, ok := strings.Cut(pair, "="); ok && slices.Contains(names, name) {
			out[name] = value
		}
	}
	return out
}

// Write writes what was rendered, keeps the packs, so that an update knows what
// was generated, also without a network, and pins them.
func (r *Run) Write(ctx context.Context, made *Rendered) error {
	if err := r.timed("generation", "write", func() error { return made.Write(ctx, r.req.Force) }); err != nil {
		return err
	}
	r.host.View.Note("Crate in %s: %s", made.Dir, made.Summary())
	cache := market.NewCache(r.host.Cache.Packs())
	for _, p := range made.Packs.All() {
		if err := cache.Keep(ctx, p); err != nil {
			return fmt.Errorf("keep the pack for later updates: %w", err)
		}
	}
	changed, err := made.Lock.pin(made.Packs)
	if err == nil && changed {
		r.host.View.Note("Pinned in %s", made.Lock.Path)
	}
	return err
}

// Declared warns of values from the environment that the packs do not declare
// either, and leaves them out.
func (r *Run) Declared(packs *concept.Packs, given []lang.Given) []lang.Given {
	declared := map[string]bool{}
	for _, p := range packs.All() {
		for _, v := range p.Variables {
			declared[v.Name] = true
		}
	}
	var out []lang.Given
	for _, g := range given {
		if g.Lenient && !declared[g.Name] {
			r.Warn(hcl.Diagnostics{{Summary: lang.UnknownVariable, Detail: fmt.Sprintf("%s is set, but neither the pipeline nor the pack %s declares %q.", g.Source, packs.ID, g.Name)}})
			continue
		}
		out = append(out, g)
	}
	return out
}

// template is what a report says of the packs that a crate was generated from.
func template(p *concept.Packs) *report.Template {
	t := &report.Template{ID: p.ID, Version: p.Version, Digest: p.Digest, Source: p.Source}
	for _, d := range p.Dependencies {
		t.Dependencies = append(t.Dependencies, report.Pack{ID: d.ID, Version: d.Version, Digest: d.Digest, Source: d.Source})
	}
	return t
}
