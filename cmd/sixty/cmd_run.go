package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
	"github.com/sixtyhq/sixty/internal/scenario"
)

func (a *app) deployCommand() *cobra.Command {
	o := &runOptions{}
	cmd := &cobra.Command{
		Use:   "deploy",
		Short: "Run all six stages and sign the verdict",
		Long: `Runs all six stages: a template (--template) or a crate that exists (--manifest)
is built, tested, validated and judged in a clean room, and the report is signed.

With --prove-reproducible all artifacts are built a second time, without a
cache, at other paths, in another time zone and locale, under another host
name, with one processor. The signed report then says which artifacts came out
the same, and where the others differ.

Exit codes: 0 ready at the level that was asked for, 1 not ready, or not
reproducible where that was to be proved, 2 a mistake in
the command line or the configuration, 130 interrupted.`,
		Example: `  sixty deploy --template io.sixty.rust.axum-service --name my_service
  sixty deploy --manifest path/to/Cargo.toml --level production --timeout 60s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if err := o.checkWritable(); err != nil {
				return err
			}
			named, err := o.sign.named(cmd.Context())
			if err != nil {
				return err
			}
			signer := o.sign.ahead(named)
			o.measureAgain = !o.sign.off
			e, err := a.execute(cmd.Context(), o)
			if err != nil {
				return err
			}
			by, err := signer()
			if err != nil {
				return err
			}
			f, err := a.finish(cmd.Context(), o, e, by)
			if err != nil {
				return err
			}
			a.printFailures(e.Results, e.Config.Files)
			a.printReport(f.report)
			a.printAnswer(f, e.Crate.Dir)
			if f.report.DeploymentStatus != report.Ready || o.prove && !a.printReproduction(e.reproduction) {
				return errNo
			}
			return nil
		},
	}
	o.sourceFlags(cmd)
	o.templateFlags(cmd)
	o.runFlags(cmd)
	o.levelFlag(cmd)
	o.sign.flags(cmd)
	cmd.Flags().BoolVar(&o.prove, "prove-reproducible", false, "build all artifacts again in other surroundings, without a cache, and compare them")
	return cmd
}

func (a *app) setupCommand() *cobra.Command {
	return a.stageCommand("setup", "Prepare the clean room: image, crates, compiled dependencies", "none")
}

func (a *app) testCommand() *cobra.Command {
	return a.stageCommand("test", "Build, format check, tests, lints and coverage of a crate (the testing stage)", scenario.Stage)
}

// testLong is beside what other stages' commands have.
const testLong = `Runs the testing stage and judges its gates.

With --changed, commands that use crate.selection, as the built-in pipeline's
build and tests do, run only for the members of the workspace that a change can
reach: those with a changed file, and those that depend on them. The change is
that since all tests passed last; with --changed=REVISION, since the working
folder left that git revision. A change of a manifest, the lockfile, the image or
the dependencies reaches all members. Which ran and which did not is printed, and
keeps the crate from counting as ready.`

func (a *app) packageCommand() *cobra.Command {
	return a.stageCommand("package", "Package, documentation, audit and publish dry run of a crate (the validation stage)", "validation")
}

// stageCommand runs the clean room and one stage, and judges that stage's
// gates alone.
func (a *app) stageCommand(use, short, stage string) *cobra.Command {
	o := &runOptions{only: []string{stage}}
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if o.changed != "" {
				if some, err := a.limit(cmd.Context(), o); err != nil || !some {
					return err
				}
			}
			e, err := a.execute(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := deploy.ExportLogs(e.Results, filepath.Join(filepath.Dir(o.report), "logs")); err != nil {
				return err
			}
			if err := e.writeMetrics(o.metrics); err != nil {
				return err
			}
			r := e.Report(nil)
			a.printFailures(e.Results, e.Config.Files)
			r.Gates = judged(r.Gates)
			a.printReport(r)
			if !e.StagesPassed() {
				return errNo
			}
			return nil
		},
	}
	o.sourceFlags(cmd)
	o.runFlags(cmd)
	o.levelFlag(cmd)
	if stage == scenario.Stage {
		cmd.Long = testLong
		cmd.Example = "  sixty test\n  sixty test --changed\n  sixty test --changed=origin/main\n  sixty test --scenario scenario.yaml    # see sixty import"
		o.changedFlag(cmd)
		cmd.Flags().StringVar(&o.scenario, "scenario", "", "run a cleanroom scenario instead of a pipeline, YAML or TOML; see sixty import")
		cmd.MarkFlagsMutuallyExclusive("scenario", "pipeline")
		cmd.MarkFlagFilename("scenario", "yaml", "yml", "toml") //nolint:errcheck // the flag exists
	}
	return cmd
}

// judged are the gates that were judged, and the one that says what was left out.
func judged(gates []report.Gate) []report.Gate {
	var out []report.Gate
	for _, g := range gates {
		if g.Status != plan.StatusNotRun || g.Name == wholeWorkspace {
			out = append(out, g)
		}
	}
	return out
}
