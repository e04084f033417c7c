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
	sigverify "github.com/sigstore/sigstore-go/pkg/verify"
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
	return v.checkFreshness(expect)
}

func (v *Verified) checkFreshness(expect Expect) error {
	var times struct {
		TimeVerified time.Time `json:"timeVerified"`
		FinishedOn   time.Time `json:"finishedOn"`
		RunDetails   struct {
			Metadata struct {
				FinishedOn time.Time `json:"finishedOn"`
			} `json:"metadata"`
		} `json:"runDetails"`
	}
	switch v.Statement.PredicateType {
	case statement.VSAType, statement.ReportType, statement.ProvenanceType:
		if err := v.Statement.Decode(&times); err != nil {
			return &Error{Check: CheckFreshness, Detail: "the predicate's time can't be read", Cause: err}
		}
	}
	for _, t := range []time.Time{times.TimeVerified, times.FinishedOn, times.RunDetails.Metadata.FinishedOn} {
		if !t.IsZero() {
			v.StatedAt = t
		}
	}
	made := v.SignedAt
	if made.IsZero() {
		made = v.StatedAt
	}
	for _, t := range []time.Time{made, v.StatedAt} {
		if t.After(expect.Now.Add(clockSkew)) {
			return &Error{Check: CheckFreshness, Detail: fmt.Sprintf("it was made at %s, which is yet to come", t.UTC().Format(time.RFC3339)), Advice: "check the clocks"}
		}
	}
	if expect.MaxAge == 0 {
		return nil
	}
	if made.IsZero() {
		return &Error{Check: CheckFreshness, Detail: "nothing says when it was made", Advice: "sign with a timestamp authority, or ask for no age"}
	}
	if age := expect.Now.Sub(made); age > expect.MaxAge {
		return &Error{Check: CheckFreshness, Detail: fmt.Sprintf("it was made at %s, %s ago, and may be %s old", made.UTC().Format(time.RFC3339), age.Round(time.Second), expect.MaxAge), Advice: "run the pipeline again"}
	}
	return nil
}

// verifySignature finds who of the trusted signed the bundle.
func verifySignature(bundle *sigbundle.Bundle, trust Trust, now time.Time) (*Verified, error) {
	content, err := bundle.VerificationContent()
	if err != nil {
		return nil, &Error{Check: CheckBundle, Detail: "the bundle names no key and has no certificate", Cause: err}
	}
	if content.Certificate() != nil {
		return verifyCertificate(bundle, trust)
	}
	return verifyKey(bundle, content.PublicKey().Hint(), trust, now)
}

func verifyCertificate(bundle *sigbundle.Bundle, trust Trust) (*Verified, error) {
	if len(trust.Identities) == 0 {
		return nil, &Error{Check: CheckTrust, Detail: "the bundle was signed with a certificate, and only keys are trusted", Advice: "name an identity and its issuer"}
	}
	options := []sigverify.VerifierOption{sigverify.WithObserverTimestamps(1), sigverify.WithoutStatementPredicate()}
	if !trust.WithoutLogUnsafe {
		options = append(options, sigverify.WithTransparencyLog(1))
	}
	if !trust.WithoutSCTUnsafe {
		options = append(options, sigverify.WithSignedCertificateTimestamps(1))
	}
	verifier, err := sigverify.NewVerifier(trust.Root, options...)
	if err != nil {
		return nil, &Error{Check: CheckTrust, Detail: "the trusted root can't be used", Cause: err}
	}
	// Artifacts are matched by matchSubjects: sigstore-go is content when
	// an artifact matches any digest of any subject.
	result, err := verifier.Verify(bundle, sigverify.NewPolicy(sigverify.WithoutArtifactUnsafe(), sigverify.WithoutIdentitiesUnsafe()))
	if err != nil {
		return nil, fromSigstore(err)
	}
	summary := result.Signature.Certificate
	var last error
	for _, identity := range trust.Identities {
		matcher, err := identity.matcher()
		if err != nil {
			return nil, &Error{Check: CheckTrust, Detail: err.Error()}
		}
		if last = matcher.Verify(*summary); last == nil {
			return &Verified{
				Signer:   Signer{Identity: identity.Name, Subject: summary.SubjectAlternativeName, Issuer: summary.Issuer},
				SignedAt: earliest(result.VerifiedTimestamps),
				Logged:   !trust.WithoutLogUnsafe,
			}, nil
		}
	}
	return nil, &Error{Check: CheckIdentity, Detail: fmt.Sprintf("%s signed it, who is none of the identities named", describeIdentity(summary)), Cause: last}
}

// verifyKey tries the key that the hint names first, but believes no hint.
func verifyKey(bundle *sigbundle.Bundle, hint string, trust Trust, now time.Time) (*Verified, error) {
	if len(trust.Keys) == 0 {
		return nil, &Error{Check: CheckTrust, Detail: "the bundle was signed with a key, and only identities are trusted", Advice: "name the public key"}
	}
	keys := slices.Clone(trust.Keys)
	slices.SortStableFunc(keys, func(a, b Key) int {
		return boolOrder(a.hint == hint, b.hint == hint)
	})
	var first *Error
	for _, key := range keys {
		v, err := verifyOneKey(bundle, key, trust, now)
		if err == nil {
			return v, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func verifyOneKey(bundle *sigbundle.Bundle, key Key, trust Trust, now time.Time) (*Verified, *Error) {
	timestamps, err := bundle.Timestamps()
	if err != nil {
		return nil, &Error{Check: CheckTimestamp, Detail: "timestamps can't be read", Cause: err}
	}
	entries, err := bundle.TlogEntries()
	if err != nil {
		return nil, &Error{Check: CheckLog, Detail: "log entries can't be read", Cause: err}
	}
	// What stands in the bundle is checked where a root makes that
	// possible, even where nobody asked for it.
	timed := trust.RequireTimestamp || (trust.Root != nil && len(timestamps) > 0)
	logged := trust.RequireLog || (trust.Root != nil && len(entries) > 0)
	options := []sigverify.VerifierOption{sigverify.WithoutStatementPredicate()}
	if logged {
		options = append(options, sigverify.WithTransparencyLog(1))
	}
	if timed {
		options = append(options, sigverify.WithObserverTimestamps(1))
	} else {
		options = append(options, sigverify.WithNoObserverTimestamps())
	}
	verifier, err := sigverify.NewVerifier(key.material(trust.Root), options...)
	if err != nil {
		return nil, &Error{Check: CheckTrust, Detail: "the trusted root can't be used", Cause: err}
	}
	result, err := verifier.Verify(bundle, sigverify.NewPolicy(sigverify.WithoutArtifactUnsafe(), sigverify.WithKey()))
	if err != nil {
		return nil, fromSigstore(err)
	}
	signed := time.Time{}
	if timed {
		signed = earliest(result.VerifiedTimestamps)
	}
	if signed.IsZero() && !key.validAt(now) {
		return nil, &Error{Check: CheckTimestamp, Detail: fmt.Sprintf("key %s is valid %s, and nothing proves that it signed then", key.Name, window(key)), Advice: "sign with a timestamp authority to outlive a key"}
	}
	return &Verified{Signer: Signer{Key: key.Name, KeyHint: key.hint}, SignedAt: signed, Logged: logged}, nil
}

func window(k Key) string {
	format := func(t time.Time, unbounded string) string {
		if t.IsZero() {
			return unbounded
		}
		return t.UTC().Format(time.RFC3339)
	}
	return "from " + format(k.NotBefore, "ever") + " to " + format(k.NotAfter, "ever")
}

func earliest(all []sigverify.TimestampVerificationResult) time.Time {
	var first time.Time
	for _, t := range all {
		if first.IsZero() || t.Timestamp.Before(first) {
			first = t.Timestamp
		}
	}
	return first
}
