package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
)

const record = `{"engine": "dagger v1", "parameters": {"pipeline": {"name": "pipeline.hcl", "digest": {"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},
	"variables": {"n": 4503599627370495}, "level": "basic"}, "internal": {"source": "sha256:1"},
	"crates": [{"name": "dep", "version": "1.0.0", "source": "registry+https://github.com/rust-lang/crates.io-index", "checksum": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"name": "c", "version": "0.1.0", "dependencies": [0]}], "root": 1}`

// folder is a report's folder with a key, the record of the run and its source
// beside it.
func folder(t *testing.T) (dir, key, rec, tree string) {
	t.Helper()
	work := t.TempDir()
	dir = filepath.Join(work, "report")
	source := filepath.Join(work, "source")
	rep := report.Report{Schema: report.SchemaURI, SessionID: "run-1", CrateName: "c", CrateVersion: "0.1.0", Level: "basic", DeploymentStatus: report.Ready, Sixty: "0.1.0",
		StartedAt: time.Unix(1e9, 0).UTC(), TotalDurationMS: 1, Levels: []report.Level{{Name: "basic", Ready: true}},
		Gates: []report.Gate{{Name: "tests", Level: "basic", Severity: "error", Status: plan.StatusPassed}}}
	text, err := rep.JSON()
	if err != nil {
		t.Fatal(err)
	}
	rec = filepath.Join(work, "record.json")
	for path, content := range map[string]string{
		filepath.Join(dir, reportFile): string(text), rec: record, filepath.Join(source, "Cargo.toml"): "[package]\n",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	store, err := blob.Open(filepath.Join(work, "store"))
	if err != nil {
		t.Fatal(err)
	}
	packed, err := store.PutTree(os.DirFS(source), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, files, err := sign.LoadOrCreateKey(filepath.Join(work, "key"), sign.PasswordFromEnv(os.LookupEnv, nil))
	if err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(filepath.Dir(files.PublicPath), sign.PrivateKeyName), rec, packed.Path
}

// All statements of a run are signed, and each vouches for the report.
func TestSign(t *testing.T) {
	dir, key, rec, tree := folder(t)
	if err := do(t.Context(), []string{"sign", "--dir", dir, "--record", rec, "--tree", tree, "--key", key}); err != nil {
		t.Fatal(err)
	}
	pub := filepath.Join(dir, "signer.pub")
	if err := do(t.Context(), []string{"verify", "--dir", dir, "--key", pub}); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(pub)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := verify.KeyFromPEM("signer", pem)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, reportFile))
	if err != nil {
		t.Fatal(err)
	}
	bundles, err := verify.ReadFile(filepath.Join(dir, "attestations.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	expected := []string{statement.TestResultType, statement.VSAType, statement.ProvenanceType, statement.CycloneDXType, statement.SPDXType}
	var types []string
	for _, line := range bytes.Split(bytes.TrimSpace(bundles), []byte("\n")) {
		v, err := verify.Bundle(t.Context(), line, []verify.Artifact{verify.Bytes(reportFile, text)}, verify.Trust{Keys: []verify.Key{trusted}}, verify.Expect{PredicateTypes: expected, SomeSubjects: true})
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, v.Statement.PredicateType)
		if v.Statement.PredicateType != statement.ProvenanceType {
			continue
		}
		var made statement.Provenance
		if err := json.Unmarshal(v.Statement.Predicate, &made); err != nil {
			t.Fatal(err)
		}
		if n := made.BuildDefinition.ExternalParameters.Variables["n"]; n != float64(4503599627370495) {
			t.Errorf("the variable is %v", n)
		}
		if len(made.BuildDefinition.ResolvedDependencies) != 1 {
			t.Errorf("dependencies: %v", made.BuildDefinition.ResolvedDependencies)
		}
	}
	if !slices.Equal(types, expected) {
		t.Errorf("statements %v, want %v", types, expected)
	}
}

// A record that fits nothing is refused before anything is signed.
func TestSignBadRecord(t *testing.T) {
	dir, key, rec, tree := folder(t)
	if err := os.WriteFile(rec, []byte(`{"crates": [], "root": 3}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := do(t.Context(), []string{"sign", "--dir", dir, "--record", rec, "--tree", tree, "--key", key}); err == nil {
		t.Fatal("signed")
	}
	if _, err := os.Stat(filepath.Join(dir, bundleFile)); err == nil {
		t.Error("there is a bundle")
	}
}
