package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/remote"
	"github.com/sixtyhq/sixty/stages/generation"
)

// genOptions is everything that a command line says about sixty gen.
type genOptions struct {
	runOptions
	planOptions
	project string
	watch   bool
	again   string // a folder that was generated before
	// endpoints may be asked again where a recorded answer is not kept.
	endpoints []string
}

func (a *app) genCommand() *cobra.Command {
	o := &genOptions{}
	cmd := &cobra.Command{
		Use:   "gen [DIR]",
		Short: "Generate a crate from a template (the concept and generation stages)",
		Long: `Generates a crate from a template, the files of a ggen.toml project (--project),
or a folder anew that was generated before, with the pack and the values that
its record names (DIR; without --template, the working folder).

All is rendered before anything is written, and --dry-run, --diff and --check
show the very writes that a run would make. Files with edits of yours stop a run
before it writes anything; --force overwrites them and keeps a backup.

Exit codes: 0 done, 1 drift (--check), edits in the way or a fault in a
template, 2 a mistake in the command line or the values.`,
		Example: `  sixty gen --template io.sixty.rust.cli --name my_tool
  sixty gen --template io.sixty.rust.cli --name my_tool --var license=MIT --diff
  sixty gen --check my_tool         # in CI: has it drifted from its template?
  sixty gen --project path/to/project --watch`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.read(args); err != nil {
				return err
			}
			if !o.watch {
				p, err := a.planGen(cmd.Context(), o)
				if err != nil {
					return err
				}
				if err := a.act(cmd.Context(), &o.planOptions, p); err != nil {
					return err
				}
				a.warmNew(o, p)
				return nil
			}
			return a.watchGen(cmd.Context(), o)
		},
	}
	o.sourceFlags(cmd)
	o.templateFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.project, "project", "", "folder of a ggen.toml project to run instead of a template")
	f.BoolVar(&o.watch, "watch", false, "generate again whenever the project, or the folder of the pack, changes; end it with ctrl-C")
	f.BoolVar(&o.drift, "check", false, "write nothing; exit 1 if the files are not what a run would give")
	endpointFlag(cmd, &o.endpoints)
	o.planOptions.flags(cmd)
	cmd.MarkFlagDirname("project") //nolint:errcheck // the flag exists
	return cmd
}

// read checks the command line and finds out what is to be generated.
func (o *genOptions) read(args []string) error {
	if err := o.planOptions.valid(); err != nil {
		return err
	}
	if o.watch && o.drift {
		return usagef("--check looks once and --watch goes on: give one of them")
	}
	if o.project != "" {
		if o.template != "" || len(args) > 0 || o.manifest != "" || o.pipeline != "" || o.output != "" || o.name != "" || o.version != "" || o.locked || o.packPolicy != "" {
			return usagef("--project runs the project's own ggen.toml in its own folder; beside it only --var, --var-file and flags about writing have a meaning")
		}
		return nil
	}
	if len(args) > 0 {
		if o.template != "" || o.forNewCrate() || o.manifest != "" || o.pipeline != "" {
			return usagef("a folder is generated anew from its own record, without --template; a new crate's folder is given with --output")
		}
		o.again = args[0]
		return nil
	}
	if o.template == "" && o.pipeline == "" {
		if here(codegen.RecordPath) && !o.forNewCrate() {
			o.again = "."
			return nil
		}
		if !here("pipeline.hcl") {
			return usagef("gen needs --template (see sixty market search), --project DIR, or the folder of a crate that it generated before")
		}
	}
	return o.runOptions.check()
}

// here reports whether the working folder has a file.
func here(name string) bool {
	_, err := os.Stat(filepath.FromSlash(name))
	return err == nil
}

// planned is a tree that is rendered and not written yet.
type planned struct {
	dir  string
	plan *codegen.Plan
	// sources are the folders that it came from, as far as they can change.
	sources []string
	write   func(ctx context.Context) error
}

func (a *app) planGen(ctx context.Context, o *genOptions) (*planned, error) {
	if o.project != "" {
		return a.planProject(ctx, o)
	}
	view, err := a.printer(history{})
	if err != nil {
		return nil, err
	}
	defer view.Close()
	var made *deploy.Rendered
	r, eng, err := a.beginGen(&o.runOptions, view)
	if err != nil {
		return nil, err
	}
	defer eng.Close() //nolint:errcheck // only a pack's commands open it, and they have ended
	if o.again != "" {
		made, err = r.RenderAgain(ctx, deploy.Generated{Dir: o.again, Endpoints: o.endpoints})
		err = notAllowed(err)
	} else {
		var c *deploy.Chosen
		if c, err = r.Choose(ctx); err != nil {
			return nil, err
		}
		if !c.MakesCrate() {
			return nil, usagef("gen needs --template (see sixty market search): the pipeline's concept stage names no pack")
		}
		made, err = r.Render(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	p := &planned{dir: made.Dir, plan: made.Plan}
	for _, pack := range made.Packs.All() {
		if filepath.IsAbs(pack.Source) {
			p.sources = append(p.sources, pack.Source)
		}
	}
	p.write = func(ctx context.Context) error {
		view, err := a.printer(history{})
		if err != nil {
			return err
		}
		defer view.Close()
		r, _, err := a.beginGen(&o.runOptions, view)
		if err != nil {
			return err
		}
		return r.Write(ctx, made)
	}
	return p, nil
}

// beginGen begins a run that generates and goes no further.
func (a *app) beginGen(o *runOptions, view *progress.Printer) (*deploy.Run, *engine, error) {
	cache, err := a.cache()
	if err != nil {
		return nil, nil, err
	}
	store, err := blob.Open(deploy.Cache(cache).Content())
	if err != nil {
		return nil, nil, err
	}
	return a.begin(o, store, view)
}

// planProject plans the run of a ggen.toml project.
func (a *app) planProject(ctx context.Context, o *genOptions) (*planned, error) {
	m, err := a.market(market.PreferCache)
	if err != nil {
		return nil, err
	}
	if st, err := os.Stat(o.project); err != nil || !st.IsDir() {
		return nil, usagef("--project is the folder that has the ggen.toml, and %s is no folder", o.project)
	}
	if err := codegen.Recover(o.project); err != nil {
		return nil, err
	}
	project, err := codegen.OpenProject(ctx, o.project, m.fetchGit)
	if err != nil {
		return nil, usageError{err}
	}
	run := project.Request()
	if run.Record, err = codegen.ReadRecord(run.Output); err != nil {
		return nil, err
	}
	given, err := o.given()
	if err != nil {
		return nil, err
	}
	run.Vars = map[string]any{}
	for _, g := range given {
		if run.Vars[g.Name] = g.Text; g.Value == cty.NilVal {
			continue
		}
		if run.Vars[g.Name], err = market.PlainValue(g.Value); err != nil {
			return nil, usagef("variable %q from %s: %w", g.Name, g.Source, err)
		}
	}
	if run.Epoch, err = sourceEpoch(); err != nil {
		return nil, err
	}
	run.Epoch = generation.Epoch(run.Epoch, run.Record)
	plan, err := codegen.Render(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("project %s: %w", o.project, err)
	}
	for _, w := range plan.Warnings {
		fmt.Fprintf(a.stderr, "Warning: %s\n", deploy.Readable(w))
	}
	made := &generation.Result{Dir: o.project, Name: project.Name, Plan: plan}
	return &planned{dir: o.project, plan: plan, sources: project.Dirs(), write: func(ctx context.Context) error {
		err := plan.Apply(ctx, o.project, codegen.ApplyOptions{Force: o.force})
		var conflict *codegen.ConflictError
		if errors.As(err, &conflict) {
			return fmt.Errorf("%w\nTo generate them anew and keep the edits as a backup: --force", err)
		}
		if err != nil {
			return fmt.Errorf("write the files of project %s: %w", o.project, err)
		}
		fmt.Fprintf(a.stderr, "Project in %s: %s\n", o.project, made.Summary())
		return nil
	}}, nil
}

const watchInterval = 300 * time.Millisecond

// watchGen generates, and again as files change. Faults are told and wait for
// the next change; only a first run that can't even be planned ends it.
func (a *app) watchGen(ctx context.Context, o *genOptions) error {
	o.unlocked = !o.locked // the pack is being edited, so a pin would only be in the way
	first, err := a.planGen(ctx, o)
	if err != nil {
		return err
	}
	if len(first.sources) == 0 {
		return usagef("--watch needs a project or a pack in a folder of this machine (sixty market add DIR); this one can't change")
	}
	fmt.Fprintf(a.stderr, "Watching %s; ctrl-C ends it.\n", first.sources[0])
	err = codegen.Watch(ctx, watchInterval, first.sources, func(ctx context.Context) error {
		p, err := a.planGen(ctx, o)
		if err == nil && p.plan.Changed() {
			err = a.act(ctx, &o.planOptions, p)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.exitCode(ctx, err)
		return nil
	})
	if ctx.Err() != nil {
		return nil //nolint:nilerr // to interrupt it is how to end it
	}
	return err
}

// planOptions says what to do with a plan of writes.
type planOptions struct {
	dryRun, diff, json bool
	drift              bool // --check
}

func (o *planOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "write nothing; list what a run would write, and why")
	f.BoolVar(&o.diff, "diff", false, "write nothing; show what a run would change as a unified diff")
	f.BoolVar(&o.json, "json", false, "with --dry-run or --check, print JSON")
}

func (o *planOptions) valid() error {
	n := 0
	for _, set := range []bool{o.dryRun, o.diff, o.drift} {
		if set {
			n++
		}
	}
	if n > 1 {
		return usagef("--dry-run, --diff and --check exclude each other")
	}
	if o.json && !o.dryRun && !o.drift {
		return usagef("--json goes with --dry-run or --check")
	}
	return nil
}

// act shows, checks or writes a plan.
func (a *app) act(ctx context.Context, o *planOptions, p *planned) error {
	switch {
	case o.drift:
		drift := p.plan.Drift()
		if err := a.printWrites(o, p, drift); err != nil {
			return err
		}
		if len(drift) > 0 {
			fmt.Fprintf(a.stderr, "%s has drifted from what its template gives, in the files above. To see how: --diff\n", p.dir)
			return errNo
		}
		if !o.json {
			fmt.Fprintf(a.stdout, "%s is what its template gives.\n", p.dir)
		}
		return nil
	case o.dryRun:
		if !o.json {
			for _, s := range p.plan.Skipped {
				fmt.Fprintf(a.stderr, "No output from %s: %s\n", deploy.Readable(s.Template), deploy.Readable(s.Reason))
			}
		}
		return a.printWrites(o, p, p.plan.Writes)
	case o.diff:
		fmt.Fprint(a.stdout, deploy.Readable(p.plan.Diff()))
		return nil
	}
	if err := p.write(ctx); err != nil {
		return err
	}
	dir, err := filepath.Abs(p.dir)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, dir)
	return nil
}

// shownWrite is one path of a plan, for programs.
type shownWrite struct {
	Path     string `json:"path"`
	Action   string `json:"action"`
	Reason   string `json:"reason,omitempty"`
	Template string `json:"template,omitempty"`
}

func (a *app) printWrites(o *planOptions, p *planned, writes []codegen.Write) error {
	dir := p.dir
	if !o.json {
		for _, w := range writes {
			fmt.Fprintf(a.stdout, "%-9s %s", w.Action, deploy.Readable(filepath.Join(dir, filepath.FromSlash(w.Path))))
			if w.Reason != "" {
				fmt.Fprintf(a.stdout, " (%s)", deploy.Readable(w.Reason))
			}
			fmt.Fprintln(a.stdout)
		}
		return nil
	}
	shown := struct {
		Dir    string       `json:"dir"`
		Writes []shownWrite `json:"writes"`
		// Answers are what SPARQL endpoints answered.
		Answers []remote.Answer `json:"answers,omitempty"`
	}{dir, []shownWrite{}, p.plan.Record.Answers}
	for _, w := range writes {
		shown.Writes = append(shown.Writes, shownWrite{w.Path, string(w.Action), w.Reason, w.Template})
	}
	return a.printJSON(shown)
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
