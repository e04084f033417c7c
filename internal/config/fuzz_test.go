package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

func seeds(f *testing.F, patterns ...string) {
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			src, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			if strings.Contains(string(src), "range(1") {
				continue // what runs into the bounds takes long when it is instrumented
			}
			f.Add(string(src))
		}
	}
}

// fuzzEvaluate loads and evaluates whatever it is given as a file of a name.
func fuzzEvaluate(f *testing.F, name string) {
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 64<<10 {
			return
		}
		cfg, diags := Parse(dir, []string{name}, map[string][]byte{name: []byte(src)})
		p, diags := evaluate(cfg, diags, given(src))
		if p == nil && !diags.HasErrors() {
			t.Error("neither a pipeline nor an error")
		}
	})
}

func FuzzEvaluate(f *testing.F) {
	seeds(f, "testdata/valid/*.hcl", "testdata/invalid/*.hcl", "../../pipeline.hcl")
	fuzzEvaluate(f, "x.hcl")
}

func FuzzEvaluateJSON(f *testing.F) {
	seeds(f, "testdata/valid/*/*.hcl.json", "testdata/invalid/*.hcl.json", "testdata/invalid/*/*.hcl.json")
	f.Add(`{"module": {"m": {"source": "./x", "a": "${var.b}"}}, "locals": [{"a": 1}, {"b": "${[for x in [1]: x]}"}], "variable": {"b": {"type": "list(string)"}}}`)
	fuzzEvaluate(f, "x.hcl.json")
}

func FuzzValues(f *testing.F) {
	f.Add("a = [for x in [1] : x]\nb = \"${1}\"", false)
	f.Add(`{"a": ["${[1]}"], "b": {"${"c"}": null}}`, true)
	f.Fuzz(func(t *testing.T, src string, isJSON bool) {
		name := "x.sixtyvars"
		if isJSON {
			name += ".json"
		}
		if len(src) > 64<<10 {
			return
		}
		values, err := parseValues([]byte(src), name)
		if err == nil {
			for _, v := range values {
				if v.Name == "" || v.Range == nil || v.Value == cty.NilVal {
					t.Errorf("%+v", v)
				}
			}
		}
	})
}
