package codegen

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"
)

// TestProjects runs each testdata/projects/*.txtar: a folder with a ggen.toml,
// rendered twice. It expects want/plan, want/again (the plan of the second run),
// want/error and, of the files that the run made or changed, want/tree/….
// The folder is called project in the archive, so that packs can lie beside it.
func TestProjects(t *testing.T) {
	files, err := filepath.Glob("testdata/projects/*.txtar")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d projects, expected 20: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			projectStory(t, file)
		})
	}
}

func projectStory(t *testing.T, file string) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	inputs := txtar.Archive{Comment: ar.Comment}
	want, tree := map[string]string{}, fstest.MapFS{}
	for _, f := range ar.Files {
		if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
			want[name] = string(f.Data)
			continue
		}
		inputs.Files = append(inputs.Files, f)
		tree[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	work := t.TempDir()
	writeTree(t, work, tree)
	dir := filepath.Join(work, "project")
	before := readTree(t, dir)
	got := map[string]string{}
	run := func(key string) {
		p, err := OpenProject(t.Context(), dir, nil)
		if err == nil {
			req := p.Request()
			req.Epoch = time.Unix(1_700_000_000, 0)
			var plan *Plan
			if plan, err = storyRun(t, dir, req, storyOptions{}); plan != nil {
				got[key] = describe(plan)
			}
		}
		if err != nil {
			got["error"] = strings.ReplaceAll(strings.TrimRight(err.Error(), "\n"), work, "WORK") + "\n"
		}
	}
	run("plan")
	if got["error"] == "" {
		run("again")
	}
	for name, data := range readTree(t, dir) {
		if name != RecordPath && before[name] != data {
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

// TestProjectsUseEveryKey holds the projects to the keys that there are.
func TestProjectsUseEveryKey(t *testing.T) {
	files, err := filepath.Glob("testdata/projects/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, key := range Keys() {
		used := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(key[0]) + `:`)
		if !used.MatchString(all.String()) {
			t.Errorf("no project uses %s", key[0])
		}
	}
}

// TestProjectWarnsOfTemplatesThatAreNone: ggen renders .tmpl files alone.
func TestProjectWarnsOfTemplatesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	writeTree(t, dir, fstest.MapFS{
		"ggen.toml":              {Data: []byte("[project]\nname = \"p\"\n\n[ontology]\nsource = \"o.ttl\"\n\n[templates]\ndir = \"templates\"\n")},
		"o.ttl":                  {},
		"templates/a.tera":       {Data: []byte("---\nto: a.txt\n---\na\n")},
		"templates/macros.tera":  {Data: []byte("{% macro m() %}m{% endmacro %}\n")},
		"templates/b.tmpl":       {Data: []byte("---\nto: b.txt\n---\n{% import \"macros.tera\" as m %}{{ m::m() }}\n")},
		"templates/front.tera":   {Data: []byte("---\nvars: { x: 1 }\n---\n")},
		"templates/broken.tera":  {Data: []byte("---\nto: [\n---\n{{")},
		"templates/notes/x.html": {Data: []byte("---\nto: x\n---\n")},
	})
	p, err := OpenProject(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Render(t.Context(), p.Request())
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], "a.tera:") || !strings.Contains(plan.Warnings[0], "rename it") {
		t.Errorf("warnings %q", plan.Warnings)
	}
	if len(plan.Writes) != 1 || plan.Writes[0].Path != "b.txt" {
		t.Errorf("writes %v", plan.Writes)
	}
}
