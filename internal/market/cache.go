package market

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Cache keeps the content of packs by digest, so that what was fetched once
// needs no network.
type Cache struct{ dir string }

// NewCache makes a cache in a folder, which need not exist.
func NewCache(dir string) *Cache { return &Cache{dir: dir} }

// Get gives the content with a digest; an error that is [fs.ErrNotExist] if the
// cache does not have it. Content that was changed is dropped and counts as not
// there.
func (c *Cache) Get(digest string) (fs.FS, error) {
	if !validDigest(digest) {
		return nil, fmt.Errorf("%q is not the digest of any content", digest)
	}
	dir := filepath.Join(c.dir, "packs", digestName(digest))
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if have, err := Digest(root.FS()); err == nil && have == digest {
		return root.FS(), nil
	}
	root.Close()
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("drop damaged content: %w", err)
	}
	return nil, fmt.Errorf("content %s was damaged: %w", digest, fs.ErrNotExist)
}

// digestName is a digest as a file name.
func digestName(digest string) string {
	raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(digest, "h1:"))
	return hex.EncodeToString(raw)
}

// store fills a new folder and keeps it under the digest of what it then holds.
func (c *Cache) store(fill func(*writer) error) (fs.FS, string, error) {
	if err := os.MkdirAll(filepath.Join(c.dir, "packs"), 0o755); err != nil {
		return nil, "", fmt.Errorf("make the cache of packs: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Join(c.dir, "packs"), ".new-*")
	if err != nil {
		return nil, "", fmt.Errorf("make the cache of packs: %w", err)
	}
	defer os.RemoveAll(tmp)
	root, err := os.OpenRoot(tmp)
	if err != nil {
		return nil, "", err
	}
	defer root.Close()
	if err := fill(&writer{root: root}); err != nil {
		return nil, "", err
	}
	digest, err := Digest(root.FS())
	if err != nil {
		return nil, "", err
	}
	final := filepath.Join(c.dir, "packs", digestName(digest))
	if err := os.Rename(tmp, final); err != nil {
		// Another run may have been first with the same content, but not with
		// the same signatures.
		if fsys, getErr := c.Get(digest); getErr == nil {
			signature, err := readSignature(root.FS())
			if err == nil && signature != nil {
				err = replaceFile(filepath.Join(final, SignatureFile), signature)
			}
			return fsys, digest, err
		}
		return nil, "", fmt.Errorf("keep the pack: %w", err)
	}
	fsys, err := c.Get(digest)
	return fsys, digest, err
}

// writer takes the files of one pack and bounds them.
type writer struct {
	root  *os.Root
	files int
	size  int64
}

// add writes one file; its path must stay inside the pack.
func (w *writer) add(name string, content io.Reader) error {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\n\x00") {
		return fmt.Errorf("%q is not a path inside the pack", name)
	}
	if w.files++; w.files > maxPackFiles {
		return fmt.Errorf("the pack has over %d files", maxPackFiles)
	}
	if dir := path.Dir(name); dir != "." {
		if err := w.root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	f, err := w.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(content, maxPackSize-w.size+1))
	if w.size += n; err == nil && w.size > maxPackSize {
		err = fmt.Errorf("the pack is over %d bytes", maxPackSize)
	}
	return errors.Join(err, f.Close())
}

// Keep copies a pack's content into the cache.
func (c *Cache) Keep(ctx context.Context, p *Pack) error {
	if err := c.KeepSignature(p.Digest, p.Signature); err != nil {
		return err
	}
	if _, err := c.Get(p.Digest); err == nil {
		return nil
	}
	files, err := packFiles(p.FS)
	if err != nil {
		return err
	}
	_, digest, err := c.store(func(w *writer) error {
		for _, name := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			f, err := p.FS.Open(name)
			if err != nil {
				return err
			}
			err = errors.Join(w.add(name, f), f.Close())
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep pack %s: %w", p.ID, err)
	}
	if digest != p.Digest {
		return fmt.Errorf("pack %s changed while it was read", p.ID)
	}
	return nil
}
