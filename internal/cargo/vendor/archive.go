package vendor

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// File is one file of an archive.
type File struct {
	// Path is relative to the crate's own folder.
	Path string `json:"path"`
	Size int64  `json:"size"`
}

// List reads an archive under the same rules as [UnpackArchive], and gives its
// files in its order and its SHA-256 in hexadecimal.
func List(archive io.Reader, stem string, limits Limits) (files []File, sum string, err error) {
	if !validStem(stem) {
		return nil, "", fmt.Errorf("%q is not the name and version of a crate", stem)
	}
	sum, err = walk(archive, stem, limits, func(e entry, r io.Reader) error {
		if e.dir {
			return nil
		}
		n, err := io.Copy(io.Discard, r)
		files = append(files, File{Path: e.name, Size: n})
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("%s.crate: %w", stem, err)
	}
	return files, sum, nil
}

// entry is a file or folder of an archive, by its path in the crate's folder;
// "." is that folder itself.
type entry struct {
	name string
	dir  bool
	mode fs.FileMode
}

// walk gives each entry of an archive to visit, and returns the archive's
// SHA-256.
func walk(archive io.Reader, stem string, limits Limits, visit func(entry, io.Reader) error) (sum string, err error) {
	hash := sha256.New()
	raw := io.TeeReader(&boundedReader{r: archive, left: limits.ArchiveBytes, what: "archive"}, hash)
	gz, err := gzip.NewReader(raw)
	if err != nil {
		return "", fmt.Errorf("not a gzip archive: %w", err)
	}
	// The bound covers tar headers and padding as well as files.
	unpacked := &boundedReader{r: gz, left: limits.UnpackedBytes, what: "unpacked crate"}
	tr := tar.NewReader(unpacked)
	var total int64
	for entries := 0; ; entries++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("not a tar archive, or a damaged one: %w", err)
		}
		if entries >= limits.Entries {
			return "", fmt.Errorf("more than the limit of %d entries", limits.Entries)
		}
		// A sparse file is larger than what was read for it.
		if h.Size > limits.UnpackedBytes-total {
			return "", fmt.Errorf("unpacked crate: more than the limit of %d bytes", limits.UnpackedBytes)
		}
		total += h.Size
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		e, err := newEntry(h, stem)
		if err != nil {
			return "", err
		}
		if err := visit(e, tr); err != nil {
			return "", err
		}
	}
	// The checksum is over the whole file, so read what follows the archive.
	if _, err := io.Copy(io.Discard, unpacked); err != nil {
		return "", fmt.Errorf("after the end of the archive: %w", err)
	}
	if _, err := io.Copy(io.Discard, raw); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func newEntry(h *tar.Header, stem string) (entry, error) {
	if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir {
		return entry{}, fmt.Errorf("entry %q is a link or a device; a crate holds files and folders only", h.Name)
	}
	if strings.ContainsAny(h.Name, "\\\x00") {
		return entry{}, fmt.Errorf("entry %q has a backslash or a zero byte in its name", h.Name)
	}
	clean := strings.TrimSuffix(h.Name, "/")
	top, rest, below := strings.Cut(clean, "/")
	if !fs.ValidPath(clean) || top != stem {
		return entry{}, fmt.Errorf("entry %q does not lie in the folder %s", h.Name, stem)
	}
	e := entry{name: rest, dir: h.Typeflag == tar.TypeDir, mode: 0o644}
	if h.Mode&0o111 != 0 {
		e.mode = 0o755
	}
	if !below {
		if e.name = "."; !e.dir {
			return entry{}, fmt.Errorf("entry %q is a file where the crate's folder must be", h.Name)
		}
	}
	return e, nil
}

// boundedReader fails, rather than ends, when there is more than it allows.
type boundedReader struct {
	r    io.Reader
	left int64
	what string
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, fmt.Errorf("%s: larger than the limit", b.what)
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("%s: larger than the limit", b.what)
	}
	return n, err
}
