// Package policy reads a policy file and holds bundles against it: who may
// sign, which statements there must be, and what they must say.
//
//	trusted_root = "trusted-root.json"
//
//	key "release" {
//	  public_key = "release.pub"
//	  not_after  = "2027-02-01T00:00:00Z"
//	}
//
//	identity "ci" {
//	  issuer  = "https://token.actions.githubusercontent.com"
//	  subject = "https://github.com/o/r/.github/workflows/release.yml@refs/heads/main"
//	}
//
//	statement "report" {
//	  level   = "production"
//	  gates   = ["tests", "clippy"]
//	  claims  = ["hermetic"]
//	  max_age = "720h"
//	  signers = ["ci"]
//	}
package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

// maxFile bounds a policy and the files that it names.
const maxFile = 256 << 10

// Policy says whom to trust and what to ask for.
type Policy struct {
	Trust verify.Trust
	// SomeSubjects lets a statement be about more than the artifacts given.
	SomeSubjects bool
	Statements   []Requirement

	// buildLevel is the highest SLSA build level that each signer may claim.
	buildLevel map[string]int
}

// Requirement is a statement that there must be.
type Requirement struct {
	PredicateType string
	// Signers may sign it; empty is everyone who is trusted.
	Signers []string
	// Level is the readiness level that it must state.
	Level string
	// BuildLevel is the SLSA build level that it must state.
	BuildLevel int
	// Gates must have passed.
	Gates []string
	// Claims must hold.
	Claims []string
	// MaxAge is how old it may be; zero is unbounded.
	MaxAge time.Duration
	// Optional lets it be absent; when it is there, it must be right.
	Optional bool

	Range hcl.Range
}

type fileBody struct {
	TrustedRoot      string           `hcl:"trusted_root,optional"`
	TrustedRootRange hcl.Range        `hcl:"trusted_root,attr_value_range"`
	Subjects         string           `hcl:"subjects,optional"`
	SubjectsRange    hcl.Range        `hcl:"subjects,attr_value_range"`
	RequireLog       bool             `hcl:"require_log,optional"`
	RequireTimestamp bool             `hcl:"require_timestamp,optional"`
	WithoutLog       bool             `hcl:"without_log_unsafe,optional"`
	WithoutSCT       bool             `hcl:"without_sct_unsafe,optional"`
	Keys             []keyBlock       `hcl:"key,block"`
	Identities       []identityBlock  `hcl:"identity,block"`
	Statements       []statementBlock `hcl:"statement,block"`
}

// Load reads the policy in a file. Files that it names are found from where
// it lies. Whatever is wrong is a diagnostic with its place.
func Load(path string) (*Policy, hcl.Diagnostics) {
	src, err := readSmall(path)
	if err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Policy can't be read", Detail: err.Error(), Subject: &hcl.Range{Filename: path}}}
	}
	return Parse(src, path)
}

// Parse is Load for a policy that is in memory; path says where it lies.
func Parse(src []byte, path string) (*Policy, hcl.Diagnostics) {
	file, diags := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	var body fileBody
	diags = append(diags, gohcl.DecodeBody(file.Body, nil, &body)...)
	if diags.HasErrors() {
		return nil, diags
	}
	l := loader{dir: filepath.Dir(path), policy: &Policy{buildLevel: map[string]int{}}, diags: diags}
	l.load(body, file.Body.MissingItemRange())
	if l.diags.HasErrors() {
		return nil, l.diags
	}
	return l.policy, l.diags
}

type loader struct {
	dir    string
	policy *Policy
	diags  hcl.Diagnostics
}

func (l *loader) errorf(rng hcl.Range, summary, format string, args ...any) {
	l.diags = append(l.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &rng})
}

func (l *loader) load(body fileBody, missing hcl.Range) {
	t := &l.policy.Trust
	t.RequireLog, t.RequireTimestamp = body.RequireLog, body.RequireTimestamp
	t.WithoutLogUnsafe, t.WithoutSCTUnsafe = body.WithoutLog, body.WithoutSCT
	switch body.Subjects {
	case "", "all":
	case "some":
		l.policy.SomeSubjects = true
	default:
		l.errorf(body.SubjectsRange, "Unknown choice of subjects", `subjects is "all" (each subject must be given) or "some" (the artifacts given must be among them), not %q.`, body.Subjects)
	}
	l.loadRoot(body)
	for _, k := range body.Keys {
		l.loadKey(k)
	}
	for _, i := range body.Identities {
		l.loadIdentity(i)
	}
	if len(body.Keys)+len(body.Identities) == 0 {
		l.errorf(missing, "Nobody is trusted", "A policy needs at least one key or identity block.")
	}
	for _, s := range body.Statements {
		l.loadStatement(s)
	}
	if len(body.Statements) == 0 {
		l.errorf(missing, "Nothing is asked for", "A policy needs at least one statement block.")
	}
	needsRoot := len(body.Identities) > 0 || t.RequireLog || t.RequireTimestamp
	if needsRoot && body.TrustedRoot == "" {
		l.errorf(missing, "No trusted root", `Identities, logs and timestamps need trusted_root: the path of a sigstore trusted root, or "public-good".`)
	}
}

func (l *loader) loadRoot(body fileBody) {
	if body.TrustedRoot == "" {
		return
	}
	var err error
	if body.TrustedRoot == "public-good" {
		l.policy.Trust.Root, err = verify.PublicGoodRoot()
	} else {
		var data []byte
		if data, err = readSmall(l.path(body.TrustedRoot)); err == nil {
			l.policy.Trust.Root, err = verify.RootFromJSON(data)
		}
	}
	if err != nil {
		l.errorf(body.TrustedRootRange, "Trusted root can't be used", "%v.", err)
	}
}

func (l *loader) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(l.dir, p)
}

func (l *loader) newSigner(name string, rng hcl.Range, buildLevel int) {
	if _, ok := l.policy.buildLevel[name]; ok {
		l.errorf(rng, "Name is taken", "There are two keys or identities named %q.", name)
	}
	l.policy.buildLevel[name] = buildLevel
}

func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s is no regular file of at most %d bytes", path, maxFile)
	}
	return os.ReadFile(path)
}

// predicateTypes maps the short names of statements to their types.
var predicateTypes = map[string]string{
	"report":      statement.ReportType,
	"provenance":  statement.ProvenanceType,
	"test-result": statement.TestResultType,
	"vsa":         statement.VSAType,
	"pack":        statement.PackType,
	"cyclonedx":   statement.CycloneDXType,
	"spdx":        statement.SPDXType,
}

func shortNames() string {
	names := make([]string, 0, len(predicateTypes))
	for n := range predicateTypes {
		names = append(names, n)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
