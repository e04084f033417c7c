package crate

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sixtyhq/sixty/internal/blob"
)

// Pack stores the source tree. Build products (any folder that says it is a
// cache, as cargo's target does), version control and sixty's own record stay
// out, and so do the files and folders of the host that except names: what a
// run writes into the crate must not be a source of the next run. A folder that
// holds nothing else goes with it.
func (c *Crate) Pack(store *blob.Store, except ...string) (blob.Blob, error) {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return blob.Blob{}, fmt.Errorf("pack the source of %s: %w", c.Name, err)
	}
	defer root.Close()
	p := c.packer(root.FS(), except)
	b, err := store.PutTree(p.tree, p.skip)
	if err != nil {
		return blob.Blob{}, fmt.Errorf("pack the source of %s: %w", c.Name, err)
	}
	return b, nil
}

func (c *Crate) packer(tree fs.FS, except []string) packer {
	p := packer{tree: tree}
	for _, file := range except {
		if rel, ok := c.below(file); ok {
			p.except = append(p.except, rel)
		}
	}
	return p
}

// below is the path inside the crate of a path on the host, with slashes.
func (c *Crate) below(file string) (string, bool) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", false
	}
	rel, err := filepath.Rel(c.Dir, abs)
	if err != nil || rel == "." || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// cacheSignature begins a CACHEDIR.TAG, https://bford.info/cachedir/.
const cacheSignature = "Signature: 8a477f597d28d172789f06886806bc55"

// packer chooses what of a tree is source.
type packer struct {
	tree   fs.FS
	except []string
}

func (p packer) skip(name string, entry fs.DirEntry) bool {
	switch path.Base(name) {
	case ".git", ".hg", ".jj", ".svn", ".sixty":
		return true
	}
	if slices.Contains(p.except, name) {
		return true
	}
	return entry.IsDir() && (p.isCache(name) || p.onlyExcepted(name))
}

func (p packer) isCache(dir string) bool {
	tag := path.Join(dir, "CACHEDIR.TAG")
	if st, err := fs.Stat(p.tree, tag); err != nil || !st.Mode().IsRegular() {
		return false
	}
	f, err := p.tree.Open(tag)
	if err != nil {
		return false
	}
	defer f.Close()
	begin := make([]byte, len(cacheSignature))
	_, err = io.ReadFull(f, begin)
	return err == nil && string(begin) == cacheSignature
}

// onlyExcepted reports whether a folder would be empty because of the
// exceptions below it.
func (p packer) onlyExcepted(dir string) bool {
	if !slices.ContainsFunc(p.except, func(e string) bool { return strings.HasPrefix(e, dir+"/") }) {
		return false
	}
	entries, err := fs.ReadDir(p.tree, dir)
	if err != nil || len(entries) == 0 {
		return false
	}
	for _, entry := range entries {
		if !p.skip(path.Join(dir, entry.Name()), entry) {
			return false
		}
	}
	return true
}
