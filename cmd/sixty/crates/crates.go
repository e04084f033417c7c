// Package crates brings the downloads of a plan into the store of content, once
// each, and makes one blob of each set of them: an engine that takes a hundred
// crates as a hundred sources spends longer on keeping account of them than the
// network does on sending them, and needs the network itself.
package crates

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/download"
	"github.com/sixtyhq/sixty/internal/plan"
)

// setsDir of a store has a file for each set of downloads, named by
// [plan.FetchKey]: the digest of the set's blob.
const setsDir = "sets"

// Collect returns the digest of a tar of files, under their names, each by its
// checksum. What the store has is not fetched again. Where the tar itself is
// gone and files can't be had, as without a network, a digest that is known
// from earlier is returned all the same: an engine that has used the set before
// does not ask for it again.
func Collect(ctx context.Context, store *blob.Store, files []plan.Fetch) (string, error) {
	known, err := Known(store, files)
	if err == nil && has(store, known) {
		return known, nil
	}
	if err := fetch(ctx, store, files); err != nil {
		if known != "" && ctx.Err() == nil {
			return known, nil
		}
		return "", err
	}
	b, err := store.Put(func(w io.Writer) error { return pack(w, store, files) })
	if err != nil {
		return "", err
	}
	if b.Digest != known {
		if err := write(filepath.Join(store.Dir(), setsDir, plan.FetchKey(files)), b.Digest); err != nil {
			return "", fmt.Errorf("remember what was downloaded: %w", err)
		}
	}
	return b.Digest, nil
}

// Known returns the digest that Collect has returned for the same files before;
// the error is fs.ErrNotExist where it has not.
func Known(store *blob.Store, files []plan.Fetch) (string, error) {
	text, err := os.ReadFile(filepath.Join(store.Dir(), setsDir, plan.FetchKey(files)))
	return string(text), err
}

// has says whether the store has a blob, and marks it as used.
func has(store *blob.Store, digest string) bool {
	f, err := store.Open(digest)
	if err != nil {
		return false
	}
	now := time.Now()
	os.Chtimes(f.Name(), now, now) //nolint:errcheck // says for how long it is kept
	f.Close()
	return true
}

func fetch(ctx context.Context, store *blob.Store, files []plan.Fetch) error {
	var missing []download.File
	for _, f := range files {
		if !has(store, digest(f)) {
			missing = append(missing, download.File(f))
		}
	}
	return download.All(ctx, http.DefaultClient, missing, func(_ download.File, content io.Reader) error {
		_, err := store.Put(func(w io.Writer) error { _, err := io.Copy(w, content); return err })
		return err
	})
}

func digest(f plan.Fetch) string { return "sha256:" + f.SHA256 }

// epoch is the time of every file of a set.
var epoch = time.Unix(0, 0)

func pack(w io.Writer, store *blob.Store, files []plan.Fetch) error {
	tw := tar.NewWriter(w)
	sorted := slices.SortedFunc(slices.Values(files), func(a, b plan.Fetch) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range sorted {
		if err := add(tw, store, f); err != nil {
			return fmt.Errorf("pack %s: %w", f.Name, err)
		}
	}
	return tw.Close()
}

func add(tw *tar.Writer, store *blob.Store, f plan.Fetch) error {
	if f.Name != filepath.Base(f.Name) || !fs.ValidPath(f.Name) {
		return errors.New("that is no file name")
	}
	in, err := store.Open(digest(f))
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Mode: 0o644, Size: st.Size(), ModTime: epoch, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err = io.Copy(tw, in)
	return err
}

// write makes a file appear whole or not at all.
func write(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(name, []byte(text), 0o600)
}
