package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/run"
	"github.com/sixtyhq/sixty/stages/setup"
)

// NoLockfile is why a crate without a Cargo.lock is refused; crate says which.
func NoLockfile(crate string) error {
	return mistakef("%s has no Cargo.lock, so its dependencies are not pinned. Add --resolve to make one in a step that may use the network (the report names it), or run cargo generate-lockfile", crate)
}

// WarmImage names the image that cargo runs on; empty when there is none.
func WarmImage(p *config.Pipeline) string {
	for _, i := range p.Images {
		if i.Warm != nil {
			return i.Name
		}
	}
	return ""
}

// Locking makes a missing Cargo.lock, in a graph of its own whose one step may
// use the network.
type Locking struct {
	Crate *crate.Crate
	// Tree is the crate's source.
	Tree blob.Blob
	// Image is the one that cargo runs on, see WarmImage.
	Image       plan.Image
	Authorities blob.Blob
	View        View
	// Runner returns what runs the graph.
	Runner func(g *plan.Graph) (run.Runner, error)
}

// Make makes it and opens the crate again. The result is that of the step.
func (l Locking) Make(ctx context.Context) (*crate.Crate, plan.Result, error) {
	if l.Image.Name == "" {
		return nil, plan.Result{}, mistakef("no image of the pipeline has warm = stage.generation.lockfile, so there is none to run cargo on")
	}
	step := setup.Online(setup.Lockfile(l.Image.Name, l.Tree), l.Authorities)
	g := &plan.Graph{Images: []plan.Image{l.Image}, Stages: []plan.Stage{{Name: step.Stage, Steps: []plan.Step{step}}}}
	runner, err := l.Runner(g)
	if err != nil {
		return nil, plan.Result{}, err
	}
	results, err := run.Steps(ctx, g, run.Options{Engine: runner,
		Started: func(s plan.Step) { l.View.Started(s.ID, s.Stage) }, Ended: l.View.Ended})
	if err != nil {
		return nil, plan.Result{}, err
	}
	made := results[0]
	if !made.Status.OK() {
		return nil, made, fmt.Errorf("make Cargo.lock: %s%s", made.Reason, LogTail(made.Dir, 20))
	}
	if err := l.write(made); err != nil {
		return nil, made, fmt.Errorf("make Cargo.lock: %w", err)
	}
	again, err := crate.Open(l.Crate.Dir)
	return again, made, err
}

func (l Locking) write(made plan.Result) error {
	left, err := OpenLeft(made.Dir, "outputs", crate.LockName)
	if err != nil {
		return err
	}
	defer left.Close()
	text, err := io.ReadAll(io.LimitReader(left, cargo.MaxLockBytes+1))
	if err != nil {
		return err
	}
	if len(text) > cargo.MaxLockBytes {
		return errors.New("it is longer than a lockfile may be")
	}
	to := filepath.Join(l.Crate.Dir, crate.LockName)
	if err := os.WriteFile(to, text, 0o644); err != nil {
		return err
	}
	l.View.Note("Wrote %s", to)
	return nil
}
