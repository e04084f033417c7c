package sign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigsign "github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

// Algorithm is the kind of key that is made.
type Algorithm string

const (
	// P256 is ECDSA over P-256 with SHA-256, which every sigstore client takes.
	P256 Algorithm = "ecdsa-p256"
	// Ed25519 is pure Ed25519 (RFC 8032).
	Ed25519 Algorithm = "ed25519"
)

// Key is a long-lived signing key, in memory, in a file or in a KMS.
type Key struct {
	signer  signature.Signer
	public  crypto.PublicKey
	details signature.AlgorithmDetails
	pem     []byte
	hint    []byte
}

// Generate makes a key that lives in memory only.
func Generate(algorithm Algorithm) (*Key, error) {
	private, err := generate(algorithm)
	if err != nil {
		return nil, err
	}
	return fromPrivate(private)
}

func generate(algorithm Algorithm) (crypto.Signer, error) {
	switch algorithm {
	case P256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case Ed25519:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, fmt.Errorf("key algorithm %q is not %s or %s", algorithm, P256, Ed25519)
}

func fromPrivate(private crypto.Signer) (*Key, error) {
	details, err := algorithmOf(private.Public())
	if err != nil {
		return nil, err
	}
	signer, err := signature.LoadSignerFromAlgorithmDetails(private, details)
	if err != nil {
		return nil, fmt.Errorf("use private key: %w", err)
	}
	return NewKey(context.Background(), signer) // in memory: nothing to wait for
}

// NewKey is a key that signer holds, as in a KMS. The signer hashes as is
// usual for its kind of key: SHA-256 for P-256.
func NewKey(ctx context.Context, signer signature.Signer) (*Key, error) {
	public, err := signer.PublicKey(options.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("read the public key of the signer: %w", err)
	}
	details, err := algorithmOf(public)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return &Key{
		signer:  signer,
		public:  public,
		details: details,
		pem:     cryptoutils.PEMEncode(cryptoutils.PublicKeyPEMType, der),
		hint:    []byte(base64.StdEncoding.EncodeToString(sum[:])),
	}, nil
}

// algorithmOf says how a kind of key signs, and refuses the kinds that not
// every sigstore client verifies.
func algorithmOf(public crypto.PublicKey) (signature.AlgorithmDetails, error) {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return signature.AlgorithmDetails{}, fmt.Errorf("keys on curve %s are not taken, cosign can't verify their signatures; use P-256 or Ed25519", k.Curve.Params().Name)
		}
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return signature.AlgorithmDetails{}, fmt.Errorf("an RSA key of %d bits is too weak; use P-256, Ed25519 or at least 2048 bits", k.N.BitLen())
		}
	case ed25519.PublicKey:
	default:
		return signature.AlgorithmDetails{}, fmt.Errorf("keys of type %T are not taken; use P-256 or Ed25519", public)
	}
	details, err := signature.GetDefaultAlgorithmDetails(public)
	if err != nil {
		return details, fmt.Errorf("choose a signature algorithm for the key: %w", err)
	}
	return details, nil
}

// PublicPEM returns the public key as PEM, the form that cosign and
// [verify.KeyFromPEM] read.
//
// [verify.KeyFromPEM]: https://pkg.go.dev/github.com/sixtyhq/sixty/attest/verify#KeyFromPEM
func (k *Key) PublicPEM() []byte { return bytes.Clone(k.pem) }

// Hint is what a bundle names the key by: the SHA-256 of the public key in
// DER, in base64. It is a help to find the key, not a proof.
func (k *Key) Hint() string { return string(k.hint) }

func (k *Key) material(context.Context) (sigsign.Keypair, sigsign.BundleOptions, error) {
	verifier, err := signature.LoadVerifierFromAlgorithmDetails(k.public, k.details)
	if err != nil {
		return nil, sigsign.BundleOptions{}, fmt.Errorf("use public key: %w", err)
	}
	expiring := root.NewExpiringKey(verifier, time.Time{}, time.Time{})
	trust := root.NewTrustedPublicKeyMaterialFromMapping(map[string]*root.ExpiringKey{k.Hint(): expiring})
	return keypair{k}, sigsign.BundleOptions{TrustedRoot: trust}, nil
}

// keypair is a Key as sigstore-go asks for it.
type keypair struct{ key *Key }

func (p keypair) GetHashAlgorithm() protocommon.HashAlgorithm {
	return p.key.details.GetProtoHashType()
}
func (p keypair) GetSigningAlgorithm() protocommon.PublicKeyDetails {
	return p.key.details.GetSignatureAlgorithm()
}
func (p keypair) GetHint() []byte                  { return p.key.hint }
func (p keypair) GetPublicKey() crypto.PublicKey   { return p.key.public }
func (p keypair) GetPublicKeyPem() (string, error) { return string(p.key.pem), nil }

func (p keypair) GetKeyAlgorithm() string {
	switch p.key.public.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA"
	case *rsa.PublicKey:
		return "RSA"
	}
	return "ED25519"
}

// SignData returns the signature over data, and what was signed in the end:
// the digest, or the data itself for Ed25519.
func (p keypair) SignData(ctx context.Context, data []byte) ([]byte, []byte, error) {
	sig, err := p.key.signer.SignMessage(bytes.NewReader(data), options.WithContext(ctx))
	if err != nil {
		return nil, nil, fmt.Errorf("sign: %w", err)
	}
	hash := p.key.details.GetHashType()
	if hash == crypto.Hash(0) {
		return sig, data, nil
	}
	h := hash.New()
	h.Write(data)
	return sig, h.Sum(nil), nil
}

// compact puts a JSON value on one line; protojson varies its spacing on
// purpose from one build to the next.
func compact(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return nil, errors.New("bundle is not JSON")
	}
	return out.Bytes(), nil
}
