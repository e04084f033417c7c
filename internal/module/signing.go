package module

import (
	"context"
	"errors"
	"fmt"

	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/deploy"
)

// Signing says who signs a report. Exactly one of Key and Token is given.
type Signing struct {
	// Key is a private key in PEM, and Password its password.
	Key, Password *dagger.Secret
	// Token is an identity token for which a certificate is asked.
	Token *dagger.Secret
	// Config and Root are sigstore's signing config and trusted root, for other
	// services than the public ones.
	Config, Root *dagger.File
}

// NewSigning is nil where nobody signs.
func NewSigning(key, password, token *dagger.Secret, config, root *dagger.File) *Signing {
	if key == nil && password == nil && token == nil && config == nil && root == nil {
		return nil
	}
	return &Signing{Key: key, Password: password, Token: token, Config: config, Root: root}
}

func (s *Signing) check() error {
	switch {
	case s == nil:
	case (s.Key == nil) == (s.Token == nil):
		return errors.New("a report is signed with a key or with a certificate for an identity token: give one of --signing-key and --id-token")
	case s.Password != nil && s.Key == nil:
		return errors.New("--signing-password is for a key: give --signing-key as well")
	case (s.Config == nil) != (s.Root == nil):
		return errors.New("--signing-config says which services sign and --trusted-root how to check them: give both or neither")
	}
	return nil
}

// The places in the signer's container.
const (
	signerPath = "/usr/local/bin/reportsigner"
	reportPath = "/report"
	keyPath    = "/run/signing/key"
	recordPath = "/run/signing/record.json"
	treePath   = "/run/signing/tree.tar"
	configPath = "/run/signing/config.json"
	rootPath   = "/run/signing/root.json"
)

// signerProgram signs and checks. It is built only where something is signed or
// checked.
func signerProgram(client *dagger.Client) *dagger.File {
	source := client.CurrentModule().Source().Filter(dagger.DirectoryFilterOpts{Include: []string{
		"go.mod", "go.sum", "internal/**", "attest/**", "cmd/sixty/go.mod", "cmd/sixty/go.sum",
		"cmd/sixty/attestation/**", "cmd/sixty/predicate/**", "cmd/sixty/packpolicy/**", "cmd/sixty/reportsigner/**",
	}})
	return build(client, source, "cmd/sixty", "./reportsigner")
}

// signer is a container with that program and a report's folder.
func signer(client *dagger.Client, report *dagger.Directory) *dagger.Container {
	return client.Container().From(goImage).WithFile(signerPath, signerProgram(client)).WithMountedDirectory(reportPath, report)
}

// sign adds the bundles of all statements of a run to its report's folder.
func (s *Signing) sign(ctx context.Context, client *dagger.Client, report *dagger.Directory, record, tree *dagger.File) (*dagger.Directory, error) {
	c := signer(client, report).WithMountedFile(recordPath, record).WithMountedFile(treePath, tree)
	args := []string{signerPath, "sign", "--dir", reportPath, "--record", recordPath, "--tree", treePath}
	if s.Key != nil {
		c = c.WithMountedSecret(keyPath, s.Key)
		args = append(args, "--key", keyPath)
	} else {
		c = c.WithSecretVariable("SIGSTORE_ID_TOKEN", s.Token)
		args = append(args, "--keyless")
	}
	if s.Password != nil {
		c = c.WithSecretVariable("SIXTY_KEY_PASSWORD", s.Password)
	}
	if s.Config != nil {
		c = c.WithMountedFile(configPath, s.Config).WithMountedFile(rootPath, s.Root)
		args = append(args, "--signing-config", configPath, "--trusted-root", rootPath)
	}
	c, err := c.WithExec(args).Sync(ctx)
	if err != nil {
		return nil, said(err)
	}
	return c.Directory(reportPath), nil
}

// Trusted is whom a check trusts: a public key, or an identity that an issuer
// vouches for, with the trusted root of the services.
type Trusted struct {
	Key              *dagger.File
	Identity, Issuer string
	Root             *dagger.File
}

// Verify checks the bundle of a report's folder, and says what it vouches for.
func Verify(ctx context.Context, client *dagger.Client, report *dagger.Directory, trusted Trusted) (string, error) {
	named := trusted.Identity != "" || trusted.Issuer != ""
	switch {
	case (trusted.Key != nil) == named:
		return "", errors.New("whom do you trust? Give the signer's public key (--key), or --identity and --issuer with --trusted-root")
	case named && (trusted.Identity == "" || trusted.Issuer == "" || trusted.Root == nil):
		return "", errors.New("an identity is only worth as much as who vouches for it: give --identity, --issuer and --trusted-root together")
	}
	c := signer(client, report)
	args := []string{signerPath, "verify", "--dir", reportPath}
	if trusted.Key != nil {
		c = c.WithMountedFile(keyPath, trusted.Key)
		args = append(args, "--key", keyPath)
	} else {
		args = append(args, "--identity", trusted.Identity, "--issuer", trusted.Issuer)
	}
	if trusted.Root != nil {
		c = c.WithMountedFile(rootPath, trusted.Root)
		args = append(args, "--trusted-root", rootPath)
	}
	out, err := c.WithExec(args).Stdout(ctx)
	if err != nil {
		return "", said(err)
	}
	return out, nil
}

// said is what a failed program has said, without the rest of its call.
func said(err error) error {
	var failed *dagger.ExecError
	if errors.As(err, &failed) && failed.Stderr != "" {
		return fmt.Errorf("%s", deploy.Readable(failed.Stdout+failed.Stderr))
	}
	return err
}
