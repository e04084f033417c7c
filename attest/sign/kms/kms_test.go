package kms

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/handler"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

// pluginVariable makes the test program the plugin that it tests.
const pluginVariable = "SIXTY_TEST_PLUGIN_KEY"

func TestMain(m *testing.M) {
	if path := os.Getenv(pluginVariable); path != "" {
		if err := plugin(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// token is a key that only the plugin has.
type token struct{ signature.SignerVerifier }

func (token) CreateKey(context.Context, string) (crypto.PublicKey, error) {
	return nil, fmt.Errorf("this token makes no keys")
}
func (t token) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return nil, nil, fmt.Errorf("not over this protocol")
}
func (token) SupportedAlgorithms() []string { return []string{"ecdsa-p256-sha256"} }
func (token) DefaultAlgorithm() string      { return "ecdsa-p256-sha256" }

func plugin(keyFile string) error {
	args, err := handler.GetPluginArgs(os.Args)
	if err != nil {
		return err
	}
	if args.InitOptions.KeyResourceID != "slot-0/release" {
		return handler.WriteErrorResponse(os.Stdout, fmt.Errorf("no key %q in this token", args.InitOptions.KeyResourceID))
	}
	data, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	private, err := cryptoutils.UnmarshalPEMToPrivateKey(data, nil)
	if err != nil {
		return err
	}
	sv, err := signature.LoadECDSASignerVerifier(private.(*ecdsa.PrivateKey), args.InitOptions.HashFunc)
	if err != nil {
		return err
	}
	_, err = handler.Dispatch(os.Stdout, os.Stdin, args, token{sv})
	return err
}

// installPlugin puts the test program on the PATH as sigstore-kms-testhsm.
func installPlugin(t *testing.T) {
	t.Helper()
	private, _, err := cryptoutils.GeneratePEMEncodedECDSAKeyPair(elliptic.P256(), nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "token.key")
	if err := os.WriteFile(keyFile, private, 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\n%s='%s' exec '%s' \"$@\"\n", pluginVariable, keyFile, self)
	if err := os.WriteFile(filepath.Join(dir, "sigstore-kms-testhsm"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestPluginKey(t *testing.T) {
	installPlugin(t)
	key, err := Load(t.Context(), "testhsm://slot-0/release")
	if err != nil {
		t.Fatal(err)
	}
	s, err := statement.New([]statement.Resource{statement.Bytes("a", []byte("a"))}, statement.TestResult{
		Result: statement.Passed, Configuration: []statement.Resource{{Name: "tests"}}, PassedTests: []string{"tests"},
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sign.Bundle(t.Context(), s, key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := verify.KeyFromPEM("token", key.PublicPEM())
	if err != nil {
		t.Fatal(err)
	}
	_, err = verify.Bundle(t.Context(), raw, []verify.Artifact{verify.Bytes("a", []byte("a"))},
		verify.Trust{Keys: []verify.Key{public}}, verify.Expect{PredicateTypes: []string{statement.TestResultType}})
	if err != nil {
		t.Error(err)
	}
}

func TestKeysThatAreNotThere(t *testing.T) {
	installPlugin(t)
	for uri, want := range map[string]string{
		"testhsm://slot-1/other": "no key",
		"absent://key":           "sigstore-kms-absent",
		"release.key":            "no URI",
		"../evil://key":          "no URI",
		"a/b://key":              "no URI",
		"://":                    "no URI",
	} {
		if _, err := Load(t.Context(), uri); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", uri, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, "testhsm://slot-0/release"); err == nil {
		t.Error("loaded a key after it was cancelled")
	}
}
