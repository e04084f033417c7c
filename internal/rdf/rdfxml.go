package rdf

import (
	"context"
	"io"
	"strconv"
	"strings"
)

// rdfXML reads RDF/XML by recursive descent; the methods are named for the
// grammar's productions (RDF 1.1 XML Syntax, section 7.2).
type rdfXML struct {
	*xmlReader
	sink
	ids         map[string]bool // IRIs made by rdf:ID
	subjectLine int32
}

// scope is what an element inherits.
type scope struct {
	base reference
	lang string
}

func parseRDFXML(ctx context.Context, r io.Reader, o Options, emit sink) error {
	text, err := utf8XML(r)
	if err != nil {
		return &ParseError{File: o.File, Line: 1, Column: 1, Msg: err.Error()}
	}
	p := &rdfXML{xmlReader: newXMLReader(newSource(ctx, text, o), o), sink: emit, ids: map[string]bool{}}
	return p.document(scope{base: splitReference(o.Base)})
}

func (p *rdfXML) document(sc scope) error {
	for {
		ev, err := p.next()
		if err != nil || ev.kind == xmlEOF {
			return err
		}
		if ev.kind != xmlStart {
			continue
		}
		if ev.name.space+ev.name.local == RDFNS+"RDF" {
			err = p.rdf(ev, sc)
		} else {
			_, err = p.nodeElement(ev, sc)
		}
		if err != nil {
			return err
		}
	}
}

// rdf takes rdf:RDF with its node elements.
func (p *rdfXML) rdf(ev xmlEvent, sc scope) error {
	_, attrs, sc, err := p.enter(ev, sc)
	if err != nil {
		return err
	}
	if len(attrs) > 0 {
		return p.errorIn(ev, "the attribute %s is not allowed on rdf:RDF", attrs[0].name)
	}
	for {
		child, ok, err := p.child("between node elements")
		if err != nil || !ok {
			return err
		}
		if _, err := p.nodeElement(child, sc); err != nil {
			return err
		}
	}
}

// child gives the next element inside the current one; not ok at its end.
func (p *rdfXML) child(where string) (ev xmlEvent, ok bool, err error) {
	for {
		ev, err := p.next()
		switch {
		case err != nil:
			return ev, false, err
		case ev.kind == xmlStart:
			return ev, true, nil
		case ev.kind == xmlEnd:
			return ev, false, nil
		case ev.kind == xmlText && strings.Trim(ev.text, " \t\r\n") != "":
			return ev, false, p.errorIn(ev, "text is not allowed %s", where)
		}
	}
}

// rdfAttrs are the attributes with a meaning in the grammar. An absent one is nil.
type rdfAttrs struct {
	id, about, nodeID, resource, datatype, parseType *string
}

// enter applies xml:base and xml:lang and splits the other attributes into
// those of the grammar and property attributes.
func (p *rdfXML) enter(ev xmlEvent, sc scope) (known rdfAttrs, properties []xmlAttr, inner scope, err error) {
	for i, a := range ev.attrs {
		value := &ev.attrs[i].value
		switch a.name.space {
		case xmlNS:
			switch a.name.local {
			case "lang":
				if *value != "" && !isLangTag(*value) {
					return known, nil, sc, p.errorIn(ev, "xml:lang=%q is not a language tag such as en or de-AT", *value)
				}
				sc.lang = *value
			case "base":
				base := splitReference(*value).against(sc.base)
				if base.scheme == "" {
					return known, nil, sc, p.errorIn(ev, "xml:base=%q is not an absolute IRI", *value)
				}
				sc.base = base
			}
			continue
		case "":
			// Documents of before 2004 have these without a prefix.
			switch a.name.local {
			case "ID", "about", "resource", "parseType", "type":
				a.name.space = RDFNS
			default:
				if strings.HasPrefix(strings.ToLower(a.name.local), "xml") {
					continue
				}
				return known, nil, sc, p.errorIn(ev, "the attribute %s has no namespace", a.name.local)
			}
		}
		if a.name.space == RDFNS {
			switch a.name.local {
			case "ID":
				known.id = value
				continue
			case "about":
				known.about = value
				continue
			case "nodeID":
				known.nodeID = value
				continue
			case "resource":
				known.resource = value
				continue
			case "datatype":
				known.datatype = value
				continue
			case "parseType":
				known.parseType = value
				continue
			case "RDF", "Description", "li", "aboutEach", "aboutEachPrefix", "bagID":
				return known, nil, sc, p.errorIn(ev, "the attribute rdf:%s is not allowed", a.name.local)
			}
		}
		properties = append(properties, a)
	}
	return known, properties, sc, nil
}

// nodeElement takes an element that stands for a node and gives the node.
func (p *rdfXML) nodeElement(ev xmlEvent, outer scope) (Term, error) {
	if ev.name.space == RDFNS {
		switch ev.name.local {
		case "RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype", "li",
			"aboutEach", "aboutEachPrefix", "bagID":
			return Term{}, p.errorIn(ev, "rdf:%s is not allowed as a node", ev.name.local)
		}
	}
	known, properties, sc, err := p.enter(ev, outer)
	if err != nil {
		return Term{}, err
	}
	if known.resource != nil || known.datatype != nil || known.parseType != nil {
		return Term{}, p.errorIn(ev, "rdf:resource, rdf:datatype and rdf:parseType are not allowed on a node")
	}
	subject, err := p.subject(ev, known, sc)
	if err != nil {
		return subject, err
	}
	line := p.subjectLine
	p.subjectLine = ev.at.Line
	defer func() { p.subjectLine = line }()

	if ev.name.space != RDFNS || ev.name.local != "Description" {
		class, err := p.elementIRI(ev)
		if err != nil {
			return subject, err
		}
		if err := p.emit(subject, NewIRI(RDFType), class, ev.at); err != nil {
			return subject, err
		}
	}
	if err := p.propertyAttributes(ev, subject, properties, sc); err != nil {
		return subject, err
	}
	members := 0
	for {
		child, ok, err := p.child("between properties")
		if err != nil || !ok {
			return subject, err
		}
		if err := p.propertyElement(child, subject, sc, &members); err != nil {
			return subject, err
		}
	}
}

// subject gives the node that rdf:ID, rdf:about or rdf:nodeID names, or a new
// blank node.
func (p *rdfXML) subject(ev xmlEvent, known rdfAttrs, sc scope) (Term, error) {
	switch {
	case known.id != nil && known.about == nil && known.nodeID == nil:
		return p.idIRI(ev, *known.id, sc)
	case known.about != nil && known.id == nil && known.nodeID == nil:
		return p.resolve(ev, *known.about, sc)
	case known.nodeID != nil && known.id == nil && known.about == nil:
		return p.nodeIDTerm(ev, *known.nodeID)
	case known.id == nil && known.about == nil && known.nodeID == nil:
		return p.anonymous(), nil
	}
	return Term{}, p.errorIn(ev, "a node has only one of rdf:ID, rdf:about and rdf:nodeID")
}

// propertyAttributes emits the triples of property attributes.
func (p *rdfXML) propertyAttributes(ev xmlEvent, subject Term, attrs []xmlAttr, sc scope) error {
	for _, a := range attrs {
		predicate := NewIRI(p.intern.str([]byte(a.name.space + a.name.local)))
		if err := CheckIRI(predicate.Value); err != nil {
			return p.errorIn(ev, "the attribute %s: %v", a.name, err)
		}
		object := p.plain(a.value, sc)
		if predicate.Value == RDFType {
			var err error
			if object, err = p.resolve(ev, a.value, sc); err != nil {
				return err
			}
		}
		if err := p.emit(subject, predicate, object, ev.at); err != nil {
			return err
		}
	}
	return nil
}

func (p *rdfXML) plain(text string, sc scope) Term {
	if sc.lang != "" {
		return NewLangLiteral(text, sc.lang)
	}
	return NewLiteral(text)
}

func (p *rdfXML) emit(s, pred, o Term, at Position) error {
	at.SubjectLine = p.subjectLine
	return p.sink(Quad{Triple: Triple{s, pred, o}}, at)
}

// elementIRI gives the IRI of an element's name.
func (p *rdfXML) elementIRI(ev xmlEvent) (Term, error) {
	iri := p.intern.str([]byte(ev.name.space + ev.name.local))
	if ev.name.space == "" {
		return Term{}, p.errorIn(ev, "the element %s has no namespace", ev.name)
	}
	if err := CheckIRI(iri); err != nil {
		return Term{}, p.errorIn(ev, "the element %s: %v", ev.name, err)
	}
	return NewIRI(iri), nil
}

// resolve makes the IRI of an attribute's value.
func (p *rdfXML) resolve(ev xmlEvent, value string, sc scope) (Term, error) {
	s := value
	if schemeLength(value) == 0 || strings.Contains(value, "/.") {
		iri := splitReference(value).against(sc.base)
		if iri.scheme == "" {
			return Term{}, p.errorIn(ev, "the IRI %q is relative and there is no base IRI", value)
		}
		s = iri.String()
	}
	if err := CheckIRI(s); err != nil {
		return Term{}, p.errorIn(ev, "%q: %v", value, err)
	}
	return NewIRI(p.intern.str([]byte(s))), nil
}

// idIRI makes the IRI of an rdf:ID, which a document may use once.
func (p *rdfXML) idIRI(ev xmlEvent, id string, sc scope) (Term, error) {
	if !isNCName(id) {
		return Term{}, p.errorIn(ev, "rdf:ID=%q is not an XML name without a colon", id)
	}
	t, err := p.resolve(ev, "#"+id, sc)
	if err != nil {
		return t, err
	}
	if p.ids[t.Value] {
		return t, p.errorIn(ev, "rdf:ID=%q is used twice", id)
	}
	p.ids[t.Value] = true
	return t, nil
}

func (p *rdfXML) nodeIDTerm(ev xmlEvent, id string) (Term, error) {
	if !isNCName(id) {
		return Term{}, p.errorIn(ev, "rdf:nodeID=%q is not an XML name without a colon", id)
	}
	return p.blank([]byte(id)), nil
}

// isLangTag reports whether s has the form that Turtle's LANGTAG has after "@".
func isLangTag(s string) bool {
	for i, part := range strings.Split(s, "-") {
		for _, r := range part {
			if r >= 0x80 || classes[r]&nameStart == 0 && (i == 0 || classes[r]&digitChar == 0) {
				return false
			}
		}
		if part == "" {
			return false
		}
	}
	return true
}

// isNCName is NCName of Namespaces in XML 1.0.
func isNCName(s string) bool {
	for i, r := range s {
		if isNameStart(r) || r == '_' || i > 0 && (isNameChar(r) || r == '.') {
			continue
		}
		return false
	}
	return s != ""
}

// memberIRI is rdf:_n.
func memberIRI(n int) Term { return NewIRI(RDFNS + "_" + strconv.Itoa(n)) }
