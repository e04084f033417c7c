package codegen

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/shacl"
)

// conforms checks the graph of a document against the shapes it names.
func (r *run) conforms(d *Document, data *dataset, vars map[string]any) error {
	for _, t := range d.Front.Shape {
		name, err := r.renderText(d, t, vars)
		if err != nil {
			return err
		}
		doc, err := r.shapeFile(d, name)
		if err != nil {
			return d.errorAt(t, "shape: %v", err)
		}
		if err := r.validate(data, doc); err != nil {
			var e *Error
			if errors.As(err, &e) {
				return err
			}
			return d.errorAt(t, "shape: %v", err)
		}
	}
	return nil
}

// shapeFile reads a shapes file: of a project relative to its root, else to the
// template's own folder.
func (r *run) shapeFile(d *Document, name string) (GraphDocument, error) {
	fsys, file := d.layer, d.file
	if r.req.project != nil {
		fsys, file = r.req.project.root, "ggen.toml"
	}
	clean, err := cleanInput(file, name)
	if err != nil {
		return GraphDocument{}, err
	}
	data, err := readFile(fsys, clean, maxTemplateSize)
	if errors.Is(err, fs.ErrNotExist) {
		return GraphDocument{}, fmt.Errorf("%s does not exist", clean)
	}
	return GraphDocument{Name: path.Clean(clean), Text: string(data)}, err
}

// validate checks a graph against a shapes document. Violations are an error;
// results of a lesser severity become warnings.
func (r *run) validate(data *dataset, doc GraphDocument) error {
	shapes, err := r.compileShapes(doc)
	if err != nil {
		return err
	}
	if data.graph == nil {
		data.graph = &rdf.Graph{}
		for _, q := range data.quads {
			data.graph.Add(q.Triple, rdf.Position{})
		}
	}
	report, err := shapes.Validate(r.ctx, data.graph, shacl.Options{MaxResults: 1000})
	if err != nil {
		return err
	}
	violations := shacl.Report{}
	for _, res := range report.Results {
		if res.Severity == rdf.NewIRI(shacl.NS+"Violation") {
			violations.Results = append(violations.Results, res)
			continue
		}
		warning := fmt.Sprintf("%s: %s: %s", doc.Name, res.FocusNode, res.Message())
		if !slices.Contains(r.warnings, warning) {
			r.warnings = append(r.warnings, warning)
		}
	}
	if violations.Conforms() {
		return nil
	}
	var b strings.Builder
	if err := violations.WriteText(&b, shacl.TextOptions{ShapesFile: doc.Name, Prefixes: data.prefixes}); err != nil {
		return err
	}
	return errors.New(strings.TrimRight(b.String(), "\n"))
}

func (r *run) compileShapes(doc GraphDocument) (*shacl.Shapes, error) {
	key := doc.Name + "\x00" + doc.Text
	if s, ok := r.shapes[key]; ok {
		return s, nil
	}
	g, err := rdf.ReadGraph(r.ctx, strings.NewReader(doc.Text), rdf.Turtle, rdf.Options{File: doc.Name, BlankPrefix: "s."})
	if err != nil {
		return nil, turtleError(err, doc.Name, doc.Text, 0)
	}
	s, err := shacl.Compile(g)
	var se *shacl.ShapeError
	if errors.As(err, &se) {
		return nil, &Error{File: doc.Name, Line: se.Line, Snippet: lineOf(doc.Text, se.Line), Message: fmt.Sprintf("shape %s: %s", se.Shape, se.Msg)}
	}
	if err != nil {
		return nil, err
	}
	r.shapes[key] = s
	return s, nil
}
