package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/sign/kms"
	"github.com/sixtyhq/sixty/attest/verify"
)

// signOptions says who signs a run.
type signOptions struct {
	off           bool
	key           string
	keyless       bool
	signingConfig string
	trustedRoot   string
}

func (o *signOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.off, "no-sign", false, "sign nothing")
	f.StringVar(&o.key, "key", "", "private key to sign with: a PEM file, or the URI of a key in a KMS or behind a plugin (default: a key of your own, made when there is none)")
	f.BoolVar(&o.keyless, "keyless", false, "sign with a certificate for the identity token of this CI job ($"+sign.TokenVariable+", $"+sign.TokenFileVariable+", GitHub Actions)")
	f.StringVar(&o.signingConfig, "signing-config", "", "sigstore signing config with the authorities and logs to use (default with --keyless: the public instance)")
	f.StringVar(&o.trustedRoot, "trusted-root", "", "sigstore trusted root of the services in --signing-config")
}

func (o *signOptions) check() error {
	switch {
	case o.off && (o.key != "" || o.keyless || o.signingConfig != ""):
		return usagef("--no-sign signs nothing: leave out --key, --keyless and --signing-config")
	case o.key != "" && o.keyless:
		return usagef("--key signs with a key and --keyless with a certificate: give one of them")
	case (o.signingConfig == "") != (o.trustedRoot == ""):
		return usagef("--signing-config says which services sign and --trusted-root how to check them: give both or neither")
	case o.signingConfig != "" && o.key == "" && !o.keyless:
		return usagef("--signing-config is for --keyless, or for a --key whose signatures its services witness: give one of them")
	}
	return nil
}

// ahead returns the function that says who signs a run that is over: who was
// named, else the user's own key; nil for nobody. That key is opened while the
// run goes on: stretching its password takes a tenth of a second. One that does
// not exist is made by the first signature, and a password is asked for when it
// is needed.
func (o *signOptions) ahead(named *signing) func() (*signing, error) {
	if named != nil || o.off {
		return func() (*signing, error) { return named, nil }
	}
	dir, err := sign.DefaultKeyDir()
	if err != nil {
		return func() (*signing, error) { return nil, err }
	}
	if _, err := os.Stat(filepath.Join(dir, sign.PrivateKeyName)); err != nil {
		return func() (*signing, error) { return ownKey(dir, withPassword) }
	}
	type answer struct {
		s   *signing
		err error
	}
	opened := make(chan answer, 1)
	go func() {
		s, err := ownKey(dir, func(open func(sign.Password) (*sign.Key, error)) (*sign.Key, error) {
			return open(sign.PasswordFromEnv(os.LookupEnv, nil))
		})
		opened <- answer{s, err}
	}()
	return func() (*signing, error) {
		a := <-opened
		if errors.Is(a.err, sign.ErrPassword) {
			return ownKey(dir, withPassword)
		}
		return a.s, a.err
	}
}

// signing is who signs.
type signing struct {
	signer sign.Signer
	// key is nil for certificates.
	key *sign.Key
	// publicKey is the file with the public key; empty when there is none yet.
	publicKey string
	// note is what the user should know of the key.
	note string
}

// named returns whom the command line names; nil when it names nobody. It is
// asked before a run, so that a mistake costs no run.
func (o *signOptions) named(ctx context.Context) (*signing, error) {
	switch {
	case o.keyless:
		services, trust, err := o.services()
		if err != nil {
			return nil, err
		}
		signer, err := sign.NewKeyless(services, trust, sign.AmbientToken(os.LookupEnv))
		if err != nil {
			return nil, fmt.Errorf("sign without a key: %w", err)
		}
		return &signing{signer: signer}, nil
	case o.key != "":
		key, err := loadKey(ctx, o.key)
		if err != nil {
			return nil, usageError{err}
		}
		s := &signing{signer: key, key: key}
		if o.signingConfig != "" {
			services, trust, err := o.services()
			if err != nil {
				return nil, err
			}
			if s.signer, err = key.WithServices(services, trust); err != nil {
				return nil, fmt.Errorf("witness the signatures of %s: %w", o.key, err)
			}
		}
		return s, nil
	}
	return nil, nil
}

func (o *signOptions) services() (sign.Services, root.TrustedMaterial, error) {
	if o.signingConfig == "" {
		services, err := sign.PublicGoodServices()
		if err != nil {
			return sign.Services{}, nil, err
		}
		trust, err := verify.PublicGoodRoot()
		return services, trust, err
	}
	text, err := os.ReadFile(o.signingConfig)
	if err != nil {
		return sign.Services{}, nil, usagef("read the signing config: %w", err)
	}
	services, err := sign.ServicesFromJSON(text)
	if err != nil {
		return sign.Services{}, nil, usagef("%s: %w", o.signingConfig, err)
	}
	trust, err := readRoot(o.trustedRoot)
	return services, trust, err
}

// readRoot reads a sigstore trusted root.
func readRoot(path string) (root.TrustedMaterial, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, usagef("read the trusted root: %w", err)
	}
	trust, err := verify.RootFromJSON(text)
	if err != nil {
		return nil, usagef("%s: %w", path, err)
	}
	return trust, nil
}

func loadKey(ctx context.Context, name string) (*sign.Key, error) {
	if kms.IsURI(name) {
		return kms.Load(ctx, name)
	}
	return withPassword(func(password sign.Password) (*sign.Key, error) { return sign.LoadKey(name, password) }) //nolint:contextcheck // a key in a file asks nobody
}

// ownKey is the user's own key; the first signature makes it.
func ownKey(dir string, with func(open func(sign.Password) (*sign.Key, error)) (*sign.Key, error)) (*signing, error) {
	s := &signing{}
	var err error
	s.key, err = with(func(password sign.Password) (*sign.Key, error) {
		key, file, err := sign.LoadOrCreateKey(dir, password)
		s.publicKey = file.PublicPath
		if file.Created {
			s.note = file.String()
		}
		return key, err
	})
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	s.signer = s.key
	return s, nil
}

// withPassword opens a key with the password in the environment or none, and
// where that does not open it asks on the terminal, if there is one.
func withPassword(open func(sign.Password) (*sign.Key, error)) (*sign.Key, error) {
	key, err := open(sign.PasswordFromEnv(os.LookupEnv, nil))
	if errors.Is(err, sign.ErrPassword) && term.IsTerminal(int(os.Stdin.Fd())) {
		return open(sign.PasswordFromTerminal(os.Stdin, os.Stderr))
	}
	return key, err
}
