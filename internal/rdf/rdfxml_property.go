package rdf

import "strings"

// property is a property element being read.
type property struct {
	ev                 xmlEvent
	subject, predicate Term
	known              rdfAttrs
	attrs              []xmlAttr
	sc                 scope
}

// propertyElement takes an element that stands for a property of the subject.
// members counts the subject's rdf:li so far.
func (p *rdfXML) propertyElement(ev xmlEvent, subject Term, outer scope, members *int) error {
	pr := property{ev: ev, subject: subject}
	var err error
	if pr.predicate, err = p.elementIRI(ev); err != nil {
		return err
	}
	if ev.name.space == RDFNS {
		switch ev.name.local {
		case "RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype", "Description",
			"aboutEach", "aboutEachPrefix", "bagID":
			return p.errorIn(ev, "rdf:%s is not allowed as a property", ev.name.local)
		case "li":
			*members++
			pr.predicate = memberIRI(*members)
		}
	}
	if pr.known, pr.attrs, pr.sc, err = p.enter(ev, outer); err != nil {
		return err
	}
	if pr.known.about != nil {
		return p.errorIn(ev, "rdf:about is not allowed on a property")
	}
	if pr.known.parseType != nil {
		return p.parseTyped(pr)
	}
	if pr.known.resource != nil || pr.known.nodeID != nil || len(pr.attrs) > 0 {
		return p.emptyProperty(pr)
	}
	return p.contentProperty(pr)
}

// value emits the property with its object and, where rdf:ID asks for it, the
// statement about it (section 7.3).
func (p *rdfXML) value(pr property, object Term) error {
	if err := p.emit(pr.subject, pr.predicate, object, pr.ev.at); err != nil {
		return err
	}
	if pr.known.id == nil {
		return nil
	}
	statement, err := p.idIRI(pr.ev, *pr.known.id, pr.sc)
	if err != nil {
		return err
	}
	for _, t := range [...]Triple{
		{statement, NewIRI(RDFType), NewIRI(RDFStatement)},
		{statement, NewIRI(RDFSubject), pr.subject},
		{statement, NewIRI(RDFPredicate), pr.predicate},
		{statement, NewIRI(RDFObject), object},
	} {
		if err := p.emit(t.Subject, t.Predicate, t.Object, pr.ev.at); err != nil {
			return err
		}
	}
	return nil
}

// parseTyped takes a property element with rdf:parseType.
func (p *rdfXML) parseTyped(pr property) error {
	if pr.known.resource != nil || pr.known.nodeID != nil || pr.known.datatype != nil || len(pr.attrs) > 0 {
		return p.errorIn(pr.ev, "with rdf:parseType a property has no other attribute than rdf:ID")
	}
	switch *pr.known.parseType {
	case "Resource":
		return p.resourceProperty(pr)
	case "Collection":
		return p.collectionProperty(pr)
	}
	// Any other value is as Literal (section 7.2.20).
	text, err := p.xmlLiteral()
	if err != nil {
		return err
	}
	return p.value(pr, NewTypedLiteral(text, RDFXMLLiteral))
}

// resourceProperty takes properties of a blank node that is the object.
func (p *rdfXML) resourceProperty(pr property) error {
	node := p.anonymous()
	if err := p.value(pr, node); err != nil {
		return err
	}
	line := p.subjectLine
	p.subjectLine = pr.ev.at.Line
	defer func() { p.subjectLine = line }()
	members := 0
	for {
		child, ok, err := p.child("between properties")
		if err != nil || !ok {
			return err
		}
		if err := p.propertyElement(child, node, pr.sc, &members); err != nil {
			return err
		}
	}
}

// collectionProperty takes node elements that are the members of a list.
func (p *rdfXML) collectionProperty(pr property) error {
	first, rest := NewIRI(RDFFirst), NewIRI(RDFRest)
	var last Term
	for {
		child, ok, err := p.child("between the members of a collection")
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		node := p.anonymous()
		if last.IsZero() {
			err = p.value(pr, node)
		} else {
			err = p.emit(last, rest, node, child.at)
		}
		if err != nil {
			return err
		}
		last = node
		item, err := p.nodeElement(child, pr.sc)
		if err != nil {
			return err
		}
		if err := p.emit(node, first, item, child.at); err != nil {
			return err
		}
	}
	if last.IsZero() {
		return p.value(pr, NewIRI(RDFNil))
	}
	return p.emit(last, rest, NewIRI(RDFNil), pr.ev.at)
}

// emptyProperty takes a property element whose object is named by attributes,
// or is a blank node that property attributes describe.
func (p *rdfXML) emptyProperty(pr property) error {
	if pr.known.resource != nil && pr.known.nodeID != nil {
		return p.errorIn(pr.ev, "a property has only one of rdf:resource and rdf:nodeID")
	}
	if pr.known.datatype != nil {
		return p.errorIn(pr.ev, "rdf:datatype is for properties with text")
	}
	var object Term
	var err error
	switch {
	case pr.known.resource != nil:
		object, err = p.resolve(pr.ev, *pr.known.resource, pr.sc)
	case pr.known.nodeID != nil:
		object, err = p.nodeIDTerm(pr.ev, *pr.known.nodeID)
	default:
		object = p.anonymous()
	}
	if err != nil {
		return err
	}
	if err := p.value(pr, object); err != nil {
		return err
	}
	if err := p.propertyAttributes(pr.ev, object, pr.attrs, pr.sc); err != nil {
		return err
	}
	for {
		switch ev, err := p.next(); {
		case err != nil:
			return err
		case ev.kind == xmlEnd:
			return nil
		case ev.kind == xmlStart, ev.kind == xmlText:
			return p.errorIn(pr.ev, "a property with rdf:resource, rdf:nodeID or property attributes is empty")
		}
	}
}

// contentProperty takes a property element with text or one node element.
func (p *rdfXML) contentProperty(pr property) error {
	var text strings.Builder
	for {
		ev, err := p.next()
		if err != nil {
			return err
		}
		switch ev.kind {
		case xmlText:
			if text.Len()+len(ev.text) > p.max {
				return p.errorIn(pr.ev, "a literal is longer than the limit of %d bytes", p.max)
			}
			text.WriteString(ev.text)
		case xmlEnd:
			object := p.plain(text.String(), pr.sc)
			if pr.known.datatype != nil {
				datatype, err := p.resolve(pr.ev, *pr.known.datatype, pr.sc)
				if err != nil {
					return err
				}
				object = NewTypedLiteral(text.String(), datatype.Value)
			}
			return p.value(pr, object)
		case xmlStart:
			if strings.Trim(text.String(), " \t\r\n") != "" {
				return p.errorIn(ev, "a property has either text or a node, not both")
			}
			return p.nodeProperty(pr, ev)
		}
	}
}

// nodeProperty takes the one node element inside a property element.
func (p *rdfXML) nodeProperty(pr property, ev xmlEvent) error {
	if pr.known.datatype != nil {
		return p.errorIn(pr.ev, "rdf:datatype is for properties with text")
	}
	object, err := p.nodeElement(ev, pr.sc)
	if err != nil {
		return err
	}
	if err := p.value(pr, object); err != nil {
		return err
	}
	extra, ok, err := p.child("beside the node in a property")
	if err == nil && ok {
		err = p.errorIn(extra, "a property has one node; rdf:parseType=\"Collection\" allows several")
	}
	return err
}
