package main

// query is one measured query.
type query struct{ name, text string }

const queryPrefixes = `PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX org: <http://www.w3.org/ns/org#>
PREFIX ex: <http://example.org/vocabulary/>
PREFIX p: <http://example.org/people/>
`

var queries = []query{
	{"star join", `SELECT ?person ?name ?age ?unit {
  ?person a foaf:Person ; foaf:name ?name ; foaf:age ?age ; org:memberOf ?unit ; ex:salary ?salary }`},
	{"path + from one", `SELECT (COUNT(*) AS ?n) { ?person ex:reportsTo+ p:person1 }`},
	{"path + from all", `SELECT (COUNT(*) AS ?n) { ?person ex:reportsTo+ ?boss }`},
	{"GROUP BY count", `SELECT ?unit (COUNT(?person) AS ?n) { ?person org:memberOf ?unit } GROUP BY ?unit`},
	{"regex filter", `SELECT ?person ?name { ?person foaf:name ?name FILTER regex(?name, "^(Ada|Grace) .*7$") }`},
	{"OPTIONAL + MINUS", `SELECT ?person ?salary {
  ?person a foaf:Person ; org:memberOf ?unit OPTIONAL { ?person ex:salary ?salary } MINUS { ?person ex:retired true } }`},
}
