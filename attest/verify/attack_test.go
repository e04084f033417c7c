package verify_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	sigsign "github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

// mustFail asserts that verification ends at the given check.
func mustFail(t *testing.T, err error, check verify.Check) {
	t.Helper()
	var failed *verify.Error
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want a failure at %s", err, check)
	}
	if failed.Check != check {
		t.Errorf("failed at %s, want %s: %v", failed.Check, check, err)
	}
}

// edit changes a bundle as a protobuf message.
func edit(t testing.TB, raw []byte, change func(*protobundle.Bundle)) []byte {
	t.Helper()
	var b protobundle.Bundle
	if err := protojson.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	change(&b)
	out, err := protojson.Marshal(&b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// replace changes a bundle as text, and fails where there is nothing to change.
func replace(t testing.TB, raw []byte, old, new string) []byte {
	t.Helper()
	if !bytes.Contains(raw, []byte(old)) {
		t.Fatalf("bundle has no %s", old)
	}
	return bytes.Replace(raw, []byte(old), []byte(new), 1)
}

// rawSigner signs bytes that sign.Bundle would refuse, as an attacker who has
// the key, or a careless program, could.
type rawSigner struct{ pair *sigsign.EphemeralKeypair }

func newRawSigner(t testing.TB) (rawSigner, verify.Trust) {
	t.Helper()
	pair, err := sigsign.NewEphemeralKeypair(nil)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := pair.GetPublicKeyPem()
	if err != nil {
		t.Fatal(err)
	}
	key, err := verify.KeyFromPEM("raw", []byte(pem))
	if err != nil {
		t.Fatal(err)
	}
	return rawSigner{pair}, verify.Trust{Keys: []verify.Key{key}}
}

func (s rawSigner) sign(t testing.TB, payloadType string, payload []byte) []byte {
	t.Helper()
	b, err := sigsign.Bundle(&sigsign.DSSEData{Data: payload, PayloadType: payloadType}, s.pair, sigsign.BundleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := protojson.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func payloadOf(t testing.TB, raw []byte) []byte {
	t.Helper()
	var b protobundle.Bundle
	if err := protojson.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	return b.GetDsseEnvelope().GetPayload()
}

func TestAttacksOnBundle(t *testing.T) {
	key, trust := newKey(t, sign.P256)
	other, otherTrust := newKey(t, sign.P256)
	rawKey, rawTrust := newRawSigner(t)
	raw := signed(t, key, newStatement(t))
	payload := payloadOf(t, raw)
	envelope := func(change func(*protodsse.Envelope)) []byte {
		return edit(t, raw, func(b *protobundle.Bundle) { change(b.GetDsseEnvelope()) })
	}
	for _, c := range []struct {
		name  string
		raw   []byte
		trust verify.Trust
		check verify.Check
	}{
		{"re-serialised payload", envelope(func(e *protodsse.Envelope) {
			var v any
			if err := json.Unmarshal(payload, &v); err != nil {
				t.Fatal(err)
			}
			e.Payload, _ = json.MarshalIndent(v, "", "  ")
		}), trust, verify.CheckSignature},
		{"changed payload", envelope(func(e *protodsse.Envelope) {
			e.Payload = bytes.Replace(payload, []byte("READY"), []byte("ready"), 1)
		}), trust, verify.CheckSignature},
		{"changed payload type", envelope(func(e *protodsse.Envelope) { e.PayloadType = "application/json" }), trust, verify.CheckEnvelope},
		{"signed under another payload type", edit(t, rawKey.sign(t, "application/json", payload), func(b *protobundle.Bundle) {
			b.GetDsseEnvelope().PayloadType = statement.PayloadType
		}), rawTrust, verify.CheckSignature},
		{"wrong key", raw, otherTrust, verify.CheckSignature},
		{"hint of a trusted key, signature of another", edit(t, signed(t, other, newStatement(t)), func(b *protobundle.Bundle) {
			b.VerificationMaterial.GetPublicKey().Hint = key.Hint()
		}), trust, verify.CheckSignature},
		{"no signature", envelope(func(e *protodsse.Envelope) { e.Signatures = nil }), trust, verify.CheckEnvelope},
		{"two signatures", envelope(func(e *protodsse.Envelope) { e.Signatures = append(e.Signatures, e.Signatures[0]) }), trust, verify.CheckEnvelope},
		{"empty signature", envelope(func(e *protodsse.Envelope) { e.Signatures[0].Sig = nil }), trust, verify.CheckSignature},
		{"a signed artifact in place of a statement", edit(t, raw, func(b *protobundle.Bundle) {
			b.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
				MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: make([]byte, 32)},
				Signature:     b.GetDsseEnvelope().Signatures[0].Sig,
			}}
		}), trust, verify.CheckEnvelope},
		{"no verification material", edit(t, raw, func(b *protobundle.Bundle) { b.VerificationMaterial = nil }), trust, verify.CheckBundle},

		{"duplicate key in bundle", replace(t, raw, `{"mediaType"`, `{"mediaType":"x","mediaType"`), trust, verify.CheckJSON},
		{"duplicate key in envelope", replace(t, raw, `"payloadType"`, `"payloadType":"x","payloadType"`), trust, verify.CheckJSON},
		{"duplicate key under its other name", replace(t, raw, `"payloadType"`, `"payload_type":"application/json","payloadType"`), trust, verify.CheckBundle},
		{"media type in another case", replace(t, raw, `{"mediaType"`, `{"MediaType":"x","mediaType"`), trust, verify.CheckMediaType},
		{"unknown field in bundle", replace(t, raw, `{"mediaType"`, `{"extra":1,"mediaType"`), trust, verify.CheckBundle},
		{"unknown field in envelope", replace(t, raw, `"payloadType"`, `"extra":1,"payloadType"`), trust, verify.CheckBundle},
		{"unknown field in signature", replace(t, raw, `"sig":`, `"extra":1,"sig":`), trust, verify.CheckBundle},
		{"media type v0.1", replace(t, raw, "bundle.v0.3+json", "bundle+json;version=0.1"), trust, verify.CheckMediaType},
		{"media type v0.2", replace(t, raw, "bundle.v0.3+json", "bundle+json;version=0.2"), trust, verify.CheckMediaType},
		{"media type v0.3, old spelling", replace(t, raw, "bundle.v0.3+json", "bundle+json;version=0.3"), trust, verify.CheckMediaType},
		{"media type of the future", replace(t, raw, "bundle.v0.3+json", "bundle.v0.4+json"), trust, verify.CheckMediaType},
		{"17-digit integer in bundle", replace(t, raw, `{"mediaType"`, `{"extra":12345678901234567,"mediaType"`), trust, verify.CheckJSON},
		{"two bundles", append(bytes.Clone(raw), raw...), trust, verify.CheckJSON},
		{"deep nesting", []byte(strings.Repeat("[", 1<<20)), trust, verify.CheckJSON},
		{"not UTF-8", replace(t, raw, "payloadType", "payload\xffType"), trust, verify.CheckJSON},
		{"cut short", raw[:len(raw)/2], trust, verify.CheckJSON},
		{"empty", nil, trust, verify.CheckJSON},
		{"too large", make([]byte, verify.MaxBundle+1), trust, verify.CheckSize},

		{"nobody is trusted", raw, verify.Trust{}, verify.CheckTrust},
		{"an empty key is trusted", raw, verify.Trust{Keys: []verify.Key{{Name: "none"}}}, verify.CheckTrust},
		{"identities without a root", raw, verify.Trust{Identities: []verify.Identity{{Issuer: "i", Subject: "s"}}}, verify.CheckTrust},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := verify.Bundle(t.Context(), c.raw, report, c.trust, expect)
			mustFail(t, err, c.check)
		})
	}
}

// Everything here bears a good signature of the trusted key.
func TestAttacksOnStatement(t *testing.T) {
	key, trust := newRawSigner(t)
	payload, err := newStatement(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, new string) []byte { return replace(t, payload, old, new) }
	digest := statement.Bytes("", reportBytes).Digest["sha256"]
	for _, c := range []struct {
		name    string
		payload []byte
		check   verify.Check
	}{
		{"duplicate key", with(`"predicateType"`, `"predicateType":"x","predicateType"`), verify.CheckStatement},
		{"duplicate key, escaped", with(`"predicateType"`, `"predicat\u0065Type":"x","predicateType"`), verify.CheckStatement},
		{"duplicate key in predicate", with(`"status":"READY"`, `"status":"READY","status":"NOT_READY"`), verify.CheckStatement},
		{"key in another case", with(`"predicateType"`, `"PredicateType"`), verify.CheckStatement},
		{"17-digit integer", with(`"run":`, `"n":12345678901234567,"run":`), verify.CheckStatement},
		{"17-digit integer as a float", with(`"run":`, `"n":1234567890123456.7e1,"run":`), verify.CheckStatement},
		{"deep nesting", with(`"run":`, `"n":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`,"run":`), verify.CheckStatement},
		{"other statement type", with("Statement/v1", "Statement/v2"), verify.CheckStatement},
		{"another predicate", with(`"predicateType":"`+statement.ReportType, `"predicateType":"https://example.com/other`), verify.CheckPredicate},
		{"no predicate type", with(`"predicateType":"`+statement.ReportType, `"predicateType":"`), verify.CheckStatement},
		{"no subject", []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"` + statement.ReportType + `","predicate":{}}`), verify.CheckStatement},
		{"subject without digest", with(`"digest":{"sha256"`, `"digest":{"md5":"x"},"annotations":{"sha256"`), verify.CheckStatement},
		{"upper-case digest", with(digest, strings.ToUpper(digest)), verify.CheckStatement},
		{"made in the future", with(`"finishedOn":"2026`, `"finishedOn":"2036`), verify.CheckFreshness},
		{"time that can't be read", with(`"finishedOn":"2026-`, `"finishedOn":"yesterday-`), verify.CheckFreshness},
		{"not JSON", []byte("hello"), verify.CheckStatement},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := key.sign(t, statement.PayloadType, c.payload)
			_, err := verify.Bundle(t.Context(), raw, report, trust, expect)
			mustFail(t, err, c.check)
		})
	}
	t.Run("statement v0.1 is read", func(t *testing.T) {
		raw := key.sign(t, statement.PayloadType, with("Statement/v1", "Statement/v0.1"))
		if _, err := verify.Bundle(t.Context(), raw, report, trust, expect); err != nil {
			t.Error(err)
		}
	})
	t.Run("unknown member of a predicate is ignored", func(t *testing.T) {
		raw := key.sign(t, statement.PayloadType, with(`"run":`, `"levels_reached":["distribution"],"run":`))
		if _, err := verify.Bundle(t.Context(), raw, report, trust, expect); err != nil {
			t.Error(err)
		}
	})
}

func TestArtifacts(t *testing.T) {
	key, trust := newKey(t, sign.P256)
	both, err := statement.New([]statement.Resource{
		statement.Bytes("demo.crate", crateBytes), statement.Bytes("report.json", reportBytes),
	}, reportPredicate())
	if err != nil {
		t.Fatal(err)
	}
	raw := signed(t, key, both)
	crate, edited := verify.Bytes("demo.crate", crateBytes), verify.Bytes("report.json", append([]byte(" "), reportBytes...))
	some := expect
	some.SomeSubjects = true
	for _, c := range []struct {
		name      string
		artifacts []verify.Artifact
		expect    verify.Expect
		ok        bool
	}{
		{"all subjects", []verify.Artifact{report[0], crate}, expect, true},
		{"one of two subjects", []verify.Artifact{crate}, expect, false},
		{"one of two subjects, some will do", []verify.Artifact{crate}, some, true},
		{"one matches, one is another", []verify.Artifact{crate, verify.Bytes("x", nil)}, some, false},
		{"report edited after signing", []verify.Artifact{crate, edited}, some, false},
		{"another artifact", []verify.Artifact{verify.Bytes("x", nil)}, some, false},
		{"the name alone", []verify.Artifact{verify.Bytes("demo.crate", []byte("other"))}, some, false},
		{"no artifact", nil, some, false},
		{"digests", []verify.Artifact{verify.Digest("a", both.Subject[0].Digest), verify.Digest("b", both.Subject[1].Digest)}, expect, true},
		{"weak digest", []verify.Artifact{verify.Digest("a", statement.Digest{"sha1": "x"})}, some, false},
		{"one digest right, one wrong", []verify.Artifact{verify.Digest("a", statement.Digest{
			"sha256": strings.Repeat("0", 64), "sha512": strings.Repeat("0", 128),
		})}, some, false},
		{"missing file", []verify.Artifact{verify.File(filepath.Join(t.TempDir(), "none"))}, some, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := verify.Bundle(t.Context(), raw, c.artifacts, trust, c.expect)
			if !c.ok {
				mustFail(t, err, verify.CheckSubjects)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(v.Subjects) != len(c.artifacts) || len(v.Subjects)+len(v.Others) != 2 {
				t.Errorf("subjects %v, others %v", v.Subjects, v.Others)
			}
		})
	}
}

// A subject with several digests matches only an artifact that has them all.
func TestSubjectWithTwoDigests(t *testing.T) {
	key, trust := newKey(t, sign.P256)
	subject := statement.Bytes("report.json", reportBytes)
	subject.Digest["sha512"] = strings.Repeat("ab", 64)
	s, err := statement.New([]statement.Resource{subject}, reportPredicate())
	if err != nil {
		t.Fatal(err)
	}
	_, err = verify.Bundle(t.Context(), signed(t, key, s), report, trust, expect)
	mustFail(t, err, verify.CheckSubjects)
}

func TestFreshness(t *testing.T) {
	key, trust := newKey(t, sign.P256)
	raw := signed(t, key, newStatement(t))
	at := func(now time.Time, age time.Duration) verify.Expect {
		e := expect
		e.Now, e.MaxAge = now, age
		return e
	}
	if _, err := verify.Bundle(t.Context(), raw, report, trust, at(finished.Add(time.Hour), time.Hour)); err != nil {
		t.Error(err)
	}
	_, err := verify.Bundle(t.Context(), raw, report, trust, at(finished.Add(time.Hour+time.Second), time.Hour))
	mustFail(t, err, verify.CheckFreshness)

	timeless, err := statement.New([]statement.Resource{statement.Bytes("report.json", reportBytes)}, statement.TestResult{
		Result: statement.Passed, Configuration: []statement.Resource{{Name: "tests"}}, PassedTests: []string{"tests"},
	})
	if err != nil {
		t.Fatal(err)
	}
	e := at(finished, time.Hour)
	e.PredicateTypes = []string{statement.TestResultType}
	_, err = verify.Bundle(t.Context(), signed(t, key, timeless), report, trust, e)
	mustFail(t, err, verify.CheckFreshness)
}

func TestKeyWindow(t *testing.T) {
	old, oldTrust := newKey(t, sign.P256)
	current, currentTrust := newKey(t, sign.Ed25519)
	turn := finished
	oldKey, currentKey := oldTrust.Keys[0], currentTrust.Keys[0]
	oldKey.NotAfter = turn.Add(24 * time.Hour)
	currentKey.NotBefore = turn.Add(-24 * time.Hour)
	trust := verify.Trust{Keys: []verify.Key{oldKey, currentKey}}
	for _, c := range []struct {
		name string
		key  *sign.Key
		now  time.Time
		ok   bool
	}{
		{"old key in the overlap", old, turn, true},
		{"new key in the overlap", current, turn, true},
		{"old key afterwards", old, turn.Add(25 * time.Hour), false},
		{"new key afterwards", current, turn.Add(25 * time.Hour), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := expect
			e.Now = c.now
			_, err := verify.Bundle(t.Context(), signed(t, c.key, newStatement(t)), report, trust, e)
			if c.ok {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			mustFail(t, err, verify.CheckTimestamp)
		})
	}
}

func TestHugeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge.json")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(1 << 30); err != nil { // sparse
		t.Fatal(err)
	}
	_, err = verify.ReadFile(path)
	mustFail(t, err, verify.CheckSize)
}

func TestAll(t *testing.T) {
	key, trust := newKey(t, sign.P256)
	lines, err := sign.Bundles(t.Context(), []statement.Statement{newStatement(t), newStatement(t)}, key)
	if err != nil {
		t.Fatal(err)
	}
	all, err := verify.All(t.Context(), lines, report, trust, expect)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d bundles, %v", len(all), err)
	}
	second := bytes.IndexByte(lines, '\n') + 1
	broken := append(bytes.Clone(lines[:second]), replace(t, lines[second:], "bundle.v0.3", "bundle.v0.9")...)
	_, err = verify.All(t.Context(), broken, report, trust, expect)
	mustFail(t, err, verify.CheckMediaType)
}

func TestOneBundleOverSeveralLines(t *testing.T) {
	key, trust := newKey(t, sign.P256)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, signed(t, key, newStatement(t)), "", "  "); err != nil {
		t.Fatal(err)
	}
	if all, err := verify.All(t.Context(), pretty.Bytes(), report, trust, expect); err != nil || len(all) != 1 {
		t.Errorf("%d bundles, %v", len(all), err)
	}
}

func TestNoPredicateTypeExpected(t *testing.T) {
	key, trust := newKey(t, sign.P256)
	_, err := verify.Bundle(t.Context(), signed(t, key, newStatement(t)), report, trust, verify.Expect{})
	mustFail(t, err, verify.CheckPredicate)
}

func TestPrivateKeyIsNoTrust(t *testing.T) {
	pem := "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n" + base64.StdEncoding.EncodeToString([]byte("{}")) + "\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"
	if _, err := verify.KeyFromPEM("k", []byte(pem)); err == nil {
		t.Error("a private key was taken for a public one")
	}
}

func FuzzBundle(f *testing.F) {
	key, trust := newKey(f, sign.P256)
	raw := signed(f, key, newStatement(f))
	f.Add(raw)
	f.Add([]byte(`{"mediaType":"` + verify.MediaType + `","verificationMaterial":{"certificate":{"rawBytes":"MA=="}},"dsseEnvelope":{}}`))
	payload := payloadOf(f, raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := verify.Bundle(t.Context(), data, report, trust, expect)
		if err == nil && !bytes.Equal(v.Payload, payload) {
			t.Errorf("a payload that was never signed was taken: %s", v.Payload)
		}
	})
}
