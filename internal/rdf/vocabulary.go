package rdf

// Namespace IRIs.
const (
	RDFNS  = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	RDFSNS = "http://www.w3.org/2000/01/rdf-schema#"
	XSDNS  = "http://www.w3.org/2001/XMLSchema#"
	OWLNS  = "http://www.w3.org/2002/07/owl#"
)

// IRIs of the RDF and RDF Schema vocabularies.
const (
	RDFType       = RDFNS + "type"
	RDFFirst      = RDFNS + "first"
	RDFRest       = RDFNS + "rest"
	RDFNil        = RDFNS + "nil"
	RDFLangString = RDFNS + "langString"
	RDFXMLLiteral = RDFNS + "XMLLiteral"
	RDFHTML       = RDFNS + "HTML"
	RDFJSON       = RDFNS + "JSON"
	RDFStatement  = RDFNS + "Statement"
	RDFSubject    = RDFNS + "subject"
	RDFPredicate  = RDFNS + "predicate"
	RDFObject     = RDFNS + "object"

	RDFSClass      = RDFSNS + "Class"
	RDFSSubClassOf = RDFSNS + "subClassOf"
	RDFSLabel      = RDFSNS + "label"
	RDFSComment    = RDFSNS + "comment"
)

// IRIs of the XML Schema datatypes that RDF 1.1 Concepts, section 5.1, names.
const (
	XSDString             = XSDNS + "string"
	XSDBoolean            = XSDNS + "boolean"
	XSDDecimal            = XSDNS + "decimal"
	XSDInteger            = XSDNS + "integer"
	XSDDouble             = XSDNS + "double"
	XSDFloat              = XSDNS + "float"
	XSDDate               = XSDNS + "date"
	XSDTime               = XSDNS + "time"
	XSDDateTime           = XSDNS + "dateTime"
	XSDDateTimeStamp      = XSDNS + "dateTimeStamp"
	XSDGYear              = XSDNS + "gYear"
	XSDGMonth             = XSDNS + "gMonth"
	XSDGDay               = XSDNS + "gDay"
	XSDGYearMonth         = XSDNS + "gYearMonth"
	XSDGMonthDay          = XSDNS + "gMonthDay"
	XSDDuration           = XSDNS + "duration"
	XSDYearMonthDuration  = XSDNS + "yearMonthDuration"
	XSDDayTimeDuration    = XSDNS + "dayTimeDuration"
	XSDByte               = XSDNS + "byte"
	XSDShort              = XSDNS + "short"
	XSDInt                = XSDNS + "int"
	XSDLong               = XSDNS + "long"
	XSDUnsignedByte       = XSDNS + "unsignedByte"
	XSDUnsignedShort      = XSDNS + "unsignedShort"
	XSDUnsignedInt        = XSDNS + "unsignedInt"
	XSDUnsignedLong       = XSDNS + "unsignedLong"
	XSDPositiveInteger    = XSDNS + "positiveInteger"
	XSDNonNegativeInteger = XSDNS + "nonNegativeInteger"
	XSDNegativeInteger    = XSDNS + "negativeInteger"
	XSDNonPositiveInteger = XSDNS + "nonPositiveInteger"
	XSDHexBinary          = XSDNS + "hexBinary"
	XSDBase64Binary       = XSDNS + "base64Binary"
	XSDAnyURI             = XSDNS + "anyURI"
	XSDLanguage           = XSDNS + "language"
	XSDNormalizedString   = XSDNS + "normalizedString"
	XSDToken              = XSDNS + "token"
	XSDNMTOKEN            = XSDNS + "NMTOKEN"
	XSDName               = XSDNS + "Name"
	XSDNCName             = XSDNS + "NCName"
)
