package verify

import (
	"fmt"
	"strings"
)

// Check names one thing that verification looks at.
type Check string

// The checks, in the order in which they are made.
const (
	CheckTrust       Check = "trust"       // somebody was named whom to trust
	CheckSize        Check = "size"        // the bundle is not too large
	CheckJSON        Check = "json"        // the bundle reads the same for everyone
	CheckMediaType   Check = "media type"  // it says that it is a sigstore bundle v0.3
	CheckBundle      Check = "bundle"      // its fields are those of a bundle, no more
	CheckEnvelope    Check = "envelope"    // one signature over an in-toto statement
	CheckLog         Check = "log entry"   // the transparency log has it
	CheckTimestamp   Check = "timestamp"   // it is known when it was signed
	CheckCertificate Check = "certificate" // a trusted authority issued the certificate
	CheckSignature   Check = "signature"   // the key signed this payload
	CheckIdentity    Check = "identity"    // the certificate is of a trusted identity
	CheckStatement   Check = "statement"   // the payload is an in-toto statement
	CheckPredicate   Check = "predicate"   // of a type that was asked for
	CheckSubjects    Check = "subjects"    // about the artifacts at hand
	CheckFreshness   Check = "freshness"   // and not too old
	CheckPolicy      Check = "policy"      // the policy is content with what it says
)

// Error is a check that failed.
type Error struct {
	Check Check
	// Detail says what was found, Advice what to do next.
	Detail string
	Advice string
	// Cause is the error underneath, where there is one.
	Cause error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "verification failed at %s: %s", e.Check, e.Detail)
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	if e.Advice != "" {
		fmt.Fprintf(&b, " (%s)", e.Advice)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// sigstoreChecks maps how sigstore-go begins its errors to the checks.
var sigstoreChecks = []struct {
	prefix string
	check  Check
	advice string
}{
	{"failed to verify log inclusion", CheckLog, "the log entry is missing, altered, of another signature, or of a log that the trusted root doesn't name"},
	{"failed to verify timestamps", CheckTimestamp, "the signature needs a timestamp of an authority that the trusted root names"},
	{"failed to verify leaf certificate", CheckCertificate, "the certificate must come from an authority in the trusted root and have been valid when it signed"},
	{"failed to verify signed certificate timestamp", CheckCertificate, "the certificate must stand in a certificate log that the trusted root names"},
	{"failed to summarize certificate", CheckCertificate, ""},
	{"failed to fetch verification content", CheckCertificate, ""},
	{"failed to verify certificate identity", CheckIdentity, "the signer is somebody else than the identities named"},
	{"signature time outside of public key validity window", CheckTimestamp, "the key was not valid when it signed"},
	{"failed to fetch envelope statement", CheckStatement, ""},
	{"failed to verify signature", CheckSignature, "the payload was changed after it was signed, or another key signed it"},
}

func fromSigstore(err error) *Error {
	for _, c := range sigstoreChecks {
		if strings.HasPrefix(err.Error(), c.prefix) {
			return &Error{Check: c.check, Detail: "sigstore refuses it", Advice: c.advice, Cause: err}
		}
	}
	return &Error{Check: CheckSignature, Detail: "sigstore refuses it", Cause: err}
}
