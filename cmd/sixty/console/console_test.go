package console

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

func session() Session {
	return Session{Dir: ".", Context: &hcl.EvalContext{Variables: map[string]cty.Value{
		"var": cty.ObjectVal(map[string]cty.Value{
			"name":  cty.StringVal("demo"),
			"token": cty.StringVal("hunter2").Mark(lang.Sensitive),
			"later": cty.UnknownVal(cty.List(cty.String)),
			"deep":  cty.ObjectVal(map[string]cty.Value{"er": cty.True}),
		}),
	}}}
}

func TestEvaluate(t *testing.T) {
	for text, want := range map[string]string{
		`1 + 1`:                         `2`,
		`"a ${var.name}"`:               `"a demo"`,
		`upper(var.name)`:               `"DEMO"`,
		`var.token`:                     `(sensitive)`,
		`"x${var.token}"`:               `(sensitive)`,
		`[1, var.token]`:                "[\n  1,\n  (sensitive),\n]",
		`var.later`:                     `(unknown list of string)`,
		`{ a = 1, "b c" = { d = [] } }`: "{\n  a     = 1\n  \"b c\" = {\n    d = []\n  }\n}",
		`toset(["b", "a"])`:             "toset([\n  \"a\",\n  \"b\",\n])",
		`null`:                          `null`,
		`[for x in [1, 2] : x * 2]`:     "[\n  2,\n  4,\n]",
	} {
		got, diags := session().Evaluate(text)
		if diags.HasErrors() || got != want {
			t.Errorf("%s: %s %v, want %s", text, got, diags, want)
		}
	}
	for text, want := range map[string]string{
		`var.none`:               "none",
		`1 +`:                    "expression",
		`1 1`:                    "xtra",
		``:                       "expression",
		`upper()`:                "argument",
		strings.Repeat("(", 999): "Nested too deeply",
		`[for a in range(1000) : [for b in range(1000) : 1]]`: "",
	} {
		got, diags := session().Evaluate(text)
		if !diags.HasErrors() || !strings.Contains(diags.Error(), want) {
			t.Errorf("%.30s: %.50s %v, want an error with %q", text, got, diags, want)
		}
	}
	// One expression does not use up what the next one may make.
	s := session()
	for range 5 {
		if _, diags := s.Evaluate(`length([for a in range(1000) : [for b in range(45) : b]])`); diags.HasErrors() {
			t.Fatal(diags)
		}
	}
}

func TestIncomplete(t *testing.T) {
	for text, want := range map[string]bool{
		`1`: false, `[`: true, "[\n1": true, "[\n1\n]": false, `f(`: true, `"${`: true, `)`: false,
		"<<X\na": true, "<<X\na\nX\n": false, strings.Repeat("(", 999): false,
	} {
		if got := Incomplete(text); got != want {
			t.Errorf("%.20q is incomplete: %v", text, got)
		}
	}
}

func TestComplete(t *testing.T) {
	for line, want := range map[string][]string{
		"va":            {"va" + "lues(", "var"},
		"1 + var.n":     {"1 + var.name"},
		"var.deep.":     {"var.deep.er"},
		"var.token.":    nil,
		"var.none.x":    nil,
		"upper(var.na":  {"upper(var.name"},
		"startsw":       {"startswith("},
		"nothing.that.": nil,
	} {
		if got := session().Complete(line); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, seed := range []string{`1`, `[var.token]`, `"${var.name}"`, "<<X\n%{ for a in [1] }x%{ endfor }\nX\n", `{a=1}`, `try(var.x, 1)`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return
		}
		Incomplete(text)
		session().Complete(text)
		if shown, _ := session().Evaluate(text); strings.Contains(shown, "hunter2") && !strings.Contains(text, "hunter") {
			t.Errorf("%q shows the secret: %s", text, shown)
		}
	})
}
