package rdf_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// w3cDir gives the folder with the W3C test suites. Its absence is a failure
// where CI is set.
func w3cDir(t *testing.T) string {
	dir := os.Getenv("W3C_RDF_TESTS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "w3c")
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the W3C tests are missing: %v", err)
		}
		t.Skipf("the W3C tests are missing: %v", err)
	}
	return dir
}

const (
	mf   = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
	rdft = "http://www.w3.org/ns/rdftest#"
)

// suite is one folder of the RDF 1.1 tests.
type suite struct {
	folder string
	total  int
	format rdf.Format
	result rdf.Format // of the files that evaluation tests compare with
}

func TestW3C(t *testing.T) {
	root := w3cDir(t)
	for _, s := range []suite{
		{"rdf-turtle", 313, rdf.Turtle, rdf.NTriples},
		{"rdf-n-triples", 70, rdf.NTriples, 0},
		{"rdf-n-quads", 87, rdf.NQuads, 0},
		{"rdf-trig", 356, rdf.TriG, rdf.NQuads},
		{"rdf-xml", 166, rdf.RDFXML, rdf.NTriples},
	} {
		t.Run(s.folder, func(t *testing.T) {
			s.run(t, filepath.Join(root, "rdf", "rdf11", s.folder))
		})
	}
}

func (s suite) run(t *testing.T, dir string) {
	manifest, base := readManifest(t, filepath.Join(dir, "manifest.ttl"), s.folder)
	entries, ok := manifest.List(manifest.Object(rdf.NewIRI(base), rdf.NewIRI(mf+"entries")))
	if !ok {
		t.Fatal("mf:entries is not a list")
	}
	passed := 0
	for _, entry := range entries {
		name := manifest.Object(entry, rdf.NewIRI(mf+"name")).Value
		if t.Run(name, func(t *testing.T) { s.runEntry(t, manifest, entry, base, dir) }) {
			passed++
		}
	}
	t.Logf("%s: %d of %d passed", s.folder, passed, len(entries))
	if passed != s.total || len(entries) != s.total {
		t.Errorf("%s: %d of %d passed, want %d of %d", s.folder, passed, len(entries), s.total, s.total)
	}
}

// readManifest gives a manifest and the IRI it was read with, which is
// mf:assumedTestBase followed by the file's name where the manifest has one.
func readManifest(t *testing.T, file, folder string) (manifest *rdf.Graph, base string) {
	read := func(base string) *rdf.Graph {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		g, err := rdf.ReadGraph(t.Context(), f, rdf.Turtle, rdf.Options{Base: base, File: file})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	base = "https://w3c.github.io/rdf-tests/rdf/rdf11/" + folder + "/manifest.ttl"
	manifest = read(base)
	assumed := manifest.Object(rdf.NewIRI(base), rdf.NewIRI(mf+"assumedTestBase"))
	if assumed.IsZero() {
		return manifest, base
	}
	base = assumed.Value + "manifest.ttl"
	return read(base), base
}

func (s suite) runEntry(t *testing.T, manifest *rdf.Graph, entry rdf.Term, base, dir string) {
	folder := strings.TrimSuffix(base, "manifest.ttl")
	action := manifest.Object(entry, rdf.NewIRI(mf+"action")).Value
	path := func(iri string) string {
		rel, ok := strings.CutPrefix(iri, folder)
		if !ok {
			t.Fatalf("<%s> is not under <%s>", iri, folder)
		}
		return filepath.Join(dir, filepath.FromSlash(rel))
	}
	got, err := parseFile(t, path(action), s.format, action)

	kind := strings.TrimPrefix(manifest.Object(entry, rdf.NewIRI(rdf.RDFType)).Value, rdft)
	switch {
	case strings.HasSuffix(kind, "NegativeSyntax"), strings.HasSuffix(kind, "NegativeEval"):
		var pe *rdf.ParseError
		if err == nil {
			t.Errorf("%s was read without an error", action)
		} else if !errors.As(err, &pe) || pe.Line == 0 {
			t.Errorf("the error has no place: %v", err)
		}
	case strings.HasSuffix(kind, "PositiveSyntax"):
		if err != nil {
			t.Error(err)
		}
	case strings.HasSuffix(kind, "Eval"):
		if err != nil {
			t.Fatal(err)
		}
		result := manifest.Object(entry, rdf.NewIRI(mf+"result")).Value
		want, err := parseFile(t, path(result), s.result, result)
		if err != nil {
			t.Fatal(err)
		}
		if !rdf.Isomorphic(got, want) {
			t.Errorf("%s is not what was expected\ngot:\n%s\nwant:\n%s", action, lines(got), lines(want))
		}
	default:
		t.Errorf("unknown kind of test %q", kind)
	}
}

func parseFile(t *testing.T, file string, format rdf.Format, base string) ([]rdf.Quad, error) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var quads []rdf.Quad
	err = rdf.Parse(context.Background(), f, format, rdf.Options{Base: base, File: file},
		func(q rdf.Quad, _ rdf.Position) error {
			quads = append(quads, q)
			return nil
		})
	return quads, err
}

func lines(quads []rdf.Quad) string {
	var b strings.Builder
	for _, q := range quads {
		b.WriteString(q.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// forEachDocument calls f with each file of a suite's folder.
func forEachDocument(t *testing.T, folder, extension string, f func(name, document string)) {
	files, err := filepath.Glob(filepath.Join(w3cDir(t), "rdf", "rdf11", folder, "*"+extension))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f(filepath.Base(file), string(data))
	}
}
