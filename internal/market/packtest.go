package market

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// PackTest is one case of a pack's own tests: values for its variables, and the
// tree that they must give.
//
// Tests lie in the pack's folder tests, one folder each, with a file test.hcl:
//
//	variables = { name = "demo" }
//	matrix    = { license = ["MIT", "Apache-2.0"], ci = [true, false] }
//
// The matrix is optional; each combination of its values is a case. The tree of
// a case lies beside the file, in want/CASE; without a matrix in want.
type PackTest struct {
	Name  string // "basic" or "basic/ci=true,license=MIT"
	Given []lang.Given
	// Want is where the expected tree lies in the pack; it may not exist yet.
	Want string
}

// maxCases bounds the combinations of one matrix.
const maxCases = 512

// Tests reads the tests of a pack.
func (p *Pack) Tests() ([]PackTest, error) {
	dirs, err := fs.ReadDir(p.FS, "tests")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("pack %s: read the tests: %w", p.ID, err)
	}
	var out []PackTest
	for _, d := range dirs {
		file := path.Join("tests", d.Name(), "test.hcl")
		src, err := readLimited(p.FS, file, maxManifestSize)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", p.ID, err)
		}
		cases, diags := parseTest(src, file, d.Name())
		if diags.HasErrors() {
			return nil, &DiagnosticsError{Diagnostics: diags, Files: map[string]*hcl.File{file: {Bytes: src}}}
		}
		out = append(out, cases...)
	}
	return out, nil
}

func parseTest(src []byte, filename, name string) ([]PackTest, hcl.Diagnostics) {
	if diags := lang.Guard(src, filename); diags.HasErrors() {
		return nil, diags
	}
	file, diags := hclsyntax.ParseConfig(src, filename, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	content, diags := file.Body.Content(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "variables"}, {Name: "matrix"}}})
	if diags.HasErrors() {
		return nil, diags
	}
	variables, d := objectAttribute(content, "variables")
	diags = append(diags, d...)
	matrix, d := objectAttribute(content, "matrix")
	diags = append(diags, d...)
	if diags.HasErrors() {
		return nil, diags
	}
	base := PackTest{Name: name, Want: path.Join("tests", name, "want")}
	for _, v := range slices.Sorted(maps.Keys(variables)) {
		base.Given = append(base.Given, lang.Given{Name: v, Value: variables[v], Source: filename})
	}
	if len(matrix) == 0 {
		return []PackTest{base}, diags
	}
	cases := []PackTest{{Given: base.Given}}
	for _, axis := range slices.Sorted(maps.Keys(matrix)) {
		t := matrix[axis].Type()
		if !(t.IsTupleType() || t.IsListType() || t.IsSetType()) || len(cases)*matrix[axis].LengthInt() > maxCases {
			return nil, append(diags, fault(content.Attributes["matrix"].Expr.Range(), "Invalid matrix",
				fmt.Sprintf("%q must be a list of values, and all combinations together at most %d.", axis, maxCases)))
		}
		var next []PackTest
		for _, c := range cases {
			for it := matrix[axis].ElementIterator(); it.Next(); {
				_, val := it.Element()
				label := axis + "=" + caseLabel(val)
				if c.Name != "" {
					label = c.Name + "," + label
				}
				next = append(next, PackTest{Name: label, Given: append(slices.Clip(c.Given), lang.Given{Name: axis, Value: val, Source: filename})})
			}
		}
		cases = next
	}
	seen := map[string]bool{}
	for i := range cases {
		label := cases[i].Name
		if seen[label] {
			label = fmt.Sprintf("%s,%d", label, i+1)
		}
		seen[label] = true
		cases[i].Name, cases[i].Want = name+"/"+label, path.Join(base.Want, label)
	}
	return cases, diags
}

func objectAttribute(content *hcl.BodyContent, name string) (map[string]cty.Value, hcl.Diagnostics) {
	attr, ok := content.Attributes[name]
	if !ok {
		return nil, nil
	}
	val, diags := attr.Expr.Value(nil)
	if diags.HasErrors() {
		return nil, diags
	}
	if val.IsNull() || !(val.Type().IsObjectType() || val.Type().IsMapType()) {
		return nil, hcl.Diagnostics{fault(attr.Expr.Range(), "Unsuitable value", fmt.Sprintf("%q must be an object of values by the names of variables.", name))}
	}
	return val.AsValueMap(), nil
}

var notInLabel = regexp.MustCompile(`[^0-9A-Za-z._+-]+`)

// caseLabel is a value as a part of a folder's name.
func caseLabel(val cty.Value) string {
	text := lang.Show(val)
	if val.Type() == cty.String && val.IsKnown() && !val.IsNull() {
		text = val.AsString()
	}
	text = strings.Trim(notInLabel.ReplaceAllString(text, "_"), "_.")
	if text == "" {
		return "empty"
	}
	return text[:min(len(text), 40)]
}
