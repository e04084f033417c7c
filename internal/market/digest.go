package market

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

// Bounds on what one pack may hold.
const (
	maxPackFiles = 20_000
	maxPackSize  = 512 << 20
)

// Digest is the digest of a pack's whole content, names included. It is Hash1
// of golang.org/x/mod/sumdb/dirhash, as in go.sum and Terraform's lock file: the
// SHA-256, in base64 after "h1:", of one line for each file in path order,
// "HEX-SHA256  PATH\n". File modes and empty folders do not count. A folder that
// holds anything but plain files and folders has no digest. The [SignatureFile]
// does not count.
func Digest(fsys fs.FS) (string, error) {
	files, err := packFiles(fsys)
	if err != nil {
		return "", err
	}
	sum, err := dirhash.Hash1(files, func(name string) (io.ReadCloser, error) { return fsys.Open(name) })
	if err != nil {
		return "", fmt.Errorf("digest the pack: %w", err)
	}
	return sum, nil
}

// packFiles lists the files of a pack.
func packFiles(fsys fs.FS) ([]string, error) {
	var files []string
	var size int64
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		if name == SignatureFile {
			return nil // what signs the content is no part of it
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a plain file (%s)", name, d.Type())
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if size += info.Size(); size > maxPackSize {
			return fmt.Errorf("the files are over %d bytes", maxPackSize)
		}
		if len(files) == maxPackFiles {
			return fmt.Errorf("there are over %d files", maxPackFiles)
		}
		files = append(files, name)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the pack: %w", err)
	}
	return files, nil
}

// validDigest reports whether s can be a digest that [Digest] gives: no
// placeholder, which registries in the making are full of.
func validDigest(s string) bool {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "h1:"))
	if err != nil || len(raw) != sha256.Size || !strings.HasPrefix(s, "h1:") {
		return false
	}
	return bytes.Count(raw, raw[:1]) != len(raw)
}
