package stages

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/plan"
)

// recorded lays the folder of a result.
func recorded(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What the tools print, in their forms and as little of it as readers need.
const (
	lint = `{"reason":"compiler-message","package_id":"path+file:///src#small@0.1.0","target":{"kind":["lib"],"name":"small","src_path":"/src/src/lib.rs"},` +
		`"message":{"rendered":"warning: unused","level":"warning","message":"unused","code":{"code":"dead_code"},"spans":[{"file_name":"src/lib.rs","byte_start":0,"byte_end":1,"line_start":1,"line_end":1,"column_start":1,"column_end":2,"is_primary":true}],"children":[]}}` + "\n"
	built    = `{"reason":"build-finished","success":true}` + "\n"
	coverage = `{"data":[{"files":[{"filename":"/src/src/lib.rs","summary":{"lines":{"count":10,"covered":9},"functions":{"count":2,"covered":1},"regions":{"count":4,"covered":4}}}]}],"type":"llvm.coverage.json.export","version":"2.0.1"}`
	doctests = "\nrunning 2 tests\ntest src/lib.rs - a (line 1) ... ok\ntest src/lib.rs - b (line 9) ... ok\n\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\n"
)

func TestMeasure(t *testing.T) {
	zero, one := 0, 1
	long := strings.Repeat("x", maxRead+1)
	const passed, failed = plan.StatusPassed, plan.StatusFailed
	for name, c := range map[string]struct {
		metric  string
		files   map[string]string
		status  plan.Status
		want    string // the figures as JSON
		warning string
	}{
		"clippy":                {"clippy", map[string]string{"stdout": lint + built}, passed, `{"errors":0,"warnings":1}`, ""},
		"clippy did not end":    {"clippy", map[string]string{"stdout": lint}, failed, "", ""},
		"docs":                  {"docs", map[string]string{"stdout": built}, passed, `{"errors":0,"warnings":0}`, ""},
		"build":                 {"build", map[string]string{"stdout": built}, passed, `{"binaries":0,"errors":0,"warnings":0}`, ""},
		"nothing was built":     {"build", map[string]string{"stdout": ""}, failed, "", ""},
		"no output at all":      {"build", nil, failed, "", "no such file"},
		"format":                {"format", map[string]string{"stdout": "Diff in /src/src/lib.rs:1:\n-a\n+b\n", "stderr": ""}, failed, `{"files":1}`, ""},
		"formatted":             {"format", map[string]string{"stdout": "", "stderr": ""}, passed, `{"files":0}`, ""},
		"rustfmt is missing":    {"format", map[string]string{"stdout": "", "stderr": "sh: not found\n"}, failed, "", "named no file"},
		"rustfmt can't read it": {"format", map[string]string{"stdout": "", "stderr": "error: expected one of\n"}, failed, "", "rustfmt: error"},
		"tests":                 {"tests", map[string]string{"stdout": built + doctests, "stderr": "   Doc-tests small\n"}, passed, `{"executed":2,"failed":0,"ignored":0,"passed":2}`, ""},
		"no tests ran":          {"tests", map[string]string{"stdout": "", "stderr": "error: could not compile\n"}, failed, "", ""},
		"coverage":              {"coverage", map[string]string{"outputs/coverage": coverage}, passed, `{"functions":50,"lines":90,"regions":100}`, ""},
		"no coverage":           {"coverage", map[string]string{"stdout": ""}, passed, "", ""},
		"broken coverage":       {"coverage", map[string]string{"outputs/coverage": "{"}, passed, "", "metrics.coverage"},
		"package":               {"package", map[string]string{"outputs/crates/a.crate": "12345", "outputs/crates/b.crate": "1", "outputs/crates/a/Cargo.toml": "", "outputs/crates/x.lock": "12"}, passed, `{"bytes":6,"crates":2}`, ""},
		"nothing packed":        {"package", map[string]string{"stdout": ""}, failed, "", ""},
		"audit":                 {"audit", map[string]string{"audit.json": `{"vulnerabilities":[{},{}],"packages_checked":7}`}, passed, `{"packages":7,"unmaintained":0,"unsound":0,"vulnerabilities":2}`, ""},
		"broken audit":          {"audit", map[string]string{"audit.json": "no"}, passed, "", "metrics.audit"},
		"too long":              {"tests", map[string]string{"stdout": long, "stderr": ""}, passed, "", "too long to be read"},
		"step did not run":      {"build", map[string]string{"stdout": built}, plan.StatusCanceled, "", ""},
		"engine's error":        {"build", map[string]string{"stdout": built}, plan.StatusError, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			code := &zero
			if c.status != passed {
				code = &one
			}
			g := &plan.Graph{Stages: []plan.Stage{{Steps: []plan.Step{{ID: "t.s", Metrics: []string{c.metric}}}}}}
			results := []plan.Result{{Step: "t.s", Status: c.status, ExitCode: code, Dir: recorded(t, c.files)}}
			m, warnings := Measure(g, results, &crate.Crate{Project: &cargo.Project{}})
			got := ""
			if values, ok := m["t.s"][c.metric]; ok {
				b, err := json.Marshal(values)
				if err != nil {
					t.Fatal(err)
				}
				got = string(b)
			}
			if got != c.want {
				t.Errorf("figures %s, want %s", got, c.want)
			}
			text := strings.Join(warnings, "\n")
			if (c.warning == "") != (text == "") || !strings.Contains(text, c.warning) {
				t.Errorf("warnings %q, want %q", text, c.warning)
			}
		})
	}
}

// A container may leave links and pipes where figures are looked for.
func TestMeasureFollowsNothing(t *testing.T) {
	outside := recorded(t, map[string]string{"stdout": built, "a.crate": "12345"})
	for name, lay := range map[string]func(path string) error{
		"link out of it": func(path string) error { return os.Symlink(filepath.Join(outside, "stdout"), path) },
		"link inside":    func(path string) error { return os.Symlink("real", path) },
		"pipe":           func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"folder":         func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		dir := recorded(t, map[string]string{"real": built})
		if err := lay(filepath.Join(dir, "stdout")); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, "outputs"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, filepath.Join(dir, "outputs", "crates")); err != nil {
			t.Fatal(err)
		}
		g := &plan.Graph{Stages: []plan.Stage{{Steps: []plan.Step{{ID: "t.s", Metrics: []string{"build", "package"}}}}}}
		m, warnings := Measure(g, []plan.Result{{Step: "t.s", Status: plan.StatusPassed, Dir: dir}}, nil)
		if len(m) != 0 || len(warnings) != 2 {
			t.Errorf("%s: figures %v, warnings %v", name, m, warnings)
		}
	}
}
