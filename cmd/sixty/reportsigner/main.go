// Command reportsigner signs the statements of a run into the folder of its
// report, checks such a folder, and the signatures of packs. It is what the Dagger
// module builds and runs where that is asked for, so that the module itself needs
// no sigstore.
//
//	reportsigner sign   --dir DIR --record FILE --tree FILE (--key FILE | --keyless) [--signing-config FILE --trusted-root FILE]
//	reportsigner verify --dir DIR (--key FILE | --identity ID --issuer URL --trusted-root FILE)
//	reportsigner accept --policy FILE --packs FILE
//
// A key's password and an identity token come from the environment, as for
// sixty itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
	"github.com/sixtyhq/sixty/cmd/sixty/attestation"
	"github.com/sixtyhq/sixty/internal/report"
)

// The names in a report's folder.
const (
	reportFile   = "report.json"
	bundleFile   = reportFile + attestation.BundleSuffix
	artifactsDir = "artifacts"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := do(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n", err)
		os.Exit(1)
	}
}

// options are the flags of all verbs.
type options struct {
	dir, key         string
	record, tree     string
	keyless          bool
	signingConfig    string
	trustedRoot      string
	identity, issuer string
	policy, packs    string
}

func do(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("reportsigner: sign, verify or accept?")
	}
	var o options
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&o.dir, "dir", "", "folder of the report")
	flags.StringVar(&o.record, "record", "", "what the run's statements tell, as JSON")
	flags.StringVar(&o.tree, "tree", "", "the packed source")
	flags.StringVar(&o.key, "key", "", "private key to sign with, or public key to check with")
	flags.BoolVar(&o.keyless, "keyless", false, "sign with a certificate for an identity token")
	flags.StringVar(&o.signingConfig, "signing-config", "", "sigstore signing config")
	flags.StringVar(&o.trustedRoot, "trusted-root", "", "sigstore trusted root")
	flags.StringVar(&o.identity, "identity", "", "trusted signer")
	flags.StringVar(&o.issuer, "issuer", "", "who vouches for the identity")
	flags.StringVar(&o.policy, "policy", "", "policy for packs")
	flags.StringVar(&o.packs, "packs", "", "packs to hold against it, as JSON")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "sign":
		return o.sign(ctx)
	case "verify":
		return o.verify(ctx)
	case "accept":
		return o.accept(ctx)
	}
	return fmt.Errorf("reportsigner: there is no verb %q", args[0])
}

// read reads the report, and holds the artifacts beside it against it.
func (o options) read() (report.Report, []byte, error) {
	text, err := os.ReadFile(filepath.Join(o.dir, reportFile))
	if err != nil {
		return report.Report{}, nil, err
	}
	r, err := report.Parse(text)
	if err != nil {
		return r, nil, err
	}
	for _, art := range r.Artifacts {
		found, err := statement.File(art.Name, filepath.Join(o.dir, artifactsDir, filepath.Base(art.Name)))
		if err != nil {
			return r, nil, err
		}
		if got := found.Digest["sha256"]; got != art.SHA256 {
			return r, nil, fmt.Errorf("%s is not the artifact of the report: its SHA-256 is %s, not %s", art.Name, got, art.SHA256)
		}
	}
	return r, text, nil
}

func (o options) sign(ctx context.Context) error {
	r, text, err := o.read()
	if err != nil {
		return fmt.Errorf("sign the report: %w", err)
	}
	told, err := os.ReadFile(o.record)
	if err != nil {
		return fmt.Errorf("sign the report: %w", err)
	}
	record, err := attestation.ParseRecord(told)
	if err != nil {
		return fmt.Errorf("sign the report: %w", err)
	}
	signer, err := o.signer() //nolint:contextcheck // a key in a file asks nobody
	if err != nil {
		return fmt.Errorf("sign the report: %w", err)
	}
	return attestation.Sign(ctx, attestation.Run{
		File: filepath.Join(o.dir, reportFile), Report: r, Text: text, Record: record, Tree: o.tree,
		Write: func(path string, content []byte) error { return os.WriteFile(path, content, 0o644) },
	}, signer)
}

// signer is a key, whose public half is left beside the report, or a
// certificate.
func (o options) signer() (sign.Signer, error) {
	switch {
	case o.keyless == (o.key != ""):
		return nil, errors.New("give a key, or an identity token for a certificate")
	case o.key == "":
		services, trust, err := o.services()
		if err != nil {
			return nil, err
		}
		return sign.NewKeyless(services, trust, sign.AmbientToken(os.LookupEnv))
	}
	key, err := sign.LoadKey(o.key, sign.PasswordFromEnv(os.LookupEnv, nil))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(o.dir, attestation.PublicKeyFile), key.PublicPEM(), 0o644); err != nil {
		return nil, err
	}
	if o.signingConfig == "" {
		return key, nil
	}
	services, trust, err := o.services()
	if err != nil {
		return nil, err
	}
	return key.WithServices(services, trust)
}

func (o options) services() (sign.Services, root.TrustedMaterial, error) {
	if o.signingConfig == "" {
		services, err := sign.PublicGoodServices()
		if err != nil {
			return services, nil, err
		}
		trust, err := verify.PublicGoodRoot()
		return services, trust, err
	}
	text, err := os.ReadFile(o.signingConfig)
	if err != nil {
		return sign.Services{}, nil, err
	}
	services, err := sign.ServicesFromJSON(text)
	if err != nil {
		return services, nil, err
	}
	trust, err := o.root()
	return services, trust, err
}

func (o options) root() (root.TrustedMaterial, error) {
	text, err := os.ReadFile(o.trustedRoot)
	if err != nil {
		return nil, err
	}
	return verify.RootFromJSON(text)
}

// verify checks the bundle against the report and every artifact of it.
func (o options) verify(ctx context.Context) error {
	r, text, err := o.read()
	if err != nil {
		return fmt.Errorf("not verified: %w", err)
	}
	trust, err := o.trust()
	if err != nil {
		return fmt.Errorf("not verified: %w", err)
	}
	bundle, err := verify.ReadFile(filepath.Join(o.dir, bundleFile))
	if err != nil {
		return fmt.Errorf("not verified: %w", err)
	}
	artifacts := []verify.Artifact{verify.Bytes(reportFile, text)}
	for _, art := range r.Artifacts {
		artifacts = append(artifacts, verify.File(filepath.Join(o.dir, artifactsDir, filepath.Base(art.Name))))
	}
	v, err := verify.Bundle(ctx, bundle, artifacts, trust, verify.Expect{PredicateTypes: []string{statement.ReportType}, SomeSubjects: true})
	if err != nil {
		return fmt.Errorf("not verified: %w", err)
	}
	var stated statement.Report
	if err := v.Statement.Decode(&stated); err != nil {
		return fmt.Errorf("not verified: %w", err)
	}
	fmt.Printf("Verified: %s and %d artifacts are what %s vouches for.\n%s  %s %s at level %s\n",
		reportFile, len(r.Artifacts), v.Signer, stated.Status, stated.Crate.Name, stated.Crate.Version, stated.Level)
	if stated.Status != statement.Ready {
		return fmt.Errorf("the verdict is %s", stated.Status)
	}
	return nil
}

func (o options) trust() (verify.Trust, error) {
	var trust verify.Trust
	switch {
	case o.key != "":
		pem, err := os.ReadFile(o.key)
		if err != nil {
			return trust, err
		}
		key, err := verify.KeyFromPEM(filepath.Base(o.key), pem)
		if err != nil {
			return trust, err
		}
		trust.Keys = append(trust.Keys, key)
	case o.identity != "" && o.issuer != "":
		id := verify.Identity{Name: o.identity, Subject: o.identity, Issuer: o.issuer}
		if err := id.Check(); err != nil {
			return trust, err
		}
		trust.Identities = []verify.Identity{id}
	default:
		return trust, errors.New("whom do you trust? Give the signer's public key, or an identity and its issuer with a trusted root")
	}
	if o.trustedRoot != "" {
		var err error
		if trust.Root, err = o.root(); err != nil {
			return trust, err
		}
	}
	return trust, nil
}
