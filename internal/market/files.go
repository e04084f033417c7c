package market

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// expand gives the files of a pack that the patterns match, in path order and
// each once. In a pattern * stands for a part of a name, ? for a character and
// ** for any number of folders. A pattern without these must name a file that is
// there.
func expand(files, patterns []string, what string) ([]string, error) {
	var out []string
	for _, p := range patterns {
		if strings.Count(p, "**") > maxWild {
			return nil, fmt.Errorf("%s: %q has ** more than twice", what, p)
		}
		if _, err := path.Match(strings.ReplaceAll(p, "**", "*"), ""); err != nil {
			return nil, fmt.Errorf("%s: %q is not a pattern: %w", what, p, err)
		}
		found := false
		for _, f := range files {
			if matches(strings.Split(p, "/"), strings.Split(f, "/")) {
				out = append(out, f)
				found = true
			}
		}
		if !found && !strings.ContainsAny(p, "*?[") {
			return nil, fmt.Errorf("%s: the pack has no file %q", what, p)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// maxWild bounds the ** of a pattern: matching takes time that grows with each.
const maxWild = 2

// matches compares a pattern and a path part by part.
func matches(pattern, name []string) bool {
	for i, p := range pattern {
		if p == "**" {
			rest := pattern[i+1:]
			for j := range len(name) + 1 {
				if matches(rest, name[j:]) {
					return true
				}
				if j == len(name) {
					break
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, _ := path.Match(p, name[0]); !ok {
			return false
		}
		name = name[1:]
	}
	return len(name) == 0
}

// File is a text file of a pack.
type File struct {
	Name string // its path in the pack
	Text string
}

// maxTextFile bounds a graph, query or shapes file of a pack.
const maxTextFile = 64 << 20

// ReadFiles reads files of the pack, such as its Graphs, Queries or Shapes.
func (p *Pack) ReadFiles(names []string) ([]File, error) {
	out := make([]File, len(names))
	for i, name := range names {
		if !fs.ValidPath(name) {
			return nil, fmt.Errorf("pack %s: %q leads outside the pack", p.ID, name)
		}
		data, err := readLimited(p.FS, name, maxTextFile)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", p.ID, err)
		}
		out[i] = File{Name: name, Text: string(data)}
	}
	return out, nil
}
