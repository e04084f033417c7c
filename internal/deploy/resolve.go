package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
	"github.com/sixtyhq/sixty/internal/run"
	"github.com/sixtyhq/sixty/internal/verdict"
	"github.com/sixtyhq/sixty/stages"
	"github.com/sixtyhq/sixty/stages/concept"
	"github.com/sixtyhq/sixty/stages/generation"
	"github.com/sixtyhq/sixty/stages/setup"
)

// Generate runs the concept and generation stages alone, and gives the folder of
// the new crate.
func Generate(ctx context.Context, host Host, req Request) (string, error) {
	r := &Run{req: req, host: host}
	first, second, pack, err := r.choose()
	if err != nil {
		return "", err
	}
	if first.Pack == "" || !first.When {
		return "", mistakef("there is no template: give one (the packs are in the market, see search)")
	}
	return r.generate(ctx, first, second, pack)
}

// resolve runs the concept and generation stages, or takes a crate that exists,
// and evaluates the pipeline for it.
func (r *Run) resolve(ctx context.Context) error {
	first, second, pack, err := r.choose()
	if err != nil {
		return err
	}
	dir := r.req.Dir
	if first.Pack != "" && first.When {
		if dir, err = r.generate(ctx, first, second, pack); err != nil {
			return err
		}
	} else {
		if err := r.unusedValues(pack); err != nil {
			return err
		}
		manifest := filepath.Join(dir, "Cargo.toml")
		if _, err := os.Stat(manifest); errors.Is(err, fs.ErrNotExist) {
			return mistakef("there is no Cargo.toml in the source: give a template to make a new crate, or the source of one that exists")
		}
	}
	if r.Crate, err = crate.Open(dir); err != nil {
		return Mistake{err}
	}
	var diags hcl.Diagnostics
	if r.Pipeline, diags = r.Config.Evaluate(r.Variables, r.Crate.Value()); diags.HasErrors() {
		return &DiagnosticsError{diags, r.Config.Files}
	}
	return nil
}

// generate renders the pack and writes the crate.
func (r *Run) generate(ctx context.Context, first, second config.Stage, given []lang.Given) (string, error) {
	var made *generation.Result
	err := r.timed("concept", "resolve", func() error {
		pack, err := r.host.Market.Resolve(ctx, first.Pack, first.Version)
		if err != nil {
			return err
		}
		r.Template = Template(pack)
		r.host.View.Note("Template %s %s, %s", pack.ID, pack.Version, pack.Source)
		var values []lang.Given
		for name, v := range second.Vars {
			values = append(values, lang.Given{Name: name, Value: v, Source: "stage.generation.vars"})
		}
		req := generation.Request{Pack: pack.Pack, Dependencies: pack.Dependencies, Given: append(values, given...),
			Dir: r.req.Output, Epoch: r.req.Epoch, Graphs: second.Graphs}
		if r.host.Remote != nil {
			req.Remote = r.host.Remote(second.Graphs)
		}
		made, err = generation.Render(ctx, req)
		return err
	})
	if err != nil {
		return "", err
	}
	for _, answer := range made.Plan.Record.Answers {
		r.Template.Answers = append(r.Template.Answers, report.Answer{Endpoint: answer.Endpoint, Query: answer.Query, SHA256: answer.SHA256})
	}
	err = r.timed("generation", "write", func() error { return made.Write(ctx, false) })
	if err != nil {
		return "", err
	}
	r.host.View.Note("Crate %s: %s", made.Name, made.Summary())
	return made.Dir, nil
}

// Template is what a report says of the packs that a crate was generated from.
func Template(p *concept.Packs) *report.Template {
	t := &report.Template{ID: p.ID, Version: p.Version, Digest: p.Digest, Source: p.Source}
	for _, d := range p.Dependencies {
		t.Dependencies = append(t.Dependencies, report.Pack{ID: d.ID, Version: d.Version, Digest: d.Digest, Source: d.Source})
	}
	return t
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
	r.warn(unknown)
	return nil
}

// Check finds the mistakes of a pipeline that need no engine and no image to be
// found.
func Check(cfg *config.Config, p *config.Pipeline) error {
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

func (r *Run) resolveImages(ctx context.Context) error {
	r.Images = map[string]plan.Image{}
	for _, block := range r.Pipeline.Images {
		var chosen plan.Image
		err := r.timed("setup", "image-"+block.Name, func() (err error) {
			chosen, err = r.host.Engine.Image(ctx, block)
			return err
		})
		if err != nil {
			return err
		}
		chosen.Name, chosen.Range = block.Name, config.PlanRange(block.Range)
		r.host.View.Note("Image %s: %s, %s", chosen.Name, chosen.Ref, chosen.Origin)
		r.Images[block.Name] = chosen
	}
	return nil
}

// lock sees to it that there is a lockfile: where it was asked for, a missing
// one is made in a graph of its own, whose one step may use the network.
func (r *Run) lock(ctx context.Context) (err error) {
	if r.Crate.Lock != nil {
		return nil
	}
	if !r.req.Resolve {
		return NoLockfile(r.Crate.Name)
	}
	image := WarmImage(r.Pipeline)
	tree, err := r.Crate.Pack(r.host.Store)
	if err != nil {
		return err
	}
	l := Locking{Crate: r.Crate, Tree: tree, Image: r.Images[image], Authorities: r.host.Authorities, View: r.host.View}
	l.Runner = func(g *plan.Graph) (run.Runner, error) { return r.host.Engine.Runner(g, nil) }
	var made plan.Result
	r.Crate, made, err = l.Make(ctx)
	r.Host = append(r.Host, made)
	return err
}

// plan makes the graph and checks it against the engine.
func (r *Run) plan(ctx context.Context) error {
	tree, err := r.Crate.Pack(r.host.Store)
	if err != nil {
		return err
	}
	r.Source = tree.Digest
	in := stages.Input{Pipeline: r.Pipeline, Tree: tree, Images: r.Images, Authorities: r.host.Authorities, Only: r.req.Only, Rust: &setup.Input{Store: r.host.Store}}
	if !r.req.Epoch.IsZero() {
		in.Epoch = r.req.Epoch.Unix()
	}
	known, err := r.host.Registries(ctx, r.Crate.Lock)
	if err != nil {
		return err
	}
	if in.Rust.Sources, err = r.Crate.Sources(known); err != nil {
		return Mistake{fmt.Errorf("%s: %w", r.Crate.Name, err)}
	}
	if in.Rust.Skeleton, err = r.Crate.Skeleton(); err != nil {
		return fmt.Errorf("find what has to be compiled once: %w", err)
	}
	var diags hcl.Diagnostics
	r.Graph, diags = stages.Plan(in)
	if !diags.HasErrors() {
		for _, refusal := range plan.Check(r.Graph, r.host.Engine.Caps()) {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "The engine can't run this", Detail: refusal.Error() + ".", Subject: config.HCLRange(refusal.Range)})
		}
	}
	if diags.HasErrors() {
		return &DiagnosticsError{diags, r.Config.Files}
	}
	return nil
}
