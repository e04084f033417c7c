package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sixtyhq/sixty/attest/sbom"
	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/cmd/sixty/predicate"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/crate"
)

// The files that hold the statements beside the report's own bundle, in its
// folder.
const (
	attestationsName = "attestations.jsonl"
	cycloneDXName    = "sbom.cdx.json"
	spdxName         = "sbom.spdx.json"
)

// project is where the URIs of sixty's statements begin.
const project = "https://github.com/sixtyhq/sixty"

// attest writes the bills of materials, and signs all statements of a run but
// the report's own: test-result, VSA, provenance and the bills. All are about
// the same subjects, so that one of them at hand is enough to check them all.
func (f *finished) attest(ctx context.Context, e *executed, signer sign.Signer, subjects []statement.Resource, bundle []byte) error {
	bills, err := e.bills()
	if err != nil {
		return err
	}
	for _, b := range bills {
		if err := writeFile(filepath.Join(f.dir, b.file), b.text); err != nil {
			return err
		}
		subjects = append(subjects, statement.Bytes(b.file, b.text))
	}
	tree, err := treeSubject(e.Crate.Name, e.Tree)
	if err != nil {
		return err
	}
	subjects = append(subjects, tree)
	provenance, err := e.provenance(f.report)
	if err != nil {
		return err
	}
	r := predicate.Of(f.report, f.claims)
	// The gates and their levels are the policy, and the pipeline holds them.
	policy := *provenance.BuildDefinition.ExternalParameters.Pipeline
	vsa := r.VSA(statement.Verifier{ID: project, Version: map[string]string{"sixty": f.report.Sixty}},
		sbom.Crate{Name: r.Crate.Name, Version: r.Crate.Version}.PackageURL(), policy, "SLSA_BUILD_LEVEL_1")
	vsa.InputAttestations = []statement.Resource{statement.Bytes(filepath.Base(f.bundle), bundle)}

	var all []statement.Statement
	for _, p := range []statement.Predicate{r.TestResult(), vsa, provenance} {
		s, err := statement.New(subjects, p)
		if err != nil {
			return fmt.Errorf("state %s: %w", p.PredicateType(), err)
		}
		all = append(all, s)
	}
	for _, b := range bills {
		s, err := statement.NewRaw(subjects, b.predicate, b.text)
		if err != nil {
			return fmt.Errorf("state %s: %w", b.predicate, err)
		}
		all = append(all, s)
	}
	lines, err := sign.Bundles(ctx, all, signer)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(f.dir, attestationsName), lines)
}

// bill is a bill of materials.
type bill struct {
	file      string
	predicate string
	text      []byte
}

// bills lists the crates of the lockfile in both formats.
func (e *executed) bills() ([]bill, error) {
	in := sbom.Input{Crates: lockedCrates(e.Crate.Lock), Created: e.Started, Tool: "sixty", ToolVersion: version}
	in.Crates, in.Root = withRoot(in.Crates, e.Crate)
	cdx, err := sbom.CycloneDX(in)
	if err != nil {
		return nil, err
	}
	spdx, err := sbom.SPDX(in)
	if err != nil {
		return nil, err
	}
	return []bill{{cycloneDXName, statement.CycloneDXType, cdx}, {spdxName, statement.SPDXType, spdx}}, nil
}

func lockedCrates(lock *cargo.Lock) []sbom.Crate {
	var out []sbom.Crate
	for _, p := range lock.Packages {
		c := sbom.Crate{Name: p.Name, Version: p.Version, Checksum: p.Checksum, Dependencies: p.Dependencies}
		if p.Source != nil {
			c.Source = p.Source.String()
		}
		out = append(out, c)
	}
	return out
}

// withRoot finds the crate that a bill is about. A workspace without a root
// package is in no lockfile; it gets an entry of its own that depends on every
// member, with the version that cargo gives what states none.
func withRoot(crates []sbom.Crate, c *crate.Crate) ([]sbom.Crate, int) {
	root := sbom.Crate{Name: c.Name, Version: c.Version}
	for i, one := range crates {
		if one.Source != "" {
			continue
		}
		if one.Name == c.Name && one.Version == c.Version {
			return crates, i
		}
		root.Dependencies = append(root.Dependencies, i)
	}
	if root.Version == "" {
		root.Version = "0.0.0"
	}
	return append(crates, root), len(crates)
}

// treeSubject is the source tree as the steps saw it.
func treeSubject(name string, packed blob.Blob) (_ statement.Resource, err error) {
	dir, err := os.MkdirTemp("", "sixty-tree-")
	if err != nil {
		return statement.Resource{}, fmt.Errorf("digest the source tree: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := unpack(packed.Path, dir); err != nil {
		return statement.Resource{}, fmt.Errorf("digest the source tree: %w", err)
	}
	return statement.Tree(name, os.DirFS(dir))
}
