package verify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	sigbundle "github.com/sigstore/sigstore-go/pkg/bundle"
	sigverify "github.com/sigstore/sigstore-go/pkg/verify"
)

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

// window says when a key is valid, which is bounded at one side at least.
func window(k Key) string {
	var parts []string
	if !k.NotBefore.IsZero() {
		parts = append(parts, "from "+k.NotBefore.UTC().Format(time.RFC3339))
	}
	if !k.NotAfter.IsZero() {
		parts = append(parts, "until "+k.NotAfter.UTC().Format(time.RFC3339))
	}
	return strings.Join(parts, " ")
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
