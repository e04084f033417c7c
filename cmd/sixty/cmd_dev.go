package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
)

// devStep is the name of the step that a development run adds to the pipeline.
const devStep = "dev"

// devOptions is everything that a command line says about sixty dev.
type devOptions struct {
	runOptions
	command []string
	once    bool
	json    bool
}

func (a *app) devCommand() *cobra.Command {
	o := &devOptions{}
	cmd := &cobra.Command{
		Use:   "dev [flags] [-- COMMAND...]",
		Short: "Watch a crate and run its tests on every change, incrementally",
		Long: `Watches the crate and runs its tests whenever a source file changes, in the image
and the clean room of the pipeline, without a network. Without a COMMAND it is
cargo test --workspace.

To answer fast, one container stays, and cargo's target folder is a cache volume
that begins with the compiled dependencies and keeps what each run wrote. A
result of that kind is incremental and not hermetic: it decides nothing, makes no
report and is never signed. "sixty test" and "sixty deploy" judge a crate.

A change while a run goes on cancels it. A change of a manifest, the lockfile or
the pipeline makes a new container. Services and secrets of the pipeline are not
there. Ctrl-C ends it.

Exit codes: 0 ended by ctrl-C, or passed (--once), 1 failed (--once), 2 a mistake
in the command line or the configuration.`,
		Example: `  sixty dev
  sixty dev --manifest path/to/Cargo.toml
  sixty dev -- cargo clippy --workspace --all-targets
  sixty dev --once -- cargo test --package app`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if n := cmd.ArgsLenAtDash(); n > 0 || n < 0 && len(args) > 0 {
				return usagef("the command comes after --: sixty dev -- %s", args[0])
			}
			if err := o.check(); err != nil {
				return err
			}
			if o.command = args; len(args) == 0 {
				o.command = []string{"cargo", "test", "--workspace"}
			}
			err := a.dev(cmd.Context(), o)
			if !o.once && errors.Is(context.Cause(cmd.Context()), errInterrupted) {
				return nil // to interrupt it is how to end it
			}
			return err
		},
	}
	o.sourceFlags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.once, "once", false, "run once, and end with its answer")
	f.BoolVar(&o.json, "json", false, "say what each run came to as one JSON object a line; what it prints goes to standard error")
	o.engineFlags(f)
	return cmd
}

// dev runs sessions one after the other, until ctx ends: a session is over when
// something changed that its container stands on.
func (a *app) dev(ctx context.Context, o *devOptions) error {
	for first := true; ; first = false {
		s, err := a.openDev(ctx, o)
		if err != nil && (first || ctx.Err() != nil) {
			return err
		}
		if err != nil {
			a.exitCode(ctx, err)
			if err := a.waitForChange(ctx, o); err != nil {
				return err
			}
			continue
		}
		again, err := s.loop(ctx)
		if err = errors.Join(err, s.Close()); err != nil || !again {
			return err
		}
	}
}

// waitForChange waits until something changes in a crate that can't be opened.
func (a *app) waitForChange(ctx context.Context, o *devOptions) error {
	manifest, err := o.sourceDir()
	if err != nil {
		return err
	}
	dir := filepath.Dir(manifest)
	w, err := watchTree(dir, []string{"."})
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // nothing is watched any more
	fmt.Fprintf(a.stderr, "Waiting for a change in %s\n", dir)
	return w.wait(ctx)
}

// addDevStep adds the step to the stage that runs the tests, and returns its ID.
func addDevStep(p *config.Pipeline, command []string) (string, error) {
	at := slices.IndexFunc(p.Stages, func(s config.Stage) bool {
		return s.When && slices.ContainsFunc(s.Steps, func(s config.Step) bool { return slices.Contains(s.Metrics, "tests") })
	})
	if at < 0 {
		at = slices.IndexFunc(p.Stages, func(s config.Stage) bool {
			return s.When && slices.ContainsFunc(s.Steps, func(s config.Step) bool { return s.Uses == "" })
		})
	}
	if at < 0 {
		return "", usagef("the pipeline has no step that runs in a container, so there is no room to run tests in")
	}
	stage := p.Stages[at]
	if slices.ContainsFunc(stage.Steps, func(s config.Step) bool { return s.Name == devStep }) {
		return "", usagef("the pipeline has a step called %q in stage %q, which is what sixty dev calls its own; rename it", devStep, stage.Name)
	}
	own := config.Step{Name: devStep, Block: devStep, Command: command, Network: "none", When: true, Range: stage.Range}
	for _, s := range stage.Steps {
		if slices.Contains(s.Metrics, "tests") {
			own.Image, own.Dir, own.Mounts = s.Image, s.Dir, s.Mounts
			break
		}
	}
	p.Stages[at].Steps = append(slices.Clone(stage.Steps), own)
	return stage.Name + "." + devStep, nil
}

// standsOn tells whether a session stands on a file, so that a change of it needs
// a new one: the plan and the compiled dependencies follow from it.
func standsOn(file string) bool {
	switch base := filepath.Base(file); base {
	case "Cargo.toml", crate.LockName, "pipeline.hcl":
		return true
	default:
		return filepath.Ext(base) == ".hcl"
	}
}

// debounce is how long nothing may change before a change counts as whole: an
// editor writes several files, or one in several steps.
const debounce = 30 * time.Millisecond
