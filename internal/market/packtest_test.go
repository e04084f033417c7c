package market

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestPackTests(t *testing.T) {
	fsys := fstest.MapFS{
		"pack.hcl":             packHCL("io.x", "1.0.0", ""),
		"tests/plain/test.hcl": {Data: []byte(`variables = { name = "demo" }`)},
		"tests/matrix/test.hcl": {Data: []byte(`
variables = { name = "demo" }
matrix    = { license = ["MIT OR Apache-2.0", ""], ci = [true, false], list = [["a"], ["a!"]] }
`)},
		"tests/none/README": {},
	}
	p, err := ReadPack(fsys, "x", "s")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := p.Tests()
	if err != nil {
		t.Fatal(err)
	}
	if len(tests) != 9 {
		t.Fatalf("%d tests", len(tests))
	}
	want := map[string]bool{}
	for _, c := range tests {
		if want[c.Want] {
			t.Errorf("two cases share %s", c.Want)
		}
		want[c.Want] = true
	}
	first := tests[0]
	if first.Name != "matrix/ci=true,license=MIT_OR_Apache-2.0,list=a" {
		t.Errorf("first: %+v", first)
	}
	if last := tests[8]; last.Name != "plain" || last.Want != "tests/plain/want" || len(last.Given) != 1 || last.Given[0].Value.AsString() != "demo" {
		t.Errorf("last: %+v", last)
	}
	if len(first.Given) != 4 {
		t.Errorf("values: %+v", first.Given)
	}
	for name, src := range map[string]string{
		"matrix of no lists": `matrix = { a = 1 }`,
		"no object":          `variables = 1`,
		"unknown":            `vars = {}`,
		"too many":           `matrix = { a = [1,2,3,4,5,6,7,8], b = [1,2,3,4,5,6,7,8], c = [1,2,3,4,5,6,7,8], d = [1,2] }`,
		"syntax":             `variables = {`,
	} {
		fsys["tests/plain/test.hcl"] = &fstest.MapFile{Data: []byte(src)}
		if _, err := p.Tests(); err == nil || !strings.Contains(err.Error(), "tests/plain/test.hcl line 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
