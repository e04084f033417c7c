package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/moby/buildkit/client"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/run"
	"github.com/sixtyhq/sixty/internal/verdict"
	"github.com/sixtyhq/sixty/stages"
	"github.com/sixtyhq/sixty/stages/setup"
	"github.com/sixtyhq/sixty/stages/validation"
)

// executed is a run that has happened.
type executed struct {
	*resolved
	// input is what the graph was planned from.
	input   stages.Input
	graph   *plan.Graph
	results []plan.Result
	// measured are the figures of each step, by its ID.
	measured map[string]verdict.Metrics
	verdict  verdict.Verdict
	engine   string
	started  time.Time
	// estimates are how long steps took in earlier runs, by ID.
	estimates map[string]time.Duration
	// belongs is where the crate's folder will be, when it is rendered elsewhere.
	belongs string
	// again is what a second process planned; nil where that was not measured.
	again *again
	// reproduction is nil where nobody asked for it, or nothing was made.
	reproduction *reproduction
	// judged is when the last step had ended and the reporting stage began.
	judged time.Time
}

// execute resolves, plans, runs and judges.
func (a *app) execute(ctx context.Context, o *runOptions) (_ *executed, err error) {
	started := time.Now()
	if o.timeout > 0 {
		// A timer and not a context with a deadline: gRPC would carry that to
		// the engine, whose own answer could come first and say less.
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		timer := time.AfterFunc(o.timeout, func() { cancel(fmt.Errorf("the deadline of %s (--timeout) has passed", o.timeout)) })
		defer func() { timer.Stop(); cancel(nil) }()
	}
	cache, err := a.cache()
	if err != nil {
		return nil, err
	}
	known := readHistory(cache)
	estimates := known.durations()
	view, err := a.printer(known)
	if err != nil {
		return nil, err
	}
	defer view.Close()
	store, err := a.content(cache)
	if err != nil {
		return nil, err
	}
	r := &resolved{}
	defer func() { err = errors.Join(err, r.closeEngine()) }()
	if err := a.resolve(ctx, o, r, view, a.placed(o, view)); err != nil {
		return nil, err
	}
	if err := deploy.Check(r.cfg, r.pipeline); err != nil {
		return nil, err
	}
	if err := a.ensureEngine(ctx, o, r, cache, store, view); err != nil {
		return nil, err
	}
	eng := r.eng
	if err := a.resolveImages(ctx, cache, r, view); err != nil {
		return nil, err
	}
	e := &executed{resolved: r, engine: eng.name, started: started, estimates: estimates}
	if err := a.lock(ctx, o, e, eng, view); err != nil {
		return nil, err
	}
	if e.graph, err = e.plan(ctx, o, cache, store); err != nil {
		return nil, err
	}
	view.Plan(e.graph)
	second := make(chan error, 1)
	go func() { second <- e.compareAgain(ctx, a, o, eng.init) }()
	err = a.runGraph(ctx, o, e, eng, view)
	if err := <-second; err != nil && ctx.Err() == nil {
		view.Note("Warning: whether the plan is deterministic was not found out: %v", err)
	}
	if err != nil {
		return nil, err
	}
	known.update(cache, e.results)
	if o.explain {
		why, err := e.why(cache)
		if err != nil {
			return nil, err
		}
		tellWhy(view, why, e.results)
	}
	if err := errors.Join(e.remember(cache, eng.init), e.keepPassed(o, cache, eng.init)); err != nil {
		view.Note("Warning: %v", err)
	}
	if errors.Is(context.Cause(ctx), errInterrupted) {
		return nil, errInterrupted
	}
	facts := e.facts()
	unread, diags := facts.Judge(e.pipeline, o.level, append(o.partial(), o.unreached()...)...)
	e.judged, e.measured, e.verdict = facts.Judged, facts.Measured, facts.Verdict
	for _, text := range unread {
		e.warnings = append(e.warnings, text)
		view.Note("Warning: %s", text)
	}
	a.warn(r, diags, view)
	if o.prove {
		if e.reproduction, err = a.proveReproducible(ctx, o, e, eng, view); err != nil {
			return nil, err
		}
		e.judged = time.Now()
	}
	return e, nil
}

// compareAgain plans the run a second time, where its verdict will be signed.
func (e *executed) compareAgain(ctx context.Context, a *app, o *runOptions, init string) (err error) {
	if !o.measureAgain {
		return nil
	}
	e.again, err = a.planAgain(ctx, o, e, init)
	return err
}

// plan makes the graph and checks it against the engine.
func (e *executed) plan(ctx context.Context, o *runOptions, cache string, store *blob.Store) (*plan.Graph, error) {
	tree, err := e.crate.Pack(store, o.written()...)
	if err != nil {
		return nil, err
	}
	e.tree = tree
	authorities, err := deploy.HostAuthorities(store)
	if err != nil {
		return nil, err
	}
	in := stages.Input{Pipeline: e.pipeline, Tree: tree, Images: e.images, Authorities: authorities, Only: o.only, Rust: &setup.Input{Store: store}}
	if asked, err := sourceEpoch(); err != nil {
		return nil, err
	} else if !asked.IsZero() {
		in.Epoch = asked.Unix()
	}
	if o.epoch != 0 {
		in.Epoch = o.epoch
	}
	if e.crate.Lock != nil { // a plan is made without one as well, a run never
		known, err := deploy.Registries(ctx, cache, e.crate.Lock)
		if err != nil {
			return nil, err
		}
		if in.Rust.Sources, err = e.crate.Sources(known); err != nil {
			return nil, usageError{fmt.Errorf("%s: %w", e.crate.Dir, err)}
		}
		if in.Rust.Skeleton, err = e.crate.Skeleton(); err != nil {
			return nil, fmt.Errorf("find what has to be compiled once: %w", err)
		}
	}
	e.input = in
	g, diags := stages.Plan(in)
	if !diags.HasErrors() {
		if err := stages.Select(g, o.targets); err != nil {
			return nil, usageError{err}
		}
		for _, refusal := range plan.Check(g, buildkit.Caps()) {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "The engine can't run this", Detail: refusal.Error() + ".", Subject: config.HCLRange(refusal.Range)})
		}
	}
	if diags.HasErrors() {
		return nil, &deploy.DiagnosticsError{Diagnostics: diags, Files: e.cfg.Files}
	}
	return g, nil
}

// openedEngine is a BuildKit and what belongs to it.
type openedEngine struct {
	io.Closer
	client  *client.Client
	name    string
	store   *blob.Store
	init    string
	results string
}

func (a *app) openEngine(ctx context.Context, o *runOptions, cache string, store *blob.Store, view *progress.Printer) (*openedEngine, error) {
	program, err := buildkit.InitProgram()
	if err != nil {
		return nil, err
	}
	init, err := store.PutBytes(program)
	if err != nil {
		return nil, err
	}
	eng := &openedEngine{store: store, init: init.Digest, results: filepath.Join(cache, "results")}
	address := o.engine
	if address == "" {
		address = os.Getenv("SIXTY_ENGINE")
	}
	if address != "" {
		tls := buildkit.TLS{CA: o.tlsCA, Cert: o.tlsCert, Key: o.tlsKey, ServerName: o.tlsServer}
		eng.client, eng.name, err = buildkit.Dial(ctx, address, tls)
		if err != nil {
			return nil, usageError{err}
		}
		eng.Closer = eng.client
		return eng, nil
	}
	if eng.client, eng.Closer, err = a.localEngine(ctx, o, cache, view); err != nil {
		return nil, err
	}
	eng.name = buildkit.EmbeddedName()
	return eng, nil
}

// runGraph runs a graph; what happens to steps is in e.results.
func (a *app) runGraph(ctx context.Context, o *runOptions, e *executed, eng *openedEngine, view *progress.Printer) error {
	secrets, err := secretValues(ctx, e.pipeline.Secrets, e.graph, o.hostCommands)
	if err != nil {
		return err
	}
	runner, err := eng.runner(e.graph, secrets, view)
	if err != nil {
		return err
	}
	audit := validation.Audit{Crate: e.crate, Database: a.auditDatabase(o), Results: eng.results}
	e.results, err = run.Steps(ctx, e.graph, run.Options{
		Engine: runner, Runners: map[string]run.Runner{validation.AuditRunner: audit}, Width: o.steps(), Estimates: e.estimates,
		Started: func(s plan.Step) { view.Started(s.ID, s.Stage) },
		Ended: func(r plan.Result) {
			if r.Reason != stages.NotAsked && r.Reason != stages.NotSelected {
				view.Ended(r)
			}
		},
	})
	return err
}

func (eng *openedEngine) runner(g *plan.Graph, secrets func(context.Context, string) ([]byte, error), view *progress.Printer) (*buildkit.Engine, error) {
	keys, err := plan.Keys(g, eng.init)
	if err != nil {
		return nil, err
	}
	return buildkit.New(buildkit.Options{
		Client: eng.client, Graph: g, Blobs: eng.store.Dir(), Init: eng.init, Results: eng.results, Keys: keys,
		Secrets: secrets, Log: view.Log,
	})
}

// lock sees to it that there is a lockfile: with --resolve a missing one is
// made in a graph of its own, whose one step may use the network.
func (a *app) lock(ctx context.Context, o *runOptions, e *executed, eng *openedEngine, view *progress.Printer) error {
	if e.crate.Lock != nil {
		return nil
	}
	if !o.resolve {
		return deploy.NoLockfile(e.crate.Dir)
	}
	tree, err := e.crate.Pack(eng.store, o.written()...)
	if err != nil {
		return err
	}
	authorities, err := deploy.HostAuthorities(eng.store)
	if err != nil {
		return err
	}
	locking := deploy.Locking{Crate: e.crate, Tree: tree, Image: e.images[deploy.WarmImage(e.pipeline)], Authorities: authorities, View: view,
		Runner: func(g *plan.Graph) (run.Runner, error) { return eng.runner(g, nil, view) }}
	again, made, err := locking.Make(ctx)
	if err != nil {
		return err
	}
	e.crate, e.host = again, append(e.host, made)
	return nil
}
