package sbom

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	spdxjson "github.com/spdx/tools-golang/json"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
	"github.com/spdx/tools-golang/spdxlib"

	"github.com/sixtyhq/sixty/attest/statement"
)

var input = Input{
	Root: 1, Created: time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("x", 3600)), Tool: "sixty", ToolVersion: "0.1.0",
	Crates: []Crate{
		{Name: "serde", Version: "1.0.0", Checksum: strings.Repeat("a", 64), Source: cratesIO},
		{Name: "demo", Version: "0.1.0", Dependencies: []int{0, 2, 3}},
		{Name: "wasi", Version: "0.11.0+wasi-snapshot-preview1", Checksum: strings.Repeat("b", 64), Source: cratesIO, Dependencies: []int{0}},
		{Name: "forked", Version: "2.0.0", Source: "git+https://example.com/forked?branch=main#0123456789abcdef0123456789abcdef01234567"},
		{Name: "inner", Version: "3.0.0", Source: "registry+https://registry.example.com/index"},
	},
}

func TestPURL(t *testing.T) {
	for i, want := range []string{
		"pkg:cargo/serde@1.0.0",
		"pkg:cargo/demo@0.1.0",
		"pkg:cargo/wasi@0.11.0%2Bwasi-snapshot-preview1",
		"pkg:cargo/forked@2.0.0?vcs_url=git%2Bhttps%3A%2F%2Fexample.com%2Fforked%400123456789abcdef0123456789abcdef01234567",
		"pkg:cargo/inner@3.0.0?repository_url=https%3A%2F%2Fregistry.example.com%2Findex",
	} {
		if got := input.Crates[i].PackageURL(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// The schemas come with the library that writes the documents.
func TestCycloneDXMatchesItsSchema(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	for url, name := range map[string]string{
		"http://cyclonedx.org/schema/bom-1.6.schema.json":  "bom-1.6.schema.json",
		"http://cyclonedx.org/schema/spdx.schema.json":     "spdx.schema.json",
		"http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "schema", name))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(url, doc); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := CycloneDX(input)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%v\n%s", err, raw)
	}
	var bom struct {
		SpecVersion string
		Components  []struct{ Name string }
	}
	if err := json.Unmarshal(raw, &bom); err != nil || bom.SpecVersion != "1.6" || len(bom.Components) != len(input.Crates)-1 {
		t.Errorf("%+v, %v", bom, err)
	}
}

func TestSPDXIsValid(t *testing.T) {
	raw, err := SPDX(input)
	if err != nil {
		t.Fatal(err)
	}
	var doc spdx.Document
	if err := spdxjson.ReadInto(bytes.NewReader(raw), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.SPDXVersion != "SPDX-2.3" || len(doc.Packages) != len(input.Crates) || doc.CreationInfo.Created != "2026-03-01T11:00:00Z" {
		t.Errorf("%+v", doc)
	}
	described, err := spdxlib.GetDescribedPackageIDs(&doc)
	if err != nil || len(described) != 1 || described[0] != "Package-1" {
		t.Errorf("describes %v, %v", described, err)
	}
	if err := spdxlib.ValidateDocument(&doc); err != nil {
		t.Error(err)
	}
}

func TestBillsAreStatements(t *testing.T) {
	for predicateType, write := range map[string]func(Input) ([]byte, error){statement.CycloneDXType: CycloneDX, statement.SPDXType: SPDX} {
		raw, err := write(input)
		if err != nil {
			t.Fatal(err)
		}
		again, err := write(input)
		if err != nil || !bytes.Equal(raw, again) {
			t.Errorf("%s: the same crates gave other bytes", predicateType)
		}
		if _, err := statement.NewRaw([]statement.Resource{statement.Bytes("demo.crate", nil)}, predicateType, raw); err != nil {
			t.Error(err)
		}
	}
}

func TestInputThatIsRefused(t *testing.T) {
	for _, in := range []Input{
		{}, {Crates: input.Crates, Root: 9}, {Crates: []Crate{{Name: "a"}}},
		{Crates: []Crate{{Name: "a", Version: "1", Dependencies: []int{1}}}},
	} {
		if _, err := CycloneDX(in); err == nil {
			t.Errorf("CycloneDX took %+v", in)
		}
		if _, err := SPDX(in); err == nil {
			t.Errorf("SPDX took %+v", in)
		}
	}
}
