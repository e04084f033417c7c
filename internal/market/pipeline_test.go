package market

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestPipeline(t *testing.T) {
	cache := NewCache(t.TempDir())
	packed := fstest.MapFS{
		"pack.hcl":         {Data: []byte("pack {\n  id = \"io.x.a\"\n  version = \"1.0.0\"\n}\npipeline = \"ci/pipeline.hcl\"\n")},
		"ci/pipeline.hcl":  {Data: []byte("# own\n")},
		"ci/clippy.toml":   {Data: []byte("# beside it\n")},
		"templates/a.tmpl": {Data: []byte("---\nto: a\n---\n")},
	}
	p, err := ReadPack(packed, "a", "here")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // kept, and then there
		root, path, err := cache.Pipeline(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{path: "# own\n", "ci/clippy.toml": "# beside it\n"} {
			if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(got) != want {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		// What was changed is not what the pack holds, and is made anew.
		if err := os.WriteFile(filepath.Join(root, path), []byte("# another\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	packed["pack.hcl"] = packHCL("io.x.a", "1.0.0", "")
	if p, err = ReadPack(packed, "a", "here"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := cache.Pipeline(t.Context(), p); !errors.Is(err, ErrNoPipeline) {
		t.Errorf("without one: %v", err)
	}

	packed["pack.hcl"] = &fstest.MapFile{Data: []byte("pack {\n  id = \"io.x.a\"\n  version = \"1.0.0\"\n}\npipeline = \"gone.hcl\"\n")}
	if _, err := ReadPack(packed, "a", "here"); err == nil || !strings.Contains(err.Error(), `no file or folder "gone.hcl"`) {
		t.Errorf("one that is not there: %v", err)
	}
}
