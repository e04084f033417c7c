package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/cargo/vendor"
)

// fetch downloads crates, those that an earlier benchmark has left out, and
// unpacks them to a new vendor folder.
func fetch(ctx context.Context, crates []cargo.Crate, downloads, out string) error {
	if err := errors.Join(os.MkdirAll(downloads, 0o755), os.MkdirAll(out, 0o755)); err != nil {
		return err
	}
	root, err := os.OpenRoot(out)
	if err != nil {
		return err
	}
	defer root.Close()
	unpacked := map[string]bool{}
	for _, c := range crates {
		stem := c.Name + "-" + c.Version
		if unpacked[stem] {
			continue // in the lockfile of two packs
		}
		unpacked[stem] = true
		archive := filepath.Join(downloads, c.File())
		if sum, err := sumOf(archive); errors.Is(err, fs.ErrNotExist) || err == nil && sum != c.SHA256 {
			if err := download(ctx, c, archive); err != nil {
				return fmt.Errorf("download %s: %w", c.File(), err)
			}
		} else if err != nil {
			return err
		}
		f, err := os.Open(archive)
		if err != nil {
			return err
		}
		err = vendor.UnpackArchive(f, stem, root, vendor.DefaultLimits())
		f.Close()
		if err != nil {
			return fmt.Errorf("unpack %s: %w", c.File(), err)
		}
	}
	return nil
}

func download(ctx context.Context, c cargo.Crate, to string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", c.URL, response.Status)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, vendor.DefaultLimits().ArchiveBytes+1))
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != c.SHA256 {
		return fmt.Errorf("%s: its SHA-256 is not the lockfile's", c.URL)
	}
	return os.WriteFile(to, data, 0o644)
}

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
