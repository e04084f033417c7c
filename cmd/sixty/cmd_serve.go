package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/cmd/sixty/server"
)

// serveVariable says whether runs keep the engine: on or off.
const serveVariable = "SIXTY_SERVE"

func engineRoot(cache string) string { return filepath.Join(cache, "engine") }

// serves decides whether a run keeps its engine for the next one. In CI it does
// not, unless it is told to: a job is one run or few, its processes are killed
// or waited for at its end, and the cache folder that it saves has to be at
// rest.
func (o *runOptions) serves() (bool, error) {
	switch value := os.Getenv(serveVariable); {
	case o.noServe:
		return false, nil
	case value == "on":
		return true, nil
	case value == "off":
		return false, nil
	case value != "":
		return false, usagef("$%s is on or off, not %q", serveVariable, value)
	}
	ci := os.Getenv("CI")
	return ci == "" || ci == "false", nil
}

// localEngine reaches the engine of this machine: one that is kept, or one in
// this process.
func (a *app) localEngine(ctx context.Context, o *runOptions, cache string, view *progress.Printer) (*client.Client, io.Closer, error) {
	waiting := func(holder string) {
		view.Note("Another sixty (process %s) is using the engine; waiting for it to end", holder)
	}
	kept, err := o.serves()
	if err != nil {
		return nil, nil, err
	}
	root := engineRoot(cache)
	if kept {
		c, err := server.Connect(ctx, server.ConnectOptions{Root: root, Command: serveCommandLine(cache, 0), Waiting: waiting})
		if err != nil {
			return nil, nil, err
		}
		return c.Client, c, nil
	}
	room, cancel := context.WithCancel(ctx)
	defer cancel()
	go makeRoom(room, root)
	return buildkit.StartEmbedded(ctx, buildkit.EmbeddedOptions{Root: root, Waiting: waiting})
}

// makeRoom asks servers to end until ctx does: one that idles would be waited
// for in vain, and another command may start one at any time.
func makeRoom(ctx context.Context, root string) {
	for ctx.Err() == nil {
		server.Stop(ctx, root, false) //nolint:errcheck // without a server there is room
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// serveCommandLine is the command line of a server that a command starts.
func serveCommandLine(cache string, idle time.Duration) []string {
	args := []string{"serve", "--foreground", "--report", "--cache-dir", cache}
	if idle > 0 {
		args = append(args, "--idle", idle.String())
	}
	return args
}

// serveOptions is what a command line says about sixty serve.
type serveOptions struct {
	foreground, report, status, json, stop, now bool
	idle                                        time.Duration
}

func (a *app) serveCommand() *cobra.Command {
	o := &serveOptions{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Keep the engine running between runs, show it or stop it",
		Long: `Keeps the engine running, so that later runs find it warm. There is seldom a
reason to say so: the first run starts a server by itself, in the background,
and it ends when it was not used for a while. One user has one for each cache
folder; its socket lies in that folder and only its owner can reach it. A run
that is interrupted ends its own steps and leaves the server alone.

A command of another build, or with another proxy, PATH or the like, replaces the
server as soon as its runs are over.

Runs start no server where CI is set, with --no-serve, or with ` + serveVariable + `=off;
` + serveVariable + `=on starts one in CI too.

Exit codes: 0 there is a server (or, with --stop, none any more), 1 there is none.`,
		Example: `  sixty serve              # start one, if there is none
  sixty serve --status
  sixty serve --stop
  sixty serve --foreground --idle 8h   # under a service manager`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			cache, err := a.cache()
			if err != nil {
				return err
			}
			switch root := engineRoot(cache); {
			case o.stop:
				return a.stopServer(cmd.Context(), root, o.now)
			case o.status:
				return a.showServer(cmd.Context(), root, o.json)
			case o.foreground:
				return a.serve(cmd.Context(), root, o)
			default:
				return a.startServer(cmd.Context(), cache, o)
			}
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.status, "status", false, "say which server runs and what it does")
	f.BoolVar(&o.json, "json", false, "say it as JSON")
	f.BoolVar(&o.stop, "stop", false, "stop the server when its runs are over")
	f.BoolVar(&o.now, "now", false, "with --stop: cancel what runs")
	f.BoolVar(&o.foreground, "foreground", false, "serve in this process, until ctrl-C")
	f.DurationVar(&o.idle, "idle", server.IdleLimit, "end after this time without a run")
	f.BoolVar(&o.report, "report", false, "report to the command that started it")
	f.MarkHidden("report") //nolint:errcheck // the flag exists
	return cmd
}

func (o *serveOptions) check() error {
	switch {
	case o.stop && (o.status || o.foreground) || o.status && o.foreground:
		return usagef("--status, --stop and --foreground are different things to do: give one of them")
	case o.now && !o.stop:
		return usagef("--now belongs to --stop")
	case o.json && !o.status:
		return usagef("--json belongs to --status")
	case o.idle <= 0:
		return usagef("--idle is a time such as 15m, not %s", o.idle)
	}
	return nil
}

// serve is the server itself.
func (a *app) serve(ctx context.Context, root string, o *serveOptions) error {
	collectAsUsual()
	opts := server.Options{Engine: buildkit.EmbeddedOptions{Root: root}, Version: version, IdleLimit: o.idle}
	if o.report {
		r := server.Inherited()
		opts.Engine.Waiting, opts.Ready = r.Waiting, r.Ready
		err := server.Serve(ctx, opts)
		if err != nil {
			r.Failed(err)
		}
		return err
	}
	room, cancel := context.WithCancel(ctx)
	defer cancel()
	go makeRoom(room, root)
	opts.Engine.Waiting = func(holder string) {
		fmt.Fprintf(a.stderr, "Another sixty (process %s) is using the engine; waiting for it to end\n", holder)
	}
	opts.Ready = func(s server.Status) {
		cancel() // it would ask this one
		fmt.Fprintln(a.stderr, describe(s))
	}
	return server.Serve(ctx, opts)
}

func (a *app) startServer(ctx context.Context, cache string, o *serveOptions) error {
	c, err := server.Connect(ctx, server.ConnectOptions{
		Root: engineRoot(cache), Command: serveCommandLine(cache, o.idle),
		Waiting: func(holder string) {
			fmt.Fprintf(a.stderr, "Another sixty (process %s) is using the engine; waiting for it to end\n", holder)
		},
	})
	if err != nil {
		return err
	}
	if err := c.Close(); err != nil {
		return err
	}
	s := c.Server
	s.Runs-- // this one
	fmt.Fprintln(a.stdout, describe(s))
	return nil
}

func (a *app) showServer(ctx context.Context, root string, asJSON bool) error {
	s, err := server.Ask(ctx, root)
	switch none := errors.Is(err, server.ErrNone); {
	case none && asJSON:
		fmt.Fprintln(a.stdout, "null")
		return errNo
	case none:
		fmt.Fprintln(a.stdout, "no server; the next run starts one")
		return errNo
	case err != nil:
		return err
	case asJSON:
		e := json.NewEncoder(a.stdout)
		e.SetIndent("", "  ")
		return e.Encode(s)
	}
	fmt.Fprintln(a.stdout, describe(s))
	fmt.Fprintf(a.stdout, "%s since %s, %d runs so far, %d MB of memory\nlog: %s\n",
		s.Engine, s.Started.Local().Format(time.DateTime), s.Served, s.MemoryBytes>>20, s.Log)
	return nil
}

// describe says in a line what a server does.
func describe(s server.Status) string {
	text := fmt.Sprintf("server (process %d)", s.PID)
	switch {
	case s.Runs == 1:
		text += ": 1 run"
	case s.Runs > 1:
		text += fmt.Sprintf(": %d runs", s.Runs)
	default:
		text += fmt.Sprintf(": idle, ends after %s without a run", s.IdleLimit)
	}
	if s.Stopping {
		text += "; it takes no further ones"
	}
	return text
}

func (a *app) stopServer(ctx context.Context, root string, now bool) error {
	s, err := server.Stop(ctx, root, now)
	if errors.Is(err, server.ErrNone) {
		fmt.Fprintln(a.stdout, "no server")
		return nil
	}
	if err != nil {
		return err
	}
	if s.Runs > 0 && !now {
		fmt.Fprintf(a.stderr, "Waiting for %s; --now cancels what runs\n", describe(s))
	}
	if err := server.Wait(ctx, s.PID); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "server (process %d) stopped\n", s.PID)
	return nil
}
