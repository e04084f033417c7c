package blob

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// epoch is the time of every entry of a tree: a tree is its names and content,
// never the times of the machine that packed it. It lies after 1980, the first
// year that zip can hold, since tools in a step may repack.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// WriteTar writes a tree as a tar: names in lexical order, owner root, mode
// 0755 for folders and executable files, 0644 for others, one time for all.
// So a tree of the same names, content and executable bits is the same tar
// wherever it lies. Links are kept as they are; a device, pipe or socket is an
// error. skip, which may be nil, leaves files and whole folders out.
func WriteTar(w io.Writer, tree fs.FS, skip func(name string, entry fs.DirEntry) bool) error {
	tw := tar.NewWriter(w)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if skip != nil && skip(name, entry) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err := writeEntry(tw, tree, name, entry); err != nil {
			return fmt.Errorf("pack %s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return tw.Close()
}

func writeEntry(tw *tar.Writer, tree fs.FS, name string, entry fs.DirEntry) error {
	header := &tar.Header{Name: name, ModTime: epoch, Mode: 0o644, Format: tar.FormatPAX}
	switch entry.Type() {
	case fs.ModeDir:
		header.Typeflag, header.Name, header.Mode = tar.TypeDir, name+"/", 0o755
		return tw.WriteHeader(header)
	case fs.ModeSymlink:
		target, err := fs.ReadLink(tree, name)
		if err != nil {
			return err
		}
		header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, target, 0o777
		return tw.WriteHeader(header)
	case 0:
		return writeFile(tw, tree, name, header)
	default:
		return fmt.Errorf("it is a %s, and only files, folders and links can be packed", entry.Type())
	}
}

func writeFile(tw *tar.Writer, tree fs.FS, name string, header *tar.Header) error {
	f, err := tree.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return errors.New("it was replaced while it was packed")
	}
	if st.Mode()&0o111 != 0 {
		header.Mode = 0o755
	}
	header.Typeflag, header.Size = tar.TypeReg, st.Size()
	if err := tw.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(tw, f)
	return err
}

// writeFiles writes files in memory in WriteTar's form and order.
func writeFiles(w io.Writer, files map[string][]byte) error {
	tw := tar.NewWriter(w)
	made := map[string]bool{".": true}
	var folder func(dir string) error
	folder = func(dir string) error {
		if made[dir] {
			return nil
		}
		if err := folder(path.Dir(dir)); err != nil {
			return err
		}
		if _, file := files[dir]; file {
			return fmt.Errorf("pack %q: it is both a file and a folder", dir)
		}
		made[dir] = true
		return tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: epoch, Format: tar.FormatPAX})
	}
	for _, name := range slices.SortedFunc(maps.Keys(files), compareWalk) {
		if !fs.ValidPath(name) || name == "." {
			return fmt.Errorf("pack %q: not a path below the root", name)
		}
		if err := folder(path.Dir(name)); err != nil {
			return err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(files[name])), ModTime: epoch, Format: tar.FormatPAX}
		if err := tw.WriteHeader(header); err != nil {
			return fmt.Errorf("pack %q: %w", name, err)
		}
		if _, err := tw.Write(files[name]); err != nil {
			return err
		}
	}
	return tw.Close()
}

// compareWalk orders paths as a walk of the tree meets them: a folder's content
// comes right after the folder, so a slash is less than any other byte.
func compareWalk(a, b string) int {
	return strings.Compare(strings.ReplaceAll(a, "/", "\x00"), strings.ReplaceAll(b, "/", "\x00"))
}
