package initrec

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// removedRecord is the PAX record (POSIX.1-2017, pax) of an entry that stands for
// a file which is gone.
const removedRecord = "SIXTY.removed"

// SyncWriter writes what differs between two states of a tree, in the form that
// [Sync] takes.
type SyncWriter struct{ w *tar.Writer }

// NewSyncWriter writes to w.
func NewSyncWriter(w io.Writer) SyncWriter { return SyncWriter{tar.NewWriter(w)} }

// Put writes a file, folder or symbolic link; content is nil but for files.
func (s SyncWriter) Put(h *tar.Header, content io.Reader) error {
	if err := s.w.WriteHeader(h); err != nil {
		return err
	}
	if content == nil {
		return nil
	}
	_, err := io.Copy(s.w, content)
	return err
}

// Remove says that a path is gone.
func (s SyncWriter) Remove(name string) error {
	return s.w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, PAXRecords: map[string]string{removedRecord: "true"}})
}

// Close ends the tree.
func (s SyncWriter) Close() error { return s.w.Close() }

// Sync makes the tree in dir what r says, which is a tar. A file whose content
// and mode are as they were keeps its time, and one that differs gets the time of
// now: what decides by times, as cargo does, sees exactly the changes. With
// whole, r has the whole tree, and what it does not name is removed. Nothing
// outside of dir is written, whatever the links in it.
func Sync(r io.Reader, dir string, whole bool) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the tree: %w", err)
	}
	defer root.Close()
	named := map[string]bool{".": true}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the tree: %w", err)
		}
		name := filepath.Clean(h.Name)
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%q is no path in a tree", h.Name)
		}
		for up := name; up != "."; up = path.Dir(up) {
			named[up] = true
		}
		if err := apply(root, name, h, tr); err != nil {
			return fmt.Errorf("bring %s up to date: %w", name, err)
		}
	}
	if !whole {
		return nil
	}
	return removeOthers(root, named)
}

func apply(root *os.Root, name string, h *tar.Header, content io.Reader) error {
	if h.PAXRecords[removedRecord] != "" {
		return root.RemoveAll(name)
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	there, err := root.Lstat(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if there != nil && there.Mode().Type() != h.FileInfo().Mode().Type() {
		if err := root.RemoveAll(name); err != nil {
			return err
		}
		there = nil
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		if there != nil {
			if to, err := root.Readlink(name); err == nil && to == h.Linkname {
				return nil
			}
			if err := root.Remove(name); err != nil {
				return err
			}
		}
		return root.Symlink(h.Linkname, name)
	case tar.TypeReg:
		return applyFile(root, name, h, there, content)
	}
	return fmt.Errorf("an entry of type %q", h.Typeflag)
}

func applyFile(root *os.Root, name string, h *tar.Header, there fs.FileInfo, content io.Reader) error {
	text, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	mode := fs.FileMode(h.Mode).Perm()
	if there != nil && there.Size() == h.Size && there.Mode().Perm() == mode {
		if have, err := root.ReadFile(name); err == nil && bytes.Equal(have, text) {
			return nil
		}
	}
	if err := root.WriteFile(name, text, mode); err != nil {
		return err
	}
	return root.Chmod(name, mode)
}

// removeOthers removes what is not named.
func removeOthers(root *os.Root, named map[string]bool) error {
	var others []string
	err := fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || named[name] {
			return err
		}
		others = append(others, name)
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	for _, name := range others {
		err = errors.Join(err, root.RemoveAll(name))
	}
	if err != nil {
		return fmt.Errorf("remove what is gone: %w", err)
	}
	return nil
}
