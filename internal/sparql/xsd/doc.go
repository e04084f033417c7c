// Package xsd is the part of XML Schema's value spaces that SPARQL computes
// with: booleans, the four numeric types and the types derived from
// xsd:integer, xsd:dateTime, xsd:date, xsd:time and the two ordered durations.
//
// It reads lexical forms (https://www.w3.org/TR/xmlschema11-2/), compares,
// computes as XPath and XQuery Functions and Operators asks
// (https://www.w3.org/TR/xpath-functions/), and writes canonical lexical forms.
//
// xsd:integer and xsd:decimal are exact and of any size up to [MaxDigits];
// division of decimals keeps [DivisionScale] digits after the point. Seconds are
// kept to the nanosecond.
package xsd
