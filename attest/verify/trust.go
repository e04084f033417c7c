package verify

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

// Trust is the decision about whom to believe: keys, identities, or both. The
// zero Trust trusts nobody, and verification refuses it.
type Trust struct {
	Keys []Key
	// Identities are believed when a certificate authority in Root vouches
	// for them.
	Identities []Identity
	// Root holds certificate authorities, logs and timestamp authorities.
	// Without it certificates are refused, and the timestamps of bundles
	// that a key signed count for nothing.
	Root root.TrustedMaterial

	// RequireLog asks for a log entry where a key signed as well;
	// certificates always need one.
	RequireLog bool
	// RequireTimestamp asks for a timestamp where a key signed as well.
	RequireTimestamp bool
	// WithoutLogUnsafe lets certificates go without a log entry: nobody can
	// see what was signed in an identity's name.
	WithoutLogUnsafe bool
	// WithoutSCTUnsafe lets certificates go without a proof that a
	// certificate log has them, as private authorities without one need.
	WithoutSCTUnsafe bool
}

// Key is a public key that is trusted for a while.
type Key struct {
	// Name is for messages.
	Name string
	// NotBefore and NotAfter bound when a signature may have been made;
	// zero is unbounded. Windows of two keys overlap while one replaces the
	// other. A signature without a trusted timestamp counts as made now.
	NotBefore, NotAfter time.Time

	verifier signature.Verifier
	hint     string
}

// KeyFromPEM reads a public key in PEM (P-256, Ed25519, or RSA of at least
// 2048 bits).
func KeyFromPEM(name string, data []byte) (Key, error) {
	if bytes.Contains(data, []byte("PRIVATE KEY")) {
		return Key{}, fmt.Errorf("key %s: this is a private key; give the public one", name)
	}
	public, err := cryptoutils.UnmarshalPEMToPublicKey(data)
	if err != nil {
		return Key{}, fmt.Errorf("key %s: read public key: %w", name, err)
	}
	return newKey(name, public)
}

func newKey(name string, public crypto.PublicKey) (Key, error) {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return Key{}, fmt.Errorf("key %s: curve %s is not taken; use P-256 or Ed25519", name, k.Curve.Params().Name)
		}
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return Key{}, fmt.Errorf("key %s: RSA with %d bits is too weak", name, k.N.BitLen())
		}
	case ed25519.PublicKey:
	default:
		return Key{}, fmt.Errorf("key %s: keys of type %T are not taken", name, public)
	}
	verifier, err := signature.LoadDefaultVerifier(public)
	if err != nil {
		return Key{}, fmt.Errorf("key %s: %w", name, err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return Key{}, fmt.Errorf("key %s: %w", name, err)
	}
	sum := sha256.Sum256(der)
	return Key{Name: name, verifier: verifier, hint: base64.StdEncoding.EncodeToString(sum[:])}, nil
}

// material is the key as sigstore-go asks for it; whatever hint the bundle
// gives, this key is tried.
func (k Key) material(base root.TrustedMaterial) root.TrustedMaterial {
	only := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return root.NewExpiringKey(k.verifier, k.NotBefore, k.NotAfter), nil
	})
	if base == nil {
		return only
	}
	return root.TrustedMaterialCollection{only, base}
}

func (k Key) validAt(t time.Time) bool {
	return (k.NotBefore.IsZero() || !t.Before(k.NotBefore)) && (k.NotAfter.IsZero() || !t.After(k.NotAfter))
}

// Identity is whom a certificate is made out to.
type Identity struct {
	// Name is for messages.
	Name string
	// Issuer is the URL of the OpenID provider, exactly.
	Issuer string
	// Subject is the certificate's subject alternative name, exactly: an
	// e-mail address or the URI of a workflow.
	Subject string
	// SubjectPattern is a regular expression for the whole subject, in
	// place of Subject.
	SubjectPattern string
	// Claims are further values that the certificate must have, exactly.
	Claims certificate.Extensions
}

// Check says what keeps an identity from being usable.
func (i Identity) Check() error {
	_, err := i.matcher()
	return err
}

func (i Identity) matcher() (sigverify.CertificateIdentity, error) {
	var none sigverify.CertificateIdentity
	if i.Issuer == "" {
		return none, fmt.Errorf("identity %s names no issuer; a subject alone can be had from any provider", i.Name)
	}
	if (i.Subject == "") == (i.SubjectPattern == "") {
		return none, fmt.Errorf("identity %s needs either a subject or a subject pattern", i.Name)
	}
	pattern := ""
	if i.SubjectPattern != "" {
		if _, err := regexp.Compile(i.SubjectPattern); err != nil {
			return none, fmt.Errorf("identity %s: %w", i.Name, err)
		}
		pattern = `\A(?:` + i.SubjectPattern + `)\z`
	}
	san, err := sigverify.NewSANMatcher(i.Subject, pattern)
	if err != nil {
		return none, err
	}
	issuer, err := sigverify.NewIssuerMatcher(i.Issuer, "")
	if err != nil {
		return none, err
	}
	return sigverify.NewCertificateIdentity(san, issuer, i.Claims)
}

// check refuses a Trust that decides nothing.
func (t Trust) check() *Error {
	const advice = "name a public key, or an identity and its issuer, or a policy file"
	if len(t.Keys) == 0 && len(t.Identities) == 0 {
		return &Error{Check: CheckTrust, Detail: "nobody is trusted", Advice: advice}
	}
	for _, k := range t.Keys {
		if k.verifier == nil {
			return &Error{Check: CheckTrust, Detail: fmt.Sprintf("key %q is empty", k.Name), Advice: advice}
		}
	}
	if len(t.Identities) > 0 && t.Root == nil {
		return &Error{Check: CheckTrust, Detail: "identities are trusted, but no authority that could vouch for them", Advice: "give a trusted root"}
	}
	if (t.RequireLog || t.RequireTimestamp) && t.Root == nil {
		return &Error{Check: CheckTrust, Detail: "a log entry or timestamp is required, but no log or timestamp authority is trusted", Advice: "give a trusted root"}
	}
	for _, i := range t.Identities {
		if err := i.Check(); err != nil {
			return &Error{Check: CheckTrust, Detail: err.Error()}
		}
	}
	return nil
}

// RootFromJSON reads a sigstore trusted root.
func RootFromJSON(data []byte) (root.TrustedMaterial, error) {
	r, err := root.NewTrustedRootFromJSON(data)
	if err != nil {
		return nil, fmt.Errorf("read trusted root: %w", err)
	}
	return r, nil
}

// ErrNoRoot is that the public-good trusted root could not be had.
var ErrNoRoot = errors.New("no trusted root")

// PublicGoodRoot fetches the trusted root of the public sigstore instance,
// through TUF and its cache under the user's folder.
func PublicGoodRoot() (root.TrustedMaterial, error) {
	r, err := root.FetchTrustedRoot()
	if err != nil {
		return nil, fmt.Errorf("%w: fetch it from sigstore: %w", ErrNoRoot, err)
	}
	return r, nil
}

func describeIdentity(s *certificate.Summary) string {
	return strings.TrimSpace(s.SubjectAlternativeName + " (" + s.Issuer + ")")
}
