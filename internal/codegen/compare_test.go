package codegen

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCompare(t *testing.T) {
	plan, err := Render(t.Context(), Request{Templates: fstest.MapFS{
		"a.tera": {Data: []byte("one\n")}, "empty.txt": {}, "b.bin": {Data: []byte{0, 1}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	same := fstest.MapFS{"a": {Data: []byte("one\n")}, "empty.txt": {}, "b.bin": {Data: []byte{0, 1}}}
	if diff, err := plan.Compare(same); err != nil || diff != "" {
		t.Errorf("%q %v", diff, err)
	}
	for name, tc := range map[string]struct {
		change fstest.MapFS
		want   string
	}{
		"changed": {fstest.MapFS{"a": {Data: []byte("two\n")}}, "-two\n+one\n"},
		"more":    {fstest.MapFS{"more": {Data: []byte("x\n")}}, "-x\n"},
		"empty":   {fstest.MapFS{"also": {}}, "Only in want: also"},
		"binary":  {fstest.MapFS{"b.bin": {Data: []byte{0, 2}}}, "Binary files want/b.bin"},
	} {
		want := fstest.MapFS{}
		for n, f := range same {
			want[n] = f
		}
		for n, f := range tc.change {
			want[n] = f
		}
		if diff, err := plan.Compare(want); err != nil || !strings.Contains(diff, tc.want) {
			t.Errorf("%s: %q %v", name, diff, err)
		}
	}
	missing := os.DirFS(filepath.Join(t.TempDir(), "none"))
	if diff, err := plan.Compare(missing); err != nil || !strings.Contains(diff, "+one") || !strings.Contains(diff, "Only in got: empty.txt") {
		t.Errorf("nothing expected: %q %v", diff, err)
	}
}
