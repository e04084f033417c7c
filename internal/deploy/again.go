package deploy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/remote"
	"github.com/sixtyhq/sixty/stages/concept"
	"github.com/sixtyhq/sixty/stages/generation"
)

// Generated is a folder that was generated before.
type Generated struct {
	Dir string
	// Endpoints may be asked again where a recorded answer is not kept.
	Endpoints []string
}

func (g Generated) remote(r *Run, record codegen.Record) *remote.Asker {
	return remote.Again(r.host.Cache.Answers(), http.DefaultClient, record.Answers, g.Endpoints)
}

// RenderAgain renders the packs that a folder's record names, with the recorded
// values and those given now. Nothing is written.
func (r *Run) RenderAgain(ctx context.Context, g Generated) (*Rendered, error) {
	record, packs, err := r.recorded(ctx, g)
	if err != nil {
		if record.Pack != nil {
			err = fmt.Errorf("%w\nTo go on with the pack as it is now: sixty update, or sixty gen --template %s --output %s", err, record.Pack.ID, g.Dir)
		}
		return nil, err
	}
	if err := r.acceptAgain(ctx, g, packs.All()); err != nil {
		return nil, err
	}
	r.host.View.Note("Template %s %s, as recorded in %s", packs.ID, packs.Version, filepath.Join(g.Dir, codegen.RecordPath))
	given, _, err := packs.GivenAgain(record.Variables, codegen.RecordPath)
	if err != nil {
		return nil, err
	}
	req := generation.Request{Pack: packs.Pack, Dependencies: packs.Dependencies, Dir: g.Dir, Epoch: r.req.Epoch, Remote: g.remote(r, record),
		Given: given}
	now, err := r.now(packs)
	if err != nil {
		return nil, err
	}
	req.Given = append(req.Given, r.Declared(packs, now)...)
	if req.Recorded, err = generation.Recorded(record, packs.Dependencies); err != nil {
		return nil, err
	}
	if req.Hooks, err = r.hooksAgain(ctx); err != nil {
		return nil, err
	}
	made, err := generation.Render(ctx, req)
	return &Rendered{Result: made, Packs: packs}, err
}

// Update renders what a newer version of its pack gives for a folder, merged with
// the folder's own edits. to is a version, or a constraint on it; empty: the newest.
// Nothing is written.
func (r *Run) Update(ctx context.Context, g Generated, to string) (*Rendered, error) {
	record, base, err := r.recorded(ctx, g)
	if err != nil {
		return nil, fmt.Errorf("find what was generated: %w", err)
	}
	next, err := r.newer(ctx, base, to)
	if err != nil {
		return nil, err
	}
	if err := r.acceptAgain(ctx, g, slices.Concat(base.All(), next.All())); err != nil {
		return nil, err
	}
	r.host.View.Note("Update of %s %s to %s", base.ID, base.Version, next.Version)
	for _, p := range next.Dependencies {
		for _, old := range base.Dependencies {
			if old.ID == p.ID && old.Digest != p.Digest {
				r.host.View.Note("It depends on %s %s, before on %s", p.ID, p.Version, old.Version)
			}
		}
	}
	now, err := r.now(base, next)
	if err != nil {
		return nil, err
	}
	req := generation.UpdateRequest{Dir: g.Dir, Base: base.Pack, New: next.Pack, BaseDependencies: base.Dependencies, NewDependencies: next.Dependencies,
		Given: r.Declared(next, now), BaseRemote: g.remote(r, record), Remote: g.remote(r, record), Epoch: r.req.Epoch}
	if req.Hooks, err = r.hooksAgain(ctx); err != nil {
		return nil, err
	}
	made, dropped, err := generation.Update(ctx, req)
	if err != nil {
		return nil, err
	}
	for _, name := range dropped {
		r.host.View.Note("Warning: %s %s no longer has the variable %q", next.ID, next.Version, name)
	}
	out := &Rendered{Result: made, Packs: next}
	out.Lock, err = r.lockAgain(next)
	return out, err
}

// Conflicts are the writes that leave both sides of a contradiction.
func (r *Rendered) Conflicts() []codegen.Write {
	return slices.DeleteFunc(slices.Clone(r.Plan.Writes), func(w codegen.Write) bool { return w.Action != codegen.Marked })
}

// recorded are the packs that a folder was generated from.
func (r *Run) recorded(ctx context.Context, g Generated) (codegen.Record, *concept.Packs, error) {
	record, err := generation.ReadRecord(g.Dir)
	if err != nil {
		return codegen.Record{}, nil, Mistake{err}
	}
	if record.Pack == nil {
		return record, nil, mistakef("%s was not generated from a pack", g.Dir)
	}
	packs := &concept.Packs{}
	if packs.Pack, err = r.host.Market.Recorded(ctx, *record.Pack); err != nil {
		return record, nil, err
	}
	for _, d := range record.Dependencies {
		p, err := r.host.Market.Recorded(ctx, d.PackRef)
		if err != nil {
			return record, nil, err
		}
		packs.Dependencies = append(packs.Dependencies, p)
	}
	return record, packs, nil
}

// newer is the version of a pack to update to.
func (r *Run) newer(ctx context.Context, base *concept.Packs, to string) (*concept.Packs, error) {
	next, err := r.host.Market.Resolve(ctx, base.ID, to, market.Pins{})
	var unknown *market.UnknownPackError
	if errors.As(err, &unknown) && to == "" {
		return nil, fmt.Errorf("no source has %s any more; add the one that does: sixty market add", base.ID)
	}
	if err != nil {
		return nil, err
	}
	if to == "" && older(next.Version, base.Version) {
		return nil, mistakef("%s was generated from %s %s, and the newest in the market is %s: sixty market update asks the sources again, --to %s goes back", base.ID, base.ID, base.Version, next.Version, next.Version)
	}
	return next, nil
}

func older(a, b string) bool {
	x, errX := semver.StrictNewVersion(a)
	y, errY := semver.StrictNewVersion(b)
	return errX == nil && errY == nil && x.LessThan(y)
}

// now are the values that are given now, with those that no record has.
func (r *Run) now(packs ...*concept.Packs) ([]lang.Given, error) {
	given := slices.Concat(r.req.Values.Surrounding, r.req.Values.Given)
	if r.req.Sensitive == nil {
		return given, nil
	}
	return r.req.Sensitive(given, packs...)
}

// acceptAgain holds packs for a folder that was generated before against all
// policies: those of a run with the pipeline at hand, and that of the folder's own
// pipeline.
func (r *Run) acceptAgain(ctx context.Context, g Generated, packs []*market.Pack) error {
	here, _, err := r.req.Load()
	if err != nil {
		return err
	}
	own, _, err := Load("", g.Dir, r.req.Sixty)
	if err != nil {
		return err
	}
	return r.host.Market.Accept(ctx, PackPolicies([]*config.Config{here, own}, r.req.PackPolicies...), packs)
}

// hooksAgain runs the commands of a pack for a folder that was generated before,
// on the images of the pipeline at hand.
func (r *Run) hooksAgain(ctx context.Context) (generation.HookRunner, error) {
	if !r.req.Hooks {
		return nil, nil
	}
	c, err := r.Choose(ctx)
	if err != nil {
		return nil, err
	}
	return r.Hooks(c.Generation), nil
}

// lockAgain is the lock of packs at hand, where it has the pack.
func (r *Run) lockAgain(packs *concept.Packs) (*PackLock, error) {
	here, _, err := r.req.Load()
	if err != nil {
		return nil, err
	}
	lock, err := OpenPackLock(here.Project, "", false)
	if err != nil {
		return nil, err
	}
	pin, ok := lock.Find(packs.ID)
	if !ok {
		return nil, nil // nothing here holds on to the pack
	}
	lock.Constraint = pin.Constraint
	return lock, nil
}
