package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/run"
	"github.com/sixtyhq/sixty/stages/generation"
)

// Bounds on what the commands of a pack may leave.
const (
	maxHookedFiles = 50_000
	maxHookedBytes = 512 << 20
)

// hooks gives what runs the commands of a pack, in a small graph of its own on the
// image of the generation stage, or on the one that cargo runs on. nil, where
// nobody lets them run.
func (a *app) hooks(o *runOptions, r *resolved, stage config.Stage, view *progress.Printer) generation.HookRunner {
	if !o.hooks && !stage.Hooks {
		return nil
	}
	return func(ctx context.Context, after bool, commands []string, tree map[string][]byte) (map[string][]byte, error) {
		cache, err := a.cache()
		if err != nil {
			return nil, err
		}
		store, err := blob.Open(filepath.Join(cache, "content"))
		if err != nil {
			return nil, err
		}
		images, diags := r.cfg.EvaluateImages(r.variables)
		if diags.HasErrors() {
			return nil, &deploy.DiagnosticsError{Diagnostics: diags, Files: r.cfg.Files}
		}
		name := deploy.WarmImage(&config.Pipeline{Images: images})
		if stage.Image != nil {
			name = stage.Image.Name
		}
		on := &resolved{pipeline: &config.Pipeline{}}
		for _, i := range images {
			if i.Name == name {
				on.pipeline.Images = []config.Image{i}
			}
		}
		if len(on.pipeline.Images) == 0 {
			return nil, usagef("the pack runs commands, and the pipeline has no image for them: give the generation stage an image")
		}
		var content *blob.Blob
		if len(tree) > 0 {
			b, err := store.PutFiles(tree)
			if err != nil {
				return nil, err
			}
			content = &b
		}
		if err := a.ensureEngine(ctx, o, r, cache, store, view); err != nil {
			return nil, fmt.Errorf("run the commands of the pack: %w", err)
		}
		if err := a.resolveImages(ctx, cache, on, view); err != nil {
			return nil, err
		}
		step := generation.HookStep(name, content, after, commands)
		g := &plan.Graph{Images: []plan.Image{on.images[name]}, Stages: []plan.Stage{{Name: step.Stage, Steps: []plan.Step{step}}}}
		runner, err := r.eng.runner(g, nil, view)
		if err != nil {
			return nil, err
		}
		results, err := run.Steps(ctx, g, run.Options{Engine: runner, Started: func(s plan.Step) { view.Started(s.ID, s.Stage) }, Ended: view.Ended})
		if err != nil {
			return nil, err
		}
		r.host = append(r.host, results...)
		if !results[0].Status.OK() {
			why := results[0].Reason
			if why == "" && results[0].ExitCode != nil {
				why = fmt.Sprintf("exit code %d", *results[0].ExitCode)
			}
			return nil, fmt.Errorf("the commands of the pack: %s%s", why, deploy.LogTail(results[0].Dir, 20))
		}
		left, err := hookedTree(results[0].Dir)
		if err != nil {
			return nil, fmt.Errorf("what the commands of the pack leave: %w", err)
		}
		return left, nil
	}
}

// ensureEngine opens the engine of a run, unless it is open.
func (a *app) ensureEngine(ctx context.Context, o *runOptions, r *resolved, cache string, store *blob.Store, view *progress.Printer) (err error) {
	if r.eng == nil {
		r.eng, err = a.openEngine(ctx, o, cache, store, view)
	}
	return err
}

// closeEngine closes the engine of a run, if it is open.
func (r *resolved) closeEngine() error {
	if r.eng == nil {
		return nil
	}
	return r.eng.Close()
}

// hooksAgain is hooks for a folder that was generated before, on the images of the
// pipeline at hand.
func (a *app) hooksAgain(o *runOptions, r *resolved, view *progress.Printer) (generation.HookRunner, error) {
	if !o.hooks {
		return nil, nil
	}
	c, err := a.choose(o, r, view)
	if err != nil {
		return nil, err
	}
	return a.hooks(o, r, c.generation, view), nil
}

// hookedTree reads the tree that commands left in a step's results folder: plain
// files and folders, and no link to anywhere.
func hookedTree(dir string) (map[string][]byte, error) {
	root, err := os.OpenRoot(filepath.Join(dir, "outputs", "tree"))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	out := map[string][]byte{}
	size := 0
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a plain file (%s)", name, d.Type())
		}
		if len(out) == maxHookedFiles {
			return fmt.Errorf("there are over %d files", maxHookedFiles)
		}
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(io.LimitReader(f, int64(maxHookedBytes-size+1)))
		if size += len(data); err == nil && size > maxHookedBytes {
			err = fmt.Errorf("the files are over %d bytes", maxHookedBytes)
		}
		out[name] = data
		return errors.Join(err, f.Close())
	})
	return out, err
}
