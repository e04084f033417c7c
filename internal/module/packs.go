package module

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
)

// packs is the market of the packs that ship with sixty.
type packs struct{}

// Resolve finds a pack and all that it depends on.
func (m packs) Resolve(ctx context.Context, id, constraint string, pins market.Pins) (*concept.Packs, error) {
	catalog, err := m.catalog(ctx)
	if err != nil {
		return nil, err
	}
	all, err := catalog.ResolveAll(ctx, id, constraint, pins)
	if err != nil {
		return nil, err
	}
	return concept.Together(all), nil
}

// Recorded finds the pack that a folder was generated from.
func (m packs) Recorded(ctx context.Context, ref codegen.PackRef) (*market.Pack, error) {
	catalog, err := m.catalog(ctx)
	if err != nil {
		return nil, err
	}
	p, err := catalog.Resolve(ctx, ref.ID, "= "+ref.Version)
	if err == nil && p.Digest != ref.Digest {
		err = fmt.Errorf("the folder was generated from %s %s with the content %s; the one that ships with sixty has %s", ref.ID, ref.Version, ref.Digest, p.Digest)
	}
	return p, err
}

// Accept takes the packs that ship with sixty, which are as trustworthy as sixty
// itself. There are no others.
func (packs) Accept(context.Context, []string, []*market.Pack) error { return nil }

func (packs) catalog(ctx context.Context) (*market.Catalog, error) {
	catalog, err := market.OpenCatalog(ctx, concept.Shipped())
	if err != nil {
		return nil, fmt.Errorf("open the market: %w", err)
	}
	return catalog, nil
}

// Packs are the packs that ship with sixty, by id.
func Packs(ctx context.Context) ([]string, error) {
	entries, faults, err := concept.Shipped().List(ctx)
	if err := errors.Join(append(slices.Clone(faults), err)...); err != nil {
		return nil, fmt.Errorf("list the packs: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if !slices.Contains(ids, e.ID) {
			ids = append(ids, e.ID)
		}
	}
	slices.Sort(ids)
	return ids, nil
}
