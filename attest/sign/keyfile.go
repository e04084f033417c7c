package sign

import (
	"crypto"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

const (
	// PrivateKeyName and PublicKeyName are the files of a key in its folder.
	PrivateKeyName = "sixty.key"
	PublicKeyName  = "sixty.pub"

	privatePEMType = string(cryptoutils.EncryptedSigstorePrivateKeyPEMType)
	maxKeyFile     = 64 << 10
)

// ErrPassword is that a private key doesn't open with the password given.
var ErrPassword = errors.New("the password does not open the private key")

// KeyFile is where a key lies and how well it is kept.
type KeyFile struct {
	PrivatePath, PublicPath string
	// Created is that this call made the key.
	Created bool
	// Unprotected is that whoever reads the file can sign: the password is
	// empty.
	Unprotected bool
}

// String says in a sentence what a user should know about the key.
func (f KeyFile) String() string {
	verb := "Signing key"
	if f.Created {
		verb = "Made a signing key"
	}
	protection := "protected by a password"
	if f.Unprotected {
		protection = "NOT protected by a password: whoever can read the file can sign (set " + PasswordVariable + " before the first use to protect it)"
	}
	return fmt.Sprintf("%s: %s, public key %s, %s", verb, f.PrivatePath, f.PublicPath, protection)
}

// DefaultKeyDir is the folder of the user's own key, under
// [os.UserConfigDir].
func DefaultKeyDir() (string, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder of the signing key: %w", err)
	}
	return filepath.Join(config, "sixty", "keys"), nil
}

// LoadOrCreateKey returns the key in dir and makes a P-256 one where there is
// none. The private key is written as cosign does, encrypted under the
// password, mode 0600; the public key lies beside it. Of several processes that
// make the key at once all get the same one. A private key that others may
// read is refused, and so is a public key that is not the private one's.
func LoadOrCreateKey(dir string, password Password) (*Key, KeyFile, error) {
	file := KeyFile{PrivatePath: filepath.Join(dir, PrivateKeyName), PublicPath: filepath.Join(dir, PublicKeyName)}
	if _, err := os.Stat(file.PrivatePath); errors.Is(err, fs.ErrNotExist) {
		file.Created, err = create(file.PrivatePath, P256, password)
		if err != nil {
			return nil, file, fmt.Errorf("make signing key: %w", err)
		}
	}
	key, unprotected, err := load(file.PrivatePath, password)
	if err != nil {
		return nil, file, err
	}
	file.Unprotected = unprotected
	if err := keepPublic(file.PublicPath, key.pem); err != nil {
		return nil, file, err
	}
	return key, file, nil
}

// LoadKey returns the key in a file: encrypted as cosign writes it, or
// unencrypted PKCS #8, SEC 1 or PKCS #1.
func LoadKey(path string, password Password) (*Key, error) {
	key, _, err := load(path, password)
	return key, err
}

// CreateKey makes a key of the given algorithm in dir, which must have none.
func CreateKey(dir string, algorithm Algorithm, password Password) (*Key, KeyFile, error) {
	path := filepath.Join(dir, PrivateKeyName)
	created, err := create(path, algorithm, password)
	if err == nil && !created {
		err = fmt.Errorf("%s exists", path)
	}
	if err != nil {
		return nil, KeyFile{}, fmt.Errorf("make signing key: %w", err)
	}
	key, file, err := LoadOrCreateKey(dir, password)
	file.Created = true
	return key, file, err
}

// create writes a new private key to path and reports whether it did: another
// process may have been first. The file appears whole or not at all.
func create(path string, algorithm Algorithm, password Password) (bool, error) {
	private, err := generate(algorithm)
	if err != nil {
		return false, err
	}
	secret, err := password(true)
	if err != nil {
		return false, err
	}
	data, err := encrypt(private, secret)
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".key-*") // O_EXCL, 0600
	if err != nil {
		return false, err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err != nil {
		return false, err
	}
	// A link, unlike a rename, fails where the name is taken.
	if err := os.Link(temp.Name(), path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, nil
}

func encrypt(private crypto.Signer, password []byte) ([]byte, error) {
	der, err := cryptoutils.MarshalPrivateKeyToDER(private)
	if err != nil {
		return nil, err
	}
	strength := encrypted.Standard
	if len(password) == 0 {
		// There is nothing to stretch; the weakest parameters that the
		// format knows only save time.
		strength = encrypted.Legacy
	}
	sealed, err := encrypted.EncryptWithCustomKDFParameters(der, password, strength)
	if err != nil {
		return nil, err
	}
	block := &pem.Block{Type: privatePEMType, Bytes: sealed}
	if len(password) == 0 {
		if block.Headers, err = stretched(sealed); err != nil {
			return nil, err
		}
	}
	return pem.EncodeToMemory(block), nil
}

func load(path string, password Password) (key *Key, unprotected bool, err error) {
	data, err := readPrivate(path)
	if err != nil {
		return nil, false, fmt.Errorf("read signing key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, false, fmt.Errorf("read signing key: %s is not PEM", path)
	}
	private, unprotected, err := open(block, password)
	if err != nil {
		return nil, false, fmt.Errorf("read signing key %s: %w", path, err)
	}
	key, err = fromPrivate(private)
	if err != nil {
		return nil, false, fmt.Errorf("read signing key %s: %w", path, err)
	}
	return key, unprotected, nil
}

func open(block *pem.Block, password Password) (private crypto.Signer, unprotected bool, err error) {
	var secret []byte
	encryptedBlock := block.Type == privatePEMType || block.Type == "ENCRYPTED COSIGN PRIVATE KEY" || block.Type == "ENCRYPTED PRIVATE KEY"
	if encryptedBlock {
		if secret, err = password(false); err != nil {
			return nil, false, err
		}
		if secret == nil {
			secret = []byte{} // nil would mean "not encrypted"
		}
	}
	if der, ok := openStretched(block); ok && encryptedBlock && len(secret) == 0 {
		block = &pem.Block{Type: string(cryptoutils.PrivateKeyPEMType), Bytes: der}
	}
	parsed, err := cryptoutils.UnmarshalPEMToPrivateKey(pem.EncodeToMemory(block), cryptoutils.StaticPasswordFunc(secret))
	if err != nil && encryptedBlock {
		return nil, false, fmt.Errorf("%w; it comes from %s, %s or the terminal (%w)", ErrPassword, PasswordVariable, PasswordFileVariable, err)
	}
	if err != nil {
		return nil, false, err
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, false, fmt.Errorf("a key of type %T can't sign", parsed)
	}
	return signer, len(secret) == 0, nil
}

// readPrivate reads a private key that only its owner may read.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %04o, so others than its owner may read it; if nobody has, run: chmod 600 %s", path, mode, path)
	}
	if info.Size() > maxKeyFile {
		return nil, fmt.Errorf("%s has %d bytes, which no key has", path, info.Size())
	}
	return io.ReadAll(io.LimitReader(f, maxKeyFile))
}

// keepPublic sees to it that the public key lies at path.
func keepPublic(path string, public []byte) error {
	have, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := writeWhole(path, public, 0o644); err != nil {
			return fmt.Errorf("write public key: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read public key: %w", err)
	}
	if string(have) != string(public) {
		return fmt.Errorf("%s is not the public key of the private key beside it; move it away, and it is written anew", path)
	}
	return nil
}

// writeWhole puts data at path, whole or not at all.
func writeWhole(path string, data []byte, mode fs.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".pub-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if err := errors.Join(err, temp.Chmod(mode), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
