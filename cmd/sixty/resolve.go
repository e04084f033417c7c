package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
	"github.com/sixtyhq/sixty/stages/generation"
)

// resolved is everything that shapes the graph, known before there is one.
type resolved struct {
	cfg      *config.Config
	pipeline *config.Pipeline
	template *report.Template
	// made is what was rendered; nil for a crate that exists.
	made   *generation.Result
	crate  *crate.Crate
	tree   blob.Blob
	images map[string]plan.Image
	// variables are the pipeline's; sensitive ones are marked.
	variables map[string]cty.Value
	// host are the results of the stages that run in this process.
	host     []plan.Result
	warnings []string
	// eng is the engine, once something needed it.
	eng *openedEngine
}

// chosen is what a pipeline says of the first two stages, and the values that
// were given for the pack.
type chosen struct {
	concept, generation config.Stage
	pack                []lang.Given
}

// choose loads the pipeline and evaluates its first two stages.
func (a *app) choose(o *runOptions, r *resolved, view *progress.Printer) (*chosen, error) {
	cfg, warnings, err := o.load()
	if err != nil {
		return nil, err
	}
	r.cfg = cfg
	a.warn(r, warnings, view)
	c := &chosen{}
	var given []lang.Given
	if given, c.pack, err = o.split(r.cfg); err != nil {
		return nil, err
	}
	values, diags := lang.ResolveVariables(r.cfg.Variables, given, lang.FunctionMap(r.cfg.Dir))
	if diags.HasErrors() {
		return nil, &deploy.DiagnosticsError{Diagnostics: diags, Files: r.cfg.Files}
	}
	a.warn(r, diags, view)
	r.variables, r.cfg.Sources = values.Values, values.Sources
	if c.concept, c.generation, diags = r.cfg.Concept(r.variables); diags.HasErrors() {
		return nil, &deploy.DiagnosticsError{Diagnostics: diags, Files: r.cfg.Files}
	}
	c.template(o.template, r.cfg)
	return c, nil
}

// template lets --template choose the pack of a pipeline that has no variable
// for it.
func (c *chosen) template(id string, cfg *config.Config) {
	declared := slices.ContainsFunc(cfg.Variables, func(v lang.Variable) bool { return v.Name == "template" })
	if id == "" || declared {
		return
	}
	if c.concept.Pack != id {
		c.concept.Version = "" // it is for the pack that the pipeline names
	}
	c.concept.Pack, c.concept.When = id, true
}

// placing puts a rendered crate into a folder and says which.
type placing func(ctx context.Context, r *resolved, made *rendered) (dir string, err error)

// placed writes a rendered crate to where it belongs.
func (a *app) placed(o *runOptions, view *progress.Printer) placing {
	return func(ctx context.Context, r *resolved, made *rendered) (string, error) {
		return made.Dir, a.write(ctx, o, r, made, view)
	}
}

// resolve runs the concept and generation stages, or takes a crate that
// exists, and evaluates the pipeline for it.
func (a *app) resolve(ctx context.Context, o *runOptions, r *resolved, view *progress.Printer, place placing) error {
	c, err := a.choose(o, r, view)
	if err != nil {
		return err
	}
	var dir string
	if c.concept.Pack != "" && c.concept.When {
		made, err := a.render(ctx, o, r, c, view)
		if err != nil {
			return err
		}
		where, err := place(ctx, r, made)
		if err != nil {
			return err
		}
		r.made = made.Result
		dir = filepath.Join(where, "Cargo.toml")
	} else {
		if o.forNewCrate() {
			return usagef("--name, --version and --output are for a new crate: give --template as well")
		}
		if err := a.unusedValues(r, c.pack, view); err != nil {
			return err
		}
		if dir, err = o.sourceDir(); err != nil {
			return err
		}
	}
	if r.crate, err = crate.Open(dir); err != nil {
		return usageError{err}
	}
	if o.reach != nil && len(o.reach.Rest) > 0 {
		r.crate.Only = o.reach.Selected
	}
	var diags hcl.Diagnostics
	if r.pipeline, diags = r.cfg.Evaluate(r.variables, r.crate.Value()); diags.HasErrors() {
		return &deploy.DiagnosticsError{Diagnostics: diags, Files: r.cfg.Files}
	}
	a.warn(r, diags, view)
	return nil
}

func (a *app) warn(r *resolved, diags []*hcl.Diagnostic, view *progress.Printer) {
	for _, d := range diags {
		text := d.Summary + ": " + d.Detail
		if d.Subject != nil {
			text += " (" + d.Subject.String() + ")"
		}
		r.warnings = append(r.warnings, text)
		view.Note("Warning: %s", text)
	}
}

// unusedValues refuses values that nothing declares.
func (a *app) unusedValues(r *resolved, given []lang.Given, view *progress.Printer) error {
	_, diags := lang.ResolveVariables(r.cfg.Variables, given, nil)
	var unknown []*hcl.Diagnostic
	failed := false
	for _, d := range diags {
		if d.Summary == lang.UnknownVariable {
			unknown = append(unknown, d)
			failed = failed || d.Severity == hcl.DiagError
		}
	}
	if failed {
		return &deploy.DiagnosticsError{Diagnostics: unknown, Files: r.cfg.Files}
	}
	a.warn(r, unknown, view)
	return nil
}

// sourceDir is the folder of a crate that exists.
func (o *runOptions) sourceDir() (string, error) {
	manifest := o.manifest
	if manifest == "" {
		manifest = "Cargo.toml"
		if _, err := os.Stat(manifest); errors.Is(err, fs.ErrNotExist) {
			return "", usagef("there is no Cargo.toml here: give --template ID to make a new crate (see sixty market search), or --manifest PATH/Cargo.toml for one that exists")
		}
	}
	return manifest, nil
}

// sourceEpoch is the time that templates see, SOURCE_DATE_EPOCH
// (https://reproducible-builds.org/specs/source-date-epoch/); zero when it is
// not set.
func sourceEpoch() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, usagef("SOURCE_DATE_EPOCH is a number of seconds since 1970, not %q", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// environment gives the variables of the environment that a pipeline names, as
// far as they are set.
func environment(names []string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			out[name] = value
		}
	}
	return out
}

func fromStage(vars map[string]cty.Value) []lang.Given {
	var out []lang.Given
	for name, v := range vars {
		out = append(out, lang.Given{Name: name, Value: v, Source: "stage.generation.vars"})
	}
	return out
}

// timed records work of this process as a step's result.
func (r *resolved) timed(stage, name string, view *progress.Printer, work func() error) error {
	res := plan.Result{Step: stage + "." + name, Stage: stage, Name: name, Started: time.Now(), Status: plan.StatusPassed}
	view.Started(res.Step, stage)
	err := work()
	res.Ended = time.Now()
	if err != nil {
		res.Status = plan.StatusFailed
	}
	view.Ended(res)
	r.host = append(r.host, res)
	if err != nil {
		return fmt.Errorf("%s: %w", stage, err)
	}
	return nil
}
