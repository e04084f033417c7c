// Package daggerengine runs the steps of a plan through the Dagger API. It only
// maps fields to calls: what a step is has been decided in the plan.
//
// Every step runs under sixty-init. The API has no switch for a container
// without a network, so a step gets all capabilities and sixty-init takes the
// network and the capabilities away before the step's own command starts.
package daggerengine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/stepspec"
)

// nonceVariable makes a command that was answered from the cache another one.
const nonceVariable = "SIXTY_NONCE"

// Options says what an engine works with.
type Options struct {
	Client *dagger.Client
	// Graph is what will run. It must have passed plan.Check with Caps.
	Graph *plan.Graph
	// Init is the sixty-init program.
	Init *dagger.File
	// Images are the containers that steps start from, by the image's name.
	Images map[string]*dagger.Container
	// Keys are the graph's keys.
	Keys map[string]plan.Key
	// Scratch is a folder of this machine below the module's working directory,
	// relative to it; blobs are unpacked there for the engine to fetch.
	Scratch string
	// Results is the folder where each step's record is left, a folder for each
	// step's key.
	Results string
	// Secrets are the pipeline's secrets by id.
	Secrets map[string]*dagger.Secret
}

// Engine runs the steps of one graph on Dagger.
type Engine struct {
	opts Options

	mu    sync.Mutex
	done  map[string]ended // by step ID
	blobs map[string]*sync.Once
	errs  map[string]error // of blobs, by digest
}

// ended is a step that succeeded, for those that mount its outputs.
type ended struct {
	container *dagger.Container
	// kinds are what its collected outputs are, by name.
	kinds map[string]initrec.OutputKind
}

// Caps is what Dagger can keep. Its own service bindings have no part in services:
// a bound service is reached through a network, which steps don't have. They run
// in the step's container instead, as on every engine.
func Caps() plan.Caps {
	return plan.Caps{
		Name:     "Dagger",
		Networks: []plan.Network{plan.NetworkNone, plan.NetworkHost},
		Sources: []plan.SourceKind{plan.SourceBlob, plan.SourceFetch, plan.SourceOutput,
			plan.SourceCache, plan.SourceSecret, plan.SourceScratch},
		Services: true,
	}
}

// New returns an engine for one graph.
func New(opts Options) *Engine {
	return &Engine{opts: opts, done: map[string]ended{}, blobs: map[string]*sync.Once{}, errs: map[string]error{}}
}

// Run runs one step. A step that says no is a Result, not an error; an error
// means that the engine itself could not do its work.
//
// A failure is never answered from the engine's cache: where it was, the step
// runs again.
func (e *Engine) Run(ctx context.Context, s plan.Step) (plan.Result, error) {
	res := plan.Result{Step: s.ID, Stage: s.Stage, Name: s.Name, Key: e.opts.Keys[s.ID].Digest, Range: s.Range, Started: time.Now()}
	res.Dir = filepath.Join(e.opts.Results, strings.TrimPrefix(res.Key, "sha256:"))
	rec, err := e.attempt(ctx, s, res.Dir, "")
	if err == nil && rec.ExitCode != 0 && rec.Started.Before(res.Started) {
		rec, err = e.attempt(ctx, s, res.Dir, rand.Text())
	}
	res.Ended = time.Now()
	if err != nil {
		if ctx.Err() != nil {
			res.Status, res.Reason = plan.StatusCanceled, context.Cause(ctx).Error()
			return res, nil //nolint:nilerr // the result says it
		}
		res.Status, res.Reason = plan.StatusError, err.Error()
		return res, err
	}
	complete(&res, s, rec)
	return res, nil
}

// attempt runs a step's command and brings its record to dir.
func (e *Engine) attempt(ctx context.Context, s plan.Step, dir, nonce string) (initrec.Record, error) {
	c, err := e.lower(s)
	if err != nil {
		return initrec.Record{}, err
	}
	if nonce != "" {
		c = c.WithEnvVariable(nonceVariable, nonce)
	}
	args, err := arguments(e.opts.Graph, s)
	if err != nil {
		return initrec.Record{}, err
	}
	c, err = c.WithExec(args, dagger.ContainerWithExecOpts{InsecureRootCapabilities: true}).Sync(ctx)
	if err != nil {
		return initrec.Record{}, explain(s, err)
	}
	if _, err := c.Directory(stepspec.Record).Export(ctx, dir); err != nil {
		return initrec.Record{}, fmt.Errorf("export the outputs of step %q: %w", s.ID, err)
	}
	rec, err := initrec.Read(filepath.Join(dir, initrec.RecordFile))
	if err != nil {
		return rec, fmt.Errorf("step %q ended without a record: %w", s.ID, err)
	}
	kinds := map[string]initrec.OutputKind{}
	for _, o := range rec.Outputs {
		kinds[o.Name] = o.Kind
	}
	e.mu.Lock()
	e.done[s.ID] = ended{c, kinds}
	e.mu.Unlock()
	return rec, nil
}

// explain tells a command that the engine ended from an engine that failed.
func explain(s plan.Step, err error) error {
	var failed *dagger.ExecError
	if !errors.As(err, &failed) {
		return fmt.Errorf("run step %q: %w", s.ID, err)
	}
	said := strings.TrimSpace(failed.Stderr)
	if lines := strings.Split(said, "\n"); len(lines) > 10 {
		said = strings.Join(lines[len(lines)-10:], "\n")
	}
	return fmt.Errorf("run step %q: sixty-init ended with exit code %d and left no record: %s", s.ID, failed.ExitCode, said)
}

// complete fills in what sixty-init recorded.
func complete(res *plan.Result, s plan.Step, rec initrec.Record) {
	// The record of an earlier run was begun before this one.
	res.Cached = !rec.Started.IsZero() && rec.Started.Before(res.Started)
	res.Status = plan.StatusPassed
	if rec.ExitCode != 0 {
		res.Status = plan.StatusFailed
	}
	stepspec.Complete(res, s, rec)
}
