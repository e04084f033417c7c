package market

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Source is a place that holds packs.
type Source interface {
	// Name is what locks and reports call the source.
	Name() string
	// List gives what the source offers. A pack that can't be read is left
	// out and told as an error beside the rest.
	List(ctx context.Context) ([]Entry, []error, error)
	// Open gives the pack of an entry that List gave.
	Open(ctx context.Context, e Entry) (*Pack, error)
}

// Entry is a pack that a source offers.
type Entry struct {
	Manifest
	Location string `json:"location"` // what Open needs; the source knows its form
	Digest   string `json:"digest,omitempty"`
	// Signature is the digest of the pack's signatures, where they are apart from
	// its content, see [SignatureDigest].
	Signature string `json:"signature,omitempty"`
}

// FSSource offers the packs of a file system: the root if it is a pack, else
// each folder directly under it that is one.
type FSSource struct {
	name string
	fsys fs.FS
	show string // what errors call the root
}

// NewFSSource makes a source of packs in memory or in the program. The name
// stands in locks and errors.
func NewFSSource(name string, fsys fs.FS) *FSSource {
	return &FSSource{name: name, fsys: fsys, show: name}
}

// NewDirSource makes a source of a directory. Links that lead out of it are not
// followed.
func NewDirSource(dir string) (*FSSource, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("add the directory %s: %w", dir, err)
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, fmt.Errorf("add the directory %s: %w", dir, err)
	}
	return &FSSource{name: abs, fsys: root.FS(), show: filepath.ToSlash(dir)}, nil
}

// Name implements [Source].
func (s *FSSource) Name() string { return s.name }

// List implements [Source].
func (s *FSSource) List(ctx context.Context) ([]Entry, []error, error) {
	m, err := ReadManifest(s.fsys, s.show)
	if err == nil {
		return []Entry{{Manifest: *m, Location: "."}}, nil, nil
	}
	if !errors.Is(err, ErrNoManifest) {
		return nil, []error{err}, nil
	}
	dirs, err := fs.ReadDir(s.fsys, ".")
	if err != nil {
		return nil, nil, fmt.Errorf("list the packs of %s: %w", s.show, err)
	}
	var entries []Entry
	var faults []error
	for _, d := range dirs {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if !d.IsDir() {
			continue
		}
		sub, err := fs.Sub(s.fsys, d.Name())
		if err != nil {
			return nil, nil, err
		}
		m, err := ReadManifest(sub, path.Join(s.show, d.Name()))
		switch {
		case errors.Is(err, ErrNoManifest):
		case err != nil:
			faults = append(faults, err)
		default:
			entries = append(entries, Entry{Manifest: *m, Location: d.Name()})
		}
	}
	return entries, faults, nil
}

// Open implements [Source].
func (s *FSSource) Open(_ context.Context, e Entry) (*Pack, error) {
	sub, err := fs.Sub(s.fsys, e.Location)
	if err != nil {
		return nil, err
	}
	source := s.name
	if e.Location != "." {
		source = path.Join(s.name, e.Location)
	}
	return ReadPack(sub, path.Join(s.show, e.Location), source)
}
