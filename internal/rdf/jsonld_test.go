package rdf_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
)

func TestJSONLD(t *testing.T) {
	document := `{
  "@context": {"@vocab": "http://example.org/", "knows": {"@type": "@id"}, "tags": {"@container": "@list"}},
  "@id": "http://example.org/alice",
  "@type": "Person",
  "name": {"@value": "Alice", "@language": "en"},
  "age": 42,
  "height": 1.75,
  "active": true,
  "knows": "bob",
  "tags": ["a", "b"],
  "address": {"city": "Wien"}
}`
	want := `<http://example.org/alice> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://example.org/Person> .
<http://example.org/alice> <http://example.org/name> "Alice"@en .
<http://example.org/alice> <http://example.org/age> "42"^^<http://www.w3.org/2001/XMLSchema#integer> .
<http://example.org/alice> <http://example.org/height> "1.75E0"^^<http://www.w3.org/2001/XMLSchema#double> .
<http://example.org/alice> <http://example.org/active> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .
<http://example.org/alice> <http://example.org/knows> <http://base.example/bob> .
<http://example.org/alice> <http://example.org/tags> _:l1 .
_:l1 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> "a" .
_:l1 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:l2 .
_:l2 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> "b" .
_:l2 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> .
<http://example.org/alice> <http://example.org/address> _:c .
_:c <http://example.org/city> "Wien" .
`
	opts := rdf.Options{Base: "http://base.example/"}
	got := mustParse(t, document, rdf.JSONLD, opts)
	if !rdf.Isomorphic(got, mustParse(t, want, rdf.NTriples, rdf.Options{})) {
		t.Errorf("got:\n%s\nwant:\n%s", lines(got), want)
	}
	for range 20 {
		if again := mustParse(t, document, rdf.JSONLD, opts); lines(again) != lines(got) {
			t.Fatalf("the order or the labels changed:\n%s\nbefore:\n%s", lines(again), lines(got))
		}
	}
}

func TestJSONLDJSONLiterals(t *testing.T) {
	for value, want := range map[string]string{
		`"s"`: `"s"`, `null`: `null`, `[]`: `[]`, `[[1], {}]`: `[[1],{}]`, `{"b": 1.0, "a": [true]}`: `{"a":[true],"b":1}`,
		`1e2`: `100`, `false`: `false`, `"a<b&c"`: `"a<b&c"`,
	} {
		got := mustParse(t, `{"@id": "http://e/s", "http://e/p": [{"@value": `+value+`, "@type": "@json"}, {"@list": [{"@value": `+value+`, "@type": "@json"}]}]}`,
			rdf.JSONLD, rdf.Options{})
		n := 0
		for _, q := range got {
			if q.Object == rdf.NewTypedLiteral(want, rdf.RDFJSON) {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%s: got\n%s\nwant twice %s", value, lines(got), want)
		}
	}
	got := mustParse(t, `{"@id": "http://e/s", "http://e/p": {"@value": "{\"b\":2, \"a\":1}", "@type": "`+rdf.RDFJSON+`"}}`, rdf.JSONLD, rdf.Options{})
	if want := rdf.NewTypedLiteral(`{"a":1,"b":2}`, rdf.RDFJSON); got[0].Object != want {
		t.Errorf("got %s, want %s", got[0].Object, want)
	}
	if got, err := parse(`{"http://e/p": {"@value": "{", "@type": "`+rdf.RDFJSON+`"}}`, rdf.JSONLD, rdf.Options{}); err == nil {
		t.Errorf("a literal that is not JSON: %s", lines(got))
	}
}

func TestJSONLDNamedGraph(t *testing.T) {
	got := mustParse(t, `{"@id": "http://e/g", "@graph": [{"@id": "http://e/s", "http://e/p": "o"}]}`,
		rdf.JSONLD, rdf.Options{})
	if want := "<http://e/s> <http://e/p> \"o\" <http://e/g> .\n"; lines(got) != want {
		t.Errorf("got %swant %s", lines(got), want)
	}
}

func TestJSONLDRemoteContext(t *testing.T) {
	document := `[{"@context": "https://ctx.example/c", "name": "A"}, {"@context": "https://ctx.example/c", "name": "B"}]`

	_, err := parse(document, rdf.JSONLD, rdf.Options{File: "a.jsonld"})
	if err == nil || !strings.Contains(err.Error(), "<https://ctx.example/c>, and loading contexts is not allowed") {
		t.Errorf("without a loader: %v", err)
	}

	calls := 0
	load := func(_ context.Context, url string) ([]byte, error) {
		calls++
		if url != "https://ctx.example/c" {
			t.Errorf("asked for %s", url)
		}
		return []byte(`{"@context": {"name": "http://e/name"}}`), nil
	}
	got := mustParse(t, document, rdf.JSONLD, rdf.Options{LoadContext: load})
	if len(got) != 2 || got[0].Predicate.Value != "http://e/name" || calls != 1 {
		t.Errorf("with a loader: %d calls, got\n%s", calls, lines(got))
	}

	// A document that is only a string would be fetched by the library.
	if _, err := parse(`"https://ctx.example/c"`, rdf.JSONLD, rdf.Options{LoadContext: load}); err == nil || calls != 1 {
		t.Errorf("a string as a document: %v, %d calls", err, calls)
	}
}

func TestJSONLDErrors(t *testing.T) {
	for name, c := range map[string]struct {
		document string
		opts     rdf.Options
		want     string
	}{
		"syntax":  {"{\n  \"@id\": ]\n}", rdf.Options{File: "a.jsonld"}, "a.jsonld:2:10: "},
		"depth":   {strings.Repeat("[", 60) + strings.Repeat("]", 60), rdf.Options{MaxDepth: 50}, "1:51: the document is nested deeper"},
		"size":    {`{"http://e/p": "` + strings.Repeat("x", 100) + `"}`, rdf.Options{MaxDocumentBytes: 50}, "limit of 50 bytes"},
		"keyword": {`{"@id": 5}`, rdf.Options{}, "invalid @id value"},
		"scalar":  {`5`, rdf.Options{}, "an object or an array"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(c.document, rdf.JSONLD, c.opts)
			var pe *rdf.ParseError
			if !errors.As(err, &pe) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// parse reads a document held in a string.
func parse(document string, format rdf.Format, opts rdf.Options) ([]rdf.Quad, error) {
	var quads []rdf.Quad
	err := rdf.Parse(context.Background(), strings.NewReader(document), format, opts,
		func(q rdf.Quad, _ rdf.Position) error {
			quads = append(quads, q)
			return nil
		})
	return quads, err
}

func mustParse(t *testing.T, document string, format rdf.Format, opts rdf.Options) []rdf.Quad {
	t.Helper()
	quads, err := parse(document, format, opts)
	if err != nil {
		t.Fatal(err)
	}
	return quads
}
