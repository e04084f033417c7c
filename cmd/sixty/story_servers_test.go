//go:build linux

package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"
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
	"serve": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: serve DIR")
		}
		serve(ts, http.FileServer(http.Dir(ts.MkAbs(args[0]))))
	},
	"stop": func(ts *testscript.TestScript, neg bool, args []string) {
		s, ok := ts.Value(serverKey{}).(*runningServer)
		if neg || len(args) != 0 || !ok || s.Server == nil {
			ts.Fatalf("usage: stop, after registry or serve")
		}
		s.Close()
	},
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
