package cargo

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// maxVisited bounds the folders that one list of patterns looks into.
const maxVisited = 200_000

// expand gives the folders with a Cargo.toml that the patterns of
// workspace.members mean. A pattern without wildcards must name such a folder;
// others may match nothing. "**" stands for any number of folders.
func expand(tree fs.FS, patterns []string) ([]string, error) {
	g := globber{tree: tree}
	var out []string
	for _, pattern := range patterns {
		clean := path.Clean(strings.ReplaceAll(pattern, "\\", "/"))
		if !fs.ValidPath(clean) {
			return nil, fmt.Errorf("Cargo.toml: workspace member %q lies outside of the project", clip(pattern))
		}
		if !strings.ContainsAny(clean, "*?[") {
			if !isFile(tree, path.Join(clean, "Cargo.toml")) {
				return nil, fmt.Errorf("Cargo.toml: workspace member %q has no Cargo.toml", clip(pattern))
			}
			out = append(out, clean)
			continue
		}
		for _, part := range strings.Split(clean, "/") {
			if _, err := path.Match(part, ""); err != nil {
				return nil, fmt.Errorf("Cargo.toml: workspace member %q: %w", clip(pattern), err)
			}
		}
		found, err := g.match(".", strings.Split(clean, "/"))
		if err != nil {
			return nil, fmt.Errorf("Cargo.toml: workspace member %q: %w", clip(pattern), err)
		}
		out = append(out, found...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

type globber struct {
	tree    fs.FS
	visited int
}

func (g *globber) match(dir string, parts []string) ([]string, error) {
	if len(parts) == 0 {
		if isFile(g.tree, path.Join(dir, "Cargo.toml")) {
			return []string{dir}, nil
		}
		return nil, nil
	}
	if g.visited++; g.visited > maxVisited {
		return nil, fmt.Errorf("it looks into more than the limit of %d folders", maxVisited)
	}
	var out []string
	if parts[0] == "**" { // no folder at all, or one more of them
		found, err := g.match(dir, parts[1:])
		if err != nil {
			return nil, err
		}
		out = found
	}
	entries, err := fs.ReadDir(g.tree, dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		rest := parts[1:]
		if parts[0] == "**" {
			if e.Name() == "target" || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			rest = parts
		} else if ok, _ := path.Match(parts[0], e.Name()); !ok {
			continue
		}
		found, err := g.match(path.Join(dir, e.Name()), rest)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}
