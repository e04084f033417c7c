// Package daggertest stands in for a Dagger session in tests: an HTTP server that
// speaks the session's protocol. It holds every query against the schema of the
// real API, keeps objects by what leads to them, and lets the test answer what
// is asked of them.
package daggertest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Call is one field of a query with its arguments: strings, booleans, numbers,
// lists, or the Chain of an object.
type Call struct {
	Field string
	Args  map[string]any
}

// Chain is the calls that lead to an object or a value.
type Chain []Call

// String is the chain with its arguments in the order of their names.
func (c Chain) String() string {
	var b strings.Builder
	for i, call := range c {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(call.Field)
		var args []string
		for name, v := range call.Args {
			args = append(args, name+": "+text(v))
		}
		if sort.Strings(args); len(args) > 0 {
			b.WriteString("(" + strings.Join(args, ", ") + ")")
		}
	}
	return b.String()
}

func text(v any) string {
	switch v := v.(type) {
	case Chain:
		return v.String()
	case string:
		return strconv.Quote(v)
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, text(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// Last is the last call of a field; false when there is none.
func (c Chain) Last(field string) (Call, bool) {
	for _, call := range slices.Backward(c) {
		if call.Field == field {
			return call, true
		}
	}
	return Call{}, false
}

// ExecError makes the server answer as for a command that failed.
type ExecError struct {
	Code           int
	Stdout, Stderr string
}

func (e *ExecError) Error() string { return "exit code: " + strconv.Itoa(e.Code) }

// Server is a session.
type Server struct {
	// Answer gives what a value is, and is asked for what "sync" does as well;
	// nil, and nil from it, stand for an empty value of the type. Of a list of
	// objects it gives the length, an int; see Element.
	Answer func(value Chain) (any, error)

	schema *ast.Schema
	token  string

	mu      sync.Mutex
	objects []Chain
	asked   []string
}

// Schema is the schema of the real API; tests without it are skipped, and fail
// in CI.
func Schema(t *testing.T) *ast.Schema {
	t.Helper()
	root := cmp.Or(os.Getenv("SIXTY_SHARED"), filepath.Join(repository(t), "..", "shared"))
	file := filepath.Join(root, "dagger", "schema.graphql")
	src, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skipf("%s is not there", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: file, Input: string(src)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// repository is the folder of the root module.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "dagger.json")); e == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("not in the repository", err)
	return ""
}

// Serve starts a session for the test and makes the environment name it.
func Serve(t *testing.T) *Server {
	t.Helper()
	s := &Server{schema: Schema(t), token: "token of the session"}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DAGGER_SESSION_PORT", u.Port())
	t.Setenv("DAGGER_SESSION_TOKEN", s.token)
	return s
}

// Asked are the values that were asked for, in order.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// ServeHTTP answers a query, https://graphql.github.io/graphql-over-http/draft/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if user, _, _ := r.BasicAuth(); r.URL.Path != "/query" || r.Method != http.MethodPost || user != s.token {
		http.Error(w, "no session here", http.StatusUnauthorized)
		return
	}
	var req struct {
		Query string `json:"query"`
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	data, err := s.answer(req.Query)
	out := map[string]any{"data": data}
	if err != nil {
		said := map[string]any{"message": err.Error()}
		var failed *ExecError
		if errors.As(err, &failed) {
			said["extensions"] = map[string]any{"_type": "EXEC_ERROR", "exitCode": failed.Code, "stdout": failed.Stdout, "stderr": failed.Stderr, "cmd": []string{"command"}}
		}
		out = map[string]any{"data": nil, "errors": []any{said}}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(out) //nolint:errcheck // the client is gone
}

func (s *Server) answer(query string) (map[string]any, error) {
	doc, errs := gqlparser.LoadQueryWithRules(s.schema, query, rules.NewDefaultRules())
	if len(errs) > 0 {
		return nil, fmt.Errorf("not of the schema: %w: %s", errs, query)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	data, err := s.selection(doc.Operations[0].SelectionSet, nil)
	if err != nil {
		return nil, err
	}
	return data.(map[string]any), nil
}

// selection follows a query down its one path.
func (s *Server) selection(set ast.SelectionSet, at Chain) (any, error) {
	if len(set) != 1 {
		return nil, fmt.Errorf("%d fields are selected of %s, and the client selects one", len(set), at)
	}
	if fragment, ok := set[0].(*ast.InlineFragment); ok {
		return s.selection(fragment.SelectionSet, at)
	}
	field := set[0].(*ast.Field)
	next, err := s.call(field, at)
	if err != nil {
		return nil, err
	}
	var value any
	switch {
	case len(field.SelectionSet) == 0:
		value, err = s.value(field, next, at)
	case field.Definition.Type.Elem != nil:
		value, err = s.list(field, next)
	default:
		value, err = s.selection(field.SelectionSet, next)
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{field.Alias: value}, nil
}

// Element is the field of an object that is one of a list, with its "index".
const Element = "element"

// list is a list of objects, as many as the answer has.
func (s *Server) list(field *ast.Field, at Chain) (any, error) {
	out := []any{}
	if s.Answer == nil {
		return out, nil
	}
	answer, err := s.Answer(at)
	if err != nil {
		return nil, err
	}
	n, _ := answer.(int)
	for i := range n {
		one, err := s.selection(field.SelectionSet, append(slices.Clone(at), Call{Element, map[string]any{"index": i}}))
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (s *Server) call(field *ast.Field, at Chain) (Chain, error) {
	call := Call{Field: field.Name, Args: map[string]any{}}
	for _, arg := range field.Arguments {
		v, err := arg.Value.Value(nil)
		if err != nil {
			return nil, err
		}
		if call.Args[arg.Name], err = s.argument(arg.Value.Definition, v); err != nil {
			return nil, fmt.Errorf("%s: %w", field.Name, err)
		}
	}
	if field.Name == "node" {
		return call.Args["id"].(Chain), nil
	}
	return append(slices.Clone(at), call), nil
}

func (s *Server) argument(def *ast.Definition, v any) (any, error) {
	if def == nil || def.Name != "ID" {
		return v, nil
	}
	if list, ok := v.([]any); ok {
		for i := range list {
			object, err := s.argument(def, list[i])
			if err != nil {
				return nil, err
			}
			list[i] = object
		}
		return list, nil
	}
	n, err := strconv.Atoi(strings.TrimPrefix(fmt.Sprint(v), "object-"))
	if err != nil || n >= len(s.objects) {
		return nil, fmt.Errorf("%v is no id", v)
	}
	return s.objects[n], nil
}

// value is what a leaf of a query is.
func (s *Server) value(field *ast.Field, value, object Chain) (any, error) {
	if field.Name != "id" {
		s.asked = append(s.asked, value.String())
	}
	var given any
	if s.Answer != nil {
		var err error
		if given, err = s.Answer(value); err != nil {
			return nil, err
		}
	}
	of := field.Definition.Type
	switch {
	case of.Name() == "ID":
		s.objects = append(s.objects, object)
		return "object-" + strconv.Itoa(len(s.objects)-1), nil
	case given != nil:
		return given, nil
	case of.Elem != nil:
		return []any{}, nil
	case of.Name() == "Boolean":
		return false, nil
	case of.Name() == "Int":
		return 0, nil
	}
	return "", nil
}
