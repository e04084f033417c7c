//go:build linux

package buildkit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/mount"
)

const temporaryVariable = "TMPDIR"

func temporaryDir(root string) string { return filepath.Join(root, "tmp") }

// keepTemporary has BuildKit and containerd mount what they mount for a moment,
// secrets among it, below the state folder, where sweep finds it when the engine
// was killed. They ask os.TempDir and can't be told otherwise, so this is for the
// whole process until the closer is closed. The folder is empty: sweep has been
// there.
func keepTemporary(root string) (io.Closer, error) {
	dir := temporaryDir(root)
	if err := errors.Join(os.MkdirAll(dir, 0o700), mount.SetTempMountLocation(dir)); err != nil {
		return nil, fmt.Errorf("make the engine's folder for temporary files: %w", err)
	}
	before, was := os.LookupEnv(temporaryVariable)
	if err := os.Setenv(temporaryVariable, dir); err != nil {
		return nil, fmt.Errorf("use the engine's folder for temporary files: %w", err)
	}
	return closerFunc(func() error {
		if was {
			return os.Setenv(temporaryVariable, before)
		}
		return os.Unsetenv(temporaryVariable)
	}), nil
}

// clearTemporary removes what a killed engine left of its temporary files. Nothing
// may be mounted below them any more: it would be removed as well.
func clearTemporary(root string) error {
	dir := temporaryDir(root)
	left, err := mountsUnder(dir)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("%s is still mounted", left[0])
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove temporary files: %w", err)
	}
	return nil
}
