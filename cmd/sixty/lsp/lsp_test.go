package lsp

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/sourcegraph/jsonrpc2"

	"github.com/sixtyhq/sixty/internal/config"
	sixty "github.com/sixtyhq/sixty/internal/lang"
)

// client is an editor that speaks with a server through pipes, byte for byte.
type client struct {
	t *testing.T
	*jsonrpc2.Conn
	published chan diagnosticsParams
	dir       string
}

func newClient(t *testing.T, dir string) *client {
	t.Helper()
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	c := &client{t: t, published: make(chan diagnosticsParams, 16), dir: dir}
	done := make(chan error, 1)
	go func() {
		done <- Serve(context.Background(), toServer, fromServer, Options{
			Version: "test", Schema: config.Schema(), Functions: sixty.Functions(dir),
			Diagnose: func(dir string, names []string, sources map[string][]byte) hcl.Diagnostics {
				_, diags := config.Parse(dir, names, sources)
				return diags
			},
		})
		fromServer.Close()
	}()
	stream := jsonrpc2.NewBufferedStream(editor{toClient, fromClient}, jsonrpc2.VSCodeObjectCodec{})
	c.Conn = jsonrpc2.NewConn(context.Background(), stream, jsonrpc2.HandlerWithError(func(_ context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) (any, error) {
		var p diagnosticsParams
		if err := json.Unmarshal(*r.Params, &p); err != nil || r.Method != "textDocument/publishDiagnostics" {
			t.Errorf("notification %s: %v", r.Method, err)
		}
		c.published <- p
		return nil, nil
	}))
	t.Cleanup(func() {
		var nothing any
		if err := c.Call(context.Background(), "shutdown", nil, &nothing); err != nil {
			t.Error(err)
		}
		if err := c.Notify(context.Background(), "exit", nil); err != nil {
			t.Error(err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(30 * time.Second):
			t.Error("the server does not end")
		}
		fromClient.Close()
		<-c.DisconnectNotify()
	})
	var hello initializeResult
	c.call("initialize", map[string]any{"processId": nil, "rootUri": uriOf(dir), "capabilities": map[string]any{}}, &hello)
	if !hello.Capabilities.HoverProvider || !hello.Capabilities.DefinitionProvider || hello.Capabilities.TextDocumentSync.Change != 1 {
		t.Errorf("capabilities %+v", hello.Capabilities)
	}
	c.notify("initialized", map[string]any{})
	return c
}

// editor is the two pipes of a client as one.
type editor struct {
	io.Reader
	io.WriteCloser
}

func (c *client) call(method string, params, result any) {
	c.t.Helper()
	if err := c.Call(c.t.Context(), method, params, result); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

func (c *client) notify(method string, params any) {
	c.t.Helper()
	if err := c.Notify(c.t.Context(), method, params); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

func (c *client) diagnostics() diagnosticsParams {
	c.t.Helper()
	select {
	case p := <-c.published:
		return p
	case <-time.After(30 * time.Second):
		c.t.Fatal("no diagnostics")
		return diagnosticsParams{}
	}
}

// at is the place of the mark ‸ in a text, and the text without it.
func mark(t *testing.T, text string) (string, position) {
	t.Helper()
	before, after, ok := strings.Cut(text, "‸")
	if !ok {
		t.Fatal("no mark")
	}
	return before + after, at([]byte(before), len(before))
}

func (c *client) open(name, text string) string {
	uri := uriOf(filepath.Join(c.dir, name))
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "hcl", "version": 1, "text": text}})
	c.diagnostics()
	return uri
}

func (c *client) change(uri, text string) {
	c.notify("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": 2}, "contentChanges": []any{map[string]any{"text": text}}})
}

func in(uri string, p position) map[string]any {
	return map[string]any{"textDocument": map[string]any{"uri": uri}, "position": p}
}

const pipeline = `variable "kind" {
  type    = string
  default = "🦀"
}
locals {
  word = "${var.kind}"
}
image "rust" { from = "rust" }
stage "testing" {
  image = image.rust
  step "build" {
    command = ["echo", local.word]
    output "bin" { path = "/out" }
  }
  step "use" {
    command = ["true"]
    after   = [step.build]
    mount "/in" { source = stage.testing.step.build.output.bin }
  }
}
`

func TestDiagnostics(t *testing.T) {
	c := newClient(t, t.TempDir())
	uri := uriOf(filepath.Join(c.dir, "pipeline.hcl"))
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "version": 7, "text": strings.Replace(pipeline, "image.rust\n", "image.rsut\n", 1)}})
	p := c.diagnostics()
	isError := func(d diagnostic) bool { return d.Severity == 1 }
	i := slices.IndexFunc(p.Diagnostics, isError)
	if p.URI != uri || *p.Version != 7 || i < 0 || !strings.Contains(p.Diagnostics[i].Message, "Did you mean image.rust?") ||
		p.Diagnostics[i].Range != (textRange{position{9, 10}, position{9, 20}}) {
		t.Errorf("%+v", p)
	}
	c.change(uri, pipeline)
	if p := c.diagnostics(); len(p.Diagnostics) != 0 {
		t.Errorf("%+v", p)
	}
	// A place behind a sign of two UTF-16 units.
	c.change(uri, strings.Replace(pipeline, `"${var.kind}"`, `"🦀${var.knd}"`, 1))
	p = c.diagnostics()
	if i := slices.IndexFunc(p.Diagnostics, isError); i < 0 || p.Diagnostics[i].Range != (textRange{position{5, 14}, position{5, 21}}) {
		t.Errorf("%+v", p)
	}
	c.change(uri, strings.Repeat("(", 100_000))
	if p := c.diagnostics(); len(p.Diagnostics) == 0 {
		t.Error("hostile text is fine")
	}
	c.notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": uri}})
	if p := c.diagnostics(); len(p.Diagnostics) != 0 {
		t.Errorf("%+v", p)
	}
}

// The files of a folder are one pipeline, with what the editor has of them.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.hcl": `image "rust" { from = "x" }`, "b.hcl": `broken`, "pack.hcl": `broken`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := newClient(t, dir)
	uri := uriOf(filepath.Join(dir, "b.hcl"))
	text, place := mark(t, "stage \"s\" {\n  image = image.r‸ust\n}\n")
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "version": 1, "text": text}})
	if p := c.diagnostics(); p.URI != uri || len(p.Diagnostics) != 0 {
		t.Errorf("%+v", p)
	}
	var where location
	c.call("textDocument/definition", in(uri, place), &where)
	if where.URI != uriOf(filepath.Join(dir, "a.hcl")) || where.Range.Start != (position{0, 0}) {
		t.Errorf("%+v", where)
	}
}

func TestDefinition(t *testing.T) {
	c := newClient(t, t.TempDir())
	uri := c.open("pipeline.hcl", pipeline)
	for name, want := range map[string]position{
		"image.ru‸st\n":                        {7, 0},
		"local.wo‸rd":                          {5, 2},
		"${var.ki‸nd}":                         {0, 0},
		"after   = [step.bu‸ild]":              {10, 2},
		"stage.test‸ing.step.build.output":     {8, 0},
		"stage.testing.step.bu‸ild.output":     {10, 2},
		"stage.testing.step.build.output.b‸in": {12, 4},
	} {
		whole := strings.Replace(name, "‸", "", 1)
		_, place := mark(t, strings.Replace(pipeline, whole, name, 1))
		var where *location
		c.call("textDocument/definition", in(uri, place), &where)
		if where == nil || where.URI != uri || where.Range.Start != want {
			t.Errorf("%q: %+v, want %v", name, where, want)
		}
	}
	var where *location
	c.call("textDocument/definition", in(uri, position{0, 0}), &where)
	if where != nil {
		t.Errorf("a keyword is defined at %+v", where)
	}
}

func TestCompletion(t *testing.T) {
	c := newClient(t, t.TempDir())
	uri := c.open("pipeline.hcl", pipeline)
	for name, test := range map[string]struct{ text, has, lacks string }{
		"blocks":     {"sta‸\n", "stage", "step"},
		"attributes": {"stage \"s\" {\n  bud‸\n}\n", "budget", "command"},
		"in a step":  {"stage \"s\" {\n  step \"a\" {\n    ti‸\n  }\n}\n", "timeout", "budget"},
		"references": {"image \"rust\" { from = \"x\" }\nstage \"s\" {\n  image = ‸\n}\n", "image.rust", "image.none"},
		"variables":  {"variable \"v\" { type = string }\nimage \"i\" {\n  from = ‸\n}\n", "var.v", "image.i"},
		"functions":  {"image \"i\" {\n  from = regex_‸\n}\n", "regex_replace", "join"},
		"values":     {"stage \"s\" {\n  budget_exceeded = ‸\n}\n", "fail", "basic"},
	} {
		t.Run(name, func(t *testing.T) {
			text, place := mark(t, test.text)
			c.change(uri, text)
			c.diagnostics()
			var list completionList
			c.call("textDocument/completion", in(uri, place), &list)
			var labels []string
			for _, item := range list.Items {
				labels = append(labels, item.Label)
			}
			if !slices.Contains(labels, test.has) || slices.Contains(labels, test.lacks) {
				t.Errorf("%q: %q", test.text, labels)
			}
		})
	}
}

func TestHover(t *testing.T) {
	c := newClient(t, t.TempDir())
	uri := c.open("pipeline.hcl", pipeline)
	for text, want := range map[string]string{
		"stage \"s\" {\n  bud‸get = \"5s\"\n}\n": "how long the stage should take",
		"sta‸ge \"s\" {}\n":                      "a group of steps",
		"image \"i\" { from = upp‸er(\"x\") }\n": "A string in upper case",
	} {
		text, place := mark(t, text)
		c.change(uri, text)
		c.diagnostics()
		var h *hover
		c.call("textDocument/hover", in(uri, place), &h)
		if h == nil || !strings.Contains(h.Contents.Value, want) {
			t.Errorf("%q: %+v, want %q", text, h, want)
		}
	}
	var h *hover
	c.change(uri, "\n\n")
	c.diagnostics()
	c.call("textDocument/hover", in(uri, position{1, 0}), &h)
	if h != nil {
		t.Errorf("nothing hovers as %+v", h)
	}
}

func TestFormatting(t *testing.T) {
	c := newClient(t, t.TempDir())
	uri := c.open("pipeline.hcl", "image \"i\" {from=\"🦀\"}")
	var edits []textEdit
	c.call("textDocument/formatting", map[string]any{"textDocument": map[string]any{"uri": uri}, "options": map[string]any{"tabSize": 8}}, &edits)
	if len(edits) != 1 || edits[0].NewText != "image \"i\" { from = \"🦀\" }" || edits[0].Range.End != (position{0, 21}) {
		t.Errorf("%+v", edits)
	}
	c.change(uri, "image {{{")
	c.diagnostics()
	c.call("textDocument/formatting", map[string]any{"textDocument": map[string]any{"uri": uri}}, &edits)
	if len(edits) != 0 {
		t.Errorf("broken text is formatted: %+v", edits)
	}
}

func TestMistakesOfTheClient(t *testing.T) {
	c := newClient(t, t.TempDir())
	for method, params := range map[string]any{
		"textDocument/hover":      in("file:///nowhere.hcl", position{}),
		"textDocument/completion": in("https://elsewhere/p.hcl", position{}),
		"workspace/nonsense":      nil,
	} {
		var any any
		if err := c.Call(t.Context(), method, params, &any); err == nil {
			t.Errorf("%s gives %v", method, any)
		}
	}
	// It goes on.
	c.open("pipeline.hcl", pipeline)
}

func TestPositions(t *testing.T) {
	text := []byte("a🦀b\né\n")
	for offsetOf, p := range map[int]position{0: {0, 0}, 1: {0, 1}, 5: {0, 3}, 6: {0, 4}, 7: {1, 0}, 9: {1, 1}, 10: {2, 0}} {
		if got := offset(text, p); got != offsetOf {
			t.Errorf("%v is at %d, want %d", p, got, offsetOf)
		}
		if got := at(text, offsetOf); got != p {
			t.Errorf("%d is at %v, want %v", offsetOf, got, p)
		}
	}
	for _, p := range []position{{0, 99}, {99, 0}, {-1, -1}} {
		if got := offset(text, p); got < 0 || got > len(text) {
			t.Errorf("%v is at %d", p, got)
		}
	}
}

// Requests are answered in their order, without waiting for each other's
// answers: a question sees the text that was sent before it and no later one.
func TestOrder(t *testing.T) {
	c := newClient(t, t.TempDir())
	uri := c.open("pipeline.hcl", "\n")
	for range 50 {
		c.change(uri, "stage \"s\" {}\n")
		waiter, err := c.DispatchCall(t.Context(), "textDocument/hover", in(uri, position{0, 1}))
		if err != nil {
			t.Fatal(err)
		}
		c.change(uri, "\n")
		var h *hover
		if err := waiter.Wait(t.Context(), &h); err != nil || h == nil {
			t.Fatalf("%+v %v", h, err)
		}
		c.diagnostics()
		c.diagnostics()
	}
}
