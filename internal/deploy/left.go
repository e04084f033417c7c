package deploy

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// OpenLeft opens a regular file of a step's results folder. The folder's content
// came out of a container: a link in it is never followed out of it, and a pipe
// or device is not opened to wait on.
func OpenLeft(dir string, elem ...string) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	name := path.Join(elem...)
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// ListLeft lists a folder of a step's results folder under the same rules.
func ListLeft(dir string, elem ...string) ([]fs.DirEntry, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return fs.ReadDir(root.FS(), path.Join(elem...))
}
