package codegen

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite what the stories expect")

// TestStories runs each testdata/stories/*.txtar. A story has the files
//
//	templates/…   the template folder
//	graph/*.ttl   the graph
//	queries/*.rq  query files that templates may name
//	shapes/*.ttl  shapes that the graph must conform to
//	vars.json     the caller's variables
//	options.json  env, hooks, force
//	out/…         the output folder before the run
//	edit/…        what a user changes after a first run; a second run follows
//	templates2/…  the template folder of that second run
//	update/…      the template folder to update to, after what a user
//	              did in change/… and delete/…
//
// and expects want/plan, want/error and want/tree/….
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			story(t, file)
		})
	}
}

type storyOptions struct {
	Env   map[string]string `json:"env"`
	Hooks bool              `json:"hooks"`
	Force bool              `json:"force"`
}

func story(t *testing.T, file string) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	req := Request{Epoch: time.Unix(1_700_000_000, 0)}
	var opts storyOptions
	inputs := txtar.Archive{Comment: ar.Comment}
	want := map[string]string{}
	part := map[string]fstest.MapFS{}
	for _, f := range ar.Files {
		first, rest, _ := strings.Cut(f.Name, "/")
		if first == "want" {
			want[rest] = string(f.Data)
			continue
		}
		inputs.Files = append(inputs.Files, f)
		switch f.Name {
		case "vars.json":
			req.Vars = jsonVars(t, f.Data)
			continue
		case "options.json":
			if err := json.Unmarshal(f.Data, &opts); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if part[first] == nil {
			part[first] = fstest.MapFS{}
		}
		part[first][rest] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
	}
	req.Templates, req.Env, req.AllowHooks = part["templates"], opts.Env, opts.Hooks
	req.Graph = &Graph{}
	for _, name := range sortedNames(part["graph"]) {
		req.Graph.Documents = append(req.Graph.Documents, GraphDocument{Name: name, Text: string(part["graph"][name].Data)})
	}
	for _, name := range sortedNames(part["queries"]) {
		req.Queries = append(req.Queries, GraphDocument{Name: "queries/" + name, Text: string(part["queries"][name].Data)})
	}
	for _, name := range sortedNames(part["shapes"]) {
		req.Shapes = append(req.Shapes, GraphDocument{Name: "shapes/" + name, Text: string(part["shapes"][name].Data)})
	}
	writeTree(t, dir, part["out"])

	plan, err := storyRun(t, dir, req, opts)
	if err == nil && (part["edit"] != nil || part["templates2"] != nil) {
		writeTree(t, dir, part["edit"])
		if part["templates2"] != nil {
			req.Templates = part["templates2"]
		}
		plan, err = storyRun(t, dir, req, opts)
	}
	if err == nil && part["update"] != nil {
		writeTree(t, dir, part["change"])
		for name := range part["delete"] {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		next := req
		next.Templates, next.Output = part["update"], os.DirFS(dir)
		plan, err = UpdatePlan(t.Context(), UpdateRequest{Base: req, New: next, OurLabel: "yours", TheirLabel: "pack 2.0.0"})
		if err == nil {
			err = plan.Apply(t.Context(), dir, ApplyOptions{})
		}
	}

	got := map[string]string{}
	if err != nil {
		got["error"] = strings.TrimRight(err.Error(), "\n") + "\n"
	}
	if plan != nil {
		got["plan"] = describe(plan)
	}
	for name, data := range readTree(t, dir) {
		if name != RecordPath {
			got["tree/"+name] = data
		}
	}
	if *update {
		for _, name := range sortedNames(got) {
			inputs.Files = append(inputs.Files, txtar.File{Name: "want/" + name, Data: []byte(got[name])})
		}
		if err := os.WriteFile(file, txtar.Format(&inputs), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, name := range sortedNames(got) {
		// txtar ends each file with a line break.
		if g := got[name]; want[name] != g && want[name] != g+"\n" {
			t.Errorf("%s:\n%s\nwant:\n%s", name, g, want[name])
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
}

func storyRun(t *testing.T, dir string, req Request, opts storyOptions) (*Plan, error) {
	req.Output = os.DirFS(dir)
	record, err := ReadRecord(req.Output)
	if err != nil {
		return nil, err
	}
	req.Record = record
	before := readTree(t, dir)
	plan, err := Render(t.Context(), req)
	if err != nil {
		return nil, err
	}
	if after := readTree(t, dir); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Error("Render wrote to the output folder")
	}
	again, err := Render(t.Context(), req)
	if err != nil || describe(again) != describe(plan) || again.Diff() != plan.Diff() {
		t.Errorf("a second Render gives another plan (%v)", err)
	}
	return plan, plan.Apply(t.Context(), dir, ApplyOptions{Force: opts.Force})
}

// describe is a plan as text.
func describe(p *Plan) string {
	var b strings.Builder
	for _, w := range p.Writes {
		fmt.Fprintf(&b, "%s %s (%s)", w.Action, w.Path, w.Reason)
		if w.Mode&0o111 != 0 {
			b.WriteString(" executable")
		}
		if w.Backup != "" {
			b.WriteString(" backup " + w.Backup)
		}
		b.WriteByte('\n')
	}
	for _, s := range p.Skipped {
		fmt.Fprintf(&b, "nothing from %s (%s)\n", s.Template, s.Reason)
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "warning %s\n", w)
	}
	for _, h := range p.Hooks {
		fmt.Fprintf(&b, "hook after=%v %s (%s)\n", h.After, h.Command, h.Template)
	}
	return b.String()
}

func jsonVars(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var vars map[string]any
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	if err := dec.Decode(&vars); err != nil {
		t.Fatal(err)
	}
	return plainJSON(vars).(map[string]any)
}

func plainJSON(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = plainJSON(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainJSON(v[k])
		}
	}
	return v
}

func writeTree(t *testing.T, dir string, files fstest.MapFS) {
	t.Helper()
	for name, f := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
