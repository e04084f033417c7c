package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/internal/deploy"
)

// executed is a run, and what this command adds to it.
type executed struct {
	*deploy.Run
	eng *engine
	// belongs is where the crate's folder will be, when it is rendered elsewhere.
	belongs string
	// again is what a second process planned; nil where that was not measured.
	again *again
	// reproduction is nil where nobody asked for it, or nothing was made.
	reproduction *reproduction
}

// execute resolves, plans, runs and judges.
func (a *app) execute(ctx context.Context, o *runOptions) (_ *executed, err error) {
	if o.timeout > 0 {
		// A timer and not a context with a deadline: gRPC would carry that to
		// the engine, whose own answer could come first and say less.
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		timer := time.AfterFunc(o.timeout, func() { cancel(fmt.Errorf("the deadline of %s (--timeout) has passed", o.timeout)) })
		defer func() { timer.Stop(); cancel(nil) }()
	}
	started := time.Now()
	cache, err := a.cache()
	if err != nil {
		return nil, err
	}
	known := readHistory(cache)
	view, err := a.printer(known)
	if err != nil {
		return nil, err
	}
	defer view.Close()
	store, err := a.content(cache)
	if err != nil {
		return nil, err
	}
	e := &executed{}
	if e.Run, e.eng, err = a.begin(o, store, view); err != nil {
		return nil, err
	}
	e.Started = started
	defer func() { err = errors.Join(err, e.eng.Close()) }()
	if err := e.Resolve(ctx, nil); err != nil {
		return nil, err
	}
	if err := e.eng.expect(ctx); err != nil {
		return nil, err
	}
	if err := e.Prepare(ctx); err != nil {
		return nil, err
	}
	e.eng.tellBase()
	view.Plan(e.Graph)
	second := make(chan error, 1)
	go func() { second <- e.compareAgain(ctx, a, o) }()
	err = e.Execute(ctx)
	if err := <-second; err != nil && ctx.Err() == nil {
		view.Note("Warning: whether the plan is deterministic was not found out: %v", err)
	}
	if err != nil {
		return nil, err
	}
	known.update(cache, e.Results)
	if o.explain {
		why, err := e.why(cache)
		if err != nil {
			return nil, err
		}
		tellWhy(view, why, e.Results)
	}
	if err := errors.Join(e.remember(cache), e.keepPassed(o, cache), e.eng.keepLayer(e.Run)); err != nil {
		view.Note("Warning: %v", err)
	}
	if errors.Is(context.Cause(ctx), errInterrupted) {
		return nil, errInterrupted
	}
	e.Judge(append(o.partial(), o.unreached()...)...)
	if o.prove {
		if e.reproduction, err = a.proveReproducible(ctx, o, e, view); err != nil {
			return nil, err
		}
		e.Judged = time.Now()
	}
	return e, nil
}

// compareAgain plans the run a second time, where its verdict will be signed.
func (e *executed) compareAgain(ctx context.Context, a *app, o *runOptions) (err error) {
	if !o.measureAgain {
		return nil
	}
	e.again, err = a.planAgain(ctx, o, e)
	return err
}

// openedEngine is a connection to a BuildKit.
type openedEngine struct {
	io.Closer
	client *client.Client
	name   string
}

// engineAddress is where the engine is; empty: on this machine, and sixty's own.
func (o *runOptions) engineAddress() string {
	if o.engine != "" {
		return o.engine
	}
	return os.Getenv("SIXTY_ENGINE")
}

func (a *app) openEngine(ctx context.Context, e *engine) (*openedEngine, error) {
	o := e.opts
	opened := &openedEngine{}
	var err error
	if address := o.engineAddress(); address != "" {
		tls := buildkit.TLS{CA: o.tlsCA, Cert: o.tlsCert, Key: o.tlsKey, ServerName: o.tlsServer}
		if opened.client, opened.name, err = buildkit.Dial(ctx, address, tls); err != nil {
			return nil, usageError{err}
		}
		opened.Closer = opened.client
		return opened, nil
	}
	if opened.client, opened.Closer, err = a.localEngine(ctx, o, string(e.cache), e.view); err != nil {
		return nil, err
	}
	opened.name = buildkit.EmbeddedName()
	return opened, nil
}
