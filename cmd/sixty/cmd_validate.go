package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/diagjson"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/verdict"
	"github.com/sixtyhq/sixty/stages"
)

func (a *app) validateCommand() *cobra.Command {
	o := &runOptions{}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "validate [DIR]",
		Short: "Check a pipeline without running anything",
		Long: `Checks a pipeline file, or all files of a folder: syntax, blocks and attributes,
references, types, variables, the order of steps and the conditions of gates.
All mistakes are shown in one go. No engine, no image and no network is needed.

DIR is a folder or a file, as for --pipeline; without it, what sixty deploy
would take: ./pipeline.hcl, else the one of the pack that the working folder was
generated from, else the built-in pipeline.

A variable that has no default and no value counts as unknown, and so does the
crate when there is no ./Cargo.toml and no --manifest: what depends on either is
checked as far as its type goes. sixty plan checks the rest.

--json prints what terraform validate -json prints: valid, error_count,
warning_count, and diagnostics with severity, summary, detail, range and snippet.

Exit codes: 0 valid (with or without warnings), 2 not valid.`,
		Example: `  sixty validate
  sixty validate ci/
  sixty validate --json pipeline.hcl | jq '.diagnostics[].summary'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if o.pipeline != "" {
					return usagef("the pipeline is given twice: as %s and by --pipeline %s", args[0], o.pipeline)
				}
				o.pipeline = args[0]
			}
			defer calm()()
			cfg, diags, err := a.validate(cmd.Context(), o)
			if err != nil {
				return err
			}
			return a.printValidation(cfg, diags, asJSON)
		},
	}
	o.sourceFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON, in the form of terraform validate -json")
	return cmd
}

// validate loads and evaluates a pipeline as far as that goes without a run.
// What it finds are diagnostics; the error is for the command line. Mistakes in
// blocks do not hide those in values and gates, but those that may follow from
// them are left out.
func (a *app) validate(ctx context.Context, o *runOptions) (*config.Config, hcl.Diagnostics, error) {
	cfg, diags, err := a.loadHere(ctx, o.pipeline)
	var found *deploy.DiagnosticsError
	var mistake deploy.Mistake
	switch {
	case errors.As(err, &found) && (cfg == nil || !cfg.Complete()):
		return &config.Config{Files: found.Files}, found.Diagnostics, nil
	case errors.As(err, &found):
		more, err := o.mistakes(cfg, found.Diagnostics)
		if err != nil {
			more = nil // what is wrong with the files counts for more
		}
		return cfg, config.InOrder(append(found.Diagnostics, config.Further(found.Diagnostics, more)...)), nil
	case errors.As(err, &mistake) && cfg != nil:
		return cfg, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unsuitable version", Detail: err.Error() + "."}), nil
	case err != nil:
		return nil, nil, err
	}
	more, err := o.mistakes(cfg, nil)
	if err != nil {
		return nil, nil, err
	}
	return cfg, config.InOrder(append(diags, more...)), nil
}

// mistakes are those of a pipeline's values and gates; broken are those that its
// blocks have.
func (o *runOptions) mistakes(cfg *config.Config, broken hcl.Diagnostics) (diags hcl.Diagnostics, err error) {
	given, others, err := o.split(cfg)
	if errors.As(err, &diags) {
		err = nil // the variables of a file that can't be read have no value
	}
	if err != nil {
		return nil, err
	}
	values, d := lang.ResolveVariables(cfg.Variables, given, lang.FunctionMap(cfg.Dir))
	cfg.Sources = values.Sources
	diags = append(diags, withoutNoValue(d)...)
	if concept, _, d := cfg.Concept(values.Values); !d.HasErrors() && (concept.Pack == "" || !concept.When) {
		// There is no pack that could declare them.
		_, d := lang.ResolveVariables(cfg.Variables, others, nil)
		diags = append(diags, only(d, lang.UnknownVariable)...)
	}
	about, err := o.crateValue()
	if err != nil {
		return nil, err
	}
	return append(diags, checkWith(cfg, values.Values, about, broken)...), nil
}

// crateValue is the crate that a run would take, or an unknown one where there
// is none.
func (o *runOptions) crateValue() (cty.Value, error) {
	manifest := o.manifest
	if manifest == "" {
		manifest = "Cargo.toml"
		if _, err := os.Stat(manifest); err != nil {
			return crate.Unknown(), nil //nolint:nilerr // there is no crate at hand
		}
	}
	c, err := crate.Open(manifest)
	if err != nil {
		return cty.NilVal, usageError{err}
	}
	return c.Value(), nil
}

// checkWith evaluates the pipeline and checks its gates. Where something is
// unknown, names can be missing for that alone, so the pipeline is evaluated a
// second time with sample values: what is wrong both times is wrong. broken are
// the mistakes that its blocks have.
func checkWith(cfg *config.Config, vars map[string]cty.Value, about cty.Value, broken hcl.Diagnostics) hcl.Diagnostics {
	sampled, known := map[string]cty.Value{}, about.IsWhollyKnown()
	for name, val := range vars {
		known = known && val.IsWhollyKnown()
		sampled[name] = sample(val)
	}
	_, _, early := cfg.Concept(sampled)
	diags := only(early, config.NotKnown) // a crate that is not there yet
	found := evaluate(cfg, vars, about, broken)
	if known {
		return append(diags, found...)
	}
	type mistake struct{ at, summary string }
	of := func(d *hcl.Diagnostic) mistake {
		if d.Subject == nil {
			return mistake{summary: d.Summary}
		}
		return mistake{d.Subject.String(), d.Summary}
	}
	also := map[mistake]bool{}
	for _, d := range evaluate(cfg, sampled, sample(about), broken) {
		also[of(d)] = true
	}
	for _, d := range found {
		if also[of(d)] {
			diags = append(diags, d)
		}
	}
	return diags
}

// evaluate gives all mistakes of a pipeline for some values, whose blocks have
// some that are known.
func evaluate(cfg *config.Config, vars map[string]cty.Value, about cty.Value, broken hcl.Diagnostics) hcl.Diagnostics {
	p, diags := cfg.Evaluate(vars, about)
	images := map[string]plan.Image{}
	for _, i := range p.Images {
		images[i.Name] = plan.Image{Name: i.Name}
	}
	g, d := stages.Plan(stages.Input{Pipeline: p, Images: images})
	known := append(diags[:len(diags):len(diags)], broken...)
	if known.HasErrors() {
		d = config.Further(known, stages.Certain(d))
	}
	measureAll(g, append(known, d...))
	return append(append(diags, d...), verdict.Check(p, stages.Metrics(), g)...)
}

// measureAll lets steps with mistakes measure everything: what a gate reads of
// such a step may be there when the step is mended.
func measureAll(g *plan.Graph, mistakes hcl.Diagnostics) {
	for _, d := range mistakes {
		if d.Severity != hcl.DiagError || d.Subject == nil {
			continue
		}
		var in *plan.Step // the last one that begins before it
		for _, stage := range g.Stages {
			for i := range stage.Steps {
				if at := stage.Steps[i].Range; at.File == d.Subject.Filename && at.StartLine <= d.Subject.Start.Line && (in == nil || at.StartLine > in.Range.StartLine) {
					in = &stage.Steps[i]
				}
			}
		}
		if in != nil {
			in.Metrics = stages.Metrics().Groups()
		}
	}
}

// sample is a value with something in place of everything unknown: one element
// in each list, a word for each string.
func sample(val cty.Value) cty.Value {
	val, marks := val.UnmarkDeep()
	if val.IsWhollyKnown() {
		return val.WithMarks(marks)
	}
	return sampleOf(val.Type()).WithMarks(marks)
}

func sampleOf(t cty.Type) cty.Value {
	switch {
	case t == cty.Bool:
		return cty.True
	case t == cty.Number:
		return cty.NumberIntVal(1)
	case t.IsListType():
		return cty.ListVal([]cty.Value{sampleOf(t.ElementType())})
	case t.IsSetType():
		return cty.SetVal([]cty.Value{sampleOf(t.ElementType())})
	case t.IsMapType():
		return cty.MapVal(map[string]cty.Value{"sample": sampleOf(t.ElementType())})
	case t.IsTupleType():
		var elements []cty.Value
		for _, e := range t.TupleElementTypes() {
			elements = append(elements, sampleOf(e))
		}
		return cty.TupleVal(elements)
	case t.IsObjectType():
		attrs := map[string]cty.Value{}
		for name, a := range t.AttributeTypes() {
			attrs[name] = sampleOf(a)
		}
		return cty.ObjectVal(attrs)
	}
	return cty.StringVal("sample")
}

// only keeps the diagnostics with a summary.
func only(diags hcl.Diagnostics, summary string) hcl.Diagnostics {
	var out hcl.Diagnostics
	for _, d := range diags {
		if d.Summary == summary {
			out = append(out, d)
		}
	}
	return out
}

// withoutNoValue leaves out that a variable has no value yet.
func withoutNoValue(diags hcl.Diagnostics) hcl.Diagnostics {
	return slices.DeleteFunc(diags, func(d *hcl.Diagnostic) bool { return d.Summary == lang.NoValue })
}

func (a *app) printValidation(cfg *config.Config, diags hcl.Diagnostics, asJSON bool) error {
	if asJSON {
		if err := a.printJSON(diagjson.New(config.Most(diags), cfg.Files)); err != nil {
			return err
		}
	} else {
		a.printDiagnostics(diags, cfg.Files)
	}
	if diags.HasErrors() {
		return errInvalid
	}
	if !asJSON {
		steps := 0
		for _, s := range cfg.Stages {
			steps += len(s.Steps)
		}
		fmt.Fprintf(a.stdout, "The pipeline is valid: %s, %s, %s.\n", count(len(cfg.Stages), "stage"), count(steps, "step"), count(len(cfg.Gates), "gate"))
	}
	return nil
}

// count is "1 step" or "3 steps".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
