// Package concept is the first stage: it finds the template of a crate in the
// market of packs.
package concept

import (
	"context"
	"fmt"

	"github.com/sixtyhq/sixty/examples/packs"
	"github.com/sixtyhq/sixty/internal/market"
)

// Catalog opens the market: the packs that ship with sixty and those that the
// user added, whose configuration lies at configPath. Sources that are gone
// come back as faults.
func Catalog(ctx context.Context, configPath string) (*market.Catalog, []error, error) {
	cfg, err := market.ReadConfig(configPath)
	if err != nil {
		return nil, nil, err
	}
	added, faults := cfg.Open()
	sources := append(added, market.NewFSSource("shipped with sixty", packs.FS))
	catalog, err := market.OpenCatalog(ctx, sources...)
	if err != nil {
		return nil, faults, err
	}
	return catalog, append(faults, catalog.Faults...), nil
}

// Resolve finds the newest version of a pack that satisfies a constraint. An
// unknown pack gives a *market.UnknownPackError, which names the nearest ones.
func Resolve(ctx context.Context, configPath, id, constraint string) (*market.Pack, error) {
	catalog, _, err := Catalog(ctx, configPath)
	if err != nil {
		return nil, fmt.Errorf("open the market: %w", err)
	}
	return catalog.Resolve(ctx, id, constraint)
}
