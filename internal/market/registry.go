package market

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/pelletier/go-toml/v2"
)

// RegistrySource offers what an index of ggen lists: its registry's index.json
// or its marketplace's packages.toml.
type RegistrySource struct {
	name    string
	entries []Entry
	cache   *Cache
}

type registryIndex struct {
	Packs map[string]struct {
		ID          string                     `json:"id"`
		Name        string                     `json:"name"`
		Description string                     `json:"description"`
		Tags        []string                   `json:"tags"`
		Keywords    []string                   `json:"keywords"`
		Category    string                     `json:"category"`
		Author      string                     `json:"author"`
		Latest      string                     `json:"latest_version"`
		License     string                     `json:"license"`
		Homepage    string                     `json:"homepage"`
		Versions    map[string]registryVersion `json:"versions"`
	} `json:"packs"`
}

type registryVersion struct {
	Version string `json:"version"`
	GitURL  string `json:"git_url"`
	GitRev  string `json:"git_rev"`
	SHA256  string `json:"sha256"`
}

type registryPackages struct {
	Package []struct {
		Name        string   `toml:"name"`
		Version     string   `toml:"version"`
		Description string   `toml:"description"`
		Category    string   `toml:"category"`
		Author      string   `toml:"author"`
		License     string   `toml:"license"`
		Repository  string   `toml:"repository"`
		Tags        []string `toml:"tags"`
		Keywords    []string `toml:"keywords"`
	} `toml:"package"`
}

// NewRegistrySource reads an index.json or a packages.toml of ggen; name is for
// locks and errors.
func NewRegistrySource(name string, data []byte, cache *Cache) (*RegistrySource, error) {
	s := &RegistrySource{name: name, cache: cache}
	var ix registryIndex
	if err := json.Unmarshal(data, &ix); err == nil {
		for _, p := range ix.Packs {
			for _, v := range p.Versions {
				location, err := json.Marshal(v)
				if err != nil {
					return nil, err
				}
				s.entries = append(s.entries, Entry{Location: string(location), Manifest: Manifest{
					ID: p.ID, Version: v.Version, Name: p.Name, Description: p.Description, License: p.License,
					Keywords: append(p.Tags, p.Keywords...), Category: p.Category, Authors: []string{p.Author}, Homepage: p.Homepage,
				}})
			}
		}
		return s, nil
	}
	var list registryPackages
	if err := toml.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s is neither an index.json nor a packages.toml: %w", name, err)
	}
	for _, p := range list.Package {
		s.entries = append(s.entries, Entry{Manifest: Manifest{
			ID: p.Name, Version: p.Version, Description: p.Description, License: p.License,
			Keywords: append(p.Tags, p.Keywords...), Category: p.Category, Authors: []string{p.Author}, Homepage: p.Repository,
		}})
	}
	return s, nil
}

// Name implements [Source].
func (s *RegistrySource) Name() string { return s.name }

// List implements [Source].
func (s *RegistrySource) List(context.Context) ([]Entry, []error, error) { return s.entries, nil, nil }

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Open implements [Source]. A pack is fetched at its commit, which is a hash of
// the content (of what the sha256 is one, ggen does not say); an entry with a
// placeholder for either is refused.
func (s *RegistrySource) Open(ctx context.Context, e Entry) (*Pack, error) {
	if e.Location == "" {
		return nil, errors.New("the registry gives neither a commit nor a hash, so the pack can't be checked and is refused")
	}
	var v registryVersion
	if err := json.Unmarshal([]byte(e.Location), &v); err != nil {
		return nil, err
	}
	if !gitCommit.MatchString(v.GitRev) || !sha256Hex.MatchString(v.SHA256) {
		return nil, fmt.Errorf("the registry gives git_rev %q and sha256 %q, which are placeholders: the pack can't be checked and is refused", v.GitRev, v.SHA256)
	}
	git, err := NewGitSource(v.GitURL, v.GitRev, "", s.cache)
	if err != nil {
		return nil, err
	}
	fsys, err := git.Fetch(ctx)
	if err != nil {
		return nil, err
	}
	return ReadPack(fsys, e.ID, git.Name())
}
