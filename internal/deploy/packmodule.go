package deploy

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
)

// PackRules say which packs may be modules: those that a lock pins, and that
// policies accept.
type PackRules struct {
	// Locked and Unlocked are as those of a [Request].
	Locked, Unlocked bool
	// Policies are files beside the one that the pipeline names.
	Policies []string
}

// PackModules are the packs that modules of a pipeline are.
type PackModules struct {
	lock  *PackLock
	packs map[string]packModule // by id
}

type packModule struct {
	*concept.Packs
	constraint string
	pipeline   config.PackPipeline
}

// AddPacks loads the modules of a pipeline that are packs, each pack once: found
// in the market as the lock has it, and held against the policies before anything
// of it is read.
func AddPacks(ctx context.Context, cfg *config.Config, m Market, cache Cache, rules PackRules) (*PackModules, error) {
	found := &PackModules{packs: map[string]packModule{}}
	if !cfg.NeedsPacks() {
		return found, nil
	}
	if !rules.Unlocked {
		var err error
		if found.lock, err = OpenPackLock(cfg.Project, "", rules.Locked); err != nil {
			return nil, err
		}
	}
	kept := market.NewCache(cache.Packs())
	policies := PackPolicies([]*config.Config{cfg}, rules.Policies...)
	diags := cfg.AddPacks(func(id, constraint string) (config.PackPipeline, error) {
		known, again := found.packs[id]
		if again && known.constraint == constraint {
			return known.pipeline, nil
		}
		packs, err := m.Resolve(ctx, id, constraint, found.lock.pins(kept))
		switch {
		case err != nil:
			return config.PackPipeline{}, err
		case again && packs.Version != known.Version:
			return config.PackPipeline{}, fmt.Errorf("the pack %s is a module in version %s as well; a pipeline has one version of a pack", id, known.Version)
		}
		if err := m.Accept(ctx, policies, []*market.Pack{packs.Pack}); err != nil {
			return config.PackPipeline{}, err
		}
		root, path, err := kept.Pipeline(ctx, packs.Pack)
		if err != nil {
			return config.PackPipeline{}, err
		}
		at := config.PackPipeline{Root: root, Path: path, Name: packs.ID + "@" + packs.Version}
		found.packs[id] = packModule{packs, constraint, at}
		return at, nil
	})
	if diags.HasErrors() {
		return nil, &DiagnosticsError{diags, cfg.Files}
	}
	return found, nil
}

// note tells which packs are modules.
func (f *PackModules) note(view View) {
	for _, id := range slices.Sorted(maps.Keys(f.packs)) {
		p := f.packs[id]
		view.Note("Module of the pack %s %s, %s", p.ID, p.Version, p.Source)
	}
}

// pin pins the packs, and reports whether that changed the lock.
func (f *PackModules) pin() (bool, error) {
	if f.lock == nil || f.lock.strict {
		return false, nil
	}
	changed := false
	for _, id := range slices.Sorted(maps.Keys(f.packs)) {
		changed = f.lock.Pin(f.packs[id].Pack, f.packs[id].constraint) || changed
	}
	if !changed {
		return false, nil
	}
	return true, f.lock.Write(f.lock.Path)
}
