package buildkit

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	fstypes "github.com/tonistiigi/fsutil/types"
)

// chunk is how much of a file is read in one message, in bytes.
const chunk = 4 << 20

func fileMode(mode int) os.FileMode { return os.FileMode(mode) }

// freshDir makes an empty folder beside dir, to be renamed to it when it is
// complete.
func freshDir(dir string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("make the results folder: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-")
	if err != nil {
		return "", fmt.Errorf("make the results folder: %w", err)
	}
	return tmp, os.Chmod(tmp, 0o755)
}

// replaceDir puts tmp in the place of dir. Another run may do the same at the
// same time, or read what dir held: the old folder is moved aside, and removed
// only when no run can still be reading it.
func replaceDir(tmp, dir string) error {
	for range 100 {
		err := os.Rename(tmp, dir)
		if err == nil {
			return removeOld(filepath.Dir(dir))
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.ENOTEMPTY) {
			return fmt.Errorf("replace the step's results: %w", err)
		}
		aside := filepath.Join(filepath.Dir(dir), oldPrefix+rand.Text())
		if err := os.Rename(dir, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("replace the step's results: %w", err)
		}
		now := time.Now()
		os.Chtimes(aside, now, now) //nolint:errcheck // removed sooner or later
	}
	return fmt.Errorf("replace the step's results: other runs keep replacing %s", dir)
}

// oldPrefix begins the name of a results folder that another has replaced.
const oldPrefix = ".old-"

// oldAge is how long a replaced folder stays: longer than a run takes from the
// end of a step to the end of its report.
const oldAge = time.Hour

// removeOld removes replaced folders that nobody reads any more.
func removeOld(results string) error {
	entries, err := os.ReadDir(results)
	if err != nil {
		return fmt.Errorf("clear old results: %w", err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), oldPrefix) {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > oldAge {
			if err := os.RemoveAll(filepath.Join(results, entry.Name())); err != nil {
				return fmt.Errorf("clear old results: %w", err)
			}
		}
	}
	return nil
}

func sameFile(name string, want []byte) bool {
	have, err := os.ReadFile(name)
	return err == nil && bytes.Equal(have, want)
}

// copyOut copies the whole file system of a container that was never started
// to dir. Only regular files, folders and symbolic links are taken; nothing
// is followed.
func copyOut(ctx context.Context, ctr gateway.Container, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return copyDir(ctx, ctr, root, ".")
}

func copyDir(ctx context.Context, ctr gateway.Container, root *os.Root, dir string) error {
	entries, err := ctr.ReadDir(ctx, gateway.ReadDirContainerRequest{ReadDirRequest: gateway.ReadDirRequest{Path: "/" + dir}})
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	for _, entry := range entries {
		name := path.Join(dir, path.Base(entry.Path))
		switch mode := fs.FileMode(entry.Mode); {
		case mode.IsDir():
			if err := root.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
			if err := copyDir(ctx, ctr, root, name); err != nil {
				return err
			}
		case mode&fs.ModeSymlink != 0:
			if err := root.Symlink(entry.Linkname, name); err != nil {
				return err
			}
		case mode.IsRegular():
			if err := copyFile(ctx, ctr, root, name, entry); err != nil {
				return fmt.Errorf("copy %s: %w", name, err)
			}
		}
	}
	return nil
}

func copyFile(ctx context.Context, ctr gateway.Container, root *os.Root, name string, entry *fstypes.Stat) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, fs.FileMode(entry.Mode).Perm())
	if err != nil {
		return err
	}
	defer f.Close()
	for offset := int64(0); offset < entry.Size; {
		data, err := ctr.ReadFile(ctx, gateway.ReadContainerRequest{ReadRequest: gateway.ReadRequest{
			Filename: "/" + name, Range: &gateway.FileRange{Offset: int(offset), Length: chunk}}})
		if err != nil {
			return err
		}
		if len(data) == 0 {
			return fmt.Errorf("%s ends at byte %d of %d", name, offset, entry.Size)
		}
		if _, err := f.Write(data); err != nil {
			return err
		}
		offset += int64(len(data))
	}
	return f.Close()
}
