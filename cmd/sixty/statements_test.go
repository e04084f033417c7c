package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/attest/sbom"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/internal/blob"
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
	locked := []sbom.Crate{{Name: "dep", Version: "2.0.0", Source: "registry+x"}, {Name: "a", Version: "0.1.0"}, {Name: "b", Version: "0.2.0"}}
	if all, root := withRoot(locked, &crate.Crate{Name: "b", Version: "0.2.0"}); len(all) != 3 || root != 2 {
		t.Errorf("a package of the lockfile: root %d of %d", root, len(all))
	}
	all, root := withRoot(locked, &crate.Crate{Name: "space"})
	if got := all[root]; got.Name != "space" || got.Version != "0.0.0" || len(got.Dependencies) != 2 || got.Dependencies[0] != 1 {
		t.Errorf("a workspace without a root package: %+v", got)
	}
}

// The subject is the tree that was packed, with the digests that the files had
// where they lay.
func TestTreeSubject(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"Cargo.toml": 0o644, "src/lib.rs": 0o644, "build.sh": 0o755} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	store, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want, err := statement.Tree("c", os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	packed, err := store.PutTree(os.DirFS(dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := treeSubject("c", packed)
	if err != nil {
		t.Fatal(err)
	}
	for _, algorithm := range []string{statement.DirHash, statement.GitTree} {
		if got.Digest[algorithm] == "" || got.Digest[algorithm] != want.Digest[algorithm] {
			t.Errorf("%s is %q, want %q", algorithm, got.Digest[algorithm], want.Digest[algorithm])
		}
	}
	if err := os.Symlink("lib.rs", filepath.Join(dir, "src/link.rs")); err != nil {
		t.Fatal(err)
	}
	if packed, err = store.PutTree(os.DirFS(dir), nil); err != nil {
		t.Fatal(err)
	}
	if got, err = treeSubject("c", packed); err != nil {
		t.Fatal(err)
	}
	if want, err = statement.Tree("c", os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if len(got.Digest) != 1 || got.Digest[statement.GitTree] != want.Digest[statement.GitTree] {
		t.Errorf("a tree with a link: %v, want %v", got.Digest, want.Digest)
	}
}
