package shacl

import "github.com/sixtyhq/sixty/internal/rdf"

// NS is the namespace of the SHACL vocabulary.
const NS = "http://www.w3.org/ns/shacl#"

// IRIs of severities (section 2.1.4).
const (
	Info      = NS + "Info"
	Warning   = NS + "Warning"
	Violation = NS + "Violation"
)

// sh gives a term of the SHACL vocabulary.
func sh(local string) rdf.Term { return rdf.NewIRI(NS + local) }

var (
	typ        = rdf.NewIRI(rdf.RDFType)
	subClassOf = rdf.NewIRI(rdf.RDFSSubClassOf)
	class      = rdf.NewIRI(rdf.RDFSClass)
	isTrue     = rdf.NewTypedLiteral("true", rdf.XSDBoolean)
)

// IRIs of constraint components (section 4).
var (
	classComponent             = component("Class")
	datatypeComponent          = component("Datatype")
	nodeKindComponent          = component("NodeKind")
	minCountComponent          = component("MinCount")
	maxCountComponent          = component("MaxCount")
	minLengthComponent         = component("MinLength")
	maxLengthComponent         = component("MaxLength")
	patternComponent           = component("Pattern")
	languageInComponent        = component("LanguageIn")
	uniqueLangComponent        = component("UniqueLang")
	equalsComponent            = component("Equals")
	disjointComponent          = component("Disjoint")
	lessThanComponent          = component("LessThan")
	lessThanOrEqualsComponent  = component("LessThanOrEquals")
	notComponent               = component("Not")
	andComponent               = component("And")
	orComponent                = component("Or")
	xoneComponent              = component("Xone")
	nodeComponent              = component("Node")
	qualifiedMinCountComponent = component("QualifiedMinCount")
	qualifiedMaxCountComponent = component("QualifiedMaxCount")
	closedComponent            = component("Closed")
	hasValueComponent          = component("HasValue")
	inComponent                = component("In")
)

// component gives the IRI of a constraint component.
func component(name string) rdf.Term { return sh(name + "ConstraintComponent") }
