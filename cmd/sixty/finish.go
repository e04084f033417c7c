package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
)

// bundleSuffix is added to a report's name for its bundle.
const bundleSuffix = ".sigstore.json"

// written lists what a run writes, as far as it was told where.
func (o *runOptions) written() []string {
	dir := filepath.Dir(o.report)
	paths := []string{o.report, markdownPath(o.report), o.report + bundleSuffix}
	for _, name := range []string{"logs", "artifacts", attestationsName, cycloneDXName, spdxName, publicKeyName} {
		paths = append(paths, filepath.Join(dir, name))
	}
	if o.metrics != "" {
		paths = append(paths, o.metrics)
	}
	return paths
}

// markdownPath is where a report's summary lies.
func markdownPath(report string) string { return strings.TrimSuffix(report, ".json") + ".md" }

// finished is what lies on disk when a run is over.
type finished struct {
	report    report.Report
	dir       string
	path      string
	bundle    string
	publicKey string
	keyNote   string
}

// finish exports logs and artifacts, writes the report in its forms and signs
// it, as by says; nil signs nothing.
func (a *app) finish(ctx context.Context, o *runOptions, e *executed, by *signing) (*finished, error) {
	f := &finished{path: o.report, dir: filepath.Dir(o.report)}
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return nil, usagef("make the folder for the report: %w", err)
	}
	if err := exportLogs(e.results, filepath.Join(f.dir, "logs")); err != nil {
		return nil, err
	}
	artifacts, err := exportArtifacts(e.results, filepath.Join(f.dir, "artifacts"))
	if err != nil {
		return nil, err
	}
	f.report = e.report(o, artifacts)
	if by != nil {
		f.bundle = o.report + bundleSuffix
		f.report.Attestation = report.Attestation{Signed: true, Bundle: filepath.Base(f.bundle)}
		if by.key != nil {
			f.report.Attestation.KeyHint = by.key.Hint()
		}
	}
	text, err := f.report.JSON()
	if err != nil {
		return nil, err
	}
	if err := writeFile(o.report, text); err != nil {
		return nil, err
	}
	if err := writeFile(markdownPath(o.report), []byte(f.report.Markdown())); err != nil {
		return nil, err
	}
	if err := e.writeMetrics(o.metrics); err != nil {
		return nil, err
	}
	if by == nil {
		return f, nil
	}
	return f, f.sign(ctx, e, by, text)
}

// writeMetrics writes the metrics alone to a file, or nowhere for no name.
func (e *executed) writeMetrics(path string) error {
	if path == "" {
		return nil
	}
	m, err := json.MarshalIndent(e.verdict.Metrics, "", "  ")
	if err != nil {
		return fmt.Errorf("write the metrics: %w", err)
	}
	return writeFile(path, append(m, '\n'))
}

// sign makes the bundle over the report and the artifacts, and beside it those
// of all other statements.
func (f *finished) sign(ctx context.Context, e *executed, by *signing, text []byte) error {
	f.keyNote, f.publicKey = by.note, by.publicKey
	if by.key != nil && f.publicKey == "" {
		f.publicKey = filepath.Join(f.dir, publicKeyName)
		if err := writeFile(f.publicKey, by.key.PublicPEM()); err != nil {
			return err
		}
	}
	subjects := []statement.Resource{statement.Bytes(filepath.Base(f.path), text)}
	for _, art := range f.report.Artifacts {
		subjects = append(subjects, statement.Resource{Name: art.Name, Digest: statement.Digest{"sha256": art.SHA256}})
	}
	st, err := statement.New(subjects, predicate(f.report, e.claims()))
	if err != nil {
		return fmt.Errorf("state the verdict: %w", err)
	}
	bundle, err := sign.Bundle(ctx, st, by.signer)
	if err != nil {
		return fmt.Errorf("sign the report: %w", err)
	}
	bundle = append(bundle, '\n')
	if err := writeFile(f.bundle, bundle); err != nil {
		return err
	}
	return f.attest(ctx, e, by.signer, subjects, bundle)
}

// claims are what was measured beyond the gates; what was not is absent.
func (e *executed) claims() statement.Claims {
	c := statement.Claims{Hermetic: e.hermetic()}
	if e.reproduction != nil {
		c.Reproducible = e.reproduction.claim()
	}
	return c
}

// predicate is the report in the form that is signed.
func predicate(r report.Report, claims statement.Claims) statement.Report {
	p := statement.Report{
		Run: r.SessionID, Crate: statement.Crate{Name: r.CrateName, Version: r.CrateVersion},
		StartedOn: r.StartedAt, FinishedOn: r.StartedAt.Add(time.Duration(r.TotalDurationMS) * time.Millisecond),
		Level: r.Level, Status: statement.Status(r.DeploymentStatus), Claims: claims,
	}
	for _, l := range r.Levels {
		p.Levels = append(p.Levels, statement.Level{Name: l.Name, Ready: l.Ready, Missing: l.Missing})
	}
	for _, g := range r.Gates {
		p.Gates = append(p.Gates, statement.Gate{Name: g.Name, Level: g.Level, Severity: g.Severity, Status: statement.GateStatus(report.Word(g.Status)), Message: g.Message})
	}
	return p
}

// report gathers what is known into the report.
func (e *executed) report(o *runOptions, artifacts []report.Artifact) report.Report {
	r := report.Report{
		Schema: report.SchemaURI, SessionID: rand.Text(), CrateName: e.crate.Name, CrateVersion: e.crate.Version,
		Template: e.template, StartedAt: e.started.UTC(), Sixty: version, Engine: e.engine, Source: e.tree.Digest,
		Images: []report.Image{}, Metrics: e.verdict.Metrics, Gates: []report.Gate{}, Level: e.verdict.Asked,
		NetworkSteps: []string{}, Artifacts: artifacts, DeploymentStatus: report.NotReady,
		Recommendation: report.Recommend(e.verdict), Warnings: e.warnings,
	}
	for _, i := range e.graph.Images {
		r.Images = append(r.Images, report.Image{Name: i.Name, Ref: i.Ref, Digest: i.Digest, Origin: i.Origin})
	}
	reporting := plan.Result{Step: "reporting.report", Stage: "reporting", Name: "report", Status: plan.StatusPassed, Started: e.judged, Ended: time.Now()}
	r.Stages = report.Stages(e.graph, append(e.host, reporting), e.results)
	for _, stage := range r.Stages {
		for i, step := range stage.Steps {
			stage.Steps[i].Metrics = e.measured[step.ID]
		}
	}
	for _, o := range e.verdict.Outputs {
		r.Outputs = append(r.Outputs, report.Output(o))
	}
	status := map[string]plan.Status{}
	for _, g := range e.verdict.Gates {
		status[g.Name] = g.Status
		r.Gates = append(r.Gates, report.Gate{Name: g.Name, Level: g.Level, Severity: g.Severity, Status: g.Status, Message: g.Message})
	}
	r.Validation = report.Validation{PackageValid: status["package"], Documentation: status["docs"], Audit: status["audit"], PublishDryRun: status["publish"]}
	for _, l := range e.verdict.Levels {
		missing := l.Missing
		if missing == nil {
			missing = []string{}
		}
		r.Levels = append(r.Levels, report.Level{Name: l.Name, Ready: l.Ready, Missing: missing})
	}
	for _, res := range append(append([]plan.Result{}, e.host...), e.results...) {
		if res.Record != nil && res.Record.LoopbackOnly != nil && !*res.Record.LoopbackOnly {
			r.NetworkSteps = append(r.NetworkSteps, res.Step)
		}
	}
	if e.verdict.Ready {
		r.DeploymentStatus = report.Ready
	}
	r.TotalDurationMS = time.Since(e.started).Milliseconds()
	return r
}

// exportLogs copies what each step printed.
func exportLogs(results []plan.Result, dir string) error {
	for _, r := range results {
		if r.Dir == "" {
			continue
		}
		to := filepath.Join(dir, r.Step+".log")
		log, err := openLeft(r.Dir, "log")
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			err = writeFile(to, []byte("sixty: this log could not be read: "+err.Error()+"\n"))
		default:
			err = copyTo(log, to)
		}
		if err != nil {
			return fmt.Errorf("export the log of %s: %w", r.Step, err)
		}
	}
	return nil
}

// copyTo copies a file with its mode and closes it.
func copyTo(src *os.File, to string) error {
	defer src.Close()
	st, err := src.Stat()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, st.Mode().Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(dst, src); err != nil {
		dst.Close()
		return err
	}
	return dst.Close()
}

// writeFile replaces a file in one step.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	// Another process may write the same file at the same time.
	tmp := path + ".new-" + rand.Text()
	if err := os.WriteFile(tmp, content, 0o644); err != nil {
		os.Remove(tmp) //nolint:errcheck // it may not be there
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		os.Remove(tmp) //nolint:errcheck // the error that counts is the first
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// maxShownLog bounds how much of a log is read to show its end, in bytes.
const maxShownLog = 1 << 20

// logTail is the last lines of a step's log as its tool would show them,
// indented, with a line break before; empty when there is no log.
func logTail(dir string, lines int) string {
	f, err := openLeft(dir, "log")
	if err != nil {
		return ""
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.Size() > maxShownLog {
		if _, err := f.Seek(-maxShownLog, io.SeekEnd); err != nil {
			return ""
		}
	}
	b, err := io.ReadAll(f)
	if err != nil || len(b) == 0 {
		return ""
	}
	all := strings.Split(strings.TrimRight(string(cargo.Readable(b)), "\n"), "\n")
	if len(all) > lines {
		all = append([]string{"…"}, all[len(all)-lines:]...)
	}
	return "\n    " + strings.Join(all, "\n    ")
}
