package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
)

var (
	firstNames = []string{"Ada", "Alan", "Barbara", "Claude", "Donald", "Edsger", "Frances", "Grace", "Hedy", "Ivan",
		"John", "Katherine", "Leslie", "Margaret", "Niklaus", "Ole", "Peter", "Radia", "Sophie", "Tim"}
	lastNames = []string{"Adams", "Brook", "Carter", "Dahl", "Engel", "Fischer", "Garcia", "Hansen", "Ito", "Jansen",
		"Keller", "Lopez", "Meyer", "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Silva", "Tanaka"}
	cities = []string{"Berlin", "Bogotá", "Cairo", "Delhi", "Kyoto", "Lagos", "Lima", "Oslo", "Paris", "Quito"}
)

const prefixes = `@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix ex: <http://example.org/vocabulary/> .
@prefix p: <http://example.org/people/> .
@prefix u: <http://example.org/units/> .

`

// generate writes about n triples of Turtle about people, who work in units,
// report to one another in a tree, and know each other; always the same for the
// same n. It gives the exact number.
func generate(w io.Writer, n int) (int, error) {
	out := bufio.NewWriterSize(w, 1<<16)
	random := rand.New(rand.NewPCG(60, uint64(n)))
	out.WriteString(prefixes)
	triples := 0
	units := max(n/2000, 10)
	for i := range units {
		fmt.Fprintf(out, "u:unit%d a org:OrganizationalUnit ;\n  foaf:name \"Unit %d\"@en ;\n  ex:city %q .\n", i, i, cities[i%len(cities)])
		triples += 3
	}
	for i := 0; triples < n; i++ {
		first, last := firstNames[random.IntN(len(firstNames))], lastNames[random.IntN(len(lastNames))]
		fmt.Fprintf(out, "p:person%d a foaf:Person ;\n", i)
		fmt.Fprintf(out, "  foaf:name \"%s %s %d\" ;\n", first, last, i)
		fmt.Fprintf(out, "  foaf:mbox <mailto:%s.%s.%d@example.org> ;\n", first, last, i)
		fmt.Fprintf(out, "  foaf:age %d ;\n", 18+random.IntN(60))
		fmt.Fprintf(out, "  ex:joined \"20%02d-%02d-%02d\"^^xsd:date ;\n", random.IntN(25), 1+random.IntN(12), 1+random.IntN(28))
		fmt.Fprintf(out, "  org:memberOf u:unit%d ;\n", random.IntN(units))
		triples += 6
		if i%3 == 0 {
			fmt.Fprintf(out, "  ex:salary %d.%02d ;\n", 2000+random.IntN(9000), random.IntN(100))
			triples++
		}
		if i%7 == 0 {
			fmt.Fprintf(out, "  ex:retired true ;\n")
			triples++
		}
		for range random.IntN(4) {
			fmt.Fprintf(out, "  foaf:knows p:person%d ;\n", random.IntN(i+1)) // may repeat
			triples++
		}
		fmt.Fprintf(out, "  ex:reportsTo p:person%d .\n", max(i-1, 0)/6)
		triples++
	}
	return triples, out.Flush()
}
