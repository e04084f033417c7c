package config

import (
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/sixtyhq/sixty/internal/lang"
)

// ReadValues reads a file of variable values: NAME = VALUE in HCL, or JSON when
// its name ends in .json. Values may refer to nothing.
func ReadValues(file string) ([]lang.Given, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the values of variables: %w", err)
	}
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
	attrs, diags := parsed.Body.JustAttributes()
	if diags.HasErrors() {
		return nil, diags
	}
	var out []lang.Given
	for name, attr := range attrs {
		val, d := attr.Expr.Value(nil)
		diags = append(diags, d...)
		r := attr.Range
		out = append(out, lang.Given{Name: name, Value: val, Source: file, Range: &r})
	}
	if diags.HasErrors() {
		return nil, diags
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}
