package generation

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
)

func pack(t *testing.T, id, rest string) *market.Pack {
	t.Helper()
	p, err := market.ReadPack(fstest.MapFS{
		"pack.hcl":        {Data: []byte("pack {\n  id = \"" + id + "\"\n  version = \"1.0.0\"\n}\n" + rest)},
		"templates/x.txt": {},
	}, id, "test")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDependencyValues is the order in which the values of a dependency count.
func TestDependencyValues(t *testing.T) {
	base := pack(t, "base", `variable "name" { default = "default" }
variable "own" { default = "default" }
variable "hush" {
  type    = string
  default = ""
}`)
	given := func(name, value string) []lang.Given {
		return []lang.Given{{Name: name, Value: cty.StringVal(value), Source: "--var"}}
	}
	const shared = "variable \"name\" { default = \"root\" }\ndependencies = { base = \"*\" }\n"
	for _, c := range []struct {
		about, root string
		given       []lang.Given
		recorded    map[string][]lang.Given
		name, own   string
	}{
		{"a name that both have", shared, nil, nil, "root", "default"},
		{"the caller's value of it", shared, given("name", "caller"), nil, "caller", "default"},
		{"a name that only the dependency has", shared, given("own", "caller"), nil, "root", "caller"},
		{"nothing is shared", "dependencies = { base = \"*\" }\n", given("name", "caller"), nil, "caller", "default"},
		{"chosen", "variable \"name\" { default = \"root\" }\ndependency \"base\" { vars = { name = upper(var.name), own = \"passed\" } }\n", nil, nil, "ROOT", "passed"},
		{"the caller's before a chosen one", "dependency \"base\" { vars = { own = \"passed\" } }\n", given("own", "caller"), nil, "default", "caller"},
		{"recorded", shared, nil, map[string][]lang.Given{"base": given("own", "earlier")}, "root", "earlier"},
		{"the caller's before a recorded one", shared, given("own", "now"), map[string][]lang.Given{"base": given("own", "earlier")}, "root", "now"},
	} {
		run, _, err := packRun(packSet{pack(t, "app", c.root), []*market.Pack{base}}, c.given, c.recorded)
		if err != nil {
			t.Errorf("%s: %v", c.about, err)
			continue
		}
		if vars := run.Dependencies[0].Run.Vars; vars["name"] != c.name || vars["own"] != c.own {
			t.Errorf("%s: %v", c.about, vars)
		}
	}
	if _, _, err := packRun(packSet{pack(t, "app", shared), []*market.Pack{base}}, given("names", "x"), nil); err == nil || !strings.Contains(err.Error(), "names") {
		t.Errorf("a value that nothing declares: %v", err)
	}

	// A sensitive value stays out of the record, also where it is passed on.
	secret := pack(t, "app", "variable \"token\" {\n  type = string\n  sensitive = true\n}\ndependency \"base\" { vars = { hush = var.token } }\n")
	run, _, err := packRun(packSet{secret, []*market.Pack{base}}, given("token", "s3cret"), nil)
	if err != nil || run.Dependencies[0].Run.Vars["hush"] != "s3cret" {
		t.Fatalf("passed on: %v", err)
	}
	for _, v := range run.Packs[0].Variables {
		if strings.Contains(string(v), "s3cret") {
			t.Error("the record has the secret")
		}
	}
}
