package daggerengine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/dagger"
	"github.com/sixtyhq/sixty/internal/plan"
)

// blob is a tree of this machine as a directory of the engine, which fetches it
// from where it was unpacked.
func (e *Engine) blob(src plan.Source) (*dagger.Directory, error) {
	dir := filepath.Join(e.opts.Scratch, strings.TrimPrefix(src.Digest, "sha256:"))
	e.mu.Lock()
	once, ok := e.blobs[src.Digest]
	if !ok {
		once = &sync.Once{}
		e.blobs[src.Digest] = once
	}
	e.mu.Unlock()
	once.Do(func() {
		if err := unpack(src.Path, dir); err != nil {
			e.mu.Lock()
			e.errs[src.Digest] = fmt.Errorf("unpack %s: %w", src.Digest, err)
			e.mu.Unlock()
		}
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.errs[src.Digest]; err != nil {
		return nil, err
	}
	return e.opts.Client.CurrentModule().Workdir(dir), nil
}

func unpack(tar, dir string) error {
	f, err := os.Open(tar)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return blob.Unpack(f, dir)
}
