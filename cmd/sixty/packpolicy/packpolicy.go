// Package packpolicy decides whether packs were signed as a policy asks: for the
// command, and for the program that signs and checks for the Dagger module.
package packpolicy

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/attest/policy"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

// Pack is what is known of a pack: Digest is that of its content, "h1:" and base64,
// and Signature its bundles, empty where nobody signed it.
type Pack struct {
	ID        string `json:"id"`
	Version   string `json:"version"`
	Source    string `json:"source"`
	Digest    string `json:"digest"`
	Signature []byte `json:"signature,omitempty"`
}

// Hash is the digest as statements have it.
func (p Pack) Hash() (statement.Digest, error) {
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Digest, "h1:"))
	if err != nil {
		return nil, fmt.Errorf("the digest of pack %s is %q", p.ID, p.Digest)
	}
	return statement.Digest{statement.DirHash: hex.EncodeToString(sum)}, nil
}

// Policy is a policy for packs.
type Policy struct {
	path   string
	policy *policy.Policy
}

// Load reads a policy for packs. Mistakes in it are diagnostics; the error is that
// it is one for something else.
func Load(path string) (Policy, hcl.Diagnostics, error) {
	p, diags := policy.Load(path)
	if diags.HasErrors() {
		return Policy{}, diags, nil
	}
	for _, s := range p.Statements {
		if s.PredicateType != statement.PackType {
			return Policy{}, nil, fmt.Errorf("%s:%d: a policy for packs asks for statement \"pack\" alone", path, s.Range.Start.Line)
		}
	}
	return Policy{path, p}, nil, nil
}

// Accept refuses a pack that was not signed as the policy asks.
func (by Policy) Accept(ctx context.Context, p Pack) error {
	what := fmt.Sprintf("pack %s %s from %s", p.ID, p.Version, p.Source)
	if len(p.Signature) == 0 {
		return fmt.Errorf("%s is not signed, and %s accepts only signed packs", what, by.path)
	}
	digest, err := p.Hash()
	if err != nil {
		return err
	}
	_, err = by.policy.Verify(ctx, p.Signature, []verify.Artifact{verify.Digest(p.ID+"@"+p.Version, digest)}, time.Time{})
	var unmet hcl.Diagnostics
	if errors.As(err, &unmet) {
		return fmt.Errorf("%s does not satisfy %s:%d: %s", what, by.path, unmet[0].Subject.Start.Line, unmet[0].Detail)
	}
	if err != nil {
		return fmt.Errorf("%s is not signed as %s asks: %w", what, by.path, err)
	}
	return nil
}
