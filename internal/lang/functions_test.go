package lang

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (rewrite it with -update):\n%s", path, got)
	}
}

func eval(dir, src string) (cty.Value, hcl.Diagnostics) {
	if d := Guard([]byte(src), "x.hcl"); d.HasErrors() {
		return cty.NilVal, d
	}
	expr, diags := hclsyntax.ParseExpression([]byte(src), "x.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	return expr.Value(&hcl.EvalContext{Functions: FunctionMap(dir), Variables: map[string]cty.Value{
		"var": cty.ObjectVal(map[string]cty.Value{"big": cty.StringVal(repeat("x", 1<<20)), "list": cty.ListVal(slices.Repeat([]cty.Value{cty.True}, 60_000))}),
	}})
}

func TestExamples(t *testing.T) {
	var b strings.Builder
	var names []string
	for _, f := range Functions("testdata/project") {
		names = append(names, f.Name)
		if f.Description == "" || !strings.Contains(f.Example, f.Name+"(") {
			t.Errorf("%s: no description, or an example of something else: %s", f.Name, f.Example)
		}
		val, diags := eval("testdata/project", f.Example)
		if diags.HasErrors() {
			t.Errorf("%s: %s: %s", f.Name, f.Example, diags)
			continue
		}
		fmt.Fprintf(&b, "%s = %s # %s\n", f.Example, Show(val), val.Type().FriendlyName())
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("a name stands twice in %s", names)
	}
	golden(t, "functions.golden", b.String())
}

func TestFunctionsWithoutFolder(t *testing.T) {
	for _, name := range []string{"file", "fileexists", "fileset", "filesha256", "templatefile"} {
		if _, ok := FunctionMap("")[name]; ok {
			t.Errorf("%s is there without a folder", name)
		}
		if _, ok := FunctionMap(".")[name]; !ok {
			t.Errorf("%s is missing with a folder", name)
		}
	}
}

func TestFunctions(t *testing.T) {
	cases := map[string]string{
		`alltrue([])`:                          `true`,
		`anytrue([])`:                          `false`,
		`alltrue([true, false])`:               `false`,
		`startswith("abc", "bc")`:              `false`,
		`length("äö")`:                         `2`,
		`length({ a = 1, b = 2 })`:             `2`,
		`length(toset(["a", "a"]))`:            `1`,
		`can(tonumber("x"))`:                   `false`,
		`try(tonumber("x"), "y")`:              `"y"`,
		`join("-", [], ["a"])`:                 `"a"`,
		`format("%5s|%-3d|%05.1f", "a", 1, 2)`: `"    a|1  |002.0"`,
		`replace("aaa", "/a(.)/", "$1$1")`:     `"aaa"`,
		`range(3, 0)`:                          `[3, 2, 1]`,
		`yamldecode("a: &x [1]\nb: *x")`:       "{\n  a = [1]\n  b = [1]\n}",
		`coalesce(null, "a")`:                  `"a"`,
	}
	for src, want := range cases {
		t.Run(src, func(t *testing.T) {
			val, diags := eval("", src)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if got := Show(val); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestMarksPass sees to it that the bounds do not lose what is sensitive.
func TestMarksPass(t *testing.T) {
	f := FunctionMap("")
	secret := cty.StringVal("s3cret").Mark(Sensitive)
	for name, args := range map[string][]cty.Value{
		"upper":      {secret},
		"format":     {cty.StringVal("%s"), secret},
		"join":       {cty.StringVal(","), cty.ListVal([]cty.Value{secret})},
		"replace":    {secret, cty.StringVal("s"), cty.StringVal("t")},
		"jsonencode": {cty.ObjectVal(map[string]cty.Value{"a": secret})},
		"startswith": {secret, cty.StringVal("s")},
		"length":     {secret},
		"tolist":     {cty.TupleVal([]cty.Value{secret})},
	} {
		val, err := f[name].Call(args)
		if err != nil || !val.ContainsMarked() {
			t.Errorf("%s: %#v, %v: the mark is lost", name, val, err)
		}
		if err == nil && Show(val) != "(sensitive)" {
			t.Errorf("%s shows %s", name, Show(val))
		}
	}
}

// TestUnknownsPass: gates are checked against unknown metrics.
func TestUnknownsPass(t *testing.T) {
	f := FunctionMap("")
	for name, args := range map[string][]cty.Value{
		"format": {cty.StringVal("%.1f"), cty.UnknownVal(cty.Number)},
		"range":  {cty.UnknownVal(cty.Number)},
		"join":   {cty.StringVal(","), cty.UnknownVal(cty.List(cty.String))},
		"length": {cty.UnknownVal(cty.String)},
	} {
		if val, err := f[name].Call(args); err != nil || val.IsKnown() {
			t.Errorf("%s: %#v, %v: want an unknown value", name, val, err)
		}
	}
}

func bomb(lines int) string {
	var b strings.Builder
	b.WriteString(`a0: &a0 [x,x,x,x,x,x,x,x,x]\n`)
	for i := 1; i < lines; i++ {
		fmt.Fprintf(&b, `a%d: &a%d [%s]\n`, i, i, strings.TrimSuffix(repeat(fmt.Sprintf("*a%d,", i-1), 9), ","))
	}
	return b.String()
}

// TestFunctionsAreBounded asks for results that would take gigabytes.
func TestFunctionsAreBounded(t *testing.T) {
	cases := map[string]string{
		"range":           `range(1e9)`,
		"range down":      `range(0, -1e9)`,
		"range by little": `range(0, 1, 1e-9)`,
		"format width":    `format("%999999999d", 1)`,
		"format padding":  `format("%-999999999s", "a")`,
		"format zeros":    `format("%.999999999f", 1.5)`,
		"format again":    `format("` + repeat("%[1]s", 1000) + `", var.big)`,
		"formatlist":      `formatlist("%999999999s", ["a"])`,
		"indent":          `indent(999999999, "a\nb")`,
		"join":            `join(var.big, range(1000))`,
		"replace":         `replace(var.big, "x", "` + repeat("y", 1000) + `")`,
		"replace empty":   `replace(var.big, "", "` + repeat("y", 1000) + `")`,
		"replace pattern": `replace(var.big, "/./", "` + repeat("y", 1000) + `")`,
		"replace groups":  `replace(var.big, "/.*/", "` + repeat("$0", 1000) + `")`,
		"regex_replace":   `regex_replace(var.big, ".", "` + repeat("y", 1000) + `")`,
		"setproduct":      `setproduct(range(1000), range(1000), range(1000))`,
		"concat":          `concat(var.list, var.list)`,
		"flatten":         `flatten([var.list, var.list])`,
		"split":           `split("", var.big)`,
		"regexall":        `regexall("", var.big)`,
		"csv":             `csvdecode("` + repeat(`a\n`, 200_000) + `")`,
		"json elements":   `jsondecode("[` + repeat("[],", 200_000) + `[]]")`,
		"json depth":      `jsondecode("` + repeat("[", 100_000) + repeat("]", 100_000) + `")`,
		"yaml aliases":    `yamldecode("` + bomb(12) + `")`,
		"yaml depth":      `yamldecode("` + repeat("[", 100_000) + repeat("]", 100_000) + `")`,
		"yaml entries":    `yamldecode("` + repeat("- ", 100_000) + `")`,
		"json of shared":  `jsonencode([` + repeat("var.big,", 1000) + `1])`,
		"yaml of shared":  `yamlencode([` + repeat("var.big,", 1000) + `1])`,
		"number":          `tonumber("1e999999999")`,
		"parseint":        `parseint("` + repeat("f", 100_000) + `", 16)`,
		"power":           `pow(10, 308) * pow(10, 308)`,
	}
	for name, src := range cases {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			val, diags := eval("", src)
			runtime.ReadMemStats(&after)
			if total := after.TotalAlloc - before.TotalAlloc; total > 300<<20 {
				t.Errorf("%d MB were allocated", total>>20)
			}
			if name == "power" { // a small enough number
				if diags.HasErrors() || !val.IsKnown() {
					t.Errorf("got %s", diags)
				}
				return
			}
			if !diags.HasErrors() {
				t.Errorf("no error, but a %s", val.Type().FriendlyName())
			}
		})
	}
}
