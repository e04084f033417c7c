package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/sixtyhq/sixty/attest/sign"
	"github.com/sixtyhq/sixty/attest/verify"
)

// instance is a whole sigstore on loopback.
type instance struct {
	// issuer knows people, actions knows workflows.
	issuer, actions *issuer
	// rootFile and configFile are the trusted root and signing config.
	rootFile, configFile string
	services             sign.Services
	root                 root.TrustedMaterial
}

const host = "127.0.0.1"

// freePorts returns ports that nobody listens on.
func freePorts(t testing.TB, n int) []string {
	t.Helper()
	ports := make([]string, n)
	for i := range ports {
		l, err := net.Listen("tcp", host+":0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// get waits until the address answers 200 and returns the body.
func get(t testing.TB, address string) []byte {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		response, err := http.Get(address)
		if err == nil {
			body, readErr := io.ReadAll(response.Body)
			response.Body.Close()
			if readErr == nil && response.StatusCode == http.StatusOK {
				return body
			}
			err = fmt.Errorf("%s: %s", response.Status, body)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer: %v", address, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func newInstance(t testing.TB) *instance {
	t.Helper()
	in := &instance{issuer: newIssuer(t), actions: newIssuer(t)}
	ports := freePorts(t, 7)
	fulcioURL := "http://" + host + ":" + ports[0]
	rekorURL := "http://" + host + ":" + ports[3]
	tsaURL := "http://" + host + ":" + ports[6]

	config, err := json.Marshal(map[string]any{"OIDCIssuers": map[string]any{
		in.issuer.url:  map[string]string{"IssuerURL": in.issuer.url, "ClientID": "sigstore", "Type": "email"},
		in.actions.url: map[string]string{"IssuerURL": in.actions.url, "ClientID": "sigstore", "Type": "github-workflow"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	fulcio.start(t, "serve", "--ca=ephemeralca", "--ct-log-url=", "--config-path="+write(t, config, "fulcio.json"),
		"--host="+host, "--port="+ports[0], "--grpc-host="+host, "--grpc-port="+ports[1], "--metrics-port="+ports[2],
		"--legacy-unix-domain-socket="+filepath.Join(t.TempDir(), "fulcio.sock"))
	logKey, logKeyFile := newLogKey(t)
	rekor.start(t, "serve", "--hostname="+host, "--storage-dir="+t.TempDir(), "--signer-filepath="+logKeyFile,
		"--checkpoint-interval=200ms", "--batch-max-age=10ms", "--http-address="+host, "--http-port="+ports[3],
		"--grpc-address="+host, "--grpc-port="+ports[4], "--http-metrics-port="+ports[5])
	tsa.start(t, "serve", "--host="+host, "--port="+ports[6], "--timestamp-signer=memory", "--disable-ntp-monitoring", "--log-type=prod")

	start := time.Now().Add(-time.Hour)
	get(t, rekorURL+"/healthz")
	in.writeRoot(t, logKey, rekorURL, fulcioURL, tsaURL, start)
	in.writeConfig(t, rekorURL, fulcioURL, tsaURL, start)
	return in
}

func newLogKey(t testing.TB) (crypto.PublicKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := cryptoutils.MarshalPrivateKeyToPEM(key)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public(), write(t, raw, "rekor.pem")
}

func (in *instance) writeRoot(t testing.TB, logKey crypto.PublicKey, rekorURL, fulcioURL, tsaURL string, start time.Time) {
	t.Helper()
	_, logID, err := note.KeyHash(host, logKey)
	if err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		Chains []struct{ Certificates []string }
	}
	if err := json.Unmarshal(get(t, fulcioURL+"/api/v2/trustBundle"), &bundle); err != nil || len(bundle.Chains) != 1 {
		t.Fatalf("trust bundle of Fulcio: %+v, %v", bundle, err)
	}
	var authority []*x509.Certificate
	for _, c := range bundle.Chains[0].Certificates {
		authority = append(authority, certificates(t, []byte(c))...)
	}
	stamping := certificates(t, get(t, tsaURL+"/api/v1/timestamp/certchain"))
	last := len(stamping) - 1
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{
			Root: authority[len(authority)-1], Intermediates: authority[:len(authority)-1], ValidityPeriodStart: start, URI: fulcioURL,
		}},
		nil,
		[]root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{
			Root: stamping[last], Intermediates: stamping[1:last], Leaf: stamping[0], ValidityPeriodStart: start, URI: tsaURL,
		}},
		map[string]*root.TransparencyLog{"log": {
			BaseURL: rekorURL, ID: logID, ValidityPeriodStart: start, HashFunc: crypto.SHA256, PublicKey: logKey, SignatureHashFunc: crypto.SHA256,
		}})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := trusted.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	in.rootFile = write(t, append(raw, '\n'), "trusted-root.json") // gh wants the line break
	if in.root, err = verify.RootFromJSON(raw); err != nil {
		t.Fatal(err)
	}
}

func (in *instance) writeConfig(t testing.TB, rekorURL, fulcioURL, tsaURL string, start time.Time) {
	t.Helper()
	service := func(url string, version uint32) []root.Service {
		return []root.Service{{URL: url, MajorAPIVersion: version, ValidityPeriodStart: start, Operator: "test"}}
	}
	anyOne := root.ServiceConfiguration{Selector: prototrustroot.ServiceSelector_ANY}
	config, err := root.NewSigningConfig(root.SigningConfigMediaType02, service(fulcioURL, 1), service(in.issuer.url, 1),
		service(rekorURL, 2), anyOne, service(tsaURL+"/api/v1/timestamp", 1), anyOne)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := config.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	in.configFile = write(t, raw, "signing-config.json")
	data, err := os.ReadFile(in.configFile)
	if err != nil {
		t.Fatal(err)
	}
	if in.services, err = sign.ServicesFromJSON(data); err != nil {
		t.Fatal(err)
	}
}

func certificates(t testing.TB, data []byte) []*x509.Certificate {
	t.Helper()
	var all []*x509.Certificate
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		all, data = append(all, c), rest
	}
	if len(all) == 0 {
		t.Fatalf("no certificates in %q", data)
	}
	return all
}
