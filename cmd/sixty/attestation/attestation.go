// Package attestation signs a run: the bundle over its report, and beside it test
// results, verification summary, provenance and bills of materials. The command
// and the Dagger module's signer both sign with it.
package attestation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sixtyhq/sixty/attest/sbom"
	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/cmd/sixty/predicate"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/report"
)

// The files in a report's folder; a bundle has the name of its report and
// BundleSuffix.
const (
	BundleSuffix  = ".sigstore.json"
	StatementFile = "attestations.jsonl"
	CycloneDXFile = "sbom.cdx.json"
	SPDXFile      = "sbom.spdx.json"
	PublicKeyFile = "signer.pub"
)

// project is where the URIs of sixty's statements begin.
const project = "https://github.com/sixtyhq/sixty"

// Record is the record of a run, as package provenance writes it.
type Record struct {
	Engine     string                    `json:"engine"`
	Started    time.Time                 `json:"started"`
	Parameters statement.BuildParameters `json:"parameters"`
	Internal   map[string]any            `json:"internal"`
	Images     []statement.Resource      `json:"images"`
	Crates     []sbom.Crate              `json:"crates"`
	Root       int                       `json:"root"`
	Others     []statement.Resource      `json:"others"`
	Logs       []statement.Resource      `json:"logs"`
}

// ParseRecord reads a record; numbers stay as they are written.
func ParseRecord(text []byte) (Record, error) {
	var rec Record
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&rec); err != nil {
		return rec, fmt.Errorf("read the run's record: %w", err)
	}
	if rec.Root < 0 || rec.Root >= len(rec.Crates) {
		return rec, fmt.Errorf("read the run's record: it has %d crates, and none at %d", len(rec.Crates), rec.Root)
	}
	return rec, nil
}

// Run is what is signed.
type Run struct {
	// File is the report's file; the signed files are written into its folder.
	File   string
	Report report.Report
	// Text is the content of File.
	Text []byte
	// Claims are what was measured beyond the gates.
	Claims statement.Claims
	Record Record
	// Tree is the packed source as the steps saw it.
	Tree string
	// Write puts a file in its place.
	Write func(path string, content []byte) error
}

// Sign writes the bundle over the report and the artifacts, and beside it the
// bills of materials and the bundles of all other statements. All statements are
// about the same subjects, so that one of them at hand is enough to check them
// all.
func Sign(ctx context.Context, r Run, signer sign.Signer) error {
	dir := filepath.Dir(r.File)
	subjects := []statement.Resource{statement.Bytes(filepath.Base(r.File), r.Text)}
	for _, art := range r.Report.Artifacts {
		subjects = append(subjects, statement.Resource{Name: art.Name, Digest: statement.Digest{"sha256": art.SHA256}})
	}
	verdict := predicate.Of(r.Report, r.Claims)
	st, err := statement.New(subjects, verdict)
	if err != nil {
		return fmt.Errorf("state the verdict: %w", err)
	}
	bundle, err := sign.Bundle(ctx, st, signer)
	if err != nil {
		return fmt.Errorf("sign the report: %w", err)
	}
	bundle = append(bundle, '\n')
	if err := r.Write(r.File+BundleSuffix, bundle); err != nil {
		return err
	}
	bills, err := bills(r.Record, r.Report.Sixty)
	if err != nil {
		return err
	}
	for _, b := range bills {
		if err := r.Write(filepath.Join(dir, b.file), b.text); err != nil {
			return err
		}
		subjects = append(subjects, statement.Bytes(b.file, b.text))
	}
	tree, err := treeSubject(r.Report.CrateName, r.Tree)
	if err != nil {
		return err
	}
	subjects = append(subjects, tree)
	all, err := statements(verdict, r, bundle)
	if err != nil {
		return err
	}
	var stated []statement.Statement
	for _, p := range all {
		s, err := statement.New(subjects, p)
		if err != nil {
			return fmt.Errorf("state %s: %w", p.PredicateType(), err)
		}
		stated = append(stated, s)
	}
	for _, b := range bills {
		s, err := statement.NewRaw(subjects, b.predicate, b.text)
		if err != nil {
			return fmt.Errorf("state %s: %w", b.predicate, err)
		}
		stated = append(stated, s)
	}
	lines, err := sign.Bundles(ctx, stated, signer)
	if err != nil {
		return err
	}
	return r.Write(filepath.Join(dir, StatementFile), lines)
}

// statements are those beside the report's own and the bills.
func statements(verdict statement.Report, r Run, bundle []byte) ([]statement.Predicate, error) {
	made := provenanceOf(verdict, r)
	// The gates and their levels are the policy, and the pipeline holds them.
	policy := made.BuildDefinition.ExternalParameters.Pipeline
	if policy == nil {
		return nil, errors.New("state the provenance: the run's record names no pipeline")
	}
	vsa := verdict.VSA(statement.Verifier{ID: project, Version: map[string]string{"sixty": r.Report.Sixty}},
		sbom.Crate{Name: verdict.Crate.Name, Version: verdict.Crate.Version}.PackageURL(), *policy, "SLSA_BUILD_LEVEL_1")
	vsa.InputAttestations = []statement.Resource{statement.Bytes(filepath.Base(r.File)+BundleSuffix, bundle)}
	return []statement.Predicate{verdict.TestResult(), vsa, made}, nil
}

// provenanceOf says what went into the run and what came out beside the subjects.
func provenanceOf(verdict statement.Report, r Run) statement.Provenance {
	rec := r.Record
	out := statement.Provenance{
		BuildDefinition: statement.BuildDefinition{BuildType: statement.BuildType},
		RunDetails: statement.RunDetails{
			// Whoever holds the signing key can say anything in here, which is
			// SLSA Build L1.
			Builder: statement.Builder{ID: project + "/engine/" + url.PathEscape(rec.Engine),
				Version: map[string]string{"sixty": r.Report.Sixty, "engine": rec.Engine}},
			Metadata: statement.BuildMetadata{InvocationID: verdict.Run, StartedOn: verdict.StartedOn, FinishedOn: verdict.FinishedOn},
		},
	}
	out.BuildDefinition.ExternalParameters, out.BuildDefinition.InternalParameters = rec.Parameters, rec.Internal
	out.RunDetails.Byproducts = rec.Logs
	dependencies := slices.Clone(rec.Images)
	for _, c := range rec.Crates {
		if c.Source == "" {
			continue // a part of the source tree
		}
		d := statement.Resource{URI: c.PackageURL()}
		if c.Checksum != "" {
			d.Digest = statement.Digest{"sha256": c.Checksum}
		}
		dependencies = append(dependencies, d)
	}
	out.BuildDefinition.ResolvedDependencies = append(dependencies, rec.Others...)
	return out
}

// bill is a bill of materials.
type bill struct {
	file      string
	predicate string
	text      []byte
}

// bills lists the crates of the lockfile in both formats.
func bills(rec Record, version string) ([]bill, error) {
	in := sbom.Input{Crates: rec.Crates, Root: rec.Root, Created: rec.Started, Tool: "sixty", ToolVersion: version}
	cdx, err := sbom.CycloneDX(in)
	if err != nil {
		return nil, err
	}
	spdx, err := sbom.SPDX(in)
	if err != nil {
		return nil, err
	}
	return []bill{{CycloneDXFile, statement.CycloneDXType, cdx}, {SPDXFile, statement.SPDXType, spdx}}, nil
}

// treeSubject is the source tree as the steps saw it.
func treeSubject(name, packed string) (_ statement.Resource, err error) {
	dir, err := os.MkdirTemp("", "sixty-tree-")
	if err != nil {
		return statement.Resource{}, fmt.Errorf("digest the source tree: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	f, err := os.Open(packed)
	if err != nil {
		return statement.Resource{}, fmt.Errorf("digest the source tree: %w", err)
	}
	defer f.Close()
	if err := blob.Unpack(f, dir); err != nil {
		return statement.Resource{}, fmt.Errorf("digest the source tree: %w", err)
	}
	return statement.Tree(name, os.DirFS(dir))
}
