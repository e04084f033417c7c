package verify_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

// allStatements is what one run signs: provenance with the materials of a
// crate of usual size, test results, a VSA and the report.
func allStatements(tb testing.TB) []statement.Statement {
	tb.Helper()
	subject := []statement.Resource{statement.Bytes("report.json", reportBytes)}
	provenance := statement.Provenance{
		BuildDefinition: statement.BuildDefinition{BuildType: statement.BuildType},
		RunDetails:      statement.RunDetails{Builder: statement.Builder{ID: "https://example.com/engine"}},
	}
	for i := range 200 {
		material := statement.Bytes("", fmt.Appendf(nil, "%d", i))
		material.URI = fmt.Sprintf("pkg:cargo/crate-%d@1.0.0", i)
		provenance.BuildDefinition.ResolvedDependencies = append(provenance.BuildDefinition.ResolvedDependencies, material)
	}
	var all []statement.Statement
	for _, p := range []statement.Predicate{
		provenance,
		statement.TestResult{Result: statement.Passed, Configuration: []statement.Resource{{Name: "tests"}}, PassedTests: []string{"tests"}},
		statement.VSA{
			Verifier: statement.Verifier{ID: "https://example.com"}, TimeVerified: finished, ResourceURI: "pkg:cargo/demo",
			Policy: statement.Resource{URI: "https://example.com"}, VerificationResult: statement.Passed, VerifiedLevels: []string{"SIXTY_BASIC"},
		},
		reportPredicate(),
	} {
		s, err := statement.New(subject, p)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, s)
	}
	sbom, err := statement.NewRaw(subject, "https://cyclonedx.org/bom", fmt.Appendf(nil, `{"padding":%q}`, strings.Repeat("x", 20_000)))
	if err != nil {
		tb.Fatal(err)
	}
	return append(all, sbom)
}

func BenchmarkSignAll(b *testing.B) {
	key, _ := newKey(b, sign.P256)
	all := allStatements(b)
	for b.Loop() {
		if _, err := sign.Bundles(b.Context(), all, key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyAll(b *testing.B) {
	key, trust := newKey(b, sign.P256)
	all := allStatements(b)
	raw, err := sign.Bundles(b.Context(), all, key)
	if err != nil {
		b.Fatal(err)
	}
	e := verify.Expect{Now: finished}
	for _, s := range all {
		e.PredicateTypes = append(e.PredicateTypes, s.PredicateType)
	}
	for b.Loop() {
		if _, err := verify.All(b.Context(), raw, report, trust, e); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoadKey is dominated by scrypt, which is slow on purpose; a key
// is loaded once in a run.
func BenchmarkLoadKey(b *testing.B) {
	for _, c := range []struct{ name, password string }{{"password", rand.Text()}, {"empty", ""}} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			secret := func(bool) ([]byte, error) { return []byte(c.password), nil }
			for b.Loop() {
				if _, _, err := sign.LoadOrCreateKey(dir, secret); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
