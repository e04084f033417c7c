package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/cmd/sixty/attestation"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/provenance"
	"github.com/sixtyhq/sixty/internal/report"
)

// written lists what a run writes, as far as it was told where.
func (o *runOptions) written() []string {
	dir := filepath.Dir(o.report)
	paths := []string{o.report, markdownPath(o.report), o.report + attestation.BundleSuffix}
	for _, name := range []string{"logs", "artifacts", attestation.StatementFile, attestation.CycloneDXFile, attestation.SPDXFile, attestation.PublicKeyFile} {
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
	claims    statement.Claims
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
	if err := deploy.ExportLogs(e.Results, filepath.Join(f.dir, "logs")); err != nil {
		return nil, err
	}
	artifacts, err := deploy.ExportArtifacts(e.Results, filepath.Join(f.dir, "artifacts"))
	if err != nil {
		return nil, err
	}
	f.report = e.Report(artifacts)
	f.claims = e.claims()
	f.report.Claims = report.Claims{Hermetic: reported(f.claims.Hermetic), Deterministic: reported(f.claims.Deterministic), Reproducible: reported(f.claims.Reproducible)}
	if by != nil {
		f.bundle = o.report + attestation.BundleSuffix
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
	m, err := json.MarshalIndent(e.Verdict.Metrics, "", "  ")
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
		f.publicKey = filepath.Join(f.dir, attestation.PublicKeyFile)
		if err := writeFile(f.publicKey, by.key.PublicPEM()); err != nil {
			return err
		}
	}
	gathered, err := provenance.Of(e.Run, f.report)
	if err != nil {
		return err
	}
	told, err := gathered.JSON()
	if err != nil {
		return err
	}
	record, err := attestation.ParseRecord(told)
	if err != nil {
		return err
	}
	return attestation.Sign(ctx, attestation.Run{
		File: f.path, Report: f.report, Text: text, Claims: f.claims, Record: record, Tree: e.Tree.Path, Write: writeFile,
	}, by.signer)
}

// claims are what was measured beyond the gates; what was not is absent.
func (e *executed) claims() statement.Claims {
	c := statement.Claims{Hermetic: e.hermetic()}
	if e.again != nil {
		c.Deterministic = e.again.claim()
	}
	if e.reproduction != nil {
		c.Reproducible = e.reproduction.claim()
	}
	return c
}

// writeFile replaces a file in one step.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	// Another process may write the same file at the same time.
	tmp := path + ".new-" + rand.Text()
	if err := os.WriteFile(tmp, content, 0o644); err != nil {
		os.Remove(tmp) // it may not be there
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		os.Remove(tmp) // the error that counts is the first
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// reported is a claim without its evidence, which the signed statement has.
func reported(c *statement.Claim) *report.Claim {
	if c == nil {
		return nil
	}
	return &report.Claim{Holds: c.Holds, Detail: c.Detail, Varied: c.Varied, NotVaried: c.NotVaried}
}
