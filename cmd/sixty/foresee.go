package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lastrun"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/preview"
	"github.com/sixtyhq/sixty/stages"
	"github.com/sixtyhq/sixty/stages/setup"
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
	store, err := blob.Open(filepath.Join(cache, "content"))
	if err != nil {
		return nil, preview.Plan{}, err
	}
	scratch, err := os.MkdirTemp("", "sixty-plan-")
	if err != nil {
		return nil, preview.Plan{}, fmt.Errorf("make a folder to render in: %w", err)
	}
	defer os.RemoveAll(scratch)
	home := "" // of a rendered crate
	r := &resolved{}
	defer r.closeEngine() //nolint:errcheck // only a pack's commands open it, and they have ended
	err = a.resolve(ctx, o, r, view, func(ctx context.Context, _ *resolved, made *rendered) (string, error) {
		home = made.Dir
		return rehearse(ctx, o, made, scratch)
	})
	if err != nil {
		return nil, preview.Plan{}, err
	}
	if err := deploy.Check(r.cfg, r.pipeline); err != nil {
		return nil, preview.Plan{}, err
	}
	in := preview.Input{}
	if in.Unresolved, err = r.foreseeImages(cache); err != nil {
		return nil, preview.Plan{}, err
	}
	e := &executed{resolved: r}
	if e.graph, err = e.plan(ctx, o, cache, store); err != nil {
		return nil, preview.Plan{}, err
	}
	var unknown []preview.Unknown
	if r.crate.Lock == nil {
		in.NoKeys = "there is no Cargo.lock yet"
		unknown = append(unknown, e.foreseeLock())
	}
	if in.Keys, err = foreseeKeys(e.graph, store); err != nil {
		in.NoKeys = err.Error()
	}
	if home == "" {
		home = r.crate.Dir
	}
	if home, err = filepath.Abs(home); err != nil {
		return nil, preview.Plan{}, err
	}
	e.belongs = home
	in.Graph, in.Last = e.graph, lastrun.Read(lastrun.File(cache, home))
	in.Width, in.Estimates = o.steps(), readHistory(cache).durations()
	p := preview.New(in)
	p.Unknown = slices.Insert(p.Unknown, 0, unknown...)
	e.describe(o, &p)
	return e, p, nil
}

// describe fills in what a plan says of the whole.
func (e *executed) describe(o *runOptions, p *preview.Plan) {
	p.Sixty, p.CrateName, p.CrateVersion, p.Source, p.Level = version, e.crate.Name, e.crate.Version, e.tree.Digest, o.level
	p.Targets = append(p.Targets, o.targets...)
	p.Warnings = e.warnings
	if e.template != nil {
		p.Template = e.template.ID + " " + e.template.Version
	}
	for _, g := range e.pipeline.Gates {
		p.Gates = append(p.Gates, preview.Gate{Name: g.Name, Level: g.Level, Severity: g.Severity})
	}
}

// foreseeImages takes the images that are on this machine or on record, and
// says of the others why they are not known.
func (r *resolved) foreseeImages(cache string) (map[string]string, error) {
	known, err := readPins(cache)
	if err != nil {
		return nil, err
	}
	r.images = map[string]plan.Image{}
	unresolved := map[string]string{}
	for _, block := range r.pipeline.Images {
		chosen, err := knownImage(cache, known, block)
		if err != nil {
			return nil, err
		}
		if chosen == nil {
			chosen = &plan.Image{Ref: block.From}
			switch {
			case block.From == "":
				unresolved[block.Name] = "the run makes it from Debian's packages (sixty image build " + block.Name + " does so now)"
			case block.Debian == nil:
				unresolved[block.Name] = "the run asks the registry of " + block.From + " (sixty image pin does so now)"
			default:
				unresolved[block.Name] = "the run asks the registry of " + block.From + " (sixty image pin does so now), or makes it from Debian's packages"
			}
		}
		chosen.Name, chosen.Range = block.Name, config.PlanRange(block.Range)
		r.images[block.Name] = *chosen
	}
	return unresolved, nil
}

// foreseeLock puts the step that makes a lockfile before all others, and says
// what follows from it.
func (e *executed) foreseeLock() preview.Unknown {
	u := preview.Unknown{What: "the dependencies", Why: fmt.Sprintf("%s has no Cargo.lock. sixty deploy --resolve makes one in the step setup.lockfile, "+
		"which has the network, and cargo generate-lockfile does so now; which crates setup.vendor fetches and setup.dependencies compiles follows from it", e.crate.Name)}
	image := deploy.WarmImage(e.pipeline)
	if image == "" {
		return u
	}
	step := setup.Online(setup.Lockfile(image, e.tree), e.input.Authorities)
	at := slices.IndexFunc(e.graph.Stages, func(s plan.Stage) bool { return s.Name == step.Stage })
	if at < 0 {
		e.graph.Stages = slices.Insert(e.graph.Stages, 0, plan.Stage{Name: step.Stage})
		at = 0
	}
	if e.graph.Stages[at].Skipped == stages.NotSelected {
		e.graph.Stages[at].Skipped = ""
	}
	e.graph.Stages[at].Steps = slices.Insert(e.graph.Stages[at].Steps, 0, step)
	return u
}

func foreseeKeys(g *plan.Graph, store *blob.Store) (map[string]plan.Key, error) {
	program, err := buildkit.InitProgram()
	if err != nil {
		return nil, err
	}
	init, err := store.PutBytes(program)
	if err != nil {
		return nil, err
	}
	return plan.Keys(g, init.Digest)
}

// rehearse writes a rendered crate as a run would, in a scratch folder that
// begins as a copy of where the crate belongs. It returns the folder to look
// at: the crate's own when nothing would change.
func rehearse(ctx context.Context, o *runOptions, made *rendered, scratch string) (string, error) {
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
