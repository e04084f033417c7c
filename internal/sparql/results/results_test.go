package results_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/results"
)

var sample = &results.Result{
	Vars: []string{"a", "b"},
	Rows: [][]rdf.Term{
		{rdf.NewIRI("http://example.org/é?x=1&y=<"), rdf.NewBlank("b0")},
		{rdf.NewLiteral("a \"quoted\"\tline\r\nwith, comma \\ and <tag> & é"), {}},
		{{}, rdf.NewLangLiteral("hi", "en-gb")},
		{rdf.NewTypedLiteral("1", rdf.XSDInteger), rdf.NewTypedLiteral("1.5", rdf.XSDDecimal)},
		{rdf.NewTypedLiteral("1e0", rdf.XSDDouble), rdf.NewTypedLiteral("one", rdf.XSDInteger)},
		{rdf.NewTypedLiteral("true", rdf.XSDBoolean), rdf.NewTypedLiteral("x", "http://example.org/t")},
		{{}, {}},
		{rdf.NewLiteral(""), rdf.NewLiteral("12")},
	},
}

func roundTrip(t *testing.T, format results.Format, r *results.Result) *results.Result {
	t.Helper()
	var out bytes.Buffer
	if err := results.Write(&out, format, r); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	got, err := results.Read(&out, format, results.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return got
}

func TestRoundTrip(t *testing.T) {
	for _, format := range []results.Format{results.JSON, results.XML, results.TSV} {
		for _, r := range []*results.Result{sample, {Vars: []string{"x"}}, {Rows: [][]rdf.Term{{}, {}}}} {
			got := roundTrip(t, format, r)
			if !slices.Equal(got.Vars, r.Vars) || fmt.Sprint(got.Rows) != fmt.Sprint(r.Rows) {
				t.Errorf("%s\ngot  %v\nwant %v", format.MediaType(), got, r)
			}
		}
	}
	for _, format := range []results.Format{results.JSON, results.XML} {
		for _, answer := range []bool{true, false} {
			got := roundTrip(t, format, &results.Result{Kind: results.Boolean, Boolean: answer})
			if got.Kind != results.Boolean || got.Boolean != answer {
				t.Errorf("%s: %v became %+v", format.MediaType(), answer, got)
			}
		}
	}
	got := roundTrip(t, results.CSV, sample)
	for i, row := range sample.Rows {
		for j, want := range row {
			// encoding/csv reads \r\n in a quoted field as \n.
			if got := got.Rows[i][j]; got.Value != strings.ReplaceAll(want.Value, "\r\n", "\n") {
				t.Errorf("CSV, row %d: %q, want %q", i, got.Value, want.Value)
			}
		}
	}
}

func TestWriteText(t *testing.T) {
	for format, want := range map[results.Format]string{
		results.CSV:  "a,b\r\n1,_:x\r\n\"a,b\",\r\n",
		results.TSV:  "?a\t?b\n1\t_:x\n\"a,b\"\t\n",
		results.JSON: `{"head":{"vars":["a","b"]},"results":{"bindings":[` + "\n" + `{"a":{"type":"literal","value":"1","datatype":"http://www.w3.org/2001/XMLSchema#integer"},"b":{"type":"bnode","value":"x"}},` + "\n" + `{"a":{"type":"literal","value":"a,b"}}]}}` + "\n",
	} {
		var out bytes.Buffer
		err := results.Write(&out, format, &results.Result{Vars: []string{"a", "b"}, Rows: [][]rdf.Term{
			{rdf.NewTypedLiteral("1", rdf.XSDInteger), rdf.NewBlank("x")},
			{rdf.NewLiteral("a,b"), {}},
		}})
		if err != nil || out.String() != want {
			t.Errorf("%s: %v\ngot  %q\nwant %q", format.MediaType(), err, out.String(), want)
		}
	}
	if err := results.Write(&bytes.Buffer{}, results.CSV, &results.Result{Kind: results.Boolean}); err == nil {
		t.Error("a boolean was written as CSV")
	}
	if err := results.Write(&bytes.Buffer{}, results.JSON, &results.Result{Kind: results.Graph}); err == nil {
		t.Error("a graph was written as JSON")
	}
}

func TestReadErrors(t *testing.T) {
	for _, test := range []struct {
		format results.Format
		text   string
		want   string
	}{
		{results.JSON, `{}`, "neither"},
		{results.JSON, `{"head":{"vars":["x"]},"results":{"bindings":[{"y":{"type":"uri","value":"z"}}]}}`, `"y" is not in the head`},
		{results.JSON, `{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"odd","value":"z"}}]}}`, `unknown type "odd"`},
		{results.XML, `<sparql/>`, "neither"},
		{results.XML, `<sparql><results><result><binding name="y"/></result></results></sparql>`, `"y" is not in the head`},
		{results.XML, `<sparql><head><variable name="x"/></head><results><uri>a</uri></results></sparql>`, "outside a result"},
		{results.TSV, "?x\n1\t2\n", "line 2 has 2 fields for 1 variables"},
		{results.TSV, "?x\n<a\n", "line 2, field 1: no closing >"},
		{results.TSV, "?x\nword\n", `"word" is no term`},
		{results.CSV, "x\n\"a\n", "quote"},
		{results.TSV, "?x\n1\n2\n3\n4\n", "more than 3 rows"},
		{results.TSV, "?x\n" + strings.Repeat("\n", 2000), "too long"},
		{results.JSON, strings.Repeat(" ", 2000), "too long"},
	} {
		limits := results.Limits{MaxBytes: 1000, MaxRows: 3}
		if strings.Contains(test.want, "too long") {
			limits.MaxRows = 0
		}
		_, err := results.Read(strings.NewReader(test.text), test.format, limits)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %.40q: %v, want %s", test.format.MediaType(), test.text, err, test.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for format := range results.TSV + 1 {
		var out bytes.Buffer
		if err := results.Write(&out, format, sample); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(format), out.Bytes())
	}
	f.Add(uint8(results.JSON), []byte(`{"head":{},"boolean":true}`))
	f.Fuzz(func(t *testing.T, format uint8, data []byte) {
		kind := results.Format(format) % (results.TSV + 1)
		r, err := results.Read(bytes.NewReader(data), kind, results.Limits{MaxRows: 1000})
		if err != nil {
			return
		}
		for _, row := range r.Rows {
			if len(row) != len(r.Vars) {
				t.Fatalf("a row of %d terms for %d variables", len(row), len(r.Vars))
			}
		}
		// What was read can be written, and says the same in JSON.
		again := roundTrip(t, results.JSON, r)
		if len(again.Rows) != len(r.Rows) || again.Boolean != r.Boolean {
			t.Fatalf("%+v became %+v", r, again)
		}
	})
}
