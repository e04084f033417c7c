package codegen

import (
	"fmt"
	"io/fs"
	"strings"
)

// Frontmatter is the head of one template document. A zero field means the key
// was not given.
type Frontmatter struct {
	To   text // output path, a template
	From text // file that holds the body, relative to the template's folder

	Vars map[string]any // defaults for the template; the caller's values win

	Sparql    []Query // named SELECT, ASK, CONSTRUCT or DESCRIBE queries, in name order
	ForEach   text    // name of the query whose rows drive the outputs
	Construct text    // CONSTRUCT whose triples join the graph before any template renders
	When      text    // ASK query, or a Tera expression: false skips the document
	Dialect   text    // "typed" (default) or "string"

	RDF       []text          // Turtle files added to the graph for this document alone
	RDFInline []text          // Turtle text, likewise
	Prefixes  map[string]text // prefixes for rdf, rdf_inline and the queries
	Base      text            // base IRI, likewise
	Shape     []text          // SHACL shapes that the graph must conform to

	SkipEmpty    bool
	Executable   bool
	Inject       bool
	Before       *Match
	After        *Match
	AtLine       int // 1-based; 0 when not given
	Prepend      bool
	Append       bool
	SkipIf       *Match
	UnlessExists bool
	Force        bool
	Backup       bool

	Determinism    bool
	Seed           *int64 // `determinism: 42` fixes what chance is seeded from
	FreezePolicy   FreezePolicy
	FreezeSlotsDir text

	ShBefore text
	ShAfter  text
}

// Query is one named query of a document.
type Query struct {
	Name string
	Text text
}

// FreezePolicy says whether an output that exists is written again.
type FreezePolicy string

// The freeze policies.
const (
	FreezeNever    FreezePolicy = "never"
	FreezeAlways   FreezePolicy = "always"
	FreezeChecksum FreezePolicy = "checksum"
)

// text is a string of a template file and where it stands there.
type text struct {
	s         string
	line, col int
	// inner is where the text itself begins: after the quote, or on the line
	// under the | of a block. An inner column of 0 is not known.
	innerLine, innerCol int
}

func (t text) given() bool     { return t.line > 0 }
func (t text) templated() bool { return strings.Contains(t.s, "{{") || strings.Contains(t.s, "{%") }

// errorIn is a fault at a line and column inside a frontmatter value of d.
func (d *Document) errorIn(t text, line, col int, msg string) *Error {
	e := d.errorAt(t, "%s", msg)
	if t.innerLine == 0 {
		return e
	}
	switch {
	case line == 1 && t.innerCol > 0:
		e.Line, e.Column = t.innerLine, t.innerCol+col-1
	default:
		e.Line, e.Column = t.innerLine+line-1, 0
	}
	e.Snippet = lineOf(d.whole, e.Line)
	return e
}

// Document is one frontmatter document of a template file with its body.
type Document struct {
	File  string // path of the template file
	Line  int    // line of the opening ---; 0 without frontmatter
	Front Frontmatter
	Body  string

	layer    fs.FS  // the template folder it is in
	file     string // its path there
	name     string // what the template engine knows the body as
	whole    string // text of the template file
	source   source // where Body stands, for errors
	verbatim bool   // a file that is copied, not rendered

	// Of ggen's [[generation.rules]]:
	rule       string // name of the rule that the document is
	skipNoRows bool   // no output when the query gives no rows
	sections   bool   // mode Merge: the output keeps its manual section
}

// place is the template file and line, for records and reports.
func (d *Document) place() string {
	if d.Line <= 1 {
		return d.File
	}
	return fmt.Sprintf("%s:%d", d.File, d.Line)
}

// errorAt is a fault at a frontmatter value of d.
func (d *Document) errorAt(t text, format string, args ...any) *Error {
	line, col := t.line, t.col
	if line == 0 {
		line, col = d.Line, 0
	}
	return &Error{File: d.File, Line: line, Column: col, Snippet: lineOf(d.whole, line), Message: fmt.Sprintf(format, args...)}
}

// source is a piece of a file: errors inside it are told in terms of the file.
type source struct {
	file string
	text string // the whole file
	line int    // line of the piece's first line, 1-based
}

func (s source) errorAt(line, col int, msg string) *Error {
	line += s.line - 1
	return &Error{File: s.file, Line: line, Column: col, Snippet: lineOf(s.text, line), Message: msg}
}

// keys are the frontmatter keys, with what each is for.
var keys = []struct{ name, doc string }{
	{"to", "output path; a template"},
	{"from", "file that holds the body, relative to the template's folder"},
	{"vars", "default values; the caller's win"},
	{"sparql", "queries: one string, a list, or a map of names"},
	{"for_each", "name of the query whose rows drive the outputs"},
	{"construct", "CONSTRUCT whose triples join the graph before anything renders"},
	{"when", "ASK query or expression; false skips the document"},
	{"dialect", "typed (default) or string: how literals of rows arrive"},
	{"rdf", "Turtle files for this document alone"},
	{"rdf_inline", "Turtle text for this document alone"},
	{"prefixes", "prefixes for rdf, rdf_inline and the queries"},
	{"base", "base IRI for rdf, rdf_inline and the queries"},
	{"shape", "SHACL shapes that the graph must conform to"},
	{"skip_empty", "no output when the body renders to white space"},
	{"executable", "give the output the executable bit"},
	{"inject", "insert into an existing file instead of writing one"},
	{"before", "inject before the line that matches"},
	{"after", "inject after the line that matches"},
	{"at_line", "inject at this line, 1-based"},
	{"prepend", "inject at the start"},
	{"append", "inject at the end (default)"},
	{"skip_if", "no write when the existing file matches"},
	{"unless_exists", "no write when the file exists"},
	{"force", "overwrite a file that was edited"},
	{"backup", "keep what was overwritten beside it as .bak"},
	{"determinism", "true: rendered twice and compared; a number also seeds chance"},
	{"freeze_policy", "never, always or checksum"},
	{"freeze_slots_dir", "folder of the checksums of freeze_policy: checksum"},
	{"sh_before", "command before the writes; a container step or refused"},
	{"sh_after", "command after the writes; a container step or refused"},
}

// Keys gives each frontmatter key with a line of description, in the order of
// the documentation.
func Keys() [][2]string {
	out := make([][2]string, len(keys))
	for i, k := range keys {
		out[i] = [2]string{k.name, k.doc}
	}
	return out
}
