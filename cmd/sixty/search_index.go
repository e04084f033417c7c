package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sixtyhq/sixty/cmd/sixty/packindex"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
)

// searchIndexPath is where the search index of the market as it is now lies, if
// sixty market update made it. The name has a digest of the sources and of what
// those list that can change without an update, so an index that is out of date
// is not found. A market without remote sources has none: it is listed faster
// than an index is checked.
func (m *userMarket) searchIndexPath(ctx context.Context) (path string, ok bool, err error) {
	cfg, err := market.ReadConfig(m.config)
	if err != nil {
		return "", false, err
	}
	local := market.Config{}
	for _, spec := range cfg.Sources {
		if spec.Dir != "" {
			local.Sources = append(local.Sources, spec)
		}
	}
	if len(local.Sources) == len(cfg.Sources) {
		return "", false, nil
	}
	h := sha256.New()
	enc := json.NewEncoder(h)
	if err := enc.Encode(cfg); err != nil {
		return "", false, err
	}
	sources, faults := local.Open()
	for _, s := range append(sources, concept.Shipped()) {
		entries, more, err := s.List(ctx)
		if err != nil {
			return "", false, nil //nolint:nilerr // the catalog tells of it
		}
		faults = append(faults, more...)
		if err := enc.Encode(entries); err != nil {
			return "", false, err
		}
	}
	if len(faults) > 0 {
		return "", false, nil // the catalog tells of them
	}
	return filepath.Join(m.dir, "search", hex.EncodeToString(h.Sum(nil))+".db"), true, nil
}

// buildSearchIndex replaces the search index.
func (m *userMarket) buildSearchIndex(ctx context.Context, listings []packindex.Listing) error {
	path, ok, err := m.searchIndexPath(ctx)
	if err != nil || !ok {
		return err
	}
	if err := m.dropSearchIndex(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("build the search index: %w", err)
	}
	return packindex.Build(ctx, path, listings...)
}

func (m *userMarket) dropSearchIndex() error {
	if err := os.RemoveAll(filepath.Join(m.dir, "search")); err != nil {
		return fmt.Errorf("drop the search index: %w", err)
	}
	return nil
}

// openIndex opens the search index, where there is one that holds; else nil.
func (m *userMarket) openIndex(ctx context.Context) (*packindex.Index, error) {
	path, ok, err := m.searchIndexPath(ctx)
	if err != nil || !ok {
		return nil, err
	}
	index, err := packindex.Open(ctx, path)
	if err != nil {
		return nil, nil //nolint:nilerr // the catalog does without
	}
	return index, nil
}

// search searches the index where there is one that holds, else the catalog.
func (a *app) search(ctx context.Context, m *userMarket, q market.Query) ([]market.Hit, error) {
	index, err := m.openIndex(ctx)
	if err != nil {
		return nil, err
	}
	if index != nil {
		defer index.Close()
		return index.Search(ctx, q)
	}
	catalog, err := a.catalog(ctx, m)
	if err != nil {
		return nil, err
	}
	return catalog.Search(q), nil
}

// resolving gives find a catalog to resolve packs with: that of the index, see
// indexed, else the one of all that the sources list.
func (a *app) resolving(ctx context.Context, m *userMarket, find func(*market.Catalog) error) error {
	known, err := a.indexed(ctx, m, find)
	if known || err != nil {
		return err
	}
	catalog, err := a.catalog(ctx, m)
	if err != nil {
		return err
	}
	return find(catalog)
}

// indexed gives find a catalog that looks packs up in the index, where there is one
// that holds, and reports whether there is, and find knew its packs by it.
func (a *app) indexed(ctx context.Context, m *userMarket, find func(*market.Catalog) error) (known bool, err error) {
	index, err := m.openIndex(ctx)
	if index == nil || err != nil {
		return false, err
	}
	defer index.Close()
	err = a.fromIndex(m, index, find)
	var unknown *market.UnknownPackError
	if errors.As(err, &unknown) {
		return false, nil
	}
	return true, err
}

func (a *app) fromIndex(m *userMarket, index *packindex.Index, find func(*market.Catalog) error) error {
	cfg, err := market.ReadConfig(m.config)
	if err != nil {
		return err
	}
	added, faults := cfg.Open(m.openers...)
	for _, f := range faults {
		fmt.Fprintf(a.stderr, "Warning: %s\n", deploy.Readable(f.Error()))
	}
	return find(market.OpenLookup(func(ctx context.Context, id string) (map[string][]market.Entry, error) {
		listings, err := index.Find(ctx, id)
		out := map[string][]market.Entry{}
		for _, l := range listings {
			out[l.Source] = append(out[l.Source], l.Entries...)
		}
		return out, err
	}, append(added, concept.Shipped())...))
}
