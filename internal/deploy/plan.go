package deploy

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/stages"
	"github.com/sixtyhq/sixty/stages/setup"
)

// Plan makes the graph and checks it against the engine. A graph can be planned
// without a Cargo.lock, but not run.
func (r *Run) Plan(ctx context.Context) error {
	var err error
	if r.Tree, err = r.Crate.Pack(r.host.Store, r.req.Written...); err != nil {
		return err
	}
	r.Source = r.Tree.Digest
	authorities, err := hostAuthorities(r.host.Store)
	if err != nil {
		return err
	}
	r.Input = stages.Input{Pipeline: r.Pipeline, Tree: r.Tree, Images: r.Images, Authorities: authorities, Only: r.req.Only, Rust: &setup.Input{Store: r.host.Store}}
	if !r.req.Epoch.IsZero() {
		r.Input.Epoch = r.req.Epoch.Unix()
	}
	if r.Crate.Lock != nil {
		known, err := registries(ctx, string(r.host.Cache), r.Crate.Lock)
		if err != nil {
			return err
		}
		if r.Input.Rust.Sources, err = r.Crate.Sources(known); err != nil {
			return Mistake{fmt.Errorf("%s: %w", r.Crate.Name, err)}
		}
		if r.Input.Rust.Skeleton, err = r.Crate.Skeleton(); err != nil {
			return fmt.Errorf("find what has to be compiled once: %w", err)
		}
		if r.Input.Rust.Foundation, err = r.Crate.Foundation(r.req.Written...); err != nil {
			return fmt.Errorf("find what members need of each other: %w", err)
		}
	}
	var diags hcl.Diagnostics
	r.Graph, diags = stages.Plan(r.Input)
	if !diags.HasErrors() {
		if err := stages.Select(r.Graph, r.Targets); err != nil {
			return Mistake{err}
		}
		diags = append(diags, refusals(r.Graph, r.host.Engine.Caps())...)
	}
	if diags.HasErrors() {
		return &DiagnosticsError{diags, r.Config.Files}
	}
	if r.host.Begin == nil {
		return nil
	}
	return r.host.Begin(r.Graph)
}

// refusals is what of a graph an engine can't keep.
func refusals(g *plan.Graph, caps plan.Caps) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, refusal := range plan.Check(g, caps) {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "The engine can't run this", Detail: refusal.Error() + ".", Subject: config.HCLRange(refusal.Range)})
	}
	return diags
}

// Keys are the keys of the plan's steps.
func (r *Run) Keys() (map[string]plan.Key, error) {
	program, err := r.host.Engine.Init()
	if err != nil {
		return nil, err
	}
	return plan.Keys(r.Graph, program)
}
