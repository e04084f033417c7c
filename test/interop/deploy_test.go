package interop

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/attest/statement"
)

// sixty is the command itself, built from this repository.
type sixty struct{ bin, cache string }

// newSixty builds the command. Its runs need root, and the Rust image that make
// image makes.
func newSixty(t *testing.T) sixty {
	t.Helper()
	s := sixty{cache: os.Getenv("SIXTY_CACHE_DIR")}
	if s.cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		s.cache = filepath.Join(user, "sixty")
	}
	if _, err := os.Stat(filepath.Join(s.cache, "images", "rust")); err != nil || os.Geteuid() != 0 {
		t.Skip("a run needs root and the Rust image: make image")
	}
	build := exec.Command("make", "-C", "../..", "build")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build sixty: %v\n%s", err, out)
	}
	var err error
	if s.bin, err = filepath.Abs("../../bin/sixty"); err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs the command in a folder and returns what it printed and its exit
// code.
func (s sixty) run(t *testing.T, dir string, env []string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.bin, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "SIXTY_CACHE_DIR=" + s.cache}, env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// TestDeployKeyless is a release from its beginning to who downloads it: a run
// that signs with the identity of its job, with an authority, a log and a
// timestamp, and the checks of the report, the crate, and by cosign and gh.
func TestDeployKeyless(t *testing.T) {
	s := newSixty(t)
	in := newInstance(t)
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"p.hcl": fmt.Sprintf(`
image "plain" { from = "oci-layout://%s/images/rust" }
stage "t" {
  image = image.plain
  step "make" {
    script = "mkdir -p /out/bin; cp /src/Cargo.toml /out/bin/tool"
    output "bin" { path = "/out/bin" }
  }
}
gate "g" { condition = step.make.status == "passed" }
`, s.cache),
		"policy.hcl": fmt.Sprintf(`
subjects           = "some"
trusted_root       = %q
without_sct_unsafe = true # this authority has no certificate log
identity "ci" {
  issuer      = %q
  subject     = "https://github.com/%s"
  certificate = { source_repository = "https://github.com/o/r" }
}
statement "report" {
  level  = "basic"
  claims = ["hermetic", "deterministic"]
}
statement "vsa" {
  level       = "basic"
  build_level = 1
}
statement "provenance" {}
`, in.rootFile, in.actions.url, workflow),
	})
	must := func(env []string, args ...string) string {
		t.Helper()
		out, code := s.run(t, dir, env, args...)
		if code != 0 {
			t.Fatalf("sixty %s ended with %d:\n%s", strings.Join(args, " "), code, out)
		}
		return out
	}
	mustNot := func(want string, env []string, args ...string) {
		t.Helper()
		out, code := s.run(t, dir, env, args...)
		if code == 0 || !strings.Contains(out, want) {
			t.Errorf("sixty %s ended with %d and does not say %q:\n%s", strings.Join(args, " "), code, want, out)
		}
	}
	deploy := []string{"deploy", "--pipeline", "p.hcl", "--manifest", "c/Cargo.toml", "--report", "out/report.json", "--no-serve",
		"--keyless", "--signing-config", in.configFile, "--trusted-root", in.rootFile}
	token := "SIGSTORE_ID_TOKEN=" + in.actions.workflowToken(t)
	file := "SIXTY_ID_TOKEN_FILE=" + write(t, []byte(in.actions.workflowToken(t)), "token")

	mustNot("identity token", nil, deploy...)
	must([]string{token}, deploy...)
	if _, err := os.Stat(filepath.Join(dir, "out", "signer.pub")); err == nil {
		t.Error("a run without a key left one")
	}
	bundles := []string{"--bundle", "out/report.json.sigstore.json", "--bundle", "out/attestations.jsonl"}
	check := append([]string{"verify", "out/report.json", "--policy", "policy.hcl"}, bundles...)
	if out := must(nil, check...); !strings.Contains(out, "https://github.com/"+workflow) || !strings.Contains(out, "READY  c 0.1.0") {
		t.Errorf("verified:\n%s", out)
	}
	must([]string{file}, deploy...)
	must(nil, check...)

	// An authority without a certificate log needs a policy that says so: an
	// identity on the command line asks for the proof that it lacks.
	identity := []string{"verify", "out/report.json", "--trusted-root", in.rootFile, "--issuer", in.actions.url, "--identity"}
	mustNot("not verified", nil, append(identity, "https://github.com/"+workflow)...)
	mustNot("not verified", nil, append(identity, "https://github.com/o/other/.github/workflows/release.yml@refs/heads/main")...)

	tool := filepath.Join(dir, "out", "artifacts", "tool")
	report := filepath.Join(dir, "out", "report.json")
	t.Run("cosign takes it", func(t *testing.T) {
		args := []string{"verify-blob-attestation", "--bundle", report + ".sigstore.json", "--type", statement.ReportType, "--trusted-root", in.rootFile,
			"--insecure-ignore-sct", "--use-signed-timestamps", "--certificate-oidc-issuer", in.actions.url, "--certificate-identity"}
		cosign.mustRun(t, nil, append(args, "https://github.com/"+workflow, tool)...)
		refuses(t, cosign, nil, append(args, "https://github.com/"+workflow, filepath.Join(dir, "p.hcl"))...)
	})
	t.Run("gh takes it", func(t *testing.T) {
		args := []string{"attestation", "verify", tool, "--bundle", report + ".sigstore.json", "--custom-trusted-root", in.rootFile,
			"--cert-oidc-issuer", in.actions.url, "--predicate-type", statement.ReportType, "--repo"}
		env := []string{"GH_TOKEN=unused"} // nothing is asked of GitHub
		gh.mustRun(t, env, append(args, "o/r")...)
		refuses(t, gh, env, append(args, "o/other")...)
	})

	// Who changes the report afterwards is found out.
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(report, bytes.Replace(text, []byte(`"basic"`), []byte(`"production"`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	mustNot("is none of the statement's", nil, check...)
}

// A key whose signatures services witness: --key with --signing-config.
func TestDeployWitnessed(t *testing.T) {
	s := newSixty(t)
	in := newInstance(t)
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"p.hcl": fmt.Sprintf(`
image "plain" { from = "oci-layout://%s/images/rust" }
stage "t" {
  image = image.plain
  step "say" { command = ["true"] }
}
gate "g" { condition = step.say.status == "passed" }
`, s.cache),
		"policy.hcl": fmt.Sprintf(`
subjects          = "some"
trusted_root      = %q
require_log       = true
require_timestamp = true
key "old" {
  public_key = "keys/sixty.pub"
  not_after  = "2099-01-01T00:00:00Z"
}
statement "report" { level = "basic" }
`, in.rootFile),
	})
	for _, args := range [][]string{
		{"key", "create", "keys"},
		{"deploy", "--pipeline", "p.hcl", "--manifest", "c/Cargo.toml", "--report", "out/report.json", "--no-serve", "--key", "keys/sixty.key",
			"--signing-config", in.configFile, "--trusted-root", in.rootFile},
		{"verify", "out/report.json", "--policy", "policy.hcl"},
	} {
		if out, code := s.run(t, dir, nil, args...); code != 0 {
			t.Fatalf("sixty %s ended with %d:\n%s", strings.Join(args, " "), code, out)
		}
	}
}

// lay writes a small crate and further files.
func lay(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	files["c/Cargo.toml"] = "[package]\nname = \"c\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"
	files["c/Cargo.lock"] = "version = 4\n\n[[package]]\nname = \"c\"\nversion = \"0.1.0\"\n"
	files["c/src/lib.rs"] = ""
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
