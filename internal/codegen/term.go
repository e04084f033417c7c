package codegen

import (
	"math"
	"strconv"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// termValue gives a term as templates see it: an IRI and a plain literal as a
// string, a blank node as "_:" and its label. Where rows are typed, a literal
// of xsd:boolean is a bool, one of xsd:integer and the types derived from it an
// int64, one of xsd:decimal, xsd:double and xsd:float a float64; a literal that
// is none of these in truth, or too large, stays a string.
func termValue(t rdf.Term, typed bool) any {
	switch {
	case t.Kind == rdf.BlankNode:
		return "_:" + t.Value
	case t.Kind != rdf.Literal || !typed:
		return t.Value
	}
	name, ok := strings.CutPrefix(t.Datatype, rdf.XSDNS)
	if !ok {
		return t.Value
	}
	switch name {
	case "boolean":
		switch t.Value {
		case "true", "1":
			return true
		case "false", "0":
			return false
		}
	case "decimal", "double", "float":
		if f, err := strconv.ParseFloat(t.Value, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	case "integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger",
		"negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte":
		if i, err := strconv.ParseInt(t.Value, 10, 64); err == nil {
			return i
		}
	}
	return t.Value
}
