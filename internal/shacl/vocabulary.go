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
