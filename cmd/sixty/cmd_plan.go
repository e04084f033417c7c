package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sixtyhq/sixty/internal/deploy"
)

func (a *app) planCommand() *cobra.Command {
	o := &runOptions{}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show everything that a run would do, without running it",
		Long: `Shows what sixty deploy with the same flags would do: stages, steps, images,
mounts, networks, timeouts and keys. The pure parts of a run (finding and
rendering a template, evaluating the pipeline) happen; no container runs, no
engine starts and nothing is written beside the cache.

What only the run can find out (an image that is not pinned, dependencies without
a Cargo.lock) is told as unknown, with the reason. Whether a step was answered
from the cache is told of its last run, as it is on record on this machine; what
the cache holds now is not guessed. Values of the environment are left out.

The form of --json has a version and a JSON Schema (sixty docs --schema plan). A
new minor version only adds.

Flags that only matter to a run, such as --report and --engine, are taken and
have no effect, so that a command line can be tried by changing its first word.

Exit codes: 0 planned, 1 something in the way of a run (edits of generated
files), 2 a mistake in the command line or the configuration.`,
		Example: `  sixty plan
  sixty plan --template io.sixty.rust.cli --name my_tool
  sixty plan --target testing.test
  sixty plan --json | jq '.stages[].steps[] | select(.network == "host").id'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			defer calm()()
			_, p, err := a.foresee(cmd.Context(), o)
			if err != nil {
				return err
			}
			if !asJSON {
				fmt.Fprint(a.stdout, deploy.Readable(p.Text()))
				return nil
			}
			return p.WriteJSON(a.stdout)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plan as JSON")
	o.planFlags(cmd)
	return cmd
}

// planFlags are those of a run; the ones that change nothing of its plan are
// not shown.
func (o *runOptions) planFlags(cmd *cobra.Command) {
	o.sourceFlags(cmd)
	o.templateFlags(cmd)
	o.runFlags(cmd)
	o.levelFlag(cmd)
	o.sign.flags(cmd)
	planned := map[string]bool{"pipeline": true, "manifest": true, "var": true, "var-file": true, "template": true, "name": true, "version": true,
		"output": true, "force": true, "level": true, "target": true}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		f.Hidden = f.Hidden || !planned[f.Name] && f.Name != "json"
	})
}
