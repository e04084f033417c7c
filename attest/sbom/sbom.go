// Package sbom writes bills of materials of a Rust crate from what its
// Cargo.lock names: CycloneDX 1.6 and SPDX 2.3, as JSON. The same crates give
// the same bytes.
package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Crate is one package of a lockfile.
type Crate struct {
	Name, Version string
	// Checksum is the SHA-256 of the .crate archive in hex, empty where the
	// lockfile has none.
	Checksum string
	// Source is where it comes from, in the lockfile's words
	// (registry+https://…, git+https://…#rev), empty for a local crate.
	Source string
	// Dependencies are indexes into Input.Crates.
	Dependencies []int
}

// Input is what a bill is made of.
type Input struct {
	Crates []Crate
	// Root is the index of the crate that the bill is about.
	Root int
	// Created is when; it is in the bill, so the same time gives the same
	// bytes.
	Created time.Time
	// Tool and ToolVersion are what made it.
	Tool, ToolVersion string
}

func (in Input) check() error {
	if in.Root < 0 || in.Root >= len(in.Crates) {
		return errors.New("sbom: the root is none of the crates")
	}
	for _, c := range in.Crates {
		if c.Name == "" || c.Version == "" {
			return fmt.Errorf("sbom: crate %q has no name or version", c.Name+c.Version)
		}
		for _, d := range c.Dependencies {
			if d < 0 || d >= len(in.Crates) {
				return fmt.Errorf("sbom: %s depends on crate %d, which there is not", c.Name, d)
			}
		}
	}
	return nil
}

// digest identifies the input, for names that have to be unique.
func (in Input) digest() (string, error) {
	in.Created = in.Created.UTC()
	raw, err := json.Marshal(in)
	if err != nil {
		return "", fmt.Errorf("sbom: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

const cratesIO = "registry+https://github.com/rust-lang/crates.io-index"

// PackageURL is the package URL of a crate
// (https://github.com/package-url/purl-spec, type cargo).
func (c Crate) PackageURL() string {
	p := "pkg:cargo/" + c.Name + "@" + strings.ReplaceAll(url.PathEscape(c.Version), "+", "%2B")
	switch {
	case strings.HasPrefix(c.Source, "git+"):
		// The fragment of the lockfile is the commit, which vcs_url
		// sets off with an at sign.
		address, commit, _ := strings.Cut(c.Source, "#")
		address, _, _ = strings.Cut(address, "?")
		p += "?vcs_url=" + url.QueryEscape(address+"@"+commit)
	case c.Source != "" && c.Source != cratesIO && !strings.HasPrefix(c.Source, "sparse+https://index.crates.io/"):
		_, address, _ := strings.Cut(c.Source, "+")
		p += "?repository_url=" + url.QueryEscape(address)
	}
	return p
}
