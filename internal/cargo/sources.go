package cargo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// CratesIODownload is the download template of crates.io, as its index's
// config.json gives it.
const CratesIODownload = "https://static.crates.io/crates"

// maxRegistryConfigBytes bounds a registry's config.json.
const maxRegistryConfigBytes = 1 << 20

// RegistryConfig is the config.json of a registry's index. Source:
// https://doc.rust-lang.org/cargo/reference/registry-index.html#index-configuration
type RegistryConfig struct {
	Download     string `json:"dl"`
	API          string `json:"api,omitempty"`
	AuthRequired bool   `json:"auth-required,omitempty"`
}

// ParseRegistryConfig reads the config.json of a registry's index.
func ParseRegistryConfig(data []byte) (RegistryConfig, error) {
	var c RegistryConfig
	if len(data) > maxRegistryConfigBytes {
		return c, fmt.Errorf("config.json of the registry: %d bytes, more than the limit of %d", len(data), maxRegistryConfigBytes)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("config.json of the registry: %w", err)
	}
	if c.Download == "" {
		return c, fmt.Errorf("config.json of the registry names no download address (dl)")
	}
	return c, nil
}

// Crate is one archive to fetch.
type Crate struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Registry is the source in the form of the lockfile.
	Registry string `json:"registry"`
	URL      string `json:"url"`
	// SHA256 is the archive's checksum in hexadecimal.
	SHA256 string `json:"sha256"`
}

// File is the archive's name: name-version.crate.
func (c Crate) File() string { return c.Name + "-" + c.Version + ".crate" }

// GitPackage is a package that comes from a git repository, pinned.
type GitPackage struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Source  Source `json:"source"`
}

// SourceSet is everything that a lockfile makes a build fetch, sorted by name
// and version.
type SourceSet struct {
	Crates []Crate      `json:"crates"`
	Git    []GitPackage `json:"git,omitempty"`
	// Local are the packages of the tree itself: members and path
	// dependencies.
	Local []Package `json:"local"`
}

// Sources lists what has to be fetched for a lockfile. Registries gives the
// config.json of each registry by its source as the lockfile writes it
// ("registry+https://…", "sparse+https://…"); crates.io is known without.
//
// It is an error, naming the crate, when a registry crate has no checksum, a
// registry is not known, or a git dependency is not pinned to a commit.
func Sources(lock *Lock, registries map[string]RegistryConfig) (SourceSet, error) {
	var set SourceSet
	byFile := map[string]Crate{}
	for _, p := range lock.Packages {
		switch {
		case p.Source == nil:
			set.Local = append(set.Local, p)
		case p.Source.Kind == SourceGit:
			if !isHex(p.Source.Revision, 40) {
				return SourceSet{}, fmt.Errorf("git dependency %s %s (%s) is not pinned to a commit in Cargo.lock; run `cargo generate-lockfile`", p.Name, p.Version, p.Source.URL)
			}
			set.Git = append(set.Git, GitPackage{Name: p.Name, Version: p.Version, Source: *p.Source})
		case p.Source.Kind == SourceOther:
			return SourceSet{}, fmt.Errorf("crate %s %s comes from %s; only registries and git can be fetched", p.Name, p.Version, clip(p.Source.URL))
		default:
			c, err := crateOf(p, registries)
			if err != nil {
				return SourceSet{}, err
			}
			if other, ok := byFile[c.File()]; ok {
				return SourceSet{}, fmt.Errorf("%s comes from both %s and %s; a vendor directory holds only one", c.File(), other.Registry, c.Registry)
			}
			byFile[c.File()] = c
			set.Crates = append(set.Crates, c)
		}
	}
	slices.SortFunc(set.Crates, func(a, b Crate) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return set, nil
}

func crateOf(p Package, registries map[string]RegistryConfig) (Crate, error) {
	if p.Checksum == "" {
		return Crate{}, fmt.Errorf("crate %s %s has no checksum in Cargo.lock, so what is fetched could not be verified; run `cargo generate-lockfile`", p.Name, p.Version)
	}
	config, ok := registries[p.Source.String()]
	if !ok && p.Source.IsCratesIO() {
		config, ok = RegistryConfig{Download: CratesIODownload}, true
	}
	if !ok {
		return Crate{}, fmt.Errorf("crate %s %s: the download address of registry %s is not known", p.Name, p.Version, p.Source)
	}
	u, err := config.CrateURL(p.Name, p.Version, p.Checksum)
	if err != nil {
		return Crate{}, fmt.Errorf("crate %s %s: %w", p.Name, p.Version, err)
	}
	return Crate{Name: p.Name, Version: p.Version, Registry: p.Source.String(), URL: u, SHA256: p.Checksum}, nil
}

// CrateURL is the address of one crate's archive.
func (c RegistryConfig) CrateURL(name, version, checksum string) (string, error) {
	template := c.Download
	scheme, rest, _ := strings.Cut(template, "://")
	if host, _, _ := strings.Cut(rest, "/"); scheme != "https" && scheme != "http" || host == "" || strings.Contains(host, "{") {
		return "", fmt.Errorf("download address %q is not an HTTP address", clip(template))
	}
	if !strings.Contains(template, "{crate}") && !strings.Contains(template, "{version}") &&
		!strings.Contains(template, "{prefix}") && !strings.Contains(template, "{lowerprefix}") &&
		!strings.Contains(template, "{sha256-checksum}") {
		template = strings.TrimSuffix(template, "/") + "/{crate}/{version}/download"
	}
	prefix := indexPrefix(name)
	address := strings.NewReplacer(
		"{crate}", name,
		"{version}", version,
		"{prefix}", prefix,
		"{lowerprefix}", strings.ToLower(prefix),
		"{sha256-checksum}", checksum,
	).Replace(template)
	if _, err := url.Parse(address); err != nil {
		return "", fmt.Errorf("download address %q: %w", clip(address), err)
	}
	return address, nil
}

// indexPrefix is the directory of a crate in an index. Source:
// https://doc.rust-lang.org/cargo/reference/registry-index.html#index-files
func indexPrefix(name string) string {
	switch len(name) {
	case 0:
		return ""
	case 1, 2:
		return fmt.Sprint(len(name))
	case 3:
		return "3/" + name[:1]
	}
	return name[:2] + "/" + name[2:4]
}
