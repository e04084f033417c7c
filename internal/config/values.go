package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/sixtyhq/sixty/internal/lang"
)

// ReadValues reads a file of variable values: NAME = VALUE in HCL, or JSON when
// its name ends in .json. Values may refer to nothing.
func ReadValues(file string) ([]lang.Given, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the values of variables: %w", err)
	}
	return parseValues(src, file)
}

func parseValues(src []byte, file string) ([]lang.Given, error) {
	if d := lang.Guard(src, file); d.HasErrors() {
		return nil, d
	}
	parser := hclparse.NewParser()
	var parsed *hcl.File
	var diags hcl.Diagnostics
	if strings.HasSuffix(file, ".json") {
		parsed, diags = parser.ParseJSON(src, file)
	} else {
		parsed, diags = parser.ParseHCL(src, file)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	body, isNative := parsed.Body.(*hclsyntax.Body)
	if !isNative {
		if body, diags = native(parsed.Body, lang.BlockSchema{AnyAttribute: true}); diags.HasErrors() {
			return nil, diags
		}
	}
	lang.Meter(body)
	attrs, diags := body.JustAttributes()
	if diags.HasErrors() {
		return nil, diags
	}
	ctx := lang.Constants()
	var out []lang.Given
	for _, name := range sortedNames(attrs) {
		attr := attrs[name]
		val, d := attr.Expr.Value(ctx)
		diags = append(diags, d...)
		out = append(out, lang.Given{Name: name, Value: val, Source: fmt.Sprintf("%s:%d", file, attr.Range.Start.Line), Range: attr.Range.Ptr()})
	}
	if diags.HasErrors() {
		return nil, diags
	}
	return out, nil
}

// AutoValues reads the files of a folder whose values are taken without being
// asked for, *.auto.sixtyvars and *.auto.sixtyvars.json, in the order of their
// names. They win over the environment and lose to the command line.
func AutoValues(dir string) ([]lang.Given, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("look for files of variable values: %w", err)
	}
	var out []lang.Given
	for _, e := range entries {
		if name := e.Name(); e.Type().IsRegular() && (strings.HasSuffix(name, ".auto.sixtyvars") || strings.HasSuffix(name, ".auto.sixtyvars.json")) {
			values, err := ReadValues(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			out = append(out, values...)
		}
	}
	return out, nil
}
