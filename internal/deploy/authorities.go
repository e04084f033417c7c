package deploy

import (
	"fmt"
	"os"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/stages/setup"
)

// hostAuthorities stores the certificate bundle of this machine: the one that
// SSL_CERT_FILE names, or the first one at the places where distributions keep
// theirs. A machine without one gives an empty blob.
func hostAuthorities(store *blob.Store) (blob.Blob, error) {
	places := []string{
		os.Getenv("SSL_CERT_FILE"),
		"/etc/ssl/certs/ca-certificates.crt", // Debian
		"/etc/pki/tls/certs/ca-bundle.crt",   // Fedora
		"/etc/ssl/ca-bundle.pem",             // openSUSE
		"/etc/ssl/cert.pem",                  // Alpine
	}
	for _, place := range places {
		if place == "" {
			continue
		}
		content, err := os.ReadFile(place)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return blob.Blob{}, fmt.Errorf("read the certificate authorities: %w", err)
		}
		return store.PutFiles(map[string][]byte{setup.AuthoritiesFile: content})
	}
	return blob.Blob{}, nil
}
