package results

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

const xmlNS = "http://www.w3.org/2005/sparql-results#"

func writeXML(w io.Writer, r *Result) error {
	out := bufio.NewWriter(w)
	escape := func(s string) {
		if err := xml.EscapeText(out, []byte(s)); err != nil {
			return // bufio keeps the error for Flush
		}
	}
	out.WriteString(xml.Header + `<sparql xmlns="` + xmlNS + `"><head>`)
	for _, v := range r.Vars {
		out.WriteString(`<variable name="`)
		escape(v)
		out.WriteString(`"/>`)
	}
	out.WriteString("</head>\n")
	if r.Kind == Boolean {
		fmt.Fprintf(out, "<boolean>%t</boolean></sparql>\n", r.Boolean)
		return out.Flush()
	}
	out.WriteString("<results>\n")
	for _, row := range r.Rows {
		out.WriteString("<result>")
		for i, t := range row {
			if t.IsZero() {
				continue
			}
			out.WriteString(`<binding name="`)
			escape(r.Vars[i])
			out.WriteString(`">`)
			writeXMLTerm(out, escape, t)
			out.WriteString("</binding>")
		}
		out.WriteString("</result>\n")
	}
	out.WriteString("</results></sparql>\n")
	return out.Flush()
}

func writeXMLTerm(out *bufio.Writer, escape func(string), t rdf.Term) {
	element := "literal"
	switch t.Kind {
	case rdf.IRI:
		element = "uri"
	case rdf.BlankNode:
		element = "bnode"
	}
	out.WriteString("<" + element)
	switch {
	case t.Lang != "":
		out.WriteString(` xml:lang="`)
		escape(t.Lang)
		out.WriteString(`"`)
	case t.Kind == rdf.Literal && t.Datatype != rdf.XSDString:
		out.WriteString(` datatype="`)
		escape(t.Datatype)
		out.WriteString(`"`)
	}
	out.WriteString(">")
	escape(t.Value)
	out.WriteString("</" + element + ">")
}

// readXML reads element by element, so that what it holds grows with the rows.
func readXML(in io.Reader, limits Limits) (*Result, error) {
	d := &xmlReader{Decoder: xml.NewDecoder(in), column: map[string]int{}, limits: limits}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if start, ok := token.(xml.StartElement); ok {
			if err := d.element(start); err != nil {
				return nil, err
			}
		}
	}
	if !d.answered {
		return nil, errors.New("neither results nor a boolean")
	}
	return &d.result, nil
}

type xmlReader struct {
	*xml.Decoder
	result   Result
	column   map[string]int
	limits   Limits
	answered bool
	binding  int // the column being read
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (d *xmlReader) element(e xml.StartElement) error {
	switch e.Name.Local {
	case "variable":
		name := attribute(e, "name")
		d.column[name] = len(d.result.Vars)
		d.result.Vars = append(d.result.Vars, name)
	case "boolean":
		text, err := d.text()
		if err != nil {
			return err
		}
		d.answered = true
		d.result.Kind, d.result.Boolean = Boolean, strings.TrimSpace(text) == "true"
	case "results":
		d.answered = true
	case "result":
		if len(d.result.Rows) >= d.limits.MaxRows {
			return tooManyRows(d.limits)
		}
		d.result.Rows = append(d.result.Rows, make([]rdf.Term, len(d.result.Vars)))
	case "binding":
		column, ok := d.column[attribute(e, "name")]
		if !ok {
			return fmt.Errorf("variable %q is not in the head", attribute(e, "name"))
		}
		d.binding = column
	case "uri", "bnode", "literal":
		text, err := d.text()
		if err != nil {
			return err
		}
		if len(d.result.Rows) == 0 {
			return fmt.Errorf("<%s> outside a result", e.Name.Local)
		}
		row := d.result.Rows[len(d.result.Rows)-1]
		if d.binding >= len(row) {
			return errors.New("a variable is declared after the results")
		}
		row[d.binding] = xmlTerm(e, text)
	}
	return nil
}

func xmlTerm(e xml.StartElement, text string) rdf.Term {
	switch e.Name.Local {
	case "uri":
		return rdf.NewIRI(text)
	case "bnode":
		return rdf.NewBlank(text)
	}
	if lang := attribute(e, "lang"); lang != "" {
		return rdf.NewLangLiteral(text, lang)
	}
	return rdf.NewTypedLiteral(text, attribute(e, "datatype"))
}

// text reads the characters up to the end of the element.
func (d *xmlReader) text() (string, error) {
	var b strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return b.String(), nil
		case xml.StartElement:
			return "", fmt.Errorf("unexpected <%s> in a term", t.Name.Local)
		}
	}
}
