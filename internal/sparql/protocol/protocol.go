// Package protocol queries remote stores by the SPARQL 1.1 Protocol
// (https://www.w3.org/TR/sparql11-protocol/).
//
// A [Client] talks to the one endpoint it was made for, and to no other: a
// redirect to another host is an error. [Service] and [Graphs] make the functions
// that let a local query reach endpoints and documents, and only those that the
// caller lists.
package protocol

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/results"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

// Method is one of the protocol's three ways to send a query (section 2.1).
type Method uint8

// The ways to send a query. PostForm is understood by nearly every server and
// has no limit to the query's length.
const (
	PostForm Method = iota
	PostDirect
	Get
)

// Client queries one endpoint. It is safe for concurrent use.
type Client struct {
	// Endpoint is the URL that queries are sent to.
	Endpoint string
	// HTTP makes the requests; nil is http.DefaultClient. Its CheckRedirect is
	// replaced: redirects are followed only to the endpoint's own scheme and host.
	HTTP *http.Client
	// Header is sent with each request, for authorization.
	Header http.Header
	Method Method
	// DefaultGraphs and NamedGraphs describe the dataset, in place of the query's
	// FROM and FROM NAMED.
	DefaultGraphs, NamedGraphs []string
	// Limits bounds the answer.
	Limits results.Limits
}

// StatusError is the answer of a server that did not answer the query.
type StatusError struct {
	Endpoint string
	Code     int
	// Body is the beginning of what the server said.
	Body string
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s answered %d %s", e.Endpoint, e.Code, http.StatusText(e.Code))
	if e.Body != "" {
		text += ": " + e.Body
	}
	return text
}

// maxErrorBody is how much of a server's error message is kept.
const maxErrorBody = 2 << 10

const defaultMaxBytes = 256 << 20

// The formats that a client can read, in the order it prefers them.
const (
	acceptBindings = "application/sparql-results+json, application/sparql-results+xml;q=0.9, " +
		"text/tab-separated-values;q=0.5"
	acceptGraph = "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.7"
)

// Query runs a query and reads its whole answer. ctx bounds the time it may take.
// An answer that says that the query failed is a *[StatusError].
func (c *Client) Query(ctx context.Context, query string) (*results.Result, error) {
	request, err := c.request(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("querying %s: %w", c.Endpoint, err)
	}
	response, err := sameHost(c.HTTP).Do(request)
	if err != nil {
		return nil, fmt.Errorf("querying %s: %w", c.Endpoint, err)
	}
	defer response.Body.Close()
	if err := checkStatus(response, c.Endpoint); err != nil {
		return nil, err
	}
	result, err := c.read(ctx, response)
	if err != nil {
		return nil, fmt.Errorf("the answer of %s: %w", c.Endpoint, err)
	}
	return result, nil
}

func (c *Client) request(ctx context.Context, query string) (*http.Request, error) {
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil {
		return nil, err
	}
	if endpoint.Scheme != "http" && endpoint.Scheme != "https" || endpoint.Host == "" {
		return nil, errors.New("the endpoint is no http or https URL")
	}
	parameters := url.Values{}
	for _, g := range c.DefaultGraphs {
		parameters.Add("default-graph-uri", g)
	}
	for _, g := range c.NamedGraphs {
		parameters.Add("named-graph-uri", g)
	}
	method, contentType := http.MethodPost, ""
	var body io.Reader
	switch c.Method {
	case PostForm:
		parameters.Set("query", query)
		contentType, body = "application/x-www-form-urlencoded", strings.NewReader(parameters.Encode())
	case PostDirect:
		addParameters(endpoint, parameters)
		contentType, body = "application/sparql-query", strings.NewReader(query)
	case Get:
		parameters.Set("query", query)
		addParameters(endpoint, parameters)
		method = http.MethodGet
	default:
		return nil, fmt.Errorf("unknown method %d", c.Method)
	}
	request, err := http.NewRequestWithContext(ctx, method, endpoint.String(), body)
	if err != nil {
		return nil, err
	}
	for name, values := range c.Header {
		request.Header[name] = values
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	request.Header.Set("Accept", accept(query))
	return request, nil
}

func addParameters(u *url.URL, parameters url.Values) {
	if len(parameters) == 0 {
		return
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += parameters.Encode()
}

// accept gives the formats that fit the query's form. An endpoint may know more
// than SPARQL 1.1: a query that can't be parsed here is sent all the same, and
// may be answered in any format.
func accept(query string) string {
	// A base, so that relative IRIs are no error; the server resolves them.
	q, err := syntax.Parse(query, syntax.Options{Base: "http://localhost/"})
	switch {
	case err != nil:
		return acceptBindings + ", " + acceptGraph
	case q.Form == syntax.Construct || q.Form == syntax.Describe:
		return acceptGraph
	}
	return acceptBindings
}

// read reads an answer by its content type.
func (c *Client) read(ctx context.Context, response *http.Response) (*results.Result, error) {
	contentType := response.Header.Get("Content-Type")
	if format, ok := results.FormatByMediaType(contentType); ok {
		return results.Read(response.Body, format, c.Limits)
	}
	format, ok := graphFormat(contentType)
	if !ok {
		return nil, fmt.Errorf("it has the content type %q, which is no known format", contentType)
	}
	result := &results.Result{Kind: results.Graph}
	limit := c.Limits.MaxBytes
	if limit <= 0 {
		limit = defaultMaxBytes
	}
	seen := map[rdf.Triple]bool{}
	err := parseGraph(ctx, response.Body, limit, format, rdf.Options{Base: c.Endpoint, File: c.Endpoint}, func(q rdf.Quad) error {
		if seen[q.Triple] {
			return nil
		}
		if c.Limits.MaxRows > 0 && len(result.Triples) >= c.Limits.MaxRows {
			return fmt.Errorf("it has more than %d triples", c.Limits.MaxRows)
		}
		seen[q.Triple] = true
		result.Triples = append(result.Triples, q.Triple)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

func graphFormat(contentType string) (rdf.Format, bool) {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return 0, false
	}
	if mediaType == "text/plain" { // what N-Triples was served as before it had a type
		return rdf.NTriples, true
	}
	return rdf.FormatByMediaType(mediaType)
}

// parseGraph reads a document of at most limit bytes.
func parseGraph(ctx context.Context, body io.Reader, limit int64, format rdf.Format, opts rdf.Options, add func(rdf.Quad) error) error {
	in := &io.LimitedReader{R: body, N: limit + 1}
	err := rdf.Parse(ctx, in, format, opts, func(q rdf.Quad, _ rdf.Position) error { return add(q) })
	if in.N <= 0 {
		return fmt.Errorf("it has more than %d bytes", limit)
	}
	return err
}

// sameHost gives a client that follows redirects only within a host.
func sameHost(client *http.Client) *http.Client {
	if client == nil {
		client = http.DefaultClient
	}
	restricted := *client
	restricted.CheckRedirect = func(request *http.Request, via []*http.Request) error {
		from := via[0].URL
		if request.URL.Scheme != from.Scheme || request.URL.Host != from.Host {
			return fmt.Errorf("a redirect to another host, %s, is not followed", request.URL.Host)
		}
		if len(via) >= 10 {
			return errors.New("more than 10 redirects")
		}
		return nil
	}
	return &restricted
}

func checkStatus(response *http.Response, endpoint string) error {
	if response.StatusCode/100 == 2 {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	if err != nil {
		body = nil // the status says enough
	}
	return &StatusError{Endpoint: endpoint, Code: response.StatusCode, Body: strings.TrimSpace(strings.ToValidUTF8(string(body), ""))}
}
