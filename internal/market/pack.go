package market

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"path"
	"slices"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Pack is a resolved pack: its manifest and its content. Graphs, Queries and
// Shapes of the manifest are the files that their patterns match.
type Pack struct {
	Manifest
	FS     fs.FS
	Digest string // of the whole content, see [Digest]
	Source string // where it came from
	// Signature are sigstore bundles over the digest, one or one a line; nil
	// where nobody signed it.
	Signature []byte
}

// ReadPack reads the pack whose root is fsys. In errors its files are called
// name/FILE; source is what locks and reports name.
func ReadPack(fsys fs.FS, name, source string) (*Pack, error) {
	m, err := ReadManifest(fsys, name)
	if err != nil {
		return nil, err
	}
	sum, err := Digest(fsys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	files, err := packFiles(fsys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, list := range []struct {
		what  string
		files *[]string
	}{{"graphs", &m.Graphs}, {"queries", &m.Queries}, {"shapes", &m.Shapes}} {
		if *list.files, err = expand(files, *list.files, list.what); err != nil {
			return nil, fmt.Errorf("%s: %w", path.Join(name, m.File), err)
		}
	}
	if m.Pipeline != "" {
		if _, err := fs.Stat(fsys, m.Pipeline); err != nil {
			return nil, fmt.Errorf("%s: pipeline: the pack has no file or folder %q", path.Join(name, m.File), m.Pipeline)
		}
	}
	signature, err := readSignature(fsys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if signature != nil {
		fsys = withoutSignature{fsys}
	}
	return &Pack{Manifest: *m, FS: fsys, Digest: sum, Source: source, Signature: signature}, nil
}

// TemplateFS is the pack's template folder.
func (p *Pack) TemplateFS() (fs.FS, error) {
	info, err := fs.Stat(p.FS, p.Templates)
	if err == nil && !info.IsDir() {
		err = errors.New("it is not a folder")
	}
	if err != nil {
		return nil, fmt.Errorf("pack %s: template folder %q: %w", p.ID, p.Templates, err)
	}
	return fs.Sub(p.FS, p.Templates)
}

// Values are the values of a pack's variables.
type Values struct {
	lang.Values
	sensitive map[string]bool
}

// Resolve gives each variable of the pack its value: the last given one, else
// the default, converted to its type and validated. Faults are a
// [*DiagnosticsError].
func (p *Pack) Resolve(given []lang.Given) (*Values, error) {
	values, diags := lang.ResolveVariables(p.Variables, given, lang.FunctionMap(""))
	if diags.HasErrors() {
		return nil, p.diagnosticsError(diags)
	}
	v := &Values{Values: values, sensitive: map[string]bool{}}
	for _, decl := range p.Variables {
		if decl.Sensitive {
			v.sensitive[decl.Name] = true
		}
	}
	return v, nil
}

// GivenAgain turns recorded values, as [Values.Recordable] gives them, into given
// ones for this version of the pack. Variables that it no longer declares are
// left out and named.
func (p *Pack) GivenAgain(recorded map[string]json.RawMessage, source string) (given []lang.Given, dropped []string, err error) {
	declared := map[string]bool{}
	for _, v := range p.Variables {
		declared[v.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(recorded)) {
		if !declared[name] {
			dropped = append(dropped, name)
			continue
		}
		t, err := ctyjson.ImpliedType(recorded[name])
		if err != nil {
			return nil, nil, fmt.Errorf("recorded variable %q: %w", name, err)
		}
		val, err := ctyjson.Unmarshal(recorded[name], t)
		if err != nil {
			return nil, nil, fmt.Errorf("recorded variable %q: %w", name, err)
		}
		given = append(given, lang.Given{Name: name, Value: val, Source: source})
	}
	return given, dropped, nil
}

// Plain gives the values as templates see them: nil, bool, int64, float64,
// string, []any and map[string]any.
func (v *Values) Plain() (map[string]any, error) {
	out := make(map[string]any, len(v.Values.Values))
	for name, val := range v.Values.Values {
		plain, err := PlainValue(val)
		if err != nil {
			return nil, fmt.Errorf("variable %q: %w", name, err)
		}
		out[name] = plain
	}
	return out, nil
}

// Without gives the values of the variables that are not named.
func (v *Values) Without(names map[string]bool) *Values {
	out := &Values{sensitive: v.sensitive}
	out.Values.Values = maps.Clone(v.Values.Values)
	maps.DeleteFunc(out.Values.Values, func(name string, _ cty.Value) bool { return names[name] })
	return out
}

// Recordable gives the values that a record may keep, as JSON: all but the
// sensitive ones.
func (v *Values) Recordable() (map[string]json.RawMessage, error) {
	out := make(map[string]json.RawMessage, len(v.Values.Values))
	for name, val := range v.Values.Values {
		if v.sensitive[name] || val.ContainsMarked() {
			continue
		}
		data, err := ctyjson.Marshal(val, val.Type())
		if err != nil {
			return nil, fmt.Errorf("variable %q: %w", name, err)
		}
		out[name] = data
	}
	return out, nil
}

// PlainValue gives a value as templates see it: nil, bool, int64, float64,
// string, []any or map[string]any.
func PlainValue(val cty.Value) (any, error) {
	val, _ = val.Unmark()
	t := val.Type()
	switch {
	case !val.IsKnown():
		return nil, errors.New("the value is not known")
	case val.IsNull():
		return nil, nil
	case t == cty.String:
		return val.AsString(), nil
	case t == cty.Bool:
		return val.True(), nil
	case t == cty.Number:
		return plainNumber(val.AsBigFloat()), nil
	case t.IsListType() || t.IsSetType() || t.IsTupleType():
		out := make([]any, 0, val.LengthInt())
		for it := val.ElementIterator(); it.Next(); {
			_, elem := it.Element()
			plain, err := PlainValue(elem)
			if err != nil {
				return nil, err
			}
			out = append(out, plain)
		}
		return out, nil
	case t.IsMapType() || t.IsObjectType():
		out := map[string]any{}
		for it := val.ElementIterator(); it.Next(); {
			key, elem := it.Element()
			plain, err := PlainValue(elem)
			if err != nil {
				return nil, err
			}
			out[key.AsString()] = plain
		}
		return out, nil
	}
	return nil, fmt.Errorf("a template can't use a %s", t.FriendlyName())
}

func plainNumber(f *big.Float) any {
	if i, acc := f.Int64(); acc == big.Exact {
		return i
	}
	v, _ := f.Float64()
	return v
}
