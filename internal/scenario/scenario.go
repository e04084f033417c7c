package scenario

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// Scenario is what a file says and a pipeline can do.
type Scenario struct {
	// File is the file's name.
	File        string
	Name        string
	Description string
	// Timeout is the time for all of it; zero: none.
	Timeout time.Duration
	// Images are the root file systems that steps name.
	Images []Image
	Steps  []Step
	// Unchecked are expectations that were not imported.
	Unchecked []string
}

// Image is a root file system.
type Image struct {
	// Name is the file's own.
	Name string
	// From is a reference in a registry.
	From string
}

// Step is one command.
type Step struct {
	// Name is the file's own; ID is it as a word of a pipeline.
	Name, ID string
	// Command is what runs, or Script is, in a shell.
	Command []string
	Script  string
	Timeout time.Duration
	// After are the IDs of the steps to wait for.
	After []string
	// Image is the name of an image; empty: the one for Rust crates.
	Image  string
	Env    map[string]string
	Expect Expect
	Range  hcl.Range
}

// Expect is what a command must do; the zero value: end with code zero.
type Expect struct {
	Exit int
	// Output and NoOutput are regular expressions that its standard output must
	// match, and must not match; empty: any.
	Output, NoOutput string
}

// Parse reads a scenario file: TOML when its name ends in .toml, else YAML. With
// errors among the diagnostics the scenario is good for nothing; warnings name
// what was not imported.
func Parse(name string, text []byte) (*Scenario, hcl.Diagnostics) {
	src := newSource(name, text)
	if len(text) > maxBytes {
		return nil, hcl.Diagnostics{problem(src.at(1, 1, 1), "Scenario too long", "A scenario file has at most %d KiB.", maxBytes>>10)}
	}
	isTOML := filepath.Ext(name) == ".toml"
	if diags := guard(src, isTOML); diags.HasErrors() {
		return nil, diags
	}
	read := readYAML
	if isTOML {
		read = readTOML
	}
	root, diags := read(src)
	if diags.HasErrors() {
		return nil, diags
	}
	i := &importer{out: &Scenario{File: name}, ids: map[string]string{}}
	i.file(root)
	if !i.diags.HasErrors() {
		i.left("", root)
	}
	return i.out, i.diags
}

// importer takes what it understands of a tree.
type importer struct {
	out   *Scenario
	diags hcl.Diagnostics
	// ids are the steps' IDs by their own names.
	ids map[string]string
}

func (i *importer) fail(at hcl.Range, summary, format string, args ...any) {
	i.diags = append(i.diags, problem(at, summary, format, args...))
}

func (i *importer) warn(at hcl.Range, summary, format string, args ...any) {
	d := problem(at, summary, format, args...)
	d.Severity = hcl.DiagWarning
	i.diags = append(i.diags, d)
}

// take gives a key's value and marks it as understood.
func take(n *node, key string) *node {
	v := n.get(key)
	if v != nil {
		v.taken = true
	}
	return v
}

func (i *importer) str(n *node, key string) string {
	v := take(n, key)
	if v == nil || v.scalar == nil && v.kind == isScalar {
		return ""
	}
	if text, ok := v.scalar.(string); ok {
		return text
	}
	i.fail(v.at, "Unsuitable value", "%q must be text.", key)
	return ""
}

func (i *importer) boolean(n *node, key string) bool {
	v := take(n, key)
	if v == nil {
		return false
	}
	b, ok := v.scalar.(bool)
	if !ok {
		i.fail(v.at, "Unsuitable value", "%q must be true or false.", key)
	}
	return b
}

// milliseconds reads a whole number of milliseconds.
func (i *importer) milliseconds(n *node, key string) time.Duration {
	v := take(n, key)
	if v == nil {
		return 0
	}
	ms, ok := v.scalar.(int64)
	if !ok || ms <= 0 || ms > int64(1000*time.Hour/time.Millisecond) {
		i.fail(v.at, "Unsuitable value", "%q must be a positive whole number of milliseconds.", key)
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

// duration reads text such as "30s".
func (i *importer) duration(n *node, key string) time.Duration {
	text := i.str(n, key)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		i.fail(n.get(key).at, "Unsuitable value", "%q must be a duration such as \"10s\", not %q.", key, text)
		return 0
	}
	return d
}

// strs reads a list of texts, or one text as a list.
func (i *importer) strs(n *node, key string) []string {
	v := take(n, key)
	if v == nil {
		return nil
	}
	if text, ok := v.scalar.(string); ok {
		return []string{text}
	}
	var out []string
	for _, item := range v.list {
		text, ok := item.scalar.(string)
		if !ok {
			i.fail(item.at, "Unsuitable value", "%q must be a list of texts.", key)
			return nil
		}
		out = append(out, text)
	}
	if v.kind != isList {
		i.fail(v.at, "Unsuitable value", "%q must be a text or a list of texts.", key)
	}
	return out
}

// env reads a table of names and texts.
func (i *importer) env(n *node, key string) map[string]string {
	v := take(n, key)
	if v == nil {
		return nil
	}
	if v.kind != isMap {
		i.fail(v.at, "Unsuitable value", "%q must be a table of names and texts.", key)
		return nil
	}
	out := map[string]string{}
	for _, e := range v.entries {
		if e.value.kind != isScalar || e.key == "" || strings.ContainsAny(e.key, "=\x00") || strings.Contains(fmt.Sprint(e.value.scalar), "\x00") {
			i.fail(e.at, "Unsuitable value", "%q is no name and text that an environment can hold.", e.key)
			continue
		}
		out[e.key] = fmt.Sprint(e.value.scalar)
	}
	return out
}

// command reads what a step runs: a text for a shell, or a list of words.
func (i *importer) command(n *node, key string, s *Step) {
	v := take(n, key)
	switch {
	case v == nil:
		i.fail(n.at, "Step without a command", "The step %q has no %q.", s.Name, key)
	case v.kind == isList:
		if s.Command = i.strs(n, key); len(s.Command) == 0 && !i.diags.HasErrors() {
			i.fail(v.at, "Step without a command", "%q is empty.", key)
		}
	default:
		if s.Script = i.str(n, key); strings.TrimSpace(s.Script) == "" && !i.diags.HasErrors() {
			i.fail(v.at, "Step without a command", "%q is empty.", key)
		}
	}
}

// name gives a step its name and ID, which no other step has.
func (i *importer) name(n *node, s *Step) bool {
	s.Range = n.at
	s.Name = i.str(n, "name")
	if v := n.get("name"); v != nil {
		s.Range = v.at
	}
	if s.Name == "" {
		i.fail(n.at, "Step without a name", "Each step of a scenario has a name.")
		return false
	}
	if _, dup := i.ids[s.Name]; dup {
		i.fail(s.Range, "Duplicate step", "There is a step %q already.", s.Name)
		return false
	}
	s.ID = word(s.Name)
	for n := 2; i.hasID(s.ID); n++ {
		s.ID = fmt.Sprintf("%s-%d", word(s.Name), n)
	}
	i.ids[s.Name] = s.ID
	return true
}

func (i *importer) hasID(id string) bool {
	for _, s := range i.out.Steps {
		if s.ID == id {
			return true
		}
	}
	return false
}

// word makes a name one that a pipeline can hold: letters, digits, - and _, the
// first one a letter.
func word(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	out := strings.Join(words, "-")
	if out == "" || out[0] >= '0' && out[0] <= '9' || out[0] == '_' {
		out = "step-" + strings.TrimLeft(out, "_")
	}
	return strings.TrimRight(out, "-")
}
