package remote_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/remote"
)

// server answers every query with one document, and counts.
type server struct {
	*httptest.Server
	asked atomic.Int64
	text  atomic.Pointer[string]
}

func serve(t *testing.T, contentType, text string) *server {
	t.Helper()
	s := &server{}
	s.text.Store(&text)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.asked.Add(1)
		w.Header().Set("Content-Type", contentType)
		fmt.Fprint(w, *s.text.Load())
	}))
	t.Cleanup(s.Close)
	return s
}

const triples = "_:x <http://e/p> \"1\" .\n<http://e/s> <http://e/q> _:x .\n_:y <http://e/p> \"2\" .\n"

func TestGraphIsAskedOnceAndKept(t *testing.T) {
	s, keep := serve(t, "application/n-triples", triples), t.TempDir()
	source := remote.Source{Endpoint: s.URL}
	a := remote.New(keep, nil, []remote.Source{source})
	first, err := a.Graph(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := a.Graph(t.Context(), source); err != nil || second != first || s.asked.Load() != 1 {
		t.Errorf("asked %d times: %v", s.asked.Load(), err)
	}
	answers := a.Answers()
	if len(answers) != 1 || !answers[0].Graph || answers[0].Query != remote.Everything {
		t.Fatalf("answers %+v", answers)
	}

	// A pin is met by what is kept, without a question, and another is refused.
	source.SHA256 = answers[0].SHA256
	if again, err := remote.New(keep, nil, nil).Graph(t.Context(), source); err != nil || again != first {
		t.Errorf("pinned: %v", err)
	}
	source.SHA256 = strings.Repeat("0", 64)
	var changed *remote.ChangedError
	if _, err := remote.New(keep, nil, []remote.Source{source}).Graph(t.Context(), source); !errors.As(err, &changed) || changed.Got != answers[0].SHA256 {
		t.Errorf("wrong pin: %v", err)
	}

	// Kept content that was damaged counts as gone.
	if err := os.WriteFile(filepath.Join(keep, answers[0].SHA256), []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	var refused *remote.NotAllowedError
	if _, err := remote.Again(keep, nil, answers, nil).Recorded(t.Context()); !errors.As(err, &refused) || !refused.Again {
		t.Errorf("damaged: %v", err)
	}
	if texts, err := remote.Again(keep, nil, answers, []string{s.URL}).Recorded(t.Context()); err != nil || len(texts) != 1 || texts[0] != first {
		t.Errorf("asked again: %q, %v", texts, err)
	}
}

// The same graph in another order and with other labels has the same digest.
func TestDigestIsOfTheGraph(t *testing.T) {
	s := serve(t, "application/n-triples", triples)
	sum := func() string {
		a := remote.New(t.TempDir(), nil, []remote.Source{{Endpoint: s.URL}})
		if _, err := a.Graph(t.Context(), remote.Source{Endpoint: s.URL}); err != nil {
			t.Fatal(err)
		}
		return a.Answers()[0].SHA256
	}
	first := sum()
	shuffled := "_:x <http://e/p> \"2\" .\n<http://e/s> <http://e/q> _:b .\n_:b <http://e/p> \"1\" .\n_:b <http://e/p> \"1\" .\n"
	s.text.Store(&shuffled)
	if got := sum(); got != first {
		t.Errorf("%s and %s", got, first)
	}
	other := strings.ReplaceAll(triples, `"2"`, `"3"`)
	s.text.Store(&other)
	if sum() == first {
		t.Error("another graph has the same digest")
	}
}

const rows = `{"head":{"vars":["a"]},"results":{"bindings":[{"a":{"type":"literal","value":"2"}},{"a":{"type":"bnode","value":"z"}},{"a":{"type":"literal","value":"1"}}]}}`

func TestService(t *testing.T) {
	s, keep := serve(t, "application/sparql-results+json", rows), t.TempDir()
	a := remote.New(keep, nil, []remote.Source{{Endpoint: s.URL}})
	for range 2 {
		r, err := a.Service(t.Context(), s.URL, "SELECT * { ?s ?p ?a }")
		if err != nil || len(r.Rows) != 3 || r.Rows[1][0].Value != "1" {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if s.asked.Load() != 1 || len(a.Answers()) != 1 || a.Answers()[0].Graph {
		t.Errorf("asked %d times: %+v", s.asked.Load(), a.Answers())
	}
	var refused *remote.NotAllowedError
	if _, err := a.Service(t.Context(), s.URL+"/other", "SELECT * { ?s ?p ?a }"); !errors.As(err, &refused) || refused.Again || s.asked.Load() != 1 {
		t.Errorf("another endpoint: %v", err)
	}
	// What was recorded is what counts, also when the endpoint would say more.
	if _, err := remote.Again(keep, nil, a.Answers(), nil).Service(t.Context(), s.URL, "SELECT * { ?s ?p ?a }"); err != nil {
		t.Error(err)
	}
	if _, err := remote.Again(keep, nil, a.Answers(), nil).Service(t.Context(), s.URL, "SELECT * { ?s ?p ?b }"); !errors.As(err, &refused) || !refused.Again {
		t.Errorf("another query: %v", err)
	}
}

func TestDeadlineAndFailure(t *testing.T) {
	wait := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-wait }))
	defer s.Close()
	defer close(wait)
	source := remote.Source{Endpoint: s.URL, Timeout: 10 * time.Millisecond}
	if _, err := remote.New(t.TempDir(), nil, []remote.Source{source}).Graph(t.Context(), source); err == nil || !strings.Contains(err.Error(), "within 10ms") {
		t.Errorf("deadline: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	source.Timeout = 0
	if _, err := remote.New(t.TempDir(), nil, []remote.Source{source}).Graph(ctx, source); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	table := serve(t, "application/sparql-results+json", rows)
	source.Endpoint = table.URL
	if _, err := remote.New(t.TempDir(), nil, []remote.Source{source}).Graph(t.Context(), source); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("rows for a graph: %v", err)
	}
}

func TestCheck(t *testing.T) {
	const ok = "https://example.org/query"
	for _, c := range []struct {
		source remote.Source
		want   string // in the error; empty: none
	}{
		{remote.Source{Endpoint: ok}, ""},
		{remote.Source{Endpoint: ok, Query: "DESCRIBE <http://e/x>", SHA256: strings.Repeat("a", 64)}, ""},
		{remote.Source{Endpoint: "file:///etc/passwd"}, "http or https"},
		{remote.Source{Endpoint: "https://"}, "http or https"},
		{remote.Source{Endpoint: "https://ada:pw@example.org/"}, "name or password"},
		{remote.Source{Endpoint: "%zz"}, "no URL"},
		{remote.Source{Endpoint: ok, Query: "SELECT * { ?s ?p ?o }"}, "CONSTRUCT or DESCRIBE"},
		{remote.Source{Endpoint: ok, Query: "CONSTRUCT {"}, "query:"},
		{remote.Source{Endpoint: ok, SHA256: "abc"}, "64 digits"},
		{remote.Source{Endpoint: ok, SHA256: strings.Repeat("A", 64)}, "64 digits"},
	} {
		err := c.source.Check()
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.source, err)
		}
	}
}
