//go:build linux

package main

import (
	"bytes"
	"maps"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sixtyhq/sixty/internal/preview"
	"github.com/sixtyhq/sixty/internal/report"
)

// storyCommands are those that stories know beside testscript's own.
func storyCommands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	all := maps.Clone(servers)
	all["schema"] = checkSchema
	return all
}

// checkSchema is "schema plan|report FILE": the file fits the published schema.
func checkSchema(ts *testscript.TestScript, neg bool, args []string) {
	schemas := map[string]struct {
		uri  string
		text []byte
	}{
		"plan":   {preview.SchemaURI, preview.Schema},
		"report": {report.SchemaURI, report.Schema},
	}
	if len(args) != 2 || schemas[args[0]].text == nil {
		ts.Fatalf("usage: schema plan|report FILE")
	}
	schema := schemas[args[0]]
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.text))
	ts.Check(err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	ts.Check(compiler.AddResource(schema.uri, doc))
	compiled, err := compiler.Compile(schema.uri)
	ts.Check(err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(ts.ReadFile(args[1]))))
	ts.Check(err)
	switch err := compiled.Validate(value); {
	case err != nil && !neg:
		ts.Fatalf("%s does not fit the schema: %v", args[1], err)
	case err == nil && neg:
		ts.Fatalf("%s fits the schema", args[1])
	}
}
