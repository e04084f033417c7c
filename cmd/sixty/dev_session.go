package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/sixtyhq/sixty/cache"
	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lastrun"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/run"
	"github.com/sixtyhq/sixty/stages/setup"
)

// devSession is one workshop and the source that is tried in it.
type devSession struct {
	app     *app
	opts    *devOptions
	source  snapshots
	watcher *treeWatcher
	shop    *buildkit.Workshop
	closers []func() error
}

func (s *devSession) onClose(f func() error) { s.closers = append(s.closers, f) }

// Close ends the session in the reverse of the order in which it was made.
func (s *devSession) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// openDev makes the clean room, with all that has to be compiled for it, and the
// container that stays.
func (a *app) openDev(ctx context.Context, o *devOptions) (_ *devSession, err error) {
	s := &devSession{app: a, opts: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	folder, err := a.cache()
	if err != nil {
		return nil, err
	}
	view, err := a.printer(readHistory(folder))
	if err != nil {
		return nil, err
	}
	defer view.Close()
	e, step, err := a.planDev(ctx, o, s, folder, view)
	if err != nil {
		return nil, err
	}
	keys, err := e.Keys()
	if err != nil {
		return nil, err
	}
	runner, err := e.eng.runner(ctx, e.Graph, nil)
	if err != nil {
		return nil, err
	}
	results, err := run.Steps(ctx, e.Graph, run.Options{Engine: runner, Started: func(s plan.Step) { view.Started(s.ID, s.Stage) },
		Ended: func(r plan.Result) {
			if r.Status != plan.StatusSkipped {
				view.Ended(r)
			}
		}})
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for _, r := range results {
		if r.Status != plan.StatusSkipped && !r.Status.OK() {
			return nil, fmt.Errorf("%s: %s%s", r.Step, r.Status, deploy.LogTail(r.Dir, 20))
		}
	}
	if s.shop, err = runner.OpenWorkshop(ctx, step, keptIn(e, step, keys), setup.SourceDir); err != nil {
		return nil, err
	}
	s.onClose(s.shop.Close)
	return s, s.watch(e)
}

// planDev resolves and plans as a run does, with the step for development added
// and only what it needs selected.
func (a *app) planDev(ctx context.Context, o *devOptions, s *devSession, folder string, view *progress.Printer) (_ *executed, _ plan.Step, err error) {
	store, err := blob.Open(filepath.Join(folder, "content"))
	if err != nil {
		return nil, plan.Step{}, err
	}
	e := &executed{}
	if e.Run, e.eng, err = a.begin(&o.runOptions, store, view); err != nil {
		return nil, plan.Step{}, err
	}
	s.onClose(e.eng.Close)
	if err := e.Resolve(ctx, nil); err != nil {
		return nil, plan.Step{}, err
	}
	id, err := addDevStep(e.Pipeline, o.command)
	if err != nil {
		return nil, plan.Step{}, err
	}
	if err := s.lock(folder, e.Crate.Dir); err != nil {
		return nil, plan.Step{}, err
	}
	e.Targets = []string{id}
	if err := e.eng.open(ctx); err != nil {
		return nil, plan.Step{}, err
	}
	if err := e.Prepare(ctx); err != nil {
		return nil, plan.Step{}, err
	}
	for i := range e.Graph.Stages {
		for j := range e.Graph.Stages[i].Steps {
			if step := &e.Graph.Stages[i].Steps[j]; step.ID == id {
				planned := *step
				planned.Env = withEnv(planned.Env, "CARGO_INCREMENTAL=1")
				if o.colored() {
					planned.Env = withEnv(planned.Env, "CARGO_TERM_COLOR=always")
				}
				step.Skipped = "it runs in the container that stays"
				return e, planned, nil
			}
		}
	}
	return nil, plan.Step{}, fmt.Errorf("the plan has no step %s", id)
}

func (o *devOptions) colored() bool {
	return !o.json && term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == ""
}

// withEnv sets a variable in a sorted environment.
func withEnv(env []string, pair string) []string {
	name, _, _ := strings.Cut(pair, "=")
	out := []string{pair}
	for _, have := range env {
		if !strings.HasPrefix(have, name+"=") {
			out = append(out, have)
		}
	}
	return out
}

// keptIn are the folders that keep what is written to them. Their names follow
// from the crate's place and from what the folders begin as, so that source and
// target folder, whose times cargo compares, are always of one kind.
func keptIn(e *executed, step plan.Step, keys map[string]plan.Key) buildkit.Kept {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n", e.Crate.Dir)
	for _, m := range step.Mounts {
		if m.Source.Kind == plan.SourceOutput {
			fmt.Fprintf(sum, "%s %s\n", m.Target, keys[m.Source.Step].Digest)
		}
	}
	image, _ := e.Graph.Image(step.Image)
	fmt.Fprintf(sum, "%s\n", image.Digest)
	id := "sixty-dev-" + hex.EncodeToString(sum.Sum(nil)[:12])
	return buildkit.Kept{setup.SourceDir: id + "-source", setup.TargetDir: id + "-target"}
}

// lock refuses a second session for one crate: both would write the same
// folders.
func (s *devSession) lock(folder, crateDir string) error {
	path := strings.TrimSuffix(lastrun.File(folder, crateDir), ".json") + ".dev.lock"
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the lock of sixty dev: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return usagef("another sixty dev is watching %s already", crateDir)
	}
	s.onClose(f.Close)
	return nil
}

// watch begins to watch the source.
func (s *devSession) watch(e *executed) error {
	tmp, err := os.MkdirTemp("", "sixty-dev-")
	if err != nil {
		return err
	}
	s.onClose(func() error { return os.RemoveAll(tmp) })
	s.source.crate = e.Crate
	if s.source.store, err = blob.Open(tmp); err != nil {
		return err
	}
	if s.watcher, err = watchTree(e.Crate.Dir, []string{"."}); err != nil {
		return err
	}
	s.onClose(s.watcher.Close)
	return nil
}

// loop tries the source after every change; again says that a new session is
// needed.
func (s *devSession) loop(ctx context.Context) (again bool, err error) {
	var tried snapshot
	for {
		now, err := s.source.take()
		if err != nil {
			return false, err
		}
		if err := s.watcher.add(now.folders); err != nil {
			return false, err
		}
		var changes []cache.FileChange
		if tried.blob.Digest != "" {
			if changes, err = now.since(tried); err != nil {
				return false, err
			}
			for _, c := range changes {
				if standsOn(c.Name) {
					fmt.Fprintf(s.app.stderr, "%s %s: making a new container\n", c.Name, c.Change)
					return true, nil
				}
			}
		}
		if tried.blob.Digest == "" || len(changes) > 0 {
			answer, err := s.try(ctx, now, changes)
			if errors.Is(err, errChanged) {
				err = nil // the workshop asks for the whole tree next
			} else if err != nil {
				return false, err
			} else if s.opts.once {
				return false, answer
			}
			if tried.blob.Digest != now.blob.Digest {
				s.source.drop(tried)
			}
			tried = now
			if err == nil && s.changedMeanwhile(now) {
				continue
			}
		}
		if err := s.watcher.wait(ctx); err != nil {
			return false, err
		}
	}
}

// errChanged cancels a run whose source has changed.
var errChanged = errors.New("the source has changed")

// changedMeanwhile tells whether the source is another one than was tried.
func (s *devSession) changedMeanwhile(tried snapshot) bool {
	now, err := s.source.take()
	if err != nil {
		return false // the next look says what is wrong
	}
	return now.blob.Digest != tried.blob.Digest
}

// try runs the command on a snapshot; a change of the source cancels it. answer
// is errNo when the command says no.
func (s *devSession) try(ctx context.Context, now snapshot, changes []cache.FileChange) (answer, err error) {
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		for s.watcher.wait(running) == nil {
			if s.changedMeanwhile(now) {
				cancel(errChanged)
				return
			}
		}
	}()
	s.clear()
	for _, c := range changes {
		fmt.Fprintf(s.app.stderr, "%s %s\n", c.Name, c.Change)
	}
	var tree, printed bytes.Buffer
	if err := now.write(&tree, changes, s.shop.Whole()); err != nil {
		return nil, err
	}
	show := s.app.stdout
	if s.opts.json {
		show = s.app.stderr
	}
	began := time.Now()
	code, err := s.shop.Run(running, setup.SourceDir, io.NopCloser(&tree), s.opts.command,
		kept{io.MultiWriter(show, &beginning{to: &printed, left: maxPrinted})}, kept{s.app.stderr})
	if err != nil {
		return nil, err
	}
	return s.tell(code, time.Since(began), changes, printed.Bytes()), nil
}

// maxPrinted bounds what is read of a run to count its tests, in bytes.
const maxPrinted = 16 << 20

// beginning keeps the beginning of what is written.
type beginning struct {
	to   *bytes.Buffer
	left int
}

func (l *beginning) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.to.Write(p[:n])
	l.left -= n
	return len(p), nil
}

// kept is a writer that is not closed.
type kept struct{ io.Writer }

func (kept) Close() error { return nil }

// clear empties the terminal, if there is one.
func (s *devSession) clear() {
	if f, ok := s.app.stdout.(*os.File); ok && !s.opts.json && !s.opts.once && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(f, "\x1b[H\x1b[2J")
	}
}

// devAnswer is what a run came to.
type devAnswer struct {
	Passed   bool     `json:"passed"`
	ExitCode int      `json:"exit_code"`
	Command  []string `json:"command"`
	// Tests are those that libtest tells of; nil where there are none.
	Tests      *cargo.TestCounts  `json:"tests,omitempty"`
	Changed    []cache.FileChange `json:"changed,omitempty"`
	DurationMS int64              `json:"duration_ms"`
	// Hermetic is never true: the target folder is a cache volume.
	Hermetic bool `json:"hermetic"`
}

// tell says what a run came to, and that it is no verdict.
func (s *devSession) tell(code int, took time.Duration, changes []cache.FileChange, printed []byte) error {
	d := devAnswer{Passed: code == 0, ExitCode: code, Command: s.opts.command, Changed: changes, DurationMS: took.Milliseconds()}
	if tests := cargo.ParseTests(cargo.TestLog{Stdout: printed, ExitCode: &code}); tests.Ran {
		d.Tests = &tests.TestCounts
	}
	if s.opts.json {
		json.NewEncoder(s.app.stdout).Encode(d) //nolint:errcheck // nowhere else to say it
	} else {
		fmt.Fprintln(s.app.stdout, d.line())
	}
	if code != 0 {
		return errNo
	}
	return nil
}

func (d devAnswer) line() string {
	text := "FAILED"
	if d.Passed {
		text = "passed"
	}
	if d.Tests != nil {
		text += fmt.Sprintf(": %d tests passed, %d failed", d.Tests.Passed, d.Tests.Failed)
	} else if !d.Passed {
		text += fmt.Sprintf(" with exit code %d", d.ExitCode)
	}
	return fmt.Sprintf("%s in %s  (incremental, not hermetic: no verdict; sixty test gives one)", text, (time.Duration(d.DurationMS) * time.Millisecond).String())
}
