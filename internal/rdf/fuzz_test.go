package rdf_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// fuzzFormat checks that a parser neither panics nor gives what N-Quads cannot
// carry: each document that reads must read back the same from N-Quads.
func fuzzFormat(f *testing.F, format rdf.Format, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		opts := rdf.Options{Base: "http://base.example/", MaxDepth: 20, MaxTermBytes: 4096, MaxDocumentBytes: 64 << 10}
		var quads []rdf.Quad
		var written bytes.Buffer
		w := rdf.NewNQuadsWriter(&written)
		err := rdf.Parse(context.Background(), bytes.NewReader(document), format, opts,
			func(q rdf.Quad, _ rdf.Position) error {
				quads = append(quads, q)
				return w.Write(q)
			})
		var pe *rdf.ParseError
		if err != nil {
			if !errors.As(err, &pe) {
				t.Fatalf("not a ParseError: %v", err)
			}
			return
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		i := 0
		err = rdf.Parse(context.Background(), &written, rdf.NQuads, rdf.Options{}, func(q rdf.Quad, _ rdf.Position) error {
			// Only generated labels may change.
			if q.Predicate != quads[i].Predicate || q.Object.Kind != quads[i].Object.Kind ||
				q.Object.Kind != rdf.BlankNode && q.Object != quads[i].Object {
				t.Fatalf("wrote %s, read %s", quads[i], q)
			}
			i++
			return nil
		})
		if err != nil || i != len(quads) {
			t.Fatalf("%d of %d quads read back: %v", i, len(quads), err)
		}
	})
}

func FuzzTurtle(f *testing.F) {
	fuzzFormat(f, rdf.Turtle,
		"@prefix e: <http://e/> .\ne:s a e:T ; e:p 1, 2.0, -3e4, true, 'x'@en, \"\"\"y\nz\"\"\"^^e:d ; .",
		"@base <http://e/> . <a> <b> ( [ <c> <../d> ] () [] ) . # comment",
		"PREFIX : <#>\n:a\\-b :%41 _:x.y .",
		"<\\u0061:s> <a:p> '\\t\\u00e9\\U0001F600' .")
}

func FuzzTriG(f *testing.F) {
	fuzzFormat(f, rdf.TriG,
		"@prefix e: <http://e/> . { e:a e:b e:c } GRAPH e:g { e:a e:b e:c . } _:g { [] e:p (1) } [] { }",
		"<a:s> <a:p> <a:o> . [ <a:p> 1 ] .")
}

func FuzzNQuads(f *testing.F) {
	fuzzFormat(f, rdf.NQuads,
		"<a:s> <a:p> \"x\\n\"@en-GB <a:g> . # c\n_:a <a:p> \"1\"^^<a:t> .\n\n",
		"<a:s><a:p>_:b.")
}

func FuzzNTriples(f *testing.F) {
	fuzzFormat(f, rdf.NTriples, "<a:s> <a:p> \"x\\u00e9\" .\r\n", "_:a.b <a:p> <a:o>.")
}

func FuzzRDFXML(f *testing.F) {
	const open = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/" xml:base="http://b/">`
	fuzzFormat(f, rdf.RDFXML,
		open+`<e:T rdf:about="s" e:q="v"><e:p rdf:ID="i" xml:lang="en">x</e:p><rdf:li rdf:resource="o"/></e:T></rdf:RDF>`,
		open+`<rdf:Description><e:p rdf:parseType="Literal"><b xmlns="n:" c="d">x</b><!--c--></e:p>`+
			`<e:q rdf:parseType="Collection"><rdf:Description rdf:nodeID="n"/></e:q>`+
			`<e:r rdf:parseType="Resource"><e:s rdf:datatype="t">1</e:s></e:r></rdf:Description></rdf:RDF>`,
		`<!DOCTYPE x [<!ENTITY e "http://e/">]><e:T xmlns:e="&e;"/>`,
		"<\x000", // UTF-16 that ends within a unit
		open+`<e:T xml:lang="en_GB" e:p="x"/></rdf:RDF>`)
}

func FuzzJSONLD(f *testing.F) {
	fuzzFormat(f, rdf.JSONLD,
		`{"@context": {"@vocab": "http://e/", "k": {"@type": "@id", "@container": "@list"}}, "@id": "s", "k": ["a", "b"], "n": 1.5}`,
		`[{"@id": "http://g", "@graph": [{"@type": "http://t", "http://p": {"@value": "x", "@language": "en"}}]}]`,
		`{"http://p": 6E666}`,
		`[{"http://p": {"@type": "%", "@value": "x"}}]`)
}
