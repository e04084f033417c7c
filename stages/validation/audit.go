// Package validation is the fifth stage. Its one in-process step compares the
// lockfile with an advisory database.
package validation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sixtyhq/sixty/internal/advisory"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/plan"
)

// AuditRunner is the name under which steps use the audit.
const AuditRunner = "audit"

// ReportFile is the audit's report in a result's folder, as JSON of
// advisory.Report.
const ReportFile = "audit.json"

// Audit runs the audit of one crate.
type Audit struct {
	Crate *crate.Crate
	// Database is the folder of the advisory database; empty when there is
	// none.
	Database string
	// Results is where a folder for the result is made.
	Results string
}

// Run checks the lockfile. Without a database the step is not run, which is
// no pass.
//
// What the audit finds does not make it fail: gates judge the figures.
func (a Audit) Run(ctx context.Context, s plan.Step) (plan.Result, error) {
	r := plan.Result{Step: s.ID, Stage: s.Stage, Name: s.Name, Range: s.Range, Started: time.Now()}
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	report, err := a.check()
	r.Ended = time.Now()
	switch {
	case errors.Is(err, advisory.ErrNoDatabase):
		r.Status, r.Reason = plan.StatusNotRun, "no advisory database; run sixty audit-db update, or give one with --audit-db"
		return r, nil
	case err != nil:
		return r, err
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return r, fmt.Errorf("write the audit's report: %w", err)
	}
	sum := sha256.Sum256(text)
	r.Dir = filepath.Join(a.Results, "audit-"+hex.EncodeToString(sum[:]))
	if err := writeReport(r.Dir, append(text, '\n')); err != nil {
		return r, fmt.Errorf("write the audit's report: %w", err)
	}
	r.Status = plan.StatusPassed
	return r, nil
}

// writeReport puts the report into the folder that is named after it, also as
// the step's log. The folder appears whole: another run may be reading one with
// the same content.
func writeReport(dir string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".audit-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) // gone when renamed
	for _, name := range []string{ReportFile, "log"} {
		if err := os.WriteFile(filepath.Join(tmp, name), text, 0o644); err != nil {
			return err
		}
	}
	if err := os.Rename(tmp, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// check compares every locked package with every advisory: which platforms the
// crate is for is not known here, so none is left out.
func (a Audit) check() (*advisory.Report, error) {
	if a.Database == "" {
		return nil, advisory.ErrNoDatabase
	}
	if a.Crate.Lock == nil {
		return nil, crate.ErrNoLock
	}
	root, err := os.OpenRoot(a.Database)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w at %s", advisory.ErrNoDatabase, a.Database)
	}
	if err != nil {
		return nil, fmt.Errorf("open the advisory database: %w", err)
	}
	defer root.Close()
	db, err := advisory.Load(root.FS())
	if err != nil {
		return nil, err
	}
	var packages []advisory.Package
	for _, p := range a.Crate.Lock.Packages {
		packages = append(packages, advisory.Package{Name: p.Name, Version: p.Version,
			CratesIO: p.Source != nil && p.Source.IsCratesIO()})
	}
	return advisory.Check(packages, db, advisory.Options{})
}
