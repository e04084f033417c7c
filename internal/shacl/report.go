package shacl

import (
	"fmt"
	"io"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// Report is the outcome of a validation (section 3.6).
type Report struct {
	Results []Result
}

// Result is one violation (section 3.6.2).
type Result struct {
	FocusNode rdf.Term
	Path      *Path    // nil where the shape has none
	Value     rdf.Term // zero where the violation is not of one value
	Component rdf.Term // the IRI of the constraint component
	Shape     rdf.Term
	Severity  rdf.Term // mostly one of the IRIs Info, Warning and Violation
	Messages  []rdf.Term
	// FocusLine is the line of the data where the focus node is described first,
	// ShapeLine that of the shape; 0 where it is not known.
	FocusLine, ShapeLine int
	// Position is where the data says that the focus node has the value; it is
	// zero where the path is more than a predicate.
	Position rdf.Position

	message message
}

// Conforms reports whether there are no results, of whatever severity.
func (r *Report) Conforms() bool { return len(r.Results) == 0 }

// Message says in English what is wrong: the shape's own messages where it has
// any.
func (r Result) Message() string { return r.text(rdf.Term.String) }

func (r Result) text(name func(rdf.Term) string) string {
	if len(r.Messages) == 0 {
		return r.message.text(name)
	}
	var texts []string
	for _, m := range r.Messages {
		texts = append(texts, m.Value)
	}
	return strings.Join(texts, "; ")
}

// message is a sentence with terms that are named when it is written.
type message struct {
	format string
	args   []any
}

func say(format string, args ...any) message { return message{format, args} }

// maxListed bounds how many terms of a list a message names.
const maxListed = 10

func (m message) text(name func(rdf.Term) string) string {
	args := make([]any, len(m.args))
	for i, a := range m.args {
		switch a := a.(type) {
		case rdf.Term:
			args[i] = name(a)
		case []rdf.Term:
			var names []string
			for _, t := range a[:min(len(a), maxListed)] {
				names = append(names, name(t))
			}
			if len(a) > maxListed {
				names = append(names, fmt.Sprintf("and %d more", len(a)-maxListed))
			}
			args[i] = strings.Join(names, ", ")
		default:
			args[i] = a
		}
	}
	return fmt.Sprintf(m.format, args...)
}

// Graph gives the report as RDF. Its own blank nodes are labelled report0,
// report1 and so on; give the documents a BlankPrefix where they may have such.
func (r *Report) Graph() *rdf.Graph {
	g := &rdf.Graph{}
	made := 0
	fresh := func() rdf.Term {
		made++
		return rdf.NewBlank(fmt.Sprintf("report%d", made-1))
	}
	add := func(s rdf.Term, property string, o rdf.Term) {
		if !o.IsZero() {
			g.Add(rdf.Triple{Subject: s, Predicate: sh(property), Object: o}, rdf.Position{})
		}
	}
	report := fresh()
	g.Add(rdf.Triple{Subject: report, Predicate: typ, Object: sh("ValidationReport")}, rdf.Position{})
	add(report, "conforms", rdf.NewTypedLiteral(fmt.Sprint(r.Conforms()), rdf.XSDBoolean))
	for _, res := range r.Results {
		node := fresh()
		add(report, "result", node)
		g.Add(rdf.Triple{Subject: node, Predicate: typ, Object: sh("ValidationResult")}, rdf.Position{})
		add(node, "focusNode", res.FocusNode)
		if res.Path != nil {
			add(node, "resultPath", res.Path.node(g, fresh))
		}
		add(node, "value", res.Value)
		add(node, "sourceShape", res.Shape)
		add(node, "sourceConstraintComponent", res.Component)
		add(node, "resultSeverity", res.Severity)
		for _, m := range res.Messages {
			add(node, "resultMessage", m)
		}
		if len(res.Messages) == 0 {
			add(node, "resultMessage", rdf.NewLiteral(res.Message()))
		}
	}
	return g
}

// TextOptions says how [Report.WriteText] names things.
type TextOptions struct {
	// DataFile and ShapesFile name the documents before their lines.
	DataFile, ShapesFile string
	// Prefixes shorten IRIs; they are namespaces by prefix, without the colon.
	Prefixes map[string]string
}

// WriteText writes the report for people, one result in two lines: where the
// focus node stands and what is wrong, then the shape that says so.
func (r *Report) WriteText(w io.Writer, o TextOptions) error {
	name := rdf.Shortener(o.Prefixes)
	var b strings.Builder
	for _, res := range r.Results {
		line := res.FocusLine
		if res.Position.Line > 0 {
			line = int(res.Position.Line)
		}
		b.WriteString(place(o.DataFile, line))
		severity := res.Severity.Value
		if local, ok := strings.CutPrefix(severity, NS); ok {
			severity = strings.ToLower(local)
		}
		fmt.Fprintf(&b, "%s: %s", severity, name(res.FocusNode))
		if line != res.FocusLine && res.FocusLine > 0 {
			fmt.Fprintf(&b, " (line %d)", res.FocusLine)
		}
		if res.Path != nil {
			fmt.Fprintf(&b, " %s", res.Path.text(name))
		}
		fmt.Fprintf(&b, ": %s\n", res.text(name))
		fmt.Fprintf(&b, "    %sshape %s, %s\n", place(o.ShapesFile, res.ShapeLine), name(res.Shape),
			strings.TrimPrefix(res.Component.Value, NS))
	}
	switch n := len(r.Results); n {
	case 0:
		b.WriteString("The data conforms to the shapes.\n")
	case 1:
		b.WriteString("1 result: the data does not conform to the shapes.\n")
	default:
		fmt.Fprintf(&b, "%d results: the data does not conform to the shapes.\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// place gives "file:line: ", as far as it is known.
func place(file string, line int) string {
	switch {
	case file != "" && line > 0:
		return fmt.Sprintf("%s:%d: ", file, line)
	case line > 0:
		return fmt.Sprintf("line %d: ", line)
	case file != "":
		return file + ": "
	}
	return ""
}
