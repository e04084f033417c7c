package module

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/daggertest"
	"github.com/sixtyhq/sixty/internal/initrec"
	"github.com/sixtyhq/sixty/internal/market"
)

// serve starts a session that exports what the test has for a directory or file,
// by its name, and that has every image.
func serve(t *testing.T, exports map[string]string) (*daggertest.Server, *dagger.Client) {
	t.Helper()
	s := daggertest.Serve(t)
	t.Chdir(t.TempDir())
	s.Answer = func(value daggertest.Chain) (any, error) {
		last := value[len(value)-1]
		switch last.Field {
		case "version":
			return "v0.0.0", nil
		case "imageRef":
			from, _ := value.Last("from")
			return from.Args["address"].(string) + "@sha256:" + strings.Repeat("1", 64), nil
		case "envVariables":
			return 1, nil
		case "name":
			return "PGDATA", nil
		case "value":
			return "/data", nil
		case "user":
			return "db", nil
		case "workdir":
			return "/work", nil
		case "entrypoint":
			return []string{"entry"}, nil
		case "defaultArgs":
			return []string{"arg"}, nil
		case "entries":
			return []string{"src/", "Cargo.toml"}, nil
		case "export":
			to := last.Args["path"].(string)
			if _, ran := value.Last("withExec"); ran {
				return to, leave(to)
			}
			for name, content := range exports {
				if err := put(filepath.Join(to, name), content); err != nil {
					return nil, err
				}
			}
			return to, nil
		}
		return nil, nil
	}
	return s, dagger.Connect()
}

func put(file, content string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(content), 0o644)
}

// leave is the record of a command that passed.
func leave(dir string) error {
	text, err := json.Marshal(initrec.Record{Version: initrec.Version, Network: initrec.Network{LoopbackOnly: true}})
	if err != nil {
		return err
	}
	// What the commands of a pack would leave.
	return errors.Join(put(filepath.Join(dir, initrec.RecordFile), string(text)),
		put(filepath.Join(dir, "outputs", "tree", "src", "lib.rs"), "by the step"),
		put(filepath.Join(dir, "outputs", "tree", "Cargo.toml"), "[package]\nname = \"one\"\nversion = \"1.2.3\"\n"))
}

// crate is a crate whose pipeline has one step, and a gate that it passes or not.
func crate(gate string) map[string]string {
	return map[string]string{
		"Cargo.toml": "[package]\nname = \"one\"\nversion = \"1.2.3\"\nedition = \"2021\"\n",
		"Cargo.lock": "version = 4\n\n[[package]]\nname = \"one\"\nversion = \"1.2.3\"\n",
		"src/lib.rs": "",
		"pipeline.hcl": `
image "rust" { from = "example.com/rust:1" }
secret "token" { env = "TOKEN" }
stage "setup" { image = image.rust }
stage "testing" {
  step "try" {
    command = ["true"]
    mount "/token" { secret = secret.token }
  }
}
gate "tried" {
  level     = "basic"
  condition = step.try.status == "` + gate + `"
  message   = "it was not tried"
}
`}
}

func inputs(c *dagger.Client) Inputs {
	return Inputs{Source: c.Directory(), Secrets: map[string]*dagger.Secret{"token": c.SetSecret("token", "hidden")}}
}

func TestDeploy(t *testing.T) {
	s, c := serve(t, crate("passed"))
	d, err := Deploy(t.Context(), c, inputs(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.NotReady(); err != nil {
		t.Error(err)
	}
	if d.Report.CrateName != "one" || d.Report.Engine != "dagger v0.0.0" || len(d.Report.Images) != 1 || d.Report.Images[0].Digest != "sha256:"+strings.Repeat("1", 64) {
		t.Errorf("%+v", d.Report)
	}
	where := ""
	if id, err := d.Dir.ID(t.Context()); err != nil || id == "" {
		t.Errorf("the report's folder: %v", err)
	}
	for _, asked := range s.Asked() {
		if strings.Contains(asked, "hidden") && !strings.Contains(asked, "setSecret") {
			t.Errorf("the secret is in %s", asked)
		}
	}
	found, err := filepath.Glob("sixty-*/report/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		where += " " + filepath.Base(f)
	}
	for _, want := range []string{ReportFile, MarkdownFile, metricsFile, "report.schema.json", "logs"} {
		if !strings.Contains(where, want) {
			t.Errorf("the folder has no %s:%s", want, where)
		}
	}
}

// A crate that is not ready has its report, and says why it is not.
func TestNotReady(t *testing.T) {
	_, c := serve(t, crate("failed"))
	d, err := Deploy(t.Context(), c, inputs(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = d.NotReady()
	if err == nil {
		t.Fatal("it is ready")
	}
	for _, want := range []string{"NOT_READY", "one 1.2.3", "gate tried (basic) failed", "it was not tried"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if found, err := filepath.Glob("sixty-*/report/report.json"); err != nil || len(found) != 1 {
		t.Errorf("reports: %v, %v", found, err)
	}
}

func TestStages(t *testing.T) {
	_, c := serve(t, crate("passed"))
	in := inputs(c)
	in.Only = []string{"testing"}
	if said, err := Stages(t.Context(), c, in); err != nil || !strings.Contains(said, "tried") {
		t.Errorf("%q, %v", said, err)
	}
}

func TestStagesThatSayNo(t *testing.T) {
	_, c := serve(t, crate("failed"))
	if _, err := Stages(t.Context(), c, inputs(c)); err == nil || !strings.Contains(err.Error(), "it was not tried") {
		t.Errorf("%v", err)
	}
}

func TestMistakes(t *testing.T) {
	_, c := serve(t, crate("passed"))
	for want, change := range map[string]func(in *Inputs){
		`declares the secret "token" (`:                func(in *Inputs) { in.Secrets = nil },
		"with-secret --name token":                     func(in *Inputs) { in.Secrets = nil },
		`no level "basics"`:                            func(in *Inputs) { in.Level = "basics" },
		"are for a new crate":                          func(in *Inputs) { in.Name = "other" },
		`a variable is NAME=VALUE, not "x"`:            func(in *Inputs) { in.Vars = []string{"x"} },
		"unknown":                                      func(in *Inputs) { in.Vars = []string{"unknown=1"} },
		`unknown template "io.sixty.rust.axum-servce"`: func(in *Inputs) { in.Source, in.Template, in.Name = nil, "io.sixty.rust.axum-servce", "x" },
		"there is no Cargo.toml":                       func(in *Inputs) { in.Source = nil },
	} {
		in := inputs(c)
		change(&in)
		if _, err := Deploy(t.Context(), c, in, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestSigning(t *testing.T) {
	_, c := serve(t, crate("passed"))
	secret := c.SetSecret("s", "v")
	file := c.Directory().File("f")
	for want, by := range map[string]*Signing{
		"give one of":          NewSigning(secret, nil, secret, nil, nil),
		"--signing-password":   NewSigning(nil, secret, secret, nil, nil),
		"give both or neither": NewSigning(secret, nil, nil, file, nil),
	} {
		if _, err := Deploy(t.Context(), c, inputs(c), by); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if NewSigning(nil, nil, nil, nil, nil) != nil {
		t.Error("nobody signs")
	}
}

// The programs that sign are built and run only where a report is signed.
func TestSigned(t *testing.T) {
	s, c := serve(t, crate("passed"))
	d, err := Deploy(t.Context(), c, inputs(c), NewSigning(c.SetSecret("key", "PEM"), c.SetSecret("password", "p"), nil, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	if !d.Report.Attestation.Signed || d.Report.Attestation.Bundle != BundleFile {
		t.Errorf("%+v", d.Report.Attestation)
	}
	all := strings.Join(s.Asked(), "\n")
	for _, want := range []string{`"./reportsigner"`, `"sign", "--dir", "/report", "--record", "/run/signing/record.json", "--tree", "/run/signing/tree.tar", "--key", "/run/signing/key"`, `withMountedSecret(path: "/run/signing/key"`, `withSecretVariable(name: "SIXTY_KEY_PASSWORD"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
}

func TestVerifyNeedsTrust(t *testing.T) {
	_, c := serve(t, nil)
	file := c.Directory().File("f")
	for want, trusted := range map[string]Trusted{
		"whom do you trust":   {},
		"as who vouches":      {Identity: "me"},
		"whom do you trust? ": {Key: file, Identity: "me"},
	} {
		if _, err := Verify(t.Context(), c, c.Directory(), trusted); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := Verify(t.Context(), c, c.Directory(), Trusted{Key: file}); err != nil {
		t.Error(err)
	}
}

func TestGenerate(t *testing.T) {
	_, c := serve(t, nil)
	dir, err := Generate(t.Context(), c, Inputs{Template: DefaultTemplate, Name: "made"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.ID(t.Context()); err != nil {
		t.Error(err)
	}
	if found, err := filepath.Glob("sixty-*/made/Cargo.toml"); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestPlanAndGraph(t *testing.T) {
	s, c := serve(t, crate("passed"))
	p, err := Plan(t.Context(), c, inputs(c))
	if err != nil {
		t.Fatal(err)
	}
	if p.CrateName != "one" || len(p.Stages) != 2 {
		t.Errorf("%+v", p)
	}
	for _, asked := range s.Asked() {
		if strings.Contains(asked, "withExec") {
			t.Errorf("a plan runs %s", asked)
		}
	}
	for _, format := range []string{"dot", "mermaid", "svg", "html"} {
		if _, err := Graph(c, p, format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	if _, err := Graph(c, p, "mermaids"); err == nil || !strings.Contains(err.Error(), `Did you mean "mermaid"?`) {
		t.Errorf("%v", err)
	}
	if _, err := PlanFile(c, p); err != nil {
		t.Error(err)
	}
}

func TestImage(t *testing.T) {
	_, c := serve(t, crate("passed"))
	if _, err := Image(t.Context(), c, Inputs{}, "rust"); err != nil {
		t.Error(err)
	}
	if _, err := Image(t.Context(), c, Inputs{}, "rusty"); err == nil || !strings.Contains(err.Error(), "rust") {
		t.Errorf("%v", err)
	}
}

func TestSearch(t *testing.T) {
	hits, err := Search(t.Context(), nil, Inputs{}, market.Query{Text: "axum"})
	if err != nil || len(hits) == 0 || hits[0].ID != DefaultTemplate {
		t.Errorf("%+v, %v", hits, err)
	}
}

// A service starts with what the configuration of its image says.
func TestService(t *testing.T) {
	files := crate("passed")
	files["pipeline.hcl"] += `
image "db" { from = "example.com/db:1" }
service "db" {
  image = image.db
  ready { tcp = 5432 }
}
`
	files["pipeline.hcl"] = strings.Replace(files["pipeline.hcl"], `mount "/token" { secret = secret.token }`, `services = [service.db]`, 1)
	s, c := serve(t, files)
	d, err := Deploy(t.Context(), c, inputs(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.NotReady(); err != nil {
		t.Error(err)
	}
	all := strings.Join(s.Asked(), "\n")
	for _, want := range []string{
		`source: container.from(address: "example.com/db:1").rootfs`,
		`\"name\":\"db\",\"command\":[\"entry\",\"arg\"],\"env\":[\"PGDATA=/data\"],\"root\":\"/.sixty/services/db\",\"dir\":\"/work\",\"user\":\"db\"`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if strings.Contains(all, `container.from(address: "example.com/rust:1").user`) {
		t.Error("the configuration of an image without services is asked for")
	}
}

// What the engine can't keep is refused at its place.
func TestRefused(t *testing.T) {
	files := crate("passed")
	files["pipeline.hcl"] = strings.Replace(files["pipeline.hcl"], "example.com/rust:1", "oci-layout:///images/rust", 1)
	_, c := serve(t, files)
	if _, err := Deploy(t.Context(), c, inputs(c), nil); err == nil || !strings.Contains(err.Error(), `image "rust" (pipeline.hcl:2)`) || !strings.Contains(err.Error(), "--base") {
		t.Errorf("%v", err)
	}
}

// An update takes what changed in the pack, keeps edits, and moves the pin.
func TestUpdate(t *testing.T) {
	files := own("", "// {{ name }}\n", "")
	_, c := serve(t, files)
	if _, err := Deploy(t.Context(), c, withPacks(c), nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Cargo.toml", "Cargo.lock", "src/lib.rs", ".sixty/generated.json"} {
		files[name] = made(t, "made/"+name)
	}
	files["src/lib.rs"] += "\n\n// an edit\n"
	files[market.LockFile] = made(t, "report/"+market.LockFile)
	in := inputs(c)
	in.Packs = []*dagger.Directory{c.Directory()}
	// The version that the crate was made from stays in the market.
	for name, content := range files {
		if rest, ok := strings.CutPrefix(name, "own/"); ok {
			files["newer/"+rest] = strings.Replace(content, "1.0.0", "1.1.0", 1)
		}
	}
	files["newer/templates/lib.rs.tera"] = strings.Replace(files["newer/templates/lib.rs.tera"], "// {{ name }}", "// {{ name }}, newer", 1)
	if _, err := Update(t.Context(), c, in, ""); err != nil {
		t.Fatal(err)
	}
	var updated string
	found, err := filepath.Glob("sixty-*/source/src/lib.rs")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "an edit") {
			updated = string(text)
			lock, err := os.ReadFile(filepath.Join(filepath.Dir(name), "..", market.LockFile))
			if err != nil || !strings.Contains(string(lock), `"1.1.0"`) {
				t.Errorf("the pin is %s, %v", lock, err)
			}
		}
	}
	if !strings.Contains(updated, "// one, newer") || !strings.Contains(updated, "// an edit") {
		t.Errorf("src/lib.rs is %q", updated)
	}
}
