package rdf_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
)

func TestWriteTurtle(t *testing.T) {
	document := `@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
ex:s ex:list ( 1 2.5 "three" [ ex:in "side" ] ) ; a ex:Thing ; ex:text "two\nlines \"quoted\"" ;
  ex:n -7, 1.0e3, true, "01x"^^<http://www.w3.org/2001/XMLSchema#integer>, "5."^^<http://www.w3.org/2001/XMLSchema#decimal> ;
  ex:lang "hallo"@de-AT ; ex:empty () ; ex:anon [] ; ex:shared _:x ; ex:dot <http://example.org/a.> , <http://example.org/a.b>, <http://example.org/-c> .
ex:t ex:shared _:x .
_:x ex:p 1 .
_:loop ex:next [ ex:next _:loop ] .
`
	want := `@prefix ex: <http://example.org/> .

ex:s a ex:Thing ;
    ex:list ( 1 2.5 "three" [
        ex:in "side"
    ] ) ;
    ex:text """two
lines \"quoted\"""" ;
    ex:n -7, 1.0e3, true, "01x"^^<http://www.w3.org/2001/XMLSchema#integer>, "5."^^<http://www.w3.org/2001/XMLSchema#decimal> ;
    ex:lang "hallo"@de-AT ;
    ex:empty <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> ;
    ex:anon [] ;
    ex:shared _:x ;
    ex:dot <http://example.org/a.>, ex:a.b, <http://example.org/-c> .

ex:t ex:shared _:x .

_:x ex:p 1 .

_:loop ex:next _:anon_anon0 .

_:anon_anon0 ex:next _:loop .
`
	// The written label of the loop's second node must not meet generated ones.
	document = strings.Replace(document, "[ ex:next _:loop ]", "_:anon0 . _:anon0 ex:next _:loop", 1)
	g, err := rdf.ReadGraph(t.Context(), strings.NewReader(document), rdf.Turtle, rdf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = rdf.WriteTurtle(&b, g, map[string]string{"ex": "http://example.org/", "sh": "http://www.w3.org/ns/shacl#"})
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
	if !rdf.Isomorphic(mustParse(t, document, rdf.Turtle, rdf.Options{}), mustParse(t, b.String(), rdf.Turtle, rdf.Options{})) {
		t.Errorf("reads back as something else:\n%s", b.String())
	}
}

// Long lists and deep nesting must read back under the default limits.
func TestWriteTurtleDeep(t *testing.T) {
	var b strings.Builder
	b.WriteString("<http://e/s> <http://e/list> (")
	for i := range 600 {
		fmt.Fprintf(&b, " %d", i)
	}
	b.WriteString(" ) .\n")
	for i := range 100 {
		fmt.Fprintf(&b, "_:n%d <http://e/p> _:n%d .\n", i, i+1)
	}
	b.WriteString("_:n100 <http://e/p> _:n100 .\n")
	want := mustParse(t, b.String(), rdf.Turtle, rdf.Options{})
	g := &rdf.Graph{}
	for _, q := range want {
		g.Add(q.Triple, rdf.Position{})
	}
	var out bytes.Buffer
	if err := rdf.WriteTurtle(&out, g, nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "( 0 1 2 ") || strings.Contains(out.String(), "rest>") {
		t.Errorf("the list is not written as one:\n%.300s", out.String())
	}
	if got := mustParse(t, out.String(), rdf.Turtle, rdf.Options{}); !rdf.Isomorphic(got, want) {
		t.Errorf("reads back as something else:\n%.500s", out.String())
	}
}

// Lists that share nodes, or have more to them, are not collections.
func TestWriteTurtleOddLists(t *testing.T) {
	for _, document := range []string{
		"<a:s> <a:p> _:l . _:l r:first 1 ; r:rest _:m . _:m r:first 2 ; r:rest r:nil . <a:t> <a:p> _:m .",
		"<a:s> <a:p> _:l . _:l r:first 1 ; r:rest ( 2 ) ; <a:q> 3 .",
		"<a:s> <a:p> _:l . _:l r:first 1, 2 ; r:rest r:nil .",
		"<a:s> <a:p> _:l . _:l r:first 1 ; r:rest r:nil, ( 2 ) .",
		"<a:s> <a:p> _:l . _:l r:first 1 ; r:rest _:l .",
		"_:l r:first 1 ; r:rest ( 2 3 ) .",
		"<a:s> <a:p> ( ( 1 ) ( ) [ <a:q> ( 2 ) ] ) .",
	} {
		want := mustParse(t, "@prefix r: <"+rdf.RDFNS+"> .\n"+document, rdf.Turtle, rdf.Options{})
		g := &rdf.Graph{}
		for _, q := range want {
			g.Add(q.Triple, rdf.Position{})
		}
		var b bytes.Buffer
		if err := rdf.WriteTurtle(&b, g, nil); err != nil {
			t.Fatal(err)
		}
		if got, err := parse(b.String(), rdf.Turtle, rdf.Options{}); err != nil || !rdf.Isomorphic(got, want) {
			t.Errorf("%s\nis written as\n%s%v", document, b.String(), err)
		}
	}
}

// Every W3C Turtle document reads back as itself from each writer.
func TestWritersRoundTrip(t *testing.T) {
	checked := 0
	forEachDocument(t, "rdf-turtle", ".ttl", func(name, document string) {
		quads, err := parse(document, rdf.Turtle, rdf.Options{Base: "http://base.example/"})
		if err != nil {
			return
		}
		checked++
		g := &rdf.Graph{}
		var nt, stream, pretty bytes.Buffer
		nw, tw := rdf.NewNQuadsWriter(&nt), rdf.NewTurtleWriter(&stream, prefixes)
		for _, q := range quads {
			g.Add(q.Triple, rdf.Position{})
			if err := nw.Write(q); err != nil {
				t.Fatal(err)
			}
			if err := tw.Write(q.Triple); err != nil {
				t.Fatal(err)
			}
		}
		if err := nw.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := tw.Close(); err != nil {
			t.Fatal(err)
		}
		if err := rdf.WriteTurtle(&pretty, g, prefixes); err != nil {
			t.Fatal(err)
		}
		for _, w := range []struct {
			text   string
			format rdf.Format
		}{{nt.String(), rdf.NTriples}, {stream.String(), rdf.Turtle}, {pretty.String(), rdf.Turtle}} {
			got, err := parse(w.text, w.format, rdf.Options{})
			if err != nil || !rdf.Isomorphic(got, quads) {
				t.Errorf("%s: %v: reads back as something else:\n%s", name, err, w.text)
			}
		}
	})
	if checked < 200 {
		t.Errorf("only %d documents were checked", checked)
	}
}

var prefixes = map[string]string{
	"": "http://example/", "ex": "http://example.org/", "a": "http://a.example/", "xsd": rdf.XSDNS, "rdf": rdf.RDFNS,
}
