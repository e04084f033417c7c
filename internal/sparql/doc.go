// Package sparql is an RDF store in memory and a complete SPARQL 1.1 Query engine
// (https://www.w3.org/TR/sparql11-query/).
//
// [Load] parses documents into a [Store], or a [Builder] takes quads one by one;
// [Store.Query] runs a query. A query goes through these steps:
//
//	text ─ syntax.Parse ─▶ syntax tree ─ translator ─▶ algebra ─ planner ─▶ operators ─ exec ─▶ results
//
// # Store
//
// Terms are numbered by their rank in one total order, and rows are rows of such
// numbers. Each graph keeps its triples sorted in five orders (SPO, PSO, POS, OPS,
// OSP), so that every triple pattern is a range of one of them, found in constant
// or logarithmic time. Language tags are kept in lower case.
//
// # Evaluation
//
// The planner orders joins by estimated cost, from the exact counts that the
// indexes give and the number of distinct subjects and objects of each predicate:
// by dynamic programming up to nine parts, greedily beyond. Each part is looked up
// in an index for each row, or evaluated once and hashed, whatever costs less;
// OPTIONAL, MINUS and EXISTS likewise. Where looking up would let an expression
// see a variable that is not in its scope, a part is always evaluated on its own,
// as the specification's bottom-up semantics asks. Paths with * and + are walked
// with marks from one end that is bound, and by strongly connected components
// where both are free.
//
// Solutions stream: only sorting, grouping, DISTINCT and hash tables keep rows.
//
// # Order
//
// Without ORDER BY, solutions come in an order that is a function of the query and
// the set of quads: index ranges are in the order of terms, hash tables give rows
// in the order they were put in, and the plan depends on counts alone. The order
// in which documents were loaded does not matter. The labels of blank nodes do, as
// the terms' order includes them.
//
// # Limits
//
// A query ends when its context does, when it would keep more than
// [Options.MaxMemory], or when its result has more than [Options.MaxRows]. It opens
// no connection: SERVICE and FROM reach only what the functions in [Options] do
// (package protocol has such functions). It reads neither clock nor entropy: NOW,
// RAND and UUID use what the caller gives.
//
// # Where the specification leaves room
//
//   - DESCRIBE gives the triples of which a resource is the subject, and those of
//     the blank nodes they lead to.
//   - REDUCED removes nothing.
//   - A negated property set gives a solution for each triple, not for each pair
//     of nodes.
//   - EXISTS substitutes: variables of the row are constants in the pattern, in
//     its filters and subqueries too, and MINUS in it does not count them as
//     shared.
//   - The divisions of decimals have 24 digits after the point.
//   - Regular expressions are XPath's, with class subtraction, run in time linear
//     in the text; a pattern with back-references fails the query.
//   - A call of a function that is not known fails the query, rather than being an
//     error in each row.
//   - Beside SPARQL's own, the operators compare xsd:date, xsd:time and the two
//     ordered durations, and add and subtract durations.
package sparql
