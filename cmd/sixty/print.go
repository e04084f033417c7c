package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/cmd/sixty/attestation"
	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
)

// printFailures shows each step that said no: where it stands in the pipeline,
// with the line, and the end of its log.
func (a *app) printFailures(results []plan.Result, files map[string]*hcl.File) {
	for _, r := range deploy.Failed(results) {
		where := ""
		if r.Range.File != "" {
			where = fmt.Sprintf(" (%s:%d)", r.Range.File, r.Range.StartLine)
		}
		line := sourceLine(files, r.Range)
		if r.Service != nil {
			fmt.Fprintf(a.stderr, "\nStep %s%s failed%s\n%s", r.Step, where, deploy.Readable(serviceEnd(r)), line)
			continue
		}
		fmt.Fprintf(a.stderr, "\nStep %s%s %s\n%s%s\n", r.Step, where, deploy.Ending(r), line, strings.TrimPrefix(deploy.Readable(deploy.LogTail(r.Dir, 30)), "\n"))
	}
}

// sourceLine is the first line of a place, as diagnostics show it; empty where
// there is none.
func sourceLine(files map[string]*hcl.File, at plan.Range) string {
	f := files[at.File]
	if f == nil {
		return ""
	}
	lines := bytes.Split(f.Bytes, []byte("\n"))
	if at.StartLine < 1 || at.StartLine > len(lines) {
		return ""
	}
	return fmt.Sprintf("%4d: %s\n", at.StartLine, deploy.Readable(string(lines[at.StartLine-1])))
}

// serviceEnd says which service a step failed for, and shows the end of its log.
func serviceEnd(r plan.Result) string {
	where := ""
	if at := r.Service.Range; at.File != "" {
		where = fmt.Sprintf(" (%s:%d)", at.File, at.StartLine)
	}
	return fmt.Sprintf(": service %q%s %s%s", r.Service.Name, where, r.Service.Reason, deploy.FileTail(r.Dir, r.Service.Log, 30))
}

// printReport shows the verdict: stages, gates, levels, answer.
func (a *app) printReport(r report.Report) {
	fmt.Fprintln(a.stdout)
	w := tabwriter.NewWriter(a.stdout, 0, 4, 3, ' ', 0)
	fmt.Fprintln(w, "STAGE\tTIME\tBUDGET\tCACHED\tSTATUS")
	for _, s := range r.Stages {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.Name, stageTime(s), s.BudgetText(), s.CachedText(), progress.Paint(s.Status, a.color()))
	}
	w.Flush() //nolint:errcheck // the terminal is gone
	fmt.Fprintln(a.stdout)
	w = tabwriter.NewWriter(a.stdout, 0, 4, 3, ' ', 0)
	fmt.Fprintln(w, "GATE\tLEVEL\tSTATUS\t")
	for _, g := range r.Gates {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", g.Name, g.Level, progress.Paint(g.Status, a.color()), deploy.Readable(g.Message))
	}
	w.Flush() //nolint:errcheck // the terminal is gone
	fmt.Fprintln(a.stdout)
	a.printOutputs(r)
}

// printOutputs shows the values of the pipeline's output blocks.
func (a *app) printOutputs(r report.Report) {
	if len(r.Outputs) == 0 {
		return
	}
	w := tabwriter.NewWriter(a.stdout, 0, 4, 3, ' ', 0)
	fmt.Fprintln(w, "OUTPUT\tVALUE")
	for _, o := range r.Outputs {
		fmt.Fprintf(w, "%s\t%s\n", o.Name, deploy.Readable(o.Text()))
	}
	w.Flush() //nolint:errcheck // the terminal is gone
	fmt.Fprintln(a.stdout)
}

func stageTime(s report.Stage) string {
	if s.Status == plan.StatusSkipped {
		return "–"
	}
	return report.Duration(s.DurationMS)
}

// printAnswer is the last thing that deploy says.
func (a *app) printAnswer(f *finished, crateDir string) {
	r := f.report
	fmt.Fprintf(a.stdout, "%s  %s %s in %s. %s\n\n", r.DeploymentStatus, r.CrateName, r.CrateVersion, report.Duration(r.TotalDurationMS), r.Recommendation)
	w := tabwriter.NewWriter(a.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "source\t%s\n", crateDir)
	for _, art := range r.Artifacts {
		if strings.HasSuffix(art.Name, ".crate") {
			fmt.Fprintf(w, "crate\t%s\n", art.Path)
		} else {
			fmt.Fprintf(w, "binary\t%s\n", art.Path)
		}
	}
	if claims := r.Claims.Text(); claims != "" {
		fmt.Fprintf(w, "claims\t%s\n", claims)
	}
	fmt.Fprintf(w, "report\t%s\n", f.path)
	if f.bundle != "" {
		fmt.Fprintf(w, "bundle\t%s\n", f.bundle)
		fmt.Fprintf(w, "statements\t%s\n", filepath.Join(f.dir, attestation.StatementFile))
	}
	w.Flush() //nolint:errcheck // the terminal is gone
	if f.publicKey != "" {
		fmt.Fprintf(a.stdout, "\nAnyone with the public key can check it:\n  sixty verify %s --bundle %s --key %s\n", f.path, f.bundle, f.publicKey)
	}
	if f.keyNote != "" {
		fmt.Fprintf(a.stderr, "\n%s\n", f.keyNote)
	}
}
