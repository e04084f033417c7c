package deploy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
)

// IsBuiltIn reports whether a pipeline is the built-in one, which a pack's own
// goes before.
func IsBuiltIn(cfg *config.Config) bool {
	_, ok := cfg.Files[BuiltIn]
	return ok
}

// LoadPack reads the pipeline that a pack brings, for a project in a folder that
// has none. Warnings come back as well.
func LoadPack(ctx context.Context, cache Cache, p *market.Pack, project, version string) (*config.Config, hcl.Diagnostics, error) {
	root, file, err := market.NewCache(cache.Packs()).Pipeline(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	cfg, diags := config.LoadPack(root, file, p.ID+"@"+p.Version, project)
	if diags.HasErrors() {
		e := &DiagnosticsError{Diagnostics: diags}
		if cfg != nil {
			e.Files = cfg.Files
		}
		return nil, nil, e
	}
	return cfg, diags, checkVersion(cfg, version)
}

// GeneratedFrom is the pack that a folder was generated from, where that brings a
// pipeline and satisfies the policies; else nil.
func GeneratedFrom(ctx context.Context, m Market, dir string, policies []string) (*market.Pack, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil // who opens the crate says it better
	}
	defer root.Close()
	record, err := codegen.ReadRecord(root.FS())
	if err != nil || record.Pack == nil || record.Pack.Pipeline == "" {
		return nil, err
	}
	pack, err := m.Recorded(ctx, *record.Pack)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s runs the pipeline that this pack brings, as %s says. Without the pack: give the crate a pipeline of its own (sixty init), or one with --pipeline",
			err, dir, filepath.Join(dir, codegen.RecordPath))
	}
	return pack, m.Accept(ctx, policies, []*market.Pack{pack})
}

// brought is what a run has chosen with the pipeline that its pack brings: the
// pack of the new crate, or the one that the crate was generated from. It is nil
// where that pack brings none. c is what it has with the built-in pipeline.
func (r *Run) brought(ctx context.Context, c *Chosen) (*Chosen, error) {
	var pack *market.Pack
	if c.MakesCrate() {
		if err := r.find(ctx, c); err != nil {
			return nil, err
		}
		pack = c.packs.Pack
	} else if manifest, err := r.req.Existing(); err == nil {
		if st, err := os.Stat(manifest); err == nil && !st.IsDir() {
			manifest = filepath.Dir(manifest)
		}
		if pack, err = GeneratedFrom(ctx, r.host.Market, manifest, r.policies()); err != nil {
			return nil, err
		}
	}
	if pack == nil || pack.Pipeline == "" {
		return nil, nil
	}
	cfg, warnings, err := LoadPack(ctx, r.host.Cache, pack, r.Config.Project, r.req.Sixty)
	if err != nil {
		return nil, err
	}
	r.host.View.Note("Pipeline of the pack %s %s", pack.ID, pack.Version)
	if r.modules, err = AddPacks(ctx, cfg, r.host.Market, r.host.Cache, PackRules{r.req.Locked, r.req.Unlocked, r.req.PackPolicies}); err != nil {
		return nil, err
	}
	r.modules.note(r.host.View)
	next, diags, err := r.consider(cfg)
	if err != nil {
		return nil, err
	}
	r.Warn(append(warnings, diags...))
	// The variable for the pack is the built-in pipeline's, and has been read.
	next.given = slices.DeleteFunc(next.given, func(g lang.Given) bool { return g.Name == templateVariable })
	next.Concept.Pack, next.Concept.Version, next.Concept.When = c.Concept.Pack, c.Concept.Version, c.Concept.When
	next.packs, next.lock = c.packs, c.lock
	return next, nil
}
