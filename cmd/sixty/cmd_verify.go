package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sixtyhq/sixty/attest/policy"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"

	"github.com/sixtyhq/sixty/cmd/sixty/attestation"
	"github.com/sixtyhq/sixty/internal/deploy"
)

// verifyOptions is what a command line says about whom to trust and what to
// ask for.
type verifyOptions struct {
	bundles     []string
	keys        []string
	identity    string
	issuer      string
	trustedRoot string
	policy      string
	maxAge      time.Duration
	json        bool
}

func (a *app) verifyCommand() *cobra.Command {
	o := &verifyOptions{}
	cmd := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Check the signed verdict of a report, crate or binary",
		Long: `Checks that bundles are signed by somebody whom you trust and are about every
FILE: the report itself, the .crate, or a binary. Without a policy one of them
must hold a verdict, a report or a verification summary. Nothing is read from the
network, unless a policy asks for the public trusted root.

There is no default for whom to trust: give --key, or --identity and --issuer
with --trusted-root, or --policy.`,
		Example: `  sixty verify out/report.json --key sixty.pub
  sixty verify my_service-0.1.0.crate --bundle attestations.jsonl --key sixty.pub
  sixty verify out/report.json --bundle out/report.json.sigstore.json --bundle out/attestations.jsonl --policy policy.hcl`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if len(o.bundles) == 0 {
				o.bundles = []string{args[0] + attestation.BundleSuffix}
			}
			data, err := readBundles(o.bundles)
			if err != nil {
				return err
			}
			verified, err := o.verify(cmd.Context(), data, args)
			if err != nil {
				return err
			}
			if err := a.printVerified(args, verified, o.json); err != nil {
				return err
			}
			if o.policy == "" && saysNo(verified) {
				return errNo
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.bundles, "bundle", nil, "a sigstore bundle, or a JSON Lines file of several; may be repeated (default: FILE"+attestation.BundleSuffix+")")
	o.trustFlags(f)
	f.StringVar(&o.policy, "policy", "", "policy file: who may sign and what must be stated")
	f.DurationVar(&o.maxAge, "max-age", 0, "refuse a statement that is older than this")
	f.BoolVar(&o.json, "json", false, "print what was verified as JSON")
	return cmd
}

// trustFlags are those that name whom to trust.
func (o *verifyOptions) trustFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.keys, "key", nil, "public key of a trusted signer, PEM; may be repeated")
	f.StringVar(&o.identity, "identity", "", "trusted signer by the certificate's subject, exactly: an e-mail address or the URI of a workflow")
	f.StringVar(&o.issuer, "issuer", "", "URL of the OpenID provider that vouches for --identity")
	f.StringVar(&o.trustedRoot, "trusted-root", "", "sigstore trusted root with the authorities and logs to believe")
}

// saysNo reports whether a verdict among the statements is a no: what is well
// signed may still not be ready. A policy decides that by itself.
func saysNo(verified []*verify.Verified) bool {
	return slices.ContainsFunc(verified, func(v *verify.Verified) bool {
		var r statement.Report
		return v.Statement.PredicateType == statement.ReportType && v.Statement.Decode(&r) == nil && r.Status != statement.Ready
	})
}

func (o *verifyOptions) check() error {
	named := len(o.keys) > 0 || o.identity != "" || o.issuer != ""
	switch {
	case o.policy != "" && (named || o.trustedRoot != "" || o.maxAge != 0):
		return usagef("--policy says whom to trust, with which root and how old a statement may be: leave out --key, --identity, --issuer, --trusted-root and --max-age")
	case o.policy == "" && !named:
		return usagef("whom do you trust? Give the signer's public key with --key, an identity with --identity, --issuer and --trusted-root, or a policy with --policy")
	case (o.identity == "") != (o.issuer == ""):
		return usagef("an identity is only worth as much as who vouches for it: give --identity and --issuer together")
	case o.identity != "" && o.trustedRoot == "":
		return usagef("--identity needs --trusted-root, the authorities and logs to believe")
	case o.maxAge < 0:
		return usagef("--max-age is a time that has passed, not %s", o.maxAge)
	}
	return nil
}

// readBundles reads files of bundles as JSON Lines.
func readBundles(paths []string) ([]byte, error) {
	var all [][]byte
	for _, path := range paths {
		data, err := verify.ReadFile(path)
		var refused *verify.Error
		if errors.As(err, &refused) {
			return nil, fmt.Errorf("not verified: %w", err)
		}
		if err != nil {
			return nil, usagef("%w; sixty deploy writes bundles beside the report", err)
		}
		if len(paths) == 1 {
			return data, nil
		}
		bundles, err := verify.Split(data)
		if err != nil {
			return nil, fmt.Errorf("not verified: %s: %w", path, err)
		}
		for _, b := range bundles {
			var line bytes.Buffer
			if err := json.Compact(&line, b); err != nil {
				return nil, fmt.Errorf("not verified: %s is no bundle: %w", path, err)
			}
			all = append(all, line.Bytes())
		}
	}
	return bytes.Join(all, []byte("\n")), nil
}

// verify checks the bundles against the files.
func (o *verifyOptions) verify(ctx context.Context, data []byte, files []string) ([]*verify.Verified, error) {
	var artifacts []verify.Artifact
	for _, f := range files {
		if _, err := os.Stat(f); err != nil {
			return nil, usagef("read what the bundle is about: %w", err)
		}
		artifacts = append(artifacts, verify.File(f))
	}
	if o.policy != "" {
		return verifyPolicy(ctx, o.policy, data, artifacts)
	}
	trust, err := o.trust()
	if err != nil {
		return nil, err
	}
	verified, err := verify.All(ctx, data, artifacts, trust, verify.Expect{
		PredicateTypes: []string{statement.ReportType, statement.VSAType, statement.TestResultType, statement.ProvenanceType, statement.CycloneDXType, statement.SPDXType},
		SomeSubjects:   true, MaxAge: o.maxAge,
	})
	if err != nil {
		return nil, fmt.Errorf("not verified: %w", err)
	}
	for _, v := range verified {
		if t := v.Statement.PredicateType; t == statement.ReportType || t == statement.VSAType {
			return verified, nil
		}
	}
	return nil, errors.New("not verified: none of the statements is a verdict; give the bundle of a report or of a verification summary, or ask for others in a --policy")
}

func (o *verifyOptions) trust() (verify.Trust, error) {
	var trust verify.Trust
	for _, path := range o.keys {
		pem, err := os.ReadFile(path)
		if err != nil {
			return trust, usagef("read the public key: %w", err)
		}
		key, err := verify.KeyFromPEM(path, pem)
		if err != nil {
			return trust, usageError{err}
		}
		trust.Keys = append(trust.Keys, key)
	}
	if o.identity != "" {
		id := verify.Identity{Name: o.identity, Subject: o.identity, Issuer: o.issuer}
		if err := id.Check(); err != nil {
			return trust, usageError{err}
		}
		trust.Identities = []verify.Identity{id}
	}
	if o.trustedRoot != "" {
		var err error
		if trust.Root, err = readRoot(o.trustedRoot); err != nil {
			return trust, err
		}
	}
	return trust, nil
}

// verifyPolicy holds the bundles against a policy file. A mistake in the file
// is one of configuration; a policy that is not met is a no.
func verifyPolicy(ctx context.Context, path string, data []byte, artifacts []verify.Artifact) ([]*verify.Verified, error) {
	p, diags := policy.Load(path)
	if diags.HasErrors() {
		return nil, &deploy.DiagnosticsError{Diagnostics: diags, Files: policyFiles(path)}
	}
	result, err := p.Verify(ctx, data, artifacts, time.Time{})
	var unmet hcl.Diagnostics
	if errors.As(err, &unmet) {
		text := "not verified: the policy is not met"
		for _, d := range unmet {
			text += fmt.Sprintf("\n  %s:%d: %s", d.Subject.Filename, d.Subject.Start.Line, d.Detail)
		}
		return nil, errors.New(text)
	}
	if err != nil {
		return nil, fmt.Errorf("not verified: %w", err)
	}
	return result.Verified, nil
}

// policyFiles is the policy for the snippets of diagnostics, as far as it can be
// read.
func policyFiles(path string) map[string]*hcl.File {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	file, _ := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	return map[string]*hcl.File{path: file}
}

// verifiedJSON is a verified statement as --json prints it.
type verifiedJSON struct {
	PredicateType string        `json:"predicate_type"`
	Signer        verify.Signer `json:"signer"`
	SignedAt      time.Time     `json:"signed_at,omitzero"`
	StatedAt      time.Time     `json:"stated_at,omitzero"`
	Logged        bool          `json:"logged"`
	// Subjects are the files that were given, Others what it is about as well.
	Subjects     []statement.Resource `json:"subjects"`
	Others       []statement.Resource `json:"other_subjects,omitempty"`
	BundleSHA256 string               `json:"bundle_sha256"`
	Predicate    json.RawMessage      `json:"predicate"`
}

func (a *app) printVerified(files []string, all []*verify.Verified, asJSON bool) error {
	if asJSON {
		out := []verifiedJSON{}
		for _, v := range all {
			out = append(out, verifiedJSON{v.Statement.PredicateType, v.Signer, v.SignedAt, v.StatedAt, v.Logged, v.Subjects, v.Others, v.BundleDigest, v.Statement.Predicate})
		}
		text, err := json.MarshalIndent(out, "", "  ")
		if err != nil {
			return fmt.Errorf("print what was verified: %w", err)
		}
		fmt.Fprintf(a.stdout, "%s\n", text)
		return nil
	}
	for _, v := range all {
		for _, f := range files {
			fmt.Fprintf(a.stdout, "Verified: %s is what %s vouches for.\n", f, deploy.Readable(v.Signer.String()))
		}
		if err := printStatement(a.stdout, v.Statement); err != nil {
			return fmt.Errorf("not verified: %w", err)
		}
	}
	return nil
}

// printStatement says in a line what a statement states.
func printStatement(w io.Writer, s statement.Statement) error {
	switch s.PredicateType {
	case statement.ReportType:
		var p statement.Report
		if err := s.Decode(&p); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s  %s %s at level %s, run %s of %s.\n", deploy.Readable(string(p.Status)), deploy.Readable(p.Crate.Name), deploy.Readable(p.Crate.Version), deploy.Readable(p.Level), deploy.Readable(p.Run), p.FinishedOn.Format(time.RFC3339))
		if claims := claimed(p.Claims); claims != "" {
			fmt.Fprintf(w, "Claims: %s.\n", claims)
		}
	case statement.VSAType:
		var p statement.VSA
		if err := s.Decode(&p); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s  %s", deploy.Readable(string(p.VerificationResult)), deploy.Readable(p.ResourceURI))
		for _, level := range p.VerifiedLevels {
			fmt.Fprintf(w, " %s", deploy.Readable(level))
		}
		fmt.Fprintln(w)
	default:
		fmt.Fprintf(w, "Statement %s.\n", deploy.Readable(s.PredicateType))
	}
	return nil
}

// claimed names the claims of a report in a line.
func claimed(c statement.Claims) string {
	var words []string
	for _, name := range statement.ClaimNames {
		switch claim := c.Claim(name); {
		case claim == nil:
		case claim.Holds:
			words = append(words, name)
		default:
			words = append(words, "not "+name)
		}
	}
	return strings.Join(words, ", ")
}
