// Package sign turns in-toto statements into sigstore bundles (v0.3): DSSE
// envelopes signed with a key of one's own or with a short-lived certificate.
// Every bundle is verified before it is handed out.
package sign

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	sigsign "github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sixtyhq/sixty/attest/statement"
)

// Signer makes bundles. [Key] is one that signs with a long-lived key,
// [Keyless] one that signs with certificates.
type Signer interface {
	// material returns the key to sign with and what goes into the bundle
	// besides its signature.
	material(ctx context.Context) (sigsign.Keypair, sigsign.BundleOptions, error)
}

// Bundle signs one statement and returns the bundle as JSON, on one line,
// media type application/vnd.dev.sigstore.bundle.v0.3+json. What it returns
// has been verified against the signer's own public key or trusted root.
func Bundle(ctx context.Context, s statement.Statement, signer Signer) ([]byte, error) {
	payload, err := s.Marshal()
	if err != nil {
		return nil, err
	}
	if _, err := statement.Parse(payload); err != nil {
		return nil, fmt.Errorf("refuse to sign: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	keypair, opts, err := signer.material(ctx)
	if err != nil {
		return nil, err
	}
	if opts.TrustedRoot == nil {
		return nil, errors.New("sign: the signer has nothing to verify its own signature with")
	}
	opts.Context = ctx
	content := &sigsign.DSSEData{Data: payload, PayloadType: statement.PayloadType}
	bundle, err := sigsign.Bundle(content, keypair, opts)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", s.PredicateType, err)
	}
	raw, err := protojson.Marshal(bundle)
	if err != nil {
		return nil, fmt.Errorf("encode bundle of %s: %w", s.PredicateType, err)
	}
	return compact(raw)
}

// Bundles signs each statement and returns the bundles as JSON Lines, in the
// order of the statements, the form of `gh attestation download`.
func Bundles(ctx context.Context, statements []statement.Statement, signer Signer) ([]byte, error) {
	var lines bytes.Buffer
	for _, s := range statements {
		bundle, err := Bundle(ctx, s, signer)
		if err != nil {
			return nil, err
		}
		lines.Write(bundle)
		lines.WriteByte('\n')
	}
	return lines.Bytes(), nil
}
