package rdf_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sixtyhq/sixty/internal/rdf"
)

func TestParseErrors(t *testing.T) {
	const ex = "@prefix ex: <http://example.org/> .\n"
	for _, c := range []struct {
		name, document string
		format         rdf.Format
		want           string // of the error
		snippet        string
	}{
		{"undeclared prefix", ex + "ex:a ex:b foo:c .", rdf.Turtle,
			`f:2:11: the prefix "foo:" is not declared`, "ex:a ex:b foo:c ."},
		{"missing dot", ex + "ex:a ex:b ex:c\nex:d ex:e ex:f .", rdf.Turtle,
			`f:3:1: expected '.' after the triples, found "e"`, "ex:d ex:e ex:f ."},
		{"relative without base", "<a> <b> <c> .", rdf.Turtle,
			"f:1:1: the IRI <a> is relative and there is no base IRI", "<a> <b> <c> ."},
		{"open string", ex + "ex:a ex:b \"c .\n", rdf.Turtle,
			`f:2:11: the string does not end on its line: "\"" is missing`, `ex:a ex:b "c .`},
		{"open long string", ex + "ex:a ex:b \"\"\"c\nd\ne .", rdf.Turtle,
			`f:2:11: the string does not end: three times "\"" is missing`, `ex:a ex:b """c`},
		{"escape in long string", ex + "ex:a ex:b '''c\nd \\x .''' .", rdf.Turtle,
			`f:3:3: the string has an unknown escape`, `d \x .''' .`},
		{"after long string", ex + "ex:a ex:b '''c\nd''' ex:e .", rdf.Turtle,
			`f:3:6: expected '.' after the triples, found "e"`, "d''' ex:e ."},
		{"space in IRI", "<http://e/a b> <http://e/p> 1 .", rdf.Turtle,
			`f:1:12: " " is not allowed in an IRI`, "<http://e/a b> <http://e/p> 1 ."},
		{"escaped space in IRI", `<http://e/\u0020> <http://e/p> 1 .`, rdf.Turtle,
			`f:1:11: the character U+0020 is not allowed in an IRI`, `<http://e/\u0020> <http://e/p> 1 .`},
		{"not UTF-8", ex + "ex:a ex:b \"\xff\" .", rdf.Turtle,
			`f:2:11: the string is not valid UTF-8`, "ex:a ex:b \"\ufffd\" ."},
		{"label not UTF-8", "_:\xff <a:p> 1 .", rdf.Turtle,
			`f:1:3: a blank node's label does not begin with byte 0xff, which is not UTF-8`, ""},
		{"label not UTF-8 inside", "_:a\xff <a:p> 1 .", rdf.NTriples,
			`f:1:4: expected a predicate in < and >, found byte 0xff, which is not UTF-8`, ""},
		{"name not UTF-8", ex + "ex:\xff ex:b 1 .", rdf.Turtle,
			`f:2:4: a local name does not begin with byte 0xff, which is not UTF-8`, ""},
		{"prefix not UTF-8", "@prefix \xff: <a:> .", rdf.Turtle,
			`f:1:9: expected a name, found byte 0xff, which is not UTF-8`, ""},
		{"end in list", ex + "ex:a ex:b ( 1 2", rdf.Turtle,
			`f:2:16: the collection does not end: ')' is missing`, "ex:a ex:b ( 1 2"},
		{"word", ex + "ex:a ex:b yes .", rdf.Turtle,
			`f:2:11: expected an object, found the word "yes"`, "ex:a ex:b yes ."},
		{"NUL", ex + "\x00", rdf.Turtle, `f:2:1: expected a subject, found control character U+0000`, "\x00"},
		{"graph in Turtle", ex + "ex:g { ex:a ex:b ex:c }", rdf.Turtle,
			`f:2:6: expected a predicate, found "{"`, "ex:g { ex:a ex:b ex:c }"},
		{"open graph", ex + "ex:g { ex:a ex:b ex:c", rdf.TriG,
			`f:2:22: expected '.' or '}' after the triples, found the end of the document`, "ex:g { ex:a ex:b ex:c"},
		{"two on a line", "<a:a> <a:b> <a:c> . <a:a> <a:b> <a:c> .", rdf.NTriples,
			`f:1:21: expected the end of the line after '.', found "<"`, "<a:a> <a:b> <a:c> . <a:a> <a:b> <a:c> ."},
		{"literal graph", "<a:a> <a:b> <a:c> \"g\" .", rdf.NQuads,
			`f:1:19: expected a graph's name or '.', found "\""`, `<a:a> <a:b> <a:c> "g" .`},
		{"XML undeclared prefix", "<rdf:RDF\n/>", rdf.RDFXML,
			`f:1:1: the namespace prefix "rdf" is not declared`, ""},
		{"XML tags cross", "<a xmlns='b:'><c>\n</a>", rdf.RDFXML,
			`f:2:3: </a> ends an element that is not the one that is open`, "</a>"},
		{"XML text outside", "<a xmlns='b:'/>\nx\n\n", rdf.RDFXML,
			`f:2:1: text outside of the root element`, "x"},
		{"XML text", "<d:a xmlns:d='d:'>\n <d:b>\n  <d:c/> x</d:b></d:a>", rdf.RDFXML,
			`f:3:9: text is not allowed beside the node in a property`, "  <d:c/> x</d:b></d:a>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, chunked := range []bool{false, true} {
				var r io.Reader = strings.NewReader(c.document)
				if chunked {
					r = iotest.OneByteReader(r)
				}
				err := rdf.Parse(context.Background(), r, c.format, rdf.Options{File: "f"}, ignore)
				var pe *rdf.ParseError
				if !errors.As(err, &pe) {
					t.Fatalf("got %v", err)
				}
				if !strings.HasPrefix(pe.Error(), c.want) {
					t.Errorf("got  %s\nwant %s", pe, c.want)
				}
				if !chunked && c.snippet != "" && pe.Snippet != c.snippet {
					t.Errorf("got snippet %q, want %q", pe.Snippet, c.snippet)
				}
				if pe.Snippet != "" && pe.SnippetColumn != pe.Column {
					t.Errorf("snippet column %d for column %d", pe.SnippetColumn, pe.Column)
				}
			}
		})
	}
}

func ignore(rdf.Quad, rdf.Position) error { return nil }

func TestParsePositions(t *testing.T) {
	type place struct {
		object string
		at     rdf.Position
	}
	for _, c := range []struct {
		document string
		format   rdf.Format
		want     []place
	}{
		{"@prefix e: <e:> .\n\ne:s\n  e:p \"\"\"a\nb\"\"\", [ # c\n    e:q 2\n  ] ;\n  e:r (\n 3\n 4 ) .", rdf.Turtle, []place{
			{"a\nb", rdf.Position{Line: 4, Column: 7, SubjectLine: 3}},
			{"2", rdf.Position{Line: 6, Column: 9, SubjectLine: 5}},
			{"anon0", rdf.Position{Line: 5, Column: 7, SubjectLine: 3}},
			{"3", rdf.Position{Line: 9, Column: 2, SubjectLine: 3}},
			{"anon2", rdf.Position{Line: 10, Column: 2, SubjectLine: 3}},
			{"4", rdf.Position{Line: 10, Column: 2, SubjectLine: 3}},
			{rdf.RDFNil, rdf.Position{Line: 10, Column: 2, SubjectLine: 3}},
			{"anon1", rdf.Position{Line: 8, Column: 7, SubjectLine: 3}},
		}},
		{"# c\n<a:s> <a:p> \"1\" .\n<a:s> <a:p> <a:o> <a:g> .", rdf.NQuads, []place{
			{"1", rdf.Position{Line: 2, Column: 13, SubjectLine: 2}},
			{"a:o", rdf.Position{Line: 3, Column: 13, SubjectLine: 3}},
		}},
		{"<e:g xmlns:e='e:' xmlns:rdf='" + rdf.RDFNS + "' rdf:about='e:s'>\n  <e:p>\n 1</e:p>\n <e:q rdf:resource='e:o'/></e:g>", rdf.RDFXML, []place{
			{"e:g", rdf.Position{Line: 1, Column: 1, SubjectLine: 1}},
			{"\n 1", rdf.Position{Line: 2, Column: 3, SubjectLine: 1}},
			{"e:o", rdf.Position{Line: 4, Column: 2, SubjectLine: 1}},
		}},
	} {
		t.Run(c.format.String(), func(t *testing.T) {
			var got []place
			err := rdf.Parse(context.Background(), strings.NewReader(c.document), c.format, rdf.Options{},
				func(q rdf.Quad, at rdf.Position) error {
					got = append(got, place{q.Object.Value, at})
					return nil
				})
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got  %v\nwant %v", got, c.want)
			}
		})
	}
}

// A document must read the same however its bytes arrive.
func TestParseInPieces(t *testing.T) {
	checked := 0
	for _, s := range []struct {
		folder, extension string
		format            rdf.Format
	}{
		{"rdf-turtle", ".ttl", rdf.Turtle}, {"rdf-trig", ".trig", rdf.TriG},
		{"rdf-n-quads", ".nq", rdf.NQuads}, {"rdf-xml/*", ".rdf", rdf.RDFXML},
	} {
		forEachDocument(t, s.folder, s.extension, func(name, document string) {
			opts := rdf.Options{Base: "http://base.example/"}
			want, wantErr := parse(document, s.format, opts)
			var got []rdf.Quad
			gotErr := rdf.Parse(context.Background(), iotest.OneByteReader(strings.NewReader(document)), s.format, opts,
				func(q rdf.Quad, _ rdf.Position) error {
					got = append(got, q)
					return nil
				})
			if lines(got) != lines(want) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Errorf("%s: got %v\n%s\nwant %v\n%s", name, gotErr, lines(got), wantErr, lines(want))
			}
			checked++
		})
	}
	if checked < 800 {
		t.Errorf("only %d documents were checked", checked)
	}
}

// Tokens that cross the end of the window must come out whole, wherever it falls.
func TestParseAcrossWindows(t *testing.T) {
	statement := "ex:sü%41\\-b ex:p \"\"\"x\\u00e9é\n\"\"\"@en-GB, -1.5e+3, _:b.c, <http://e/\\u00e9é>, 'a\\'b'^^ex:t .\n"
	want := mustParse(t, "@prefix ex: <http://e/> .\n"+statement, rdf.Turtle, rdf.Options{})
	for pad := range len(statement) {
		document := "@prefix ex: <http://e/> .\n#" + strings.Repeat("x", 64<<10-30-pad) + "\n" + statement
		if got := mustParse(t, document, rdf.Turtle, rdf.Options{}); lines(got) != lines(want) {
			t.Fatalf("pad %d: got\n%s\nwant\n%s", pad, lines(got), lines(want))
		}
	}
}

func TestParseLimits(t *testing.T) {
	deep := func(open, inner, shut string, n int) string {
		return "<a:s> <a:p> " + strings.Repeat(open, n) + inner + strings.Repeat(shut, n) + " ."
	}
	xml := func(n int) string {
		return "<a:r xmlns:a='a:'>" + strings.Repeat("<a:p><a:n>", n) + strings.Repeat("</a:n></a:p>", n) + "</a:r>"
	}
	big := strings.Repeat("x", 200_000)
	for _, c := range []struct {
		name, document string
		format         rdf.Format
		opts           rdf.Options
		want           string
	}{
		{"lists", deep("(", "1", ")", 100_000), rdf.Turtle, rdf.Options{}, "deeper than the limit of 512"},
		{"blank nodes", deep("[<a:p>", "1", "]", 100_000), rdf.TriG, rdf.Options{}, "deeper than the limit of 512"},
		{"lists by option", deep("(", "1", ")", 4), rdf.Turtle, rdf.Options{MaxDepth: 3}, "deeper than the limit of 3"},
		{"lists within", deep("(", "1", ")", 3), rdf.Turtle, rdf.Options{MaxDepth: 3}, ""},
		{"side by side", "<a:s> <a:p> [], [], (()), (), [ <a:p> (), [] ], [ <a:p> [] ] .", rdf.Turtle, rdf.Options{MaxDepth: 2}, ""},
		{"elements", xml(100_000), rdf.RDFXML, rdf.Options{}, "deeper than the limit of 512"},
		{"literal", `<a:s> <a:p> "` + big + `" .`, rdf.Turtle, rdf.Options{MaxTermBytes: 100_000}, "longer than the limit of 100000"},
		{"small literal", `<a:s> <a:p> "123456" .`, rdf.Turtle, rdf.Options{MaxTermBytes: 5}, "longer than the limit of 5"},
		{"literal within", `<a:s> <a:p> "` + big + `" .`, rdf.Turtle, rdf.Options{MaxTermBytes: 200_000}, ""},
		{"long literal", `<a:s> <a:p> """` + big + `""" .`, rdf.Turtle, rdf.Options{MaxTermBytes: 100_000}, "longer than the limit of 100000"},
		{"IRI", `<a:s> <a:p> <a:` + big + `> .`, rdf.NTriples, rdf.Options{MaxTermBytes: 100_000}, "longer than the limit of 100000"},
		{"prefixed name", "@prefix p: <a:123> . p:456 p:7 p:8 .", rdf.Turtle, rdf.Options{MaxTermBytes: 7}, "longer than the limit of 7"},
		{"label", `_:` + big + ` <a:p> <a:o> .`, rdf.NTriples, rdf.Options{MaxTermBytes: 100_000}, "longer than the limit of 100000"},
		{"XML text", "<a:r xmlns:a='a:'><a:p>" + big + "</a:p></a:r>", rdf.RDFXML, rdf.Options{MaxTermBytes: 100_000}, "longer than the limit of 100000"},
		{"XML text in parts", "<a:r xmlns:a='a:'><a:p>" + strings.Repeat("xxxxxxxxx<!---->", 100) + "</a:p></a:r>", rdf.RDFXML, rdf.Options{MaxTermBytes: 500}, "longer than the limit of 500"},
		{"XML attribute", "<a:r xmlns:a='a:' a:p='" + big + "'/>", rdf.RDFXML, rdf.Options{MaxTermBytes: 100_000}, "longer than the limit of 100000"},
		{"elements side by side", "<a:r xmlns:a='a:'><a:p/><a:p/><a:p/><a:p><a:q/></a:p></a:r>", rdf.RDFXML, rdf.Options{MaxDepth: 3}, ""},
		{"comment is no term", "#" + big + "\n<a:s> <a:p> 1 .", rdf.Turtle, rdf.Options{MaxTermBytes: 100}, ""},
		{"space is no term", strings.Repeat(" \n", 200_000) + "<a:s> <a:p> 1 .", rdf.Turtle, rdf.Options{MaxTermBytes: 100}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse(c.document, c.format, c.opts)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestParseStops(t *testing.T) {
	document := strings.Repeat("<a:s> <a:p> <a:o> .\n", 100_000)
	t.Run("emit", func(t *testing.T) {
		n, stop := 0, errors.New("enough")
		err := rdf.Parse(context.Background(), strings.NewReader(document), rdf.NTriples, rdf.Options{},
			func(rdf.Quad, rdf.Position) error {
				if n++; n == 3 {
					return stop
				}
				return nil
			})
		if !errors.Is(err, stop) || n != 3 {
			t.Errorf("got %v after %d", err, n)
		}
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		err := rdf.Parse(ctx, strings.NewReader(document), rdf.Turtle, rdf.Options{},
			func(rdf.Quad, rdf.Position) error {
				if n++; n == 3 {
					cancel()
				}
				return nil
			})
		if !errors.Is(err, context.Canceled) || n > 50_000 {
			t.Errorf("got %v after %d", err, n)
		}
	})
	t.Run("reader", func(t *testing.T) {
		broken := errors.New("the cable is cut")
		for _, format := range []rdf.Format{rdf.Turtle, rdf.NTriples, rdf.RDFXML, rdf.JSONLD} {
			r := io.MultiReader(strings.NewReader("<a"), iotest.ErrReader(broken))
			err := rdf.Parse(context.Background(), r, format, rdf.Options{File: "f"}, ignore)
			var pe *rdf.ParseError
			if !errors.Is(err, broken) || errors.As(err, &pe) {
				t.Errorf("%s: got %v", format, err)
			}
		}
	})
}

func TestBlankNodeLabels(t *testing.T) {
	document := "_:a <a:p> [] . _:anon0 <a:p> _:anon . _:anon_x <a:p> 'x' ."
	for prefix, want := range map[string]string{
		"": "_:a <a:p> _:anon0 .\n_:anon_anon0 <a:p> _:anon_anon .\n_:anon_anon_x <a:p> \"x\" .\n",
		"d1-": "_:d1-a <a:p> _:d1-anon0 .\n_:d1-anon_anon0 <a:p> _:d1-anon_anon .\n" +
			"_:d1-anon_anon_x <a:p> \"x\" .\n",
	} {
		if got := lines(mustParse(t, document, rdf.Turtle, rdf.Options{BlankPrefix: prefix})); got != want {
			t.Errorf("prefix %q: got\n%s\nwant\n%s", prefix, got, want)
		}
	}
}

// The edges of PN_CHARS_BASE and PN_CHARS (Turtle 1.1, rules 163 and 166).
func TestNameCharacters(t *testing.T) {
	for r, want := range map[rune]struct{ start, inside bool }{
		'_': {true, true}, '-': {false, true}, '\u00b6': {false, false}, '\u00b7': {false, true}, '\u00bf': {false, false},
		'\u00c0': {true, true}, '\u00d7': {false, false}, '\u00f7': {false, false}, '\u02ff': {true, true},
		'\u0300': {false, true}, '\u036f': {false, true}, '\u0370': {true, true}, '\u037e': {false, false},
		'\u1fff': {true, true}, '\u2000': {false, false}, '\u200c': {true, true}, '\u200e': {false, false},
		'\u203f': {false, true}, '\u2070': {true, true}, '\u2190': {false, false}, '\u2c00': {true, true},
		'\u2ff0': {false, false}, '\u3001': {true, true}, '\ud7ff': {true, true}, '\ue000': {false, false},
		'\uf900': {true, true}, '\ufdd0': {false, false}, '\ufdf0': {true, true}, '\ufffd': {true, true},
		'\ufffe': {false, false}, '\U00010000': {true, true}, '\U000effff': {true, true}, '\U000f0000': {false, false},
	} {
		_, err := parse("_:"+string(r)+" <a:p> 1 .", rdf.Turtle, rdf.Options{})
		if (err == nil) != want.start {
			t.Errorf("U+%04X at the start: %v", r, err)
		}
		_, err = parse("_:a"+string(r)+"b <a:p> 1 .", rdf.Turtle, rdf.Options{})
		if (err == nil) != want.inside {
			t.Errorf("U+%04X inside: %v", r, err)
		}
	}
}

func TestByteOrderMark(t *testing.T) {
	for _, format := range []rdf.Format{rdf.Turtle, rdf.NTriples, rdf.TriG} {
		if got := mustParse(t, "\ufeff<a:s> <a:p> <a:o> .", format, rdf.Options{}); len(got) != 1 {
			t.Errorf("%s: got %d quads", format, len(got))
		}
	}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		format          rdf.Format
		file, mediaType string
	}{
		{rdf.Turtle, "a/B.TTL", "text/turtle; charset=utf-8"},
		{rdf.NTriples, "x.nt", "application/n-triples"},
		{rdf.NQuads, "x.nq", "Application/N-Quads"},
		{rdf.TriG, "x.y.trig", "application/trig"},
		{rdf.RDFXML, "x.owl", "application/rdf+xml"},
		{rdf.JSONLD, "x.jsonld", `application/ld+json; profile="http://www.w3.org/ns/json-ld#expanded"`},
	} {
		if f, ok := rdf.FormatByExtension(c.file); !ok || f != c.format {
			t.Errorf("%s: got %v", c.file, f)
		}
		if f, ok := rdf.FormatByMediaType(c.mediaType); !ok || f != c.format {
			t.Errorf("%s: got %v", c.mediaType, f)
		}
		if f, ok := rdf.FormatByMediaType(c.format.MediaType()); !ok || f != c.format {
			t.Errorf("%s: its media type gives %v", c.format, f)
		}
	}
	if f, ok := rdf.FormatByExtension("noext"); ok {
		t.Errorf("a file without extension is %v", f)
	}
	if f, ok := rdf.FormatByMediaType("text/html"); ok {
		t.Errorf("HTML is %v", f)
	}
}

func TestStreamingHoldsLittle(t *testing.T) {
	// 8 MiB of statements through a window that must stay small.
	line := []byte("<http://example.org/subject> <http://example.org/predicate> \"object\" .\n")
	n := 8 << 20 / len(line)
	got := 0
	allocs := testing.AllocsPerRun(1, func() {
		got = 0
		r := &repeat{line: line, left: n}
		if err := rdf.Parse(context.Background(), r, rdf.NTriples, rdf.Options{}, func(rdf.Quad, rdf.Position) error {
			got++
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
	if got != n || allocs > 1000 {
		t.Errorf("%d of %d quads with %.0f allocations", got, n, allocs)
	}
}

// repeat reads a line several times over.
type repeat struct {
	line []byte
	left int
	rest []byte
}

func (r *repeat) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		r.left--
		r.rest = r.line
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
