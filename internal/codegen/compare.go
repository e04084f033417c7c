package codegen

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Compare compares the tree that the plan gives with an expected one and gives
// the unified diff, empty if they are the same. A tree that does not exist is
// an empty one.
func (p *Plan) Compare(want fs.FS) (string, error) {
	got := p.Files()
	expected := map[string][]byte{}
	names, err := listFiles(want)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	for _, name := range names {
		if expected[name], err = readFile(want, name, maxExistingSize); err != nil {
			return "", fmt.Errorf("read what is expected: %w", err)
		}
	}
	all := maps.Clone(expected)
	maps.Copy(all, got)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		w, wanted := expected[name]
		g, given := got[name]
		switch {
		case wanted && given && bytes.Equal(w, g):
		case isBinary(w) || isBinary(g):
			fmt.Fprintf(&b, "Binary files want/%s and got/%s differ\n", name, name)
		case !wanted && len(g) == 0, !given && len(w) == 0:
			fmt.Fprintf(&b, "Only in %s: %s\n", map[bool]string{true: "want", false: "got"}[wanted], name)
		default:
			b.Write(diff.Diff("want/"+name, w, "got/"+name, g))
		}
	}
	return b.String(), nil
}
