package stages

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/sixtyhq/sixty/internal/advisory"
	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/verdict"
	"github.com/sixtyhq/sixty/stages/setup"
	"github.com/sixtyhq/sixty/stages/validation"
)

// group is one group of metrics: its figures, and how they are read from what
// a step left behind. A figure that can't be read is left out.
type group struct {
	fields []verdict.Field
	read   func(out output, c *crate.Crate) (map[string]float64, error)
}

// groups are all groups of metrics that a step can name.
func groups() map[string]group {
	return map[string]group{
		"build": {[]verdict.Field{
			{Name: "warnings", Description: "warnings of the compiler in the crate's own packages"},
			{Name: "errors", Description: "errors of the compiler"},
			{Name: "binaries", Description: "programs that were built"},
		}, readBuild},
		"tests": {[]verdict.Field{
			{Name: "executed", Description: "tests that ran, documentation tests included"},
			{Name: "passed", Description: "tests that passed"},
			{Name: "failed", Description: "tests that failed"},
			{Name: "ignored", Description: "tests that are marked as ignored"},
		}, readTests},
		"clippy": {[]verdict.Field{
			{Name: "warnings", Description: "warnings of clippy and the compiler, each place counted once"},
			{Name: "errors", Description: "errors of clippy and the compiler"},
		}, readMessages},
		"coverage": {[]verdict.Field{
			{Name: "lines", Unit: "percent", Description: "lines of the crate's own sources that tests have run"},
			{Name: "functions", Unit: "percent", Description: "functions that tests have run"},
			{Name: "regions", Unit: "percent", Description: "code regions that tests have run"},
		}, readCoverage},
		"format": {[]verdict.Field{
			{Name: "files", Description: "files that rustfmt would change"},
		}, readFormat},
		"package": {[]verdict.Field{
			{Name: "crates", Description: "archives that cargo package made"},
			{Name: "bytes", Unit: "bytes", Description: "size of the archives"},
		}, readPackage},
		"docs": {[]verdict.Field{
			{Name: "warnings", Description: "warnings of rustdoc and the compiler"},
			{Name: "errors", Description: "errors of rustdoc and the compiler"},
		}, readMessages},
		"audit": {[]verdict.Field{
			{Name: "vulnerabilities", Description: "known vulnerabilities among the locked packages"},
			{Name: "unmaintained", Description: "packages that are known to be unmaintained"},
			{Name: "unsound", Description: "packages that are known to be unsound"},
			{Name: "packages", Description: "packages that were looked up"},
		}, readAudit},
	}
}

// Metrics is the schema of everything that can be measured.
func Metrics() verdict.Schema {
	s := verdict.Schema{}
	for name, g := range groups() {
		s[name] = g.fields
	}
	return s
}

// Measure reads the metrics of every step that ran, from the folder of its
// result, and gives them by the step's ID. A step's reader that fails is told as
// a warning, and its figures stay unmeasured.
func Measure(g *plan.Graph, results []plan.Result, c *crate.Crate) (map[string]verdict.Metrics, []string) {
	all := groups()
	out := map[string]verdict.Metrics{}
	var warnings []string
	steps := g.ByID()
	for _, r := range results {
		step, ok := steps[r.Step]
		// The folder of a step that did not run may hold an earlier run's output.
		if !ok || r.Dir == "" || !r.Status.Ran() || len(step.Metrics) == 0 {
			continue
		}
		root, err := os.OpenRoot(r.Dir)
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("step %s: its output can't be read: %v", r.Step, err))
			continue
		}
		for _, name := range step.Metrics {
			values, err := all[name].read(output{r, root}, c)
			if err != nil {
				warnings = append(warnings, fmt.Sprintf("step %s: metrics.%s: %v", r.Step, name, err))
				continue
			}
			if len(values) > 0 {
				if out[r.Step] == nil {
					out[r.Step] = verdict.Metrics{}
				}
				out[r.Step][name] = values
			}
		}
		root.Close()
	}
	return out, warnings
}

func readBuild(o output, _ *crate.Crate) (map[string]float64, error) {
	m, err := o.messages()
	if err != nil || m.Success == nil {
		return nil, err
	}
	return map[string]float64{"warnings": float64(m.Warnings), "errors": float64(m.Errors), "binaries": float64(len(m.Executables))}, nil
}

// readMessages counts diagnostics. Without cargo's word that the build has
// come to its end nothing is counted: a build that never began has no warnings
// either.
func readMessages(o output, _ *crate.Crate) (map[string]float64, error) {
	m, err := o.messages()
	if err != nil || m.Success == nil {
		return nil, err
	}
	return map[string]float64{"warnings": float64(m.Warnings), "errors": float64(m.Errors)}, nil
}

func readTests(o output, c *crate.Crate) (map[string]float64, error) {
	stdout, err := o.file("stdout")
	if err != nil {
		return nil, err
	}
	stderr, err := o.file("stderr")
	if err != nil {
		return nil, err
	}
	m, err := cargo.ParseMessages(bytes.NewReader(stdout))
	if err != nil {
		return nil, err
	}
	t := cargo.ParseTests(cargo.TestLog{Stdout: stdout, Stderr: stderr, ExitCode: o.ExitCode, Binaries: cargo.TestBinaries(m, c.Project)})
	if !t.Ran {
		return nil, nil
	}
	if !t.Sound {
		return nil, fmt.Errorf("the tests' output contradicts itself: %v", t.Problems)
	}
	return map[string]float64{
		"executed": float64(t.Executed), "passed": float64(t.Passed), "failed": float64(t.Failed), "ignored": float64(t.Ignored),
	}, nil
}

// readCoverage reads llvm-cov's summary; tests' own files do not count.
func readCoverage(o output, _ *crate.Crate) (map[string]float64, error) {
	f, err := o.open(coverageFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cov, err := cargo.ParseCoverage(f, setup.SourceDir, nil)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for name, c := range map[string]cargo.Covered{"lines": cov.Lines, "functions": cov.Functions, "regions": cov.Regions} {
		if c.Percent != nil {
			values[name] = *c.Percent
		}
	}
	return values, nil
}

func readFormat(o output, _ *crate.Crate) (map[string]float64, error) {
	stdout, err := o.file("stdout")
	if err != nil {
		return nil, err
	}
	stderr, err := o.file("stderr")
	if err != nil {
		return nil, err
	}
	f := cargo.ParseFormatting(stdout, stderr, setup.SourceDir)
	switch {
	case len(f.Errors) > 0:
		return nil, fmt.Errorf("rustfmt: %s", f.Errors[0])
	case len(f.Files) == 0 && !o.Status.OK():
		return nil, errors.New("rustfmt failed and named no file")
	}
	return map[string]float64{"files": float64(len(f.Files))}, nil
}

func readPackage(o output, _ *crate.Crate) (map[string]float64, error) {
	entries, err := fs.ReadDir(o.root.FS(), cratesFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var crates, size float64
	for _, entry := range entries {
		if !entry.Type().IsRegular() || path.Ext(entry.Name()) != ".crate" {
			continue
		}
		st, err := entry.Info()
		if err != nil {
			return nil, err
		}
		crates++
		size += float64(st.Size())
	}
	if crates == 0 {
		return nil, nil
	}
	return map[string]float64{"crates": crates, "bytes": size}, nil
}

func readAudit(o output, _ *crate.Crate) (map[string]float64, error) {
	b, err := o.file(validation.ReportFile)
	if err != nil {
		return nil, err
	}
	var r advisory.Report
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, err
	}
	return map[string]float64{
		"vulnerabilities": float64(len(r.Vulnerabilities)), "unmaintained": float64(len(r.Unmaintained)),
		"unsound": float64(len(r.Unsound)), "packages": float64(r.Checked),
	}, nil
}
