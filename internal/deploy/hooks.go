package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/run"
	"github.com/sixtyhq/sixty/stages/generation"
)

// Bounds on what the commands of a pack may leave.
const (
	maxHookedFiles = 50_000
	maxHookedBytes = 512 << 20
)

// Hooks gives what runs the commands of a pack, in a small graph of its own on the
// image of the generation stage, or on the one that cargo runs on. nil, where
// nobody lets them run. The pipeline must have been chosen.
func (r *Run) Hooks(stage config.Stage) generation.HookRunner {
	if !r.req.Hooks && !stage.Hooks {
		return nil
	}
	return func(ctx context.Context, after bool, commands []string, tree map[string][]byte) (map[string][]byte, error) {
		block, err := r.hookImage(stage)
		if err != nil {
			return nil, err
		}
		image, _, err := r.image(ctx, block, false)
		if err != nil {
			return nil, err
		}
		var content *blob.Blob
		if len(tree) > 0 {
			b, err := r.host.Store.PutFiles(tree)
			if err != nil {
				return nil, err
			}
			content = &b
		}
		made, err := r.alone(ctx, generation.HookStep(block.Name, content, after, commands), image)
		if err != nil {
			return nil, fmt.Errorf("run the commands of the pack: %w", err)
		}
		if !made.Status.OK() {
			why := made.Reason
			if why == "" && made.ExitCode != nil {
				why = fmt.Sprintf("exit code %d", *made.ExitCode)
			}
			return nil, fmt.Errorf("the commands of the pack: %s%s", why, LogTail(made.Dir, 20))
		}
		left, err := hookedTree(made.Dir)
		if err != nil {
			return nil, fmt.Errorf("what the commands of the pack leave: %w", err)
		}
		return left, nil
	}
}

// hookImage is the block of the image that a pack's commands run on.
func (r *Run) hookImage(stage config.Stage) (config.Image, error) {
	images, err := r.ImageBlocks()
	if err != nil {
		return config.Image{}, err
	}
	name := WarmImage(&config.Pipeline{Images: images})
	if stage.Image != nil {
		name = stage.Image.Name
	}
	for _, i := range images {
		if i.Name == name {
			return i, nil
		}
	}
	return config.Image{}, mistakef("the pack runs commands, and the pipeline has no image for them: give the generation stage an image")
}

// alone runs one step in a graph of its own, which is no part of the pipeline's.
func (r *Run) alone(ctx context.Context, step plan.Step, image plan.Image) (plan.Result, error) {
	g := &plan.Graph{Images: []plan.Image{image}, Stages: []plan.Stage{{Name: step.Stage, Steps: []plan.Step{step}}}}
	if refused := refusals(g, r.host.Engine.Caps()); refused.HasErrors() {
		return plan.Result{}, &DiagnosticsError{refused, r.Config.Files}
	}
	runner, err := r.host.Engine.Runner(ctx, g, nil)
	if err != nil {
		return plan.Result{}, err
	}
	results, err := run.Steps(ctx, g, run.Options{Engine: runner,
		Started: func(s plan.Step) { r.host.View.Started(s.ID, s.Stage) }, Ended: r.host.View.Ended})
	if err != nil {
		return plan.Result{}, err
	}
	r.Host = append(r.Host, results...)
	return results[0], nil
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
