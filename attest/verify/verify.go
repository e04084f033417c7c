// Package verify checks sigstore bundles: that somebody who is trusted signed
// an in-toto statement, of an expected type, about the artifacts at hand. It
// leaves cryptography to sigstore-go and checks itself what that leaves open.
// What it returns is read from the very bytes that were signed.
package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	sigbundle "github.com/sigstore/sigstore-go/pkg/bundle"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sixtyhq/sixty/attest/internal/ijson"
	"github.com/sixtyhq/sixty/attest/statement"
)

const (
	// MediaType is the only type of bundle that is taken. Older types ask
	// less of log entries and certificates.
	MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	// MaxBundle bounds the size of a bundle; base64 makes a payload a third
	// larger.
	MaxBundle = statement.MaxBytes/3*4 + 1<<20

	maxBundleDepth = 32
	// clockSkew is how far ahead a signer's clock may be.
	clockSkew = 5 * time.Minute
)

// Expect is what the caller wants the statement to be.
type Expect struct {
	// PredicateTypes are the types that will do; at least one.
	PredicateTypes []string
	// SomeSubjects lets a statement be about more artifacts than those
	// given, which a consumer of one of them needs. Without it each subject
	// must be among the artifacts given.
	SomeSubjects bool
	// MaxAge is how long ago the statement may have been made; zero is
	// unbounded. The time is that of a trusted timestamp or log, and else
	// the one that the predicate states.
	MaxAge time.Duration
	// Now is the time of verification; zero is the present.
	Now time.Time
}

// Verified is what a bundle says, and who says so.
type Verified struct {
	Statement statement.Statement
	// Payload is the bytes that were signed.
	Payload []byte
	// Signer tells who signed.
	Signer Signer
	// SignedAt is the earliest time that a trusted authority or log gives
	// for the signature; zero where none does.
	SignedAt time.Time
	// StatedAt is the time that the predicate itself gives.
	StatedAt time.Time
	// Logged is that a trusted log has the signature.
	Logged bool
	// Subjects are those that matched an artifact, Others those that did
	// not, where Expect.SomeSubjects allowed it.
	Subjects, Others []statement.Resource
	// BundleDigest is the SHA-256 of the bundle, in hex.
	BundleDigest string
}

// Signer is who signed: a key, or an identity with a certificate.
type Signer struct {
	// Key is the name of the trusted key.
	Key string `json:"key,omitempty"`
	// KeyHint is the SHA-256 of the key in DER, in base64.
	KeyHint string `json:"key_hint,omitempty"`
	// Identity is the name of the trusted identity, Subject and Issuer
	// what the certificate says.
	Identity string `json:"identity,omitempty"`
	Subject  string `json:"subject,omitempty"`
	Issuer   string `json:"issuer,omitempty"`
}

// Name is the name of the key or identity among those trusted.
func (s Signer) Name() string {
	if s.Identity != "" {
		return s.Identity
	}
	return s.Key
}

func (s Signer) String() string {
	if s.Issuer != "" {
		return fmt.Sprintf("%s (%s)", s.Subject, s.Issuer)
	}
	return fmt.Sprintf("key %s (%s)", s.Key, s.KeyHint)
}

// Bundle verifies one bundle against the artifacts. The error is an *Error
// that names the first check that failed. Nothing is read from the network.
func Bundle(ctx context.Context, raw []byte, artifacts []Artifact, trust Trust, expect Expect) (*Verified, error) {
	if err := trust.check(); err != nil {
		return nil, err
	}
	if len(expect.PredicateTypes) == 0 {
		return nil, &Error{Check: CheckPredicate, Detail: "no predicate type is expected", Advice: "name at least one"}
	}
	if expect.Now.IsZero() {
		expect.Now = time.Now()
	}
	bundle, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v, err := verifySignature(bundle, trust, expect.Now)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	v.BundleDigest = hex.EncodeToString(sum[:])
	v.Payload = bundle.GetDsseEnvelope().GetPayload()
	if err := v.checkStatement(ctx, artifacts, expect); err != nil {
		return nil, err
	}
	return v, nil
}

// parse reads a bundle and refuses what is not exactly one signature over an
// in-toto statement.
func parse(raw []byte) (*sigbundle.Bundle, error) {
	if len(raw) > MaxBundle {
		return nil, &Error{Check: CheckSize, Detail: fmt.Sprintf("the bundle has %d bytes, more than %d", len(raw), MaxBundle)}
	}
	if err := ijson.Check(raw, ijson.Limits{Bytes: MaxBundle, Depth: maxBundleDepth}); err != nil {
		return nil, &Error{Check: CheckJSON, Detail: "the bundle is not well-formed", Cause: err}
	}
	var mediaType struct {
		MediaType string `json:"mediaType"`
	}
	if err := ijson.Unmarshal(raw, &mediaType); err != nil || mediaType.MediaType != MediaType {
		return nil, &Error{Check: CheckMediaType, Detail: fmt.Sprintf("media type is %q, not %s", mediaType.MediaType, MediaType), Advice: "have it signed anew, or converted, by a current client", Cause: err}
	}
	var pb protobundle.Bundle
	// protojson refuses fields that it doesn't know unless told otherwise.
	if err := protojson.Unmarshal(raw, &pb); err != nil {
		return nil, &Error{Check: CheckBundle, Detail: "the bundle's fields are not those of sigstore bundle v0.3", Cause: err}
	}
	envelope := pb.GetDsseEnvelope()
	if envelope == nil {
		return nil, &Error{Check: CheckEnvelope, Detail: "the bundle signs an artifact directly, without a statement", Advice: "this can't say what was checked; an attestation is needed"}
	}
	if n := len(envelope.GetSignatures()); n != 1 {
		return nil, &Error{Check: CheckEnvelope, Detail: fmt.Sprintf("the envelope has %d signatures, not one", n)}
	}
	if envelope.GetPayloadType() != statement.PayloadType {
		return nil, &Error{Check: CheckEnvelope, Detail: fmt.Sprintf("the payload is %q, not %s", envelope.GetPayloadType(), statement.PayloadType)}
	}
	bundle, err := sigbundle.NewBundle(&pb)
	if err != nil {
		return nil, &Error{Check: CheckBundle, Detail: "sigstore refuses it", Cause: err}
	}
	return bundle, nil
}

// checkStatement looks at what was signed, which by now is known to be what
// the signer meant.
func (v *Verified) checkStatement(ctx context.Context, artifacts []Artifact, expect Expect) error {
	var err error
	if v.Statement, err = statement.Parse(v.Payload); err != nil {
		return &Error{Check: CheckStatement, Detail: "what was signed is not an in-toto statement", Cause: err}
	}
	if !slices.Contains(expect.PredicateTypes, v.Statement.PredicateType) {
		return &Error{Check: CheckPredicate, Detail: fmt.Sprintf("the statement is of type %s, not %s", v.Statement.PredicateType, strings.Join(expect.PredicateTypes, " or ")), Advice: "this is a valid bundle of something else"}
	}
	if err := v.matchSubjects(ctx, artifacts, expect.SomeSubjects); err != nil {
		return err
	}
	if v.StatedAt, err = statedAt(v.Statement); err != nil {
		return &Error{Check: CheckFreshness, Detail: "the predicate's time can't be read", Cause: err}
	}
	return v.CheckAge(expect.MaxAge, expect.Now)
}
