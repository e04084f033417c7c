package deploy

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/sixtyhq/sixty/internal/cargo"
)

// maxRegistryConfig bounds a registry's config.json, in bytes.
const maxRegistryConfig = 64 << 10

// registries asks each registry of a lockfile, but for crates.io whose answer is
// known, where its crates are downloaded from: that stands in the config.json
// of its index. Answers are kept in the cache folder, so later runs need no
// network; what is downloaded is pinned by the lockfile's checksums either way.
func registries(ctx context.Context, cache string, lock *cargo.Lock) (map[string]cargo.RegistryConfig, error) {
	file := filepath.Join(cache, "registries.json")
	known := map[string]cargo.RegistryConfig{}
	if b, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(b, &known); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the registries that are known: %w", err)
	}
	changed := false
	for _, p := range lock.Packages {
		s := p.Source
		if s == nil || s.IsCratesIO() || s.Kind != cargo.SourceRegistry && s.Kind != cargo.SourceSparse {
			continue
		}
		if _, ok := known[s.String()]; ok {
			continue
		}
		url := s.ConfigURL()
		if url == "" {
			return nil, mistakef("%s comes from the registry %s, whose index is a git repository; sixty reads sparse indexes (sparse+https://…)", p.ID(), s.URL)
		}
		config, err := registryConfig(ctx, url)
		if err != nil {
			return nil, fmt.Errorf("%s comes from the registry %s: %w", p.ID(), s.URL, err)
		}
		known[s.String()] = config
		changed = true
	}
	if !changed {
		return known, nil
	}
	b, err := json.MarshalIndent(known, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, fmt.Errorf("keep the registries that are known: %w", err)
	}
	// Another process may write the same answers at the same time.
	tmp := file + ".new-" + rand.Text()
	defer os.Remove(tmp) // gone when renamed
	if err := errors.Join(os.WriteFile(tmp, append(b, '\n'), 0o644), os.Rename(tmp, file)); err != nil {
		return nil, fmt.Errorf("keep the registries that are known: %w", err)
	}
	return known, nil
}

func registryConfig(ctx context.Context, url string) (cargo.RegistryConfig, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return cargo.RegistryConfig{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return cargo.RegistryConfig{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return cargo.RegistryConfig{}, fmt.Errorf("get %s: %s", url, resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxRegistryConfig+1))
	if err != nil {
		return cargo.RegistryConfig{}, fmt.Errorf("get %s: %w", url, err)
	}
	if len(b) > maxRegistryConfig {
		return cargo.RegistryConfig{}, fmt.Errorf("get %s: more than %d bytes", url, maxRegistryConfig)
	}
	config, err := cargo.ParseRegistryConfig(b)
	if err != nil {
		return config, fmt.Errorf("get %s: %w", url, err)
	}
	if config.AuthRequired {
		return config, errors.New("it asks for a token, which sixty can't give yet")
	}
	return config, nil
}
