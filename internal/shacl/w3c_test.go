package shacl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/shacl"
)

const (
	mf  = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
	sht = "http://www.w3.org/ns/shacl-test#"
	// w3cTests is the number of tests of the SHACL Core suite.
	w3cTests = 98
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

// suite walks manifests and counts.
type suite struct {
	root          string
	total, passed int
}

const base = "http://tests.example/"

func TestW3C(t *testing.T) {
	s := &suite{root: filepath.Join(w3cDir(t), "shacl", "core")}
	s.manifest(t, "manifest.ttl")
	t.Logf("SHACL Core: %d of %d passed", s.passed, s.total)
	if s.passed != w3cTests || s.total != w3cTests {
		t.Errorf("SHACL Core: %d of %d passed, want %d of %d", s.passed, s.total, w3cTests, w3cTests)
	}
}

// manifest runs what a manifest lists and what it includes.
func (s *suite) manifest(t *testing.T, file string) {
	g := s.read(t, file)
	this := rdf.NewIRI(base + file)
	for _, included := range g.Objects(this, rdf.NewIRI(mf+"include")) {
		s.manifest(t, strings.TrimPrefix(included.Value, base))
	}
	list := g.Object(this, rdf.NewIRI(mf+"entries"))
	if list.IsZero() {
		return
	}
	entries, ok := g.List(list)
	if !ok {
		t.Fatalf("%s: mf:entries is not a list", file)
	}
	for _, entry := range entries {
		s.total++
		if t.Run(strings.TrimPrefix(entry.Value, base), func(t *testing.T) { s.test(t, g, entry) }) {
			s.passed++
		}
	}
}

func (s *suite) read(t *testing.T, file string) *rdf.Graph {
	t.Helper()
	f, err := os.Open(filepath.Join(s.root, filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g, err := rdf.ReadGraph(t.Context(), f, rdf.Turtle, rdf.Options{Base: base + file, File: file})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (s *suite) test(t *testing.T, g *rdf.Graph, entry rdf.Term) {
	if kind := g.Object(entry, rdf.NewIRI(rdf.RDFType)); kind.Value != sht+"Validate" {
		t.Fatalf("unknown kind of test %s", kind)
	}
	action := g.Object(entry, rdf.NewIRI(mf+"action"))
	graph := func(property string) *rdf.Graph {
		return s.read(t, strings.TrimPrefix(g.Object(action, rdf.NewIRI(sht+property)).Value, base))
	}
	shapes, err := shacl.Compile(graph("shapesGraph"))
	if err != nil {
		t.Fatal(err)
	}
	report, err := shapes.Validate(t.Context(), graph("dataGraph"), shacl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := report.Graph()
	gotNode := got.Subjects(rdf.NewIRI(rdf.RDFType), rdf.NewIRI(shacl.NS+"ValidationReport"))[0]
	wantNode := g.Object(entry, rdf.NewIRI(mf+"result"))
	messages := hasMessages(g)
	gotQuads, wantQuads := outcome(got, gotNode, messages), outcome(g, wantNode, messages)
	if !rdf.Isomorphic(gotQuads, wantQuads) {
		t.Errorf("got:\n%s\nwant:\n%s", lines(gotQuads), lines(wantQuads))
	}
}

func hasMessages(g *rdf.Graph) bool {
	for range g.Match(rdf.Term{}, rdf.NewIRI(shacl.NS+"resultMessage"), rdf.Term{}) {
		return true
	}
	return false
}

// outcome gives what the suite compares of a report: its results with their
// properties and paths, messages only where any are expected. Blank nodes of
// the data and the shapes, which keep their labels, become IRIs so that they
// must be the same nodes.
func outcome(g *rdf.Graph, report rdf.Term, messages bool) []rdf.Quad {
	var quads []rdf.Quad
	add := func(s rdf.Term, p string, o rdf.Term) {
		quads = append(quads, rdf.Quad{Triple: rdf.Triple{Subject: s, Predicate: rdf.NewIRI(p), Object: o}})
	}
	properties := []string{"focusNode", "value", "sourceShape", "sourceConstraintComponent", "resultSeverity"}
	if messages {
		properties = append(properties, "resultMessage")
	}
	for _, o := range g.Objects(report, rdf.NewIRI(shacl.NS+"conforms")) {
		add(report, "conforms", o)
	}
	for _, result := range g.Objects(report, rdf.NewIRI(shacl.NS+"result")) {
		add(report, "result", result)
		for _, p := range properties {
			for _, o := range g.Objects(result, rdf.NewIRI(shacl.NS+p)) {
				if o.Kind == rdf.BlankNode {
					o = rdf.NewIRI("node:" + o.Value)
				}
				add(result, p, o)
			}
		}
		for _, path := range g.Objects(result, rdf.NewIRI(shacl.NS+"resultPath")) {
			add(result, "resultPath", path)
			quads = append(quads, describe(g, path)...)
		}
	}
	return quads
}

// describe gives the triples that are reached from a blank node.
func describe(g *rdf.Graph, node rdf.Term) []rdf.Quad {
	var quads []rdf.Quad
	if node.Kind == rdf.BlankNode {
		for t := range g.Match(node, rdf.Term{}, rdf.Term{}) {
			quads = append(quads, rdf.Quad{Triple: t})
			quads = append(quads, describe(g, t.Object)...)
		}
	}
	return quads
}

func lines(quads []rdf.Quad) string {
	var b strings.Builder
	for _, q := range quads {
		b.WriteString(q.String() + "\n")
	}
	return b.String()
}
