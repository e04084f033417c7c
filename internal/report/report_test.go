package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/verdict"
)

var update = flag.Bool("update", false, "write the golden files")

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// hostile is text that tries to be more than text.
const hostile = "a|b`c`<img src=x onerror=y>\n# head [l](http://e) ![i](u) *b* \\| \u202e&amp;"

// full is a report with every field set.
func full() Report {
	code, loopback := 1, true
	digest := "sha256:" + strings.Repeat("ab", 32)
	return Report{
		Schema: SchemaURI, SessionID: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", CrateName: hostile, CrateVersion: "0.1.0",
		Template:  &Template{ID: "io.x", Version: "1.0.0", Digest: "h1:abc=", Source: "shipped"},
		StartedAt: noon, TotalDurationMS: 61_500, Sixty: "1.0", Engine: "BuildKit", Source: digest,
		Images: []Image{{Name: "rust|", Ref: "r@" + digest, Digest: digest, Origin: hostile}},
		Stages: []Stage{
			{Name: "testing|", Status: plan.StatusTimedOut, Reason: "why", DurationMS: 2_500, BudgetMS: 2_000, BudgetExceeded: true, Steps: []Step{
				{ID: "testing.test", Status: plan.StatusTimedOut, Reason: "why", Cached: true, DurationMS: 2_500, ExitCode: &code, Key: digest, At: "p.hcl:3",
					Executed: &plan.Record{WallMS: 1, UserMS: 2, SystemMS: 3, PeakRSS: 4, LoopbackOnly: &loopback, EnvNames: []string{"PATH"}}},
				{ID: "testing.none", Status: plan.StatusNotRun, Key: digest},
				{ID: "testing.fmt", Status: plan.StatusPassed, Key: digest, Metrics: verdict.Metrics{"format": {"files": 1}}},
			}},
			{Name: "reporting", Status: plan.StatusPassed, DurationMS: 4, Steps: []Step{}},
		},
		Metrics: verdict.Metrics{"tests": {"failed": 2}},
		Gates: []Gate{
			{Name: "tests", Level: "basic", Severity: "error", Status: plan.StatusFailed, Message: hostile},
			{Name: "audit", Level: "production", Severity: "warning", Status: plan.StatusNotRun, Message: "no advisory database"},
		},
		Outputs: []Output{
			{Name: "failed", Description: "d", Value: json.RawMessage("2")}, {Name: "text", Value: json.RawMessage(`"a|b"`)},
			{Name: "token", Sensitive: true}, {Name: "lines", Missing: "coverage.lines was not measured"},
		},
		Validation:   Validation{PackageValid: plan.StatusPassed, Documentation: plan.StatusPassed, Audit: plan.StatusNotRun, PublishDryRun: plan.StatusFailed},
		Levels:       []Level{{Name: "basic", Missing: []string{"tests", "a|b"}}, {Name: "production", Ready: true, Missing: []string{}}},
		Level:        "basic",
		NetworkSteps: []string{"setup.lockfile"},
		Artifacts:    []Artifact{{Name: "a`|b", Path: "out/a", SHA256: strings.Repeat("cd", 32), Bytes: 7}},
		Claims:       Claims{Hermetic: &Claim{Holds: true}, Reproducible: &Claim{Detail: hostile, Varied: []string{"path: a, b"}, NotVaried: []string{"kernel"}}},
		Attestation:  Attestation{Signed: true, Bundle: "r`|.json", KeyHint: "k"}, DeploymentStatus: NotReady,
		Recommendation: hostile, Warnings: []string{"w"},
	}
}

func TestStages(t *testing.T) {
	at := func(from, to int) (time.Time, time.Time) {
		return noon.Add(time.Duration(from) * time.Millisecond), noon.Add(time.Duration(to) * time.Millisecond)
	}
	type step struct {
		from, to int
		status   plan.Status
	}
	const passed, failed, skipped, notRun = plan.StatusPassed, plan.StatusFailed, plan.StatusSkipped, plan.StatusNotRun
	for name, c := range map[string]struct {
		steps    []step
		skipped  string
		status   plan.Status
		ms       int64
		exceeded bool
	}{
		"one":             {[]step{{0, 900, passed}}, "", passed, 900, false},
		"overlap":         {[]step{{0, 600, passed}, {300, 900, passed}}, "", passed, 900, false},
		"inside":          {[]step{{0, 900, passed}, {300, 400, passed}}, "", passed, 900, false},
		"gap":             {[]step{{5000, 5400, passed}, {0, 300, passed}}, "", passed, 700, false},
		"at the budget":   {[]step{{0, 1000, passed}}, "", passed, 1000, false},
		"over the budget": {[]step{{0, 600, passed}, {2000, 2401, passed}}, "", passed, 1001, true},
		"the worst wins":  {[]step{{0, 1, failed}, {0, 1, passed}, {0, 1, notRun}}, "", failed, 1, false},
		"error is worst":  {[]step{{0, 1, plan.StatusError}, {0, 1, plan.StatusCanceled}}, "", plan.StatusError, 1, false},
		"one skipped":     {[]step{{0, 0, skipped}, {0, 1, passed}}, "", passed, 1, false},
		"all skipped":     {[]step{{0, 0, skipped}}, "", skipped, 0, false},
		"no steps":        {nil, "", skipped, 0, false},
		"stage skipped":   {[]step{{0, 0, skipped}}, "its condition is false", skipped, 0, false},
		"backwards clock": {[]step{{900, 0, passed}}, "", passed, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := &plan.Graph{Stages: []plan.Stage{{Name: "other"}, {Name: "s", Budget: time.Second, Skipped: c.skipped}}}
			var host, results []plan.Result
			for i, s := range c.steps {
				r := plan.Result{Step: "s.x", Stage: "s", Status: s.status, Range: plan.Range{File: "p.hcl", StartLine: 7}}
				r.Started, r.Ended = at(s.from, s.to)
				if i == 0 {
					host = append(host, r)
				} else {
					results = append(results, r)
				}
			}
			got := Stages(g, host, results)
			if len(got) != 2 || got[0].Name != "other" {
				t.Fatalf("stages %+v", got)
			}
			s := got[1]
			if s.Status != c.status || s.DurationMS != c.ms || s.BudgetExceeded != c.exceeded || s.BudgetMS != 1000 || len(s.Steps) != len(c.steps) {
				t.Errorf("%+v, want %s, %d ms, exceeded %v", s, c.status, c.ms, c.exceeded)
			}
			if s.Status == skipped && s.Reason == "" {
				t.Error("no reason for a skipped stage")
			}
			for _, step := range s.Steps {
				if step.At != "p.hcl:7" {
					t.Errorf("step at %q", step.At)
				}
			}
		})
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(SchemaURI, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(SchemaURI)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReportsAreOfTheSchema(t *testing.T) {
	schema := compiled(t)
	least := full()
	least.Template, least.Warnings, least.Validation, least.CrateVersion = nil, nil, Validation{}, ""
	least.Metrics, least.Images, least.Artifacts, least.NetworkSteps, least.Gates = verdict.Metrics{}, []Image{}, []Artifact{}, []string{}, []Gate{}
	for name, r := range map[string]Report{"full": full(), "least": least} {
		text, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		back, err := Parse(text)
		if err != nil || name == "full" && !reflect.DeepEqual(back, r) {
			t.Errorf("%s does not come back from its file: %v", name, err)
		}
	}
	for name, change := range map[string]func(m map[string]any){
		"unknown field":  func(m map[string]any) { m["extra"] = 1 },
		"missing field":  func(m map[string]any) { delete(m, "stages") },
		"other status":   func(m map[string]any) { m["deployment_status"] = "MAYBE" },
		"negative time":  func(m map[string]any) { m["total_duration_ms"] = -1 },
		"skipped a gate": func(m map[string]any) { m["gates"].([]any)[0].(map[string]any)["status"] = "skipped" },
		"short digest":   func(m map[string]any) { m["source_digest"] = "sha256:ab" },
	} {
		text, _ := full().JSON()
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		if schema.Validate(m) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

// Every field of the struct stands in the schema, and the other way round.
func TestSchemaFields(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(Schema, &doc); err != nil {
		t.Fatal(err)
	}
	compareFields(t, "report", reflect.TypeFor[Report](), doc)
}

func compareFields(t *testing.T, at string, ty reflect.Type, schema map[string]any) {
	for ty.Kind() == reflect.Pointer || ty.Kind() == reflect.Slice {
		if ty.Kind() == reflect.Slice {
			schema, _ = schema["items"].(map[string]any)
		}
		ty = ty.Elem()
	}
	if ty.Kind() != reflect.Struct || ty == reflect.TypeFor[time.Time]() {
		return
	}
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	left := map[string]bool{}
	for name := range properties {
		left[name] = true
	}
	for i := range ty.NumField() {
		name, options, _ := strings.Cut(ty.Field(i).Tag.Get("json"), ",")
		property, ok := properties[name].(map[string]any)
		if !ok {
			t.Errorf("%s.%s is not in the schema", at, name)
			continue
		}
		delete(left, name)
		if want := !strings.Contains(options, "omit"); want != slices.Contains(required, any(name)) {
			t.Errorf("%s.%s: always written is %v, required is %v", at, name, want, !want)
		}
		compareFields(t, at+"."+name, ty.Field(i).Type, property)
	}
	for name := range left {
		t.Errorf("%s.%s is in the schema and in no field", at, name)
	}
}

func TestMarkdown(t *testing.T) {
	got := full().Markdown()
	const golden = "testdata/hostile.md"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the summary is\n%s\nwant\n%s", got, want)
	}
	for _, bad := range []string{"<img", "\n# head", "\u202e", " `c`", "[l](http"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q gets through", bad)
		}
	}
	for begin, want := range map[string]int{"| testing": 6, "| tests": 6, "| audit": 6, "| basic": 3, "| a\\`": 4} {
		_, rest, ok := strings.Cut(got, "\n"+begin)
		line, _, _ := strings.Cut(rest, "\n")
		if bars := 1 + openBars(line); !ok || bars != want {
			t.Errorf("a row has %d bars and not %d: %s%s", bars, want, begin, line)
		}
	}
}

// openBars counts the bars that no backslash escapes, which end cells.
func openBars(line string) int {
	n := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '|':
			n++
		}
	}
	return n
}

func TestDuration(t *testing.T) {
	for ms, want := range map[int64]string{0: "0 ms", 999: "999 ms", 1000: "1.0 s", 3449: "3.4 s", 59_949: "59.9 s", 59_960: "1m00s", 65_000: "1m05s", 119_700: "2m00s", 3_600_000: "60m00s"} {
		if got := Duration(ms); got != want {
			t.Errorf("%d ms: %s, want %s", ms, got, want)
		}
	}
}

func TestRecommend(t *testing.T) {
	level := func(name string, ready bool, missing ...string) verdict.Level {
		return verdict.Level{Name: name, Ready: ready, Missing: missing}
	}
	for want, v := range map[string]verdict.Verdict{
		"Ready at level production. For level distribution: coverage.": {Ready: true, Asked: "basic", Reached: "production",
			Levels: []verdict.Level{level("basic", true), level("production", true), level("distribution", false, "coverage")}},
		"Ready at level basic. No gate of the pipeline belongs to level production.": {Ready: true, Asked: "basic", Reached: "basic",
			Levels: []verdict.Level{level("basic", true), level("production", false)}},
		"Ready at level basic, the highest there is.": {Ready: true, Reached: "basic", Levels: []verdict.Level{level("basic", true)}},
		"Not ready at level basic: tests, clippy.":    {Asked: "basic", Levels: []verdict.Level{level("basic", false, "tests", "clippy")}},
		"Not ready: no gate belongs to level basic.":  {Asked: "basic", Levels: []verdict.Level{level("basic", false)}},
	} {
		if got := Recommend(v); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "null", "{}", "[]", `{"$schema":"https://example.org/other"}`,
		`{"$schema":"` + SchemaURI + `"}`, `{"$schema":"` + SchemaURI + `","deployment_status":"**READY**"}`,
		`{"$schema":"` + SchemaURI + `","deployment_status":"READY"} trailing`,
		`{"$schema":"` + SchemaURI + `","deployment_status":"READY","stages":"none"}`} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is taken for a report", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	text, err := full().JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"$schema":"` + SchemaURI + `","deployment_status":"READY","stages":[null,{"steps":[{"duration_ms":-9223372036854775808}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		if md := r.Markdown(); strings.ContainsAny(md, "<>\u202e\r") {
			t.Errorf("Markdown with markup of the report's: %q", md)
		}
		again, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(again); err != nil {
			t.Errorf("a report that was read can't be read again: %v", err)
		}
	})
}
