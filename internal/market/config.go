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
	"strings"
)

// Config is what a user added to the market.
type Config struct {
	Version int          `json:"version"`
	Sources []SourceSpec `json:"sources"`
}

// SourceSpec is one source that a user added: a directory, a git repository, an
// index on a web server, or a repository of an OCI registry.
type SourceSpec struct {
	Dir    string `json:"dir,omitempty"` // an absolute path
	Git    string `json:"git,omitempty"`
	Ref    string `json:"ref,omitempty"`    // git: branch, tag or commit
	Subdir string `json:"subdir,omitempty"` // git: the folder of the packs
	HTTP   string `json:"http,omitempty"`   // the address of an index.json
	OCI    string `json:"oci,omitempty"`    // registry/repository
}

// String names the source as `sixty market list` does.
func (s SourceSpec) String() string {
	switch {
	case s.Git != "":
		return "git " + strings.TrimSpace(s.Git+" "+s.Ref+" "+s.Subdir)
	case s.HTTP != "":
		return "http " + s.HTTP
	case s.OCI != "":
		return "oci " + s.OCI
	}
	return "dir " + s.Dir
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

// AddDir adds a directory, as [Config.Add].
func (c *Config) AddDir(ctx context.Context, dir string) ([]Entry, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("add the directory %s: %w", dir, err)
	}
	return c.Add(ctx, SourceSpec{Dir: abs})
}

// RemoveDir takes a directory off the sources and reports whether it was one.
func (c *Config) RemoveDir(dir string) (bool, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return false, err
	}
	return c.Remove(SourceSpec{Dir: abs}), nil
}

// Add reads the packs of a source, which openers make, and adds it. It gives the
// packs found; a source without a pack, or with a faulty one, is an error and is
// not added.
func (c *Config) Add(ctx context.Context, spec SourceSpec, openers ...Opener) ([]Entry, error) {
	s, err := open(spec, openers)
	if err != nil {
		return nil, err
	}
	entries, faults, err := s.List(ctx)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s: %w", spec, ErrNoManifest)
	}
	if !slices.Contains(c.Sources, spec) {
		c.Sources = append(c.Sources, spec)
	}
	return entries, nil
}

// Remove takes a source off and reports whether it was one.
func (c *Config) Remove(spec SourceSpec) bool {
	i := slices.Index(c.Sources, spec)
	if i < 0 {
		return false
	}
	c.Sources = slices.Delete(c.Sources, i, i+1)
	return true
}

// Open gives the sources; directories need no opener. A source that can't be
// opened is left out and told as an error beside the rest.
func (c Config) Open(openers ...Opener) ([]Source, []error) {
	var sources []Source
	var faults []error
	for _, spec := range c.Sources {
		s, err := open(spec, openers)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		sources = append(sources, s)
	}
	return sources, faults
}

func open(spec SourceSpec, openers []Opener) (Source, error) {
	if spec.Dir != "" {
		return NewDirSource(spec.Dir)
	}
	for _, o := range openers {
		s, ok, err := o(spec)
		if err != nil {
			return nil, fmt.Errorf("open the source %s: %w", spec, err)
		}
		if ok {
			return s, nil
		}
	}
	return nil, fmt.Errorf("the source %s can't be opened here", spec)
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
