package main

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/sixtyhq/sixty/cmd/sixty/packregistry"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
)

// userMarket is the market of this user: where its configuration lies, what
// opens its sources, and where fetched packs are kept.
type userMarket struct {
	config  string
	dir     string // of the cache and the search index
	openers []market.Opener
	cache   *market.Cache
}

func (a *app) market(fetch market.Fetching) (*userMarket, error) {
	config, err := market.ConfigPath()
	if err != nil {
		return nil, err
	}
	dir, err := a.cache()
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "packs")
	cache := market.NewCache(dir)
	return &userMarket{config: config, dir: dir, cache: cache, openers: []market.Opener{market.Caching(cache, fetch,
		market.GitOpener(cache),
		market.HTTPOpener(cache, http.DefaultClient),
		packregistry.Opener(cache, packregistry.Options{}),
	)}}, nil
}

// catalog opens all sources; those that are gone are warnings.
func (a *app) catalog(ctx context.Context, m *userMarket) (*market.Catalog, error) {
	catalog, faults, err := concept.Catalog(ctx, m.config, m.openers...)
	for _, f := range faults {
		fmt.Fprintf(a.stderr, "Warning: %s\n", deploy.Readable(f.Error()))
	}
	return catalog, err
}

// fetchGit gets a folder of a git repository, for projects that name packs so.
func (m *userMarket) fetchGit(ctx context.Context, address, version, subdir string) (fs.FS, error) {
	s, err := market.NewGitSource(address, version, subdir, m.cache)
	if err != nil {
		return nil, err
	}
	return s.Fetch(ctx)
}

// sourceSpec reads a source as it stands on the command line: oci://REPOSITORY,
// the address of an index.json, a git address, or a directory.
func sourceSpec(arg, ref, subdir string) (market.SourceSpec, error) {
	spec := market.SourceSpec{Ref: ref, Subdir: subdir}
	isDir := false
	if st, err := os.Stat(arg); err == nil {
		isDir = st.IsDir()
	}
	repository, isOCI := strings.CutPrefix(arg, "oci://")
	web := strings.HasPrefix(arg, "https://") || strings.HasPrefix(arg, "http://")
	git, forced := strings.CutPrefix(arg, "git+")
	switch {
	case isOCI:
		spec.OCI = repository
	case web && strings.HasSuffix(arg, ".json"):
		spec.HTTP = arg
	case forced:
		spec.Git = git
	case !isDir && (strings.Contains(arg, "://") || strings.HasPrefix(arg, "git@")) || ref != "" || subdir != "":
		spec.Git = arg
		if isDir {
			abs, err := filepath.Abs(arg)
			if err != nil {
				return spec, err
			}
			spec.Git = abs
		}
	default:
		abs, err := filepath.Abs(arg)
		if err != nil {
			return spec, err
		}
		spec.Dir = abs
	}
	if spec.Git == "" && (ref != "" || subdir != "") {
		return spec, usagef("--ref and --subdir are for git repositories, and %s is none", arg)
	}
	return spec, nil
}
