package diagjson

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

const source = "# a pipeline\nstage \"test\" {\n  when = var.on && var.secret && length(var.list) == 1\n}\n"

func TestNew(t *testing.T) {
	file, diags := hclsyntax.ParseConfig([]byte(source), "p.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	expr := file.Body.(*hclsyntax.Body).Blocks[0].Body.Attributes["when"].Expr
	ctx := &hcl.EvalContext{Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{
		"on": cty.StringVal("no"), "secret": cty.StringVal("hunter2").Mark(lang.Sensitive), "list": cty.ListVal([]cty.Value{cty.True}),
	})}}
	r := New(hcl.Diagnostics{
		{Severity: hcl.DiagError, Summary: "S", Detail: "D", Subject: expr.Range().Ptr(), Expression: expr, EvalContext: ctx},
		{Severity: hcl.DiagWarning, Summary: "W", Subject: &hcl.Range{Filename: "p.hcl", Start: hcl.InitialPos, End: hcl.InitialPos}},
		{Severity: hcl.DiagError, Summary: "no place"},
		{Severity: hcl.DiagError, Summary: "behind the end", Subject: &hcl.Range{Filename: "p.hcl", Start: hcl.Pos{Line: 99, Column: 1, Byte: 999}, End: hcl.Pos{Line: 99, Column: 1, Byte: 999}}},
		{Severity: hcl.DiagError, Summary: "elsewhere", Subject: &hcl.Range{Filename: "q.hcl", Start: hcl.InitialPos, End: hcl.InitialPos}},
	}, map[string]*hcl.File{"p.hcl": file})
	if r.Valid || r.ErrorCount != 4 || r.WarningCount != 1 || len(r.Diagnostics) != 5 {
		t.Fatalf("%+v", r)
	}
	d := r.Diagnostics[0]
	if s := d.Snippet; s.Context == nil || *s.Context != `stage "test"` || s.StartLine != 3 ||
		s.Code[s.HighlightStartOffset:s.HighlightEndOffset] != `var.on && var.secret && length(var.list) == 1` {
		t.Errorf("snippet %+v", s)
	}
	if got := d.Snippet.Values; len(got) != 3 || got[0] != (Value{"var.list", "is list of bool with 1 element"}) ||
		got[1] != (Value{"var.on", `is "no"`}) || got[2] != (Value{"var.secret", "is a sensitive value"}) {
		t.Errorf("values %+v", got)
	}
	if s := r.Diagnostics[1].Snippet; s.Context != nil || s.Code != "# a pipeline" || s.HighlightEndOffset != 1 {
		t.Errorf("snippet of an empty range %+v", s)
	}
	if r.Diagnostics[2].Range != nil || r.Diagnostics[4].Snippet != nil || r.Diagnostics[4].Range == nil {
		t.Errorf("%+v", r.Diagnostics)
	}
	text, err := json.Marshal(r)
	if err != nil || strings.Contains(string(text), "hunter2") {
		t.Errorf("%s %v", text, err)
	}
}

func TestNothing(t *testing.T) {
	text, err := json.Marshal(New(nil, nil))
	if want := `{"format_version":"1.0","valid":true,"error_count":0,"warning_count":0,"diagnostics":[]}`; err != nil || string(text) != want {
		t.Errorf("%s %v", text, err)
	}
}
