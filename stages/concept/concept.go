// Package concept is the first stage: it finds the template of a crate in the
// market of packs.
package concept

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sixtyhq/sixty/examples/packs"
	"github.com/sixtyhq/sixty/internal/market"
)

// Catalog opens the market: the packs that ship with sixty and those that the
// user added, whose configuration lies at configPath. The openers make the
// sources that are not directories, see [market.Config.Open]. Sources that are
// gone come back as faults.
func Catalog(ctx context.Context, configPath string, openers ...market.Opener) (*market.Catalog, []error, error) {
	cfg, err := market.ReadConfig(configPath)
	if err != nil {
		return nil, nil, err
	}
	added, faults := cfg.Open(openers...)
	catalog, err := market.OpenCatalog(ctx, append(added, Shipped())...)
	if err != nil {
		return nil, faults, err
	}
	return catalog, append(faults, catalog.Faults...), nil
}

// Shipped is the source of the packs that ship with sixty.
func Shipped() market.Source { return market.NewFSSource("shipped with sixty", packs.FS) }

// NotShipped are those of some packs that do not ship with sixty, by content.
func NotShipped(ctx context.Context, packs []*market.Pack) ([]*market.Pack, error) {
	shipped, err := market.OpenCatalog(ctx, Shipped())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(packs), func(p *market.Pack) bool {
		own, err := shipped.Resolve(ctx, p.ID, "= "+p.Version)
		return err == nil && own.Digest == p.Digest
	}), nil
}

// Packs are a pack and all that it depends on.
type Packs struct {
	*market.Pack
	// Dependencies come each after those that it depends on itself.
	Dependencies []*market.Pack
}

// Resolve finds the newest version of a pack that satisfies a constraint, or the
// pinned one, and all that it depends on. An unknown pack gives a
// *market.UnknownPackError, which names the nearest ones.
func Resolve(ctx context.Context, configPath, id, constraint string, pins market.Pins, openers ...market.Opener) (*Packs, error) {
	catalog, faults, err := Catalog(ctx, configPath, openers...)
	if err != nil {
		return nil, fmt.Errorf("open the market: %w", err)
	}
	packs, err := catalog.ResolveAll(ctx, id, constraint, pins)
	var unknown *market.UnknownPackError
	if errors.As(err, &unknown) {
		unknown.Faults = faults // a source that is gone may have had it
	}
	if err != nil {
		return nil, err
	}
	return Together(packs), nil
}

// Together makes Packs of what [market.Catalog.ResolveAll] gives.
func Together(packs []*market.Pack) *Packs {
	last := len(packs) - 1
	return &Packs{packs[last], packs[:last]}
}

// All are the packs in the order in which they render.
func (p *Packs) All() []*market.Pack {
	return append(slices.Clone(p.Dependencies), p.Pack)
}
