package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lastrun"
	"github.com/sixtyhq/sixty/internal/preview"
)

// foresee makes the plan of a run and runs nothing: a template is rendered in a
// folder of its own, no image is asked for, and no engine is started. What only
// the run finds out is told as unknown.
func (a *app) foresee(ctx context.Context, o *runOptions) (*executed, preview.Plan, error) {
	cache, err := a.cache()
	if err != nil {
		return nil, preview.Plan{}, err
	}
	view, err := a.printer(history{})
	if err != nil {
		return nil, preview.Plan{}, err
	}
	defer view.Close()
	store, err := blob.Open(deploy.Cache(cache).Content())
	if err != nil {
		return nil, preview.Plan{}, err
	}
	scratch, err := os.MkdirTemp("", "sixty-plan-")
	if err != nil {
		return nil, preview.Plan{}, fmt.Errorf("make a folder to render in: %w", err)
	}
	defer os.RemoveAll(scratch)
	e := &executed{}
	if e.Run, e.eng, err = a.begin(o, store, view); err != nil {
		return nil, preview.Plan{}, err
	}
	defer e.eng.Close() //nolint:errcheck // only a pack's commands open it, and they have ended
	err = e.Resolve(ctx, func(ctx context.Context, made *deploy.Rendered) (string, error) {
		e.belongs = made.Dir
		return rehearse(ctx, o, made, scratch)
	})
	if err != nil {
		return nil, preview.Plan{}, err
	}
	if e.belongs, err = filepath.Abs(e.home()); err != nil {
		return nil, preview.Plan{}, err
	}
	p, err := e.Foresee(ctx, preview.Input{
		Last: lastrun.Read(lastrun.File(cache, e.belongs)), Width: o.steps(), Estimates: readHistory(cache).durations(),
	})
	return e, p, err
}

// rehearse writes a rendered crate as a run would, in a scratch folder that
// begins as a copy of where the crate belongs. It returns the folder to look
// at: the crate's own when nothing would change.
func rehearse(ctx context.Context, o *runOptions, made *deploy.Rendered, scratch string) (string, error) {
	if !made.Plan.Changed() {
		return made.Dir, nil
	}
	home, err := filepath.Abs(made.Dir)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(scratch, filepath.Base(home))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a folder to render in: %w", err)
	}
	if err := copySources(home, dir, o.written()); err != nil {
		return "", fmt.Errorf("copy %s: %w", made.Dir, err)
	}
	there := *made
	there.Dir = dir
	return dir, there.Write(ctx, o.force)
}

// copySources copies a tree as far as it can be source: without version
// control, build products and what a run writes. A folder that is not there is
// an empty one.
func copySources(from, to string, except []string) error {
	skip := map[string]bool{}
	for _, path := range except {
		abs, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		skip[abs] = true
	}
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == from {
			return fs.SkipAll
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		dst := filepath.Join(to, rel)
		switch {
		case skip[path] || entry.Name() == ".git" && entry.IsDir():
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			if _, err := os.Lstat(filepath.Join(path, "CACHEDIR.TAG")); err == nil {
				return fs.SkipDir
			}
			return os.MkdirAll(dst, 0o755)
		case entry.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, dst)
		case entry.Type().IsRegular():
			return copyFile(path, dst)
		}
		return nil
	})
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	return deploy.CopyTo(src, to)
}
