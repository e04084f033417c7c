package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/deploy"
)

// warmVariable says whether dependencies are compiled ahead in the background:
// on or off.
const warmVariable = "SIXTY_WARM"

// warmOptions is what a command line says about sixty warm.
type warmOptions struct {
	runOptions
	// background: started by another command, which has ended.
	background bool
}

func (a *app) warmCommand() *cobra.Command {
	o := &warmOptions{}
	o.only, o.unlocked = []string{"none"}, true
	cmd := &cobra.Command{
		Use:   "warm",
		Short: "Compile the dependencies of a pack or crate ahead of its first run",
		Long: `Compiles the dependencies of the crate that a pack makes (--template), or of one
that exists, and nothing else: a new crate of the pack, whatever its name, finds
them compiled.

sixty market add (of up to ` + fmt.Sprint(maxAhead) + ` packs) and sixty gen do this in the background, on the
engine that is kept between runs, where there is one and the image is at hand.
Runs that need the same wait for it or share it; sixty serve --status shows it,
and warm/log in the cache folder says how it went. ` + warmVariable + `=off leaves it out, and
so do CI and ` + serveVariable + `=off.`,
		Example: `  sixty warm --template io.sixty.rust.axum-service
  sixty warm --manifest path/to/Cargo.toml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if o.template != "" && o.name == "" {
				o.name = "warm"
			}
			return a.warm(cmd.Context(), o)
		},
	}
	o.sourceFlags(cmd)
	o.newCrateFlags(cmd)
	packPolicyFlag(cmd, &o.packPolicy)
	hooksFlag(cmd, &o.hooks)
	o.engineFlags(cmd.Flags())
	cmd.Flags().BoolVar(&o.background, "background", false, "one after the other, and only where the image is at hand")
	cmd.Flags().MarkHidden("background") //nolint:errcheck // the flag exists
	return cmd
}

// warm runs the setup stage of a crate that exists, or of one that is rendered
// in a folder of its own.
func (a *app) warm(ctx context.Context, o *warmOptions) (err error) {
	cache, err := a.cache()
	if err != nil {
		return err
	}
	if o.background {
		unlock, err := oneAtATime(filepath.Join(cache, warmDir))
		if err != nil {
			return err
		}
		defer unlock()
	}
	known := readHistory(cache)
	view, err := a.printer(known)
	if err != nil {
		return err
	}
	defer view.Close()
	store, err := a.content(cache)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "sixty-warm-")
	if err != nil {
		return fmt.Errorf("make a folder to render in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	e, err := a.prepareWarm(ctx, o, store, view, scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.eng.Close()) }()
	if e.Graph == nil {
		view.Note("The image is not at hand, so nothing is compiled ahead: sixty image build makes it")
		return nil
	}
	e.eng.tellBase()
	view.Plan(e.Graph)
	if err := e.Execute(ctx); err != nil {
		return err
	}
	known.update(cache, e.Results)
	for _, res := range e.Results {
		if res.Stage == "setup" && !res.Status.OK() {
			a.printFailures(e.Results, e.Config.Files)
			return errNo
		}
	}
	if err := e.eng.keepLayer(e.Run); err != nil {
		return err
	}
	view.Note("Dependencies of %s are compiled", e.Crate.Name)
	return nil
}

// prepareWarm takes a run to its plan; there is none where an image would have
// to be made or asked for in the background.
func (a *app) prepareWarm(ctx context.Context, o *warmOptions, store *blob.Store, view *progress.Printer, scratch string) (*executed, error) {
	e := &executed{}
	var err error
	if e.Run, e.eng, err = a.begin(&o.runOptions, store, view); err != nil {
		return nil, err
	}
	err = e.Resolve(ctx, func(ctx context.Context, made *deploy.Rendered) (string, error) {
		there := *made
		there.Dir = filepath.Join(scratch, "crate")
		return there.Dir, there.Write(ctx, true)
	})
	if err == nil && o.background {
		for _, block := range e.Pipeline.Images {
			var open string
			if _, open, err = e.eng.Known(ctx, block, false); err != nil {
				break
			}
			if open != "" {
				return e, nil
			}
		}
	}
	if err == nil {
		err = e.eng.expect(ctx)
	}
	if err == nil {
		err = e.Prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, e.eng.Close())
	}
	return e, nil
}

// oneAtATime waits until no other process compiles ahead.
func oneAtATime(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("wait for others that compile ahead: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("wait for others that compile ahead: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("wait for others that compile ahead: %w", err)
	}
	return func() { f.Close() }, nil
}

// maxAhead is how many packs of one source are compiled ahead.
const maxAhead = 3

// warmLater starts sixty warm in the background, with what it is to warm, in a
// folder. It never fails a command: what can't be done ahead is done in time.
func (a *app) warmLater(dir, what string, args ...string) {
	if err := a.startWarm(dir, args); err != nil {
		if !errors.Is(err, errNotAhead) {
			fmt.Fprintf(a.stderr, "Warning: the dependencies of %s are not compiled ahead: %v\n", what, err)
		}
		return
	}
	fmt.Fprintf(a.stderr, "Compiling the dependencies of %s in the background; %s=off leaves that out\n", what, warmVariable)
}

var errNotAhead = errors.New("nothing is compiled ahead here")

func (a *app) startWarm(dir string, args []string) error {
	switch value := os.Getenv(warmVariable); value {
	case "", "on":
	case "off":
		return errNotAhead
	default:
		return usagef("$%s is on or off, not %q", warmVariable, value)
	}
	o := &runOptions{}
	if serves, err := o.serves(); err != nil || !serves || o.engineAddress() == "" && os.Geteuid() != 0 {
		return errors.Join(errNotAhead, err)
	}
	cache, err := a.cache()
	if err != nil {
		return err
	}
	if dir == "" {
		dir = cache // which has no pipeline of its own
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(cache, warmDir), 0o755); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(cache, warmDir, "log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(self, append([]string{"warm", "--background", "--progress", "plain", "--cache-dir", cache}, args...)...) //nolint:noctx // it outlives whoever starts it
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// warmNew compiles the dependencies of a crate that was just generated.
func (a *app) warmNew(o *genOptions, p *planned) {
	if o.project != "" || o.again != "" || o.drift || o.dryRun || o.diff {
		return
	}
	dir, err := filepath.Abs(p.dir)
	if err != nil {
		return
	}
	for _, name := range []string{"Cargo.toml", "Cargo.lock"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return
		}
	}
	a.warmLater(dir, deploy.Readable(filepath.Base(dir)), "--manifest", filepath.Join(dir, "Cargo.toml"))
}
