package cargo

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

const (
	// MaxLockBytes bounds a Cargo.lock. The largest ones in the wild stay
	// under 1 MiB.
	MaxLockBytes = 16 << 20
	// maxLockPackages bounds the packages of one lockfile.
	maxLockPackages = 50_000
)

// Lock is a parsed Cargo.lock.
type Lock struct {
	// Version is the format's version, 1 to 4. Formats 1 and 2 do not name
	// themselves: 1 keeps checksums in its metadata table, 2 in the package.
	Version  int       `json:"version"`
	Packages []Package `json:"packages"`
}

// Package is one package of a lockfile.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Source is nil for path dependencies and workspace members.
	Source *Source `json:"source,omitempty"`
	// Checksum is the SHA-256 of the .crate archive in hexadecimal, empty
	// where the lockfile has none.
	Checksum string `json:"checksum,omitempty"`
	// Dependencies are indexes into Lock.Packages, in the lockfile's order.
	Dependencies []int `json:"dependencies,omitempty"`
}

// ID names the package as cargo does where a name alone is not enough.
func (p Package) ID() string {
	if p.Source == nil {
		return p.Name + " " + p.Version
	}
	return p.Name + " " + p.Version + " (" + p.Source.String() + ")"
}

type rawLock struct {
	Version  *int              `toml:"version"`
	Root     *rawPackage       `toml:"root"`
	Packages []rawPackage      `toml:"package"`
	Metadata map[string]string `toml:"metadata"`
}

type rawPackage struct {
	Name         string   `toml:"name"`
	Version      string   `toml:"version"`
	Source       string   `toml:"source"`
	Checksum     string   `toml:"checksum"`
	Dependencies []string `toml:"dependencies"`
	Replace      string   `toml:"replace"`
}

// ParseLock reads a Cargo.lock of format 1, 2, 3 or 4. Errors name the package
// or the line at fault.
func ParseLock(data []byte) (*Lock, error) {
	if len(data) > MaxLockBytes {
		return nil, fmt.Errorf("Cargo.lock: %d bytes, more than the limit of %d", len(data), MaxLockBytes)
	}
	if line := conflictMarker(data); line > 0 {
		return nil, fmt.Errorf("Cargo.lock:%d: a merge conflict is not resolved", line)
	}
	var raw rawLock
	if err := toml.Unmarshal(data, &raw); err != nil {
		return nil, tomlError("Cargo.lock", err)
	}
	if raw.Root != nil { // lockfiles from before cargo 1.16
		raw.Packages = append([]rawPackage{*raw.Root}, raw.Packages...)
	}
	if len(raw.Packages) > maxLockPackages {
		return nil, fmt.Errorf("Cargo.lock: %d packages, more than the limit of %d", len(raw.Packages), maxLockPackages)
	}
	version, err := lockVersion(raw)
	if err != nil {
		return nil, err
	}
	lock := &Lock{Version: version, Packages: make([]Package, 0, len(raw.Packages))}
	seen := make(map[string]bool, len(raw.Packages))
	for _, rp := range raw.Packages {
		p, err := lockPackage(rp, version, raw.Metadata)
		if err != nil {
			return nil, err
		}
		if seen[p.ID()] {
			return nil, fmt.Errorf("Cargo.lock: package %s is listed twice", p.ID())
		}
		seen[p.ID()] = true
		lock.Packages = append(lock.Packages, p)
	}
	if err := resolveDependencies(lock, raw.Packages); err != nil {
		return nil, err
	}
	return lock, nil
}

func lockVersion(raw rawLock) (int, error) {
	switch {
	case raw.Version == nil && len(raw.Metadata) > 0:
		return 1, nil
	case raw.Version == nil:
		for _, p := range raw.Packages {
			if p.Checksum != "" {
				return 2, nil
			}
		}
		return 1, nil
	case *raw.Version < 1 || *raw.Version > 4:
		return 0, fmt.Errorf("Cargo.lock: version = %d is not known; 1 to 4 are", *raw.Version)
	default:
		return *raw.Version, nil
	}
}

func lockPackage(rp rawPackage, version int, metadata map[string]string) (Package, error) {
	if err := checkName(rp.Name); err != nil {
		return Package{}, fmt.Errorf("Cargo.lock: %w", err)
	}
	if err := checkVersion(rp.Version); err != nil {
		return Package{}, fmt.Errorf("Cargo.lock: package %s: %w", rp.Name, err)
	}
	p := Package{Name: rp.Name, Version: rp.Version, Checksum: rp.Checksum}
	if rp.Source != "" {
		s, err := parseSource(rp.Source, version >= 4)
		if err != nil {
			return Package{}, fmt.Errorf("Cargo.lock: package %s %s: %w", rp.Name, rp.Version, err)
		}
		p.Source = &s
	}
	if p.Checksum == "" {
		p.Checksum = metadata["checksum "+rp.Name+" "+rp.Version+" ("+rp.Source+")"]
	}
	if p.Checksum == "<none>" { // what format 1 writes for git dependencies
		p.Checksum = ""
	}
	if p.Checksum != "" && !isHex(p.Checksum, 64) {
		return Package{}, fmt.Errorf("Cargo.lock: package %s %s: checksum %q is not a SHA-256 in hexadecimal", rp.Name, rp.Version, clip(p.Checksum))
	}
	return p, nil
}

// resolveDependencies turns each "name", "name version" or
// "name version (source)" into the index of the one package it can mean.
func resolveDependencies(lock *Lock, raws []rawPackage) error {
	byName := make(map[string][]int, len(lock.Packages))
	for i, p := range lock.Packages {
		byName[p.Name] = append(byName[p.Name], i)
	}
	for i, rp := range raws {
		for _, dep := range rp.Dependencies {
			j, err := resolveDependency(lock, byName, dep)
			if err != nil {
				return fmt.Errorf("Cargo.lock: package %s %s: dependency %q %w", rp.Name, rp.Version, clip(dep), err)
			}
			lock.Packages[i].Dependencies = append(lock.Packages[i].Dependencies, j)
		}
	}
	return nil
}

func resolveDependency(lock *Lock, byName map[string][]int, dep string) (int, error) {
	fields := strings.SplitN(dep, " ", 3)
	candidates := byName[fields[0]]
	var source *Source
	if len(fields) == 3 {
		s, err := parseSource(strings.TrimSuffix(strings.TrimPrefix(fields[2], "("), ")"), lock.Version >= 4)
		if err != nil {
			return 0, fmt.Errorf("has a source that can't be read: %w", err)
		}
		source = &s
	}
	found := -1
	for _, i := range candidates {
		p := lock.Packages[i]
		if len(fields) > 1 && p.Version != fields[1] {
			continue
		}
		if source != nil && (p.Source == nil || !p.Source.sameOrigin(*source)) {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("is ambiguous: %s and %s", lock.Packages[found].ID(), p.ID())
		}
		found = i
	}
	if found < 0 {
		return 0, errors.New("is not among the packages")
	}
	return found, nil
}

// checkName applies the rules that cargo has for any package name, which are
// wider than those of crates.io: no path, no whitespace, no control characters.
func checkName(name string) error {
	if name == "" {
		return errors.New("a package has no name")
	}
	ok := len(name) <= 128 && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r < 0x80 || r == 0xFFFD
	}) && name[0] != '-'
	if !ok {
		return fmt.Errorf("package name %q is not valid", clip(name))
	}
	return nil
}

// checkVersion accepts what can be a semantic version, and so can't be a path.
func checkVersion(version string) error {
	ok := version != "" && len(version) <= 256 && version[0] >= '0' && version[0] <= '9' &&
		!strings.ContainsFunc(version, func(r rune) bool {
			return r != '.' && r != '-' && r != '+' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		})
	if !ok {
		return fmt.Errorf("version %q is not a semantic version", clip(version))
	}
	return nil
}

// conflictMarker returns the line of a merge conflict marker, or 0.
func conflictMarker(data []byte) int {
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if bytes.HasPrefix(line, []byte("<<<<<<< ")) || bytes.HasPrefix(line, []byte(">>>>>>> ")) {
			return n
		}
	}
	return 0
}

func isHex(s string, length int) bool {
	return len(s) == length && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'f')
	})
}

// clip shortens hostile text for an error message.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…(" + strconv.Itoa(len(s)) + " bytes)"
	}
	return s
}

// tomlError adds file, line and column, which go-toml keeps apart.
func tomlError(file string, err error) error {
	if de, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, col := de.Position()
		return fmt.Errorf("%s:%d:%d: %w", file, row, col, err)
	}
	return fmt.Errorf("%s: %w", file, err)
}
