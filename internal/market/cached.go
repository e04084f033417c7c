package market

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// Fetching says when a source that needs a network is asked what it has.
type Fetching int

const (
	// PreferCache asks only if it was never asked before.
	PreferCache Fetching = iota
	// Refresh always asks, and falls back to the last answer.
	Refresh
)

// CachedSource remembers what a source lists, so that a catalog opens without a
// network.
type CachedSource struct {
	Source
	cache *Cache
	fetch Fetching
}

// NewCachedSource wraps a source.
func NewCachedSource(s Source, cache *Cache, fetch Fetching) *CachedSource {
	return &CachedSource{s, cache, fetch}
}

// listing is a remembered answer.
type listing struct {
	Source  string  `json:"source"`
	Entries []Entry `json:"entries"`
}

// List implements [Source].
func (s *CachedSource) List(ctx context.Context) ([]Entry, []error, error) {
	file := filepath.Join(s.cache.dir, "listings", fileKey(s.Name())+".json")
	known, readErr := readListing(file, s.Name())
	if s.fetch == PreferCache && readErr == nil {
		return known, nil, nil
	}
	entries, faults, err := s.Source.List(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(entries) == 0 && len(faults) > 0 && readErr == nil {
		return known, []error{fmt.Errorf("%w; what %s listed last time is used", errors.Join(faults...), s.Name())}, nil
	}
	if len(faults) == 0 {
		if err := writeListing(file, listing{s.Name(), entries}); err != nil {
			return nil, nil, fmt.Errorf("remember what %s lists: %w", s.Name(), err)
		}
	}
	return entries, faults, nil
}

func readListing(file, source string) ([]Entry, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var l listing
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, err
	}
	if l.Source != source {
		return nil, errors.New("a listing of another source")
	}
	return l.Entries, nil
}

func writeListing(file string, l listing) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return replaceFile(file, data)
}

// Opener makes the source of a spec; ok is false for one it does not know.
type Opener func(SourceSpec) (s Source, ok bool, err error)

// GitOpener opens git repositories.
func GitOpener(cache *Cache) Opener {
	return func(spec SourceSpec) (Source, bool, error) {
		if spec.Git == "" {
			return nil, false, nil
		}
		s, err := NewGitSource(spec.Git, spec.Ref, spec.Subdir, cache)
		return s, true, err
	}
}

// HTTPOpener opens indexes on web servers.
func HTTPOpener(cache *Cache, client *http.Client) Opener {
	return func(spec SourceSpec) (Source, bool, error) {
		if spec.HTTP == "" {
			return nil, false, nil
		}
		s, err := NewHTTPSource(spec.HTTP, client, cache)
		return s, true, err
	}
}

// Caching opens what the openers open, and remembers what it lists.
func Caching(cache *Cache, fetch Fetching, openers ...Opener) Opener {
	return func(spec SourceSpec) (Source, bool, error) {
		for _, o := range openers {
			s, ok, err := o(spec)
			if err != nil {
				return nil, ok, err
			}
			if ok {
				return NewCachedSource(s, cache, fetch), true, nil
			}
		}
		return nil, false, nil
	}
}
