package interop

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/attest/policy"
	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

const (
	email      = "dev@example.com"
	verifierID = "https://github.com/sixtyhq/sixty"
	purl       = "pkg:cargo/demo@0.1.0"
)

var (
	crate     = []byte("the bytes of a crate")
	artifacts = []verify.Artifact{verify.Bytes("demo-0.1.0.crate", crate)}
)

func vsa(t testing.TB) statement.Statement {
	t.Helper()
	s, err := statement.New([]statement.Resource{statement.Bytes("demo-0.1.0.crate", crate)}, statement.VSA{
		Verifier: statement.Verifier{ID: verifierID}, TimeVerified: time.Now().UTC().Truncate(time.Second), ResourceURI: purl,
		Policy:             statement.Resource{URI: verifierID + "/levels"},
		VerificationResult: statement.Passed, VerifiedLevels: []string{statement.ReadinessLevel("basic"), "SLSA_BUILD_LEVEL_1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var expectVSA = verify.Expect{PredicateTypes: []string{statement.VSAType}}

// newKey makes a key file with a password, and the trust in it.
func newKey(t testing.TB) (*sign.Key, sign.KeyFile, verify.Trust) {
	t.Helper()
	key, file, err := sign.LoadOrCreateKey(t.TempDir(), func(bool) ([]byte, error) { return []byte("secret"), nil })
	if err != nil {
		t.Fatal(err)
	}
	public, err := verify.KeyFromPEM("release", key.PublicPEM())
	if err != nil {
		t.Fatal(err)
	}
	return key, file, verify.Trust{Keys: []verify.Key{public}}
}

func bundle(t testing.TB, s statement.Statement, signer sign.Signer) []byte {
	t.Helper()
	raw, err := sign.Bundle(t.Context(), s, signer)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// refuses asserts that a program says no, so that its yes means something.
func refuses(t *testing.T, p program, env []string, args ...string) {
	t.Helper()
	if out, err := p.run(t, env, args...); err == nil {
		t.Errorf("%s %s took what it should refuse:\n%s", p.name(), strings.Join(args, " "), out)
	}
}

func TestCosignTakesOurKeys(t *testing.T) {
	_, other, _ := newKey(t)
	for _, algorithm := range []sign.Algorithm{sign.P256, sign.Ed25519} {
		t.Run(string(algorithm), func(t *testing.T) {
			key, file, err := sign.CreateKey(t.TempDir(), algorithm, func(bool) ([]byte, error) { return nil, nil })
			if err != nil {
				t.Fatal(err)
			}
			path := write(t, bundle(t, vsa(t), key), "vsa.sigstore.json")
			args := []string{"verify-blob-attestation", "--key", file.PublicPath, "--bundle", path, "--type", statement.VSAType, "--insecure-ignore-tlog=true"}
			cosign.mustRun(t, nil, append(args, write(t, crate, "demo-0.1.0.crate"))...)
			refuses(t, cosign, nil, append(args, write(t, []byte("other"), "demo-0.1.0.crate"))...)
			args[2] = other.PublicPath
			refuses(t, cosign, nil, append(args, write(t, crate, "demo-0.1.0.crate"))...)
		})
	}
}

// cosign signs with our own key file, which it has to open for that.
func TestWeTakeCosigns(t *testing.T) {
	_, file, trust := newKey(t)
	predicate, err := json.Marshal(vsa(t).Predicate)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "bundle.json")
	services := write(t, []byte(`{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}`), "none.json")
	args := []string{"attest-blob", "--key", file.PrivatePath, "--predicate", write(t, predicate, "vsa.json"), "--type", statement.VSAType,
		"--bundle", out, "--signing-config", services, "--yes", write(t, crate, "demo-0.1.0.crate")}
	refuses(t, cosign, []string{"COSIGN_PASSWORD=wrong"}, args...)
	cosign.mustRun(t, []string{"COSIGN_PASSWORD=secret"}, args...)
	raw, err := verify.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.Bundle(t.Context(), raw, artifacts, trust, expectVSA)
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	t.Logf("cosign writes %s", v.Statement.Type)
	if _, err := verify.Bundle(t.Context(), raw, []verify.Artifact{verify.Bytes("x", nil)}, trust, expectVSA); err == nil {
		t.Error("took cosign's bundle for another artifact")
	}
}

func TestSLSAVerifierTakesOurEnvelope(t *testing.T) {
	key, file, _ := newKey(t)
	s := vsa(t)
	envelope, err := verify.Envelope(bundle(t, s, key))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"verify-vsa", "--attestation-path", write(t, envelope, "vsa.intoto.json"), "--verifier-id", verifierID, "--resource-uri", purl,
		"--public-key-path", file.PublicPath, "--verified-level", "SLSA_BUILD_LEVEL_1", "--subject-digest"}
	slsaVerifier.mustRun(t, nil, append(args, "sha256:"+s.Subject[0].Digest["sha256"])...)
	refuses(t, slsaVerifier, nil, append(args, "sha256:"+strings.Repeat("0", 64))...)
}

func TestKeyless(t *testing.T) {
	start := time.Now()
	in := newInstance(t)
	t.Logf("instance up after %v", time.Since(start).Round(time.Millisecond))
	token := write(t, []byte(in.issuer.emailToken(t, email)), "token")
	signer, err := sign.NewKeyless(in.services, in.root, sign.TokenFromFile(token))
	if err != nil {
		t.Fatal(err)
	}
	raw := bundle(t, vsa(t), signer)
	second := bundle(t, vsa(t), signer) // the same certificate does
	trust := verify.Trust{
		Root: in.root, WithoutSCTUnsafe: true, // no certificate log here
		Identities: []verify.Identity{{Name: "dev", Issuer: in.issuer.url, Subject: email}},
	}
	for _, b := range [][]byte{raw, second} {
		v, err := verify.Bundle(t.Context(), b, artifacts, trust, expectVSA)
		if err != nil {
			t.Fatal(err)
		}
		if !v.Logged || time.Since(v.SignedAt) > time.Minute || v.Signer.Subject != email {
			t.Errorf("verified = %+v", v)
		}
	}
	path := write(t, raw, "vsa.sigstore.json")
	artifact := write(t, crate, "demo-0.1.0.crate")

	t.Run("cosign takes ours", func(t *testing.T) {
		args := []string{"verify-blob-attestation", "--bundle", path, "--type", statement.VSAType, "--trusted-root", in.rootFile, "--insecure-ignore-sct",
			"--use-signed-timestamps", "--certificate-oidc-issuer", in.issuer.url, artifact, "--certificate-identity"}
		cosign.mustRun(t, nil, append(args, email)...)
		refuses(t, cosign, nil, append(args, "mallory@example.com")...)
	})
	t.Run("we take cosign's", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "bundle.json")
		cosign.mustRun(t, nil, "attest-blob", "--identity-token", token, "--predicate", write(t, vsa(t).Predicate, "vsa.json"), "--type", statement.VSAType,
			"--bundle", out, "--signing-config", in.configFile, "--trusted-root", in.rootFile, "--yes", artifact)
		theirs, err := verify.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verify.Bundle(t.Context(), theirs, artifacts, trust, expectVSA); err != nil {
			t.Errorf("%v\n%s", err, theirs)
		}
	})
	t.Run("a workflow", func(t *testing.T) { workflowSigns(t, in, artifact) })
	t.Run("a key, witnessed", func(t *testing.T) {
		key, file, trust := newKey(t)
		witnessed, err := key.WithServices(in.services, in.root)
		if err != nil {
			t.Fatal(err)
		}
		raw := bundle(t, vsa(t), witnessed)
		trust.Root, trust.RequireLog, trust.RequireTimestamp = in.root, true, true
		trust.Keys[0].NotAfter = time.Now().Add(time.Hour)
		later := expectVSA
		later.Now = time.Now().Add(365 * 24 * time.Hour) // the key is long gone
		v, err := verify.Bundle(t.Context(), raw, artifacts, trust, later)
		if err != nil {
			t.Fatal(err)
		}
		if !v.Logged || v.SignedAt.IsZero() {
			t.Errorf("verified = %+v", v)
		}
		t.Run("cosign takes it", func(t *testing.T) {
			cosign.mustRun(t, nil, "verify-blob-attestation", "--key", file.PublicPath, "--bundle", write(t, raw, "b.json"), "--type", statement.VSAType,
				"--trusted-root", in.rootFile, "--use-signed-timestamps", artifact)
		})
	})
	t.Run("a token of nobody", func(t *testing.T) {
		stranger := newIssuer(t)
		signer, err := sign.NewKeyless(in.services, in.root, sign.TokenFromFile(write(t, []byte(stranger.emailToken(t, email)), "token")))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sign.Bundle(t.Context(), vsa(t), signer); err == nil || !strings.Contains(err.Error(), "get a certificate") {
			t.Errorf("got %v", err)
		}
	})
}

// workflowSigns is what a release workflow does, and who downloads from it.
func workflowSigns(t *testing.T, in *instance, artifact string) {
	token := write(t, []byte(in.actions.workflowToken(t)), "token")
	signer, err := sign.NewKeyless(in.services, in.root, sign.TokenFromFile(token))
	if err != nil {
		t.Fatal(err)
	}
	raw := bundle(t, vsa(t), signer)
	for repository, ok := range map[string]bool{"o/r": true, "o/other": false} {
		p, diags := policy.Parse(fmt.Appendf(nil, `
trusted_root       = %q
without_sct_unsafe = true
identity "ci" {
  issuer          = %q
  subject         = "https://github.com/%s"
  certificate     = { source_repository = "https://github.com/%s" }
  max_build_level = 1
}
statement "vsa" {
  level       = "basic"
  build_level = 1
  max_age     = "1h"
}`, in.rootFile, in.actions.url, workflow, repository), "policy.hcl")
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if _, err := p.Verify(t.Context(), raw, artifacts, time.Now()); (err == nil) != ok {
			t.Errorf("%s: %v", repository, err)
		}
	}
	t.Run("gh takes it", func(t *testing.T) {
		args := []string{"attestation", "verify", artifact, "--bundle", write(t, raw, "vsa.sigstore.json"), "--custom-trusted-root", in.rootFile,
			"--cert-oidc-issuer", in.actions.url, "--predicate-type", statement.VSAType, "--repo"}
		env := []string{"GH_TOKEN=unused"} // nothing is asked of GitHub
		gh.mustRun(t, env, append(args, "o/r")...)
		refuses(t, gh, env, append(args, "o/other")...)
	})
}
