package market

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/pelletier/go-toml/v2"

	"github.com/sixtyhq/sixty/internal/lang"
)

// gpackFile is ggen's gpack.toml.
type gpackFile struct {
	Gpack *struct {
		ID          string   `toml:"id"`
		Name        string   `toml:"name"`
		Version     string   `toml:"version"`
		Description string   `toml:"description"`
		License     string   `toml:"license"`
		Homepage    string   `toml:"homepage"`
		Authors     []string `toml:"authors"`
		Keywords    []string `toml:"keywords"`
		Category    string   `toml:"category"`
		GgenCompat  string   `toml:"ggen_compat"`
	} `toml:"gpack"`
	Dependencies map[string]string `toml:"dependencies"`
	Templates    struct {
		Patterns []string `toml:"patterns"`
		Includes []string `toml:"includes"`
	} `toml:"templates"`
	RDF struct {
		Base     string            `toml:"base"`
		Prefixes map[string]string `toml:"prefixes"`
		Patterns []string          `toml:"patterns"`
		Inline   []string          `toml:"inline"`
	} `toml:"rdf"`
	Queries struct {
		Patterns []string          `toml:"patterns"`
		Aliases  map[string]string `toml:"aliases"`
	} `toml:"queries"`
	Shapes struct {
		Patterns []string `toml:"patterns"`
	} `toml:"shapes"`
}

func parseGpack(src []byte, filename string) (*Manifest, hcl.Diagnostics) {
	var g gpackFile
	diags, complete := decodeTOML(src, filename, &g)
	if complete && g.Gpack == nil {
		return nil, hcl.Diagnostics{missingTable(src, filename, "gpack")}
	}
	if diags.HasErrors() {
		return nil, diags
	}
	p := g.Gpack
	m := &Manifest{
		ID: p.ID, Version: p.Version, Name: p.Name, Description: p.Description, License: p.License, Keywords: p.Keywords,
		Category: p.Category, Authors: p.Authors, Homepage: p.Homepage, Templates: "templates",
		Dialect: "string", Base: g.RDF.Base, Prefixes: g.RDF.Prefixes, Dependencies: g.Dependencies,
	}
	m.Graphs, m.Queries, m.Shapes = g.RDF.Patterns, g.Queries.Patterns, g.Shapes.Patterns
	if m.Graphs == nil {
		m.Graphs = []string{"templates/**/graphs/*.ttl"}
	}
	if m.Queries == nil {
		m.Queries = []string{"templates/**/queries/*.sparql", "templates/**/queries/*.rq"}
	}
	if m.Shapes == nil {
		m.Shapes = []string{"templates/**/graphs/shapes/*.ttl"}
	}
	diags = checkIdentity(p.ID, p.Version, keyRange(src, filename, "id"), keyRange(src, filename, "version"))
	diags = append(diags, checkDependencies(g.Dependencies, func(id string) hcl.Range { return keyRange(src, filename, id) })...)
	return m, diags
}

// packTOMLFile is ggen's pack.toml: a folder with ontology.ttl and templates.
type packTOMLFile struct {
	Pack *struct {
		Name        string `toml:"name"`
		Version     string `toml:"version"`
		Description string `toml:"description"`
	} `toml:"pack"`
}

func parsePackTOML(src []byte, filename string) (*Manifest, hcl.Diagnostics) {
	var f packTOMLFile
	diags, complete := decodeTOML(src, filename, &f)
	if complete && f.Pack == nil {
		return nil, hcl.Diagnostics{missingTable(src, filename, "pack")}
	}
	if diags.HasErrors() {
		return nil, diags
	}
	m := &Manifest{
		ID: f.Pack.Name, Version: f.Pack.Version, Description: f.Pack.Description,
		Templates: "templates", Graphs: []string{"ontology.ttl"},
	}
	return m, checkIdentity(m.ID, m.Version, keyRange(src, filename, "name"), keyRange(src, filename, "version"))
}

// missingTable is the fault of a manifest without the table that describes the
// pack, at the table that stands in its place if there is one.
func missingTable(src []byte, filename, table string) *hcl.Diagnostic {
	row, n := 1, 0
	for line := range bytes.Lines(src) {
		n++
		if bytes.HasPrefix(line, []byte("[pack")) {
			row = n
			break
		}
	}
	return fault(tomlRange(src, filename, row, 1), fmt.Sprintf("No [%s] table", table),
		fmt.Sprintf("A %s.toml describes the pack in its [%s] table.", table, table))
}

// decodeTOML decodes strictly: a key that v does not know is an error at its
// place. complete reports whether the whole file was read nevertheless.
func decodeTOML(src []byte, filename string, v any) (diags hcl.Diagnostics, complete bool) {
	err := toml.NewDecoder(bytes.NewReader(src)).DisallowUnknownFields().Decode(v)
	if err == nil {
		return nil, true
	}
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		for i := range strict.Errors {
			e := &strict.Errors[i]
			row, col := e.Position()
			key := strings.Join(e.Key(), ".")
			diags = append(diags, fault(tomlRange(src, filename, row, col), "Unknown key", fmt.Sprintf("The key %q has no meaning here.%s", key, hintFor(e.Key()))))
		}
		return diags, true
	}
	var syntax *toml.DecodeError
	if errors.As(err, &syntax) {
		row, col := syntax.Position()
		return hcl.Diagnostics{fault(tomlRange(src, filename, row, col), "Invalid TOML", strings.TrimPrefix(syntax.Error(), "toml: ")+".")}, false
	}
	return hcl.Diagnostics{fault(tomlRange(src, filename, 1, 1), "Invalid TOML", err.Error()+".")}, false
}

func hintFor(key toml.Key) string {
	if len(key) == 0 {
		return ""
	}
	return lang.DidYouMean(key[len(key)-1], []string{"id", "name", "version", "description", "license", "patterns", "prefixes", "base", "aliases", "gpack", "pack", "dependencies", "templates", "rdf", "queries", "shapes"})
}

// tomlRange is the character at a 1-based row and column of src.
func tomlRange(src []byte, filename string, row, col int) hcl.Range {
	start := hcl.Pos{Line: row, Column: col}
	for line := range bytes.Lines(src) {
		if row--; row <= 0 {
			start.Byte += min(col-1, len(line))
			break
		}
		start.Byte += len(line)
	}
	end := hcl.Pos{Line: start.Line, Column: col + 1, Byte: min(start.Byte+1, len(src))}
	return hcl.Range{Filename: filename, Start: start, End: end}
}

// keyRange is the line on which a key is given, or the first line.
func keyRange(src []byte, filename, key string) hcl.Range {
	n := 0
	for line := range strings.Lines(string(src)) {
		n++
		name, _, ok := strings.Cut(line, "=")
		if ok && strings.Trim(strings.TrimSpace(name), `"'`) == key {
			return tomlRange(src, filename, n, 1)
		}
	}
	return tomlRange(src, filename, 1, 1)
}
