package module

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/daggertest"
	"github.com/sixtyhq/sixty/internal/market"
)

// own is a pack that makes a crate, and a pipeline that names it.
func own(frontmatter, body, pipeline string) map[string]string {
	files := crate("passed")
	delete(files, "Cargo.toml")
	files["own/pack.hcl"] = "pack {\n  id = \"org.example.own\"\n  version = \"1.0.0\"\n}\nvariable \"name\" { type = string }\n"
	files["own/templates/Cargo.toml.tera"] = "---\nto: Cargo.toml\n---\n[package]\nname = \"{{ name }}\"\nversion = \"1.2.3\"\nedition = \"2021\"\n"
	files["own/templates/Cargo.lock.tera"] = "---\nto: Cargo.lock\n---\nversion = 4\n\n[[package]]\nname = \"{{ name }}\"\nversion = \"1.2.3\"\n"
	files["own/templates/lib.rs.tera"] = "---\nto: src/lib.rs\n" + frontmatter + "---\n" + body
	files["pipeline.hcl"] += "\nstage \"concept\" { pack = \"org.example.own\" }\n" + pipeline
	return files
}

func withPacks(c *dagger.Client) Inputs {
	in := inputs(c)
	in.Packs, in.Vars = []*dagger.Directory{c.Directory()}, []string{"name=one"}
	return in
}

// made is a file of the crate that was made.
func made(t *testing.T, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("sixty-*", name))
	if err != nil || len(found) == 0 {
		t.Fatalf("there is no %s: %v", name, err)
	}
	text, err := os.ReadFile(found[len(found)-1])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPacks(t *testing.T) {
	_, c := serve(t, own("", "// {{ name }}\n", ""))
	d, err := Deploy(t.Context(), c, withPacks(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.NotReady(); err != nil || d.Report.CrateName != "one" {
		t.Errorf("%s: %v", d.Report.CrateName, err)
	}
	if r := d.Report.Template; r == nil || r.ID != "org.example.own" || r.Source != "with-packs 1/own" {
		t.Errorf("made from %+v", r)
	}
	if lock := made(t, "report/"+market.LockFile); !strings.Contains(lock, `pack "org.example.own"`) || !strings.Contains(lock, d.Report.Template.Digest) {
		t.Errorf("the lock is %s", lock)
	}
	hits, err := Search(t.Context(), c, withPacks(c), market.Query{Text: "own"})
	if err != nil || len(hits) == 0 || hits[0].ID != "org.example.own" {
		t.Errorf("%+v, %v", hits, err)
	}
}

// The lock beside the pipeline holds.
func TestLock(t *testing.T) {
	files := own("", "", "")
	_, c := serve(t, files)
	in := withPacks(c)
	in.Locked = true
	if _, err := Deploy(t.Context(), c, in, nil); err == nil || !strings.Contains(err.Error(), "there is none") {
		t.Errorf("without a lock: %v", err)
	}
	if _, err := Deploy(t.Context(), c, withPacks(c), nil); err != nil {
		t.Fatal(err)
	}
	lock := made(t, "report/"+market.LockFile)
	files[market.LockFile] = lock
	if _, err := Deploy(t.Context(), c, in, nil); err != nil {
		t.Errorf("with its lock: %v", err)
	}
	files["own/templates/lib.rs.tera"] += "// another\n"
	if _, err := Deploy(t.Context(), c, in, nil); err == nil || !strings.Contains(err.Error(), "org.example.own") {
		t.Errorf("other content than the lock has: %v", err)
	}
}

// Commands of packs run as a step, and only where somebody lets them.
func TestHooks(t *testing.T) {
	s, c := serve(t, own("sh_after: \"rustfmt src/lib.rs\"\n", "// {{ name }}\n", "stage \"generation\" { image = image.rust }\n"))
	in := withPacks(c)
	if _, err := Generate(t.Context(), c, in); err == nil || !strings.Contains(err.Error(), "--hooks") {
		t.Errorf("nobody lets them: %v", err)
	}
	for _, asked := range s.Asked() {
		if strings.Contains(asked, "rustfmt") {
			t.Errorf("it ran all the same: %s", asked)
		}
	}
	in.Hooks = true
	if _, err := Generate(t.Context(), c, in); err != nil {
		t.Fatal(err)
	}
	if text := made(t, "made/src/lib.rs"); text != "by the step" {
		t.Errorf("src/lib.rs is %q", text)
	}
	all := strings.Join(s.Asked(), "\n")
	if !strings.Contains(all, "rustfmt src/lib.rs") || !strings.Contains(all, `\"new_network\":true`) {
		t.Errorf("the command did not run without a network:\n%s", all)
	}
}

// A graph block lets templates query an endpoint; the report names the answer.
func TestGraph(t *testing.T) {
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/n-triples")
		fmt.Fprintln(w, `<http://example.org/ada> <http://example.org/name> "Ada" .`)
	}))
	defer endpoint.Close()
	ask := "vars:\n  names: 'SELECT ?name WHERE { ?p <http://example.org/name> ?name }'\n"
	files := own(ask, "{% for r in sparql(query=names) %}// {{ r.name }}{% endfor %}\n", "stage \"generation\" {\n  graph { endpoint = \""+endpoint.URL+"\" }\n}\n")
	_, c := serve(t, files)
	d, err := Deploy(t.Context(), c, withPacks(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := made(t, "made/src/lib.rs"); !strings.Contains(text, "// Ada") {
		t.Errorf("src/lib.rs is %q", text)
	}
	if a := d.Report.Template.Answers; len(a) != 1 || a[0].Endpoint != endpoint.URL || a[0].SHA256 == "" {
		t.Errorf("answers %+v", a)
	}
}

// Packs of one's own are held against the pipeline's policy; those that ship with
// sixty are not.
func TestPackPolicy(t *testing.T) {
	files := own("", "", "sixty { pack_policy = \"keys/policy.hcl\" }\n")
	files["keys/policy.hcl"], files["own/pack.sigstore.json"] = "key \"team\" {}", "a signature"
	s, c := serve(t, files)
	if _, err := Generate(t.Context(), c, withPacks(c)); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(s.Asked(), "\n")
	for _, want := range []string{`"./reportsigner"`, `withMountedDirectory(path: "/policy", source: currentModule.workdir(path: "sixty-`, `"accept", "--policy", "keys/policy.hcl", "--packs", "/packs.json"`,
		`\"id\":\"org.example.own\",\"version\":\"1.0.0\",\"source\":\"with-packs 1/own\",\"digest\":\"h1:`,
		base64.StdEncoding.EncodeToString([]byte("a signature"))} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	before := len(s.Asked())
	in := withPacks(c)
	in.Template = DefaultTemplate
	if _, err := Generate(t.Context(), c, in); err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(s.Asked()[before:], "\n"); strings.Contains(all, "reportsigner") {
		t.Errorf("a shipped pack is checked: %s", all)
	}

	answer := s.Answer
	s.Answer = func(value daggertest.Chain) (any, error) {
		if value[len(value)-1].Field == "sync" {
			return nil, &daggertest.ExecError{Code: 1, Stderr: "pack org.example.own is not signed\n"}
		}
		return answer(value)
	}
	if _, err := Generate(t.Context(), c, withPacks(c)); err == nil || !strings.Contains(err.Error(), "keys/policy.hcl: pack org.example.own is not signed") {
		t.Errorf("refused: %v", err)
	}
}
