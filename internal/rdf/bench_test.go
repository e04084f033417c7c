package rdf_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// people makes a deterministic document of about n triples: people with names,
// ages, e-mail addresses and acquaintances, as prefixed Turtle.
func people(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	b.WriteString("@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n" +
		"@prefix ex: <http://example.org/people/> .\n" +
		"@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n\n")
	count := max(n/8, 1)
	for i := range count {
		fmt.Fprintf(&b, "ex:person%d a foaf:Person ;\n", i)
		fmt.Fprintf(&b, "    foaf:name \"Person %d of the benchmark\"@en ;\n", i)
		fmt.Fprintf(&b, "    foaf:mbox <mailto:person%d@example.org> ;\n", i)
		fmt.Fprintf(&b, "    foaf:age %d ;\n", 18+rnd.IntN(70))
		fmt.Fprintf(&b, "    ex:born \"%d-%02d-%02d\"^^xsd:date ;\n", 1930+rnd.IntN(80), 1+rnd.IntN(12), 1+rnd.IntN(28))
		fmt.Fprintf(&b, "    foaf:knows ex:person%d, ex:person%d, ex:person%d .\n\n",
			rnd.IntN(count), rnd.IntN(count), rnd.IntN(count))
	}
	return b.Bytes()
}

func BenchmarkParse(b *testing.B) {
	const triples = 100_000
	turtle := people(triples)
	documents := []struct {
		format rdf.Format
		data   []byte
	}{{rdf.Turtle, turtle}, {rdf.NTriples, asNTriples(b, turtle)}, {rdf.RDFXML, asRDFXML(b, turtle)}}
	for _, d := range documents {
		b.Run(d.format.String(), func(b *testing.B) {
			b.SetBytes(int64(len(d.data)))
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				err := rdf.Parse(context.Background(), bytes.NewReader(d.data), d.format, rdf.Options{},
					func(rdf.Quad, rdf.Position) error { n++; return nil })
				if err != nil || n < triples*9/10 {
					b.Fatalf("%d triples: %v", n, err)
				}
			}
			b.ReportMetric(float64(b.N*triples)/b.Elapsed().Seconds(), "triples/s")
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	turtle := people(100_000)
	var quads []rdf.Quad
	err := rdf.Parse(context.Background(), bytes.NewReader(turtle), rdf.Turtle, rdf.Options{},
		func(q rdf.Quad, _ rdf.Position) error { quads = append(quads, q); return nil })
	if err != nil {
		b.Fatal(err)
	}
	b.Run("N-Triples", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w := rdf.NewNQuadsWriter(io.Discard)
			for _, q := range quads {
				if err := w.Write(q); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func asNTriples(b *testing.B, turtle []byte) []byte {
	var out bytes.Buffer
	w := rdf.NewNQuadsWriter(&out)
	err := rdf.Parse(context.Background(), bytes.NewReader(turtle), rdf.Turtle, rdf.Options{},
		func(q rdf.Quad, _ rdf.Position) error { return w.Write(q) })
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// asRDFXML writes the generator's triples as RDF/XML, one property an element.
func asRDFXML(b *testing.B, turtle []byte) []byte {
	var out bytes.Buffer
	out.WriteString(`<rdf:RDF xmlns:rdf="` + rdf.RDFNS + `" xmlns:foaf="http://xmlns.com/foaf/0.1/" ` +
		`xmlns:ex="http://example.org/people/">` + "\n")
	var subject rdf.Term
	names := map[string]string{
		rdf.RDFType: "rdf:type", "http://example.org/people/born": "ex:born",
	}
	for _, local := range []string{"name", "mbox", "age", "knows"} {
		names["http://xmlns.com/foaf/0.1/"+local] = "foaf:" + local
	}
	err := rdf.Parse(context.Background(), bytes.NewReader(turtle), rdf.Turtle, rdf.Options{},
		func(q rdf.Quad, _ rdf.Position) error {
			if q.Subject != subject {
				if !subject.IsZero() {
					out.WriteString("</rdf:Description>\n")
				}
				subject = q.Subject
				fmt.Fprintf(&out, "<rdf:Description rdf:about=%q>\n", subject.Value)
			}
			switch name := names[q.Predicate.Value]; {
			case q.Object.Kind == rdf.IRI:
				fmt.Fprintf(&out, "  <%s rdf:resource=%q/>\n", name, q.Object.Value)
			case q.Object.Lang != "":
				fmt.Fprintf(&out, "  <%s xml:lang=%q>%s</%s>\n", name, q.Object.Lang, q.Object.Value, name)
			default:
				fmt.Fprintf(&out, "  <%s rdf:datatype=%q>%s</%s>\n", name, q.Object.Datatype, q.Object.Value, name)
			}
			return nil
		})
	if err != nil {
		b.Fatal(err)
	}
	out.WriteString("</rdf:Description>\n</rdf:RDF>\n")
	return out.Bytes()
}
