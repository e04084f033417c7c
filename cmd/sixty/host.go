package main

import (
	"context"
	"os"
	"time"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/cmd/sixty/crates"
	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/cmd/sixty/warm"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/run"
	"github.com/sixtyhq/sixty/stages/concept"
)

// begin begins a run of what the command line says, with BuildKit and the user's
// market. The engine is opened when something needs it; whoever begins a run
// closes it.
func (a *app) begin(o *runOptions, store *blob.Store, view *progress.Printer) (*deploy.Run, *engine, error) {
	cache, err := a.cache()
	if err != nil {
		return nil, nil, err
	}
	req, err := o.request()
	if err != nil {
		return nil, nil, err
	}
	req.AuditDB = a.auditDatabase(o)
	req.Sensitive = func(given []lang.Given, packs ...*concept.Packs) ([]lang.Given, error) {
		return a.withSensitive(o, given, packs...)
	}
	req.Estimates = readHistory(cache).durations()
	eng := &engine{app: a, opts: o, cache: deploy.Cache(cache), store: store, view: view}
	return deploy.New(deploy.Host{
		Engine: eng, Market: userPacks{a}, View: view, Cache: eng.cache, Store: store, Environ: os.Environ(), Begin: eng.begin,
	}, req), eng, nil
}

// request is the run that the command line asks for.
func (o *runOptions) request() (deploy.Request, error) {
	req := deploy.Request{
		Load: o.load, Existing: o.existing, Output: o.output, Force: o.force, Hooks: o.hooks, Locked: o.locked, Unlocked: o.unlocked,
		PackPolicies: []string{o.packPolicy}, Level: o.level, Only: o.only, Targets: o.targets, Resolve: o.resolve,
		Written: o.written(), Width: o.steps(), Sixty: version,
	}
	if o.reach != nil && len(o.reach.Rest) > 0 {
		req.Selected = o.reach.Selected
	}
	var err error
	if req.Values, err = o.variables(); err != nil {
		return req, err
	}
	if req.Epoch, err = sourceEpoch(); err != nil {
		return req, err
	}
	if o.epoch != 0 {
		req.Epoch = time.Unix(o.epoch, 0).UTC()
	}
	return req, nil
}

// existing is the manifest of a crate that exists.
func (o *runOptions) existing() (string, error) {
	if o.forNewCrate() {
		return "", usagef("--name, --version and --output are for a new crate: give --template as well")
	}
	return o.sourceDir()
}

// userPacks is the market of this user, with the policies that hold for it.
type userPacks struct{ app *app }

// Resolve finds a pack and all that it depends on.
func (u userPacks) Resolve(ctx context.Context, id, constraint string, pins market.Pins) (*concept.Packs, error) {
	m, err := u.app.market(market.PreferCache)
	if err != nil {
		return nil, err
	}
	var packs *concept.Packs
	known, err := u.app.indexed(ctx, m, func(catalog *market.Catalog) error {
		all, err := catalog.ResolveAll(ctx, id, constraint, pins)
		if err == nil {
			packs = concept.Together(all)
		}
		return err
	})
	if err == nil && !known {
		packs, err = concept.Resolve(ctx, m.config, id, constraint, pins, m.openers...)
	}
	if err != nil {
		return nil, err
	}
	if u.app.backwards {
		for _, p := range packs.All() {
			p.FS = backwards{p.FS}
		}
	}
	return packs, nil
}

// Recorded finds the pack that a folder was generated from.
func (u userPacks) Recorded(ctx context.Context, ref codegen.PackRef) (*market.Pack, error) {
	m, err := u.app.market(market.PreferCache)
	if err != nil {
		return nil, err
	}
	var pack *market.Pack
	err = u.app.resolving(ctx, m, func(catalog *market.Catalog) (err error) {
		pack, err = catalog.Recorded(ctx, m.cache, ref.ID, ref.Version, ref.Digest)
		return err
	})
	return pack, err
}

// Accept holds packs against the user's own policy and those that are named.
func (userPacks) Accept(ctx context.Context, named []string, packs []*market.Pack) error {
	policies, err := packPolicies(named...)
	if err != nil {
		return err
	}
	return accept(ctx, policies, packs...)
}

// engine is the BuildKit of a run, which is opened when something needs it.
type engine struct {
	app   *app
	opts  *runOptions
	cache deploy.Cache
	store *blob.Store
	view  *progress.Printer

	init   string
	opened *openedEngine
	// base is what the dependencies begin with.
	base warm.Base
}

// open opens the engine, unless it is open.
func (e *engine) open(ctx context.Context) (err error) {
	if e.opened == nil {
		e.opened, err = e.app.openEngine(ctx, e)
	}
	return err
}

// expect finds what is wrong with the engine that was asked for before anything
// else is done. That of this machine is opened only if a step needs it.
func (e *engine) expect(ctx context.Context) error {
	if e.opts.engineAddress() != "" {
		return e.open(ctx)
	}
	_, err := e.opts.serves()
	return err
}

// Close closes the engine, if it is open.
func (e *engine) Close() error {
	if e.opened == nil {
		return nil
	}
	return e.opened.Close()
}

// Name is BuildKit's, and its version. What answers where none was opened was left
// by that of this machine.
func (e *engine) Name() string {
	if e.opened == nil {
		return buildkit.EmbeddedName()
	}
	return e.opened.name
}

// Caps is what BuildKit can keep.
func (e *engine) Caps() plan.Caps { return buildkit.Caps() }

// Init is the digest of sixty-init.
func (e *engine) Init() (string, error) {
	if e.init == "" {
		program, err := buildkit.InitProgram()
		if err != nil {
			return "", err
		}
		put, err := e.store.PutBytes(program)
		if err != nil {
			return "", err
		}
		e.init = put.Digest
	}
	return e.init, nil
}

// Runner returns what runs a graph, with the secrets that its steps mount: the
// engine, or, where that is not open yet and has run all of the graph before,
// what it left then.
func (e *engine) Runner(ctx context.Context, g *plan.Graph, secrets []config.Secret) (run.Runner, error) {
	values, err := secretValues(ctx, secrets, g, e.opts.hostCommands)
	if err != nil {
		return nil, err
	}
	if e.opened != nil {
		return e.runner(ctx, g, values)
	}
	opts, err := e.options(g)
	if err != nil {
		return nil, err
	}
	opts.Fetched = func(_ context.Context, files []plan.Fetch) (string, error) { return crates.Known(e.store, files) }
	recorded, err := buildkit.NewRecorded(ctx, opts)
	if err != nil {
		return nil, err
	}
	if recorded == nil {
		return e.runner(ctx, g, values)
	}
	e.view.Note("Every step ran before on the same inputs: its sealed results answer, and no engine is needed")
	return recorded, nil
}

func (e *engine) runner(ctx context.Context, g *plan.Graph, secrets func(context.Context, string) ([]byte, error)) (*buildkit.Engine, error) {
	if err := e.open(ctx); err != nil {
		return nil, err
	}
	opts, err := e.options(g)
	if err != nil {
		return nil, err
	}
	opts.Client, opts.Secrets, opts.Log = e.opened.client, secrets, e.view.Log
	opts.Fetched = func(ctx context.Context, files []plan.Fetch) (string, error) {
		return crates.Collect(ctx, e.store, files)
	}
	return buildkit.New(opts)
}

// options are those of all runners of a graph.
func (e *engine) options(g *plan.Graph) (buildkit.Options, error) {
	init, err := e.Init()
	if err != nil {
		return buildkit.Options{}, err
	}
	keys, err := plan.Keys(g, init)
	return buildkit.Options{Engine: e.Name(), Graph: g, Blobs: e.store.Dir(), Init: init, Results: e.cache.Results(), Keys: keys}, err
}
