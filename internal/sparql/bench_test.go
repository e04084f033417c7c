package sparql_test

import (
	"testing"

	"github.com/sixtyhq/sixty/internal/sparql"
)

// BenchmarkSmallQuery is a query of the size that templates ask, on a small
// graph: most of its time is parsing and planning.
func BenchmarkSmallQuery(b *testing.B) {
	store := load(b, document("", people, ""))
	for name, query := range map[string]string{
		"one pattern": `SELECT * { ?a :name ?n } ORDER BY ?n`,
		"nine patterns": `SELECT * { ?a :name ?n ; :age ?x ; :knows ?b . ?b :name ?m ; :age ?y ; :knows ?c . ?c :name ?o ; :age ?z ; :knows ?d
			OPTIONAL { ?d :age ?w } FILTER(?x < ?y) }`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := store.Query(b.Context(), query, sparql.Options{Prefixes: prefixes}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
