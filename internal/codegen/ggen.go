package codegen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Project is a ggen.toml project: its graph, its templates and those of its
// packs, and its checks. Both of ggen's schemas are read, templates with
// frontmatter ([templates]) and rules of a query and a template
// ([[generation.rules]]).
type Project struct {
	Name   string
	dir    string
	root   fs.FS
	source string // text of ggen.toml

	packDirs  []string
	graph     Graph
	templates fs.FS
	layers    []Layer
	rules     []Document

	inference []inference
	checks    []check
	noUnsafe  bool
	aggregate bool // [templates] aggregate_modules
}

// inference is a CONSTRUCT that joins the graph before anything renders.
type inference struct {
	name            string
	construct, when text
}

// check is a query that must hold before anything renders.
type check struct {
	name    string
	file    source // where the query stands
	query   string
	message string
	// gate is true for a query that finds what is wrong (an ASK that is true, a
	// SELECT with rows), false for an ASK that must be true.
	gate    bool
	warning bool
}

// PackFetcher gets a pack that a project names by git address. The result is
// the pack's folder.
type PackFetcher func(ctx context.Context, address, version, subdir string) (fs.FS, error)

// OpenProject reads the ggen.toml of a project folder and all that it names.
// fetch gets packs from git; where it is nil such a pack is an error.
func OpenProject(ctx context.Context, dir string, fetch PackFetcher) (*Project, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the project: %w", err)
	}
	p := &Project{dir: dir, root: root.FS()}
	src, err := readFile(p.root, "ggen.toml", maxFrontmatterSize*16)
	if err != nil {
		return nil, fmt.Errorf("open the project %s: %w", dir, err)
	}
	p.source = string(src)
	return p, p.load(ctx, fetch)
}

// Request gives the run of the project. The output folder is the project's own.
func (p *Project) Request() Request {
	return Request{Templates: p.templates, Layers: p.layers, Graph: &p.graph, Output: p.root, project: p}
}

func (p *Project) digest() string {
	if p == nil {
		return ""
	}
	return digest([]byte(p.source + "\x00" + fmt.Sprint(p.rules, p.checks)))
}

// fault is an error at the line of ggen.toml that first has the text.
func (p *Project) fault(at, format string, args ...any) *Error {
	e := &Error{File: "ggen.toml", Message: fmt.Sprintf(format, args...)}
	n := 0
	for line := range strings.Lines(p.source) {
		n++
		if at != "" && strings.Contains(line, at) {
			e.Line, e.Column, e.Snippet = n, strings.Index(line, at)+1, strings.TrimRight(line, "\r\n")
			break
		}
	}
	return e
}

// addGraph loads a Turtle file of the project into the graph.
func (p *Project) addGraph(fsys fs.FS, name, show string) error {
	if !fs.ValidPath(path.Clean(name)) {
		return p.fault(name, "%q leads outside the project", name)
	}
	data, err := readFile(fsys, path.Clean(name), maxExistingSize)
	if err != nil {
		return p.fault(name, "read the ontology: %v", err)
	}
	p.graph.Documents = append(p.graph.Documents, GraphDocument{Name: path.Join(show, name), Text: string(data)})
	return nil
}

// addGate reads a gate file: `# MESSAGE: …` lines, then one query.
func (p *Project) addGate(fsys fs.FS, name, show string) error {
	if !fs.ValidPath(path.Clean(name)) {
		return p.fault(name, "%q leads outside the project", name)
	}
	data, err := readFile(fsys, path.Clean(name), maxTemplateSize)
	if err != nil {
		return p.fault(name, "read the gate: %v", err)
	}
	var message []string
	for line := range strings.Lines(string(data)) {
		m, ok := strings.CutPrefix(strings.TrimSpace(line), "# MESSAGE:")
		if !ok {
			if strings.TrimSpace(line) == "" {
				continue
			}
			break
		}
		message = append(message, strings.TrimSpace(m))
	}
	file := path.Join(show, name)
	p.checks = append(p.checks, check{
		name: file, file: source{file: file, text: string(data), line: 1}, query: string(data),
		message: strings.Join(message, " "), gate: true,
	})
	return nil
}

// addPack adds a pack of the frontmatter schema: pack.toml, ontology.ttl,
// templates and gates.
func (p *Project) addPack(ctx context.Context, name string, ref ggenPack, fetch PackFetcher) error {
	fsys, err := p.packFS(ctx, name, ref, fetch)
	if err != nil {
		return err
	}
	if _, err := fs.Stat(fsys, "pack.toml"); err != nil {
		return p.fault(name, "pack %q: %v", name, err)
	}
	if err := p.addGraph(fsys, "ontology.ttl", name); err != nil {
		return err
	}
	for _, extra := range ref.Extra {
		if err := p.addGraph(p.root, extra, ""); err != nil {
			return err
		}
	}
	templates, err := fs.Sub(fsys, "templates")
	if err != nil {
		return err
	}
	if _, err := fs.Stat(templates, "."); err != nil {
		return p.fault(name, "pack %q has no folder of templates", name)
	}
	p.layers = append(p.layers, Layer{Name: name, FS: templates})
	gates, err := fs.Glob(fsys, "gates/*.rq")
	if err != nil {
		return err
	}
	for _, g := range gates {
		if err := p.addGate(fsys, g, name); err != nil {
			return err
		}
	}
	return nil
}

func (p *Project) packFS(ctx context.Context, name string, ref ggenPack, fetch PackFetcher) (fs.FS, error) {
	switch {
	case ref.Path != "":
		dir := filepath.Join(p.dir, filepath.FromSlash(ref.Path))
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, p.fault(name, "pack %q: %v", name, err)
		}
		p.packDirs = append(p.packDirs, dir)
		return root.FS(), nil
	case ref.Git != "" && fetch == nil:
		return nil, p.fault(name, "pack %q comes from git, which is not possible here: give it as a path", name)
	case ref.Git != "":
		fsys, err := fetch(ctx, ref.Git, ref.Version, ref.Subdir)
		if err != nil {
			return nil, p.fault(name, "pack %q: %v", name, err)
		}
		return fsys, nil
	}
	return nil, p.fault(name, "pack %q needs a path or a git address", name)
}

// load reads ggen.toml in whichever of the two schemas it is.
func (p *Project) load(ctx context.Context, fetch PackFetcher) error {
	var kind struct {
		Generation *struct{} `toml:"generation"`
	}
	if err := p.decode(&kind, false); err != nil {
		return err
	}
	if kind.Generation != nil {
		return p.loadRules()
	}
	var f ggenFrontmatterFile
	if err := p.decode(&f, true); err != nil {
		return err
	}
	p.Name, p.aggregate = f.Project.Name, f.Templates.AggregateModules
	switch {
	case f.Project.Name == "":
		return p.fault("[project]", "[project] needs a name")
	case f.Ontology.Source == "":
		return p.fault("[ontology]", "[ontology] needs a source, a Turtle file")
	case f.Templates.Dir == "":
		return p.fault("[templates]", "[templates] needs a dir")
	case len(f.Law.Rules) > 0:
		return p.fault("rules", "[law] rules are N3 rules, which are not supported: write them as `construct`")
	case len(f.Law.Shapes) > 0:
		return p.fault("shapes", "[law] shapes are no longer evaluated: name SPARQL queries in [law] gates, or `shape` in a template")
	case f.Law.Reflexive:
		return p.fault("reflexive", "[law] reflexive reads ggen's own receipts, which sixty does not write")
	}
	if err := p.addGraph(p.root, f.Ontology.Source, ""); err != nil {
		return err
	}
	p.graph.Prefixes = f.Ontology.Prefixes
	templates, err := p.sub(f.Templates.Dir)
	if err != nil {
		return err
	}
	p.templates = templates
	for _, name := range slices.Sorted(maps.Keys(f.Packs)) {
		if err := p.addPack(ctx, name, f.Packs[name], fetch); err != nil {
			return err
		}
	}
	for _, gate := range f.Law.Gates {
		if err := p.addGate(p.root, gate, ""); err != nil {
			return err
		}
	}
	return nil
}

func (p *Project) sub(dir string) (fs.FS, error) {
	clean := path.Clean(dir)
	if !fs.ValidPath(clean) {
		return nil, p.fault(dir, "%q leads outside the project", dir)
	}
	info, err := fs.Stat(p.root, clean)
	if err == nil && !info.IsDir() {
		err = errors.New("it is not a folder")
	}
	if err != nil {
		return nil, p.fault(dir, "%q: %v", dir, err)
	}
	return fs.Sub(p.root, clean)
}
