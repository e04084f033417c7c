package lang

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// TestWriteDiagnostics holds what is printed from excerpts against what HCL
// prints from the whole files.
func TestWriteDiagnostics(t *testing.T) {
	for name, src := range map[string]string{
		"blocks":       "a = 1\n\nb \"c\" {\n  d = nope\n  e {\n    f = [\n      nope,\n    ]\n  }\n}\n",
		"first line":   "a = nope\n",
		"no last line": "a = 1\nb = nope",
		"crlf":         "a = 1\r\nb \"c\" {\r\n  d = nope\r\n}\r\n",
		"wide":         "a = \"ä👩‍👩‍👧\"\nb = \"ä${nope}👩‍👩‍👧\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			file, diags := hclsyntax.ParseConfig([]byte(src), "x.hcl", hcl.InitialPos)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			diags = mistakes(file.Body.(*hclsyntax.Body))
			if len(diags) == 0 {
				t.Fatal("no mistakes to show")
			}
			diags = append(diags,
				&hcl.Diagnostic{Summary: "No place"},
				&hcl.Diagnostic{Summary: "Elsewhere", Subject: &hcl.Range{Filename: "y.hcl", Start: hcl.InitialPos, End: hcl.InitialPos}},
				&hcl.Diagnostic{Summary: "The end", Subject: file.Body.MissingItemRange().Ptr()})
			files := map[string]*hcl.File{"x.hcl": file}
			for _, color := range []bool{false, true} {
				var want, got strings.Builder
				if err := hcl.NewDiagnosticTextWriter(&want, files, 60, color).WriteDiagnostics(diags); err != nil {
					t.Fatal(err)
				}
				if err := WriteDiagnostics(&got, diags, files, 60, color); err != nil {
					t.Fatal(err)
				}
				if got.String() != want.String() {
					t.Errorf("printed\n%s\nnot\n%s", got.String(), want.String())
				}
			}
		})
	}
}

// mistakes evaluates each attribute where no variable is known.
func mistakes(body *hclsyntax.Body) (diags hcl.Diagnostics) {
	for _, attr := range body.Attributes {
		_, d := attr.Expr.Value(&hcl.EvalContext{})
		diags = append(diags, d...)
	}
	for _, block := range body.Blocks {
		diags = append(diags, mistakes(block.Body)...)
	}
	return diags
}

func TestExcerptIsSmall(t *testing.T) {
	var src strings.Builder
	for i := range 70_000 {
		fmt.Fprintf(&src, "attribute_%d = 1\n", i)
	}
	file, _ := hclsyntax.ParseConfig([]byte(src.String()), "x.hcl", hcl.InitialPos)
	at := file.Body.(*hclsyntax.Body).Attributes["attribute_68999"].NameRange
	d := &hcl.Diagnostic{Subject: &at}
	_, near := Excerpt(d, file)
	if lines := strings.Count(string(near.Bytes), "\n"); lines != 70 {
		t.Errorf("the excerpt has %d line feeds", lines)
	}
	var got strings.Builder
	if err := WriteDiagnostics(&got, hcl.Diagnostics{d}, map[string]*hcl.File{"x.hcl": file}, 0, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.String(), "\n69000: attribute_68999 = 1\n") {
		t.Errorf("printed\n%s", got.String())
	}
}
