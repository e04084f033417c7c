package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl-lang/decoder"
	"github.com/hashicorp/hcl-lang/lang"
	"github.com/hashicorp/hcl-lang/schema"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/sourcegraph/jsonrpc2"

	sixty "github.com/sixtyhq/sixty/internal/lang"
)

// Options are what the server knows of the language.
type Options struct {
	Version   string
	Schema    sixty.BlockSchema
	Functions []sixty.Function
	// Diagnose checks a pipeline: the files of a folder, in order.
	Diagnose func(dir string, names []string, sources map[string][]byte) hcl.Diagnostics
}

// Serve speaks with one client until it says exit, its stream ends, or ctx
// does.
func Serve(ctx context.Context, in io.Reader, out io.Writer, opts Options) error {
	s := &server{opts: opts, open: map[string]*document{}, root: bodySchema(opts.Schema), functions: signatures(opts.Functions)}
	// A read of the client's stream can't be interrupted, so it goes through a
	// pipe, which can be closed.
	input, fromClient := io.Pipe()
	go func() {
		_, err := io.Copy(fromClient, in)
		fromClient.CloseWithError(err)
	}()
	stream := jsonrpc2.NewBufferedStream(stdio{input, out}, jsonrpc2.VSCodeObjectCodec{})
	// The handler runs in the loop that reads, so requests are answered one at
	// a time and in their order: each sees the documents as they were when it
	// was sent.
	conn := jsonrpc2.NewConn(ctx, stream, jsonrpc2.HandlerWithError(s.handle), jsonrpc2.SetLogger(log.New(io.Discard, "", 0)))
	select {
	case <-conn.DisconnectNotify():
	case <-ctx.Done():
		return conn.Close()
	}
	return nil
}

// stdio is the two streams of a client as one.
type stdio struct {
	*io.PipeReader
	out io.Writer
}

func (s stdio) Write(p []byte) (int, error) { return s.out.Write(p) }

// handle answers one request.
func (s *server) handle(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) (any, error) {
	s.conn = conn
	switch req.Method {
	case "initialize":
		return s.initialize(), nil
	case "shutdown":
		return nil, nil
	case "exit":
		return nil, conn.Close()
	case "textDocument/didOpen":
		return with(ctx, req, s.didOpen)
	case "textDocument/didChange":
		return with(ctx, req, s.didChange)
	case "textDocument/didClose":
		return with(ctx, req, s.didClose)
	case "textDocument/completion":
		return with(ctx, req, s.completion)
	case "textDocument/hover":
		return with(ctx, req, s.hover)
	case "textDocument/definition":
		return with(ctx, req, s.definition)
	case "textDocument/formatting":
		return with(ctx, req, s.formatting)
	}
	if req.Notif { // what the server has no use for
		return nil, nil
	}
	return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: "there is no method " + req.Method}
}

// with calls a method with its parameters.
func with[P, R any](ctx context.Context, req *jsonrpc2.Request, method func(context.Context, P) (R, error)) (any, error) {
	var params P
	if req.Params == nil {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: "there are no parameters"}
	}
	if err := json.Unmarshal(*req.Params, &params); err != nil {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: err.Error()}
	}
	return method(ctx, params)
}

// server answers one request at a time, so nothing is locked.
type server struct {
	opts      Options
	root      *schema.BodySchema
	functions map[string]schema.FunctionSignature
	open      map[string]*document // by path
	conn      *jsonrpc2.Conn
}

// document is a file as the editor has it.
type document struct {
	uri     string
	version *int
	text    []byte
}

func (s *server) initialize() initializeResult {
	var out initializeResult
	out.ServerInfo = serverInfo{"sixty", s.opts.Version}
	out.Capabilities.TextDocumentSync.OpenClose = true
	out.Capabilities.TextDocumentSync.Change = 1
	out.Capabilities.CompletionProvider.TriggerCharacters = []string{".", "\""}
	out.Capabilities.HoverProvider = true
	out.Capabilities.DefinitionProvider = true
	out.Capabilities.DocumentFormattingProvider = true
	return out
}

// none is the answer to a notification.
type none *struct{}

func (s *server) didOpen(ctx context.Context, p documentParams) (none, error) {
	path, err := pathOf(p.TextDocument.URI)
	if err != nil {
		return nil, err
	}
	s.open[path] = &document{p.TextDocument.URI, p.TextDocument.Version, []byte(p.TextDocument.Text)}
	return nil, s.publish(ctx, path)
}

func (s *server) didChange(ctx context.Context, p changeParams) (none, error) {
	path, doc, err := s.document(p.TextDocument.URI)
	if err != nil {
		return nil, err
	}
	for _, c := range p.ContentChanges {
		if c.Range != nil {
			return nil, errors.New("changes of parts of a document were not agreed on")
		}
		doc.text, doc.version = []byte(c.Text), p.TextDocument.Version
	}
	return nil, s.publish(ctx, path)
}

func (s *server) didClose(ctx context.Context, p documentParams) (none, error) {
	path, doc, err := s.document(p.TextDocument.URI)
	if err != nil {
		return nil, err
	}
	delete(s.open, path)
	return nil, s.conn.Notify(ctx, "textDocument/publishDiagnostics", diagnosticsParams{URI: doc.uri, Diagnostics: []diagnostic{}})
}

func (s *server) document(uri string) (string, *document, error) {
	path, err := pathOf(uri)
	if err != nil {
		return "", nil, err
	}
	doc, ok := s.open[path]
	if !ok {
		return "", nil, fmt.Errorf("%s is not open", uri)
	}
	return path, doc, nil
}

func pathOf(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" {
		return "", fmt.Errorf("%q is not the address of a file", uri)
	}
	return filepath.Clean(u.Path), nil
}

func uriOf(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

// sources are the files of the pipeline that a file belongs to: pipeline.hcl is
// one by itself, and any other file goes with all pipeline files of its folder.
// What the editor has open counts, and else what is on disk.
func (s *server) sources(path string) (names []string, sources map[string][]byte) {
	sources = map[string][]byte{}
	dir := filepath.Dir(path)
	if entries, err := os.ReadDir(dir); err == nil && filepath.Base(path) != "pipeline.hcl" {
		for _, e := range entries {
			name := filepath.Join(dir, e.Name())
			if !e.Type().IsRegular() || e.Name() == "pack.hcl" || !strings.HasSuffix(e.Name(), ".hcl") && !strings.HasSuffix(e.Name(), ".hcl.json") {
				continue
			}
			if text, err := os.ReadFile(name); err == nil {
				sources[name] = text
			}
		}
	}
	for name, doc := range s.open {
		if name == path || sources[name] != nil {
			sources[name] = doc.text
		}
	}
	return slices.Sorted(maps.Keys(sources)), sources
}

// publish tells the diagnostics of a pipeline, for each file of it that is
// open.
func (s *server) publish(ctx context.Context, path string) error {
	names, sources := s.sources(path)
	found := map[string][]diagnostic{}
	for _, d := range s.opts.Diagnose(filepath.Dir(path), names, sources) {
		out := diagnostic{Severity: 1, Source: "sixty", Message: strings.TrimSpace(d.Summary + ": " + d.Detail)}
		if d.Severity == hcl.DiagWarning {
			out.Severity = 2
		}
		at := path
		if d.Subject != nil {
			at = d.Subject.Filename
			out.Range = rangeOf(sources[at], *d.Subject)
		}
		found[at] = append(found[at], out)
	}
	for _, name := range names {
		doc, ok := s.open[name]
		if !ok {
			continue
		}
		p := diagnosticsParams{URI: doc.uri, Version: doc.version, Diagnostics: found[name]}
		if p.Diagnostics == nil {
			p.Diagnostics = []diagnostic{}
		}
		if err := s.conn.Notify(ctx, "textDocument/publishDiagnostics", p); err != nil {
			return err
		}
	}
	return nil
}

// parsed are the files of a pipeline in HCL syntax, as far as they can be read.
func (s *server) parsed(path string) map[string]*hcl.File {
	names, sources := s.sources(path)
	files := map[string]*hcl.File{}
	if new(sixty.Guarded).Files(names, sources).HasErrors() {
		return files
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".json") {
			continue
		}
		if f, _ := hclsyntax.ParseConfig(sources[name], name, hcl.InitialPos); f != nil {
			files[name] = f
		}
	}
	return files
}

// paths gives hcl-lang the one pipeline at hand.
type paths struct{ ctx *decoder.PathContext }

func (p paths) Paths(context.Context) []lang.Path { return []lang.Path{{}} }

func (p paths) PathContext(lang.Path) (*decoder.PathContext, error) { return p.ctx, nil }

// decoder is hcl-lang's view of a pipeline.
func (s *server) decoder(files map[string]*hcl.File) (*decoder.PathDecoder, error) {
	ctx := &decoder.PathContext{Schema: s.root, Files: files, Functions: s.functions}
	d, err := decoder.NewDecoder(paths{ctx}).Path(lang.Path{})
	if err != nil {
		return nil, err
	}
	if ctx.ReferenceTargets, err = d.CollectReferenceTargets(); err != nil {
		return nil, err
	}
	ctx.ReferenceOrigins, err = d.CollectReferenceOrigins()
	return d, err
}

// opened is a document as the editor has it, with the pipeline that it is part of.
type opened struct {
	path  string
	text  []byte
	files map[string]*hcl.File
}

// opened finds a document; nil for one that is no HCL at all.
func (s *server) opened(uri string) (*opened, error) {
	path, doc, err := s.document(uri)
	if err != nil {
		return nil, err
	}
	files := s.parsed(path)
	if files[path] == nil {
		return nil, nil
	}
	return &opened{path, doc.text, files}, nil
}

func (s *server) completion(ctx context.Context, p documentParams) (completionList, error) {
	list := completionList{Items: []completionItem{}}
	o, err := s.opened(p.TextDocument.URI)
	if err != nil || o == nil {
		return list, err
	}
	d, err := s.decoder(o.files)
	if err != nil {
		return list, err
	}
	found, err := d.CompletionAtPos(ctx, o.path, hclPos(o.text, offset(o.text, p.Position)))
	if err != nil {
		return list, nil //nolint:nilerr // at this place there is nothing to complete
	}
	list.IsIncomplete = !found.IsComplete
	for _, c := range found.List {
		item := completionItem{Label: c.Label, Kind: kinds[c.Kind], Detail: c.Detail, InsertTextFormat: 1,
			TextEdit: textEdit{rangeOf(o.text, c.TextEdit.Range), c.TextEdit.NewText}}
		if c.Description.Value != "" {
			item.Documentation = &markup{"markdown", c.Description.Value}
		}
		list.Items = append(list.Items, item)
	}
	return list, nil
}

// kinds are the protocol's numbers for what a completion is.
var kinds = map[lang.CandidateKind]int{
	lang.AttributeCandidateKind: 10, lang.BlockCandidateKind: 7, lang.LabelCandidateKind: 12, lang.KeywordCandidateKind: 14,
	lang.ReferenceCandidateKind: 6, lang.FunctionCandidateKind: 3, lang.StringCandidateKind: 12, lang.BoolCandidateKind: 12,
}

func (s *server) hover(ctx context.Context, p documentParams) (*hover, error) {
	o, err := s.opened(p.TextDocument.URI)
	if err != nil || o == nil {
		return nil, err
	}
	d, err := s.decoder(o.files)
	if err != nil {
		return nil, err
	}
	data, err := d.HoverAtPos(ctx, o.path, hclPos(o.text, offset(o.text, p.Position)))
	if err != nil || data == nil {
		return nil, nil //nolint:nilerr // at this place there is nothing to say
	}
	return &hover{markup{"markdown", data.Content.Value}, rangeOf(o.text, data.Range)}, nil
}

func (s *server) definition(_ context.Context, p documentParams) (*location, error) {
	o, err := s.opened(p.TextDocument.URI)
	if err != nil || o == nil {
		return nil, err
	}
	r, ok := definition(o.files, o.path, offset(o.text, p.Position))
	if !ok {
		return nil, nil
	}
	return &location{uriOf(r.Filename), rangeOf(o.files[r.Filename].Bytes, r)}, nil
}

// formatting is sixty fmt; what is no HCL stays as it is.
func (s *server) formatting(_ context.Context, p documentParams) ([]textEdit, error) {
	path, doc, err := s.document(p.TextDocument.URI)
	if err != nil || strings.HasSuffix(path, ".json") || sixty.Guard(doc.text, path).HasErrors() {
		return []textEdit{}, err
	}
	if _, diags := hclsyntax.ParseConfig(doc.text, path, hcl.InitialPos); diags.HasErrors() {
		return []textEdit{}, nil
	}
	out := hclwrite.Format(doc.text)
	if string(out) == string(doc.text) {
		return []textEdit{}, nil
	}
	return []textEdit{{textRange{End: at(doc.text, len(doc.text))}, string(out)}}, nil
}
