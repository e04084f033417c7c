package preview

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sixtyhq/sixty/internal/lastrun"
	"github.com/sixtyhq/sixty/internal/plan"
)

var update = flag.Bool("update", false, "write the golden files")

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func digest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

// sample uses every field: x.known has a key, and x.rests rests on an image
// that nobody has looked up.
func sample() Input {
	known := plan.Step{
		ID: "x.known", Stage: "x", Name: "known", Image: "made", Command: []string{"/bin/sh", "-euc", "echo 'one'\necho two\n"},
		Env: []string{"PATH=/bin", "TOKEN=s3cr3t=x"}, Dir: "/src", Network: plan.NetworkHost, Timeout: time.Minute,
		Outputs: []plan.Output{{Name: "bin", Path: "/out", Optional: true, Volume: true}},
		After:   []string{"x.rests"}, Metrics: []string{"tests"}, Range: plan.Range{File: "p.hcl", StartLine: 3},
		Conditions: &plan.Conditions{Hostname: "other", CPUs: 1, Links: []plan.Link{{Path: "/src", Target: "/else"}}},
		Services:   []plan.Service{{Name: "db", Image: "made", Command: []string{"postgres"}, Env: []string{"PW=s3cr3t"}, Dir: "/", User: "pg", Ready: plan.Ready{TCP: 5432, Command: []string{"pg_isready"}, Timeout: time.Second}}},
		Mounts: []plan.Mount{
			{Target: "/src", Writable: true, Source: plan.Source{Kind: plan.SourceBlob, Digest: digest("a"), Path: "/host", Size: 7}},
			{Target: "/crates", Source: plan.Source{Kind: plan.SourceFetch, Files: []plan.Fetch{{Name: "f", URL: "https://x/f", SHA256: strings.Repeat("b", 64)}}}},
			{Target: "/c", Source: plan.Source{Kind: plan.SourceCache, Cache: "builds"}},
			{Target: "/s", Source: plan.Source{Kind: plan.SourceSecret, Secret: "token"}},
			{Target: "/e", Source: plan.Source{Kind: plan.SourceScratch}},
		},
	}
	rests := plan.Step{ID: "x.rests", Stage: "x", Name: "rests", Image: "later", Command: []string{"true"},
		Outputs: []plan.Output{{Name: "o", Path: "/o"}}}
	mounts := plan.Step{ID: "y.mounts", Stage: "y", Name: "mounts", Image: "made", Command: []string{"true"},
		Mounts: []plan.Mount{{Target: "/o", Source: plan.Source{Kind: plan.SourceOutput, Step: "x.rests", Output: "o"}}}}
	key := plan.Key{Digest: digest("1")}
	return Input{
		Graph: &plan.Graph{
			Images: []plan.Image{{Name: "made", Ref: "r@" + digest("c"), Digest: digest("c"), Layout: "/host/layout", Origin: "made"}, {Name: "later", Ref: "r:tag"}},
			Stages: []plan.Stage{
				{Name: "x", Budget: time.Second, BudgetFails: true, Steps: []plan.Step{known, rests}},
				{Name: "y", Steps: []plan.Step{mounts, {ID: "y.audit", Stage: "y", Name: "audit", Runner: "audit"}, {ID: "y.off", Stage: "y", Name: "off", Runner: "audit", Skipped: "its condition is false"}}},
				{Name: "z", Skipped: "it was not asked for"},
			},
		},
		Keys:       map[string]plan.Key{"x.known": key, "x.rests": {Digest: digest("2")}, "y.mounts": {Digest: digest("3")}, "y.audit": {Digest: digest("4")}, "y.off": {Digest: digest("5")}},
		Unresolved: map[string]string{"later": "nobody has looked it up"},
		Width:      2, Estimates: map[string]time.Duration{"x.known": 4 * time.Second, "x.rests": 3 * time.Second, "y.audit": time.Second},
		Last: lastrun.Record{Steps: map[string]lastrun.Step{
			"x.known": {At: noon, Status: plan.StatusPassed, Cached: true, DurationMS: 12, Key: key},
			"x.rests": {At: noon, Status: plan.StatusTimedOut, DurationMS: 3400, Key: plan.Key{Digest: digest("2")}},
			"y.audit": {At: noon, Status: plan.StatusFailed, DurationMS: 5, Key: plan.Key{Digest: digest("9")}},
		}},
	}
}

func samplePlan() Plan {
	p := New(sample())
	p.Sixty, p.CrateName, p.CrateVersion, p.Template, p.Source, p.Level = "1.0", "c", "0.1.0", "io.x 1.0.0", digest("a"), "basic"
	p.Targets = []string{"x", "y.mounts"}
	p.Gates = []Gate{{"tests", "basic", "error"}}
	p.Warnings = []string{"w"}
	return p
}

func compare(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; go test -update and look at the difference:\n%s", file, got)
	}
}

func TestForms(t *testing.T) {
	p := samplePlan()
	text, err := asJSON(p)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "testdata/plan.json", text)
	compare(t, "testdata/plan.txt", []byte(p.Text()))
	for name, form := range map[string]string{"JSON": string(text), "text": p.Text()} {
		for _, secret := range []string{"s3cr3t", "/host"} {
			if strings.Contains(form, secret) {
				t.Errorf("the %s shows %s", name, secret)
			}
		}
	}
}

func schema(t *testing.T) *jsonschema.Schema {
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

func TestSchema(t *testing.T) {
	s := schema(t)
	check := func(p Plan) error {
		text, err := asJSON(p)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return s.Validate(doc)
	}
	if err := check(samplePlan()); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(p *Plan){
		"level":  func(p *Plan) { p.Level = "best" },
		"digest": func(p *Plan) { p.Source = "sha256:1" },
		"kind":   func(p *Plan) { p.Stages[0].Steps[0].Mounts[0].Kind = "magic" },
		"status": func(p *Plan) { p.Stages[0].Steps[0].LastRun.Status = "great" },
		"form":   func(p *Plan) { p.FormatVersion = "2.0" },
		"no list": func(p *Plan) {
			p.Stages = nil
		},
	} {
		p := samplePlan()
		spoil(&p)
		if check(p) == nil {
			t.Errorf("the schema takes a plan with a wrong %s", name)
		}
	}
}

// A field that is added to plan.Step changes a plan, or is named here.
func TestEveryFieldIsShown(t *testing.T) {
	hidden := map[string]bool{
		"Stage": true, "Name": true, "Block": true, "Instance": true, // parts of the ID
	}
	form := func(s plan.Step) string {
		b, err := json.Marshal(Input{Keys: map[string]plan.Key{}}.step(s, ""))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	typ := reflect.TypeFor[plan.Step]()
	for i := range typ.NumField() {
		name := typ.Field(i).Name
		var s plan.Step
		fill(reflect.ValueOf(&s).Elem().Field(i))
		if shown := form(s) != form(plan.Step{}); shown == hidden[name] {
			t.Errorf("the field %s of a step is shown: %v", name, shown)
		}
	}
}

// fill sets a value to something that is not its zero value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(time.Second))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[[]plan.Step]() {
			return // steps within steps
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

func TestKeysRestOnWhatIsKnown(t *testing.T) {
	steps := map[string]Step{}
	for _, s := range New(sample()).Stages {
		for _, step := range s.Steps {
			steps[step.ID] = step
		}
	}
	if s := steps["x.known"]; s.Key == nil || s.LastRun.SameKey == nil || !*s.LastRun.SameKey {
		t.Errorf("x.known: %+v", s)
	}
	if s := steps["y.audit"]; s.LastRun.SameKey == nil || *s.LastRun.SameKey {
		t.Errorf("y.audit: %+v", s)
	}
	for id, why := range map[string]string{"x.rests": "image later", "y.mounts": "the key of x.rests"} {
		if s := steps[id]; s.Key != nil || !strings.Contains(s.KeyUnknown, why) || s.LastRun != nil && s.LastRun.SameKey != nil {
			t.Errorf("%s: %+v", id, s)
		}
	}
	in := sample()
	in.NoKeys = "no lockfile"
	for _, s := range New(in).Stages {
		for _, step := range s.Steps {
			if step.Key != nil || step.KeyUnknown != "no lockfile" {
				t.Errorf("%s: key %v, %q", step.ID, step.Key, step.KeyUnknown)
			}
		}
	}
}

func asJSON(p Plan) ([]byte, error) {
	var b bytes.Buffer
	err := p.WriteJSON(&b)
	return b.Bytes(), err
}
