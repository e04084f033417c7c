package blob

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// Unpack writes what a tar of [WriteTar] holds below a folder that exists, with
// its modes and times, and nothing outside of the folder.
func Unpack(r io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	// A folder's time is set when nothing is written to it any more.
	folders := map[string]time.Time{}
	for tr := tar.NewReader(r); ; {
		header, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		name := path.Clean(header.Name)
		if header.Typeflag == tar.TypeDir {
			folders[name] = header.ModTime
		}
		if err := unpackEntry(root, name, header, tr); err != nil {
			return fmt.Errorf("unpack %s: %w", header.Name, err)
		}
	}
	for name, when := range folders {
		if err := root.Chtimes(name, when, when); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
	return nil
}

func unpackEntry(root *os.Root, name string, header *tar.Header, content io.Reader) error {
	mode := fs.FileMode(header.Mode).Perm()
	switch header.Typeflag {
	case tar.TypeDir:
		if err := root.MkdirAll(name, mode); err != nil {
			return err
		}
		return root.Chmod(name, mode) // whatever the umask
	case tar.TypeSymlink:
		return root.Symlink(header.Linkname, name)
	case tar.TypeReg:
		f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		if err := errors.Join(err, f.Chmod(mode), f.Close()); err != nil {
			return err
		}
		return root.Chtimes(name, header.ModTime, header.ModTime)
	default:
		return fmt.Errorf("it is neither a file nor a folder nor a link")
	}
}
