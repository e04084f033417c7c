package sparql_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql"
	"github.com/sixtyhq/sixty/internal/sparql/results"
)

func document(graph, turtle, blankPrefix string) sparql.Source {
	s := sparql.Source{
		Open:    func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(turtle)), nil },
		Format:  rdf.Turtle,
		Options: rdf.Options{File: "test.ttl", BlankPrefix: blankPrefix},
	}
	if graph != "" {
		s.Graph = rdf.NewIRI(graph)
	}
	return s
}

func load(tb testing.TB, sources ...sparql.Source) *sparql.Store {
	tb.Helper()
	store, err := sparql.Load(tb.Context(), sources...)
	if err != nil {
		tb.Fatal(err)
	}
	return store
}

const people = `@prefix : <http://example.org/> .
:ada :name "Ada" ; :age 36 ; :knows :alan, :grace .
:alan :name "Alan" ; :age 41 ; :knows :ada .
:grace :name "Grace" ; :knows [ :name "someone" ] .
`

var prefixes = map[string]string{"": "http://example.org/", "xsd": rdf.XSDNS}

func text(r *results.Result) string {
	switch r.Kind {
	case results.Boolean:
		return fmt.Sprint(r.Boolean)
	case results.Graph:
		return fmt.Sprint(r.Triples)
	}
	return fmt.Sprint(r.Rows)
}

// numbers makes a store where ?x :n ?y has n solutions.
func numbers(n int) *sparql.Store {
	b := sparql.NewBuilder()
	for i := range n {
		b.Add(rdf.Quad{Triple: rdf.Triple{
			Subject:   rdf.NewIRI(fmt.Sprintf("http://example.org/s%d", i)),
			Predicate: rdf.NewIRI("http://example.org/n"),
			Object:    rdf.NewTypedLiteral(fmt.Sprint(i), rdf.XSDInteger),
		}})
	}
	return b.Build()
}

// TestMemoryLimit runs queries that would keep far more than they may.
func TestMemoryLimit(t *testing.T) {
	store := numbers(2000)
	for _, query := range []string{
		`SELECT * { ?a :n ?x . ?b :n ?y . ?c :n ?z }`,
		`SELECT * { ?a :n ?x . ?b :n ?y . ?c :n ?z } ORDER BY ?x`,
		`SELECT DISTINCT ?x ?y { ?a :n ?x . ?b :n ?y }`,
		`SELECT ?x ?y (COUNT(*) AS ?c) { ?a :n ?x . ?b :n ?y } GROUP BY ?x ?y`,
		`SELECT (GROUP_CONCAT(?a) AS ?c) { ?a :n ?x . ?b :n ?y }`,
		`SELECT (COUNT(DISTINCT *) AS ?c) { ?a :n ?x . ?b :n ?y }`,
		`SELECT (COUNT(*) AS ?c) { { SELECT ?x ?y { ?a :n ?x . ?b :n ?y } } ?d :n ?x FILTER(?x = ?y) }`,
		`SELECT (COUNT(*) AS ?c) { ?a :n ?x . ?b :n ?y BIND(?x * 5000 + ?y + 1000000 AS ?z) }`,
		`CONSTRUCT { ?a :n ?y } { ?a :n ?x . ?b :n ?y }`,
		`SELECT (COUNT(*) AS ?count) { ?a (:n|!:n|^:n)* ?b . ?c :n ?d BIND(CONCAT(STR(?a), STR(?c)) AS ?e) }`,
	} {
		_, err := store.Query(t.Context(), query, sparql.Options{Prefixes: prefixes, MaxMemory: 1 << 20})
		if !errors.Is(err, sparql.ErrMemory) {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// TestMemoryIsCounted compares what queries keep with what Go allocates for them.
func TestMemoryIsCounted(t *testing.T) {
	store := numbers(1000)
	const limit = 32 << 20
	for _, query := range []string{
		`SELECT * { ?a :n ?x . ?b :n ?y . ?c :n ?z }`,
		`SELECT DISTINCT * { ?a :n ?x . ?b :n ?y . ?c :n ?z }`,
		`SELECT * { ?a :n ?x . ?b :n ?y . ?c :n ?z } ORDER BY ?z`,
		`SELECT ?a ?b ?c (MAX(?x) AS ?m) { ?a :n ?x . ?b :n ?y . ?c :n ?z } GROUP BY ?a ?b ?c`,
		`SELECT (COUNT(DISTINCT ?z) AS ?c) { ?a :n ?x . ?b :n ?y BIND(CONCAT(STR(?a), STR(?b)) AS ?z) }`,
		`CONSTRUCT { ?a :n ?y . ?a :of ?b } { ?a :n ?x . ?b :n ?y }`,
		// Each branch stays below the limit.
		`SELECT * { {}` + strings.Repeat(` UNION { SELECT ?a ?b { ?a :n ?x . ?b :n ?y } LIMIT 50000 }`, 20) + ` }`,
		`SELECT * { {}` + strings.Repeat(` UNION { SELECT ?a ?x (COUNT(*) AS ?m) { ?a :n ?x } GROUP BY ?a ?x }`, 400) + ` }`,
	} {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := store.Query(t.Context(), query, sparql.Options{Prefixes: prefixes, MaxMemory: limit})
		runtime.ReadMemStats(&after)
		if !errors.Is(err, sparql.ErrMemory) {
			t.Errorf("%s: %v", query, err)
		}
		// Growing a slice leaves its smaller selves behind, hence the factor.
		if got := after.TotalAlloc - before.TotalAlloc; got > 12*limit {
			t.Errorf("%s: %d bytes were allocated under a limit of %d", query, got, limit)
		}
	}
}

func TestDeadline(t *testing.T) {
	store := numbers(3000)
	for _, query := range []string{
		`SELECT (COUNT(*) AS ?count) { ?a :n ?x . ?b :n ?y . ?c :n ?z . ?d :n ?w }`,
		`SELECT * { ?a :n ?x . ?b :n ?y . ?c :n ?z FILTER(?x + ?y + ?z < 0) }`,
		`ASK { ?a :n ?x . ?b :n ?y . ?c :n ?z FILTER regex(STR(?z), "absent") }`,
		`SELECT (COUNT(*) AS ?count) { ?a (!:m|^!:m)* ?b . ?c (!:m)* ?d }`,
		`SELECT * { ?a :n ?x FILTER NOT EXISTS { ?b :n ?y . ?c :n ?z FILTER(?x + ?y + ?z < 0) } }`,
		`SELECT * { ?a :n ?x MINUS { ?a :n ?x . ?b :n ?y . ?c :n ?z FILTER(?y + ?z < 0) } }`,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := store.Query(ctx, query, sparql.Options{Prefixes: prefixes})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", query, err)
		}
	}
	cause := errors.New("the run was cancelled")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := store.Query(ctx, "ASK {}", sparql.Options{}); !errors.Is(err, cause) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestRowLimit(t *testing.T) {
	store := numbers(100)
	for query, count := range map[string]int{
		`SELECT * { ?a :n ?x }`:                100,
		`CONSTRUCT { ?x :of ?a } { ?a :n ?x }`: 0, // no literal is a subject
		`CONSTRUCT WHERE { ?a :n ?x }`:         100,
		`DESCRIBE ?a { ?a :n ?x }`:             100,
	} {
		for _, limit := range []int{99, 100} {
			got, err := store.Query(t.Context(), query, sparql.Options{Prefixes: prefixes, MaxRows: limit})
			if limit < count {
				if !errors.Is(err, sparql.ErrRows) {
					t.Errorf("%s: %v", query, err)
				}
				continue
			}
			if err != nil || len(got.Rows)+len(got.Triples) != count {
				t.Errorf("%s: %v", query, err)
			}
		}
	}
}

// TestStableOrder loads the same quads in different orders and pieces.
func TestStableOrder(t *testing.T) {
	var quads []rdf.Quad
	for q := range load(t, document("", people, ""), document("http://example.org/g", people, "g")).Quads() {
		quads = append(quads, q)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 200 {
		quads = append(quads, rdf.Quad{Triple: rdf.Triple{
			Subject:   rdf.NewIRI(fmt.Sprintf("http://example.org/%d", r.IntN(40))),
			Predicate: rdf.NewIRI("http://example.org/knows"),
			Object:    rdf.NewTypedLiteral(fmt.Sprint(i), rdf.XSDInteger),
		}})
	}
	queries := []string{
		`SELECT * { ?a ?b ?c }`,
		`SELECT * { ?a :knows ?b OPTIONAL { ?b :name ?n } }`,
		`SELECT * { ?a :knows+ ?b }`,
		`SELECT ?a (COUNT(?b) AS ?n) (SAMPLE(?b) AS ?s) (GROUP_CONCAT(?b) AS ?c) { ?a :knows ?b } GROUP BY ?a`,
		`SELECT DISTINCT ?p { ?a ?p ?b } LIMIT 2`,
		`SELECT * { GRAPH ?g { ?a :name ?n } MINUS { ?a :age 36 } }`,
		`SELECT * { { ?a :name ?n } UNION { ?a :age ?n } } ORDER BY ?a`,
		`CONSTRUCT { ?b :knownBy ?a } { ?a :knows ?b }`,
		`DESCRIBE ?a { ?a :knows :ada }`,
		`SELECT * { ?a :name ?n FILTER EXISTS { ?a :knows ?b . ?b :knows ?c } }`,
	}
	var want []string
	for round := range 6 {
		r.Shuffle(len(quads), func(i, j int) { quads[i], quads[j] = quads[j], quads[i] })
		whole := sparql.NewBuilder()
		for part := range slices.Chunk(quads, 1+len(quads)/(round+1)) {
			b := sparql.NewBuilder()
			for _, q := range part {
				b.Add(q)
			}
			whole.Merge(b)
		}
		store := whole.Build()
		for i, query := range queries {
			result, err := store.Query(t.Context(), query, sparql.Options{Prefixes: prefixes})
			if err != nil {
				t.Fatal(err)
			}
			if round == 0 {
				want = append(want, text(result))
			} else if got := text(result); got != want[i] {
				t.Errorf("%s\ngot  %s\nwant %s", query, got, want[i])
			}
		}
	}
}

func TestLoad(t *testing.T) {
	store := load(t,
		document("", `<http://a/> <http://p/> _:x .`, "one"),
		document("", `<http://b/> <http://p/> _:x .`, "two"),
		document("http://g/", `<http://a/> <http://p/> 1, 1, 2 .`, ""),
		document("http://empty/", ``, ""))
	got, err := store.Query(t.Context(), `SELECT (COUNT(DISTINCT ?x) AS ?n) { ?s <http://p/> ?x }`, sparql.Options{})
	if err != nil || got.Rows[0][0].Value != "2" {
		t.Errorf("blank nodes of two documents: %v, %v", got, err)
	}
	if store.Len() != 4 {
		t.Errorf("%d quads, want 4", store.Len())
	}
	if names := fmt.Sprint(store.GraphNames()); names != "[<http://empty/> <http://g/>]" {
		t.Errorf("graphs %s", names)
	}
	got, err = store.Query(t.Context(), `SELECT * { GRAPH ?g {} }`, sparql.Options{})
	if err != nil || len(got.Rows) != 2 {
		t.Errorf("named graphs: %v, %v", got, err)
	}

	_, err = sparql.Load(t.Context(), document("", people, ""), document("", "<a", ""))
	var parseErr *rdf.ParseError
	if !errors.As(err, &parseErr) || parseErr.File != "test.ttl" {
		t.Errorf("a malformed document: %v", err)
	}
	missing := sparql.Source{Open: func() (io.ReadCloser, error) { return os.Open(filepath.Join(t.TempDir(), "none")) }}
	if _, err = sparql.Load(t.Context(), missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing document: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = sparql.Load(ctx, document("", people, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestClockAndChance(t *testing.T) {
	store := sparql.NewBuilder().Build()
	for _, query := range []string{`SELECT (NOW() AS ?x) {}`, `SELECT (RAND() AS ?x) {}`, `SELECT (UUID() AS ?x) {}`} {
		if _, err := store.Query(t.Context(), query, sparql.Options{}); !errors.Is(err, sparql.ErrNoClock) && !errors.Is(err, sparql.ErrNoRand) {
			t.Errorf("%s: %v", query, err)
		}
	}
	ask := func(seed uint64) string {
		got, err := store.Query(t.Context(), `SELECT (NOW() AS ?a) (RAND() AS ?b) (UUID() AS ?c) (STRUUID() AS ?d) {}`, sparql.Options{
			Now:  time.Date(2024, 5, 17, 12, 30, 0, 0, time.FixedZone("", 2*60*60)),
			Rand: rand.New(rand.NewPCG(seed, 0)),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got.Rows[0][0].Value != "2024-05-17T12:30:00+02:00" {
			t.Errorf("NOW gave %s", got.Rows[0][0])
		}
		return text(got)
	}
	first := ask(1)
	if again := ask(1); again != first {
		t.Error("the same chance gave different results")
	}
	if ask(2) == first {
		t.Error("different chances gave the same results")
	}
}

func TestDataset(t *testing.T) {
	store := load(t, document("", `<http://d/> <http://p/> 0 .`, ""), document("http://g1/", `<http://a/> <http://p/> 1 .`, ""),
		document("http://g2/", `<http://a/> <http://p/> 1, 2 .`, ""))
	for _, test := range []struct {
		query string
		union bool
		want  string
	}{
		{`SELECT ?s ?o { ?s <http://p/> ?o }`, false, "http://d/ 0"},
		{`SELECT ?s ?o { ?s <http://p/> ?o }`, true, "http://a/ 1; http://a/ 2; http://d/ 0"},
		{`SELECT ?s ?o FROM <http://g1/> FROM <http://g2/> { ?s <http://p/> ?o }`, false, "http://a/ 1; http://a/ 2"},
		{`SELECT ?g ?o FROM NAMED <http://g2/> { GRAPH ?g { ?s <http://p/> ?o } }`, false, "http://g2/ 1; http://g2/ 2"},
		{`SELECT ?s ?o FROM NAMED <http://g2/> { ?s <http://p/> ?o }`, false, ""},
	} {
		got, err := store.Query(t.Context(), test.query, sparql.Options{UnionDefaultGraph: test.union})
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for _, row := range got.Rows {
			rows = append(rows, row[0].Value+" "+row[1].Value)
		}
		slices.Sort(rows)
		if s := strings.Join(rows, "; "); s != test.want {
			t.Errorf("%s: %s, want %s", test.query, s, test.want)
		}
	}
	if _, err := store.Query(t.Context(), `ASK FROM <http://absent/> {}`, sparql.Options{}); err == nil {
		t.Error("a graph that is not there was taken for an empty one")
	}
}

// TestDescribe checks that blank nodes are followed, and cycles end.
func TestDescribe(t *testing.T) {
	store := load(t, document("", `@prefix : <http://example.org/> . :a :p _:x . _:x :p _:y, :b . _:y :p _:x . :b :p :c .`, ""))
	got, err := store.Query(t.Context(), `DESCRIBE :a`, sparql.Options{Prefixes: prefixes})
	if err != nil || len(got.Triples) != 4 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestFunctionOption(t *testing.T) {
	store := load(t, document("", people, ""))
	opts := sparql.Options{Prefixes: prefixes, Functions: map[string]sparql.Function{
		"http://example.org/reverse": func(args []rdf.Term) (rdf.Term, error) {
			if len(args) != 1 || args[0].Kind != rdf.Literal {
				return rdf.Term{}, errors.New("reverse takes a literal")
			}
			runes := []rune(args[0].Value)
			slices.Reverse(runes)
			return rdf.NewLiteral(string(runes)), nil
		},
	}}
	got, err := store.Query(t.Context(), `SELECT (:reverse("abc") AS ?a) (:reverse(:x) AS ?b) {}`, opts)
	if err != nil || text(got) != `[["cba" ]]` {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := store.Query(t.Context(), `SELECT (:absent(1) AS ?a) {}`, opts); err == nil || !strings.Contains(err.Error(), "unknown function <http://example.org/absent>") {
		t.Errorf("an unknown function: %v", err)
	}
}

// FuzzQuery runs whatever parses, within limits, and expects neither a panic nor
// a row that is left behind.
func FuzzQuery(f *testing.F) {
	dir := os.Getenv("W3C_RDF_TESTS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "w3c")
	}
	files, err := filepath.Glob(filepath.Join(dir, "sparql", "*", "*", "*.rq"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		query, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(query))
	}
	store := load(f, document("", people, ""), document("http://example.org/g", people, "g"))
	f.Fuzz(func(t *testing.T, query string) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		opts := sparql.Options{
			Base: "http://example.org/", Prefixes: prefixes, MaxMemory: 8 << 20, MaxRows: 10_000,
			Now: time.Unix(0, 0), Rand: rand.New(rand.NewPCG(1, 1)),
		}
		first, err := store.Query(ctx, query, opts)
		if err != nil {
			return
		}
		opts.Rand = rand.New(rand.NewPCG(1, 1))
		if second, err := store.Query(ctx, query, opts); err == nil && text(first) != text(second) {
			t.Errorf("the same query gave two results:\n%s\n%s", text(first), text(second))
		}
	})
}

// TestLargeQueries would not end in time if planning or paths took exponential
// time.
func TestLargeQueries(t *testing.T) {
	store := load(t, document("", people, ""))
	repeat := strings.Repeat
	for _, test := range []struct {
		query string
		rows  int
	}{
		{"SELECT * { ?a :name ?b " + repeat("OPTIONAL { ?a :absent ?b } ", 1000) + "}", 4},
		{"SELECT * { " + repeat("?a :name ?b . ", 4000) + "}", 4},
		{"SELECT * { ?a :name ?b " + repeat("MINUS { ?a :absent ?b } ", 1000) + "}", 4},
		{"SELECT * { ?a :name ?b " + repeat("FILTER EXISTS { ?a :name ?b } ", 1000) + "}", 4},
		{"SELECT * { ?a :name ?b " + repeat("OPTIONAL { ?a :name ?b ", 200) + repeat("}", 200) + "}", 4},
		{"SELECT * { ?a :name ?b " + repeat("FILTER EXISTS { ?a :name ?b ", 100) + repeat("}", 100) + "}", 4},
		{"SELECT ?a { " + repeat("{ SELECT ?a { ?a :name ?b ", 60) + repeat("} }", 60) + "}", 4},
		{"SELECT * { ?a :name ?b FILTER(" + repeat("?b = ?a || ", 3000) + "true) }", 4},
		{"SELECT * { ?a (" + repeat("(", 200) + ":knows" + repeat(")*", 200) + ") ?b }", 17},
		{"SELECT * { ?a (" + repeat("(", 30) + ":knows" + repeat("/:knows*)*", 30) + ") ?b }", 17},
		{"SELECT * { ?a (" + repeat(":knows/", 60) + ":knows)+ ?b }", 8},
	} {
		got, err := store.Query(t.Context(), test.query, sparql.Options{Prefixes: prefixes})
		if err != nil || len(got.Rows) != test.rows {
			t.Errorf("%.60s…: %v, %v", test.query, got, err)
		}
	}
}

// TestMinusManyVariables has more shared variables than make up a hash key.
func TestMinusManyVariables(t *testing.T) {
	var vars, left, right strings.Builder
	for i := range 70 {
		fmt.Fprintf(&vars, "?v%d ", i)
		left.WriteString(map[bool]string{true: "UNDEF ", false: "1 "}[i < 66])
		right.WriteString(map[bool]string{true: "UNDEF ", false: "1 "}[i < 69])
	}
	query := fmt.Sprintf("SELECT * { VALUES (%s) { (%s) } MINUS { VALUES (%s) { (%s) } } }", &vars, &left, &vars, &right)
	got, err := sparql.NewBuilder().Build().Query(t.Context(), query, sparql.Options{})
	if err != nil || len(got.Rows) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestLargeLimit(t *testing.T) {
	got, err := numbers(2000).Query(t.Context(), `SELECT ?n { ?s ?p ?n } ORDER BY ?n LIMIT 9223372036854775807 OFFSET 1`, sparql.Options{})
	if err != nil || len(got.Rows) != 1999 {
		t.Errorf("%v", err)
	}
}

// TestConcurrentQueries asks one store from several goroutines; run it with -race.
func TestConcurrentQueries(t *testing.T) {
	store := load(t, document("", people, ""), document("http://example.org/g", people, "g"))
	const query = `SELECT (COUNT(*) AS ?n) { ?a :knows+ ?b OPTIONAL { ?b :age ?c } FILTER NOT EXISTS { ?a :absent ?b } BIND(CONCAT(STR(?a), "x") AS ?d) }`
	answers := make(chan string)
	for range 8 {
		go func() {
			got, err := store.Query(t.Context(), query, sparql.Options{Prefixes: prefixes, UnionDefaultGraph: true})
			answers <- fmt.Sprint(text(got), err)
		}()
	}
	first := <-answers
	for range 7 {
		if other := <-answers; other != first {
			t.Errorf("%s and %s", first, other)
		}
	}
	if !strings.Contains(first, "integer") {
		t.Error(first)
	}
}
