package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// issuer is a small OpenID provider: discovery, one key, tokens for anybody.
type issuer struct {
	url string
	key *ecdsa.PrivateKey
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	mux := http.NewServeMux()
	answer := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v) // a client that went away
		}
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.url = server.URL
	mux.HandleFunc("/.well-known/openid-configuration", answer(map[string]any{
		"issuer": i.url, "jwks_uri": i.url + "/keys",
		"authorization_endpoint": i.url + "/none", "token_endpoint": i.url + "/none",
		"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"},
	}))
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("/keys", answer(map[string]any{"keys": []map[string]string{{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1",
		"x": b64(point[1:33]), "y": b64(point[33:]),
	}}}))
	return i
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// emailToken is an identity token of a person.
func (i *issuer) emailToken(t testing.TB, email string) string {
	return i.token(t, map[string]any{"sub": email, "email": email, "email_verified": true})
}

// workflowToken is an identity token as GitHub Actions gives it to a workflow.
func (i *issuer) workflowToken(t testing.TB) string {
	return i.token(t, map[string]any{
		"sub": "repo:o/r:ref:refs/heads/main", "repository": "o/r", "repository_id": "1", "repository_owner": "o", "repository_owner_id": "2",
		"repository_visibility": "public", "ref": "refs/heads/main", "sha": commit, "event_name": "push", "workflow": "release",
		"workflow_ref": workflow, "workflow_sha": commit, "job_workflow_ref": workflow, "job_workflow_sha": commit,
		"runner_environment": "github-hosted", "run_id": "3", "run_attempt": "1",
	})
}

const (
	commit   = "0123456789abcdef0123456789abcdef01234567"
	workflow = "o/r/.github/workflows/release.yml@refs/heads/main"
)

// token is an identity token with the given claims (RFC 7519, ES256).
func (i *issuer) token(t testing.TB, claims map[string]any) string {
	t.Helper()
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b64(raw)
	}
	now := time.Now()
	maps.Copy(claims, map[string]any{
		"iss": i.url, "aud": "sigstore", "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	})
	unsigned := part(map[string]string{"alg": "ES256", "kid": "1", "typ": "JWT"}) + "." + part(claims)
	digest := sha256.Sum256([]byte(unsigned))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return unsigned + "." + b64(signature)
}
