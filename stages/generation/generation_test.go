package generation

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/examples/packs"
	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
)

// cli is the pack of command lines that ships with sixty.
func cli(t *testing.T) *market.Pack {
	t.Helper()
	catalog, err := market.OpenCatalog(t.Context(), market.NewFSSource("shipped", packs.FS))
	if err != nil {
		t.Fatal(err)
	}
	pack, err := catalog.Resolve(t.Context(), "io.sixty.rust.cli", "")
	if err != nil {
		t.Fatal(err)
	}
	return pack
}

func render(t *testing.T, pack *market.Pack, dir, name string) *Result {
	t.Helper()
	r, err := Render(t.Context(), Request{Pack: pack, Dir: dir, Epoch: time.Unix(1_700_000_000, 0).UTC(),
		Given: []lang.Given{{Name: "name", Value: cty.StringVal(name), Source: "--name"}}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWrite(t *testing.T) {
	pack, dir := cli(t), filepath.Join(t.TempDir(), "made")
	r := render(t, pack, dir, "my_tool")
	if r.Name != "my_tool" || r.Dir != dir || !strings.HasSuffix(r.Summary(), " created files") {
		t.Errorf("%s in %s: %s", r.Name, r.Dir, r.Summary())
	}
	if err := r.Write(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(dir, "Cargo.toml")
	text, err := os.ReadFile(manifest)
	if err != nil || !strings.Contains(string(text), `"my_tool"`) {
		t.Fatalf("%s, %v", text, err)
	}
	if s := render(t, pack, dir, "my_tool").Summary(); !strings.HasSuffix(s, " unchanged files") || strings.Contains(s, ",") {
		t.Errorf("the second time: %s", s)
	}

	// A user's own edits are in the way.
	edited := string(text) + "# mine\n"
	if err := os.WriteFile(manifest, []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	again := render(t, pack, dir, "my_tool")
	if s := again.Summary(); !strings.Contains(s, "1 with edits") {
		t.Errorf("with edits: %s", s)
	}
	err = again.Write(t.Context(), false)
	var conflict *codegen.ConflictError
	if !errors.As(err, &conflict) || !strings.Contains(err.Error(), "Cargo.toml") ||
		!strings.Contains(err.Error(), "--manifest "+manifest) || !strings.Contains(err.Error(), "--force") {
		t.Errorf("error %v", err)
	}
	if have, err := os.ReadFile(manifest); err != nil || string(have) != edited {
		t.Errorf("the edits are lost: %s, %v", have, err)
	}
	if err := again.Write(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if have, err := os.ReadFile(manifest); err != nil || string(have) != string(text) {
		t.Errorf("force leaves %s, %v", have, err)
	}
	if !kept(t, dir, edited) {
		t.Error("force keeps no backup")
	}
}

// kept reports whether some file holds the text.
func kept(t *testing.T, dir, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || string(b) == text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestSummary(t *testing.T) {
	for want, actions := range map[string][]codegen.Action{
		"no files":                     nil,
		"2 created, 1 unchanged files": {codegen.Create, codegen.Unchanged, codegen.Create},
		"1 updated, 1 added to, 1 removed, 1 with edits, 1 skipped files": {codegen.Skip, codegen.Conflict, codegen.Remove, codegen.Inject, codegen.Update},
	} {
		r := Result{Plan: &codegen.Plan{}}
		for _, a := range actions {
			r.Plan.Writes = append(r.Plan.Writes, codegen.Write{Action: a})
		}
		if got := r.Summary(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestOutputFolderIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Render(t.Context(), Request{Pack: cli(t), Dir: path, Given: []lang.Given{{Name: "name", Value: cty.StringVal("x_y"), Source: "--name"}}})
	if err == nil || !strings.Contains(err.Error(), "is a file") {
		t.Errorf("error %v", err)
	}
}
