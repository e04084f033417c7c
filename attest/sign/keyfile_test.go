package sign

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

func password(s string) Password { return func(bool) ([]byte, error) { return []byte(s), nil } }

func TestLoadOrCreateKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "keys")
	made, file, err := LoadOrCreateKey(dir, password("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if !file.Created || file.Unprotected {
		t.Errorf("file = %+v", file)
	}
	info, err := os.Stat(file.PrivatePath)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	private, err := os.ReadFile(file.PrivatePath)
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(private); block == nil || block.Type != "ENCRYPTED SIGSTORE PRIVATE KEY" {
		t.Errorf("private key is not as cosign writes it: %s", private)
	}
	again, file, err := LoadOrCreateKey(dir, password("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if file.Created || !bytes.Equal(again.PublicPEM(), made.PublicPEM()) {
		t.Error("the second call made another key")
	}
	public, err := os.ReadFile(file.PublicPath)
	if err != nil || !bytes.Equal(public, made.PublicPEM()) {
		t.Errorf("public key file: %s, %v", public, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("files left behind: %v, %v", left, err)
	}
}

func TestWrongPassword(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := LoadOrCreateKey(dir, password("secret")); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]Password{
		"wrong": password("other"), "empty": password(""),
		"none": func(bool) ([]byte, error) { return nil, nil },
	} {
		if _, _, err := LoadOrCreateKey(dir, p); !errors.Is(err, ErrPassword) {
			t.Errorf("%s password: %v", name, err)
		}
	}
}

func TestEmptyPassword(t *testing.T) {
	dir := t.TempDir()
	_, file, err := LoadOrCreateKey(dir, PasswordFromEnv(func(string) (string, bool) { return "", false }, nil))
	if err != nil {
		t.Fatal(err)
	}
	if !file.Unprotected || !strings.Contains(file.String(), "NOT protected") {
		t.Errorf("an unprotected key is not called so: %s", file)
	}
	// A password given for a key without one is an error, not ignored.
	if _, _, err := LoadOrCreateKey(dir, password("secret")); !errors.Is(err, ErrPassword) {
		t.Error(err)
	}
}

// A key without a password opens by what its file says of the empty password,
// and as well without, with another program, or when that is wrong.
func TestStretched(t *testing.T) {
	dir := t.TempDir()
	made, file, err := LoadOrCreateKey(dir, password(""))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file.PrivatePath)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if _, ok := openStretched(block); !ok {
		t.Error("the key does not open by its header")
	}
	// As cosign opens it.
	if der, err := encrypted.Decrypt(block.Bytes, nil); err != nil || len(der) == 0 {
		t.Error(err)
	}
	for name, headers := range map[string]map[string]string{
		"none": nil, "short": {stretchedHeader: "AAAA"}, "not base64": {stretchedHeader: "?"},
		"another's": {stretchedHeader: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
	} {
		changed := pem.EncodeToMemory(&pem.Block{Type: block.Type, Headers: headers, Bytes: block.Bytes})
		if err := os.WriteFile(file.PrivatePath, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := LoadKey(file.PrivatePath, password(""))
		if err != nil || !bytes.Equal(key.PublicPEM(), made.PublicPEM()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	protected, file, err := LoadOrCreateKey(t.TempDir(), password("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file.PrivatePath); err != nil || bytes.Contains(text, []byte(stretchedHeader)) {
		t.Errorf("a password is kept beside the key of %v: %v", protected.Hint(), err)
	}
}

func TestKeyThatOthersCanRead(t *testing.T) {
	dir := t.TempDir()
	_, file, err := LoadOrCreateKey(dir, password(""))
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660} {
		if err := os.Chmod(file.PrivatePath, mode); err != nil {
			t.Fatal(err)
		}
		if _, _, err := LoadOrCreateKey(dir, password("")); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
}

func TestBrokenKeyFiles(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384PEM, err := cryptoutils.MarshalPrivateKeyToPEM(p384)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":      {nil, "not PEM"},
		"not PEM":    {[]byte("hello"), "not PEM"},
		"public key": {[]byte("-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n"), "unknown private key"},
		"P-384":      {p384PEM, "P-384"},
		"huge":       {make([]byte, maxKeyFile+1), "no key has"},
		"bad JSON":   {[]byte("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nMA==\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"), "password"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, PrivateKeyName), c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := LoadOrCreateKey(dir, password("")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestPublicKeyOfAnotherKey(t *testing.T) {
	dir := t.TempDir()
	_, file, err := LoadOrCreateKey(dir, password(""))
	if err != nil {
		t.Fatal(err)
	}
	other, err := Generate(P256)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file.PublicPath, other.PublicPEM(), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := LoadOrCreateKey(dir, password("")); err == nil {
		t.Error("a foreign public key was left beside the private one")
	}
}

func TestManyMakeTheKeyAtOnce(t *testing.T) {
	dir := t.TempDir()
	const n = 4
	var created int
	keys := map[string]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			key, file, err := LoadOrCreateKey(dir, password(""))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
			keys[key.Hint()] = true
			if file.Created {
				created++
			}
		})
	}
	wg.Wait()
	if len(keys) != 1 || created != 1 {
		t.Errorf("%d keys, %d of the calls made one", len(keys), created)
	}
}

func TestCreateKey(t *testing.T) {
	dir := t.TempDir()
	key, file, err := CreateKey(dir, Ed25519, password("x"))
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadKey(file.PrivatePath, password("x"))
	if err != nil || loaded.Hint() != key.Hint() {
		t.Errorf("loaded another key: %v", err)
	}
	if _, _, err := CreateKey(dir, P256, password("x")); err == nil {
		t.Error("a key was replaced")
	}
	if _, err := Generate("rsa"); err == nil {
		t.Error("made a key of an unknown kind")
	}
}

func TestPasswordSources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("from file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fallback := password("fallback")
	for _, c := range []struct {
		env      map[string]string
		fallback Password
		want     string
		ok       bool
	}{
		{map[string]string{PasswordVariable: "from env", PasswordFileVariable: file}, fallback, "from env", true},
		{map[string]string{PasswordVariable: ""}, fallback, "", true},
		{map[string]string{PasswordFileVariable: file}, fallback, "from file", true},
		{map[string]string{PasswordFileVariable: file + "x"}, fallback, "", false},
		{nil, fallback, "fallback", true},
		{nil, nil, "", true},
	} {
		lookup := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
		got, err := PasswordFromEnv(lookup, c.fallback)(false)
		if string(got) != c.want || (err == nil) != c.ok {
			t.Errorf("%v: %q, %v", c.env, got, err)
		}
	}
}
