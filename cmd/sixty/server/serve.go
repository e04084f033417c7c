//go:build linux

package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
)

// IdleLimit is how long a server stays without a run.
const IdleLimit = 15 * time.Minute

// Options says what to serve.
type Options struct {
	// Engine is the engine and where its state lies.
	Engine buildkit.EmbeddedOptions
	// Version is that of the command.
	Version string
	// IdleLimit ends a server that is not used; zero means [IdleLimit].
	IdleLimit time.Duration
	// Ready is told when runs can come.
	Ready func(Status)
}

// Serve runs an engine and serves it until it was idle for long enough, was
// told to stop, or ctx ends, which stops it at once. Another process that holds
// the state is waited for.
func Serve(ctx context.Context, opts Options) error {
	if opts.IdleLimit == 0 {
		opts.IdleLimit = IdleLimit
	}
	identity, err := Own()
	if err != nil {
		return err
	}
	engine, err := buildkit.Start(ctx, opts.Engine)
	if err != nil {
		return err
	}
	at := placeIn(opts.Engine.Root)
	h := newHost(Status{
		PID: os.Getpid(), Version: opts.Version, Identity: identity, Engine: buildkit.EmbeddedName(),
		Started: time.Now().UTC(), IdleLimit: opts.IdleLimit, Log: at.log(),
	}, logged(engine.Begin), logged(engine.Settle))
	listener, err := at.listen()
	if err != nil {
		return errors.Join(err, engine.Close())
	}
	server := engine.Server()
	server.RegisterService(&service, h)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if opts.Ready != nil {
		opts.Ready(h.status())
	}
	h.wait(ctx)
	// Whoever comes from here on finds no socket, and waits for the lock.
	errs := []error{os.Remove(at.socket())}
	// Nothing runs any more, or it was said not to wait for it.
	server.Stop()
	if err := <-served; err != nil {
		errs = append(errs, fmt.Errorf("serve: %w", err))
	}
	return errors.Join(append(errs, engine.Close())...)
}

// logged calls what can only make things slower when it fails.
func logged(work func() error) func() {
	return func() {
		if err := work(); err != nil {
			fmt.Fprintln(os.Stderr, time.Now().Format(time.DateTime), err) // the server's log
		}
	}
}
