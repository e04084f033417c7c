package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/Masterminds/semver/v3"
	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
	"github.com/sixtyhq/sixty/stages/generation"
)

// updateOptions is everything that a command line says about sixty update.
type updateOptions struct {
	runOptions
	planOptions
	dir, to   string
	endpoints []string
}

func (a *app) updateCommand() *cobra.Command {
	o := &updateOptions{}
	cmd := &cobra.Command{
		Use:   "update [DIR]",
		Short: "Bring a generated crate up to a newer version of its pack, with your edits kept",
		Long: `Brings what changed between the pack that a folder was generated from and a newer
version of it into the folder, and keeps your edits: a three-way merge. Where
the two contradict both are written between the conflict markers of git.

Values of sensitive variables are on no record: they are asked for on the
terminal, or come from SIXTY_VAR_name or a --var-file.

The old pack comes from the cache, where generating put it, or from the market;
sixty market update asks the sources for newer versions.

Exit codes: 0 done, 1 done but with conflicts to resolve, 2 a mistake in the
command line or the values.`,
		Example: `  sixty update --dry-run
  sixty update tools/my_tool --to '^2'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.planOptions.valid(); err != nil {
				return err
			}
			o.dir = "."
			if len(args) > 0 {
				o.dir = args[0]
			}
			return a.update(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", "version, or constraint on it, to update to (default: the newest)")
	o.valueFlags(f, "value of a variable of the pack, NAME=VALUE, in place of the recorded one; may be repeated")
	endpointFlag(cmd, &o.endpoints)
	packPolicyFlag(cmd, &o.packPolicy)
	hooksFlag(cmd, &o.hooks)
	o.planOptions.flags(cmd)
	return cmd
}

func (a *app) update(ctx context.Context, o *updateOptions) error {
	record, err := generation.ReadRecord(o.dir)
	if err != nil {
		return usageError{err}
	}
	m, err := a.market(market.PreferCache)
	if err != nil {
		return err
	}
	base, next, err := a.packVersions(ctx, m, record, o.to)
	if err != nil {
		return err
	}
	if err := a.acceptAgain(ctx, &o.runOptions, o.dir, append(base.All(), next.All()...)); err != nil {
		return err
	}
	req := generation.UpdateRequest{Dir: o.dir, Base: base.Pack, New: next.Pack,
		BaseDependencies: base.Dependencies, NewDependencies: next.Dependencies,
		BaseRemote: m.remoteAgain(record.Answers, o.endpoints), Remote: m.remoteAgain(record.Answers, o.endpoints)}
	if req.Given, err = o.given(); err != nil {
		return err
	}
	if req.Given, err = a.withSensitive(&o.runOptions, req.Given, base, next); err != nil {
		return err
	}
	if req.Epoch, err = sourceEpoch(); err != nil {
		return err
	}
	view, err := a.printer(history{})
	if err != nil {
		return err
	}
	defer view.Close()
	view.Note("Update of %s %s to %s", base.ID, base.Version, next.Version)
	for _, p := range next.Dependencies {
		for _, old := range base.Dependencies {
			if old.ID == p.ID && old.Digest != p.Digest {
				view.Note("It depends on %s %s, before on %s", p.ID, p.Version, old.Version)
			}
		}
	}
	r, eng, err := a.beginGen(&o.runOptions, view)
	if err != nil {
		return err
	}
	defer eng.Close() //nolint:errcheck // only a pack's commands open it, and they have ended
	req.Given = r.Declared(next, req.Given)
	if req.Hooks, err = o.hooksAgain(ctx, r); err != nil {
		return err
	}
	made, dropped, err := generation.Update(ctx, req)
	if err != nil {
		return notAllowed(err)
	}
	for _, name := range dropped {
		view.Note("Warning: %s %s no longer has the variable %q", next.ID, next.Version, name)
	}
	lock, err := deploy.OpenPackLock(".", "", false)
	if err != nil {
		return err
	}
	if pin, ok := lock.Find(next.ID); ok {
		lock.Constraint = pin.Constraint
	} else {
		lock = nil // nothing here holds on to the pack
	}
	p := &planned{dir: o.dir, plan: made.Plan, write: func(ctx context.Context) error {
		return r.Write(ctx, &deploy.Rendered{Result: made, Packs: next, Lock: lock})
	}}
	if err := a.act(ctx, &o.planOptions, p); err != nil {
		return err
	}
	return a.conflicts(made, !o.dryRun && !o.diff)
}

// conflicts says no where an update left, or would leave, conflicts.
func (a *app) conflicts(made *generation.Result, written bool) error {
	found := false
	for _, w := range made.Plan.Writes {
		if w.Action == codegen.Marked {
			found = true
			fmt.Fprintf(a.stderr, "Conflict in %s (%s)\n", deploy.Readable(w.Path), w.Reason)
		}
	}
	if !found {
		return nil
	}
	if !written {
		fmt.Fprintln(a.stderr, "Nothing was written. The update would leave both sides of these between conflict markers.")
		return errNo
	}
	fmt.Fprintln(a.stderr, "Edit what stands between <<<<<<< and >>>>>>> in these files; the update itself is done.")
	return errNo
}

// packVersions finds the packs that a record names and those to update to.
func (a *app) packVersions(ctx context.Context, m *userMarket, record codegen.Record, to string) (base, next *concept.Packs, err error) {
	catalog, err := a.catalog(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	recorded := record.Pack
	base, err = recordedPacks(ctx, m, catalog, record)
	if err != nil {
		return nil, nil, fmt.Errorf("find what was generated: %w", err)
	}
	packs, err := catalog.ResolveAll(ctx, recorded.ID, to, market.Pins{})
	var unknown *market.UnknownPackError
	if errors.As(err, &unknown) && to == "" {
		return nil, nil, fmt.Errorf("no source has %s any more; add the one that does: sixty market add", recorded.ID)
	}
	if err != nil {
		return nil, nil, err
	}
	next = concept.Together(packs)
	if to == "" && older(next.Version, base.Version) {
		return nil, nil, usagef("%s was generated from %s %s, and the newest in the market is %s: sixty market update asks the sources again, --to %s goes back", recorded.ID, recorded.ID, base.Version, next.Version, next.Version)
	}
	return base, next, nil
}

func older(a, b string) bool {
	x, errX := semver.StrictNewVersion(a)
	y, errY := semver.StrictNewVersion(b)
	return errX == nil && errY == nil && x.LessThan(y)
}
