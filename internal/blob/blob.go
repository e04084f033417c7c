// Package blob keeps content-addressed files in a folder, in the layout of an
// OCI image: blobs/sha256/HEX.
package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Store is a folder of blobs. Any number of processes may use one at the same
// time: a blob appears whole, under the name of its content.
type Store struct{ dir string }

// Blob is a stored file.
type Blob struct {
	// Digest is sha256:HEX.
	Digest string
	// Path is where the file lies.
	Path string
	// Size is its length in bytes.
	Size int64
}

// Open makes the folder when it is missing.
func Open(dir string) (*Store, error) {
	s := &Store{dir}
	if err := os.MkdirAll(s.folder(), 0o755); err != nil {
		return nil, fmt.Errorf("open the blob store: %w", err)
	}
	return s, nil
}

// Dir is the store's folder, the one that holds blobs/.
func (s *Store) Dir() string { return s.dir }

// Open opens a stored blob by its digest; the error is fs.ErrNotExist when there
// is none.
func (s *Store) Open(digest string) (*os.File, error) {
	name, ok := strings.CutPrefix(digest, "sha256:")
	if sum, err := hex.DecodeString(name); !ok || err != nil || len(sum) != sha256.Size {
		return nil, fmt.Errorf("open a blob: %q is no digest of sha256", digest)
	}
	return os.Open(filepath.Join(s.folder(), strings.ToLower(name)))
}

func (s *Store) folder() string { return filepath.Join(s.dir, "blobs", "sha256") }

// Put stores what write writes. The error of write comes back as it is.
func (s *Store) Put(write func(io.Writer) error) (Blob, error) {
	tmp, err := os.CreateTemp(s.folder(), ".new-")
	if err != nil {
		return Blob{}, fmt.Errorf("store a blob: %w", err)
	}
	defer os.Remove(tmp.Name()) // gone when renamed
	defer tmp.Close()
	sum := sha256.New()
	counter := &counting{w: io.MultiWriter(tmp, sum)}
	if err := write(counter); err != nil {
		return Blob{}, err
	}
	if err := errors.Join(tmp.Chmod(0o644), tmp.Close()); err != nil {
		return Blob{}, fmt.Errorf("store a blob: %w", err)
	}
	name := hex.EncodeToString(sum.Sum(nil))
	path := filepath.Join(s.folder(), name)
	if err := os.Rename(tmp.Name(), path); err != nil {
		return Blob{}, fmt.Errorf("store a blob: %w", err)
	}
	return Blob{Digest: "sha256:" + name, Path: path, Size: counter.n}, nil
}

// PutBytes stores content; a blob that is already there is not written again, and
// its time of modification becomes that of its last use.
func (s *Store) PutBytes(content []byte) (Blob, error) {
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	path := filepath.Join(s.folder(), name)
	if st, err := os.Stat(path); err == nil && st.Size() == int64(len(content)) {
		now := time.Now()
		os.Chtimes(path, now, now) //nolint:errcheck // says for how long it is kept
		return Blob{Digest: "sha256:" + name, Path: path, Size: st.Size()}, nil
	}
	return s.Put(func(w io.Writer) error { _, err := w.Write(content); return err })
}

// PutTree stores a tree as an uncompressed tar; see [WriteTar].
func (s *Store) PutTree(tree fs.FS, skip func(name string, entry fs.DirEntry) bool) (Blob, error) {
	return s.Put(func(w io.Writer) error { return WriteTar(w, tree, skip) })
}

// PutFiles is PutTree for files in memory, by slash-separated path. None of
// them is executable.
func (s *Store) PutFiles(files map[string][]byte) (Blob, error) {
	return s.Put(func(w io.Writer) error { return writeFiles(w, files) })
}

type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
