package sign

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

const (
	// PasswordVariable holds the password of the signing key.
	PasswordVariable = "SIXTY_KEY_PASSWORD"
	// PasswordFileVariable names a file that holds it; one line break at its
	// end does not count.
	PasswordFileVariable = "SIXTY_KEY_PASSWORD_FILE"

	maxPassword = 4 << 10
)

// Password gives the password of a private key, or nothing for a key without
// one. isNew is that the key is about to be made, so a person should be asked
// twice. There is no way to give it on the command line, where others see it.
type Password func(isNew bool) ([]byte, error)

// PasswordFromEnv takes the password from PasswordVariable, or else from the
// file that PasswordFileVariable names, or else from fallback; nil for fallback
// means the empty password. lookup is os.LookupEnv.
func PasswordFromEnv(lookup func(string) (string, bool), fallback Password) Password {
	return func(isNew bool) ([]byte, error) {
		if secret, ok := lookup(PasswordVariable); ok {
			return []byte(secret), nil
		}
		if path, ok := lookup(PasswordFileVariable); ok {
			return PasswordFromFile(path)(isNew)
		}
		if fallback != nil {
			return fallback(isNew)
		}
		return nil, nil
	}
}

// PasswordFromFile takes the password from a file.
func PasswordFromFile(path string) Password {
	return func(bool) ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read the key's password: %w", err)
		}
		defer f.Close()
		secret, err := io.ReadAll(io.LimitReader(f, maxPassword+1))
		if err != nil {
			return nil, fmt.Errorf("read the key's password: %w", err)
		}
		if len(secret) > maxPassword {
			return nil, fmt.Errorf("read the key's password: %s is longer than %d bytes", path, maxPassword)
		}
		secret = bytes.TrimSuffix(secret, []byte("\n"))
		return bytes.TrimSuffix(secret, []byte("\r")), nil
	}
}
