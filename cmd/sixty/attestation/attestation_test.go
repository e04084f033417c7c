package attestation

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/internal/blob"
)

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
	got, err := treeSubject("c", packed.Path)
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
	if got, err = treeSubject("c", packed.Path); err != nil {
		t.Fatal(err)
	}
	if want, err = statement.Tree("c", os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if len(got.Digest) != 1 || got.Digest[statement.GitTree] != want.Digest[statement.GitTree] {
		t.Errorf("a tree with a link: %v, want %v", got.Digest, want.Digest)
	}
}
