//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql"
	"github.com/sixtyhq/sixty/internal/sparql/results"
)

// servers are the commands of stories that need a server: each sets $ADDRESS,
// and "stop" takes the last one down.
var servers = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"registry": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 0 {
			ts.Fatalf("usage: registry")
		}
		serve(ts, registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	},
	"small-image": smallImage,
	"serve": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: serve DIR")
		}
		serve(ts, http.FileServer(http.Dir(ts.MkAbs(args[0]))))
	},
	"sparql": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: sparql FILE.ttl")
		}
		serve(ts, sparqlServer(ts.MkAbs(args[0])))
	},
	"stop": func(ts *testscript.TestScript, neg bool, args []string) {
		s, ok := ts.Value(serverKey{}).(*runningServer)
		if neg || len(args) != 0 || !ok || s.Server == nil {
			ts.Fatalf("usage: stop, after registry or serve")
		}
		s.Close()
	},
}

// sparqlServer answers queries by the SPARQL 1.1 Protocol from a Turtle file as
// it is at the time; /slow takes longer than anyone waits.
func sparqlServer(file string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.FormValue("query") // before all else: only then is it noticed when the client leaves
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
			return
		}
		text, err := os.ReadFile(file)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		b := sparql.NewBuilder()
		err = rdf.Parse(r.Context(), bytes.NewReader(text), rdf.Turtle, rdf.Options{}, func(q rdf.Quad, _ rdf.Position) error {
			b.Add(q)
			return nil
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		result, err := b.Build().Query(r.Context(), query, sparql.Options{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if result.Kind == results.Graph {
			w.Header().Set("Content-Type", "application/n-triples")
			for _, t := range result.Triples {
				fmt.Fprintln(w, t)
			}
			return
		}
		w.Header().Set("Content-Type", results.JSON.MediaType())
		if err := results.Write(w, results.JSON, result); err != nil {
			panic(err)
		}
	})
}

type serverKey struct{}

// runningServer is the server of one story.
type runningServer struct{ *httptest.Server }

func serve(ts *testscript.TestScript, h http.Handler) {
	s := ts.Value(serverKey{}).(*runningServer)
	s.Server = httptest.NewServer(h)
	ts.Defer(s.Close)
	ts.Setenv("ADDRESS", strings.TrimPrefix(s.URL, "http://"))
}
