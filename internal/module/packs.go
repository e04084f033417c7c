package module

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
)

// packs is the market of a session: the directories that were given, and the packs
// that ship with sixty.
type packs struct {
	session *session
	// dirs are the given ones, by where they lie in the session.
	dirs []string
}

// fetchPacks brings the given directories to this machine.
func (s *session) fetchPacks(ctx context.Context) (packs, error) {
	p := packs{session: s}
	for i, d := range s.inputs.Packs {
		dir := s.path("given-packs", strconv.Itoa(i))
		if _, err := d.Export(ctx, dir); err != nil {
			return p, fmt.Errorf("get the packs: %w", err)
		}
		p.dirs = append(p.dirs, dir)
	}
	return p, nil
}

// catalog opens the market. What is wrong with a directory that was given is told.
func (p packs) catalog(ctx context.Context) (*market.Catalog, error) {
	var sources []market.Source
	for i, dir := range p.dirs {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, fmt.Errorf("open the packs: %w", err)
		}
		// The folder is this session's; reports and locks call it otherwise.
		sources = append(sources, market.NewFSSource(fmt.Sprintf("with-packs %d", i+1), root.FS()))
	}
	catalog, err := market.OpenCatalog(ctx, append(sources, concept.Shipped())...)
	if err != nil {
		return nil, fmt.Errorf("open the market: %w", err)
	}
	for _, fault := range catalog.Faults {
		log{}.Note("Warning: %v", fault)
	}
	return catalog, nil
}

// Resolve finds a pack and all that it depends on.
func (p packs) Resolve(ctx context.Context, id, constraint string, pins market.Pins) (*concept.Packs, error) {
	catalog, err := p.catalog(ctx)
	if err != nil {
		return nil, err
	}
	all, err := catalog.ResolveAll(ctx, id, constraint, pins)
	var unknown *market.UnknownPackError
	if errors.As(err, &unknown) {
		unknown.Faults = catalog.Faults // a folder that can't be read may have had it
	}
	if err != nil {
		return nil, err
	}
	return concept.Together(all), nil
}

// Recorded finds the pack that a folder was generated from.
func (p packs) Recorded(ctx context.Context, ref codegen.PackRef) (*market.Pack, error) {
	catalog, err := p.catalog(ctx)
	if err != nil {
		return nil, err
	}
	return catalog.Recorded(ctx, market.NewCache(p.session.host.Cache.Packs()), ref.ID, ref.Version, ref.Digest)
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
