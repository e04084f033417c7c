//go:build linux

package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"os"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/handler"
)

// storyPlugin is a program that signs with a key that only it can read, as one
// for PKCS #11 would: storyhsm://slot-0/release, in the file $STORYHSM_KEY.
func storyPlugin() {
	if err := plugin(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func plugin() error {
	args, err := handler.GetPluginArgs(os.Args)
	if err != nil {
		return err
	}
	if args.InitOptions.KeyResourceID != "slot-0/release" {
		return handler.WriteErrorResponse(os.Stdout, fmt.Errorf("no key %q in this token", args.InitOptions.KeyResourceID))
	}
	text, err := os.ReadFile(os.Getenv("STORYHSM_KEY"))
	if err != nil {
		return handler.WriteErrorResponse(os.Stdout, err)
	}
	private, err := cryptoutils.UnmarshalPEMToPrivateKey(text, nil)
	if err != nil {
		return err
	}
	key, err := signature.LoadECDSASignerVerifier(private.(*ecdsa.PrivateKey), args.InitOptions.HashFunc)
	if err != nil {
		return err
	}
	_, err = handler.Dispatch(os.Stdout, os.Stdin, args, hsm{key})
	return err
}

type hsm struct{ signature.SignerVerifier }

func (hsm) CreateKey(context.Context, string) (crypto.PublicKey, error) {
	return nil, errors.New("this token makes no keys")
}

func (hsm) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return nil, nil, errors.New("not over this protocol")
}

func (hsm) SupportedAlgorithms() []string { return []string{hsm{}.DefaultAlgorithm()} }
func (hsm) DefaultAlgorithm() string      { return "ecdsa-p256-sha256" }
