package sparql_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql"
	"github.com/sixtyhq/sixty/internal/sparql/results"
	"github.com/sixtyhq/sixty/internal/sparql/syntax"
	"github.com/sixtyhq/sixty/internal/sparql/xsd"
)

// w3cDir gives the folder with the W3C test suites. Its absence is a failure
// where CI is set.
func w3cDir(t *testing.T) string {
	t.Helper()
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
	mfNS = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
	qtNS = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
	rsNS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
)

// w3cCounts counts the tests of a suite by what they are about.
type w3cCounts struct{ evaluation, csv, syntax int }

func (c w3cCounts) String() string {
	return fmt.Sprintf("%d evaluation, %d CSV, %d syntax", c.evaluation, c.csv, c.syntax)
}

// TestW3C runs the W3C's SPARQL 1.0 and 1.1 query tests: every entry of each
// folder's manifest.
func TestW3C(t *testing.T) {
	root := filepath.Join(w3cDir(t), "sparql")
	for _, suite := range []struct {
		folder string
		want   w3cCounts
	}{
		{"sparql10", w3cCounts{evaluation: 283, syntax: 199}},
		{"sparql11", w3cCounts{evaluation: 232, csv: 3, syntax: 103}},
	} {
		t.Run(suite.folder, func(t *testing.T) {
			manifests, err := filepath.Glob(filepath.Join(root, suite.folder, "*", "manifest.ttl"))
			if err != nil {
				t.Fatal(err)
			}
			var passed, total w3cCounts
			for _, file := range manifests {
				m := readManifest(t, file, suite.folder)
				t.Run(filepath.Base(m.dir), func(t *testing.T) { m.run(t, &passed, &total) })
			}
			t.Logf("passed %v of %v", passed, total)
			if total != suite.want || passed != suite.want {
				t.Errorf("passed %v of %v, want all of %v", passed, total, suite.want)
			}
		})
	}
}

// manifest is the list of tests of one folder.
type manifest struct {
	graph *rdf.Graph
	base  string // IRI of the folder
	dir   string
}

func readManifest(t *testing.T, file, suite string) *manifest {
	t.Helper()
	dir := filepath.Dir(file)
	m := &manifest{dir: dir, base: "https://w3c.github.io/rdf-tests/sparql/" + suite + "/" + filepath.Base(dir) + "/"}
	m.graph = m.readGraph(t, "manifest.ttl")
	if base := m.graph.Object(m.iri("manifest.ttl"), rdf.NewIRI(mfNS+"assumedTestBase")); !base.IsZero() {
		m.base = base.Value
		m.graph = m.readGraph(t, "manifest.ttl")
	}
	return m
}

func (m *manifest) iri(name string) rdf.Term { return rdf.NewIRI(m.base + name) }

// file gives the name of a file in the folder.
func (m *manifest) file(t *testing.T, iri rdf.Term) string {
	t.Helper()
	name, ok := strings.CutPrefix(iri.Value, m.base)
	if !ok {
		t.Fatalf("%s is not in %s", iri, m.base)
	}
	return name
}

func (m *manifest) read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(m.dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (m *manifest) readQuads(t *testing.T, name string) []rdf.Quad {
	t.Helper()
	format, ok := rdf.FormatByExtension(name)
	if !ok {
		t.Fatalf("unknown format of %s", name)
	}
	opts := rdf.Options{Base: m.base + name, File: name, BlankPrefix: strings.NewReplacer(".", "_", "/", "_").Replace(name)}
	var quads []rdf.Quad
	err := rdf.Parse(t.Context(), bytes.NewReader(m.read(t, name)), format, opts, func(q rdf.Quad, _ rdf.Position) error {
		quads = append(quads, q)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return quads
}

func (m *manifest) readGraph(t *testing.T, name string) *rdf.Graph {
	t.Helper()
	g := rdf.NewGraph()
	for _, q := range m.readQuads(t, name) {
		g.Add(q.Triple, rdf.Position{})
	}
	return g
}

func (m *manifest) object(s rdf.Term, property string) rdf.Term {
	return m.graph.Object(s, rdf.NewIRI(property))
}

func (m *manifest) run(t *testing.T, passed, total *w3cCounts) {
	t.Helper()
	var entries []rdf.Term
	for list := range m.graph.Match(rdf.Term{}, rdf.NewIRI(mfNS+"entries"), rdf.Term{}) {
		members, ok := m.graph.List(list.Object)
		if !ok {
			t.Fatal("mf:entries is not a list")
		}
		entries = append(entries, members...)
	}
	for _, entry := range entries {
		kind := strings.TrimPrefix(m.object(entry, rdf.RDFType).Value, mfNS)
		name := m.object(entry, mfNS+"name").Value
		var count func(*w3cCounts) *int
		var test func(t *testing.T)
		switch kind {
		case "QueryEvaluationTest":
			count = func(c *w3cCounts) *int { return &c.evaluation }
			test = func(t *testing.T) { m.evaluate(t, entry) }
		case "CSVResultFormatTest":
			count = func(c *w3cCounts) *int { return &c.csv }
			test = func(t *testing.T) { m.compareCSV(t, entry) }
		case "PositiveSyntaxTest", "PositiveSyntaxTest11":
			count = func(c *w3cCounts) *int { return &c.syntax }
			test = func(t *testing.T) { m.parse(t, entry, true) }
		case "NegativeSyntaxTest", "NegativeSyntaxTest11":
			count = func(c *w3cCounts) *int { return &c.syntax }
			test = func(t *testing.T) { m.parse(t, entry, false) }
		default:
			t.Errorf("%s: unknown kind of test %q", name, kind)
			continue
		}
		*count(total)++
		if t.Run(name, test) {
			*count(passed)++
		}
	}
}

func (m *manifest) parse(t *testing.T, entry rdf.Term, valid bool) {
	t.Helper()
	name := m.file(t, m.object(entry, mfNS+"action"))
	query := string(m.read(t, name))
	_, err := syntax.Parse(query, syntax.Options{Base: m.base + name})
	if valid && err != nil {
		t.Errorf("%v\n%s", err, query)
	}
	if !valid && err == nil {
		t.Errorf("an invalid query was parsed:\n%s", query)
	}
	if syntaxErr := (*syntax.Error)(nil); err != nil && !errors.As(err, &syntaxErr) {
		t.Errorf("the error has no place: %v", err)
	}
}

// answer runs an entry's query.
func (m *manifest) answer(t *testing.T, entry rdf.Term) (query string, got *results.Result) {
	t.Helper()
	action := m.object(entry, mfNS+"action")
	name := m.file(t, m.object(action, qtNS+"query"))
	query = string(m.read(t, name))
	b := sparql.NewBuilder()
	for data := range m.graph.Match(action, rdf.NewIRI(qtNS+"data"), rdf.Term{}) {
		for _, q := range m.readQuads(t, m.file(t, data.Object)) {
			b.Add(q)
		}
	}
	for data := range m.graph.Match(action, rdf.NewIRI(qtNS+"graphData"), rdf.Term{}) {
		b.AddGraph(data.Object)
		for _, q := range m.readQuads(t, m.file(t, data.Object)) {
			q.Graph = data.Object
			b.Add(q)
		}
	}
	got, err := b.Build().Query(t.Context(), query, sparql.Options{
		Base: m.base + name,
		Now:  time.Date(2024, 5, 17, 12, 30, 0, 0, time.UTC),
		Rand: rand.New(rand.NewPCG(1, 2)),
		Graph: func(_ context.Context, iri string) ([]rdf.Quad, error) {
			return m.readQuads(t, m.file(t, rdf.NewIRI(iri))), nil
		},
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	return query, got
}

func (m *manifest) evaluate(t *testing.T, entry rdf.Term) {
	t.Helper()
	query, got := m.answer(t, entry)
	want, ordered := m.expected(t, m.file(t, m.object(entry, mfNS+"result")))
	ordered = ordered || strings.Contains(query, "ORDER BY")
	lax := m.object(entry, mfNS+"resultCardinality") == rdf.NewIRI(mfNS+"LaxCardinality")
	if problem := compareResults(got, want, ordered, lax); problem != "" {
		t.Errorf("%s\n%s\ngot:\n%swant:\n%s", problem, query, show(got), show(want))
	}
}

// compareCSV compares the text of CSV files, and TSV as such.
func (m *manifest) compareCSV(t *testing.T, entry rdf.Term) {
	t.Helper()
	_, got := m.answer(t, entry)
	name := m.file(t, m.object(entry, mfNS+"result"))
	format := results.CSV
	if strings.HasSuffix(name, ".tsv") {
		format = results.TSV
	}
	var out bytes.Buffer
	if err := results.Write(&out, format, got); err != nil {
		t.Fatal(err)
	}
	written, err := results.Read(&out, format, results.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := results.Read(bytes.NewReader(m.read(t, name)), format, results.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if problem := compareResults(written, want, false, false); problem != "" {
		t.Errorf("%s\ngot:\n%swant:\n%s", problem, show(written), show(want))
	}
}

// expected reads a result file, and says whether it gives the rows an order.
func (m *manifest) expected(t *testing.T, name string) (want *results.Result, ordered bool) {
	t.Helper()
	formats := map[string]results.Format{".srx": results.XML, ".srj": results.JSON, ".csv": results.CSV, ".tsv": results.TSV}
	if format, ok := formats[filepath.Ext(name)]; ok {
		want, err := results.Read(bytes.NewReader(m.read(t, name)), format, results.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return want, false
	}
	g := m.readGraph(t, name)
	for set := range g.Match(rdf.Term{}, rdf.NewIRI(rdf.RDFType), rdf.NewIRI(rsNS+"ResultSet")) {
		return resultSet(t, g, set.Subject)
	}
	want = &results.Result{Kind: results.Graph}
	for triple := range g.Match(rdf.Term{}, rdf.Term{}, rdf.Term{}) {
		want.Triples = append(want.Triples, triple)
	}
	return want, false
}

// resultSet reads results written in the test suites' own vocabulary.
func resultSet(t *testing.T, g *rdf.Graph, set rdf.Term) (r *results.Result, ordered bool) {
	t.Helper()
	rs := func(name string) rdf.Term { return rdf.NewIRI(rsNS + name) }
	if answer := g.Object(set, rs("boolean")); !answer.IsZero() {
		return &results.Result{Kind: results.Boolean, Boolean: answer.Value == "true"}, false
	}
	r = &results.Result{}
	for v := range g.Match(set, rs("resultVariable"), rdf.Term{}) {
		r.Vars = append(r.Vars, v.Object.Value)
	}
	type indexed struct {
		index int
		row   []rdf.Term
	}
	var rows []indexed
	for solution := range g.Match(set, rs("solution"), rdf.Term{}) {
		row := make([]rdf.Term, len(r.Vars))
		for b := range g.Match(solution.Object, rs("binding"), rdf.Term{}) {
			i := slices.Index(r.Vars, g.Object(b.Object, rs("variable")).Value)
			if i < 0 {
				t.Fatal("a binding of a variable that is not declared")
			}
			row[i] = g.Object(b.Object, rs("value"))
		}
		index, err := strconv.Atoi(g.Object(solution.Object, rs("index")).Value)
		ordered = ordered || err == nil
		rows = append(rows, indexed{index, row})
	}
	slices.SortStableFunc(rows, func(a, b indexed) int { return a.index - b.index })
	for _, row := range rows {
		r.Rows = append(r.Rows, row.row)
	}
	return r, ordered
}

// compareResults says how two results differ; nothing where they don't. Blank
// nodes are compared by what they are connected to, numbers by value.
func compareResults(got, want *results.Result, ordered, lax bool) string {
	if got.Kind != want.Kind {
		return "another kind of result"
	}
	switch got.Kind {
	case results.Boolean:
		if got.Boolean != want.Boolean {
			return "another answer"
		}
		return ""
	case results.Graph:
		if !rdf.Isomorphic(graphQuads(got.Triples), graphQuads(want.Triples)) {
			return "another graph"
		}
		return ""
	}
	gotVars, wantVars := slices.Sorted(slices.Values(got.Vars)), slices.Sorted(slices.Values(want.Vars))
	if !slices.Equal(gotVars, wantVars) {
		return fmt.Sprintf("variables %v, want %v", gotVars, wantVars)
	}
	if lax {
		distinct := func(r *results.Result) int { return len(slices.Compact(slices.Sorted(slices.Values(rowTexts(r))))) }
		if len(got.Rows) > len(want.Rows) || len(got.Rows) < distinct(want) || distinct(got) != distinct(want) {
			return "another number of rows"
		}
		got, want = distinctRows(got), distinctRows(want)
	}
	if len(got.Rows) != len(want.Rows) {
		return fmt.Sprintf("%d rows, want %d", len(got.Rows), len(want.Rows))
	}
	if !rdf.Isomorphic(rowQuads(got, ordered), rowQuads(want, ordered)) {
		return "other rows"
	}
	return ""
}

func graphQuads(triples []rdf.Triple) []rdf.Quad {
	var quads []rdf.Quad
	for _, t := range triples {
		t.Object = byValue(t.Object)
		quads = append(quads, rdf.Quad{Triple: t})
	}
	return quads
}

// rowQuads makes a graph of rows, each a node with a property for each variable.
func rowQuads(r *results.Result, ordered bool) []rdf.Quad {
	var quads []rdf.Quad
	add := func(row int, property string, o rdf.Term) {
		t := rdf.Triple{Subject: rdf.NewBlank("row" + strconv.Itoa(row)), Predicate: rdf.NewIRI("var:" + property), Object: o}
		quads = append(quads, rdf.Quad{Triple: t})
	}
	for i, row := range r.Rows {
		add(i, "", rdf.NewIRI("row:"))
		if ordered {
			add(i, "index", rdf.NewTypedLiteral(strconv.Itoa(i), rdf.XSDInteger))
		}
		for j, t := range row {
			if !t.IsZero() {
				add(i, r.Vars[j], byValue(t))
			}
		}
	}
	return quads
}

// byValue writes a number in its canonical form, and a language in lower case.
func byValue(t rdf.Term) rdf.Term {
	if v, ok := xsd.Parse(t.Value, t.Datatype); ok && t.Kind == rdf.Literal && v.IsNumeric() {
		canonical := v.Term()
		canonical.Datatype = t.Datatype
		return canonical
	}
	t.Lang = strings.ToLower(t.Lang)
	if t.Kind == rdf.BlankNode {
		t.Value = "b" + t.Value
	}
	return t
}

func rowTexts(r *results.Result) []string {
	var texts []string
	for _, row := range r.Rows {
		texts = append(texts, fmt.Sprint(row))
	}
	return texts
}

func distinctRows(r *results.Result) *results.Result {
	out := &results.Result{Vars: r.Vars}
	seen := map[string]bool{}
	for i, text := range rowTexts(r) {
		if !seen[text] {
			seen[text] = true
			out.Rows = append(out.Rows, r.Rows[i])
		}
	}
	return out
}

func show(r *results.Result) string {
	var b strings.Builder
	switch r.Kind {
	case results.Boolean:
		fmt.Fprintln(&b, r.Boolean)
	case results.Graph:
		for _, t := range r.Triples {
			fmt.Fprintln(&b, t)
		}
	default:
		fmt.Fprintln(&b, r.Vars)
		for _, row := range r.Rows {
			fmt.Fprintln(&b, row)
		}
	}
	return b.String()
}
