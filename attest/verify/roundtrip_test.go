package verify_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

var (
	crateBytes  = []byte("the crate")
	reportBytes = []byte(`{"deployment_status":"READY"}`)
	finished    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func reportPredicate() statement.Report {
	return statement.Report{
		Run: "r-1", Crate: statement.Crate{Name: "demo", Version: "0.1.0"},
		StartedOn: finished.Add(-time.Minute), FinishedOn: finished,
		Level: "basic", Status: statement.Ready,
		Levels: []statement.Level{{Name: "basic", Ready: true}, {Name: "production", Missing: []string{"audit"}}},
		Gates: []statement.Gate{
			{Name: "tests", Level: "basic", Status: statement.GatePassed},
			{Name: "audit", Level: "production", Status: statement.GateNotRun},
		},
		Claims: statement.Claims{Hermetic: &statement.Claim{Holds: true}},
	}
}

// newStatement is a report about one file, the report itself.
func newStatement(t testing.TB) statement.Statement {
	t.Helper()
	s, err := statement.New([]statement.Resource{statement.Bytes("report.json", reportBytes)}, reportPredicate())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newKey(t testing.TB, algorithm sign.Algorithm) (*sign.Key, verify.Trust) {
	t.Helper()
	key, err := sign.Generate(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return key, trustIn(t, key)
}

func trustIn(t testing.TB, key *sign.Key) verify.Trust {
	t.Helper()
	public, err := verify.KeyFromPEM("test", key.PublicPEM())
	if err != nil {
		t.Fatal(err)
	}
	return verify.Trust{Keys: []verify.Key{public}}
}

func signed(t testing.TB, key *sign.Key, s statement.Statement) []byte {
	t.Helper()
	raw, err := sign.Bundle(t.Context(), s, key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

var (
	report = []verify.Artifact{verify.Bytes("report.json", reportBytes)}
	expect = verify.Expect{PredicateTypes: []string{statement.ReportType}, Now: finished.Add(time.Hour)}
)

func TestRoundTrip(t *testing.T) {
	for _, algorithm := range []sign.Algorithm{sign.P256, sign.Ed25519} {
		t.Run(string(algorithm), func(t *testing.T) {
			key, trust := newKey(t, algorithm)
			raw := signed(t, key, newStatement(t))
			v, err := verify.Bundle(t.Context(), raw, report, trust, expect)
			if err != nil {
				t.Fatal(err)
			}
			var got statement.Report
			if err := v.Statement.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if got.Status != statement.Ready || got.Run != "r-1" {
				t.Errorf("predicate = %+v", got)
			}
			if v.Signer.Key != "test" || v.Signer.KeyHint != key.Hint() || v.Logged || !v.SignedAt.IsZero() || !v.StatedAt.Equal(finished) {
				t.Errorf("verified = %+v", v)
			}
			var bundle struct{ MediaType string }
			if err := json.Unmarshal(raw, &bundle); err != nil || bundle.MediaType != verify.MediaType {
				t.Errorf("media type = %q, %v", bundle.MediaType, err)
			}
		})
	}
}
