// Package rdf reads, writes and compares RDF 1.1: Turtle, N-Triples, N-Quads,
// TriG, RDF/XML and JSON-LD.
//
// Reading is streaming: [Parse] calls back once per quad, with the quad's place
// in the source, and holds no more of the document than a statement needs.
// Input is taken to be hostile: nesting depth and term size are bounded by
// [Options], and no input makes a parser panic. Nothing here opens the network;
// a JSON-LD document that names a remote context is refused unless the caller
// gives a loader.
package rdf
