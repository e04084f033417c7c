package depcheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sixtyhq/sixty"

// pkg is a package as go list tells it.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// folder is the place of a package in the repository.
func (p pkg) folder() string { return folderOf(p.ImportPath) }

func folderOf(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
}

func ours(importPath string) bool { return within(importPath, module) }

// within reports whether a path is a folder or lies below it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

func anyWithin(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return within(path, f) })
}

// standard reports whether an import path is of the standard library: its first
// element has no dot.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// list gives the packages of the module in a folder of the repository.
func list(t *testing.T, dir string) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Standard,Imports,Deps", "./...")
	cmd.Dir = filepath.Join("..", "..", dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list in %s: %v\n%s", cmd.Dir, err, stderr.String())
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list in %s: %v", cmd.Dir, err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatalf("go list finds no package in %s", cmd.Dir)
	}
	return all
}

// ruleFor is the longest rule that fits a folder.
func ruleFor(folder string) (rule, bool) {
	var best rule
	found := false
	for _, r := range rules {
		if within(folder, r.folder) && len(r.folder) >= len(best.folder) {
			best, found = r, true
		}
	}
	return best, found
}

// allows reports whether a rule allows an import, and through which exception.
func (r rule) allows(importPath string) (exception string, ok bool) {
	if standard(importPath) {
		return "", true
	}
	name := importPath
	if ours(importPath) {
		name = folderOf(importPath)
		if within(name, r.folder) || anyWithin(name, r.ours) {
			return "", true
		}
	} else if r.others == nil || anyWithin(importPath, r.others) {
		return "", true
	}
	for e := range r.exceptions {
		if within(name, e) {
			return e, true
		}
	}
	return "", false
}

// Every import of one of our packages is in the layout, or an exception to it
// that is written down.
func TestLayout(t *testing.T) {
	used := map[string]bool{}
	for _, p := range slices.Concat(list(t, "."), list(t, "attest"), list(t, "cmd/sixty")) {
		r, ok := ruleFor(p.folder())
		if !ok {
			t.Errorf("%s has no row in rules_test.go", p.folder())
			continue
		}
		for _, i := range p.Imports {
			exception, ok := r.allows(i)
			if !ok {
				t.Errorf("%s imports %s, which its row (%s) does not allow", p.folder(), i, r.folder)
			}
			if exception != "" {
				used[r.folder+" "+exception] = true
			}
		}
	}
	for _, r := range rules {
		for e := range r.exceptions {
			if !used[r.folder+" "+e] {
				t.Errorf("no package below %s needs its exception for %s any more: remove it", r.folder, e)
			}
		}
	}
}

// The root module needs nothing heavy, its tests' packages included.
func TestRootIsLight(t *testing.T) {
	for _, p := range list(t, ".") {
		for _, d := range p.Deps {
			for h, what := range heavy {
				if within(d, h) {
					t.Errorf("%s needs %s: %s", p.folder(), d, what)
				}
			}
		}
	}
}

// The check itself tells right from wrong.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		folder, imports string
		want            bool
	}{
		{"internal/plan", "fmt", true},
		{"internal/plan", module + "/internal/run", false},
		{"internal/plan", "github.com/zclconf/go-cty/cty", false},
		{"internal/run", module + "/internal/plan", true},
		{"internal/run", module + "/internal/planner", false},
		{"internal/cargo/vendor", "github.com/pelletier/go-toml/v2", false},
		{"internal/cargo", "github.com/pelletier/go-toml/v2", true},
		{"internal/sparql/syntax", module + "/internal/rdf", true},
		{"internal/sparql/syntax", module + "/internal/tera", false},
		{"attest/verify", module + "/attest/statement", true},
		{"attest/verify", module + "/internal/report", false},
		{"cmd/sixty", module + "/internal/report", true},
		{"cmd/sixty/image", module + "/internal/report", false},
		{"internal/rdf", "github.com/piprate/json-gold/ld", true},
	} {
		r, ok := ruleFor(c.folder)
		if !ok {
			t.Fatalf("no rule for %s", c.folder)
		}
		if _, got := r.allows(c.imports); got != c.want {
			t.Errorf("%s imports %s: allowed is %v, want %v", c.folder, c.imports, got, c.want)
		}
	}
}
