package market

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Config is what a user added to the market.
type Config struct {
	Version int          `json:"version"`
	Sources []SourceSpec `json:"sources"`
}

// SourceSpec is one source that a user added.
type SourceSpec struct {
	Dir string `json:"dir,omitempty"` // an absolute path
}

const configVersion = 1

// ConfigPath is where a user's [Config] lives: sixty/market.json in the user's
// configuration folder.
func ConfigPath() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the configuration folder: %w", err)
	}
	return filepath.Join(dir, "sixty", "market.json"), nil
}

// ReadConfig reads a configuration; a file that does not exist is an empty one.
func ReadConfig(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{Version: configVersion}, nil
	}
	if err != nil {
		return Config{}, fmt.Errorf("read the market's sources: %w", err)
	}
	var c Config
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("read the market's sources: %s: %w", path, err)
	}
	if c.Version != configVersion {
		return Config{}, fmt.Errorf("%s has version %d, this sixty reads version %d", path, c.Version, configVersion)
	}
	return c, nil
}

// Write replaces the configuration file.
func (c Config) Write(path string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write the market's sources: %w", err)
	}
	return replaceFile(path, append(data, '\n'))
}

// AddDir reads the packs of a directory and adds it to the sources. It gives
// the packs found; a directory without a pack, or with a faulty one, is an
// error and is not added.
func (c *Config) AddDir(ctx context.Context, dir string) ([]Entry, error) {
	s, err := NewDirSource(dir)
	if err != nil {
		return nil, err
	}
	entries, faults, err := s.List(ctx)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s and the folders in it: %w", dir, ErrNoManifest)
	}
	spec := SourceSpec{Dir: s.Name()}
	if !slices.Contains(c.Sources, spec) {
		c.Sources = append(c.Sources, spec)
	}
	return entries, nil
}

// RemoveDir takes a directory off the sources and reports whether it was one.
func (c *Config) RemoveDir(dir string) (bool, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return false, err
	}
	i := slices.Index(c.Sources, SourceSpec{Dir: abs})
	if i < 0 {
		return false, nil
	}
	c.Sources = slices.Delete(c.Sources, i, i+1)
	return true, nil
}

// Open gives the sources. One that is gone is left out and told as an error
// beside the rest.
func (c Config) Open() ([]Source, []error) {
	var sources []Source
	var faults []error
	for _, spec := range c.Sources {
		s, err := NewDirSource(spec.Dir)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		sources = append(sources, s)
	}
	return sources, faults
}

// replaceFile writes a file so that a reader sees the old content or the new.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
