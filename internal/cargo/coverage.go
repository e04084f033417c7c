package cargo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// MaxCoverageBytes bounds the output of llvm-cov export. With -summary-only it
// stays under 1 KiB for each source file.
const MaxCoverageBytes = 256 << 20

// Covered is how much of something was executed.
type Covered struct {
	Covered int `json:"covered"`
	Total   int `json:"total"`
	// Percent is nil where there is nothing to cover.
	Percent *float64 `json:"percent"`
}

// FileCoverage is that of one source file.
type FileCoverage struct {
	// Path is relative to the project's root.
	Path      string  `json:"path"`
	Lines     Covered `json:"lines"`
	Functions Covered `json:"functions"`
	Regions   Covered `json:"regions"`
}

// Coverage is that of a project's own sources.
type Coverage struct {
	Lines     Covered        `json:"lines"`
	Functions Covered        `json:"functions"`
	Regions   Covered        `json:"regions"`
	Files     []FileCoverage `json:"files"`
	// LeftOut counts files that are not the project's own sources:
	// dependencies, the standard library, tests.
	LeftOut int `json:"left_out"`
}

type rawCovered struct {
	Count   *int `json:"count"`
	Covered *int `json:"covered"`
}

func (r rawCovered) check() (Covered, error) {
	if r.Count == nil || r.Covered == nil {
		return Covered{}, errors.New("a figure is missing")
	}
	if *r.Covered < 0 || *r.Covered > *r.Count {
		return Covered{}, fmt.Errorf("%d of %d can't be", *r.Covered, *r.Count)
	}
	return newCovered(*r.Covered, *r.Count), nil
}

func newCovered(covered, total int) Covered {
	c := Covered{Covered: covered, Total: total}
	if total > 0 {
		percent := 100 * float64(covered) / float64(total)
		c.Percent = &percent
	}
	return c
}

func (c *Covered) add(o Covered) { *c = newCovered(c.Covered+o.Covered, c.Total+o.Total) }

// ParseCoverage reads the output of `llvm-cov export`, with or without
// -summary-only, and adds up the files below root, the absolute folder that the
// project was compiled in. Files that are none of its own sources are left out:
// those for which skip, which gets the path relative to root, says so. A nil
// skip is [NotOwnSource].
//
// It is an error when none of the project's files is there: an empty profile
// must not look like a project without code.
func ParseCoverage(r io.Reader, root string, skip func(rel string) bool) (*Coverage, error) {
	var raw struct {
		Type string `json:"type"`
		Data []struct {
			Files []struct {
				Filename string `json:"filename"`
				Summary  struct {
					Lines     rawCovered `json:"lines"`
					Functions rawCovered `json:"functions"`
					Regions   rawCovered `json:"regions"`
				} `json:"summary"`
			} `json:"files"`
		} `json:"data"`
	}
	limited := &io.LimitedReader{R: r, N: MaxCoverageBytes + 1}
	err := json.NewDecoder(limited).Decode(&raw)
	if limited.N <= 0 {
		return nil, fmt.Errorf("coverage: more than the limit of %d bytes", MaxCoverageBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("coverage: not the output of llvm-cov export: %w", err)
	}
	if raw.Type != "llvm.coverage.json.export" {
		return nil, fmt.Errorf("coverage: type %q is not that of llvm-cov export", clip(raw.Type))
	}
	if skip == nil {
		skip = NotOwnSource
	}
	root = path.Clean(root)
	out := &Coverage{Files: []FileCoverage{}}
	seen := map[string]bool{}
	for _, d := range raw.Data {
		for _, f := range d.Files {
			rel, ok := relative(root, f.Filename)
			if !ok || skip(rel) {
				out.LeftOut++
				continue
			}
			if seen[rel] {
				return nil, fmt.Errorf("coverage: %s is there twice", rel)
			}
			seen[rel] = true
			file := FileCoverage{Path: rel}
			for _, part := range []struct {
				what string
				from rawCovered
				to   *Covered
				sum  *Covered
			}{
				{"lines", f.Summary.Lines, &file.Lines, &out.Lines},
				{"functions", f.Summary.Functions, &file.Functions, &out.Functions},
				{"regions", f.Summary.Regions, &file.Regions, &out.Regions},
			} {
				if *part.to, err = part.from.check(); err != nil {
					return nil, fmt.Errorf("coverage: %s of %s: %w", part.what, rel, err)
				}
				part.sum.add(*part.to)
			}
			out.Files = append(out.Files, file)
		}
	}
	if len(out.Files) == 0 {
		return nil, fmt.Errorf("coverage: no file below %s is in it", root)
	}
	slices.SortFunc(out.Files, func(a, b FileCoverage) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// NotOwnSource leaves out what is not the code under test: build output,
// vendored crates, tests, benchmarks, examples and build scripts.
func NotOwnSource(rel string) bool {
	for part := range strings.SplitSeq(path.Dir(rel), "/") {
		switch part {
		case "target", "vendor", "tests", "benches", "examples":
			return true
		}
	}
	return path.Base(rel) == "build.rs"
}

// relative gives a path below root, and whether it is there.
func relative(root, name string) (string, bool) {
	name = path.Clean(strings.ReplaceAll(name, "\\", "/"))
	if root == "/" {
		root = ""
	}
	rel, ok := strings.CutPrefix(name, root+"/")
	return rel, ok && rel != ""
}
