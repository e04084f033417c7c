package sign

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/nacl/secretbox"
	"golang.org/x/crypto/scrypt"
)

// stretchedHeader is the PEM header of a key without a password that holds what
// scrypt makes of the empty password and the salt beside it. Whoever can read the
// file can compute it, so it gives nothing away, and saves the tenth of a second
// that opening the key would take each time. cosign ignores PEM headers.
const stretchedHeader = "Stretched-Empty-Password"

// box is what cosign's encrypted keys hold, as
// github.com/secure-systems-lab/go-securesystemslib/encrypted writes it.
type box struct {
	KDF struct {
		Name   string `json:"name"`
		Params struct {
			N, R, P int
		} `json:"params"`
		Salt []byte `json:"salt"`
	} `json:"kdf"`
	Cipher struct {
		Name  string `json:"name"`
		Nonce []byte `json:"nonce"`
	} `json:"cipher"`
	Ciphertext []byte `json:"ciphertext"`
}

// stretched are the PEM headers of a key that was sealed with the empty password.
func stretched(sealed []byte) (map[string]string, error) {
	var b box
	if err := json.Unmarshal(sealed, &b); err != nil {
		return nil, fmt.Errorf("read the new key: %w", err)
	}
	key, err := scrypt.Key(nil, b.KDF.Salt, b.KDF.Params.N, b.KDF.Params.R, b.KDF.Params.P, 32)
	if err != nil {
		return nil, fmt.Errorf("stretch the empty password: %w", err)
	}
	return map[string]string{stretchedHeader: base64.StdEncoding.EncodeToString(key)}, nil
}

// openStretched opens a key by its header. false means that there is none, or
// that it does not open the key: then it is opened as any other.
func openStretched(block *pem.Block) (der []byte, ok bool) {
	key, err := base64.StdEncoding.DecodeString(block.Headers[stretchedHeader])
	var b box
	if err != nil || len(key) != 32 || json.Unmarshal(block.Bytes, &b) != nil ||
		b.KDF.Name != "scrypt" || b.Cipher.Name != "nacl/secretbox" || len(b.Cipher.Nonce) != 24 {
		return nil, false
	}
	return secretbox.Open(nil, b.Ciphertext, (*[24]byte)(b.Cipher.Nonce), (*[32]byte)(key))
}
