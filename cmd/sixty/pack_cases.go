package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/report"
	"github.com/sixtyhq/sixty/stages/concept"
	"github.com/sixtyhq/sixty/stages/generation"
)

// packTestOptions is everything that a command line says about sixty pack test.
type packTestOptions struct {
	runOptions
	dir     string
	rewrite bool
	deploy  bool
	json    bool
}

// testedPack is what became of a pack's tests, for programs.
type testedPack struct {
	Pack    string       `json:"pack"`
	Version string       `json:"version"`
	Passed  bool         `json:"passed"`
	Cases   []testedCase `json:"cases"`
}

// testedCase is one case: what it gives beside what is expected, and what its
// deployment came to.
type testedCase struct {
	Name string `json:"name"`
	// Output is "ok", "written", "differs" or "failed".
	Output string `json:"output"`
	Diff   string `json:"diff,omitempty"`
	Error  string `json:"error,omitempty"`
	// Deployment is absent where none was asked for, and where the output was not
	// the expected one.
	Deployment *testedDeployment `json:"deployment,omitempty"`
}

// testedDeployment is what a report says of a case.
type testedDeployment struct {
	Status string        `json:"status"`
	Level  string        `json:"level"`
	Gates  []report.Gate `json:"gates"`
}

func (c testedCase) ok() bool { return c.Output == "ok" || c.Output == "written" }

// testPack runs the cases of a pack's tests.
func (a *app) testPack(ctx context.Context, o *packTestOptions) error {
	pack, err := openPack(o.dir)
	if err != nil {
		return err
	}
	tests, err := pack.Tests()
	if err != nil {
		return err
	}
	if len(tests) == 0 {
		return usagef("%s has no tests: write tests/basic/test.hcl with the variables of a case, such as variables = { name = \"demo\" }, then sixty pack test --update", o.dir)
	}
	if pack.Pipeline != "" { // a mistake in it would show only when someone deploys
		if _, _, err := a.loadPack(ctx, pack, o.dir); err != nil {
			return err
		}
	}
	packs, err := a.testedPacks(ctx, pack, o.dir)
	if err != nil {
		return err
	}
	out := testedPack{Pack: pack.ID, Version: pack.Version, Passed: true}
	for _, t := range tests {
		tested, err := a.testCase(ctx, packs, t, o)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		out.Cases = append(out.Cases, tested)
		ready := tested.Deployment == nil || tested.Deployment.Status == report.Ready
		out.Passed = out.Passed && tested.ok() && ready && err == nil
		if err != nil { // of the pipeline or the engine: other cases would have it too
			if o.json {
				return errors.Join(err, a.printJSON(out))
			}
			return err
		}
	}
	return a.tellCases(o, out)
}

// tellCases ends a test: what a program reads, or what a person does next.
func (a *app) tellCases(o *packTestOptions, out testedPack) error {
	if o.json {
		if err := a.printJSON(out); err != nil {
			return err
		}
	}
	if out.Passed {
		return nil
	}
	different, notReady := 0, 0
	for _, c := range out.Cases {
		if !c.ok() {
			different++
		} else if c.Deployment != nil && c.Deployment.Status != report.Ready {
			notReady++
		}
	}
	if different > 0 {
		fmt.Fprintf(a.stderr, "%d of %d cases failed. If what the pack gives now is right: sixty pack test --update\n", different, len(out.Cases))
	}
	if notReady > 0 {
		fmt.Fprintf(a.stderr, "%d of %d cases are not ready at the level %s\n", notReady, len(out.Cases), o.level)
	}
	return errNo
}

// testedPacks are the pack in a folder and, out of the market, all that it depends
// on.
func (a *app) testedPacks(ctx context.Context, pack *market.Pack, dir string) (*concept.Packs, error) {
	if len(pack.Dependencies) == 0 {
		return &concept.Packs{Pack: pack}, nil
	}
	m, err := a.market(market.PreferCache)
	if err != nil {
		return nil, err
	}
	cfg, err := market.ReadConfig(m.config)
	if err != nil {
		return nil, err
	}
	own, err := market.NewDirSource(dir)
	if err != nil {
		return nil, err
	}
	added, faults := cfg.Open(m.openers...)
	for _, f := range faults {
		fmt.Fprintf(a.stderr, "Warning: %s\n", deploy.Readable(f.Error()))
	}
	catalog, err := market.OpenCatalog(ctx, append(append([]market.Source{own}, added...), concept.Shipped())...)
	if err != nil {
		return nil, err
	}
	all, err := catalog.ResolveAll(ctx, pack.ID, "= "+pack.Version, market.Pins{})
	if err != nil {
		return nil, err
	}
	return concept.Together(all), nil
}

// testCase renders one case, compares it with what is expected, and deploys it
// where that was asked for. The error is of a deployment that could not be made.
func (a *app) testCase(ctx context.Context, packs *concept.Packs, t market.PackTest, o *packTestOptions) (testedCase, error) {
	out := testedCase{Name: t.Name}
	scratch, err := os.MkdirTemp("", "sixty-pack-test-")
	if err != nil {
		return out, err
	}
	defer os.RemoveAll(scratch)
	made, err := generation.Render(ctx, generation.Request{Pack: packs.Pack, Dependencies: packs.Dependencies, Given: t.Given,
		Dir: filepath.Join(scratch, "crate"), Epoch: testEpoch})
	if err == nil {
		out.Diff, err = compareCase(made, packs.Pack, t, o)
	}
	switch {
	case err != nil:
		out.Output, out.Error = "failed", err.Error()
		a.say(o, "FAIL     %s\n", t.Name)
		a.exitCode(ctx, err)
	case out.Diff != "" && o.rewrite:
		out.Output, out.Diff = "written", ""
		a.say(o, "written  %s\n", t.Name)
	case out.Diff != "":
		out.Output = "differs"
		a.say(o, "FAIL     %s\n%s", t.Name, deploy.Readable(out.Diff))
	default:
		out.Output = "ok"
		a.say(o, "ok       %s\n", t.Name)
	}
	if !o.deploy || !out.ok() {
		return out, nil
	}
	if err := made.Write(ctx, false); err != nil {
		return out, err
	}
	out.Deployment, err = a.deployCase(ctx, packs.Pack, made.Dir, o)
	return out, err
}

// say prints what people read, unless programs do.
func (a *app) say(o *packTestOptions, format string, args ...any) {
	if !o.json {
		fmt.Fprintf(a.stdout, format, args...)
	}
}

// compareCase gives how a case differs from what is expected, and replaces that
// where it is asked to.
func compareCase(made *generation.Result, pack *market.Pack, t market.PackTest, o *packTestOptions) (string, error) {
	want, err := fs.Sub(pack.FS, t.Want)
	if err != nil {
		return "", err
	}
	diff, err := made.Plan.Compare(want)
	if err != nil || diff == "" || !o.rewrite {
		return diff, err
	}
	return diff, replaceTree(o.dir, t.Want, made.Plan.Files())
}

// deployCase deploys a crate that a case gave as its user would: with the pipeline
// that it has itself, else the one that the pack brings, else the built-in one.
func (a *app) deployCase(ctx context.Context, pack *market.Pack, dir string, o *packTestOptions) (*testedDeployment, error) {
	run := o.runOptions
	run.dir, run.manifest = dir, filepath.Join(dir, "Cargo.toml")
	run.report = filepath.Join(filepath.Dir(dir), "out", "report.json")
	if _, err := os.Stat(filepath.Join(dir, deploy.DefaultPipeline)); pack.Pipeline != "" && errors.Is(err, fs.ErrNotExist) {
		run.recordedPipeline = func() (*config.Config, hcl.Diagnostics, error) { return a.loadPack(ctx, pack, dir) }
	}
	e, err := a.execute(ctx, &run)
	if err != nil {
		return nil, err
	}
	r := e.Report(nil)
	a.printFailures(e.Results, e.Config.Files)
	if !o.json {
		a.printReport(r)
		fmt.Fprintf(a.stdout, "%s  %s %s in %s. %s\n\n", r.DeploymentStatus, deploy.Readable(r.CrateName), deploy.Readable(r.CrateVersion),
			report.Duration(r.TotalDurationMS), r.Recommendation)
	}
	return &testedDeployment{Status: r.DeploymentStatus, Level: r.Level, Gates: r.Gates}, nil
}

// replaceTree replaces a folder under dir with files; links do not lead it
// elsewhere.
func replaceTree(dir, folder string, files map[string][]byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.RemoveAll(folder); err != nil {
		return fmt.Errorf("replace what a test expects: %w", err)
	}
	for name, content := range files {
		name = filepath.Join(filepath.FromSlash(folder), filepath.FromSlash(name))
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("write what a test expects: %w", err)
		}
		if err := root.WriteFile(name, content, 0o644); err != nil {
			return fmt.Errorf("write what a test expects: %w", err)
		}
	}
	return nil
}
