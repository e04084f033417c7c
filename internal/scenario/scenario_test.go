package scenario

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/pelletier/go-toml/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/stages"
)

var update = flag.Bool("update", false, "rewrite golden files")

// defaults is a pipeline that has the image for steps that name none.
const defaults = `
image "other" { from = "x" }
image "rust" {
  from = "oci-layout://rust" # its comment
  warm = stage.generation.lockfile
}
`

// load checks that the pipeline is one: it is read, and its steps are those of
// the scenario.
func load(t *testing.T, s *Scenario, defaults string) (*config.Pipeline, string) {
	t.Helper()
	text, err := s.HCL([]byte(defaults))
	if err != nil {
		t.Fatal(err)
	}
	cfg, diags := config.Parse(".", []string{"imported.hcl"}, map[string][]byte{"imported.hcl": text})
	for _, d := range diags {
		t.Errorf("%s\n%s", d, text)
	}
	if diags.HasErrors() {
		t.FailNow()
	}
	p, diags := cfg.Evaluate(map[string]cty.Value{}, cty.DynamicVal)
	if diags.HasErrors() {
		t.Fatalf("%s\n%s", diags, text)
	}
	stage := p.Stages[len(p.Stages)-1]
	if stage.Name != Stage || len(stage.Steps) != len(s.Steps) {
		t.Fatalf("stage %s has %d steps, not %d", stage.Name, len(stage.Steps), len(s.Steps))
	}
	for i, step := range stage.Steps {
		want := s.Steps[i]
		command := want.Command
		if want.Script != "" {
			command = []string{"/bin/sh", "-euc", want.Script}
		}
		if n := len(step.Command) - len(command); n < 0 || !sameCommand(step.Command[n:], command) {
			t.Errorf("step %s runs %q, the scenario %q", step.Name, step.Command, command)
		}
		if step.Timeout != want.Timeout {
			t.Errorf("step %s: timeout %s, not %s", step.Name, step.Timeout, want.Timeout)
		}
	}
	return p, string(text)
}

// sameCommand compares commands but for a line end that a heredoc adds.
func sameCommand(a, b []string) bool {
	return slices.EqualFunc(a, b, func(a, b string) bool { return strings.TrimRight(a, "\n") == strings.TrimRight(b, "\n") })
}

// TestImport compares each scenario of testdata with the pipeline beside it, and
// its diagnostics with its comments, "# WARNING line: text".
func TestImport(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*ml")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, diags := Parse(filepath.Base(file), text)
			expectComments(t, string(text), diags)
			golden := file + ".golden"
			if diags.HasErrors() {
				return
			}
			_, got := load(t, s, defaults)
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

func expectComments(t *testing.T, text string, diags hcl.Diagnostics) {
	t.Helper()
	left := slices.Clone(diags)
	for _, m := range regexp.MustCompile(`(?m)# (ERROR|WARNING) (\d+): (.+)$`).FindAllStringSubmatch(text, -1) {
		line, _ := strconv.Atoi(m[2])
		i := slices.IndexFunc(left, func(d *hcl.Diagnostic) bool {
			return (d.Severity == hcl.DiagError) == (m[1] == "ERROR") && d.Subject.Start.Line == line && strings.Contains(d.Summary+": "+d.Detail, m[3])
		})
		if i < 0 {
			t.Errorf("there is no %s", m[0])
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, d := range left {
		t.Errorf("not expected: %s", d)
	}
}

// shared is the folder with outside data.
func shared(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SIXTY_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	dir = filepath.Join(dir, "ggen", "clnrm-scenarios", "input")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return dir
}

// TestClnrm imports every scenario of clnrm's own: each that is TOML becomes a
// pipeline that loads, every key is either in it or named by a warning, and what
// expects more than commands that end well does not pass.
func TestClnrm(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t), "*.toml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	imported := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var tree map[string]any
			err = toml.Unmarshal(text, &tree)
			s, diags := Parse(filepath.Base(file), text)
			if err != nil {
				var syntax *toml.DecodeError
				if !errors.As(err, &syntax) || !diags.HasErrors() {
					t.Fatalf("%v, but imported with %v", err, diags)
				}
				if line, _ := syntax.Position(); diags[0].Subject.Start.Line != line {
					t.Errorf("the mistake is in line %d, not %d", line, diags[0].Subject.Start.Line)
				}
				return
			}
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			imported++
			_, pipeline := load(t, s, string(stages.DefaultPipeline))
			warned := ""
			for _, d := range diags {
				if d.Subject == nil || d.Subject.Filename != filepath.Base(file) || d.Subject.Start.Line < 1 {
					t.Errorf("a warning without a place: %s", d)
				}
				warned += d.Detail + "\n"
			}
			if _, expects := tree["expect"]; expects != strings.Contains(pipeline, `gate "unchecked"`) && tree["assertions"] == nil {
				t.Errorf("expectations: %v, and the pipeline is\n%s", expects, pipeline)
			}
			every(tree, func(key string, value any) {
				if !strings.Contains(warned, key) && !used(pipeline, key, value) {
					t.Errorf("%s = %v is neither imported nor named", key, value)
				}
			})
		})
	}
	if imported < 5 {
		t.Errorf("%d scenarios were imported", imported)
	}
}

// every calls visit for the keys of a tree that hold no table.
func every(tree map[string]any, visit func(key string, value any)) {
	for key, value := range tree {
		switch value := value.(type) {
		case map[string]any:
			every(value, visit)
		case []any:
			tables := 0
			for _, item := range value {
				if table, ok := item.(map[string]any); ok {
					every(table, visit)
					tables++
				}
			}
			if tables == 0 {
				visit(key, value)
			}
		default:
			visit(key, value)
		}
	}
}

// used reports whether the pipeline has a value of the scenario, or keeps it by
// what sixty is.
func used(pipeline, key string, value any) bool {
	quoted := func(text string) bool {
		return strings.Contains(pipeline, text) || strings.Contains(pipeline, strconv.Quote(text)) || strings.Contains(pipeline, strings.Trim(strconv.Quote(text), `"`))
	}
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if text, ok := item.(string); ok && !quoted(text) {
				return false
			}
		}
		return true
	case string:
		return quoted(v) || key == "timeout" && strings.Contains(pipeline, "budget")
	case int64:
		return key == "container_should_have_executed_commands"
	case bool:
		return key == "execution_should_be_hermetic" || key == "no_external_services"
	}
	return false
}

func TestRefuses(t *testing.T) {
	bomb := "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nscenario: {name: *c}\n"
	for name, c := range map[string]struct{ file, text, want string }{
		"empty":             {"s.yaml", "", "nothing in the file"},
		"no table":          {"s.yaml", "- a\n", "a table at its top"},
		"no steps":          {"s.yaml", "scenario: {name: x}\n", "list of steps"},
		"two documents":     {"s.yaml", "scenario: {}\n---\nscenario: {}\n", "one document"},
		"aliases":           {"s.yaml", bomb, "Write out what the anchor"},
		"merge":             {"s.yaml", "scenario:\n  <<: {name: x}\n  steps: []\n", "merged"},
		"tag":               {"s.yaml", "scenario: !!binary aGk=\n", "plain values"},
		"deep flow":         {"s.yaml", strings.Repeat("[", maxBytes-1), ""},
		"deep blocks":       {"s.yaml", strings.Repeat("- ", maxBytes/2-1) + "x", ""},
		"deep keys":         {"s.yaml", deepKeys(), "levels"},
		"too long":          {"s.yaml", strings.Repeat("#", maxBytes+1), "64 KiB"},
		"deep TOML":         {"s.toml", "a = " + strings.Repeat("[", 30000) + strings.Repeat("]", 30000), ""},
		"long key of TOML":  {"s.toml", strings.Repeat("a.", 30000) + "a = 1", ""},
		"long TOML table":   {"s.toml", "[" + strings.Repeat("a.", 30000) + "a]", ""},
		"twice in TOML":     {"s.toml", "a = 1\na = 2\n", "already"},
		"not UTF-8":         {"s.toml", "a = \"\xff\"", ""},
		"TOML without step": {"s.toml", "[meta]\nname = \"x\"\n", "list of steps"},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := Parse(c.file, []byte(c.text))
			if !diags.HasErrors() || !strings.Contains(diags.Error(), c.want) {
				t.Fatalf("%v, want %q", diags, c.want)
			}
			if diags[0].Subject == nil || diags[0].Subject.Start.Line < 1 {
				t.Errorf("no place: %+v", diags[0].Subject)
			}
		})
	}
}

func deepKeys() string {
	var b strings.Builder
	for i := range 100 {
		b.WriteString(strings.Repeat(" ", i) + "k:\n")
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.*ml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.HasSuffix(file, ".toml"), text)
	}
	f.Add(false, []byte("scenario: {name: \"${x}\", steps: [{name: \"%{a\", cmd: \"$${b}\\n<<SH\\nSH\"}]}"))
	f.Add(false, []byte("scenario:\n  steps:\n    - {name: a, cmd: [x, 'y z']}\n    - {name: b, cmd: x, depends: a}"))
	f.Add(true, []byte("[services.a]\nimage = 'x'\n[[steps]]\nname = 'a'\ncommand = ['b']\nexpected_output_regex = '${'"))
	f.Fuzz(func(t *testing.T, isTOML bool, text []byte) {
		name := "s.yaml"
		if isTOML {
			name = "s.toml"
		}
		s, diags := Parse(name, text)
		for _, d := range diags {
			if d.Subject == nil || d.Subject.Start.Line < 1 || d.Subject.End.Byte > len(text) || d.Subject.Start.Byte > d.Subject.End.Byte {
				t.Fatalf("a diagnostic at %+v", d.Subject)
			}
		}
		if diags.HasErrors() {
			return
		}
		load(t, s, defaults)
	})
}
