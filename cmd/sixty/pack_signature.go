package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
	"github.com/sixtyhq/sixty/cmd/sixty/packpolicy"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
)

// signable is a pack as its signature has it.
func signable(p *market.Pack) packpolicy.Pack {
	return packpolicy.Pack{ID: p.ID, Version: p.Version, Source: p.Source, Digest: p.Digest, Signature: p.Signature}
}

// signPack gives a pack a signature in place of those it has.
func signPack(ctx context.Context, p *market.Pack, by *signing) error {
	digest, err := signable(p).Hash()
	if err != nil {
		return err
	}
	subject := statement.Resource{Name: p.ID + "@" + p.Version, Digest: digest}
	s, err := statement.New([]statement.Resource{subject}, statement.Pack{ID: p.ID, Version: p.Version, PublishedOn: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return fmt.Errorf("sign pack %s: %w", p.ID, err)
	}
	if p.Signature, err = sign.Bundle(ctx, s, by.signer); err != nil {
		return fmt.Errorf("sign pack %s: %w", p.ID, err)
	}
	return nil
}

// stillSigned refuses signatures that lie in a pack's folder and are of other
// content, which would travel with it and vouch for nothing.
func stillSigned(p *market.Pack) error {
	if p.Signature == nil {
		return nil
	}
	want, err := signable(p).Hash()
	if err != nil {
		return err
	}
	bundles, err := verify.Split(p.Signature)
	for _, b := range bundles {
		var s statement.Statement
		s, err = signedStatement(b)
		if err == nil && (len(s.Subject) != 1 || !s.Subject[0].Digest.Matches(want)) {
			err = errors.New("the pack has changed since it was signed")
		}
		if err != nil {
			break
		}
	}
	if err != nil {
		return usagef("%s of pack %s: %w; sign it anew with sixty market sign, or remove the file", market.SignatureFile, p.ID, err)
	}
	return nil
}

// signedStatement reads what a bundle signs, whoever signed it.
func signedStatement(bundle []byte) (statement.Statement, error) {
	text, err := verify.Envelope(bundle)
	if err != nil {
		return statement.Statement{}, err
	}
	var envelope struct {
		Payload []byte `json:"payload"`
	}
	if err := json.Unmarshal(text, &envelope); err != nil {
		return statement.Statement{}, err
	}
	return statement.Parse(envelope.Payload)
}

// packFlags are the flags that say who signs a pack.
func (o *signOptions) packFlags(cmd *cobra.Command, unnamed string) {
	f := cmd.Flags()
	f.StringVar(&o.key, "key", "", "private key to sign the pack with: a PEM file, or the URI of a key in a KMS or behind a plugin"+unnamed)
	f.BoolVar(&o.keyless, "keyless", false, "sign the pack with a certificate for the identity token of this CI job")
	f.StringVar(&o.signingConfig, "signing-config", "", "sigstore signing config with the authorities and logs to use (default with --keyless: the public instance)")
	f.StringVar(&o.trustedRoot, "trusted-root", "", "sigstore trusted root of the services in --signing-config")
}

func (a *app) marketSignCommand() *cobra.Command {
	o := signOptions{}
	cmd := &cobra.Command{
		Use:   "sign DIR",
		Short: "Sign a pack: write " + market.SignatureFile + " into its folder",
		Long: `Signs the pack in a folder: whoever gets it from a directory, a git repository, an
index or a registry can check who vouches for its content, and a policy can ask
for that. The signature is a sigstore bundle in ` + market.SignatureFile + `; sign
again after every change.`,
		Example: `  sixty market sign packs/service --key release.key
  sixty market sign packs/service --keyless`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			pack, err := openPack(args[0])
			if err != nil {
				return err
			}
			named, err := o.named(cmd.Context())
			if err != nil {
				return err
			}
			by, err := o.ahead(named)()
			if err != nil {
				return err
			}
			if err := signPack(cmd.Context(), pack, by); err != nil {
				return err
			}
			if by.note != "" {
				fmt.Fprintln(a.stderr, by.note)
			}
			if err := writeFile(filepath.Join(args[0], market.SignatureFile), pack.Signature); err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "Signed %s %s %s\n", deploy.Readable(pack.ID), deploy.Readable(pack.Version), pack.Digest)
			return nil
		},
	}
	o.packFlags(cmd, " (default: a key of your own, made when there is none)")
	return cmd
}

func hooksFlag(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "hooks", false, "let commands that the pack's templates name run, in a container without a network; otherwise such a pack is refused")
}

func packPolicyFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "pack-policy", "", "policy file: who must have signed the packs (beside the pipeline's own, and pack-policy.hcl in sixty's configuration folder)")
}

// packPolicyPath is where a user's own policy for all packs lies.
func packPolicyPath() (string, error) {
	config, err := market.ConfigPath()
	return filepath.Join(filepath.Dir(config), "pack-policy.hcl"), err
}

// packPolicies are all policies that a pack must satisfy: the user's own, if there
// is one, and those that are named.
func packPolicies(named ...string) ([]packpolicy.Policy, error) {
	own, err := packPolicyPath()
	if err != nil {
		return nil, err
	}
	paths := []string{own}
	if _, err := os.Stat(own); errors.Is(err, fs.ErrNotExist) {
		paths = nil
	}
	var out []packpolicy.Policy
	for _, path := range append(paths, named...) {
		if path == "" {
			continue
		}
		p, diags, err := packpolicy.Load(path)
		if diags.HasErrors() {
			return nil, &deploy.DiagnosticsError{Diagnostics: diags, Files: policyFiles(path)}
		}
		if err != nil {
			return nil, usageError{err}
		}
		out = append(out, p)
	}
	return out, nil
}

// accept holds packs against policies. Those that ship with sixty are as
// trustworthy as sixty itself.
func accept(ctx context.Context, policies []packpolicy.Policy, packs ...*market.Pack) error {
	if len(policies) == 0 {
		return nil
	}
	others, err := concept.NotShipped(ctx, packs)
	if err != nil {
		return err
	}
	for _, p := range others {
		for _, by := range policies {
			if err := by.Accept(ctx, signable(p)); err != nil {
				return err
			}
		}
	}
	return nil
}
