package lang

import (
	"testing"

	"github.com/zclconf/go-cty/cty"
)

func TestMarkedAndKnownAgreeWithCty(t *testing.T) {
	long := make([]cty.Value, 3*len(indices))
	for i := range long {
		long[i] = cty.NumberIntVal(int64(i))
	}
	parts := []cty.Value{
		cty.StringVal("a"), cty.NumberIntVal(1), cty.True, cty.NullVal(cty.String), cty.NullVal(cty.DynamicPseudoType),
		cty.UnknownVal(cty.String), cty.DynamicVal, cty.StringVal("a").Mark(Sensitive), cty.UnknownVal(cty.String).Mark(Sensitive),
		cty.EmptyObjectVal, cty.EmptyTupleVal, cty.ListValEmpty(cty.String), cty.MapValEmpty(cty.String), cty.TupleVal(long),
		cty.NullVal(cty.List(cty.String)), cty.UnknownVal(cty.Map(cty.String)), cty.SetVal([]cty.Value{cty.StringVal("a")}),
	}
	values := parts
	for _, p := range parts {
		values = append(values, cty.TupleVal([]cty.Value{cty.True, p}), cty.ListVal([]cty.Value{p}), cty.SetVal([]cty.Value{p}),
			cty.MapVal(map[string]cty.Value{"k": p}), cty.ObjectVal(map[string]cty.Value{"a": cty.TupleVal([]cty.Value{p}), "b": cty.True}),
			cty.TupleVal(append([]cty.Value{p}, long...)))
	}
	for _, v := range values {
		if Marked(v) != v.ContainsMarked() {
			t.Errorf("Marked(%#v) is %v", v, Marked(v))
		}
		if Known(v) != v.IsWhollyKnown() {
			t.Errorf("Known(%#v) is %v", v, Known(v))
		}
	}
}
