package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/deploy"
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
	view, err := a.printer(history{})
	if err != nil {
		return err
	}
	defer view.Close()
	r, eng, err := a.beginGen(&o.runOptions, view)
	if err != nil {
		return err
	}
	defer eng.Close() //nolint:errcheck // only a pack's commands open it, and they have ended
	made, err := r.Update(ctx, deploy.Generated{Dir: o.dir, Endpoints: o.endpoints}, o.to)
	if err != nil {
		return notAllowed(err)
	}
	p := &planned{dir: o.dir, plan: made.Plan, write: func(ctx context.Context) error { return r.Write(ctx, made) }}
	if err := a.act(ctx, &o.planOptions, p); err != nil {
		return err
	}
	return a.conflicts(made, !o.dryRun && !o.diff)
}

// conflicts says no where an update left, or would leave, conflicts.
func (a *app) conflicts(made *deploy.Rendered, written bool) error {
	found := made.Conflicts()
	for _, w := range found {
		fmt.Fprintf(a.stderr, "Conflict in %s (%s)\n", deploy.Readable(w.Path), w.Reason)
	}
	if len(found) == 0 {
		return nil
	}
	if !written {
		fmt.Fprintln(a.stderr, "Nothing was written. The update would leave both sides of these between conflict markers.")
		return errNo
	}
	fmt.Fprintln(a.stderr, "Edit what stands between <<<<<<< and >>>>>>> in these files; the update itself is done.")
	return errNo
}
