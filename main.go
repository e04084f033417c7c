// From an idea for a Rust crate to a signed verdict.
//
// A template becomes a crate, or a crate that exists is taken as it is. It is
// built, tested, packaged and judged by the gates of a pipeline, step by step in
// containers without a network, and the answer is a report that can be signed.
//
//	dagger call deploy --name my_service
//	dagger call deploy --source . --level production
//	dagger call report --source . export --path out
package main

import (
	"context"
	"errors"

	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/module"
)

// Sixty runs pipelines for Rust crates.
type Sixty struct {
	// +private
	Secrets []*PipelineSecret
	// +private
	Packs []*dagger.Directory
	// +private
	Hooks bool
	// +private
	Locked bool
}

// PipelineSecret is the value of a secret that a pipeline declares.
type PipelineSecret struct {
	Name  string
	Value *dagger.Secret
}

// Give a secret that the pipeline declares.
//
// Chain one call for each, before the function that needs them: with-secret --name
// token --value env://TOKEN deploy.
func (m *Sixty) WithSecret(
	// The name of the secret block
	name string,
	// The secret's value
	value *dagger.Secret,
) *Sixty {
	next := *m
	next.Secrets = append(m.Secrets[:len(m.Secrets):len(m.Secrets)], &PipelineSecret{Name: name, Value: value})
	return &next
}

// Give packs beside those that ship with sixty, and say how far packs may go.
//
// Chain one call for each directory, before the function that needs them:
// with-packs --source https://example.com/packs.git#v1 search.
func (m *Sixty) WithPacks(
	// A pack, or a folder of packs
	// +optional
	source *dagger.Directory,
	// Let commands that a pack's templates name run, in a container without a network
	// +optional
	hooks bool,
	// Use only packs that the sixty.lock beside the pipeline pins
	// +optional
	locked bool,
) *Sixty {
	next := *m
	if source != nil {
		next.Packs = append(m.Packs[:len(m.Packs):len(m.Packs)], source)
	}
	next.Hooks, next.Locked = m.Hooks || hooks, m.Locked || locked
	return &next
}

// with adds what was given before the function.
func (m *Sixty) with(in module.Inputs) module.Inputs {
	in.Packs, in.Hooks, in.Locked, in.Secrets = m.Packs, m.Hooks, m.Locked, map[string]*dagger.Secret{}
	for _, s := range m.Secrets {
		in.Secrets[s.Name] = s.Value
	}
	return in
}

// Run all six stages of a new or an existing crate, and judge it.
//
// A crate that is not ready is an error, exit code 1, unless something of the
// deployment is asked for: deploy … report export --path out brings the report in
// any case.
//
// +cache="session"
func (m *Sixty) Deploy(
	ctx context.Context,
	// The crate or workspace; without one, a new crate is made
	// +optional
	// +ignore=["**/target", ".git"]
	source *dagger.Directory,
	// Name of a new crate
	// +optional
	name string,
	// Template of a new crate, see search; the default is io.sixty.rust.axum-service
	// +optional
	template string,
	// Version of a new crate
	// +optional
	version string,
	// Values of variables of the pipeline or the template, NAME=VALUE
	// +optional
	vars []string,
	// Pipeline file; the default is the source's pipeline.hcl, or else the built-in pipeline
	// +optional
	pipeline *dagger.File,
	// Readiness level to ask for: basic, production or distribution
	// +default="basic"
	level string,
	// Make a missing Cargo.lock, in a step of its own that has the network
	// +optional
	resolve bool,
	// The RustSec advisory database; without it the audit is not run, which is no pass
	// +optional
	auditDB *dagger.Directory,
	// Container that steps start from, in the place of the pipeline's image
	// +optional
	base *dagger.Container,
	// Private key in PEM to sign the report with
	// +optional
	signingKey *dagger.Secret,
	// Password of the private key
	// +optional
	signingPassword *dagger.Secret,
	// Identity token (OpenID) to sign the report with a certificate for it, without a key
	// +optional
	idToken *dagger.Secret,
	// Sigstore signing config, for other services than the public ones
	// +optional
	signingConfig *dagger.File,
	// Sigstore trusted root of the services in the signing config
	// +optional
	trustedRoot *dagger.File,
) (*Deployment, error) {
	d, err := module.Deploy(ctx, dag, m.with(module.Inputs{
		Source: source, Template: template, Name: name, Number: version, Vars: vars, Pipeline: pipeline, Level: level,
		Resolve: resolve, AuditDB: auditDB, Base: base,
	}), module.NewSigning(signingKey, signingPassword, idToken, signingConfig, trustedRoot))
	if err != nil {
		return nil, err
	}
	return newDeployment(d), nil
}

// Run all stages as deploy does, and give the report's folder whatever it says.
//
// It holds the report in every form, its schema, the metrics, logs and artifacts,
// and with a signing key or an identity token the signed bundle.
//
// +cache="session"
func (m *Sixty) Report(
	ctx context.Context,
	// The crate or workspace; without one, a new crate is made
	// +optional
	// +ignore=["**/target", ".git"]
	source *dagger.Directory,
	// Name of a new crate
	// +optional
	name string,
	// Template of a new crate, see search; the default is io.sixty.rust.axum-service
	// +optional
	template string,
	// Version of a new crate
	// +optional
	version string,
	// Values of variables of the pipeline or the template, NAME=VALUE
	// +optional
	vars []string,
	// Pipeline file; the default is the source's pipeline.hcl, or else the built-in pipeline
	// +optional
	pipeline *dagger.File,
	// Readiness level to ask for: basic, production or distribution
	// +default="basic"
	level string,
	// Make a missing Cargo.lock, in a step of its own that has the network
	// +optional
	resolve bool,
	// The RustSec advisory database; without it the audit is not run, which is no pass
	// +optional
	auditDB *dagger.Directory,
	// Container that steps start from, in the place of the pipeline's image
	// +optional
	base *dagger.Container,
	// Private key in PEM to sign the report with
	// +optional
	signingKey *dagger.Secret,
	// Password of the private key
	// +optional
	signingPassword *dagger.Secret,
	// Identity token (OpenID) to sign the report with a certificate for it, without a key
	// +optional
	idToken *dagger.Secret,
	// Sigstore signing config, for other services than the public ones
	// +optional
	signingConfig *dagger.File,
	// Sigstore trusted root of the services in the signing config
	// +optional
	trustedRoot *dagger.File,
) (*dagger.Directory, error) {
	d, err := m.Deploy(ctx, source, name, template, version, vars, pipeline, level, resolve, auditDB, base, signingKey, signingPassword, idToken, signingConfig, trustedRoot)
	if err != nil {
		return nil, err
	}
	return d.Report, nil
}

// Render a template into a new crate.
func (m *Sixty) Generate(
	ctx context.Context,
	// Name of the new crate
	name string,
	// Template, see search
	// +default="io.sixty.rust.axum-service"
	template string,
	// Version of the new crate
	// +optional
	version string,
	// Values of variables of the template, NAME=VALUE
	// +optional
	vars []string,
) (*dagger.Directory, error) {
	return module.Generate(ctx, dag, m.with(module.Inputs{Template: template, Name: name, Number: version, Vars: vars}))
}

// Bring a generated crate up to a newer version of its template.
//
// Edits of the crate are kept: a three-way merge. What contradicts stands between
// conflict markers.
func (m *Sixty) Update(
	ctx context.Context,
	// The crate, with the record in .sixty
	// +ignore=["**/target", ".git"]
	source *dagger.Directory,
	// Version of the template, or constraint on it, to update to; the default is the newest
	// +optional
	to string,
	// Values of variables in place of the recorded ones, NAME=VALUE
	// +optional
	vars []string,
) (*dagger.Changeset, error) {
	return module.Update(ctx, dag, m.with(module.Inputs{Source: source, Vars: vars}), to)
}

// Build a crate, check its format, run its tests and lints.
//
// This is the testing stage. A no is an error.
//
// +cache="session"
func (m *Sixty) Test(
	ctx context.Context,
	// The crate or workspace
	// +ignore=["**/target", ".git"]
	source *dagger.Directory,
	// Pipeline file; the default is the source's pipeline.hcl, or else the built-in pipeline
	// +optional
	pipeline *dagger.File,
	// Readiness level whose gates count
	// +default="basic"
	level string,
	// Container that steps start from, in the place of the pipeline's image
	// +optional
	base *dagger.Container,
) (string, error) {
	return module.Stages(ctx, dag, m.with(module.Inputs{Source: source, Pipeline: pipeline, Level: level, Base: base, Only: []string{"testing"}}))
}

// Package a crate, document it, audit it and try its publication.
//
// This is the validation stage. A no is an error.
//
// +cache="session"
func (m *Sixty) ValidatePackage(
	ctx context.Context,
	// The crate or workspace
	// +ignore=["**/target", ".git"]
	source *dagger.Directory,
	// Pipeline file; the default is the source's pipeline.hcl, or else the built-in pipeline
	// +optional
	pipeline *dagger.File,
	// Readiness level whose gates count
	// +default="production"
	level string,
	// The RustSec advisory database; without it the audit is not run
	// +optional
	auditDB *dagger.Directory,
	// Container that steps start from, in the place of the pipeline's image
	// +optional
	base *dagger.Container,
) (string, error) {
	return module.Stages(ctx, dag, m.with(module.Inputs{Source: source, Pipeline: pipeline, Level: level, AuditDB: auditDB, Base: base, Only: []string{"validation"}}))
}

// Show what a run would do, as JSON, and run nothing.
func (m *Sixty) Plan(
	ctx context.Context,
	// The crate or workspace; without one, a new crate is planned
	// +optional
	// +ignore=["**/target", ".git"]
	source *dagger.Directory,
	// Name of a new crate
	// +optional
	name string,
	// Template of a new crate, see search
	// +optional
	template string,
	// Pipeline file; the default is the source's pipeline.hcl, or else the built-in pipeline
	// +optional
	pipeline *dagger.File,
	// Container that steps start from, in the place of the pipeline's image
	// +optional
	base *dagger.Container,
) (*dagger.File, error) {
	p, err := module.Plan(ctx, dag, m.with(module.Inputs{Source: source, Template: template, Name: name, Pipeline: pipeline, Base: base}))
	if err != nil {
		return nil, err
	}
	return module.PlanFile(dag, p)
}

// Draw the steps of a run and how they depend on each other.
func (m *Sixty) Graph(
	ctx context.Context,
	// The crate or workspace; without one, a new crate is planned
	// +optional
	// +ignore=["**/target", ".git"]
	source *dagger.Directory,
	// Name of a new crate
	// +optional
	name string,
	// Template of a new crate, see search
	// +optional
	template string,
	// Pipeline file; the default is the source's pipeline.hcl, or else the built-in pipeline
	// +optional
	pipeline *dagger.File,
	// Container that steps start from, in the place of the pipeline's image
	// +optional
	base *dagger.Container,
	// What to draw: dot, mermaid, svg or html
	// +default="mermaid"
	format string,
) (*dagger.File, error) {
	p, err := module.Plan(ctx, dag, m.with(module.Inputs{Source: source, Template: template, Name: name, Pipeline: pipeline, Base: base}))
	if err != nil {
		return nil, err
	}
	return module.Graph(dag, p, format)
}

// Find templates, the best match first.
//
// These are the ones that ship with sixty, and those of with-packs.
func (m *Sixty) Search(
	ctx context.Context,
	// Words to look for; without any, all templates
	// +optional
	query string,
	// How many to give at most
	// +default=20
	limit int,
) ([]*Template, error) {
	hits, err := module.Search(ctx, dag, m.with(module.Inputs{}), market.Query{Text: query, Limit: limit})
	if err != nil {
		return nil, err
	}
	var out []*Template
	for _, h := range hits {
		out = append(out, &Template{Name: h.ID, Version: h.Version, Description: h.Description})
	}
	return out, nil
}

// Check the signed bundle of a report's folder.
//
// It must be signed by somebody whom you trust, be about the report and all of its
// artifacts, and say yes.
func (m *Sixty) Verify(
	ctx context.Context,
	// The folder that report gives
	report *dagger.Directory,
	// Public key of the trusted signer, PEM
	// +optional
	key *dagger.File,
	// Trusted signer by the certificate's subject: an e-mail address or the URI of a workflow
	// +optional
	identity string,
	// URL of the OpenID provider that vouches for the identity
	// +optional
	issuer string,
	// Sigstore trusted root with the authorities and logs to believe
	// +optional
	trustedRoot *dagger.File,
) (string, error) {
	return module.Verify(ctx, dag, report, module.Trusted{Key: key, Identity: identity, Issuer: issuer, Root: trustedRoot})
}

// The container that the pipeline's steps start from.
func (m *Sixty) Image(
	ctx context.Context,
	// Name of the pipeline's image block
	// +default="rust"
	name string,
	// Pipeline file; the default is the built-in pipeline
	// +optional
	pipeline *dagger.File,
) (*dagger.Container, error) {
	return module.Image(ctx, dag, m.with(module.Inputs{Pipeline: pipeline}), name)
}

// Check that the crate at the root passes its tests and lints.
//
// Where there is none, that every template that ships with sixty gives one that
// does.
//
// +check
func (m *Sixty) CheckTests(
	ctx context.Context,
	// The crate or workspace
	// +defaultPath="/"
	// +ignore=["**/target", ".git", "**/testdata"]
	source *dagger.Directory,
) error {
	return module.Check(ctx, dag, source, "basic", "testing")
}

// Check that the crate at the root can be packaged and published.
//
// Where there is none, that every template that ships with sixty gives one that
// can.
//
// +check
func (m *Sixty) CheckPackage(
	ctx context.Context,
	// The crate or workspace
	// +defaultPath="/"
	// +ignore=["**/target", ".git", "**/testdata"]
	source *dagger.Directory,
) error {
	return module.Check(ctx, dag, source, "production", "validation")
}

// Template is a template that new crates are made from.
type Template struct {
	// What --template takes
	Name string
	// The newest version
	Version string
	// What it makes
	Description string
}

// Deployment is a run of all stages and its verdict.
type Deployment struct {
	// READY or NOT_READY
	Status string
	// Name of the crate
	Name string
	// Version of the crate
	Version string
	// Readiness level that was asked for
	Level string
	// What to do next
	Recommendation string
	// The report's folder: report.json, report.md, metrics, logs, artifacts, and the bundle where it is signed
	Report *dagger.Directory
	// The crate's source
	Source *dagger.Directory
	// The stages, in order
	Stages []*Stage

	// +private
	No string
	// +private
	Signed bool
	// +private
	CrateFile string
}

// Stage is how one stage of a deployment went.
type Stage struct {
	// Name of the stage
	Name string
	// passed, failed, skipped, not run, …
	Status string
	// How long it took, in milliseconds
	DurationMs int
	// How many of its steps were answered from the cache, of how many that ran
	Cached string
}

func newDeployment(d *module.Deployed) *Deployment {
	r := d.Report
	out := &Deployment{
		Status: r.DeploymentStatus, Name: r.CrateName, Version: r.CrateVersion, Level: r.Level,
		Recommendation: r.Recommendation, Report: d.Dir, Source: d.Source, Signed: r.Attestation.Signed, CrateFile: d.Crate(),
	}
	if err := d.NotReady(); err != nil {
		out.No = err.Error()
	}
	for _, s := range r.Stages {
		out.Stages = append(out.Stages, &Stage{Name: s.Name, Status: string(s.Status), DurationMs: int(s.DurationMS), Cached: s.CachedText()})
	}
	return out
}

// Fail unless the crate is ready at the level that was asked for.
//
// This is what deploy does when nothing of the deployment is asked for. It gives
// the id of the report.
func (d *Deployment) Sync(ctx context.Context) (string, error) {
	if d.No != "" {
		return "", errors.New(d.No)
	}
	// dagger call takes what a function called sync gives for an id.
	id, err := d.Report.ID(ctx)
	return string(id), err
}

// The .crate archive that cargo package made.
func (d *Deployment) Crate() (*dagger.File, error) {
	if d.CrateFile == "" {
		return nil, errors.New("the run made no .crate archive; its report says why: report export --path out")
	}
	return d.Report.File(d.CrateFile), nil
}

// The signed bundle over the report and its artifacts.
func (d *Deployment) Bundle() (*dagger.File, error) {
	if !d.Signed {
		return nil, errors.New("the report is not signed: deploy with --signing-key or --id-token")
	}
	return d.Report.File(module.BundleFile), nil
}
