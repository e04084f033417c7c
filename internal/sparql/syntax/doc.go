// Package syntax reads SPARQL 1.1 Query strings into a syntax tree.
//
// The parser is a recursive descent over the grammar of
// https://www.w3.org/TR/sparql11-query/#sparqlGrammar. It resolves IRIs against
// the base, expands prefixed names, turns collections, property lists and
// blank nodes into triple patterns, and enforces the grammar's notes: where a
// variable may be assigned, where a blank node label may be used again, what a
// grouped query may project. What the tree means is the business of package
// algebra.
//
// Input is untrusted. Length, nesting and the number of pattern elements are
// bounded by [Limits]; a query beyond them is an [Error], like any other that
// can't be read.
package syntax
