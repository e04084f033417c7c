package deploy

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/remote"
	"github.com/sixtyhq/sixty/internal/run"
	"github.com/sixtyhq/sixty/stages"
	"github.com/sixtyhq/sixty/stages/concept"
	"github.com/sixtyhq/sixty/stages/validation"
)

// Request is what is asked of a run.
type Request struct {
	// Pipeline is a pipeline file or folder; empty: the one in Dir, or else the
	// built-in one.
	Pipeline string
	// Dir is the folder of the crate or workspace that exists. A run whose
	// pipeline names a pack makes a crate below it, in Output.
	Dir string
	// Output is the folder of a new crate.
	Output string
	// Template is the pack of a new crate; empty: the one that the pipeline
	// names, if any.
	Template string
	// Given are values of variables, of the pipeline or the pack; later ones
	// win.
	Given []lang.Given
	// Level is the readiness level that is asked for.
	Level string
	// Only limits the run to some stages; the clean room is always made.
	Only []string
	// Resolve makes a missing Cargo.lock in a step that has the network.
	Resolve bool
	// Width is how many steps run at once; below one: one for each processor.
	Width int
	// AuditDB is the folder of the advisory database; empty: there is none.
	AuditDB string
	// Epoch is the time that templates and steps see; zero: their defaults.
	Epoch time.Time
	// Sixty is the version of this program.
	Sixty string
}

// Engine is what runs a graph.
type Engine interface {
	// Name is the engine's name and version, for the report.
	Name() string
	// Caps is what it can keep.
	Caps() plan.Caps
	// Image resolves an image block.
	Image(ctx context.Context, block config.Image) (plan.Image, error)
	// Runner returns what runs the steps of one graph; secrets are those that
	// the pipeline declares.
	Runner(g *plan.Graph, secrets []config.Secret) (run.Runner, error)
}

// Market is where packs come from.
type Market interface {
	Resolve(ctx context.Context, id, constraint string) (*concept.Packs, error)
}

// View is told what happens. Its methods are called from one goroutine.
type View interface {
	Note(format string, args ...any)
	Started(step, stage string)
	Ended(r plan.Result)
}

// Host is what a run works with.
type Host struct {
	Engine Engine
	Market Market
	View   View
	// Store keeps what goes into steps.
	Store *blob.Store
	// Results is where steps leave their records.
	Results string
	// Registries finds out where the registries of a lockfile have their
	// crates.
	Registries func(ctx context.Context, lock *cargo.Lock) (map[string]cargo.RegistryConfig, error)
	// Authorities are certificate authorities for steps that have the network.
	Authorities blob.Blob
	// Remote asks the SPARQL endpoints that a pipeline names; nil: none is
	// asked.
	Remote func(graphs []config.Graph) *remote.Asker
}

// Run is a run, as far as it has come.
type Run struct {
	req  Request
	host Host

	Facts
	Config    *config.Config
	Pipeline  *config.Pipeline
	Variables map[string]cty.Value
	Images    map[string]plan.Image
}

// Plan resolves what shapes a run and plans it. Nothing of the crate has run
// then, unless a lockfile had to be made.
func Plan(ctx context.Context, host Host, req Request) (*Run, error) {
	r := &Run{req: req, host: host, Facts: Facts{Sixty: req.Sixty, Engine: host.Engine.Name(), Started: time.Now()}}
	if err := r.resolve(ctx); err != nil {
		return nil, err
	}
	if err := Check(r.Config, r.Pipeline); err != nil {
		return nil, err
	}
	if err := r.resolveImages(ctx); err != nil {
		return nil, err
	}
	if err := r.lock(ctx); err != nil {
		return nil, err
	}
	return r, r.plan(ctx)
}

// Do plans a run, runs it and judges it. A run that says no is no error.
func Do(ctx context.Context, host Host, req Request) (*Run, error) {
	r, err := Plan(ctx, host, req)
	if err != nil {
		return nil, err
	}
	runner, err := host.Engine.Runner(r.Graph, r.Pipeline.Secrets)
	if err != nil {
		return nil, err
	}
	width := req.Width
	if width < 1 {
		width = runtime.NumCPU()
	}
	audit := validation.Audit{Crate: r.Crate, Database: req.AuditDB, Results: host.Results}
	r.Results, err = run.Steps(ctx, r.Graph, run.Options{
		Engine: runner, Runners: map[string]run.Runner{validation.AuditRunner: audit}, Width: width,
		Started: func(s plan.Step) { host.View.Started(s.ID, s.Stage) },
		Ended: func(res plan.Result) {
			if res.Reason != stages.NotAsked {
				host.View.Ended(res)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r.judge()
	return r, nil
}

func (r *Run) judge() {
	unread, diags := r.Facts.Judge(r.Pipeline, r.req.Level)
	for _, text := range unread {
		r.note(text)
	}
	r.warn(diags)
}

// timed records work of this process as a step's result.
func (r *Run) timed(stage, name string, work func() error) error {
	res := plan.Result{Step: stage + "." + name, Stage: stage, Name: name, Started: time.Now(), Status: plan.StatusPassed}
	r.host.View.Started(res.Step, stage)
	err := work()
	res.Ended = time.Now()
	if err != nil {
		res.Status = plan.StatusFailed
	}
	r.host.View.Ended(res)
	r.Host = append(r.Host, res)
	if err != nil {
		return fmt.Errorf("%s: %w", stage, err)
	}
	return nil
}

func (r *Run) warn(diags []*hcl.Diagnostic) {
	for _, d := range diags {
		text := d.Summary + ": " + d.Detail
		if d.Subject != nil {
			text += " (" + d.Subject.String() + ")"
		}
		r.note(text)
	}
}

// note adds a warning.
func (r *Run) note(text string) {
	r.Warnings = append(r.Warnings, text)
	r.host.View.Note("Warning: %s", text)
}
