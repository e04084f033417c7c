package cache

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// FileChange is a file that differs between two trees.
type FileChange struct {
	Name string `json:"name"`
	// Change is added, removed or changed.
	Change string `json:"change"`
}

// maxEntries bounds the files of a tree that are compared.
const maxEntries = 1_000_000

// DiffTrees compares two trees as uncompressed tars, folders aside, and returns
// what differs in the order of names.
func DiffTrees(before, after io.Reader) ([]FileChange, error) {
	was, err := fingerprints(before)
	if err != nil {
		return nil, fmt.Errorf("read the earlier tree: %w", err)
	}
	is, err := fingerprints(after)
	if err != nil {
		return nil, fmt.Errorf("read the later tree: %w", err)
	}
	var out []FileChange
	for name, print := range is {
		earlier, there := was[name]
		switch {
		case !there:
			out = append(out, FileChange{name, "added"})
		case earlier != print:
			out = append(out, FileChange{name, "changed"})
		}
	}
	for name := range was {
		if _, there := is[name]; !there {
			out = append(out, FileChange{name, "removed"})
		}
	}
	slices.SortFunc(out, func(a, b FileChange) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// fingerprints tell the entries of a tar apart, by name.
func fingerprints(r io.Reader) (map[string]string, error) {
	out := map[string]string{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if len(out) == maxEntries {
			return nil, fmt.Errorf("it has more than %d files", maxEntries)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, tr); err != nil {
			return nil, err
		}
		out[h.Name] = fmt.Sprintf("%c %o %s %x", h.Typeflag, h.Mode, h.Linkname, sum.Sum(nil))
	}
}
