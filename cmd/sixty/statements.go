package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/sixtyhq/sixty/attest/sbom"
	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/internal/advisory"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
	"github.com/sixtyhq/sixty/stages/validation"
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
	if tree, ok, err := treeSubject(e.crate.Name, e.tree); err != nil {
		return err
	} else if ok {
		subjects = append(subjects, tree)
	}
	provenance, err := e.provenance(f.report)
	if err != nil {
		return err
	}
	r := predicate(f.report, e.claims())
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

// provenance says what went into the run and what came out beside the subjects.
func (e *executed) provenance(r report.Report) (statement.Provenance, error) {
	params, err := e.parameters(r)
	if err != nil {
		return statement.Provenance{}, err
	}
	dependencies, err := e.dependencies(params.Pack)
	if err != nil {
		return statement.Provenance{}, err
	}
	logs, err := e.logs()
	if err != nil {
		return statement.Provenance{}, err
	}
	p := predicate(r, statement.Claims{})
	return statement.Provenance{
		BuildDefinition: statement.BuildDefinition{
			BuildType: statement.BuildType, ExternalParameters: params,
			// What every step saw, also where the tree has no digest of its own.
			InternalParameters:   map[string]any{"source": e.tree.Digest},
			ResolvedDependencies: dependencies,
		},
		RunDetails: statement.RunDetails{
			// Whoever holds the signing key can say anything in here, which is
			// SLSA Build L1.
			Builder:    statement.Builder{ID: project + "/engine/" + url.PathEscape(e.engine), Version: map[string]string{"sixty": r.Sixty, "engine": e.engine}},
			Metadata:   statement.BuildMetadata{InvocationID: p.Run, StartedOn: p.StartedOn, FinishedOn: p.FinishedOn},
			Byproducts: logs,
		},
	}, nil
}

// parameters is what the caller of the run decided.
func (e *executed) parameters(r report.Report) (_ statement.BuildParameters, err error) {
	out := statement.BuildParameters{Pipeline: pipelineResource(e.cfg), Level: r.Level, Variables: map[string]any{}}
	if r.Template != nil {
		pack := statement.Resource{Name: r.Template.ID + "@" + r.Template.Version, Annotations: map[string]any{"source": r.Template.Source}}
		// The digest of a pack is a dirHash in go.sum's spelling.
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Template.Digest, "h1:"))
		if err != nil || len(sum) != sha256.Size {
			return out, fmt.Errorf("state the provenance: the digest of pack %s is %q", r.Template.ID, r.Template.Digest)
		}
		pack.Digest = statement.Digest{statement.DirHash: hex.EncodeToString(sum)}
		out.Pack = &pack
	}
	values := e.pipeline.Context.Variables["var"]
	for _, v := range e.cfg.Variables {
		if !values.Type().HasAttribute(v.Name) {
			return out, fmt.Errorf("state the provenance: variable %q has no value", v.Name)
		}
		plain, marks := values.GetAttr(v.Name).UnmarkDeep()
		if v.Sensitive || len(marks) > 0 {
			if !plain.IsNull() {
				out.SensitiveVariables = append(out.SensitiveVariables, v.Name)
			}
			continue
		}
		if out.Variables[v.Name], err = jsonValue(plain); err != nil {
			return out, fmt.Errorf("state the provenance: variable %q: %w", v.Name, err)
		}
	}
	sort.Strings(out.SensitiveVariables)
	return out, nil
}

// jsonValue is a value as it stands in JSON. A number that JSON's readers do not
// all read alike (RFC 7493, section 2.2) becomes its digits as a string.
func jsonValue(v cty.Value) (any, error) {
	text, err := ctyjson.SimpleJSONValue{Value: v}.MarshalJSON()
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var out any
	if err := decoder.Decode(&out); err != nil {
		return nil, err
	}
	return safeNumbers(out), nil
}

func safeNumbers(v any) any {
	const limit = 1 << 53
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err != nil || f >= limit || f <= -limit {
			return v.String()
		}
	case []any:
		for i := range v {
			v[i] = safeNumbers(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = safeNumbers(v[name])
		}
	}
	return v
}

// pipelineResource is the pipeline by content; several files have the dirHash
// of their names and contents.
func pipelineResource(cfg *config.Config) *statement.Resource {
	var names []string
	for name := range cfg.Files {
		names = append(names, name)
	}
	sort.Strings(names)
	if len(names) == 1 {
		r := statement.Bytes(filepath.Base(names[0]), cfg.Files[names[0]].Bytes)
		return &r
	}
	var lines strings.Builder
	for _, name := range names {
		shown := filepath.Base(name)
		if below, err := filepath.Rel(cfg.Dir, name); err == nil {
			shown = filepath.ToSlash(below) // a module's files lie in folders
		}
		fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(cfg.Files[name].Bytes), shown)
	}
	return &statement.Resource{Name: filepath.Base(cfg.Dir), Digest: statement.Digest{statement.DirHash: fmt.Sprintf("%x", sha256.Sum256([]byte(lines.String())))}}
}

// dependencies are the images, crates, pack and advisory database that were
// used, each with its digest where it has one.
func (e *executed) dependencies(pack *statement.Resource) ([]statement.Resource, error) {
	var out []statement.Resource
	for _, i := range e.graph.Images {
		out = append(out, statement.Resource{Name: "image " + i.Name, URI: i.Ref, Digest: statement.Digest{"sha256": strings.TrimPrefix(i.Digest, "sha256:")}})
	}
	for _, c := range lockedCrates(e.crate.Lock) {
		if c.Source == "" {
			continue // a part of the source tree
		}
		r := statement.Resource{URI: c.PackageURL()}
		if c.Checksum != "" {
			r.Digest = statement.Digest{"sha256": c.Checksum}
		}
		out = append(out, r)
	}
	if pack != nil {
		out = append(out, *pack)
		for _, a := range e.template.Answers {
			out = append(out, statement.Resource{Name: "answer of a SPARQL endpoint", URI: a.Endpoint,
				Digest: statement.Digest{"sha256": a.SHA256}, Annotations: map[string]any{"query": a.Query}})
		}
	}
	steps := e.graph.ByID()
	for _, res := range e.results {
		step := steps[res.Step]
		if step.Runner != validation.AuditRunner || !res.Status.Ran() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(res.Dir, validation.ReportFile))
		if err != nil {
			return nil, fmt.Errorf("state the provenance: %w", err)
		}
		var audit advisory.Report
		if err := json.Unmarshal(text, &audit); err != nil {
			return nil, fmt.Errorf("state the provenance: read the audit's report: %w", err)
		}
		algorithm := "sha256"
		if audit.Revision.Kind == "git" {
			algorithm = "gitCommit"
		}
		out = append(out, statement.Resource{Name: "advisory database", Digest: statement.Digest{algorithm: audit.Revision.ID}})
	}
	return out, nil
}

// logs are the digests of what the steps printed.
func (e *executed) logs() ([]statement.Resource, error) {
	var out []statement.Resource
	for _, res := range e.results {
		if res.Dir == "" {
			continue
		}
		r, err := statement.File("logs/"+res.Step+".log", filepath.Join(res.Dir, "log"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// bill is a bill of materials.
type bill struct {
	file      string
	predicate string
	text      []byte
}

// bills lists the crates of the lockfile in both formats.
func (e *executed) bills() ([]bill, error) {
	in := sbom.Input{Crates: lockedCrates(e.crate.Lock), Created: e.started, Tool: "sixty", ToolVersion: version}
	in.Crates, in.Root = withRoot(in.Crates, e.crate)
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

// treeSubject is the source tree as the steps saw it. A tree with links has no
// digest (see [statement.Tree]), and is no subject.
func treeSubject(name string, packed blob.Blob) (_ statement.Resource, ok bool, err error) {
	dir, err := os.MkdirTemp("", "sixty-tree-")
	if err != nil {
		return statement.Resource{}, false, fmt.Errorf("digest the source tree: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	links, err := unpack(packed.Path, dir)
	if err != nil {
		return statement.Resource{}, false, fmt.Errorf("digest the source tree: %w", err)
	}
	if links {
		return statement.Resource{}, false, nil
	}
	r, err := statement.Tree(name, os.DirFS(dir))
	return r, err == nil, err
}

// hermetic is what the records of the executed steps say of it: each had
// nothing but its loopback, every image is known by digest, and no step had a
// cache that outlives runs. nil means that it was not measured: no step ran in
// a container, or one left no record. Work of this process (rendering, the
// audit) runs no command and needs none.
func (e *executed) hermetic() *statement.Claim {
	claim := &statement.Claim{Holds: true}
	var against []string
	for _, i := range e.graph.Images {
		sum, ok := strings.CutPrefix(i.Digest, "sha256:")
		if !ok {
			against = append(against, fmt.Sprintf("image %s has no digest", i.Name))
			continue
		}
		claim.Evidence = append(claim.Evidence, statement.Resource{Name: "image " + i.Name, Digest: statement.Digest{"sha256": sum}})
	}
	ran := 0
	steps := e.graph.ByID()
	for _, res := range append(append([]plan.Result{}, e.host...), e.results...) {
		step, planned := steps[res.Step]
		inProcess := planned && step.Runner != "" || !planned && res.Key == ""
		if inProcess || res.Status == plan.StatusSkipped || res.Status == plan.StatusNotRun {
			continue
		}
		if res.Record == nil || res.Record.LoopbackOnly == nil {
			return nil
		}
		record, err := statement.File("record "+res.Step, filepath.Join(res.Dir, "record.json"))
		if err != nil {
			return nil
		}
		ran++
		claim.Evidence = append(claim.Evidence, record)
		if !*res.Record.LoopbackOnly {
			against = append(against, fmt.Sprintf("step %s had the network", res.Step))
		}
		for _, m := range step.Mounts {
			if m.Source.Kind == plan.SourceCache {
				against = append(against, fmt.Sprintf("step %s had the cache %s", res.Step, m.Source.Cache))
			}
		}
	}
	if ran == 0 {
		return nil
	}
	claim.Holds, claim.Detail = len(against) == 0, strings.Join(against, "; ")
	return claim
}
