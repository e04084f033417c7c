//go:build linux

package buildkit

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/plan"
)

// daemonProgram builds buildkitd from the module that is embedded.
var daemonProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sixty-buildkitd-")
	if err != nil {
		return "", err
	}
	_, err = build(filepath.Join(dir, "buildkitd"), ".", "github.com/moby/buildkit/cmd/buildkitd")
	return filepath.Join(dir, "buildkitd"), err
})

// daemon starts a real buildkitd at an address and stops it after the test.
func daemon(t *testing.T, addr string, args ...string) {
	t.Helper()
	if os.Geteuid() != 0 && os.Getenv("CI") == "" {
		t.Skip("buildkitd needs root")
	}
	program, err := daemonProgram()
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.MkdirTemp("", "sixty-remote-") //nolint:usetesting // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "buildkitd.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{"--root", root, "--addr", addr, "--oci-worker-net", "host", "--containerd-worker=false"}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		cmd.Wait()                          // it was told to end
		unmountUnder(root)                  // best effort after the test
		os.RemoveAll(root)                  // best effort after the test
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("buildkitd: %s", text)
		}
	})
}

// dial waits until the engine answers.
func dial(t *testing.T, addr string, tls TLS) *Engine {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		c, name, err := Dial(ctx, addr, tls)
		if err == nil {
			t.Cleanup(func() { c.Close() })
			if !strings.HasPrefix(name, "BuildKit ") || !strings.HasSuffix(name, " at "+addr) {
				t.Errorf("name: %q", name)
			}
			s := step("remote", "write", "/made/file", "made far away")
			s.Outputs = []plan.Output{{Name: "made", Path: "/made"}}
			e := engine(t, Options{}, s, failing())
			e.opts.Client = c
			return e
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func failing() plan.Step {
	s := step("fails", "write", "/made/file", "kept", "3")
	s.Outputs = []plan.Output{{Name: "made", Path: "/made"}}
	return s
}

// tryRemote runs a step that passes, again from the cache, and one that fails.
func tryRemote(t *testing.T, e *Engine) {
	t.Helper()
	s, _ := e.opts.Graph.Step("t.remote")
	r := run(t, e, s)
	if r.Status != plan.StatusPassed || r.Cached || left(t, r, "outputs/made/file") != "made far away" {
		t.Errorf("first: %+v", r)
	}
	if !*r.Record.LoopbackOnly {
		t.Error("a remote step has the network")
	}
	if r := run(t, e, s); !r.Cached {
		t.Errorf("second: %+v", r)
	}
	f := run(t, e, failing())
	if f.Status != plan.StatusFailed || *f.ExitCode != 3 || left(t, f, "outputs/made/file") != "kept" {
		t.Errorf("failing: %+v", f)
	}
}

func TestRemoteUnix(t *testing.T) {
	addr := "unix://" + filepath.Join(t.TempDir(), "buildkitd.sock")
	daemon(t, addr)
	tryRemote(t, dial(t, addr, TLS{}))
}

func TestRemoteTCPWithMutualTLS(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir, "ca")
	server := ca.issue(t, dir, "server")
	clientPair := ca.issue(t, dir, "client")
	stranger := newAuthority(t, dir, "stranger").issue(t, dir, "intruder")
	addr := "tcp://" + freeAddress(t)
	daemon(t, addr, "--tlscacert", ca.file, "--tlscert", server.cert, "--tlskey", server.key)
	tryRemote(t, dial(t, addr, TLS{CA: ca.file, Cert: clientPair.cert, Key: clientPair.key}))
	for name, tls := range map[string]TLS{
		"no certificate":      {CA: ca.file},
		"another authority's": {CA: ca.file, Cert: stranger.cert, Key: stranger.key},
		"unknown server":      {CA: stranger.cert, Cert: clientPair.cert, Key: clientPair.key},
		"another server name": {CA: ca.file, Cert: clientPair.cert, Key: clientPair.key, ServerName: "elsewhere.example"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		if c, _, err := Dial(ctx, addr, tls); err == nil {
			c.Close()
			t.Errorf("%s: connected", name)
		}
		cancel()
	}
}

func TestDialSaysWhatIsWrong(t *testing.T) {
	for addr, want := range map[string]string{
		"localhost":         "must start with unix://",
		"unix:///nowhere/x": "does not answer",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		_, _, err := Dial(ctx, addr, TLS{})
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// authority issues certificates for 127.0.0.1.
type authority struct {
	file string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

type pair struct{ cert, key string }

func newAuthority(t *testing.T, dir, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{file: writePEM(t, dir, name+".pem", "CERTIFICATE", der), cert: cert, key: key}
}

func (a authority) issue(t *testing.T, dir, name string) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{writePEM(t, dir, name+".pem", "CERTIFICATE", der), writePEM(t, dir, name+".key", "PRIVATE KEY", private)}
}

func writePEM(t *testing.T, dir, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
