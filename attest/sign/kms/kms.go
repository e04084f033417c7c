// Package kms signs with keys that never leave a key management service, a
// hardware module or another program. It stands apart from package sign, which
// needs none of it.
//
// A key is named by a URI. A provider that is linked into the program
// (import _ "github.com/sigstore/sigstore/pkg/signature/kms/aws" and its
// siblings) answers for its schemes; for any other, the program
// sigstore-kms-SCHEME on the PATH is asked, by the plugin protocol of sigstore.
package kms

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin"

	"github.com/sixtyhq/sixty/attest/sign"
)

// scheme is that of RFC 3986, so that no name of a plugin is a path.
var scheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)

// IsURI reports whether s names a key in a KMS and not a file.
func IsURI(s string) bool {
	before, _, ok := strings.Cut(s, "://")
	return ok && scheme.MatchString(before)
}

// Load returns the key at a URI, as in awskms:///alias/release or
// pkcs11://slot-0/release. The context bounds this call, not later signing.
func Load(ctx context.Context, uri string) (*sign.Key, error) {
	if !IsURI(uri) {
		return nil, fmt.Errorf("key %q is no URI of the form scheme://key", uri)
	}
	signer, err := kms.Get(ctx, uri, crypto.SHA256)
	var missing *kms.ProviderNotFoundError
	if errors.As(err, &missing) {
		name, _, _ := strings.Cut(uri, "://")
		return nil, fmt.Errorf("key %s: nothing here knows %s keys; put the program %s%s on the PATH", uri, name, cliplugin.PluginBinaryPrefix, name)
	}
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", uri, err)
	}
	key, err := sign.NewKey(ctx, signer)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", uri, err)
	}
	return key, nil
}
