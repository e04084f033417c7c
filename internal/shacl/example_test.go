package shacl_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/shacl"
)

func Example() {
	ctx := context.Background()
	read := func(document string) *rdf.Graph {
		g, err := rdf.ReadGraph(ctx, strings.NewReader(document), rdf.Turtle, rdf.Options{})
		if err != nil {
			panic(err)
		}
		return g
	}
	shapes, err := shacl.Compile(read(`@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
ex:ServiceShape a sh:NodeShape ;
    sh:targetClass ex:Service ;
    sh:property ex:PortShape .
ex:PortShape sh:path ex:port ; sh:minCount 1 ; sh:maxInclusive 65535 .`))
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := shapes.Validate(ctx, read(`@prefix ex: <http://example.org/> .
ex:web a ex:Service ;
    ex:port 80800 .
ex:db a ex:Service .`), shacl.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("conforms:", report.Conforms())
	err = report.WriteText(os.Stdout, shacl.TextOptions{
		DataFile: "pack.ttl", Prefixes: map[string]string{"ex": "http://example.org/"},
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// conforms: false
	// pack.ttl:3: violation: ex:web (line 2) ex:port: 80800 is not at most 65535
	//     line 6: shape ex:PortShape, MaxInclusiveConstraintComponent
	// pack.ttl:4: violation: ex:db ex:port: the number of values is 0, the minimum is 1
	//     line 6: shape ex:PortShape, MinCountConstraintComponent
	// 2 results: the data does not conform to the shapes.
}
