package reference

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/verdict"
)

var update = flag.Bool("update", false, "write the published schema")

// published is where the schema lies for others.
const published = "../../docs/schemas/pipeline.json"

func TestPublishedSchema(t *testing.T) {
	made, err := PipelineSchema(config.Schema())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(published, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(published)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, have) {
		t.Errorf("%s is not what the code says; go test ./internal/reference -update", published)
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	made, err := PipelineSchema(config.Schema())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(made))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(PipelineSchemaURI, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(PipelineSchemaURI)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func files(t *testing.T, patterns ...string) []string {
	t.Helper()
	var out []string
	for _, p := range patterns {
		found, err := filepath.Glob(p)
		if err != nil || len(found) == 0 {
			t.Fatal(p, err)
		}
		out = append(out, found...)
	}
	return out
}

// asJSON is a file in JSON syntax, converted where it is in HCL's.
func asJSON(t *testing.T, file string) []byte {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".json") {
		return src
	}
	return toJSON(t, src, file)
}

// Every valid pipeline fits the schema in JSON form, and sixty reads it so.
func TestValidFilesFitTheSchema(t *testing.T) {
	s := compiled(t)
	for _, file := range files(t, "../config/testdata/valid/*.hcl", "../config/testdata/valid/merged/*.hcl*", "../../pipeline.hcl") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text := asJSON(t, file)
			if err := valid(t, s, text); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
			if strings.Contains(file, "merged") { // a part of a pipeline
				return
			}
			name := file + ".json"
			if _, diags := config.Parse(filepath.Dir(file), []string{name}, map[string][]byte{name: text}); diags.HasErrors() {
				t.Errorf("%v\n%s", diags, text)
			}
		})
	}
}

// structural are the mistakes of form that a schema can see.
var structural = regexp.MustCompile(`Unsupported argument|Missing required argument|Unsupported block type|Argument or block definition required`)

// A file with mistakes of form does not fit, whatever else is wrong with it.
func TestInvalidFilesDoNotFit(t *testing.T) {
	s := compiled(t)
	seen := 0
	for _, file := range files(t, "../config/testdata/invalid/*.hcl*") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if lang.Guard(src, file).HasErrors() {
			continue
		}
		_, diags := config.Load(file)
		broken := false
		for _, d := range diags {
			broken = broken || d.Severity == hcl.DiagError && structural.MatchString(d.Summary)
		}
		if !broken {
			continue
		}
		seen++
		t.Run(filepath.Base(file), func(t *testing.T) {
			text := asJSON(t, file)
			if valid(t, s, text) == nil {
				t.Errorf("the schema takes\n%s", text)
			}
		})
	}
	if seen < 2 {
		t.Errorf("only %d files of the corpus have mistakes of form", seen)
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := compiled(t)
	for text, want := range map[string]bool{
		`{}`:                              true,
		`[{}, {"//": "a comment"}]`:       true,
		`{"image": {"i": {"from": "x"}}}`: true,
		`{"image": [{"i": {"from": "x"}}, {"j": [{"from": "x"}]}]}`:        true,
		`{"image": {"i": {"from": null, "//": 1}}}`:                        true,
		`{"stage": {"s": {"image": "${image.i}", "budget": "5s"}}}`:        true,
		`{"stage": {"s": {"budget": "${var.b}", "when": "${var.w}"}}}`:     true,
		`{"stage": {"s": {"step": {"a": {"command": ["a", 1, "${b}"]}}}}}`: true,
		`{"locals": {"a": [1], "b": {"c": null}}}`:                         true,
		`{"variable": {"v": {"type": "list(string)", "default": []}}}`:     true,
		`{"gate": {"g": {"condition": "${true}", "level": "production"}}}`: true,
		`1`:                                                      false,
		`{"imgae": {}}`:                                          false,
		`{"image": "i"}`:                                         false,
		`{"image": {"1 i": {}}}`:                                 false,
		`{"image": {"i": {"form": "x"}}}`:                        false,
		`{"image": {"i": {"from": ["x"]}}}`:                      false,
		`{"stage": {"s": {"image": "rust"}}}`:                    false,
		`{"stage": {"s": {"budget": "soon"}}}`:                   false,
		`{"stage": {"s": {"budget_exceeded": "ignore"}}}`:        false,
		`{"stage": {"s": {"when": "maybe"}}}`:                    false,
		`{"stage": {"s": {"step": {"a": {"command": "make"}}}}}`: false,
		`{"stage": {"s": {"step": {"a": {"command": ["a"], "network": "all"}}}}}`: false,
		`{"stage": {"s": {"step": {"a": {"dynamic": {"step": {}}}}}}}`:            false,
		`{"gate": {"g": {"level": "basic"}}}`:                                     false,
		`{"gate": {"g": {"condition": "${true}", "level": "best"}}}`:              false,
	} {
		if err := valid(t, s, []byte(text)); (err == nil) != want {
			t.Errorf("%s: valid %v, want %v (%v)", text, err == nil, want, err)
		}
	}
}

func TestPage(t *testing.T) {
	page := Page(config.Schema(), lang.Functions("."), verdict.Schema{"tests": {{Name: "failed", Description: "a|b"}}})
	for _, want := range []string{"### stage.step.mount\n\n`mount \"PATH\"`: ", "| `join(separator, lists…)`", "| `metrics.tests.failed` |  | a\\|b |", "| `budget` | duration |"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
