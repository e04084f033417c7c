package main

import (
	"archive/tar"
	"errors"
	"io"
	"os"

	"github.com/sixtyhq/sixty/cache"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/initrec"
)

// snapshots takes snapshots of a crate's source, in a store of its own.
type snapshots struct {
	crate *crate.Crate
	store *blob.Store
}

// snapshot is the source at one time.
type snapshot struct {
	blob blob.Blob
	// folders hold what is source, relative to the crate.
	folders []string
}

func (s snapshots) take() (snapshot, error) {
	b, err := s.crate.Pack(s.store)
	if err != nil {
		return snapshot{}, err
	}
	out := snapshot{blob: b, folders: []string{"."}}
	return out, eachEntry(b, func(h *tar.Header, _ io.Reader) error {
		if h.Typeflag == tar.TypeDir {
			out.folders = append(out.folders, h.Name)
		}
		return nil
	})
}

// drop forgets a snapshot.
func (s snapshots) drop(old snapshot) {
	if old.blob.Path != "" {
		os.Remove(old.blob.Path) // the store goes as a whole in the end
	}
}

// since are the files that differ from an earlier snapshot.
func (s snapshot) since(earlier snapshot) ([]cache.FileChange, error) {
	if s.blob.Digest == earlier.blob.Digest {
		return nil, nil
	}
	was, err := os.Open(earlier.blob.Path)
	if err != nil {
		return nil, err
	}
	defer was.Close()
	is, err := os.Open(s.blob.Path)
	if err != nil {
		return nil, err
	}
	defer is.Close()
	return cache.DiffTrees(was, is)
}

// write writes what changed, or the whole tree, for a workshop.
func (s snapshot) write(to io.Writer, changes []cache.FileChange, whole bool) error {
	w := initrec.NewSyncWriter(to)
	wanted := map[string]bool{}
	for _, c := range changes {
		switch {
		case whole:
		case c.Change == "removed":
			if err := w.Remove(c.Name); err != nil {
				return err
			}
		default:
			wanted[c.Name] = true
		}
	}
	err := eachEntry(s.blob, func(h *tar.Header, content io.Reader) error {
		if !whole && !wanted[h.Name] {
			return nil
		}
		if h.Typeflag != tar.TypeReg {
			content = nil
		}
		return w.Put(h, content)
	})
	if err != nil {
		return err
	}
	return w.Close()
}

func eachEntry(b blob.Blob, do func(h *tar.Header, content io.Reader) error) error {
	f, err := os.Open(b.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	for tr := tar.NewReader(f); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(h, tr); err != nil {
			return err
		}
	}
}
