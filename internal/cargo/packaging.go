package cargo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ParsePackageList reads the output of `cargo package --list`: the paths that
// the archive is going to hold.
func ParsePackageList(stdout []byte) ([]string, error) {
	var out []string
	for raw := range bytes.Lines(stdout) {
		line := strings.TrimRight(string(raw), "\r\n")
		if line == "" {
			continue
		}
		line = strings.ReplaceAll(line, "\\", "/")
		if !fs.ValidPath(line) {
			return nil, fmt.Errorf("cargo package --list: %q is not a path in a crate", clip(line))
		}
		out = append(out, line)
	}
	if !slices.Contains(out, "Cargo.toml") {
		return nil, errors.New("cargo package --list: there is no Cargo.toml in it")
	}
	return out, nil
}

// Packaged is what cargo said of one package that it put into an archive.
type Packaged struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Files is nil where cargo did not come to the end of it.
	Files *int `json:"files"`
	// Size and Compressed are as cargo rounds them, "14.8KiB"; the archive
	// itself has the exact figures.
	Size       string `json:"size,omitempty"`
	Compressed string `json:"compressed,omitempty"`
	// Verified says that cargo compiled the archive's content.
	Verified bool `json:"verified"`
	// Uploading says that `cargo publish` came to the upload, and DryRun that
	// it stopped there on purpose.
	Uploading bool `json:"uploading"`
	DryRun    bool `json:"dry_run"`
}

// Packaging is what `cargo package` or `cargo publish` said.
type Packaging struct {
	Packages []Packaged `json:"packages"`
	Warnings []string   `json:"warnings"`
	Errors   []string   `json:"errors"`
}

var (
	statusLine   = regexp.MustCompile(`^\s*(Packaging|Verifying|Uploading) (\S+) v(\S+)(?: \(.*\))?$`)
	packagedLine = regexp.MustCompile(`^\s*Packaged (\d{1,9}) files?, (\S+) \((\S+) compressed\)$`)
)

// dryRunLine is how `cargo publish --dry-run` ends.
const dryRunLine = "warning: aborting upload due to dry run"

// ParsePackaging reads the standard error of `cargo package` and of
// `cargo publish`, dry run or not.
func ParsePackaging(stderr []byte) *Packaging {
	out := &Packaging{Packages: []Packaged{}, Warnings: []string{}, Errors: []string{}}
	current := -1
	for raw := range bytes.Lines(stderr) {
		line := cleanLine(raw)
		if m := statusLine.FindStringSubmatch(line); m != nil {
			current = out.find(m[2], m[3])
			if current >= 0 {
				out.Packages[current].Verified = out.Packages[current].Verified || m[1] == "Verifying"
				out.Packages[current].Uploading = out.Packages[current].Uploading || m[1] == "Uploading"
			}
			continue
		}
		if m := packagedLine.FindStringSubmatch(line); m != nil && current >= 0 {
			files, _ := strconv.Atoi(m[1])
			p := &out.Packages[current]
			p.Files, p.Size, p.Compressed = &files, m[2], m[3]
			continue
		}
		switch {
		case line == dryRunLine && current >= 0:
			out.Packages[current].DryRun = true
		case strings.HasPrefix(line, "warning: ") && len(out.Warnings) < maxDiagnostics:
			out.Warnings = append(out.Warnings, clipTo(strings.TrimPrefix(line, "warning: "), 1000))
		case strings.HasPrefix(line, "error") && len(out.Errors) < maxDiagnostics:
			out.Errors = append(out.Errors, clipTo(line, 1000))
		}
	}
	return out
}

// find gives the index of a package, which is added where it is new.
func (p *Packaging) find(name, version string) int {
	for i, k := range p.Packages {
		if k.Name == name && k.Version == version {
			return i
		}
	}
	if len(p.Packages) >= maxMembers {
		return -1
	}
	p.Packages = append(p.Packages, Packaged{Name: name, Version: version})
	return len(p.Packages) - 1
}
