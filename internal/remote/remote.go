// Package remote asks SPARQL endpoints on behalf of a generation run. What an
// endpoint answers is an input of the run: it is brought into one form, gets a
// digest, and is kept, so that the same run can be made again from it, or be
// refused where the endpoint now says something else.
//
// An endpoint is asked only where the caller allows it, once for a query, within
// a deadline, and for a bounded answer.
package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/protocol"
	"github.com/sixtyhq/sixty/internal/sparql/results"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

// Bounds on one answer.
const (
	DefaultTimeout = 30 * time.Second
	maxBytes       = 64 << 20
	maxTriples     = 1_000_000
	maxRows        = 100_000
)

// Everything is the query that a [Source] without one asks: the whole default
// graph.
const Everything = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"

// Source is a graph that is taken from an endpoint.
type Source struct {
	// Endpoint is the URL of a SPARQL 1.1 Protocol query service.
	Endpoint string
	// Query is a CONSTRUCT or DESCRIBE query; empty is [Everything].
	Query string
	// SHA256 pins the answer, in hex; empty accepts any.
	SHA256 string
	// Timeout bounds each question to the endpoint; zero is [DefaultTimeout].
	Timeout time.Duration
}

// Answer is what an endpoint answered to a query.
type Answer struct {
	Endpoint string `json:"endpoint"`
	Query    string `json:"query"`
	// SHA256 is the digest, in hex, of the answer as it is kept: a graph as
	// sorted N-Triples with blank nodes labelled anew, rows as the W3C's JSON.
	SHA256 string `json:"sha256"`
	// Graph tells the answer of a Source from that of a SERVICE clause.
	Graph bool `json:"graph,omitempty"`
}

// Asker asks endpoints and remembers what they answered. It is safe for
// concurrent use.
type Asker struct {
	client *http.Client
	keep   string // folder of the answers by digest
	// allowed are the endpoints that may be asked, with their deadlines.
	allowed map[string]time.Duration
	// recorded are the answers of an earlier run, which are to be the same; nil
	// where there is none.
	recorded []Answer

	mu    sync.Mutex
	asked []Answer
	texts map[string][]byte // by digest
}

// New makes an Asker that keeps answers in a folder, which need not exist, and
// may ask the endpoints of the sources. client may be nil.
func New(keep string, client *http.Client, sources []Source) *Asker {
	a := &Asker{client: client, keep: keep, allowed: map[string]time.Duration{}, texts: map[string][]byte{}}
	for _, s := range sources {
		a.allowed[s.Endpoint] = max(a.allowed[s.Endpoint], s.timeout())
	}
	return a
}

// Again makes an Asker that gives the answers of an earlier run. One that is not
// kept any more is asked for anew if its endpoint is among those allowed, and
// must be the same.
func Again(keep string, client *http.Client, recorded []Answer, allowed []string) *Asker {
	var sources []Source
	for _, endpoint := range allowed {
		sources = append(sources, Source{Endpoint: endpoint})
	}
	a := New(keep, client, sources)
	a.recorded = append([]Answer{}, recorded...)
	return a
}

func (s Source) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return DefaultTimeout
}

// Check reports what is wrong with a source, without asking it anything.
func (s Source) Check() error {
	u, err := url.Parse(s.Endpoint)
	switch {
	case err != nil:
		return fmt.Errorf("the endpoint is no URL: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("the endpoint must be an http or https URL, not %q", s.Endpoint)
	case u.User != nil:
		return errors.New("the endpoint must not hold a name or password: records and reports show it")
	}
	if raw, err := hex.DecodeString(s.SHA256); err != nil || s.SHA256 != "" && (len(raw) != sha256.Size || strings.ToLower(s.SHA256) != s.SHA256) {
		return fmt.Errorf("sha256 must be 64 digits of 0-9 and a-f, not %q", s.SHA256)
	}
	if s.Query == "" {
		return nil
	}
	q, err := syntax.Parse(s.Query, syntax.Options{})
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	if q.Form != syntax.Construct && q.Form != syntax.Describe {
		return errors.New("query must be a CONSTRUCT or DESCRIBE, whose answer is a graph")
	}
	return nil
}

// Graph gives the graph of a source as N-Triples.
func (a *Asker) Graph(ctx context.Context, s Source) (string, error) {
	if err := s.Check(); err != nil {
		return "", err
	}
	if s.Query == "" {
		s.Query = Everything
	}
	text, err := a.answer(ctx, Answer{Endpoint: s.Endpoint, Query: s.Query, SHA256: s.SHA256, Graph: true})
	return string(text), err
}

// Recorded gives the graphs of the earlier run, in the order of its sources.
func (a *Asker) Recorded(ctx context.Context) ([]string, error) {
	var out []string
	for _, r := range a.recorded {
		if !r.Graph {
			continue
		}
		text, err := a.answer(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, string(text))
	}
	return out, nil
}

// Service answers SERVICE clauses; it is a sparql.ServiceFunc.
func (a *Asker) Service(ctx context.Context, endpoint, query string) (*results.Result, error) {
	text, err := a.answer(ctx, Answer{Endpoint: endpoint, Query: query})
	if err != nil {
		return nil, err
	}
	return results.Read(bytes.NewReader(text), results.JSON, results.Limits{MaxBytes: maxBytes, MaxRows: maxRows})
}

// Answers are all that was answered: graphs in the order in which they were
// asked for, then the rest by endpoint and query.
func (a *Asker) Answers() []Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	var graphs, rows []Answer
	for _, x := range a.asked {
		if x.Graph {
			graphs = append(graphs, x)
		} else {
			rows = append(rows, x)
		}
	}
	slices.SortFunc(rows, func(x, y Answer) int {
		if c := strings.Compare(x.Endpoint, y.Endpoint); c != 0 {
			return c
		}
		return strings.Compare(x.Query, y.Query)
	})
	return append(graphs, rows...)
}

// answer gives the text of an answer. SHA256, if it is set, pins it.
func (a *Asker) answer(ctx context.Context, want Answer) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	same := func(x Answer) bool {
		return x.Endpoint == want.Endpoint && x.Query == want.Query && x.Graph == want.Graph
	}
	if i := slices.IndexFunc(a.asked, same); i >= 0 {
		return a.texts[a.asked[i].SHA256], nil
	}
	if i := slices.IndexFunc(a.recorded, same); i >= 0 {
		want.SHA256 = a.recorded[i].SHA256
	}
	text, err := a.kept(want.SHA256)
	if err != nil {
		text, err = a.ask(ctx, want)
	}
	if err != nil {
		return nil, err
	}
	got := digest(text)
	if want.SHA256 != "" && got != want.SHA256 {
		return nil, &ChangedError{Answer: want, Got: got}
	}
	want.SHA256 = got
	if err := a.store(got, text); err != nil {
		return nil, err
	}
	a.asked, a.texts[got] = append(a.asked, want), text
	return text, nil
}

// ChangedError says that an endpoint no longer gives the answer that is asked
// for.
type ChangedError struct {
	Answer
	Got string // the digest of what it gives now
}

// Error tells both digests.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s answers otherwise than it did:\n  recorded sha256 %s\n  now      sha256 %s\nThe query was: %s", e.Endpoint, e.SHA256, e.Got, strings.Join(strings.Fields(e.Query), " "))
}

// NotAllowedError says that nobody allowed an endpoint.
type NotAllowedError struct {
	Endpoint string
	// Again says that an earlier run is made again, by whose record alone an
	// answer counts.
	Again bool
}

// Error says who could allow it.
func (e *NotAllowedError) Error() string {
	if e.Again {
		return fmt.Sprintf("this machine keeps no answer of %s to this query, and nothing allows to ask again", e.Endpoint)
	}
	return fmt.Sprintf("nothing allows to ask %s: a pipeline does, by a graph block in its generation stage with that endpoint", e.Endpoint)
}

func (a *Asker) ask(ctx context.Context, q Answer) ([]byte, error) {
	timeout, ok := a.allowed[q.Endpoint]
	if !ok {
		return nil, &NotAllowedError{Endpoint: q.Endpoint, Again: a.recorded != nil}
	}
	asking, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	limits := results.Limits{MaxBytes: maxBytes, MaxRows: maxRows}
	if q.Graph {
		limits.MaxRows = maxTriples
	}
	client := protocol.Client{Endpoint: q.Endpoint, HTTP: a.client, Limits: limits}
	result, err := client.Query(asking, q.Query)
	switch {
	case err != nil && ctx.Err() == nil && asking.Err() != nil:
		return nil, fmt.Errorf("%s gave no answer within %s", q.Endpoint, timeout)
	case err != nil:
		return nil, err
	case q.Graph && result.Kind != results.Graph:
		return nil, fmt.Errorf("%s answered a query for a graph with something else", q.Endpoint)
	case !q.Graph && result.Kind != results.Bindings:
		return nil, fmt.Errorf("%s answered a query for rows with something else", q.Endpoint)
	}
	return encode(result)
}

// encode brings an answer into the form that is kept: the same for the same
// answer, whatever the format and the order it came in.
func encode(r *results.Result) ([]byte, error) {
	var out bytes.Buffer
	if r.Kind == results.Graph {
		quads := make([]rdf.Quad, len(r.Triples))
		for i, t := range r.Triples {
			quads[i] = rdf.Quad{Triple: t}
		}
		w := rdf.NewNQuadsWriter(&out)
		for _, q := range rdf.Relabel(quads, "b") {
			if err := w.Write(q); err != nil {
				return nil, err
			}
		}
		err := w.Flush()
		return out.Bytes(), err
	}
	slices.SortStableFunc(r.Rows, func(a, b []rdf.Term) int { return slices.CompareFunc(a, b, rdf.Term.Compare) })
	relabelRows(r.Rows)
	err := results.Write(&out, results.JSON, r)
	return out.Bytes(), err
}

// relabelRows labels the blank nodes of rows in the order they appear.
func relabelRows(rows [][]rdf.Term) {
	labels := map[string]string{}
	for _, row := range rows {
		for i, t := range row {
			if t.Kind != rdf.BlankNode {
				continue
			}
			l, ok := labels[t.Value]
			if !ok {
				l = fmt.Sprintf("b%d", len(labels))
				labels[t.Value] = l
			}
			row[i] = rdf.NewBlank(l)
		}
	}
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// kept gives an answer that was stored under a digest.
func (a *Asker) kept(sum string) ([]byte, error) {
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != sha256.Size {
		return nil, fs.ErrNotExist
	}
	text, err := os.ReadFile(filepath.Join(a.keep, sum))
	if err != nil {
		return nil, err
	}
	if digest(text) != sum { // damaged: as good as gone
		return nil, fs.ErrNotExist
	}
	return text, nil
}

func (a *Asker) store(sum string, text []byte) error {
	if _, err := a.kept(sum); err == nil {
		return nil
	}
	if err := os.MkdirAll(a.keep, 0o755); err != nil {
		return fmt.Errorf("keep the answer of an endpoint: %w", err)
	}
	f, err := os.CreateTemp(a.keep, ".new-*")
	if err != nil {
		return fmt.Errorf("keep the answer of an endpoint: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(a.keep, sum))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("keep the answer of an endpoint: %w", err)
	}
	return nil
}
