package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/cache"
	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/lastrun"
	"github.com/sixtyhq/sixty/internal/plan"
)

func (a *app) explainCommand() *cobra.Command {
	o := &runOptions{}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "explain [STAGE.STEP]",
		Short: "Say why a step would run again, or why it need not",
		Long: `Compares what would run now with the record of each step's last run, on this
machine and for this crate, and says what is not as it was: which source files,
which environment variables, which mounts, image, command or sixty-init. A change
is followed from the step that it begins at to those that it reaches.

Nothing runs, and no engine is started. That nothing changed for a step means
that its results are known; the engine may have let go of them since then.

With a step named, all of its causes are shown. "sixty deploy --explain" says the
same of a run, while it goes.`,
		Example: `  sixty explain
  sixty explain testing.build
  sixty explain --json | jq '.[] | select(.outlook == "changed") | .step'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			e, p, err := a.foresee(cmd.Context(), o)
			if err != nil {
				return err
			}
			for _, u := range p.Unknown {
				fmt.Fprintf(a.stderr, "Not known before a run: %s: %s\n", u.What, u.Why)
			}
			folder, err := a.cache()
			if err != nil {
				return err
			}
			why, err := e.why(folder)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				if why, err = pick(why, args[0]); err != nil {
					return err
				}
			}
			if asJSON {
				enc := json.NewEncoder(a.stdout)
				enc.SetEscapeHTML(false)
				enc.SetIndent("", "  ")
				return enc.Encode(why)
			}
			fmt.Fprint(a.stdout, deploy.Readable(explained(why, len(args) == 1)))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	o.planFlags(cmd)
	return cmd
}

// pick picks a step by its ID, or by its name where one stage has it.
func pick(all []cache.Explanation, name string) ([]cache.Explanation, error) {
	var found []cache.Explanation
	var names []string
	for _, e := range all {
		names = append(names, e.Step)
		if _, short, _ := strings.Cut(e.Step, "."); e.Step == name || short == name {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		return nil, usagef("there is no step %q; the steps are %s.%s", name, strings.Join(names, ", "), lang.DidYouMean(name, names))
	}
	return found, nil
}

// explained is the answer as lines, with every cause where one step is asked
// for.
func explained(why []cache.Explanation, all bool) string {
	wide := 0
	for _, e := range why {
		wide = max(wide, len(e.Step))
	}
	var b strings.Builder
	for _, e := range why {
		verb := "runs  "
		switch e.Outlook {
		case cache.Unchanged:
			verb = "cached"
		case cache.Skipped:
			verb = "skips "
		}
		if !all || e.Outlook != cache.Changed {
			fmt.Fprintf(&b, "%-*s  %s  %s\n", wide, e.Step, verb, e.Sentence())
			continue
		}
		fmt.Fprintf(&b, "%s runs, because of:\n", e.Step)
		for _, c := range e.Causes {
			fmt.Fprintf(&b, "\n%s\n", c.Chain())
			for _, f := range c.Files {
				fmt.Fprintf(&b, "  %-7s  %s\n", f.Change, f.Name)
			}
			if len(c.Files) == 0 && c.Before+c.After != "" {
				fmt.Fprintf(&b, "  before  %s\n  now     %s\n", orNothing(c.Before), orNothing(c.After))
			}
		}
	}
	return b.String()
}

func orNothing(value string) string {
	if value == "" {
		return "–"
	}
	return value
}

// why explains the graph of a run beside the record of the crate's last one.
func (e *executed) why(folder string) ([]cache.Explanation, error) {
	store, err := blob.Open(filepath.Join(folder, "content"))
	if err != nil {
		return nil, err
	}
	keys, err := e.Keys()
	if err != nil {
		return nil, err
	}
	last := map[string]cache.Last{}
	for id, s := range lastrun.Read(lastrun.File(folder, e.home())).Steps {
		last[id] = cache.Last{Key: s.Key, Status: s.Status}
	}
	return cache.Explain(last, cache.Now{Graph: e.Graph, Keys: keys}, storedTrees(store)), nil
}

// home is where the crate belongs: elsewhere than it lies, while a run of a
// template is only foreseen.
func (e *executed) home() string {
	if e.belongs != "" {
		return e.belongs
	}
	return e.Crate.Dir
}

// storedTrees compares trees that are still in the store.
func storedTrees(store *blob.Store) cache.Trees {
	return func(before, after string) ([]cache.FileChange, bool) {
		was, err := store.Open(before)
		if err != nil {
			return nil, false
		}
		defer was.Close()
		is, err := store.Open(after)
		if err != nil {
			return nil, false
		}
		defer is.Close()
		changes, err := cache.DiffTrees(was, is)
		return changes, err == nil
	}
}

// tellWhy says of each step that ran what made it run; e.why has to be asked
// before the run is put on record.
func tellWhy(view *progress.Printer, why []cache.Explanation, results []plan.Result) {
	did := map[string]plan.Result{}
	for _, r := range results {
		did[r.Step] = r
	}
	for _, e := range why {
		r, ok := did[e.Step]
		switch {
		case !ok || !r.Status.Ran():
		case r.Cached && e.Outlook == cache.Changed:
			view.Note("%s was answered from a run before the last one: %s", e.Step, e.Sentence())
		case r.Cached:
			view.Note("%s was cached", e.Step)
		case e.Outlook == cache.Unchanged:
			view.Note("%s ran: nothing changed, but the engine no longer has its results", e.Step)
		default:
			view.Note("%s ran: %s", e.Step, e.Sentence())
		}
	}
}
