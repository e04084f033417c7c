package lang

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// declare decodes the variable blocks of a text.
func declare(t testing.TB, src string) ([]Variable, hcl.Diagnostics) {
	t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(src), "x.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	content, diags := file.Body.Content(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "variable", LabelNames: []string{"name"}}}})
	var all []Variable
	for _, b := range content.Blocks {
		v, d := DecodeVariable(b)
		diags = append(diags, d...)
		all = append(all, v)
	}
	return all, diags
}

func TestDecodeVariable(t *testing.T) {
	cases := map[string]struct{ src, fails string }{
		"empty":            {src: `variable "a" {}`},
		"all":              {src: "variable \"a\" {\n  type = list(string)\n  default = [\"x\"]\n  description = \"d\"\n  sensitive = true\n  nullable = false\n}"},
		"name":             {`variable "1a" {}`, "Invalid variable name"},
		"type":             {`variable "a" { type = strin }`, "strin"},
		"unknown":          {`variable "a" { typ = string }`, `Did you mean "type"?`},
		"default type":     {"variable \"a\" {\n  type = number\n  default = \"x\"\n}", "does not fit its type"},
		"default refers":   {`variable "a" { default = var.b }`, "Variables not allowed"},
		"description":      {`variable "a" { description = 1 + [] }`, "x.hcl"},
		"sensitive":        {`variable "a" { sensitive = "maybe" }`, `"sensitive" must be a bool`},
		"nullable":         {`variable "a" { nullable = null }`, `"nullable" must be a bool`},
		"null default":     {"variable \"a\" {\n  nullable = false\n  default = null\n}", "may not be null"},
		"empty validation": {"variable \"a\" {\n  validation {}\n}", "condition"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, diags := declare(t, tc.src)
			if tc.fails == "" && diags.HasErrors() || tc.fails != "" && !strings.Contains(diags.Error(), tc.fails) {
				t.Errorf("got %v, want %q", diags, tc.fails)
			}
		})
	}
}

func TestResolveVariables(t *testing.T) {
	const src = `
variable "name" {
  type        = string
  description = "what it is called"
  validation {
    condition     = length(var.name) > 2
    error_message = "${var.name} is too short."
  }
  validation {
    condition     = !strcontains(var.name, "!")
    error_message = "No exclamation, please."
  }
}
variable "list" {
  type    = list(string)
  default = []
}
variable "port" {
  type     = number
  default  = 80
  nullable = false
}
variable "maybe" {
  default = null
}
variable "strict" {
  type     = string
  nullable = false
  default  = "x"
}
variable "shape" {
  type = object({ a = string, b = optional(number, 2), c = optional(list(string)) })
  default = { a = "x" }
}
variable "token" {
  type      = string
  sensitive = true
  default   = "long s3cret"
  validation {
    condition     = length(var.token) > 8
    error_message = "The token ${var.token} is too short."
  }
}
variable "pin" {
  type      = number
  sensitive = true
  default   = 1
}`
	text := func(name, text, source string) Given { return Given{Name: name, Text: text, Source: source} }
	cases := map[string]struct {
		given []Given
		// shown is the value of one variable afterwards, as NAME = VALUE from SOURCE.
		shown  string
		says   []string
		hides  string
		severe bool
	}{
		"text":                 {given: []Given{text("name", "abc", "--var")}, shown: `name = "abc" from --var`},
		"last one wins":        {given: []Given{text("name", "abc", "SIXTY_VAR_name"), text("name", "def", "a file"), text("name", "ghi", "--var")}, shown: `name = "ghi" from --var`},
		"a bad one that loses": {given: []Given{text("name", "abc", "x"), text("port", "x", "SIXTY_VAR_port"), text("port", "1", "--var")}, shown: `port = 1 from --var`},
		"expression":           {given: []Given{text("name", "abc", "x"), text("list", `["a", "b"]`, "--var")}, shown: `list = ["a", "b"] from --var`},
		"string is no expression": {
			given: []Given{text("name", `["a"]`, "--var")}, shown: `name = "[\"a\"]" from --var`,
		},
		"value":                {given: []Given{{Name: "name", Value: cty.StringVal("abc"), Source: "f.hcl"}}, shown: `name = "abc" from f.hcl`},
		"converted":            {given: []Given{{Name: "name", Value: cty.NumberIntVal(123), Source: "f.hcl"}}, shown: `name = "123" from f.hcl`},
		"default":              {given: []Given{text("name", "abc", "x")}, shown: `port = 80 from default`},
		"optional":             {given: []Given{text("name", "abc", "x"), text("shape", `{ a = "y" }`, "--var")}, shown: "shape = {\n  a = \"y\"\n  b = 2\n  c = null\n} from --var"},
		"optional in default":  {given: []Given{text("name", "abc", "x")}, shown: "shape = {\n  a = \"x\"\n  b = 2\n  c = null\n} from default"},
		"null":                 {given: []Given{text("name", "abc", "x"), {Name: "maybe", Value: cty.NullVal(cty.DynamicPseudoType), Source: "f"}}, shown: `maybe = null from f`},
		"null means default":   {given: []Given{text("name", "abc", "x"), {Name: "strict", Value: cty.NullVal(cty.String), Source: "f"}}, shown: `strict = "x" from default`},
		"missing":              {says: []string{`"name" has no default`, "--var name=VALUE", "what it is called"}, severe: true},
		"unknown name":         {given: []Given{text("name", "abc", "x"), text("prot", "1", "--var")}, says: []string{"Unknown variable", `--var gives a value for "prot"`, `Did you mean "port"?`}, severe: true},
		"unknown, lenient":     {given: []Given{text("name", "abc", "x"), {Name: "other", Text: "1", Source: "SIXTY_VAR_other", Lenient: true}}, says: []string{"SIXTY_VAR_other"}, shown: `name = "abc" from x`},
		"wrong type":           {given: []Given{text("name", "abc", "x"), text("port", `"many"`, "--var")}, says: []string{`--var gives "port"`, "type number"}, severe: true},
		"no expression":        {given: []Given{text("name", "abc", "x"), text("port", "1 +", "SIXTY_VAR_port")}, says: []string{`SIXTY_VAR_port gives "port"`}, severe: true},
		"reference":            {given: []Given{text("name", "abc", "x"), text("list", "[var.name]", "--var")}, says: []string{"Variables may not be used here"}, severe: true},
		"nesting":              {given: []Given{text("name", "abc", "x"), text("list", repeat("[", 10_000), "--var")}, says: []string{"nested"}, severe: true},
		"validation":           {given: []Given{text("name", "a!", "--var")}, says: []string{"a! is too short.", "No exclamation, please.", `The value "a!" came from --var.`}, severe: true},
		"sensitive default":    {given: []Given{text("name", "abc", "x")}, shown: "token = (sensitive) from default", hides: "s3cret"},
		"sensitive validation": {given: []Given{text("name", "abc", "x"), text("token", "s3cret", "--var")}, says: []string{"--var"}, hides: "s3cret", severe: true},
		"sensitive type":       {given: []Given{text("name", "abc", "x"), text("pin", "s3cret", "--var")}, says: []string{"--var", "type number"}, hides: "s3cret", severe: true},
		"sensitive value":      {given: []Given{text("name", "abc", "x"), {Name: "pin", Value: cty.StringVal("s3cret"), Source: "f"}}, says: []string{"type number"}, hides: "s3cret", severe: true},
	}
	declared, diags := declare(t, src)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			values, diags := ResolveVariables(declared, tc.given, FunctionMap(""))
			if diags.HasErrors() != tc.severe {
				t.Fatalf("got %v", diags)
			}
			var all strings.Builder
			w := hcl.NewDiagnosticTextWriter(&all, map[string]*hcl.File{"x.hcl": {Bytes: []byte(src)}}, 0, false)
			for _, d := range diags {
				all.WriteString(d.Error() + "\n")
				if err := w.WriteDiagnostic(d); err != nil {
					t.Fatal(err)
				}
			}
			for _, want := range tc.says {
				if !strings.Contains(strings.Join(strings.Fields(all.String()), " "), want) {
					t.Errorf("no %q in:\n%s", want, &all)
				}
			}
			if tc.shown != "" {
				name, _, _ := strings.Cut(tc.shown, " ")
				got := name + " = " + Show(values.Values[name]) + " from " + values.Sources[name]
				all.WriteString(got)
				if got != tc.shown {
					t.Errorf("got %s, want %s", got, tc.shown)
				}
			}
			if tc.hides != "" && strings.Contains(all.String(), tc.hides) {
				t.Errorf("%q is shown:\n%s", tc.hides, &all)
			}
		})
	}
}

func TestShow(t *testing.T) {
	capsule := cty.CapsuleVal(cty.Capsule("x", reflect.TypeFor[int]()), new(int))
	cases := map[string]cty.Value{
		`"a"`:         cty.StringVal("a"),
		"(none)":      cty.NilVal,
		"(unknown)":   cty.UnknownVal(cty.String),
		"(sensitive)": cty.ListVal([]cty.Value{cty.StringVal("a").Mark(Sensitive)}),
		"(reference)": cty.ObjectVal(map[string]cty.Value{"a": cty.TupleVal([]cty.Value{capsule})}),
		"null":        cty.NullVal(cty.String),
	}
	for want, val := range cases {
		if got := Show(val); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	long := Show(cty.StringVal(repeat("ö", 1000)))
	if len(long) > maxShown+3 || !strings.HasSuffix(long, "ö…") {
		t.Errorf("got %s", long)
	}
}

func TestDidYouMean(t *testing.T) {
	cases := []struct {
		name string
		all  []string
		want string
	}{
		{"rsut", []string{"rust", "python"}, ` Did you mean "rust"?`},
		{"Name", []string{"name"}, ` Did you mean "name"?`},
		{"axum", []string{"io.sixty.rust.axum-service"}, ` Did you mean "io.sixty.rust.axum-service"?`},
		{"x", []string{"ab", "q"}, ""},
		{"aa", []string{"ab", "ac", "ad", "ae"}, ` Did you mean "ab", "ac" or "ad"?`},
		{"whatever", []string{"name"}, ""},
		{"a", nil, ""},
	}
	for _, tc := range cases {
		if got := DidYouMean(tc.name, tc.all); got != tc.want {
			t.Errorf("%s among %v: got %q, want %q", tc.name, tc.all, got, tc.want)
		}
	}
}

// FuzzVariable decodes a declaration and resolves it with any text.
func FuzzVariable(f *testing.F) {
	f.Add(`type = string`, "a")
	f.Add(`type = list(number)`, "[1, 2]")
	f.Add(`type = object({ a = optional(string, "x") })`, "{}")
	f.Add("sensitive = true\nvalidation {\n  condition = length(var.x) > 3\n  error_message = var.x\n}", "a")
	f.Fuzz(func(t *testing.T, body, text string) {
		src := "variable \"x\" {\n" + body + "\n}\n"
		if Guard([]byte(src), "x.hcl").HasErrors() {
			return
		}
		file, diags := hclsyntax.ParseConfig([]byte(src), "x.hcl", hcl.InitialPos)
		if diags.HasErrors() {
			return
		}
		for _, b := range file.Body.(*hclsyntax.Body).Blocks {
			if b.Type != "variable" || len(b.Labels) != 1 {
				continue
			}
			v, diags := DecodeVariable(b.AsHCLBlock())
			if diags.HasErrors() {
				continue
			}
			values, _ := ResolveVariables([]Variable{v}, []Given{{Name: v.Name, Text: text, Source: "--var"}}, FunctionMap(""))
			val := values.Values[v.Name]
			if v.Sensitive && val.IsKnown() && Show(val) != "(sensitive)" {
				t.Errorf("shows %s", Show(val))
			}
		}
	})
}
