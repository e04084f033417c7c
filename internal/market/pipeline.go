package market

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Pipeline gives where a pack's own pipeline lies on this machine: root is the
// folder with the whole content of the pack, which the cache keeps and has
// checked, and path is the pipeline file, or the folder of such files, below it,
// as the manifest names it. Nothing below root is a link. For a pack without a
// pipeline of its own the error is [ErrNoPipeline].
func (c *Cache) Pipeline(ctx context.Context, p *Pack) (root, path string, err error) {
	if p.Manifest.Pipeline == "" {
		return "", "", fmt.Errorf("pack %s %s: %w", p.ID, p.Version, ErrNoPipeline)
	}
	if _, err := fs.Stat(p.FS, p.Manifest.Pipeline); err != nil {
		return "", "", fmt.Errorf("pack %s %s: its pipeline: %w", p.ID, p.Version, err)
	}
	if err := c.Keep(ctx, p); err != nil {
		return "", "", err
	}
	return filepath.Join(c.dir, "packs", digestName(p.Digest)), filepath.FromSlash(p.Manifest.Pipeline), nil
}

// ErrNoPipeline says that a pack brings no pipeline of its own.
var ErrNoPipeline = errors.New("it has no pipeline of its own")
