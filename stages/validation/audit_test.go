package validation

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/advisory"
	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/plan"
)

const lock = `version = 4

[[package]]
name = "bad"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0000000000000000000000000000000000000000000000000000000000000000"
`

// The advisory is about another platform than this test runs on.
const bad = "```toml\n[advisory]\nid = \"RUSTSEC-2020-0001\"\npackage = \"bad\"\ndate = \"2020-01-01\"\n\n" +
	"[affected]\nos = [\"windows\"]\narch = [\"aarch64\"]\n\n[versions]\npatched = [\">= 2.0.0\"]\n```\n\n# It is bad\n\nVery.\n"

func audit(t *testing.T, database string) Audit {
	t.Helper()
	l, err := cargo.ParseLock([]byte(lock))
	if err != nil {
		t.Fatal(err)
	}
	return Audit{Crate: &crate.Crate{Lock: l}, Database: database, Results: filepath.Join(t.TempDir(), "results")}
}

func database(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "crates", "bad", "RUSTSEC-2020-0001.md")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(bad), 0o644)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWithoutDatabaseItIsNotRun(t *testing.T) {
	for name, dir := range map[string]string{"none": "", "missing": filepath.Join(t.TempDir(), "gone"), "empty": t.TempDir()} {
		r, err := audit(t, dir).Run(t.Context(), plan.Step{ID: "v.audit"})
		if err != nil || r.Status != plan.StatusNotRun || r.Dir != "" || !strings.Contains(r.Reason, "audit-db update") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestFindings(t *testing.T) {
	a := audit(t, database(t))
	for range 2 { // the second time, the folder is there
		r, err := a.Run(t.Context(), plan.Step{ID: "v.audit", Stage: "v", Name: "audit"})
		if err != nil || r.Status != plan.StatusPassed {
			t.Fatalf("%+v, %v", r, err)
		}
		text, err := os.ReadFile(filepath.Join(r.Dir, ReportFile))
		if err != nil {
			t.Fatal(err)
		}
		var report advisory.Report
		if err := json.Unmarshal(text, &report); err != nil || len(report.Vulnerabilities) != 1 || report.Checked != 1 {
			t.Errorf("%v: %s", err, text)
		}
	}
	if entries, err := os.ReadDir(a.Results); err != nil || len(entries) != 1 {
		t.Errorf("the results folder holds %v, %v", entries, err)
	}
}

func TestAuditCannotRun(t *testing.T) {
	a := audit(t, database(t))
	a.Crate = &crate.Crate{}
	if r, err := a.Run(t.Context(), plan.Step{}); !errors.Is(err, crate.ErrNoLock) || r.Status == plan.StatusPassed {
		t.Errorf("without a lockfile: %+v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := audit(t, database(t)).Run(ctx, plan.Step{}); !errors.Is(err, context.Canceled) || r.Status == plan.StatusPassed {
		t.Errorf("canceled: %+v, %v", r, err)
	}
}
