// Package shacl validates RDF graphs against SHACL Core shapes (Shapes
// Constraint Language, W3C Recommendation of 20 July 2017).
//
// [Compile] takes a shapes graph apart once; [Shapes.Validate] then checks data
// graphs, from several goroutines where wanted. A [Report] can be had as RDF
// and as text that points at the line of each focus node.
//
// Shapes and data are taken to be hostile: recursive shapes, of which the
// specification leaves the meaning open, are refused, and the number of results
// is bounded.
package shacl
