package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/attest/sbom"
	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/plan"
)

func TestHermetic(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "record.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	record := func(loopbackOnly bool) *plan.Record { return &plan.Record{LoopbackOnly: &loopbackOnly} }
	pinned := plan.Image{Name: "rust", Digest: "sha256:" + strings.Repeat("a", 64)}
	quiet := plan.Result{Step: "t.a", Key: "k", Dir: dir, Status: plan.StatusPassed, Record: record(true)}
	with := func(change func(*plan.Result)) plan.Result {
		r := quiet
		change(&r)
		return r
	}
	cache := plan.Mount{Source: plan.Source{Kind: plan.SourceCache, Cache: "pad"}}
	for name, test := range map[string]struct {
		image  plan.Image
		mounts []plan.Mount
		host   []plan.Result
		result plan.Result
		want   string // "holds", "absent" or what is against it
	}{
		"quiet":         {image: pinned, result: quiet, want: "holds"},
		"failed":        {image: pinned, result: with(func(r *plan.Result) { r.Status = plan.StatusFailed }), want: "holds"},
		"rendered":      {image: pinned, host: []plan.Result{{Step: "generation.render", Status: plan.StatusPassed}}, result: quiet, want: "holds"},
		"network":       {image: pinned, result: with(func(r *plan.Result) { r.Record = record(false) }), want: "step t.a had the network"},
		"lock":          {image: pinned, host: []plan.Result{{Step: "setup.lockfile", Key: "k", Dir: dir, Status: plan.StatusPassed, Record: record(false)}}, result: quiet, want: "step setup.lockfile had the network"},
		"cache":         {image: pinned, mounts: []plan.Mount{cache}, result: quiet, want: "step t.a had the cache pad"},
		"image":         {image: plan.Image{Name: "rust"}, result: quiet, want: "image rust has no digest"},
		"no record":     {image: pinned, result: with(func(r *plan.Result) { r.Record = nil }), want: "absent"},
		"not measured":  {image: pinned, result: with(func(r *plan.Result) { r.Record = &plan.Record{} }), want: "absent"},
		"lost record":   {image: pinned, result: with(func(r *plan.Result) { r.Dir = filepath.Join(dir, "gone") }), want: "absent"},
		"engine failed": {image: pinned, result: plan.Result{Step: "t.a", Status: plan.StatusError}, want: "absent"},
		"nothing ran":   {image: pinned, result: plan.Result{Step: "t.a", Status: plan.StatusNotRun}, want: "absent"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &executed{resolved: &resolved{host: test.host}, results: []plan.Result{test.result}, graph: &plan.Graph{
				Images: []plan.Image{test.image},
				Stages: []plan.Stage{{Name: "t", Steps: []plan.Step{{ID: "t.a", Mounts: test.mounts}}}},
			}}
			got := "absent"
			if c := e.hermetic(); c != nil && c.Holds {
				got = "holds"
			} else if c != nil {
				got = c.Detail
			}
			if got != test.want {
				t.Errorf("hermetic is %q, want %q", got, test.want)
			}
		})
	}
}

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
	got, ok, err := treeSubject("c", packed)
	if err != nil || !ok {
		t.Fatal(ok, err)
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
	if _, ok, err := treeSubject("c", packed); ok || err != nil {
		t.Errorf("a tree with a link: subject %v, error %v", ok, err)
	}
}
