package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/stages/setup"
)

// WarmImage names the image that cargo runs on; empty when there is none.
func WarmImage(p *config.Pipeline) string {
	for _, i := range p.Images {
		if i.Warm != nil {
			return i.Name
		}
	}
	return ""
}

// Lock sees to it that there is a Cargo.lock: where it was asked for, a missing
// one is made in a graph of its own, whose one step may use the network.
func (r *Run) Lock(ctx context.Context) error {
	if r.Crate.Lock != nil {
		return nil
	}
	if !r.req.Resolve {
		return mistakef("%s has no Cargo.lock, so its dependencies are not pinned. Add --resolve to make one in a step that may use the network (the report names it), or run cargo generate-lockfile", r.Crate.Name)
	}
	image, ok := r.Images[WarmImage(r.Pipeline)]
	if !ok {
		return mistakef("no image of the pipeline has warm = stage.generation.lockfile, so there is none to run cargo on")
	}
	step, err := r.lockStep(image.Name)
	if err != nil {
		return err
	}
	made, err := r.alone(ctx, step, image)
	if err != nil {
		return fmt.Errorf("make Cargo.lock: %w", err)
	}
	if !made.Status.OK() {
		return fmt.Errorf("make Cargo.lock: %s%s", made.Reason, LogTail(made.Dir, 20))
	}
	if err := r.writeLock(made); err != nil {
		return fmt.Errorf("make Cargo.lock: %w", err)
	}
	only := r.Crate.Only
	if r.Crate, err = crate.Open(r.Crate.Dir); err != nil {
		return err
	}
	r.Crate.Only = only
	return nil
}

// lockStep is the step that makes a Cargo.lock.
func (r *Run) lockStep(image string) (plan.Step, error) {
	tree, err := r.Crate.Pack(r.host.Store, r.req.Written...)
	if err != nil {
		return plan.Step{}, err
	}
	authorities, err := hostAuthorities(r.host.Store)
	if err != nil {
		return plan.Step{}, err
	}
	return setup.Online(setup.Lockfile(image, tree), authorities), nil
}

func (r *Run) writeLock(made plan.Result) error {
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
	to := filepath.Join(r.Crate.Dir, crate.LockName)
	if err := os.WriteFile(to, text, 0o644); err != nil {
		return err
	}
	r.host.View.Note("Wrote %s", to)
	return nil
}
