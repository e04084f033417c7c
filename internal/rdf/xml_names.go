package rdf

import (
	"fmt"
	"strings"
)

// errorIn makes an error at an element's start tag.
func (x *xmlReader) errorIn(ev xmlEvent, format string, args ...any) error {
	e := x.errorAt(x.mark, fmt.Sprintf(format, args...))
	if e.Line != int(ev.at.Line) {
		e.Snippet, e.SnippetColumn = "", 0
	} else {
		e.SnippetColumn = max(e.SnippetColumn+int(ev.at.Column)-e.Column, 1)
	}
	e.Line, e.Column = int(ev.at.Line), int(ev.at.Column)
	return e
}

// resolved applies a start tag's namespace declarations to its names.
func (x *xmlReader) resolved(at Position, name string, attrs []xmlAttr) (xmlEvent, error) {
	ev := xmlEvent{kind: xmlStart, at: at}
	for _, a := range attrs {
		prefix, ok := strings.CutPrefix(a.name.local, "xmlns")
		if !ok || prefix != "" && prefix[0] != ':' {
			continue
		}
		prefix = strings.TrimPrefix(prefix, ":")
		if prefix == "xmlns" || (prefix == "xml") != (a.value == xmlNS) || prefix != "" && a.value == "" {
			return ev, x.errorIn(ev, "%s=%q is not a namespace that can be declared", a.name.local, a.value)
		}
		x.bindings = append(x.bindings, xmlBinding{prefix, a.value})
		if len(x.bindings) > maxXMLNamespaces {
			return ev, x.errorIn(ev, "more than %d namespaces are declared", maxXMLNamespaces)
		}
	}
	var err error
	if ev.name, err = x.resolveName(ev, name, true); err != nil {
		return ev, err
	}
	seen := make(map[[2]string]bool, len(attrs))
	for _, a := range attrs {
		if a.name.local == "xmlns" || strings.HasPrefix(a.name.local, "xmlns:") {
			a.name = xmlName{space: "xmlns", local: a.name.local}
		} else if a.name, err = x.resolveName(ev, a.name.local, false); err != nil {
			return ev, err
		}
		if key := [2]string{a.name.space, a.name.local}; seen[key] {
			return ev, x.errorIn(ev, "the attribute %s is given twice", a.name.local)
		} else {
			seen[key] = true
		}
		if a.name.space != "xmlns" {
			ev.attrs = append(ev.attrs, a)
		}
	}
	return ev, nil
}

// resolveName splits a name and looks its prefix up. Only an element's name
// takes the default namespace.
func (x *xmlReader) resolveName(ev xmlEvent, name string, element bool) (xmlName, error) {
	prefix, local, ok := strings.Cut(name, ":")
	if !ok {
		prefix, local = "", name
		if !element {
			return xmlName{local: local}, nil
		}
	}
	for i := len(x.bindings) - 1; i >= 0; i-- {
		if b := x.bindings[i]; b.prefix == prefix {
			return xmlName{prefix, local, b.space}, nil
		}
	}
	if prefix == "" {
		return xmlName{local: local}, nil
	}
	return xmlName{}, x.errorIn(ev, "the namespace prefix %q is not declared", prefix)
}

func (n xmlName) String() string {
	if n.prefix == "" {
		return n.local
	}
	return fmt.Sprintf("%s:%s", n.prefix, n.local)
}
