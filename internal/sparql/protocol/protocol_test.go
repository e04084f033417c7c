package protocol_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql"
	"github.com/sixtyhq/sixty/internal/sparql/protocol"
	"github.com/sixtyhq/sixty/internal/sparql/results"
)

const data = `@prefix : <http://example.org/> .
:ada :name "Ada"@en, "tab\tand \"quote\"" ; :age 36 ; :knows [ :name "nobody" ] .
:alan :name "Alan" ; :age 41 ; :height 1.85 .
`

func load(t *testing.T, graph, turtle string) *sparql.Store {
	t.Helper()
	b := sparql.NewBuilder()
	err := rdf.Parse(t.Context(), strings.NewReader(turtle), rdf.Turtle, rdf.Options{}, func(q rdf.Quad, _ rdf.Position) error {
		if graph != "" {
			q.Graph = rdf.NewIRI(graph)
		}
		b.Add(q)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Build()
}

// endpoint is a server of the protocol's query operation over a store.
type endpoint struct {
	store *sparql.Store
	// prefer is the media type it answers with if the client accepts it.
	prefer string
	// seen is the last request.
	seen *http.Request
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.seen = r
	query, err := readQuery(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	result, err := e.store.Query(r.Context(), query, sparql.Options{})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !strings.Contains(r.Header.Get("Accept"), e.prefer) {
		http.Error(w, "nothing acceptable", http.StatusNotAcceptable)
		return
	}
	w.Header().Set("Content-Type", e.prefer+"; charset=utf-8")
	if result.Kind == results.Graph {
		for _, triple := range result.Triples {
			fmt.Fprintln(w, triple)
		}
		return
	}
	format, _ := results.FormatByMediaType(e.prefer)
	if err := results.Write(w, format, result); err != nil {
		panic(err)
	}
}

func readQuery(r *http.Request) (string, error) {
	mediaType := r.Header.Get("Content-Type")
	switch {
	case r.Method == http.MethodGet, mediaType == "application/x-www-form-urlencoded":
		return r.FormValue("query"), nil
	case mediaType == "application/sparql-query":
		body, err := io.ReadAll(r.Body)
		return string(body), err
	}
	return "", fmt.Errorf("unexpected content type %q", mediaType)
}

const selectAll = `SELECT ?s ?p ?o { ?s ?p ?o FILTER(!isBlank(?s) && !isBlank(?o)) } ORDER BY ?s ?p ?o`

func TestQuery(t *testing.T) {
	store := load(t, "", data)
	want, err := store.Query(t.Context(), selectAll, sparql.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []results.Format{results.JSON, results.XML, results.TSV} {
		for _, method := range []protocol.Method{protocol.PostForm, protocol.PostDirect, protocol.Get} {
			server := httptest.NewServer(&endpoint{store: store, prefer: format.MediaType()})
			c := protocol.Client{Endpoint: server.URL + "/query", HTTP: server.Client(), Method: method}
			got, err := c.Query(t.Context(), selectAll)
			server.Close()
			if err != nil {
				t.Errorf("%s, method %d: %v", format.MediaType(), method, err)
				continue
			}
			if fmt.Sprint(got.Vars, got.Rows) != fmt.Sprint(want.Vars, want.Rows) {
				t.Errorf("%s, method %d:\ngot  %v\nwant %v", format.MediaType(), method, got.Rows, want.Rows)
			}
		}
	}
}

func TestQueryForms(t *testing.T) {
	store := load(t, "", data)
	ask := httptest.NewServer(&endpoint{store: store, prefer: "application/sparql-results+json"})
	defer ask.Close()
	got, err := (&protocol.Client{Endpoint: ask.URL}).Query(t.Context(), `ASK { ?s <http://example.org/age> 41 }`)
	if err != nil || got.Kind != results.Boolean || !got.Boolean {
		t.Errorf("ASK: %+v, %v", got, err)
	}
	for _, mediaType := range []string{"application/n-triples", "text/turtle"} {
		server := httptest.NewServer(&endpoint{store: store, prefer: mediaType})
		got, err := (&protocol.Client{Endpoint: server.URL}).Query(t.Context(), `CONSTRUCT WHERE { ?s ?p ?o }`)
		server.Close()
		if err != nil {
			t.Errorf("%s: %v", mediaType, err)
			continue
		}
		var gotQuads []rdf.Quad
		for _, triple := range got.Triples {
			gotQuads = append(gotQuads, rdf.Quad{Triple: triple})
		}
		if !rdf.Isomorphic(gotQuads, slices.Collect(store.Quads())) {
			t.Errorf("%s: got %v", mediaType, got.Triples)
		}
	}
}

// TestRequest checks what is sent besides the query.
func TestRequest(t *testing.T) {
	e := &endpoint{store: load(t, "", data), prefer: "application/sparql-results+json"}
	server := httptest.NewServer(e)
	defer server.Close()
	for _, method := range []protocol.Method{protocol.PostForm, protocol.PostDirect, protocol.Get} {
		c := protocol.Client{
			Endpoint: server.URL + "/?key=1", Method: method, Header: http.Header{"Authorization": {"Bearer x"}},
			DefaultGraphs: []string{"http://example.org/g"}, NamedGraphs: []string{"http://example.org/n"},
		}
		if _, err := c.Query(t.Context(), "ASK {}"); err != nil {
			t.Fatal(err)
		}
		if err := e.seen.ParseForm(); err != nil {
			t.Fatal(err)
		}
		form := e.seen.Form
		if form.Get("key") != "1" || form.Get("default-graph-uri") != c.DefaultGraphs[0] || form.Get("named-graph-uri") != c.NamedGraphs[0] {
			t.Errorf("method %d: parameters %v", method, form)
		}
		if e.seen.Header.Get("Authorization") != "Bearer x" {
			t.Errorf("method %d: the authorization is missing", method)
		}
	}
}

func TestErrors(t *testing.T) {
	respond := func(status int, contentType, body string) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}))
	}
	for name, test := range map[string]struct {
		server *httptest.Server
		want   string
	}{
		"status":       {respond(503, "text/plain", "busy"), "answered 503 Service Unavailable: busy"},
		"content type": {respond(200, "text/html", "<html>"), `content type "text/html"`},
		"bad JSON":     {respond(200, "application/sparql-results+json", `{"head":`), "unexpected EOF"},
		"too long":     {respond(200, "application/sparql-results+xml", "<sparql>"+strings.Repeat(" ", 4096)), "too long"},
		"graph, long":  {respond(200, "text/turtle", strings.Repeat("#\n", 4096)), "more than 1000 bytes"},
		"other host":   {httptest.NewServer(http.RedirectHandler("http://127.0.0.2:1/", http.StatusFound)), "another host"},
	} {
		c := protocol.Client{Endpoint: test.server.URL, Limits: results.Limits{MaxBytes: 1000}}
		_, err := c.Query(t.Context(), "SELECT * {}")
		test.server.Close()
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.server.URL) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var status *protocol.StatusError
	server := respond(400, "text/plain", "no")
	defer server.Close()
	if _, err := (&protocol.Client{Endpoint: server.URL}).Query(t.Context(), "x"); !errors.As(err, &status) || status.Code != 400 {
		t.Errorf("not a StatusError: %v", err)
	}
	if _, err := (&protocol.Client{Endpoint: "file:///etc/passwd"}).Query(t.Context(), "ASK {}"); err == nil {
		t.Error("a file was taken for an endpoint")
	}
}

func TestDeadline(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := (&protocol.Client{Endpoint: server.URL}).Query(ctx, "ASK {}"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestService joins local data with that of an endpoint.
func TestService(t *testing.T) {
	server := httptest.NewServer(&endpoint{store: load(t, "", data), prefer: "application/sparql-results+json"})
	defer server.Close()
	local := load(t, "", `<http://example.org/alan> <http://example.org/likes> <http://example.org/tea> .`)
	query := fmt.Sprintf(`PREFIX : <http://example.org/>
SELECT ?thing ?age { ?x :likes ?thing SERVICE <%s> { ?x :age ?age } }`, server.URL)
	got, err := local.Query(t.Context(), query, sparql.Options{Service: protocol.Service(nil, server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 1 || got.Get(0, "age").Value != "41" {
		t.Errorf("got %v", got.Rows)
	}
	for _, allowed := range [][]string{nil, {"http://example.org/other"}} {
		_, err := local.Query(t.Context(), query, sparql.Options{Service: protocol.Service(nil, allowed...)})
		if err == nil || !strings.Contains(err.Error(), "not allowed") {
			t.Errorf("allowed %v: %v", allowed, err)
		}
	}
	silent := strings.Replace(query, "SERVICE", "SERVICE SILENT", 1)
	got, err = local.Query(t.Context(), silent, sparql.Options{})
	if err != nil || len(got.Rows) != 1 || !got.Get(0, "age").IsZero() {
		t.Errorf("SILENT: %+v, %v", got, err)
	}
}

func TestGraphs(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/turtle")
		io.WriteString(w, data)
	}))
	defer server.Close()
	query := fmt.Sprintf(`SELECT ?name FROM <%s/a> { ?s <http://example.org/age> 41 ; <http://example.org/name> ?name }`, server.URL)
	store := sparql.NewBuilder().Build()
	got, err := store.Query(t.Context(), query, sparql.Options{Graph: protocol.Graphs(nil, server.URL+"/a")})
	if err != nil || len(got.Rows) != 1 || got.Rows[0][0].Value != "Alan" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := store.Query(t.Context(), query, sparql.Options{Graph: protocol.Graphs(nil)}); err == nil {
		t.Error("a graph was loaded that is not allowed")
	}
	if _, err := store.Query(t.Context(), query, sparql.Options{}); err == nil {
		t.Error("a graph was loaded though loading is off")
	}
}

// TestOxigraph queries a real server: set OXIGRAPH to its program (pip install
// oxigraph) to run it.
func TestOxigraph(t *testing.T) {
	program := os.Getenv("OXIGRAPH")
	if program == "" {
		t.Skip("not run: OXIGRAPH does not name the server's program")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	server := exec.CommandContext(t.Context(), program, "serve", "--bind", address)
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		server.Process.Kill()
		server.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	}()
	put(t, "http://"+address+"/store?default", data)
	put(t, "http://"+address+"/store?graph="+url.QueryEscape("http://example.org/g"), `<http://example.org/in> <http://example.org/name> "g" .`)

	store := load(t, "", data)
	for _, query := range []string{
		selectAll,
		`PREFIX : <http://example.org/> SELECT ?s (SUM(?age) AS ?n) { ?s :age ?age } GROUP BY ?s ORDER BY ?s`,
		`PREFIX : <http://example.org/> ASK { :ada :age 36 }`,
		`PREFIX : <http://example.org/> CONSTRUCT { ?s :called ?n } WHERE { ?s :name ?n }`,
	} {
		want, err := store.Query(t.Context(), query, sparql.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range []protocol.Method{protocol.PostForm, protocol.PostDirect, protocol.Get} {
			c := protocol.Client{Endpoint: "http://" + address + "/query", Method: method}
			got, err := c.Query(t.Context(), query)
			if err != nil {
				t.Errorf("%s: %v", query, err)
				continue
			}
			if len(got.Triples) != len(want.Triples) || got.Boolean != want.Boolean || fmt.Sprint(got.Rows) != fmt.Sprint(want.Rows) {
				t.Errorf("%s\ngot  %v\nwant %v", query, got, want)
			}
		}
	}
	c := protocol.Client{Endpoint: "http://" + address + "/query", DefaultGraphs: []string{"http://example.org/g"}}
	got, err := c.Query(t.Context(), "SELECT ?s { ?s ?p ?o }")
	if err != nil || len(got.Rows) != 1 || got.Rows[0][0].Value != "http://example.org/in" {
		t.Errorf("with a default graph: %+v, %v", got, err)
	}
	var status *protocol.StatusError
	if _, err := c.Query(t.Context(), "SELEKT"); !errors.As(err, &status) {
		t.Errorf("a broken query: %v", err)
	}
}

func put(t *testing.T, target, turtle string) {
	t.Helper()
	for range 100 { // until the server listens
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, target, strings.NewReader(turtle))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "text/turtle")
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode/100 != 2 {
				t.Fatalf("loading: %s", response.Status)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the server does not listen")
}
