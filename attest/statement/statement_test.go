package statement

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	started  = time.Date(2026, 3, 1, 11, 59, 0, 0, time.UTC)
	finished = started.Add(time.Minute)
	subjects = []Resource{Bytes("demo-0.1.0.crate", []byte("crate"))}
)

func examples() map[string]Predicate {
	return map[string]Predicate{
		"provenance": Provenance{
			BuildDefinition: BuildDefinition{
				BuildType: BuildType,
				ExternalParameters: BuildParameters{
					Pipeline:           &Resource{Name: "pipeline.hcl", Digest: Digest{"sha256": strings.Repeat("a", 64)}},
					Variables:          map[string]any{"name": "demo"},
					SensitiveVariables: []string{"token"},
					Level:              "basic",
				},
				ResolvedDependencies: []Resource{{URI: "pkg:cargo/serde@1.0.0", Digest: Digest{"sha256": strings.Repeat("b", 64)}}},
			},
			RunDetails: RunDetails{
				Builder:    Builder{ID: "https://example.com/engine", Version: map[string]string{"sixty": "0.1.0"}},
				Metadata:   BuildMetadata{InvocationID: "r-1", StartedOn: started, FinishedOn: finished},
				Byproducts: []Resource{{Name: "testing.log", Digest: Digest{"sha256": strings.Repeat("c", 64)}}},
			},
		},
		"test-result": TestResult{
			Result: Failed, Configuration: []Resource{{Name: "tests"}, {Name: "clippy"}, {Name: "audit"}},
			PassedTests: []string{"tests"}, FailedTests: []string{"clippy"},
		},
		"vsa": VSA{
			Verifier: Verifier{ID: "https://example.com/sixty"}, TimeVerified: finished,
			ResourceURI: "pkg:cargo/demo@0.1.0", Policy: Resource{URI: "https://example.com/policy"},
			VerificationResult: Passed, VerifiedLevels: []string{ReadinessLevel("basic"), "SLSA_BUILD_LEVEL_1"}, SLSAVersion: "1.1",
		},
		"report": Report{
			Run: "r-1", Crate: Crate{"demo", "0.1.0"}, StartedOn: started, FinishedOn: finished,
			Level: "basic", Status: Ready,
			Levels: []Level{{Name: "basic", Ready: true}, {Name: "production", Missing: []string{"audit"}}},
			Gates: []Gate{
				{Name: "tests", Level: "basic", Status: GatePassed},
				{Name: "audit", Level: "production", Status: GateNotRun, Message: "no advisory database"},
			},
			Claims: Claims{Reproducible: &Claim{Holds: true, Varied: []string{"path"}, NotVaried: []string{"kernel"}, Evidence: subjects}},
		},
	}
}

func TestGolden(t *testing.T) {
	for name, p := range examples() {
		t.Run(name, func(t *testing.T) {
			s, err := New(subjects, p)
			if err != nil {
				t.Fatal(err)
			}
			payload, err := s.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, payload, "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			path := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReportMatchesItsSchema(t *testing.T) {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(ReportSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(ReportType, schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile(ReportType)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(examples()["report"])
	if err != nil {
		t.Fatal(err)
	}
	validate := func(raw []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		return compiled.Validate(v)
	}
	if err := validate(raw); err != nil {
		t.Error(err)
	}
	if validate(bytes.Replace(raw, []byte(`"not run"`), []byte(`"skipped"`), 1)) == nil {
		t.Error("the schema takes a gate status that does not exist")
	}
}

func TestPredicatesThatContradictThemselves(t *testing.T) {
	report := func(change func(*Report)) Predicate {
		r := examples()["report"].(Report)
		change(&r)
		return r
	}
	vsa := func(change func(*VSA)) Predicate {
		v := examples()["vsa"].(VSA)
		change(&v)
		return v
	}
	for want, p := range map[string]Predicate{
		"contradicts level":       report(func(r *Report) { r.Status = NotReady }),
		"although gate":           report(func(r *Report) { r.Gates = []Gate{{Name: "tests", Level: "basic", Status: GateNotRun}} }),
		"although gate \"audit\"": report(func(r *Report) { r.Levels[1] = Level{Name: "production", Ready: true} }),
		"is missing":              report(func(r *Report) { r.Levels = []Level{{Name: "basic", Ready: true, Missing: []string{"x"}}} }),
		"not among":               report(func(r *Report) { r.Level = "distribution" }),
		"not READY":               report(func(r *Report) { r.Status = "YES" }),
		"are needed":              report(func(r *Report) { r.Run = "" }),
		"verifier.id":             vsa(func(v *VSA) { v.Verifier.ID = "" }),
		"and yet level":           vsa(func(v *VSA) { v.VerificationResult = Failed }),
		"no level":                vsa(func(v *VSA) { v.VerifiedLevels = nil }),
		"timeVerified":            vsa(func(v *VSA) { v.TimeVerified = time.Time{} }),
		"although":                TestResult{Result: Passed, Configuration: []Resource{{Name: "x"}}, FailedTests: []string{"x"}},
		"nothing passed":          TestResult{Result: Passed, Configuration: []Resource{{Name: "x"}}},
		"configuration is":        TestResult{Result: Passed, PassedTests: []string{"x"}},
		"builder.id":              Provenance{BuildDefinition: BuildDefinition{BuildType: BuildType}},
	} {
		if _, err := New(subjects, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestDigestMatches(t *testing.T) {
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	long := strings.Repeat("a", 128)
	for _, c := range []struct {
		x, y Digest
		want bool
	}{
		{Digest{"sha256": a}, Digest{"sha256": a}, true},
		{Digest{"sha256": a}, Digest{"sha256": b}, false},
		{Digest{"sha256": a, "sha512": long}, Digest{"sha256": a}, true},
		{Digest{"sha256": b, "sha512": long}, Digest{"sha256": a, "sha512": long}, false},
		{Digest{"sha256": a}, Digest{"sha512": long}, false},
		{Digest{"sha1": "x"}, Digest{"sha1": "x"}, false},
		{Digest{GitTree: a[:40]}, Digest{GitTree: a[:40]}, false},
		{Digest{}, Digest{}, false},
	} {
		if got := c.x.Matches(c.y); got != c.want {
			t.Errorf("%v matches %v = %v", c.x, c.y, got)
		}
	}
}

func TestTreeAgreesWithGitAndShell(t *testing.T) {
	for _, tool := range []string{"git", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir := t.TempDir()
	for path, mode := range map[string]fs.FileMode{
		"Cargo.toml": 0o644, "src/main.rs": 0o644, "src/a/b.rs": 0o644, "src-x": 0o644, "src.txt": 0o644,
		"run.sh": 0o755, "ü.txt": 0o644, "empty": 0o644, "src/a.rs": 0o600,
	} {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		content := []byte(path)
		if path == "empty" {
			content = nil
		}
		if err := os.WriteFile(full, content, mode); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Tree("tree", os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	shell := func(script string) string {
		cmd := exec.Command("sh", "-c", script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_DIR="+filepath.Join(t.TempDir(), "git"), "GIT_WORK_TREE="+dir)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	dirHash := shell(`find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum | cut -f1 -d' '`)
	gitTree := shell(`git init -q --object-format=sha256 && git add -A && git write-tree`)
	if diff := cmp.Diff(Digest{DirHash: dirHash, GitTree: gitTree}, got.Digest); diff != "" {
		t.Error(diff)
	}
	// A link counts as what it says, wherever that leads.
	for path, target := range map[string]string{"src/link": "main.rs", "out": "/etc/passwd", "src-y": "nowhere/at all"} {
		if err := os.Symlink(target, filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err = Tree("tree", os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Digest{GitTree: shell(`git init -q --object-format=sha256 && git add -A && git write-tree`)}, got.Digest); diff != "" {
		t.Error(diff)
	}
}

func TestTreeRefusesSpecialFiles(t *testing.T) {
	if _, err := Tree("x", fstest.MapFS{"a": {Mode: fs.ModeNamedPipe}}); err == nil {
		t.Error("a pipe has a digest")
	}
}

func FuzzParse(f *testing.F) {
	for _, p := range examples() {
		s, err := New(subjects, p)
		if err != nil {
			f.Fatal(err)
		}
		payload, err := s.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			return
		}
		payload, err := s.Marshal()
		if err != nil {
			t.Fatalf("can't write what was read: %v", err)
		}
		if _, err := Parse(payload); err != nil {
			t.Errorf("can't read what was written: %v", err)
		}
	})
}
