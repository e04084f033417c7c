package shacl_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/shacl"
)

const prologue = `@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
`

var prefixes = map[string]string{"ex": "http://example.org/", "xsd": rdf.XSDNS}

func graph(t testing.TB, document string) *rdf.Graph {
	t.Helper()
	g, err := rdf.ReadGraph(context.Background(), strings.NewReader(prologue+document), rdf.Turtle, rdf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func validate(t testing.TB, shapes, data string) *shacl.Report {
	t.Helper()
	s, err := shacl.Compile(graph(t, shapes))
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.Validate(context.Background(), graph(t, data), shacl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestReportText(t *testing.T) {
	shapes := `
ex:PersonShape a sh:NodeShape ;
    sh:targetClass ex:Person ;
    sh:closed true ;
    sh:ignoredProperties ( <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ) ;
    sh:property ex:age, ex:name, ex:boss .
ex:age sh:path ex:age ; sh:datatype xsd:integer ; sh:maxInclusive 150 .
ex:name sh:path ex:name ; sh:minCount 1 ; sh:severity sh:Warning .
ex:boss sh:path ( ex:boss ex:name ) ; sh:in ( "Ada" "Grace" ) ; sh:message "only Ada and Grace are bosses"@en .
`
	data := `
ex:alice a ex:Person ;
    ex:name "Alice" ;
    ex:age 200,
        "old" ;
    ex:boss ex:bob .

ex:bob
    a ex:Person ;
    ex:name "Bob" ;
    ex:pet ex:cat .
ex:carl a ex:Person .
`
	want := `data.ttl:9: violation: ex:alice (line 6) ex:age: "old" does not have the datatype xsd:integer
    shapes.ttl:11: shape ex:age, DatatypeConstraintComponent
data.ttl:8: violation: ex:alice (line 6) ex:age: 200 is not at most 150
    shapes.ttl:11: shape ex:age, MaxInclusiveConstraintComponent
data.ttl:9: violation: ex:alice (line 6) ex:age: "old" cannot be compared with 150
    shapes.ttl:11: shape ex:age, MaxInclusiveConstraintComponent
data.ttl:6: violation: ex:alice ex:boss/ex:name: only Ada and Grace are bosses
    shapes.ttl:13: shape ex:boss, InConstraintComponent
data.ttl:10: violation: ex:alice (line 6) ex:boss: the property ex:boss is not allowed
    shapes.ttl:6: shape ex:PersonShape, ClosedConstraintComponent
data.ttl:15: violation: ex:bob (line 12) ex:pet: the property ex:pet is not allowed
    shapes.ttl:6: shape ex:PersonShape, ClosedConstraintComponent
data.ttl:16: warning: ex:carl ex:name: the number of values is 0, the minimum is 1
    shapes.ttl:12: shape ex:name, MinCountConstraintComponent
7 results: the data does not conform to the shapes.
`
	report := validate(t, shapes, data)
	var b bytes.Buffer
	err := report.WriteText(&b, shacl.TextOptions{DataFile: "data.ttl", ShapesFile: "shapes.ttl", Prefixes: prefixes})
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestReportGraph(t *testing.T) {
	report := validate(t, `ex:s sh:targetNode ex:a ; sh:property [ sh:path [ sh:alternativePath ( ex:p [ sh:inversePath ex:q ] ) ] ; sh:minCount 2 ] .`,
		`ex:a ex:p 1 .`)
	var b bytes.Buffer
	if err := rdf.WriteTurtle(&b, report.Graph(), map[string]string{"sh": shacl.NS, "ex": "http://example.org/"}); err != nil {
		t.Fatal(err)
	}
	got := graph(t, b.String())
	want := graph(t, `[] a sh:ValidationReport ; sh:conforms false ; sh:result [
	a sh:ValidationResult ; sh:focusNode ex:a ; sh:resultSeverity sh:Violation ;
	sh:resultPath [ sh:alternativePath ( ex:p [ sh:inversePath ex:q ] ) ] ; sh:sourceShape [] ;
	sh:sourceConstraintComponent sh:MinCountConstraintComponent ;
	sh:resultMessage "the number of values is 1, the minimum is 2" ] .`)
	if !rdf.Isomorphic(quads(got), quads(want)) {
		t.Errorf("got:\n%s", b.String())
	}
}

func quads(g *rdf.Graph) []rdf.Quad {
	var out []rdf.Quad
	for t := range g.Match(rdf.Term{}, rdf.Term{}, rdf.Term{}) {
		out = append(out, rdf.Quad{Triple: t})
	}
	return out
}

func TestShapeErrors(t *testing.T) {
	for name, c := range map[string]struct{ shapes, want string }{
		"count":        {`ex:s sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:minCount "x" ] .`, `sh:minCount "x" is not a number of things`},
		"negative":     {`ex:s sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:maxCount -1 ] .`, "is not a number of things"},
		"twice":        {`ex:s sh:targetNode ex:a ; sh:datatype xsd:int, xsd:long .`, "sh:datatype is given 2 times"},
		"no path":      {`ex:s sh:targetNode ex:a ; sh:property [ sh:minCount 1 ] .`, "sh:minCount is for shapes with sh:path"},
		"path":         {`ex:s sh:targetNode ex:a ; sh:path [ sh:upwards ex:p ] .`, "is not one that SHACL knows"},
		"cyclic path":  {`ex:s sh:targetNode ex:a ; sh:path _:p . _:p sh:inversePath _:p .`, "contains itself"},
		"list":         {`ex:s sh:targetNode ex:a ; sh:in ex:list .`, "sh:in is not a well-formed list"},
		"kind":         {`ex:s sh:targetNode ex:a ; sh:nodeKind sh:Thing .`, "is not one that SHACL knows"},
		"literal":      {`ex:s sh:targetNode ex:a ; sh:class "C" .`, `sh:class cannot be the literal "C"`},
		"pattern":      {`ex:s sh:targetNode ex:a ; sh:pattern "(" .`, "missing closing )"},
		"flags":        {`ex:s sh:targetNode ex:a ; sh:pattern "a" ; sh:flags "z" .`, "unknown flag z"},
		"recursion":    {`ex:s sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:node ex:s ] .`, "recursive shapes are not supported"},
		"target":       {`ex:s sh:targetClass "C" .`, `sh:targetClass "C" is not an IRI`},
		"line":         {"ex:t ex:p 1 .\n\nex:s sh:targetNode ex:a ; sh:minCount 1 .", "line 7: shape <http://example.org/s>: sh:minCount is for"},
		"sparql":       {`ex:s sh:targetNode ex:a ; sh:sparql [ sh:select "…" ] .`, "sh:sparql is not part of SHACL Core"},
		"entailment":   {`ex:g sh:entailment ex:regime .`, "sh:entailment is not part of SHACL Core"},
		"sh:node path": {`ex:s sh:targetNode ex:a ; sh:node [ sh:path ex:p ] .`, "is a property shape"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := shacl.Compile(graph(t, c.shapes))
			var se *shacl.ShapeError
			if !errors.As(err, &se) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	// What nothing leads to does no harm.
	if _, err := shacl.Compile(graph(t, `ex:s sh:minCount "x" .`)); err != nil {
		t.Errorf("an unused shape: %v", err)
	}
}

// Each pair is checked by sh:lessThan both ways: "<" the first is less, ">" it
// is greater, "=" neither, "?" they cannot be compared.
func TestComparison(t *testing.T) {
	for _, c := range []struct{ a, order, b string }{
		{`1`, "<", `2`}, {`-1`, "<", `0.5`}, {`10`, ">", `9.99`}, {`1.0`, "=", `1`}, {`-0`, "=", `0`},
		{`1e0`, "<", `1.5`}, {`"INF"^^xsd:double`, ">", `99999999999999999999`}, {`"NaN"^^xsd:double`, "?", `1`},
		{`9007199254740993`, ">", `9007199254740992`}, {`"007"^^xsd:byte`, "<", `8`}, {`"300"^^xsd:byte`, "?", `8`},
		{`"a"`, "<", `"b"`}, {`"a"`, "?", `"b"@en`}, {`"a"@en`, "?", `"b"@en`}, {`"1"`, "?", `1`}, {`ex:a`, "?", `ex:b`},
		{`false`, "<", `true`}, {`"0"^^xsd:boolean`, "=", `false`},
		{`"2002-10-10T12:00:00Z"^^xsd:dateTime`, "=", `"2002-10-10T14:00:00+02:00"^^xsd:dateTime`},
		{`"2002-10-10T12:00:00.5Z"^^xsd:dateTime`, ">", `"2002-10-10T12:00:00.49Z"^^xsd:dateTime`},
		{`"2002-10-10T12:00:00"^^xsd:dateTime`, "?", `"2002-10-10T12:00:00Z"^^xsd:dateTime`},
		{`"2002-10-10T12:00:00"^^xsd:dateTime`, "<", `"2002-10-11T12:00:00Z"^^xsd:dateTime`},
		{`"2002-10-12T12:00:00Z"^^xsd:dateTime`, ">", `"2002-10-11T12:00:00"^^xsd:dateTime`},
		{`"2000-02-29"^^xsd:date`, "<", `"2000-03-01"^^xsd:date`}, {`"1900-02-29"^^xsd:date`, "?", `"1900-03-01"^^xsd:date`},
		{`"1999-12-31T24:00:00Z"^^xsd:dateTime`, "=", `"2000-01-01T00:00:00Z"^^xsd:dateTime`},
		{`"-0044-03-15"^^xsd:date`, "<", `"0001-01-01"^^xsd:date`},
		{`"12:00:00Z"^^xsd:time`, ">", `"13:00:00+02:00"^^xsd:time`},
		{`"2002-10-10"^^xsd:date`, "?", `"2002-10-11T00:00:00"^^xsd:dateTime`},
		{`"2002-10-10T12:00:00Z"^^xsd:dateTime`, "<", `"2002-10-10T12:00:01Z"^^xsd:dateTimeStamp`},
		{`"99999999999-01-01"^^xsd:date`, "?", `"2000-01-01"^^xsd:date`},
	} {
		less := func(a, b, parameter string) bool {
			return validate(t, "ex:s sh:targetNode ex:n ; sh:property [ sh:path ex:p ; sh:"+parameter+" ex:q ] .",
				fmt.Sprintf("ex:n ex:p %s ; ex:q %s .", a, b)).Conforms()
		}
		got := "?"
		switch {
		case less(c.a, c.b, "lessThan"):
			got = "<"
		case less(c.b, c.a, "lessThan"):
			got = ">"
		case less(c.a, c.b, "lessThanOrEquals"):
			got = "="
		}
		if got != c.order {
			t.Errorf("%s %s %s, want %s", c.a, got, c.b, c.order)
		}
	}
}

func TestDatatypes(t *testing.T) {
	for datatype, c := range map[string]struct{ valid, invalid []string }{
		"integer":            {[]string{"0", "-12", "+007", strings.Repeat("9", 100)}, []string{"", "1.0", " 1", "1e3", "x"}},
		"byte":               {[]string{"-128", "127"}, []string{"128", "-129"}},
		"unsignedLong":       {[]string{"18446744073709551615", "-0"}, []string{"18446744073709551616", "-1"}},
		"negativeInteger":    {[]string{"-1"}, []string{"0"}},
		"decimal":            {[]string{"1.", ".5", "-0.0"}, []string{".", "1e0", "INF"}},
		"double":             {[]string{"1", "1e3", "-.5E-2", "INF", "-INF", "NaN"}, []string{"e3", "inf", "1e"}},
		"boolean":            {[]string{"true", "0"}, []string{"TRUE", "yes"}},
		"date":               {[]string{"2024-02-29", "-0001-12-31Z", "12024-01-01+14:00"}, []string{"2023-02-29", "2023-13-01", "2023-04-31", "24-01-01", "2023-01-01+15:00"}},
		"dateTime":           {[]string{"2024-02-29T23:59:59.999Z", "2024-01-01T24:00:00"}, []string{"2024-01-01", "2024-01-01T24:00:01", "2024-01-01T12:60:00"}},
		"dateTimeStamp":      {[]string{"2024-01-01T00:00:00Z"}, []string{"2024-01-01T00:00:00"}},
		"time":               {[]string{"00:00:00", "23:59:59.1-05:00"}, []string{"25:00:00", "1:00:00"}},
		"gYear":              {[]string{"2024", "-0001"}, []string{"24", "02024"}},
		"gMonthDay":          {[]string{"--02-29"}, []string{"--02-30", "--2-3"}},
		"duration":           {[]string{"P1Y2M3DT4H5M6.7S", "-PT1S", "P1D"}, []string{"P", "PT", "P1DT", "1D"}},
		"dayTimeDuration":    {[]string{"P1DT2H"}, []string{"P1Y"}},
		"hexBinary":          {[]string{"", "0aFF"}, []string{"0", "0g"}},
		"base64Binary":       {[]string{"", "YQ==", "YWI=", "YWJj", "YW Jj"}, []string{"YQ=", "YR==", "a"}},
		"language":           {[]string{"en", "de-AT-1996"}, []string{"", "e_n", "toolongtag"}},
		"token":              {[]string{"", "a b"}, []string{" a", "a  b", "a\\n"}},
		"NCName":             {[]string{"a-b.c", "_x"}, []string{"a:b", "1a"}},
		"positiveInteger":    {[]string{"1"}, []string{"0", "-1"}},
		"nonNegativeInteger": {[]string{"0", "-0"}, []string{"-1"}},
		"yearMonthDuration":  {[]string{"P1Y", "P2M", "-P1Y2M"}, []string{"P1D", "P"}},
	} {
		for _, group := range []struct {
			want  bool
			forms []string
		}{{true, c.valid}, {false, c.invalid}} {
			for _, form := range group.forms {
				got := validate(t, "ex:s sh:targetNode ex:n ; sh:property [ sh:path ex:p ; sh:datatype xsd:"+datatype+" ] .",
					fmt.Sprintf("ex:n ex:p \"%s\"^^xsd:%s .", form, datatype)).Conforms()
				if got != group.want {
					t.Errorf("%q as xsd:%s: got %v", form, datatype, got)
				}
			}
		}
	}
}

func TestPaths(t *testing.T) {
	data := `ex:a ex:p ex:b . ex:b ex:q ex:c . ex:c ex:q ex:a . ex:d ex:p ex:b ; ex:r ex:d .`
	for _, c := range []struct{ from, path, want string }{
		{"ex:a", "( ex:p ex:q )", "ex:c"},
		{"ex:c", "[ sh:inversePath ( ex:p ex:q ) ]", "ex:a ex:d"},
		{"ex:b", "[ sh:inversePath [ sh:zeroOrMorePath ex:q ] ]", "ex:b"},
		{"ex:a", "[ sh:inversePath [ sh:oneOrMorePath [ sh:alternativePath ( ex:p ex:q ) ] ] ]", "ex:a ex:b ex:c ex:d"},
		{"ex:a", "[ sh:zeroOrMorePath [ sh:alternativePath ( ex:p ex:q ) ] ]", "ex:a ex:b ex:c"},
		{"ex:b", "[ sh:oneOrMorePath ex:q ]", "ex:c ex:a"},
		{"ex:d", "[ sh:oneOrMorePath ex:r ]", "ex:d"},
		{"ex:d", "[ sh:zeroOrOnePath ex:p ]", "ex:d ex:b"},
		{"ex:x", "[ sh:zeroOrOnePath ex:p ]", "ex:x"},
		{"ex:x", "[ sh:oneOrMorePath ex:p ]", ""},
	} {
		// Values are distinct, so that as many as listed are all of them.
		n := len(strings.Fields(c.want))
		report := validate(t, fmt.Sprintf("ex:s sh:targetNode %s ; sh:property [ sh:path %s ; sh:in ( %s ) ; sh:minCount %d ] .",
			c.from, c.path, c.want, n), data)
		if !report.Conforms() {
			t.Errorf("%s from %s: %s", c.path, c.from, report.Results[0].Message())
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, flags, value string
		want                  bool
	}{
		{"b", "", "abc", true}, {"^b", "", "abc", false}, {"^B", "i", "bc", true}, {"a b", "x", "ab", true},
		{"a.c", "q", "abc", false}, {"a.c", "q", "xa.cx", true}, {"a.c", "", "a\\nc", false}, {"a.c", "s", "a\\nc", true},
		{"^c$", "m", "b\\nc", true}, {"^\\\\i\\\\c*$", "", "_a-1", true}, {"^\\\\i\\\\c*$", "", "1a", false}, {"^[\\\\d x]+$", "x", "1 x", true},
	} {
		got := validate(t, fmt.Sprintf("ex:s sh:targetNode ex:n ; sh:property [ sh:path ex:p ; sh:pattern \"%s\" ; sh:flags \"%s\" ] .", c.pattern, c.flags),
			fmt.Sprintf("ex:n ex:p \"%s\" .", c.value)).Conforms()
		if got != c.want {
			t.Errorf("%q with %q on %q: got %v", c.pattern, c.flags, c.value, got)
		}
	}
}

// Shapes that share shapes, level upon level, must not cost exponential time.
func TestSharedShapes(t *testing.T) {
	var shapes strings.Builder
	shapes.WriteString("ex:s0 sh:targetNode ex:n .\n")
	const levels = 60
	for i := range levels {
		fmt.Fprintf(&shapes, "ex:s%d sh:and ( ex:s%d ex:s%d ) ; sh:node ex:s%d ; sh:not [ sh:not ex:s%d ] .\n", i, i+1, i+1, i+1, i+1)
		fmt.Fprintf(&shapes, "ex:s%d sh:property [ sh:path ex:self ; sh:node ex:s%d ] .\n", i, i+1)
	}
	for last, want := range map[string]bool{"ex:n": true, "ex:other": false} {
		s, err := shacl.Compile(graph(t, shapes.String()+fmt.Sprintf("ex:s%d sh:hasValue %s .", levels, last)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		report, err := s.Validate(ctx, graph(t, "ex:n ex:self ex:n ."), shacl.Options{})
		cancel()
		if err != nil || report.Conforms() != want {
			t.Errorf("%s: %v, %v", last, report, err)
		}
	}
}

func TestValidateStops(t *testing.T) {
	var data strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&data, "ex:n%d a ex:C .\n", i)
	}
	s, err := shacl.Compile(graph(t, "ex:s sh:targetClass ex:C ; sh:class ex:D ."))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Validate(context.Background(), graph(t, data.String()), shacl.Options{MaxResults: 100})
	if err == nil || !strings.Contains(err.Error(), "more than 100 results") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Validate(ctx, graph(t, data.String()), shacl.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(`ex:s sh:targetClass ex:C ; sh:property [ sh:path ( ex:p [ sh:zeroOrMorePath ex:q ] ) ; sh:minCount 1 ; sh:pattern "a" ] . ex:a a ex:C .`))
	f.Add([]byte(`ex:C a rdfs:Class, sh:NodeShape ; sh:or ( [ sh:class ex:D ] [ sh:not [ sh:minInclusive 3 ] ] ) ; sh:closed true . ex:D a ex:C .`))
	f.Add([]byte(`ex:s sh:targetSubjectsOf ex:p ; sh:property [ sh:path ex:p ; sh:lessThan ex:q ; sh:qualifiedValueShape [ sh:datatype xsd:date ] ; sh:qualifiedMinCount 1 ] . ex:a ex:p "2000-01-01"^^xsd:date ; ex:q 1 .`))
	f.Fuzz(func(t *testing.T, document []byte) {
		g, err := rdf.ReadGraph(context.Background(), strings.NewReader(prologue+string(document)), rdf.Turtle, rdf.Options{MaxDepth: 20})
		if err != nil {
			return
		}
		s, err := shacl.Compile(g)
		if err != nil {
			return
		}
		report, err := s.Validate(context.Background(), g, shacl.Options{MaxResults: 1000})
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := report.WriteText(&b, shacl.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint(report.Conforms())
		if got := report.Graph().Objects(rdf.NewBlank("report0"), rdf.NewIRI(shacl.NS+"conforms")); len(got) != 1 || got[0].Value != want {
			t.Fatalf("the graph says %v, want %s", got, want)
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	s, err := shacl.Compile(graph(b, `ex:s sh:targetClass ex:Person ;
	sh:property [ sh:path ex:name ; sh:minCount 1 ; sh:datatype xsd:string ],
		[ sh:path ex:age ; sh:maxCount 1 ; sh:minInclusive 0 ],
		[ sh:path ex:knows ; sh:class ex:Person ] .`))
	if err != nil {
		b.Fatal(err)
	}
	const people = 10_000
	var data strings.Builder
	for i := range people {
		fmt.Fprintf(&data, "ex:p%d a ex:Person ; ex:name \"P%d\" ; ex:age %d ; ex:knows ex:p%d .\n", i, i, i%90, (i*7)%people)
	}
	g := graph(b, data.String())
	b.ReportAllocs()
	for b.Loop() {
		report, err := s.Validate(context.Background(), g, shacl.Options{})
		if err != nil || !report.Conforms() {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*people)/b.Elapsed().Seconds(), "nodes/s")
}
