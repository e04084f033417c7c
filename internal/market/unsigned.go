package market

import (
	"io/fs"
	"slices"
)

// withoutSignature is a pack's folder without its [SignatureFile]: templates and
// queries see what was signed, and nothing else.
type withoutSignature struct{ fs.FS }

// Open implements [fs.FS].
func (f withoutSignature) Open(name string) (fs.File, error) {
	if name == SignatureFile {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return f.FS.Open(name)
}

// ReadDir implements [fs.ReadDirFS].
func (f withoutSignature) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, name)
	if name == "." {
		entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == SignatureFile })
	}
	return entries, err
}
