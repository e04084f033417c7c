package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"golang.org/x/term"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
	"github.com/sixtyhq/sixty/cmd/sixty/attestation"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/provenance"
)

// recordedRun is what a signed provenance says of a run, as far as the run can
// be repeated from it.
type recordedRun struct {
	params   statement.BuildParameters
	internal provenance.Internals
	images   map[string]string // by name
	// artifacts are what the run made.
	artifacts []knownArtifact
	signer    verify.Signer
}

// readRecorded finds the provenance in bundles and verifies it. What a
// statement is about can't be at hand before it is built, so its subjects are
// taken from the statement itself; that the artifacts are those is what the
// rebuild shows.
func readRecorded(ctx context.Context, data []byte, trust verify.Trust) (*recordedRun, error) {
	bundles, err := verify.Split(data)
	if err != nil {
		return nil, fmt.Errorf("not verified: %w", err)
	}
	for i, raw := range bundles {
		claimed, err := unverified(raw)
		if err != nil {
			return nil, fmt.Errorf("not verified: bundle %d of %d: %w", i+1, len(bundles), err)
		}
		if claimed.PredicateType != statement.ProvenanceType {
			continue
		}
		var subjects []verify.Artifact
		for _, s := range claimed.Subject {
			subjects = append(subjects, verify.Digest(s.Name, s.Digest))
		}
		v, err := verify.Bundle(ctx, raw, subjects, trust, verify.Expect{PredicateTypes: []string{statement.ProvenanceType}})
		if err != nil {
			return nil, fmt.Errorf("not verified: %w", err)
		}
		return newRecordedRun(v)
	}
	return nil, usagef("none of the statements is the provenance of a run; give the %s that lies beside its report", attestation.StatementFile)
}

// unverified is the statement of a bundle whose signature nobody has checked.
func unverified(raw []byte) (statement.Statement, error) {
	text, err := verify.Envelope(raw)
	if err != nil {
		return statement.Statement{}, err
	}
	var envelope struct {
		Payload string `json:"payload"`
	}
	if err := json.Unmarshal(text, &envelope); err != nil {
		return statement.Statement{}, err
	}
	payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
	if err != nil {
		return statement.Statement{}, err
	}
	return statement.Parse(payload)
}

func newRecordedRun(v *verify.Verified) (*recordedRun, error) {
	var p struct {
		BuildDefinition struct {
			BuildType            string                    `json:"buildType"`
			ExternalParameters   statement.BuildParameters `json:"externalParameters"`
			InternalParameters   provenance.Internals      `json:"internalParameters"`
			ResolvedDependencies []statement.Resource      `json:"resolvedDependencies"`
		} `json:"buildDefinition"`
	}
	if err := json.Unmarshal(v.Statement.Predicate, &p); err != nil {
		return nil, fmt.Errorf("read the provenance: %w", err)
	}
	def := p.BuildDefinition
	if def.BuildType != statement.BuildType {
		return nil, fmt.Errorf("the provenance is of a build of type %s, which is not %s", def.BuildType, statement.BuildType)
	}
	r := &recordedRun{params: def.ExternalParameters, internal: def.InternalParameters, images: map[string]string{}, signer: v.Signer}
	if len(r.internal.Artifacts) == 0 || len(r.internal.Steps) == 0 || r.internal.Surroundings == nil || r.params.Pipeline == nil {
		return nil, errors.New("the recorded run made no artifacts, so there is nothing to reproduce")
	}
	for _, d := range def.ResolvedDependencies {
		if name, ok := strings.CutPrefix(d.Name, "image "); ok {
			r.images[name] = "sha256:" + d.Digest["sha256"]
		}
	}
	for _, name := range r.internal.Artifacts {
		i := slices.IndexFunc(v.Statement.Subject, func(s statement.Resource) bool { return s.Name == name && s.Digest["sha256"] != "" })
		if i < 0 {
			return nil, fmt.Errorf("the provenance names the artifact %q and has no digest of it", name)
		}
		r.artifacts = append(r.artifacts, knownArtifact{name: name, sha256: v.Statement.Subject[i].Digest["sha256"]})
	}
	return r, nil
}

// atHand looks for the artifacts themselves in a folder. One that has another
// content is not the recorded one, and left alone.
func (r *recordedRun) atHand(dir string) {
	for i, art := range r.artifacts {
		if filepath.Base(art.name) != art.name {
			continue
		}
		path := filepath.Join(dir, art.name)
		if sum, _, err := deploy.FileDigest(path); err == nil && sum == art.sha256 {
			r.artifacts[i].path = path
		}
	}
}

// given are the values of the pipeline's variables: the recorded ones, and
// those of sensitive variables as they are given now.
func (r *recordedRun) given(ask asking) ([]lang.Given, error) {
	out, err := recordedValues(r.params.Variables)
	if err != nil {
		return nil, err
	}
	sensitive, err := ask.all(r.params.SensitiveVariables)
	return append(out, sensitive...), err
}

func recordedValues(values map[string]any) ([]lang.Given, error) {
	var out []lang.Given
	for name, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		of, err := ctyjson.ImpliedType(text)
		if err != nil {
			return nil, fmt.Errorf("recorded variable %q: %w", name, err)
		}
		value, err := ctyjson.Unmarshal(text, of)
		if err != nil {
			return nil, fmt.Errorf("recorded variable %q: %w", name, err)
		}
		if value.IsNull() {
			value = cty.NullVal(cty.DynamicPseudoType)
		}
		out = append(out, lang.Given{Name: name, Value: value, Source: "the provenance"})
	}
	slices.SortFunc(out, func(a, b lang.Given) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// asking gets the value of a sensitive variable, which is on no record.
type asking func(name string) (lang.Given, error)

func (ask asking) all(names []string) ([]lang.Given, error) {
	var out []lang.Given
	for _, name := range names {
		g, err := ask(name)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

// ask gets values from the environment, from --var and --var-file, or from the
// terminal.
func (a *app) ask(o *runOptions) (asking, error) {
	now, err := o.given()
	if err != nil {
		return nil, err
	}
	return func(name string) (lang.Given, error) {
		for _, g := range slices.Backward(now) {
			if g.Name == name {
				g.Lenient = false
				return g, nil
			}
		}
		if !term.IsTerminal(int(os.Stdin.Fd())) {
			return lang.Given{}, usagef("the variable %q is sensitive, so its value is on no record: give it once more, in $%s%s or a --var-file", name, varPrefix, name)
		}
		fmt.Fprintf(a.stderr, "Value of the sensitive variable %q: ", deploy.Readable(name))
		value, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(a.stderr)
		if err != nil {
			return lang.Given{}, fmt.Errorf("ask for the variable %q: %w", name, err)
		}
		return lang.Given{Name: name, Text: string(value), Source: "the value of " + name + " on the terminal"}, nil
	}, nil
}
