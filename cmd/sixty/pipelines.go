package main

import (
	"context"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
)

// loadHere reads a pipeline as [deploy.Load] does; in a folder that was generated
// from a pack which brings one, that goes before the built-in one.
func (a *app) loadHere(ctx context.Context, path string) (*config.Config, hcl.Diagnostics, error) {
	cfg, warnings, err := deploy.Load(path, ".", version)
	if err == nil && cfg.NeedsPacks() {
		return cfg, warnings, a.addPacks(ctx, cfg)
	}
	if err != nil || !deploy.IsBuiltIn(cfg) {
		return cfg, warnings, err
	}
	pack, err := deploy.GeneratedFrom(ctx, userPacks{a}, ".", nil)
	if err != nil || pack == nil {
		return cfg, warnings, err
	}
	return a.loadPack(ctx, pack, ".")
}

// addPacks loads the modules that are packs.
func (a *app) addPacks(ctx context.Context, cfg *config.Config) error {
	cache, err := a.cache()
	if err != nil {
		return err
	}
	_, err = deploy.AddPacks(ctx, cfg, userPacks{a}, deploy.Cache(cache), deploy.PackRules{})
	return err
}

// loadRecorded reads the pipeline that a recorded pack brought.
func (a *app) loadRecorded(ctx context.Context, ref codegen.PackRef, project string) (*config.Config, hcl.Diagnostics, error) {
	pack, err := userPacks{a}.Recorded(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	return a.loadPack(ctx, pack, project)
}

func (a *app) loadPack(ctx context.Context, pack *market.Pack, project string) (*config.Config, hcl.Diagnostics, error) {
	cache, err := a.cache()
	if err != nil {
		return nil, nil, err
	}
	cfg, warnings, err := deploy.LoadPack(ctx, deploy.Cache(cache), pack, project, version)
	if err != nil {
		return cfg, warnings, err
	}
	return cfg, warnings, a.addPacks(ctx, cfg)
}
