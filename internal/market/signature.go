package market

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// SignatureFile is where the signatures of a pack lie, at its root: sigstore
// bundles, one or one a line. It is no part of the content that they sign.
// What they are worth, this package does not judge.
const SignatureFile = "pack.sigstore.json"

// maxSignatureSize bounds the signatures of one pack.
const maxSignatureSize = 4 << 20

// readSignature reads the signatures in a pack's folder; nil where it has none.
func readSignature(fsys fs.FS) ([]byte, error) {
	info, err := fs.Lstat(fsys, SignatureFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a plain file")
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", SignatureFile, err)
	}
	return readLimited(fsys, SignatureFile, maxSignatureSize)
}

// SignatureDigest names signatures in listings: their SHA-256, as "sha256:HEX";
// empty where there are none.
func SignatureDigest(signature []byte) string {
	if len(signature) == 0 {
		return ""
	}
	sum := sha256.Sum256(signature)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Signature gives the signatures that are kept for the content with a digest; nil
// where there are none.
func (c *Cache) Signature(digest string) []byte {
	if !validDigest(digest) {
		return nil
	}
	data, err := os.ReadFile(c.signaturePath(digest))
	if err != nil || len(data) > maxSignatureSize {
		return nil
	}
	return data
}

// KeepSignature keeps signatures of the content with a digest, in place of those
// that were kept before.
func (c *Cache) KeepSignature(digest string, signature []byte) error {
	if len(signature) == 0 {
		return nil
	}
	if !validDigest(digest) {
		return fmt.Errorf("%q is not the digest of any content", digest)
	}
	name := c.signaturePath(digest)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("keep the signature of a pack: %w", err)
	}
	return replaceFile(name, signature)
}

func (c *Cache) signaturePath(digest string) string {
	return filepath.Join(c.dir, "signatures", digestName(digest)+".json")
}

// Signed gives a pack its signatures as a listing announces them: those that are
// kept, else what fetch gives.
func (c *Cache) Signed(p *Pack, announced string, fetch func() ([]byte, error)) (*Pack, error) {
	if announced == "" {
		return p, nil
	}
	p.Signature = c.Signature(p.Digest)
	if SignatureDigest(p.Signature) == announced {
		return p, nil
	}
	data, err := fetch()
	if err != nil {
		return nil, fmt.Errorf("fetch the signature of %s: %w", p.ID, err)
	}
	if got := SignatureDigest(data); got != announced {
		return nil, fmt.Errorf("the signature of %s is %s, %s was announced", p.ID, got, announced)
	}
	p.Signature = data
	return p, c.KeepSignature(p.Digest, data)
}
