package provenance

import (
	"encoding/json"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/crate"
)

func TestJSONValue(t *testing.T) {
	for _, test := range []struct {
		value cty.Value
		want  string
	}{
		{cty.StringVal("a\"b"), `"a\"b"`},
		{cty.NullVal(cty.String), `null`},
		{cty.NumberIntVal(1 << 52), `4503599627370496`},
		{cty.MustParseNumberVal("12345678901234567890"), `"12345678901234567890"`},
		{cty.ObjectVal(map[string]cty.Value{"n": cty.TupleVal([]cty.Value{cty.MustParseNumberVal("-99999999999999999"), cty.True})}), `{"n":["-99999999999999999",true]}`},
	} {
		v, err := jsonValue(test.value)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(v); err != nil || string(got) != test.want {
			t.Errorf("%#v is %s (%v), want %s", test.value, got, err, test.want)
		}
	}
}

func TestWithRoot(t *testing.T) {
	locked := []Crate{{Name: "dep", Version: "2.0.0", Source: "registry+x"}, {Name: "a", Version: "0.1.0"}, {Name: "b", Version: "0.2.0"}}
	if all, root := withRoot(locked, &crate.Crate{Name: "b", Version: "0.2.0"}); len(all) != 3 || root != 2 {
		t.Errorf("a package of the lockfile: root %d of %d", root, len(all))
	}
	all, root := withRoot(locked, &crate.Crate{Name: "space"})
	if got := all[root]; got.Name != "space" || got.Version != "0.0.0" || len(got.Dependencies) != 2 || got.Dependencies[0] != 1 {
		t.Errorf("a workspace without a root package: %+v", got)
	}
}
