package deploy

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/run"
	"github.com/sixtyhq/sixty/internal/verdict"
	"github.com/sixtyhq/sixty/stages"
	"github.com/sixtyhq/sixty/stages/generation"
	"github.com/sixtyhq/sixty/stages/validation"
)

// Run is a run, as far as it has come. Its methods take it on, in the order
// Resolve, Prepare, Execute, Judge; [Do] does all of it.
type Run struct {
	req  Request
	host Host

	Facts
	Config *config.Config
	// Variables are the pipeline's; sensitive ones are marked.
	Variables map[string]cty.Value
	Pipeline  *config.Pipeline
	// Made is what was rendered; nil for a crate that existed.
	Made *generation.Result
	// Tree is the source of the crate.
	Tree   blob.Blob
	Images map[string]plan.Image
	// Targets limit the run to some steps and all that they need; those of the
	// request, until somebody knows better.
	Targets []string
	// Input is what the graph was planned from.
	Input stages.Input

	// modules are the packs that modules of the pipeline are.
	modules *PackModules
}

// New begins a run.
func New(host Host, req Request) *Run {
	return &Run{req: req, host: host, Targets: req.Targets, Facts: Facts{Sixty: req.Sixty, Started: time.Now()}}
}

// Prepare takes a resolved run to its plan. Nothing of the crate has run then,
// unless a lockfile had to be made.
func (r *Run) Prepare(ctx context.Context) error {
	if err := r.ResolveImages(ctx); err != nil {
		return err
	}
	if err := r.Lock(ctx); err != nil {
		return err
	}
	return r.Plan(ctx)
}

// Do plans a run, runs it and judges it. A run that says no is no error.
func Do(ctx context.Context, host Host, req Request) (*Run, error) {
	r := New(host, req)
	if err := r.Resolve(ctx, nil); err != nil {
		return nil, err
	}
	if err := r.Prepare(ctx); err != nil {
		return nil, err
	}
	if err := r.Execute(ctx); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r.Judge()
	return r, nil
}

// Execute runs the plan. What happened to its steps is in Results, also when ctx
// was canceled.
func (r *Run) Execute(ctx context.Context) error {
	runner, err := r.host.Engine.Runner(ctx, r.Graph, r.Pipeline.Secrets)
	if err != nil {
		return err
	}
	r.Engine = r.host.Engine.Name()
	width := r.req.Width
	if width < 1 {
		width = runtime.GOMAXPROCS(0)
	}
	audit := validation.Audit{Crate: r.Crate, Database: r.req.AuditDB, Results: r.host.Cache.Results()}
	r.Results, err = run.Steps(ctx, r.Graph, run.Options{
		Engine: runner, Runners: map[string]run.Runner{validation.AuditRunner: audit}, Width: width, Estimates: r.req.Estimates,
		Started: func(s plan.Step) { r.host.View.Started(s.ID, s.Stage) },
		Ended: func(res plan.Result) {
			if res.Reason != stages.NotAsked && res.Reason != stages.NotSelected {
				r.host.View.Ended(res)
			}
		},
	})
	return err
}

// Judge judges what the steps left behind; more are results of gates that the
// pipeline does not have.
func (r *Run) Judge(more ...verdict.GateResult) {
	unread, diags := r.Facts.Judge(r.Pipeline, r.req.Level, more...)
	for _, text := range unread {
		r.warning(text)
	}
	r.Warn(diags)
}

// timed records work of this process as a step's result.
func (r *Run) timed(stage, name string, work func() error) error {
	res, err := Timed(r.host.View, stage, name, work)
	r.Host = append(r.Host, res)
	return err
}

// Timed shows work of this process as a step, and gives its result.
func Timed(view View, stage, name string, work func() error) (plan.Result, error) {
	res := plan.Result{Step: stage + "." + name, Stage: stage, Name: name, Started: time.Now(), Status: plan.StatusPassed}
	view.Started(res.Step, stage)
	err := work()
	res.Ended = time.Now()
	if err != nil {
		res.Status = plan.StatusFailed
		err = fmt.Errorf("%s: %w", stage, err)
	}
	view.Ended(res)
	return res, err
}

// Warn shows diagnostics as warnings, which the report has too.
func (r *Run) Warn(diags hcl.Diagnostics) {
	for _, d := range diags {
		text := d.Summary + ": " + d.Detail
		if d.Subject != nil {
			text += " (" + d.Subject.String() + ")"
		}
		r.warning(text)
	}
}

func (r *Run) warning(text string) {
	r.Warnings = append(r.Warnings, text)
	r.host.View.Note("Warning: %s", text)
}
