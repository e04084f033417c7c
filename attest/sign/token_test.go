package sign

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAmbientToken(t *testing.T) {
	actions := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer secret":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Query().Get("audience") != "sigstore" || r.URL.Query().Get("api-version") != "2":
			w.WriteHeader(http.StatusBadRequest)
		default:
			w.Write([]byte(`{"value":"from actions"}`))
		}
	}))
	defer actions.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		env        map[string]string
		want, fail string
	}{
		{map[string]string{TokenVariable: "from env", TokenFileVariable: file}, "from env", ""},
		{map[string]string{TokenFileVariable: file}, "from file", ""},
		{map[string]string{TokenFileVariable: file + "x"}, "", "no such file"},
		{map[string]string{githubURL: actions.URL + "?api-version=2", githubToken: "secret"}, "from actions", ""},
		{map[string]string{githubURL: actions.URL + "?api-version=2", githubToken: "other"}, "", "401"},
		{map[string]string{githubURL: actions.URL}, "", "no identity token"},
		{nil, "", "no identity token"},
	} {
		token := AmbientToken(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
		got, err := token(t.Context())
		if got != c.want || (c.fail == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.fail)) {
			t.Errorf("%v: %q, %v", c.env, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
}
