package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

var update = flag.Bool("update", false, "rewrite golden files")

// target is a value for a list of a crate's targets.
func target(name string) cty.Value {
	return cty.TupleVal([]cty.Value{cty.ObjectVal(map[string]cty.Value{"package": cty.StringVal("demo"), "name": cty.StringVal(name)})})
}

func sampleCrate() cty.Value {
	return cty.ObjectVal(map[string]cty.Value{
		"name": cty.StringVal("demo"), "version": cty.StringVal("0.1.0"), "workspace": cty.False,
		"members": cty.TupleVal([]cty.Value{cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal("demo"), "dir": cty.StringVal("."), "needed": cty.False, "host": cty.False})}),
		"bins":    target("demo"), "examples": target("hello"), "benches": cty.EmptyTupleVal, "packed": cty.StringVal(""), "selection": cty.ListVal([]cty.Value{cty.StringVal("--workspace")}), "test_profile": cty.StringVal("release"),
	})
}

// given reads "# VAR name=text" lines.
func given(src string) []lang.Given {
	var out []lang.Given
	for _, m := range regexp.MustCompile(`(?m)^# VAR (\w+)=(.*)$`).FindAllStringSubmatch(src, -1) {
		out = append(out, lang.Given{Name: m[1], Text: m[2], Source: "--var"})
	}
	return out
}

// evaluate does all that is done with a loaded pipeline before it is planned.
func evaluate(cfg *Config, diags hcl.Diagnostics, given []lang.Given) (*Pipeline, hcl.Diagnostics) {
	if diags.HasErrors() {
		if cfg == nil || !cfg.Complete() {
			return nil, diags
		}
		values, d := lang.ResolveVariables(cfg.Variables, given, lang.FunctionMap(cfg.Dir))
		_, more := cfg.Evaluate(values.Values, sampleCrate())
		return nil, append(diags, Further(diags, append(d, more...))...)
	}
	values, d := lang.ResolveVariables(cfg.Variables, given, lang.FunctionMap(cfg.Dir))
	if diags = append(diags, d...); d.HasErrors() {
		return nil, diags
	}
	cfg.Sources = values.Sources
	if _, _, d = cfg.Concept(values.Values); d.HasErrors() {
		return nil, append(diags, d...)
	}
	if _, d = cfg.EvaluateImages(values.Values); d.HasErrors() {
		return nil, append(diags, d...)
	}
	p, d := cfg.Evaluate(values.Values, sampleCrate())
	return p, append(diags, d...)
}

// TestValid loads each file and folder of testdata/valid and compares what it
// evaluates to with the golden file beside it.
func TestValid(t *testing.T) {
	paths, err := filepath.Glob("testdata/valid/*")
	if err != nil || len(paths) == 0 {
		t.Fatal("no test data: ", err)
	}
	for _, path := range append(paths, "../../pipeline.hcl") {
		if strings.HasSuffix(path, ".golden") {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			cfg, diags := Load(path)
			src, _ := os.ReadFile(path)
			p, diags := evaluate(cfg, diags, given(string(src)))
			for _, d := range diags {
				t.Error(d)
			}
			if t.Failed() {
				return
			}
			golden := filepath.Join("testdata/valid", filepath.Base(path)+".golden")
			got := describe(p)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant (rewrite with -update)\n%s", got, want)
			}
		})
	}
}

// describe writes a pipeline down, without ranges.
func describe(p *Pipeline) string {
	var b strings.Builder
	line := func(indent int, name string, val any) {
		text := fmt.Sprintf("%q", val)
		switch v := val.(type) {
		case bool, fmt.Stringer:
			text = fmt.Sprint(v)
		case *Ref:
			text = "-"
			if v != nil {
				text = ref(*v)
			}
		case Ref:
			text = ref(v)
		}
		if text != `""` && text != "[]" && text != "-" && text != "false" && text != "0s" {
			fmt.Fprintf(&b, "%s%s %s\n", strings.Repeat("  ", indent), name, text)
		}
	}
	for _, i := range p.Images {
		line(0, "image", i.Name)
		line(1, "from", i.From)
		line(1, "warm", i.Warm)
		if i.Debian != nil {
			line(1, "debian", i.Debian.Suite)
			line(2, "packages", i.Debian.Packages)
			line(2, "exclude", i.Debian.Exclude)
			line(2, "include", i.Debian.Include)
			line(2, "env", i.Debian.Env)
		}
	}
	line(0, "caches", p.Caches)
	for _, s := range p.Secrets {
		line(0, "secret", s.Name)
		line(1, "env", s.Env)
		line(1, "file", s.File)
		line(1, "command", s.Command)
		line(1, "dir", filepath.ToSlash(s.Dir))
	}
	for _, s := range p.Services {
		line(0, "service", s.Name)
		line(1, "image", s.Image)
		line(1, "command", s.Command)
		line(1, "env", s.Env)
		line(1, "dir", s.Dir)
		line(1, "user", s.User)
		if s.Ready.TCP > 0 {
			line(1, "ready at port", strconv.Itoa(s.Ready.TCP))
		}
		line(1, "ready by", s.Ready.Command)
		line(1, "ready within", s.Ready.Timeout)
	}
	for _, s := range p.Stages {
		line(0, "stage", s.Name)
		line(1, "module", s.Module)
		line(1, "pack", s.Pack)
		line(1, "version", s.Version)
		for _, name := range keys(s.Vars) {
			line(1, "var "+name, lang.Show(s.Vars[name]))
		}
		line(1, "image", s.Image)
		line(1, "budget", s.Budget)
		line(1, "budget fails", s.BudgetFails)
		line(1, "skipped", !s.When)
		for _, step := range s.Steps {
			line(1, "step", step.Name)
			line(2, "command", step.Command)
			line(2, "uses", step.Uses)
			line(2, "image", step.Image)
			line(2, "env", step.Env)
			line(2, "dir", step.Dir)
			line(2, "timeout", step.Timeout)
			line(2, "after", step.After)
			line(2, "network", step.Network)
			line(2, "metrics", step.Metrics)
			line(2, "services", step.Services)
			line(2, "skipped", !step.When)
			for _, m := range step.Mounts {
				line(2, "mount", m.Path)
				line(3, "source", m.Source)
				line(3, "writable", m.Writable)
			}
			for _, o := range step.Outputs {
				line(2, "output", o.Name)
				line(3, "path", o.Path)
				line(3, "optional", o.Optional)
				line(3, "volume", o.Volume)
			}
		}
	}
	for _, g := range p.Gates {
		line(0, "gate", g.Name)
		line(1, "module", g.Module)
		line(1, "level", g.Level)
		line(1, "severity", g.Severity)
	}
	for _, o := range p.Scopes[0].Outputs {
		line(0, "output", o.Name)
		line(1, "description", o.Description)
	}
	return b.String()
}

func ref(r Ref) string {
	text := string(r.Kind)
	for _, part := range []string{r.Name, r.Output} {
		if part != "" {
			text += " " + part
		}
	}
	return text
}

// TestInvalid loads each file and folder of testdata/invalid and compares all
// that is said of it with the golden file beside it.
func TestInvalid(t *testing.T) {
	paths, err := filepath.Glob("testdata/invalid/*")
	if err != nil || len(paths) == 0 {
		t.Fatal("no test data: ", err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, ".golden") {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			cfg, diags := Load(path)
			src, _ := os.ReadFile(path)
			_, diags = evaluate(cfg, diags, given(string(src)))
			if len(diags) == 0 {
				t.Fatal("nothing is wrong with it")
			}
			var b strings.Builder
			for _, d := range diags {
				severity := map[hcl.DiagnosticSeverity]string{hcl.DiagError: "error", hcl.DiagWarning: "warning"}[d.Severity]
				at := "-" // a value that a flag gave
				if d.Subject != nil {
					at = strings.TrimPrefix(d.Subject.String(), "testdata/invalid/")
				}
				fmt.Fprintf(&b, "%s: %s: %s. %s\n", at, severity, d.Summary, d.Detail)
			}
			if strings.Contains(b.String(), "h1dden") {
				t.Error("a sensitive value is shown")
			}
			golden := path + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("got\n%s\nwant (rewrite with -update)\n%s", b.String(), want)
			}
		})
	}
}

func TestLoadFolder(t *testing.T) {
	dir := t.TempDir()
	if _, d := Load(dir); !strings.Contains(d.Error(), "no .hcl file") {
		t.Error(d)
	}
	if _, d := Load(filepath.Join(dir, "none.hcl")); !strings.Contains(d.Error(), "--pipeline") {
		t.Error(d)
	}
	for name, src := range map[string]string{"b.hcl": `cache "b" {}`, "a.hcl.json": `{"cache": {"a": {}}}`, "other.txt": "(", "c.json": "("} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg, diags := Load(dir)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if len(cfg.Caches) != 2 || cfg.Caches[0].Name != "a" || cfg.Dir != dir || len(cfg.Files) != 2 {
		t.Errorf("got %+v", cfg)
	}
}

func TestReadValues(t *testing.T) {
	dir := t.TempDir()
	write := func(name, src string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	list := "[" + strings.Repeat("1,", 700) + "]"
	loops := "[for a in " + list + " : [for b in " + list + " : a]]"
	cases := map[string]struct{ file, src, want, fails string }{
		"hcl":       {file: "a.hcl", src: "b = [1]\na = \"x\"", want: `a="x" b=[1] `},
		"json":      {file: "a.json", src: `{"a": "x"}`, want: `a="x" `},
		"empty":     {file: "a.hcl"},
		"reference": {file: "a.hcl", src: "a = var.b", fails: "Variables not allowed"},
		"function":  {file: "a.hcl", src: `a = upper("b")`, fails: `There is no function named "upper"`},
		"loop":      {file: "a.hcl", src: "a = [for x in [1, 2] : x]", want: "a=[1, 2] "},
		"loops":     {file: "a.hcl", src: "a = " + loops, fails: "all loops and templates together"},
		"JSON loop": {file: "a.json", src: `{"a": "${` + loops + `}"}`, fails: "all loops and templates together"},
		"block":     {file: "a.hcl", src: "a {}", fails: "block"},
		"syntax":    {file: "a.hcl", src: "a = ", fails: "a.hcl:1"},
		"nesting":   {file: "a.hcl", src: "a = " + strings.Repeat("(", 1<<20), fails: "File too large"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			values, err := ReadValues(write(tc.file, tc.src))
			got := ""
			for _, v := range values {
				got += v.Name + "=" + lang.Show(v.Value) + " "
			}
			if tc.fails == "" && (err != nil || got != tc.want) || tc.fails != "" && (err == nil || !strings.Contains(err.Error(), tc.fails)) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	if _, err := ReadValues(filepath.Join(dir, "none")); err == nil {
		t.Error("no error for a file that is not there")
	}
}

// TestValuesAreBounded: what a flag or the environment gives is metered as well.
func TestValuesAreBounded(t *testing.T) {
	list := "[" + strings.Repeat("1,", 700) + "]"
	v := lang.Variable{Name: "a", Type: cty.List(cty.List(cty.Number))}
	if _, err := v.Parse("[for a in "+list+" : [for b in "+list+" : a]]", "--var"); err == nil || !strings.Contains(err.Error(), "all loops and templates together") {
		t.Errorf("got %v", err)
	}
}

func TestAutoValues(t *testing.T) {
	dir := t.TempDir()
	for name, src := range map[string]string{"b.auto.sixtyvars": "x = 2", "a.auto.sixtyvars.json": `{"x": 1}`, "c.sixtyvars": "x = 3"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	values, err := AutoValues(dir)
	if err != nil || len(values) != 2 || lang.Show(values[0].Value) != "1" || lang.Show(values[1].Value) != "2" {
		t.Errorf("got %v, %v", values, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "d.auto.sixtyvars"), []byte("x ="), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := AutoValues(dir); err == nil {
		t.Error("a broken file is no error")
	}
}

func TestOverrideRefuses(t *testing.T) {
	const base = `
cache "cargo" {}
locals { jobs = 4 }
image "rust" { from = local.jobs }
`
	cases := map[string]struct{ src, want string }{
		"unknown block":     {`cache "crago" {}`, `No other file declares the cache "crago", which this file overrides. Did you mean "cargo"?`},
		"unknown local":     {`locals { job = 1 }`, `Did you mean "jobs"?`},
		"attribute":         {`x = 1`, "A pipeline has blocks alone at its top."},
		"unknown attribute": {`image "rust" { frm = "x" }`, `An argument named "frm" is not expected here.`},
		"reference":         {`image "rust" { from = local.job }`, "Did you mean local.jobs?"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			// Its name is before the other's, and it is still read last.
			_, diags := Parse(".", []string{"a_override.hcl", "b.hcl"}, map[string][]byte{"a_override.hcl": []byte(tc.src), "b.hcl": []byte(base)})
			errs := diags.Errs()
			for _, err := range errs {
				var d *hcl.Diagnostic
				if errors.As(err, &d) && d.Severity == hcl.DiagError && strings.Contains(d.Detail, tc.want) && d.Subject.Filename == "a_override.hcl" {
					return
				}
			}
			t.Errorf("got %v, want %q", diags, tc.want)
		})
	}
}

// TestConstants: attributes that may refer to nothing still take loops and
// templates.
func TestConstants(t *testing.T) {
	src := `
variable "a" {
  default     = [for x in ["b"] : "${x}-${1}"]
  description = "${1} and ${2}"
}
output "a" { value = var.a }`
	cfg, diags := Parse(".", []string{"x.hcl"}, map[string][]byte{"x.hcl": []byte(src)})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if v := cfg.Variables[0]; lang.Show(v.Default) != `["b-1"]` || v.Description != "1 and 2" {
		t.Errorf("got %s, %q", lang.Show(v.Default), v.Description)
	}
}

func TestRanges(t *testing.T) {
	r := hcl.Range{Filename: "x.hcl", Start: hcl.Pos{Line: 1, Column: 2}, End: hcl.Pos{Line: 3, Column: 4}}
	if got := HCLRange(PlanRange(r)); *got != r {
		t.Errorf("got %v, want %v", got, r)
	}
	if got := HCLRange(PlanRange(hcl.Range{})); got != nil {
		t.Errorf("got %v for no range", got)
	}
}

// TestLocalsAreBounded doubles a value often enough to fill any memory.
func TestLocalsAreBounded(t *testing.T) {
	for name, double := range map[string]string{
		"text":     `"${LAST}${LAST}"`,
		"elements": `concat(LAST, LAST)`,
		"objects":  `{ x = LAST, y = LAST }`,
		"numbers":  `LAST * LAST`,
	} {
		t.Run(name, func(t *testing.T) {
			first := map[string]string{"text": `"x"`, "elements": `["x"]`, "objects": `"x"`, "numbers": `10`}[name]
			src := "locals {\n  a0 = " + first + "\n"
			for i := range 60 {
				src += fmt.Sprintf("  a%d = %s\n", i+1, strings.ReplaceAll(double, "LAST", fmt.Sprintf("local.a%d", i)))
			}
			cfg, diags := Parse(".", []string{"x.hcl"}, map[string][]byte{"x.hcl": []byte(src + "}\n")})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			_, diags = cfg.Evaluate(nil, sampleCrate())
			if text := diags.Error(); !strings.Contains(text, "too large") && !strings.Contains(text, "more than") {
				t.Errorf("got %v", diags)
			}
		})
	}
}

// TestLoopsAreBounded makes in one expression what no memory holds.
func TestLoopsAreBounded(t *testing.T) {
	for name, src := range map[string]string{
		"nested":     `[for a in local.list : [for b in local.list : [for c in local.list : 1]]]`,
		"nested map": `{for a in local.list : a => {for b in local.list : b => 1}}`,
		"caught":     `[for a in local.list : try([for b in local.list : b], [])]`,
		"text":       `[for a in local.list : "${local.text}${a}"]`,
		"results":    `[for a in local.list : upper(local.text)]`,
		"template":   `"` + strings.Repeat("${local.text}", 10_000) + `"`,
		"in a gate":  `true`,
	} {
		t.Run(name, func(t *testing.T) {
			src := "locals {\n  text = \"" + strings.Repeat("x", 100_000) + "\"\n  list = range(1000)\n  big = " + src + "\n}\n"
			if name == "in a gate" {
				src += "gate \"g\" { condition = [for a in local.list : [for b in local.list : a]] == [] }\n"
			}
			cfg, diags := Parse(".", []string{"x.hcl"}, map[string][]byte{"x.hcl": []byte(src)})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			p, diags := cfg.Evaluate(nil, sampleCrate())
			if name == "in a gate" {
				_, diags = p.Gates[0].Condition.Value(p.Context)
			}
			runtime.ReadMemStats(&after)
			if total := after.TotalAlloc - before.TotalAlloc; total > 1<<30 {
				t.Errorf("%d MB were allocated", total>>20)
			}
			// What is caught leaves an unknown value, which nothing takes.
			if name != "caught" && !strings.Contains(diags.Error(), "all loops and templates together") {
				t.Errorf("got %v", diags)
			}
			if name == "caught" {
				if val := p.Context.Variables["local"].GetAttr("big"); val.IsWhollyKnown() {
					t.Error("every value is known")
				}
			}
			if len(diags) > 10 {
				t.Errorf("%d diagnostics", len(diags))
			}
		})
	}
}

func TestMostDiagnostics(t *testing.T) {
	at := func(line int, severity hcl.DiagnosticSeverity) *hcl.Diagnostic {
		return &hcl.Diagnostic{Severity: severity, Subject: &hcl.Range{Start: hcl.Pos{Line: line}}}
	}
	var diags hcl.Diagnostics
	for i := range maxTold + 1 {
		diags = append(diags, at(i, hcl.DiagWarning))
	}
	if got := Most(diags); len(got) != len(diags) {
		t.Errorf("%d of %d", len(got), len(diags))
	}
	diags = append(diags, at(1000, hcl.DiagError))
	got := Most(diags)
	if len(got) != maxTold+1 || got[maxTold-1].Severity != hcl.DiagError || !strings.HasPrefix(got[maxTold].Detail, "2 more") {
		t.Errorf("%d diagnostics, the last two %v and %v", len(got), got[maxTold-1], got[maxTold])
	}
}
