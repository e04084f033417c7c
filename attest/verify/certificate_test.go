package verify_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/attest/verify"
)

const (
	subject = "ci@example.com"
	issuer  = "https://issuer.example.com"
)

// instance is a whole sigstore of its own, in memory: certificate authority,
// transparency log and timestamp authority.
func instance(t *testing.T) (*ca.VirtualSigstore, verify.Trust) {
	t.Helper()
	s, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	return s, verify.Trust{
		Root:             s,
		Identities:       []verify.Identity{{Name: "ci", Issuer: issuer, Subject: subject}},
		WithoutSCTUnsafe: true, // the instance has no certificate log
	}
}

// attest signs the payload with a certificate of the instance, as a bundle.
func attest(t *testing.T, s *ca.VirtualSigstore, subject, issuer string, payload []byte) []byte {
	t.Helper()
	entity, err := s.AttestHashedRekordV2(subject, issuer, payload)
	if err != nil {
		t.Fatal(err)
	}
	content, err := entity.VerificationContent()
	if err != nil {
		t.Fatal(err)
	}
	signature, err := entity.SignatureContent()
	if err != nil {
		t.Fatal(err)
	}
	timestamps, err := entity.Timestamps()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := entity.TlogEntries()
	if err != nil {
		t.Fatal(err)
	}
	bundle := &protobundle.Bundle{
		MediaType: verify.MediaType,
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload: payload, PayloadType: statement.PayloadType,
			Signatures: []*protodsse.Signature{{Sig: signature.Signature()}},
		}},
		VerificationMaterial: &protobundle.VerificationMaterial{
			Content: &protobundle.VerificationMaterial_Certificate{
				Certificate: &protocommon.X509Certificate{RawBytes: content.Certificate().Raw},
			},
			TimestampVerificationData: &protobundle.TimestampVerificationData{
				Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: timestamps[0]}},
			},
		},
	}
	for _, e := range entries {
		bundle.VerificationMaterial.TlogEntries = append(bundle.VerificationMaterial.TlogEntries, e.TransparencyLogEntry())
	}
	raw, err := protojson.Marshal(bundle)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func messageOf(t *testing.T, raw []byte) *protobundle.Bundle {
	t.Helper()
	var b protobundle.Bundle
	if err := protojson.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestAttacksOnCertificates(t *testing.T) {
	s, trust := instance(t)
	_, strangers := instance(t)
	payload, err := newStatement(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	expect := verify.Expect{PredicateTypes: []string{statement.ReportType}}
	raw := attest(t, s, subject, issuer, payload)
	second := messageOf(t, attest(t, s, subject, issuer, payload)).GetVerificationMaterial()
	mallory := attest(t, s, "mallory@example.com", issuer, payload)
	material := func(change func(*protobundle.VerificationMaterial)) []byte {
		return edit(t, raw, func(b *protobundle.Bundle) { change(b.GetVerificationMaterial()) })
	}
	identity := func(i verify.Identity) verify.Trust {
		changed := trust
		changed.Identities = []verify.Identity{i}
		return changed
	}
	keyOnly, keyTrust := newKey(t, sign.P256)

	v, err := verify.Bundle(t.Context(), raw, report, trust, expect)
	if err != nil {
		t.Fatal(err)
	}
	if v.Signer.Subject != subject || v.Signer.Issuer != issuer || v.Signer.Identity != "ci" || !v.Logged || v.SignedAt.IsZero() {
		t.Errorf("verified = %+v", v)
	}

	for _, c := range []struct {
		name  string
		raw   []byte
		trust verify.Trust
		check verify.Check
	}{
		{"no timestamp, so the certificate may have expired", material(func(m *protobundle.VerificationMaterial) { m.TimestampVerificationData = nil }), trust, verify.CheckTimestamp},
		{"swapped timestamp", material(func(m *protobundle.VerificationMaterial) {
			m.TimestampVerificationData = second.TimestampVerificationData
		}), trust, verify.CheckTimestamp},
		{"swapped certificate", material(func(m *protobundle.VerificationMaterial) { m.Content = second.Content }), trust, verify.CheckLog},
		{"swapped log entry", material(func(m *protobundle.VerificationMaterial) { m.TlogEntries = second.TlogEntries }), trust, verify.CheckLog},
		{"swapped certificate, timestamp and log entry", edit(t, raw, func(b *protobundle.Bundle) { b.VerificationMaterial = second }), trust, verify.CheckLog},
		{"stripped log entry", material(func(m *protobundle.VerificationMaterial) { m.TlogEntries = nil }), trust, verify.CheckLog},
		{"log entry without its proof", material(func(m *protobundle.VerificationMaterial) { m.TlogEntries[0].InclusionProof = nil }), trust, verify.CheckBundle},
		{"altered checkpoint", material(func(m *protobundle.VerificationMaterial) {
			c := m.TlogEntries[0].InclusionProof.Checkpoint
			c.Envelope = strings.Replace(c.Envelope, "\n1\n", "\n2\n", 1)
		}), trust, verify.CheckLog},
		{"log entry twice", material(func(m *protobundle.VerificationMaterial) { m.TlogEntries = append(m.TlogEntries, m.TlogEntries[0]) }), trust, verify.CheckLog},
		{"another's signature under our certificate", edit(t, raw, func(b *protobundle.Bundle) {
			b.GetDsseEnvelope().Signatures = messageOf(t, mallory).GetDsseEnvelope().Signatures
		}), trust, verify.CheckLog},
		{"another identity", mallory, trust, verify.CheckIdentity},
		{"same subject at another issuer", attest(t, s, subject, "https://evil.example.com", payload), trust, verify.CheckIdentity},
		{"another instance's certificate", raw, strangers, verify.CheckLog},
		{"a certificate for a key", raw, keyTrust, verify.CheckTrust},
		{"a key for a certificate", signed(t, keyOnly, newStatement(t)), trust, verify.CheckTrust},
		{"no proof that a certificate log has it", raw, verify.Trust{Root: s, Identities: trust.Identities}, verify.CheckCertificate},
		{"pattern that matches a part only", raw, identity(verify.Identity{Issuer: issuer, SubjectPattern: "@example"}), verify.CheckIdentity},
		{"pattern of two alternatives is anchored as a whole", raw, identity(verify.Identity{Issuer: issuer, SubjectPattern: "ci|x"}), verify.CheckIdentity},
		{"no issuer", raw, identity(verify.Identity{Subject: subject}), verify.CheckTrust},
		{"no subject", raw, identity(verify.Identity{Issuer: issuer}), verify.CheckTrust},
		{"a claim that the certificate does not make", raw, identity(verify.Identity{Issuer: issuer, Subject: subject, Claims: certificate.Extensions{SourceRepositoryURI: "https://example.com/r"}}), verify.CheckIdentity},
		{"chain in place of a certificate", material(func(m *protobundle.VerificationMaterial) {
			m.Content = &protobundle.VerificationMaterial_X509CertificateChain{X509CertificateChain: &protocommon.X509CertificateChain{
				Certificates: []*protocommon.X509Certificate{m.GetCertificate()},
			}}
		}), trust, verify.CheckBundle},
		{"certificate that is none", material(func(m *protobundle.VerificationMaterial) { m.GetCertificate().RawBytes = []byte("x") }), trust, verify.CheckBundle},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := verify.Bundle(t.Context(), c.raw, report, c.trust, expect)
			mustFail(t, err, c.check)
		})
	}

	t.Run("pattern that matches the whole", func(t *testing.T) {
		if _, err := verify.Bundle(t.Context(), raw, report, identity(verify.Identity{Issuer: issuer, SubjectPattern: `[a-z]+@example\.com`}), expect); err != nil {
			t.Error(err)
		}
	})
	t.Run("no log entry, said to be all right", func(t *testing.T) {
		changed := trust
		changed.WithoutLogUnsafe = true
		v, err := verify.Bundle(t.Context(), material(func(m *protobundle.VerificationMaterial) { m.TlogEntries = nil }), report, changed, expect)
		if err != nil || v.Logged {
			t.Errorf("logged %v, %v", v.Logged, err)
		}
	})
}

// lapsedAuthority is an instance whose certificate authority is another one.
type lapsedAuthority struct {
	*ca.VirtualSigstore
	authority root.CertificateAuthority
}

func (l lapsedAuthority) FulcioCertificateAuthorities() []root.CertificateAuthority {
	return []root.CertificateAuthority{l.authority}
}

// The certificate was good an hour ago, and a trusted timestamp says that the
// signature was made now.
func TestCertificateExpiredBeforeItSigned(t *testing.T) {
	s, trust := instance(t)
	rootCert, rootKey, err := ca.GenerateRootCa()
	if err != nil {
		t.Fatal(err)
	}
	intermediate, intermediateKey, err := ca.GenerateFulcioIntermediate(rootCert, rootKey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := signature.LoadECDSASigner(key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := newStatement(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	sig, err := signer.SignMessage(bytes.NewReader(dsse.PAE(statement.PayloadType, payload)))
	if err != nil {
		t.Fatal(err)
	}
	timestamp, err := s.TimestampResponse(sig)
	if err != nil {
		t.Fatal(err)
	}
	trust.WithoutLogUnsafe = true
	trust.Root = lapsedAuthority{s, &root.FulcioCertificateAuthority{
		Root: rootCert, Intermediates: []*x509.Certificate{intermediate}, ValidityPeriodStart: time.Now().Add(-5 * time.Hour),
	}}
	for _, c := range []struct {
		from time.Time
		ok   bool
	}{{time.Now().Add(-time.Hour), false}, {time.Now().Add(-time.Minute), true}} {
		leaf, err := ca.GenerateLeafCert(subject, issuer, c.from, key, intermediate, intermediateKey)
		if err != nil {
			t.Fatal(err)
		}
		raw := edit(t, attest(t, s, subject, issuer, payload), func(b *protobundle.Bundle) {
			b.GetDsseEnvelope().Signatures[0].Sig = sig
			b.VerificationMaterial = &protobundle.VerificationMaterial{
				Content: &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: leaf.Raw}},
				TimestampVerificationData: &protobundle.TimestampVerificationData{
					Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: timestamp}},
				},
			}
		})
		_, err = verify.Bundle(t.Context(), raw, report, trust, verify.Expect{PredicateTypes: []string{statement.ReportType}})
		if c.ok {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		mustFail(t, err, verify.CheckCertificate)
	}
}

// A timestamp proves that a key signed while it was valid, and nothing in the
// bundle of a key is left unchecked where a root makes checking possible.
func TestKeyWithTimestamp(t *testing.T) {
	s, _ := instance(t)
	stranger, _ := instance(t)
	key, trust := newKey(t, sign.P256)
	stamped := func(by *ca.VirtualSigstore) []byte {
		return edit(t, signed(t, key, newStatement(t)), func(b *protobundle.Bundle) {
			response, err := by.TimestampResponse(b.GetDsseEnvelope().Signatures[0].Sig)
			if err != nil {
				t.Fatal(err)
			}
			b.VerificationMaterial.TimestampVerificationData = &protobundle.TimestampVerificationData{
				Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: response}},
			}
		})
	}
	now := time.Now()
	window := func(from, to time.Time, required bool) verify.Trust {
		changed := trust
		changed.Root, changed.RequireTimestamp = s, required
		k := changed.Keys[0]
		k.NotBefore, k.NotAfter = from, to
		changed.Keys = []verify.Key{k}
		return changed
	}
	later := verify.Expect{PredicateTypes: []string{statement.ReportType}, Now: now.Add(30 * 24 * time.Hour)}
	lapsed := window(now.Add(-time.Hour), now.Add(time.Hour), true)

	v, err := verify.Bundle(t.Context(), stamped(s), report, lapsed, later)
	if err != nil {
		t.Fatal(err)
	}
	if d := v.SignedAt.Sub(now).Abs(); d > time.Minute {
		t.Errorf("signed at %v", v.SignedAt)
	}
	_, err = verify.Bundle(t.Context(), stamped(s), report, window(now.Add(time.Hour), time.Time{}, true), later)
	mustFail(t, err, verify.CheckTimestamp)
	_, err = verify.Bundle(t.Context(), signed(t, key, newStatement(t)), report, lapsed, later)
	mustFail(t, err, verify.CheckTimestamp)
	_, err = verify.Bundle(t.Context(), stamped(stranger), report, window(time.Time{}, time.Time{}, false), later)
	mustFail(t, err, verify.CheckTimestamp)

	_, err = verify.Bundle(t.Context(), signed(t, key, newStatement(t)), report, window(time.Time{}, time.Time{}, true), later)
	mustFail(t, err, verify.CheckTimestamp)

	logged := trust
	logged.Root, logged.RequireLog = s, true
	_, err = verify.Bundle(t.Context(), stamped(s), report, logged, later)
	mustFail(t, err, verify.CheckLog)
	logged.Root = nil
	_, err = verify.Bundle(t.Context(), stamped(s), report, logged, later)
	mustFail(t, err, verify.CheckTrust)
}
