package sparql_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql"
)

// evaluate gives an expression's value as N-Triples writes it, with xsd: for the
// namespace, or "error".
func evaluate(t *testing.T, expression string) string {
	t.Helper()
	got, err := sparql.NewBuilder().Build().Query(t.Context(), "SELECT ("+expression+" AS ?x) {}", sparql.Options{
		Base: "http://base/", Prefixes: prefixes, Now: time.Unix(0, 0), Rand: rand.New(rand.NewPCG(1, 1)),
	})
	if err != nil {
		return err.Error()
	}
	if got.Rows[0][0].IsZero() {
		return "error"
	}
	return strings.ReplaceAll(strings.ReplaceAll(got.Rows[0][0].String(), "<"+rdf.XSDNS, "xsd:"), ">", "")
}

func TestExpressions(t *testing.T) {
	const yes, no = `"true"^^xsd:boolean`, `"false"^^xsd:boolean`
	for expression, want := range map[string]string{
		// Logic with errors (section 17.2).
		`true || (1/0 = 1)`:               yes,
		`false || (1/0 = 1)`:              "error",
		`false && (1/0 = 1)`:              no,
		`true && (1/0 = 1)`:               "error",
		`!"" && !0 && !"NaN"^^xsd:double`: yes,
		`!"x"^^xsd:integer`:               yes,
		`!<a>`:                            "error",
		`COALESCE(?unbound, 1/0, "x")`:    `"x"`,
		`IF(1/0 = 1, 1, 2)`:               "error",
		`1 IN (1/0, 1)`:                   yes,
		`2 IN (1/0, 1)`:                   "error",
		`2 NOT IN (1, 3)`:                 yes,
		`1 IN ()`:                         no,

		// Comparison.
		`1 = 1.0`:                               yes,
		`"a" = "a"@en`:                          no,
		`"a"@en = "a"@EN`:                       yes,
		`"a" < "b"`:                             yes,
		`"a"@en < "b"@en`:                       "error",
		`<a> = "a"`:                             no,
		`<a> < <b>`:                             "error",
		`1 = "1"`:                               no,
		`"x"^^xsd:integer = 1`:                  "error",
		`"x"^^<t> = "y"^^<t>`:                   "error",
		`"x"^^<t> = "x"^^<t>`:                   yes,
		`"NaN"^^xsd:double = "NaN"^^xsd:double`: no,
		`"NaN"^^xsd:double < 1`:                 no,
		`true > false`:                          yes,
		`sameTerm(1, 01)`:                       no,
		`"2024-01-01"^^xsd:date < "2024-01-02"^^xsd:date`: yes,

		// Arithmetic.
		`1 + 2 * 3 - 4 / 2`:      `"5"^^xsd:decimal`,
		`-(1) + +1`:              `"0"^^xsd:integer`,
		`1-1`:                    `"0"^^xsd:integer`,
		`7 / 2`:                  `"3.5"^^xsd:decimal`,
		`ABS(-2.5)`:              `"2.5"^^xsd:decimal`,
		`ROUND(2.5)`:             `"3"^^xsd:decimal`,
		`CEIL("1.2"^^xsd:float)`: `"2.0E0"^^xsd:float`,
		`"1" + 1`:                "error",

		// Terms.
		`STR(<a>)`:                   `"http://base/a"`,
		`STR(1.50)`:                  `"1.50"`,
		`LANG("a"@en-GB)`:            `"en-GB"`,
		`LANG(1)`:                    `""`,
		`LANG(<a>)`:                  "error",
		`DATATYPE("a"@en)`:           `<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString`,
		`DATATYPE(1 + 1)`:            `xsd:integer`,
		`IRI("x/../y")`:              `<http://base/y`,
		`STRDT("1", xsd:int)`:        `"1"^^xsd:int`,
		`STRDT("1"@en, xsd:int)`:     "error",
		`STRLANG("a", "en")`:         `"a"@en`,
		`isBlank(BNODE())`:           yes,
		`BNODE("a") = BNODE("a")`:    yes,
		`BNODE("a") = BNODE("b")`:    no,
		`isNumeric("x"^^xsd:int)`:    no,
		`isNumeric(1.0)`:             yes,
		`isLiteral(1 + 1)`:           yes,
		`LANGMATCHES("en-GB", "EN")`: yes,
		`LANGMATCHES("", "*")`:       no,
		`STRLEN(STRUUID())`:          `"36"^^xsd:integer`,

		// Strings.
		`CONCAT("a"@en, "b"@en)`:                                 `"ab"@en`,
		`CONCAT("a"@en, "b")`:                                    `"ab"`,
		`CONCAT("a", 1)`:                                         "error",
		`SUBSTR("motor car", 6)`:                                 `" car"`,
		`SUBSTR("metadata", 4, 3)`:                               `"ada"`,
		`SUBSTR("12345", 1.5, 2.6)`:                              `"234"`,
		`SUBSTR("12345", 0, 3)`:                                  `"12"`,
		`SUBSTR("12345", 5, -3)`:                                 `""`,
		`SUBSTR("12345", -3, 5)`:                                 `"1"`,
		`SUBSTR("12345", "NaN"^^xsd:double)`:                     `""`,
		`SUBSTR("12345", "-INF"^^xsd:double, "INF"^^xsd:double)`: `""`,
		`SUBSTR("héé"@fr, 2, 1)`:                                 `"é"@fr`,
		`STRBEFORE("abc"@en, "b")`:                               `"a"@en`,
		`STRBEFORE("abc"@en, "x")`:                               `""`,
		`STRAFTER("abc", "b"@en)`:                                "error",
		`STRAFTER("abc"@en, "")`:                                 `"abc"@en`,
		`CONTAINS("foobar"@en, "bar"@en)`:                        yes,
		`ENCODE_FOR_URI("a é/~")`:                                `"a%20%C3%A9%2F~"`,
		`UCASE("straße"@de)`:                                     `"STRASSE"@de`,
		`MD5("abc")`:                                             `"900150983cd24fb0d6963f7d28e17f72"`,

		// Regular expressions.
		`REGEX("Abc", "^aB", "i")`:                yes,
		`REGEX("a\nb", "a.b")`:                    no,
		`REGEX("a\nb", "a.b", "s")`:               yes,
		`REGEX("a\nb", "^b", "m")`:                yes,
		`REGEX("a.c", "a.c", "q")`:                yes,
		`REGEX("abc", "a.c", "q")`:                no,
		`REGEX("abc", "a b c", "x")`:              yes,
		`REGEX("abc", "a", "y")`:                  "error",
		`REGEX("abc", "(")`:                       "error",
		`REGEX("a", "[a-z-[aeiou]]")`:             no,
		`REGEX("b", "[a-z-[aeiou]]")`:             yes,
		`REGEX("é:1", "^\\i\\c*$")`:               yes,
		`REGEX("1a", "^\\i")`:                     no,
		`REGEX("٣", "^\\d$")`:                     yes,
		`REGEX("a-b", "^\\w+$")`:                  no,
		`REGEX("a]", "[]]")`:                      yes,
		`REGEX(<a>, "a")`:                         "error",
		`REPLACE("abcd"@en, "b", "Z")`:            `"aZcd"@en`,
		`REPLACE("abracadabra", "a(.)", "a$1$1")`: `"abbraccaddabbra"`,
		`REPLACE("AAAA", "A+?", "b")`:             `"bbbb"`,
		`REPLACE("a.b", ".", "$", "q")`:           `"a$b"`,
		`REPLACE("x", "x", "\\$1\\\\")`:           `"$1\\"`,
		`REPLACE("x", "x", "$")`:                  "error",
		`REPLACE("x", "y*", "z")`:                 "error",
		`REPLACE("x", "(x)", "$1$2")`:             `"x"`,

		// Casts.
		`xsd:integer("12")`:                    `"12"^^xsd:integer`,
		`xsd:integer("1.5")`:                   "error",
		`xsd:integer(1.9)`:                     `"1"^^xsd:integer`,
		`xsd:boolean("0")`:                     `"false"^^xsd:boolean`,
		`xsd:double("1e2")`:                    `"1.0E2"^^xsd:double`,
		`xsd:string(<a>)`:                      `"http://base/a"`,
		`xsd:dateTime("2024-01-01T00:00:00Z")`: `"2024-01-01T00:00:00Z"^^xsd:dateTime`,
		`xsd:integer(<a>)`:                     "error",
		`xsd:integer("1"@en)`:                  "error",

		// Dates.
		`YEAR("2024-05-17T01:02:03.5Z"^^xsd:dateTime)`:          `"2024"^^xsd:integer`,
		`SECONDS("2024-05-17T01:02:03.5Z"^^xsd:dateTime)`:       `"3.5"^^xsd:decimal`,
		`TIMEZONE("2024-05-17T01:02:03-08:00"^^xsd:dateTime)`:   `"-PT8H"^^xsd:dayTimeDuration`,
		`TIMEZONE("2024-05-17T01:02:03"^^xsd:dateTime)`:         "error",
		`TZ("2024-05-17T01:02:03"^^xsd:dateTime)`:               `""`,
		`"2024-01-31"^^xsd:date + "P1M"^^xsd:yearMonthDuration`: `"2024-02-29"^^xsd:date`,
	} {
		if got := evaluate(t, expression); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
	if got := evaluate(t, `REGEX("aa", "(a)\\1")`); !strings.Contains(got, "back-references") {
		t.Errorf("a back-reference: %s", got)
	}
	if got := evaluate(t, `REGEX("aa", "`+strings.Repeat("[a-", 100_000)+`")`); got != "error" {
		t.Errorf("a long pattern: %s", got)
	}
}

// TestOrderBy sorts one of each kind of term.
func TestOrderBy(t *testing.T) {
	got, err := sparql.NewBuilder().Build().Query(t.Context(), `SELECT ?x {
		{ VALUES ?x { "b" <http://b> UNDEF 10 2.5 "a"@en true "2024-01-01"^^xsd:date <http://a> "z"^^<http://t> 1e0 "a" } }
		UNION { BIND(BNODE() AS ?x) } } ORDER BY ?x`, sparql.Options{Prefixes: prefixes})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, row := range got.Rows {
		order = append(order, row[0].Value)
	}
	if s, want := strings.Join(order, " "), " q1 http://a http://b 1e0 2.5 10 a a b true 2024-01-01 z"; s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	for query, want := range map[string]string{
		`SELECT ?x { VALUES ?x { 3 1 2 } } ORDER BY DESC(?x)`:                         "3 2 1",
		`SELECT ?x { VALUES (?x ?y) { (3 1) (1 2) (2 1) } } ORDER BY ?y ?x`:           "2 3 1",
		`SELECT ?x { VALUES ?x { 3 1 2 } } ORDER BY ?x LIMIT 1 OFFSET 1`:              "2",
		`SELECT DISTINCT ?x { VALUES ?x { 3 1 3 2 1 } } ORDER BY ?x LIMIT 2 OFFSET 1`: "2 3",
		`SELECT ?x { VALUES ?x { 3 1 2 } } ORDER BY (?x * -1) LIMIT 0`:                "",
	} {
		got, err := sparql.NewBuilder().Build().Query(t.Context(), query, sparql.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var values []string
		for _, row := range got.Rows {
			values = append(values, row[0].Value)
		}
		if s := strings.Join(values, " "); s != want {
			t.Errorf("%s: %s, want %s", query, s, want)
		}
	}
	// More rows than are kept when only the first are wanted.
	few, err := numbers(10_000).Query(t.Context(), `SELECT ?n { ?s ?p ?n } ORDER BY DESC(?n) LIMIT 3 OFFSET 1`, sparql.Options{MaxMemory: 1 << 20})
	if err != nil || text(few) != `[["9998"^^<http://www.w3.org/2001/XMLSchema#integer>] ["9997"^^<http://www.w3.org/2001/XMLSchema#integer>] ["9996"^^<http://www.w3.org/2001/XMLSchema#integer>]]` {
		t.Errorf("%v, %v", few, err)
	}
}

func TestAggregates(t *testing.T) {
	for query, want := range map[string]string{
		`SELECT (COUNT(*) AS ?x) { VALUES ?v { 1 UNDEF 1 } }`:                            "3",
		`SELECT (COUNT(?v) AS ?x) { VALUES ?v { 1 UNDEF 1 } }`:                           "2",
		`SELECT (COUNT(DISTINCT ?v) AS ?x) { VALUES ?v { 1 UNDEF 1 2 } }`:                "2",
		`SELECT (COUNT(DISTINCT *) AS ?x) { VALUES ?v { 1 UNDEF 1 2 } }`:                 "3",
		`SELECT (SUM(?v) AS ?x) { VALUES ?v { 1 2.5 1e0 } }`:                             "4.5E0",
		`SELECT (SUM(?v) AS ?x) { VALUES ?v { 1 "a" } }`:                                 "",
		`SELECT (SUM(?v) AS ?x) {}`:                                                      "",
		`SELECT (SUM(?v) AS ?x) { VALUES ?v {} }`:                                        "0",
		`SELECT (AVG(?v) AS ?x) { VALUES ?v { 1 2 } }`:                                   "1.5",
		`SELECT (AVG(DISTINCT ?v) AS ?x) { VALUES ?v { 1 1 4 } }`:                        "2.5",
		`SELECT (MIN(?v) AS ?x) { VALUES ?v { 3 "a" 2.5 } }`:                             "2.5",
		`SELECT (MAX(?v) AS ?x) { VALUES ?v { 3 "a" 2.5 } }`:                             "a",
		`SELECT (MIN(?v) AS ?x) { VALUES ?v {} }`:                                        "",
		`SELECT (SAMPLE(?v) AS ?x) { VALUES ?v { UNDEF 7 } }`:                            "7",
		`SELECT (GROUP_CONCAT(?v ; separator=",") AS ?x) { VALUES ?v { 1 "b" } }`:        "1,b",
		`SELECT (GROUP_CONCAT(?v) AS ?x) { VALUES ?v {} }`:                               "",
		`SELECT (COUNT(*) AS ?x) { VALUES ?v { 1 2 } } GROUP BY ?v HAVING(?v > 1)`:       "1",
		`SELECT (?n + 1 AS ?x) (COUNT(*) AS ?n) { VALUES ?v { 1 } } GROUP BY (?v AS ?n)`: "error",
	} {
		got, err := sparql.NewBuilder().Build().Query(t.Context(), query, sparql.Options{})
		switch {
		case want == "error":
			if err == nil {
				t.Errorf("%s: no error", query)
			}
		case err != nil:
			t.Errorf("%s: %v", query, err)
		case len(got.Rows) != 1 || got.Rows[0][0].Value != want:
			t.Errorf("%s: %v, want %s", query, got.Rows, want)
		}
	}
}
