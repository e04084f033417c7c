package module

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/provenance"
	"github.com/sixtyhq/sixty/internal/report"
)

// Deployed is a run that is over.
type Deployed struct {
	Report report.Report
	// Dir is the report's folder: report.json, its other forms, logs and
	// artifacts, and, where it is signed, bundle and public key.
	Dir *dagger.Directory
	// Source is the crate.
	Source *dagger.Directory
	// Failures says in words which steps said no, each with the end of its log.
	Failures string
}

// Deploy runs all stages and writes the report. One that says no is no error.
func Deploy(ctx context.Context, client *dagger.Client, in Inputs, by *Signing) (*Deployed, error) {
	if err := by.check(); err != nil {
		return nil, err
	}
	s, r, err := do(ctx, client, in)
	if err != nil {
		return nil, err
	}
	if err := deploy.ExportLogs(r.Results, s.path("report", "logs")); err != nil {
		return nil, err
	}
	artifacts, err := deploy.ExportArtifacts(r.Results, s.path("report", "artifacts"))
	if err != nil {
		return nil, err
	}
	for i := range artifacts {
		artifacts[i].Path = "artifacts/" + artifacts[i].Name
	}
	d := &Deployed{Report: r.Report(artifacts), Failures: failures(r.Results), Source: s.crate(r)}
	if by != nil {
		d.Report.Attestation = report.Attestation{Signed: true, Bundle: BundleFile}
	}
	if err := s.writeLock(r); err != nil {
		return nil, err
	}
	if err := s.writeReport(r, d.Report); err != nil {
		return nil, err
	}
	s.host.View.Note("%s  %s %s at level %s in %s. %s", d.Report.DeploymentStatus, d.Report.CrateName, d.Report.CrateVersion, d.Report.Level,
		report.Duration(d.Report.TotalDurationMS), d.Report.Recommendation)
	d.Dir = s.directory("report")
	if by != nil {
		record, tree, err := s.recorded(r, d.Report)
		if err != nil {
			return nil, err
		}
		if d.Dir, err = by.sign(ctx, client, d.Dir, record, tree); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// The names of a report's forms in its folder.
const (
	ReportFile   = "report.json"
	MarkdownFile = "report.md"
	metricsFile  = "metrics.json"
	// BundleFile is the signed bundle.
	BundleFile = ReportFile + ".sigstore.json"
)

// writeReport writes the report in every form that there is.
func (s *session) writeReport(r *deploy.Run, rep report.Report) error {
	text, err := rep.JSON()
	if err != nil {
		return err
	}
	metrics, err := json.MarshalIndent(r.Verdict.Metrics, "", "  ")
	if err != nil {
		return fmt.Errorf("write the metrics: %w", err)
	}
	for name, content := range map[string][]byte{
		ReportFile: text, MarkdownFile: []byte(rep.Markdown()), metricsFile: append(metrics, '\n'), "report.schema.json": report.Schema,
	} {
		if err := s.write(content, "report", name); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return nil
}

// writeLock puts the lock of packs beside the report, where a crate was made: the
// source that it belongs to is a copy here.
func (s *session) writeLock(r *deploy.Run) error {
	if r.Made == nil {
		return nil
	}
	text, err := os.ReadFile(r.PackLockPath())
	if err == nil {
		err = s.write(text, "report", market.LockFile)
	}
	if err != nil {
		return fmt.Errorf("write the lock of packs: %w", err)
	}
	return nil
}

// recorded is what the statements of a run tell beside its report, and the
// packed source.
func (s *session) recorded(r *deploy.Run, rep report.Report) (record, tree *dagger.File, err error) {
	rec, err := provenance.Of(r, rep)
	if err != nil {
		return nil, nil, err
	}
	text, err := rec.JSON()
	if err != nil {
		return nil, nil, err
	}
	if err := s.write(text, "record.json"); err != nil {
		return nil, nil, fmt.Errorf("write the run's record: %w", err)
	}
	at, ok := below(s.dir, r.Tree.Path)
	if !ok {
		return nil, nil, fmt.Errorf("the packed source %s does not lie in the session's folder", r.Tree.Path)
	}
	return s.file("record.json"), s.file(at), nil
}

// do runs what the inputs ask for.
func do(ctx context.Context, client *dagger.Client, in Inputs) (*session, *deploy.Run, error) {
	s, err := open(ctx, client, in)
	if err != nil {
		return nil, nil, err
	}
	req, err := s.request()
	if err != nil {
		return nil, nil, err
	}
	r, err := deploy.Do(ctx, s.host, req)
	return s, r, err
}

// crate is the source that was judged, as a directory of the engine.
func (s *session) crate(r *deploy.Run) *dagger.Directory {
	if dir, ok := below(s.dir, r.Crate.Dir); ok {
		return s.directory(dir)
	}
	return s.inputs.Source
}

// Stages runs the clean room and some stages, and judges their gates alone. What
// it says is the answer in words; a no is an error with the same words.
func Stages(ctx context.Context, client *dagger.Client, in Inputs) (string, error) {
	_, r, err := do(ctx, client, in)
	if err != nil {
		return "", err
	}
	rep := r.Report(nil)
	var b strings.Builder
	for _, g := range rep.Gates {
		if g.Status != plan.StatusNotRun {
			fmt.Fprintf(&b, "%-12s %-14s %-8s %s\n", g.Name, g.Level, report.Word(g.Status), g.Message)
		}
	}
	if !r.StagesPassed() {
		return "", errors.New(strings.TrimSpace("not passed: " + rep.CrateName + " " + rep.CrateVersion + "\n" + b.String() + failures(r.Results)))
	}
	return rep.CrateName + " " + rep.CrateVersion + "\n" + b.String(), nil
}

// NotReady is the error of a deployment whose report says no; nil when it says
// yes.
func (d *Deployed) NotReady() error {
	if d.Report.DeploymentStatus == report.Ready {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s at level %s. %s\n", d.Report.DeploymentStatus, d.Report.CrateName, d.Report.CrateVersion, d.Report.Level, d.Report.Recommendation)
	for _, g := range d.Report.Gates {
		if g.Status == plan.StatusFailed {
			fmt.Fprintf(&b, "  gate %s (%s) failed: %s\n", g.Name, g.Level, g.Message)
		}
	}
	b.WriteString(d.Failures)
	return errors.New(strings.TrimSpace(b.String()))
}

// Crate is the .crate archive in the report's folder; empty when there is none.
func (d *Deployed) Crate() string {
	for _, art := range d.Report.Artifacts {
		if strings.HasSuffix(art.Name, ".crate") {
			return art.Path
		}
	}
	return ""
}

// failures shows each step that said no: where it stands in the pipeline and
// the end of its log.
func failures(results []plan.Result) string {
	var b strings.Builder
	for _, r := range deploy.Failed(results) {
		where := ""
		if r.Range.File != "" {
			where = fmt.Sprintf(" (%s:%d)", filepath.Base(r.Range.File), r.Range.StartLine)
		}
		fmt.Fprintf(&b, "\nStep %s%s %s%s\n", r.Step, where, deploy.Ending(r), deploy.Readable(deploy.LogTail(r.Dir, 30)))
	}
	return b.String()
}

// HasCrate reports whether a directory is a crate or a workspace.
func HasCrate(ctx context.Context, dir *dagger.Directory) (bool, error) {
	if dir == nil {
		return false, nil
	}
	entries, err := dir.Entries(ctx)
	if err != nil {
		return false, fmt.Errorf("look into the source: %w", err)
	}
	for _, e := range entries {
		if e == "Cargo.toml" {
			return true, nil
		}
	}
	return false, nil
}
