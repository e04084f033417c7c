package policy

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

var (
	now      = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	crate    = []byte("the crate")
	artifact = []verify.Artifact{verify.Bytes("demo.crate", crate)}
)

type bench struct {
	dir            string
	release, other *sign.Key
}

// newBench makes a folder with two public keys, release.pub and other.pub.
func newBench(t *testing.T) bench {
	t.Helper()
	b := bench{dir: t.TempDir()}
	for name, key := range map[string]**sign.Key{"release.pub": &b.release, "other.pub": &b.other} {
		k, err := sign.Generate(sign.P256)
		if err != nil {
			t.Fatal(err)
		}
		*key = k
		if err := os.WriteFile(filepath.Join(b.dir, name), k.PublicPEM(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (b bench) sign(t *testing.T, key *sign.Key, p statement.Predicate) []byte {
	t.Helper()
	s, err := statement.New([]statement.Resource{statement.Bytes("demo.crate", crate)}, p)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sign.Bundle(t.Context(), s, key)
	if err != nil {
		t.Fatal(err)
	}
	return append(raw, '\n')
}

const bothKeys = `
key "release" { public_key = "release.pub" }
key "other" { public_key = "other.pub" }
`

func reportWith(change func(*statement.Report)) statement.Report {
	r := statement.Report{
		Run: "r-1", Crate: statement.Crate{Name: "demo", Version: "0.1.0"}, FinishedOn: now.Add(-time.Hour),
		Level: "production", Status: statement.Ready,
		Levels: []statement.Level{{Name: "basic", Ready: true}, {Name: "production", Ready: true}, {Name: "distribution", Missing: []string{"coverage"}}},
		Gates: []statement.Gate{
			{Name: "tests", Level: "basic", Status: statement.GatePassed},
			{Name: "coverage", Level: "distribution", Status: statement.GateFailed, Message: "71 %"},
		},
		Claims: statement.Claims{Hermetic: &statement.Claim{Holds: true}, Deterministic: &statement.Claim{Detail: "README.md differs"}},
	}
	if change != nil {
		change(&r)
	}
	return r
}

func vsa(result statement.Outcome, levels ...string) statement.VSA {
	return statement.VSA{
		Verifier: statement.Verifier{ID: "https://example.com/sixty"}, TimeVerified: now.Add(-time.Hour), ResourceURI: "pkg:cargo/demo@0.1.0",
		Policy: statement.Resource{URI: "https://example.com/policy"}, VerificationResult: result, VerifiedLevels: levels,
	}
}

func TestVerify(t *testing.T) {
	b := newBench(t)
	good := b.sign(t, b.release, reportWith(nil))
	tests := func(r statement.Outcome, passed, failed []string) []byte {
		return b.sign(t, b.release, statement.TestResult{
			Result: r, Configuration: []statement.Resource{{Name: "gates"}}, PassedTests: passed, FailedTests: failed,
		})
	}
	notReady := b.sign(t, b.release, reportWith(func(r *statement.Report) {
		r.Status, r.Levels[1] = statement.NotReady, statement.Level{Name: "production", Missing: []string{"audit"}}
	}))
	for _, c := range []struct {
		name    string
		policy  string
		bundles []byte
		want    string // part of what keeps it away, "" for nothing
	}{
		{"report", `statement "report" {}`, good, ""},
		{"everything", `statement "report" {
			signers = ["release"]
			level = "basic"
			gates = ["tests"]
			claims = ["hermetic"]
			max_age = "2h"
		}`, good, ""},
		{"signer", `statement "report" { signers = ["other"] }`, good, "only other may"},
		{"level", `statement "report" { level = "distribution" }`, good, "missing: coverage"},
		{"higher level includes lower", `statement "report" { level = "basic" }`, good, ""},
		{"gate failed", `statement "report" { gates = ["coverage"] }`, good, "71 %"},
		{"gate absent", `statement "report" { gates = ["audit"] }`, good, "not in it"},
		{"claim does not hold", `statement "report" { claims = ["deterministic"] }`, good, "README.md differs"},
		{"claim absent", `statement "report" { claims = ["reproducible"] }`, good, "does not claim"},
		{"age", `statement "report" { max_age = "30m" }`, good, "may be 30m"},
		{"status", `statement "report" {}`, notReady, "NOT_READY"},
		{"status, but the level asked for is there", `statement "report" { level = "basic" }`, notReady, ""},
		{"one of two reports will do", `statement "report" {}`, append(bytes.Clone(notReady), good...), ""},
		{"absent", "statement \"report\" {}\nstatement \"vsa\" {}", good, "there is none"},
		{"absent, optional", "statement \"report\" {}\nstatement \"vsa\" { optional = true }", good, ""},
		{"wrong, optional", "statement \"report\" {}\nstatement \"vsa\" { optional = true }", append(bytes.Clone(good), b.sign(t, b.release, vsa(statement.Failed))...), "FAILED"},
		{"vsa", `statement "vsa" { level = "basic" }`, b.sign(t, b.release, vsa(statement.Passed, "SIXTY_PRODUCTION", "SLSA_BUILD_LEVEL_1")), ""},
		{"vsa of a lower level", `statement "vsa" { level = "production" }`, b.sign(t, b.release, vsa(statement.Passed, "SIXTY_BASIC")), "not verified"},
		{"vsa that claims more than its signer may", `statement "vsa" {}`, b.sign(t, b.release, vsa(statement.Passed, "SIXTY_BASIC", "SLSA_BUILD_LEVEL_2")), "may claim 1"},
		{"vsa without build level", `statement "vsa" { build_level = 1 }`, b.sign(t, b.release, vsa(statement.Passed, "SIXTY_BASIC")), "level 1 is not verified"},
		{"tests", `statement "test-result" {}`, tests(statement.Passed, []string{"a"}, nil), ""},
		{"tests failed", `statement "test-result" {}`, tests(statement.Failed, []string{"a"}, []string{"b"}), "result is FAILED"},
		{"tests failed, others asked for", `statement "test-result" { gates = ["a"] }`, tests(statement.Failed, []string{"a"}, []string{"b"}), ""},
		{"test failed", `statement "test-result" { gates = ["b"] }`, tests(statement.Failed, []string{"a"}, []string{"b"}), "has not passed"},
		{"test did not run", `statement "test-result" { gates = ["c"] }`, tests(statement.Passed, []string{"a"}, nil), "has not passed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, diags := Parse([]byte(bothKeys+c.policy), filepath.Join(b.dir, "policy.hcl"))
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			_, err := p.Verify(t.Context(), c.bundles, artifact, now)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var unmet hcl.Diagnostics
			if !errors.As(err, &unmet) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if unmet[0].Subject.Start.Line < 4 {
				t.Errorf("the diagnostic points at %v", unmet[0].Subject)
			}
		})
	}
}

// What a predicate says in members that the policy does not know meets nothing.
func TestUnknownMembersMeetNothing(t *testing.T) {
	b := newBench(t)
	raw := []byte(`{"run":"r","crate":{"name":"demo","version":"1"},"finishedOn":"2026-03-01T11:00:00Z","level":"basic","status":"READY",` +
		`"levels":[{"name":"basic","ready":true}],"gates":[],"claims":{"audited":{"holds":true}},"reproducible":{"holds":true}}`)
	s, err := statement.NewRaw([]statement.Resource{statement.Bytes("demo.crate", crate)}, statement.ReportType, raw)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := sign.Bundle(t.Context(), s, b.release)
	if err != nil {
		t.Fatal(err)
	}
	p, diags := Parse([]byte(bothKeys+`statement "report" { claims = ["reproducible"] }`), filepath.Join(b.dir, "policy.hcl"))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if _, err := p.Verify(t.Context(), bundle, artifact, now); err == nil || !strings.Contains(err.Error(), "does not claim") {
		t.Error(err)
	}
}

func TestVerifyRefusesBadBundles(t *testing.T) {
	b := newBench(t)
	p, diags := Parse([]byte(`key "release" { public_key = "release.pub" }`+"\n"+`statement "report" {}`), filepath.Join(b.dir, "policy.hcl"))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	good := b.sign(t, b.release, reportWith(nil))
	unknown := b.sign(t, b.release, vsa(statement.Passed, "SIXTY_BASIC"))
	result, err := p.Verify(t.Context(), append(bytes.Clone(unknown), good...), artifact, now)
	if err != nil || result.Ignored != 1 || len(result.Verified) != 1 {
		t.Errorf("%+v, %v", result, err)
	}
	var failed *verify.Error
	_, err = p.Verify(t.Context(), append(bytes.Clone(good), b.sign(t, b.other, reportWith(nil))...), artifact, now)
	if !errors.As(err, &failed) || failed.Check != verify.CheckSignature {
		t.Errorf("a stranger's bundle: %v", err)
	}
	_, err = p.Verify(t.Context(), good, []verify.Artifact{verify.Bytes("x", nil)}, now)
	if !errors.As(err, &failed) || failed.Check != verify.CheckSubjects {
		t.Errorf("another artifact: %v", err)
	}
}

func TestRotation(t *testing.T) {
	b := newBench(t)
	p, diags := Parse([]byte(`
key "old" {
  public_key = "other.pub"
  not_after  = "2026-03-02T00:00:00Z"
}
key "new" {
  public_key = "release.pub"
  not_before = "2026-02-27T00:00:00Z"
}
statement "report" {}`), filepath.Join(b.dir, "policy.hcl"))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, c := range []struct {
		key *sign.Key
		now time.Time
		ok  bool
	}{
		{b.other, now, true}, {b.release, now, true},
		{b.other, now.AddDate(0, 0, 7), false}, {b.release, now.AddDate(0, 0, 7), true},
	} {
		_, err := p.Verify(t.Context(), b.sign(t, c.key, reportWith(nil)), artifact, c.now)
		if (err == nil) != c.ok {
			t.Errorf("at %v: %v", c.now, err)
		}
	}
}

func TestSomeSubjects(t *testing.T) {
	b := newBench(t)
	s, err := statement.New([]statement.Resource{statement.Bytes("demo.crate", crate), statement.Bytes("report.json", []byte("{}"))}, reportWith(nil))
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := sign.Bundle(t.Context(), s, b.release)
	if err != nil {
		t.Fatal(err)
	}
	for value, ok := range map[string]bool{"all": false, "some": true} {
		p, diags := Parse(fmt.Appendf(nil, "subjects = %q\n%s statement \"report\" {}", value, bothKeys), filepath.Join(b.dir, "policy.hcl"))
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if _, err := p.Verify(t.Context(), bundle, artifact, now); (err == nil) != ok {
			t.Errorf("subjects = %s: %v", value, err)
		}
	}
}

func TestPoliciesThatAreRefused(t *testing.T) {
	b := newBench(t)
	const ok = "statement \"report\" {}\n"
	for _, c := range []struct{ policy, want string }{
		{``, "Nobody is trusted"},
		{ok, "Nobody is trusted"},
		{bothKeys, "Nothing is asked for"},
		{ok + `key "a" {}`, "public_key"},
		{ok + `key "a" { public_key = "none.pub" }`, "can't be read"},
		{ok + `key "a" { public_key = "policy.hcl" }`, "can't be"},
		{ok + `key "a" { public_key = "-----BEGIN" }`, "can't be used"},
		{bothKeys + ok + `key "other" { public_key = "other.pub" }`, "Name is taken"},
		{ok + "key \"a\" {\n public_key = \"other.pub\"\n not_after = \"soon\"\n}", "Not a time"},
		{ok + "key \"a\" {\n public_key = \"other.pub\"\n not_before = \"2026-02-01T00:00:00Z\"\n not_after = \"2026-01-01T00:00:00Z\"\n}", "never valid"},
		{ok + "identity \"a\" {\n issuer = \"i\"\n subject = \"s\"\n}", "No trusted root"},
		{ok + "trusted_root = \"other.pub\"\nidentity \"a\" {\n issuer = \"i\"\n subject = \"s\"\n}", "Trusted root can't be used"},
		{ok + "identity \"a\" {\n issuer = \"i\"\n}", "Identity can't be used"},
		{ok + "identity \"a\" {\n issuer = \"i\"\n subject = \"s\"\n certificate = { x = \"y\" }\n}", "certificate field"},
		{ok + "identity \"a\" {\n issuer = \"i\"\n subject = \"s\"\n max_build_level = 4\n}", "build level"},
		{ok + bothKeys + "require_log = true", "No trusted root"},
		{ok + bothKeys + "subjects = \"none\"", "choice of subjects"},
		{ok + bothKeys + "extra = 1", "Unsupported argument"},
		{bothKeys + `statement "reports" {}`, "Unknown statement"},
		{bothKeys + `statement "report" { signers = ["nobody"] }`, "Unknown signer"},
		{bothKeys + `statement "report" { max_age = "-1h" }`, "Not a duration"},
		{bothKeys + `statement "report" { level = "best" }`, "Unknown level"},
		{bothKeys + `statement "report" { claims = ["fast"] }`, "Unknown claim"},
		{bothKeys + `statement "report" { build_level = 1 }`, "doesn't apply"},
		{bothKeys + `statement "vsa" { gates = ["tests"] }`, "doesn't apply"},
		{bothKeys + `statement "provenance" { level = "basic" }`, "doesn't apply"},
		{bothKeys + `statement "report" { gates = tests }`, "Variables not allowed"},
		{`key "a" {`, "Unclosed"},
	} {
		_, diags := Parse([]byte(c.policy), filepath.Join(b.dir, "policy.hcl"))
		if !diags.HasErrors() || !strings.Contains(diags.Error(), c.want) {
			t.Errorf("%s\ngot %v, want %q", c.policy, diags, c.want)
		}
		for _, d := range diags {
			if d.Subject == nil || d.Subject.Filename == "" {
				t.Errorf("%s\nno place: %v", c.policy, d)
			}
		}
	}
	if _, diags := Load(filepath.Join(b.dir, "absent.hcl")); !diags.HasErrors() {
		t.Error("an absent policy was loaded")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(bothKeys + `statement "report" { gates = ["a"] }`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src []byte) {
		p, diags := Parse(src, filepath.Join(dir, "policy.hcl"))
		if !diags.HasErrors() && len(p.Trust.Keys)+len(p.Trust.Identities) == 0 {
			t.Error("a policy that trusts nobody was taken")
		}
	})
}
