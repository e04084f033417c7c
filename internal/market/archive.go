package market

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// WriteArchive writes a pack's content as a gzipped tar. The same content gives
// the same bytes.
func WriteArchive(ctx context.Context, w io.Writer, pack fs.FS) error {
	files, err := packFiles(pack)
	if err != nil {
		return err
	}
	gz := gzip.NewWriter(w)
	tw := tar.NewWriter(gz)
	for _, name := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := archiveFile(tw, pack, name); err != nil {
			return fmt.Errorf("archive %s: %w", name, err)
		}
	}
	return errors.Join(tw.Close(), gz.Close())
}

func archiveFile(tw *tar.Writer, pack fs.FS, name string) error {
	f, err := pack.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: 0o644, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err = io.Copy(tw, f)
	return err
}

// Unpack reads a gzipped tar into the cache. Where want is given, content with
// another digest is an error. Anything but plain files and folders is refused,
// and so is a path that leads outside.
func (c *Cache) Unpack(ctx context.Context, archive io.Reader, want string) (fs.FS, string, error) {
	gz, err := gzip.NewReader(archive)
	if err != nil {
		return nil, "", fmt.Errorf("unpack: not a gzipped archive: %w", err)
	}
	fsys, digest, err := c.store(func(w *writer) error {
		tr := tar.NewReader(gz)
		for {
			if err := ctx.Err(); err != nil {
				return err
			}
			h, err := tr.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read the archive: %w", err)
			}
			switch h.Typeflag {
			case tar.TypeDir, tar.TypeXGlobalHeader:
				continue
			case tar.TypeReg:
			default:
				return fmt.Errorf("%q is not a plain file", h.Name)
			}
			name := h.Name
			if clean := path.Clean(name); "./"+clean == name {
				name = clean
			}
			if err := w.add(name, tr); err != nil {
				return fmt.Errorf("unpack %q: %w", h.Name, err)
			}
		}
	})
	if err != nil {
		return nil, "", err
	}
	if want != "" && digest != want {
		return nil, "", fmt.Errorf("the archive holds %s, %s was announced", digest, want)
	}
	return fsys, digest, nil
}
