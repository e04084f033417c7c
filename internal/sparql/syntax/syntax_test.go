package syntax_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
)

func TestErrors(t *testing.T) {
	for _, test := range []struct{ query, want string }{
		{"", "line 1, column 1: expected SELECT, CONSTRUCT, DESCRIBE or ASK, found the end of the query"},
		{"SELECT * {\n  ?s ?p\n}", `line 3, column 1: expected a term or a variable, found "}"`},
		{"SELECT * { ?s ex:p ?o }", `line 1, column 15: prefix "ex:" is not declared; add PREFIX ex: <…>`},
		{"SELECT * { ?s <p> ?o }", "column 15: the IRI <p> is relative and there is no base IRI"},
		{"SELECT * { ?s ?p 'x\n' }", "column 18: string without end on this line"},
		{`SELECT * { ?s ?p "x\q" }`, `column 20: invalid escape \q in a string`},
		{"SELECT ?x { ?x ?p ?o } GROUP BY ?p", "column 8: ?x is selected but is not in GROUP BY"},
		{"SELECT (?o + 1 AS ?y) { ?x ?p ?o } GROUP BY ?p", "column 8: ?o is used outside an aggregate but is not in GROUP BY"},
		{"SELECT * { ?x ?p ?o } GROUP BY ?x", "SELECT * can't be used with GROUP BY or aggregates"},
		{"SELECT (1 AS ?x) { ?x ?p ?o }", "column 8: SELECT assigns ?x, which is already in use"},
		{"SELECT * { ?s ?p ?o BIND(1 AS ?o) }", "BIND assigns ?o, which the group has already used"},
		{"SELECT * { ?s ?p ?o FILTER(COUNT(*) > 1) }", "aggregate COUNT is not allowed here"},
		{"SELECT (SUM(MAX(?o)) AS ?n) { ?s ?p ?o }", "aggregate MAX is not allowed here"},
		{"SELECT * { ?s ?p ?o FILTER(SUBSTR(?o)) }", "SUBSTR takes at least 2 arguments and at most 3 arguments, found 1"},
		{"SELECT * { ?s ?p ?o FILTER(LENGTH(?o)) }", `unknown function or keyword "LENGTH"`},
		{"SELECT * { _:a ?p ?o . { _:a ?p 1 } }", "blank node _:a is used in two basic graph patterns"},
		{"SELECT * { VALUES (?a ?b) { (1) } }", "a row of VALUES has 1 terms for 2 variables"},
		{"SELECT * { ?s ?p ?o } LIMIT 99999999999999999999", "99999999999999999999 is too large"},
		{"ASK {} ASK {}", `expected the end of the query, found "ASK"`},
		{"ASK { ?s ?p ?o . . }", `expected a triple pattern, a pattern keyword or }, found "."`},
		{"SELECT * { \xff }", "column 12: the query is not valid UTF-8"},
		{`ASK { ?s ?p "\uD800" }`, "invalid codepoint escape"},
		{"ASK { ?é ?p ~ }", `line 1, column 13: unexpected character '~'`},
		{"ASK { " + strings.Repeat("{", 300) + strings.Repeat("}", 301), "nested more than 256 deep"},
		{"ASK { FILTER(" + strings.Repeat("(", 300) + "1" + strings.Repeat(")", 301) + "}", "nested more than 256 deep"},
		{"ASK { ?s " + strings.Repeat("(", 300) + "<x:>" + strings.Repeat(")", 300) + " ?o }", "nested more than 256 deep"},
		{"ASK { ?s ?p " + strings.Repeat("[ ?p ", 300) + "1" + strings.Repeat("]", 300) + " }", "nested more than 256 deep"},
		{"ASK { ?s ?p " + strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300) + " }", "nested more than 256 deep"},
		{"ASK { " + strings.Repeat("?s ?p ?o . ", 17000) + " }", "more than 16384 patterns"},
		{strings.Repeat(" ", 5<<20), "the query has 5242880 bytes, the limit is 4194304"},
	} {
		_, err := syntax.Parse(test.query, syntax.Options{})
		var syntaxErr *syntax.Error
		if !errors.As(err, &syntaxErr) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.60s…\ngot  %v\nwant %s", test.query, err, test.want)
		}
		if syntaxErr != nil && len(syntaxErr.Snippet) > 80 {
			t.Errorf("a snippet of %d bytes", len(syntaxErr.Snippet))
		}
	}
}

// TestSurroundings checks that base and prefixes of the caller are used, and that
// the query's own go first.
func TestSurroundings(t *testing.T) {
	q, err := syntax.Parse("PREFIX b: <c/> ASK { a:x b:y <z> }", syntax.Options{
		Base:     "http://example.org/dir/file",
		Prefixes: map[string]string{"a": "http://a/", "b": "http://b/"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := q.Where.Elements[0].(*syntax.Triples).List[0]
	want := syntax.Triple{
		Subject: syntax.Node{Term: rdf.NewIRI("http://a/x")},
		Path:    syntax.PathIRI{IRI: "http://example.org/dir/c/y"},
		Object:  syntax.Node{Term: rdf.NewIRI("http://example.org/dir/z")},
	}
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]rdf.Term{
		`"a\tb\u00e9"`:          rdf.NewLiteral("a\tbé"),
		`'''it's "q" \\'''`:     rdf.NewLiteral(`it's "q" \`),
		`"""two` + "\n" + `"""`: rdf.NewLiteral("two\n"),
		`"x"@en-GB`:             rdf.NewLangLiteral("x", "en-GB"),
		`"1"^^<http://t/>`:      rdf.NewTypedLiteral("1", "http://t/"),
		`-1`:                    rdf.NewTypedLiteral("-1", rdf.XSDInteger),
		`+.5`:                   rdf.NewTypedLiteral("+.5", rdf.XSDDecimal),
		`1.5e-3`:                rdf.NewTypedLiteral("1.5e-3", rdf.XSDDouble),
		`1.e3`:                  rdf.NewTypedLiteral("1.e3", rdf.XSDDouble),
		`TRUE`:                  rdf.NewTypedLiteral("true", rdf.XSDBoolean),
		`p:a\,b.c%20:d`:         rdf.NewIRI("http://p/a,b.c%20:d"),
		`p:`:                    rdf.NewIRI("http://p/"),
	} {
		q, err := syntax.Parse("PREFIX p: <http://p/> ASK { ?s ?p "+text+". }", syntax.Options{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := q.Where.Elements[0].(*syntax.Triples).List[0].Object.Term; got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
}

func TestVars(t *testing.T) {
	q, err := syntax.Parse(`SELECT * { ?b ?a [ ?c 1 ] OPTIONAL { ?d ?a ?b } MINUS { ?m ?a 1 } FILTER(?f = 1)
		{ SELECT (1 AS ?g) { ?hidden ?a 1 } } GRAPH ?h {} BIND(?i AS ?j) } VALUES ?k { 1 }`, syntax.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(q.Vars()), "[b a c d g h j k]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestLongNames would not end in time if a name were read again at each dot.
func TestLongNames(t *testing.T) {
	for _, s := range []string{"a.", "a..", "é.", "_:a.", "p:a.", "<a", "?a."} {
		if _, err := syntax.Parse("ASK { "+strings.Repeat(s, 1<<20), syntax.Options{}); err == nil {
			t.Errorf("%s was read", s)
		}
	}
}

func FuzzParse(f *testing.F) {
	dir := os.Getenv("W3C_RDF_TESTS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "w3c")
	}
	files, err := filepath.Glob(filepath.Join(dir, "sparql", "*", "*", "*.rq"))
	if err != nil {
		f.Fatal(err)
	}
	slices.Sort(files)
	for _, file := range files {
		query, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(query))
	}
	f.Add(`SELECT (COUNT(DISTINCT ?x) AS ?n) { ?x ^(<a:>/!(a|^<b:>))* ?y } GROUP BY (?x + 1 AS ?z) HAVING(?n > 1) ORDER BY DESC(?n)`)
	f.Fuzz(func(t *testing.T, query string) {
		q, err := syntax.Parse(query, syntax.Options{Base: "http://example.org/"})
		var syntaxErr *syntax.Error
		if err != nil && (!errors.As(err, &syntaxErr) || syntaxErr.Line < 1 || syntaxErr.Column < 1) {
			t.Errorf("%v is no error with a place", err)
		}
		if err == nil {
			q.Vars()
		}
	})
}
