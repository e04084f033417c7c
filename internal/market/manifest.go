package market

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Manifest is what a pack says of itself.
type Manifest struct {
	ID          string   `json:"id"`
	Version     string   `json:"version"`
	Name        string   `json:"name,omitempty"`
	Description string   `json:"description,omitempty"`
	License     string   `json:"license,omitempty"`
	Keywords    []string `json:"keywords,omitempty"`
	Category    string   `json:"category,omitempty"`
	Authors     []string `json:"authors,omitempty"`
	Homepage    string   `json:"homepage,omitempty"`

	Templates string   `json:"templates,omitempty"` // the template folder
	Graphs    []string `json:"graphs,omitempty"`    // patterns of Turtle files that every query sees
	Queries   []string `json:"queries,omitempty"`   // patterns of SPARQL files that templates may name
	Shapes    []string `json:"shapes,omitempty"`    // patterns of SHACL files that the graph must conform to
	Pipeline  string   `json:"pipeline,omitempty"`  // the pack's own pipeline file

	// Dialect is how the literals of query rows arrive in templates: "typed",
	// also when empty, or "string", as older packs expect.
	Dialect string `json:"dialect,omitempty"`
	// Base and Prefixes are what queries and graphs start from.
	Base     string            `json:"base,omitempty"`
	Prefixes map[string]string `json:"prefixes,omitempty"`

	// Dependencies are packs by id with a version constraint.
	Dependencies map[string]string `json:"dependencies,omitempty"`

	// Passes are the values that dependency blocks pass to the variables of a
	// pack, by its id and the variable's name.
	Passes map[string]map[string]hcl.Expression `json:"-"`

	Variables []lang.Variable `json:"-"`
	// File is the manifest's own path in the pack: pack.hcl, gpack.toml or
	// pack.toml.
	File string `json:"-"`
}

// The manifest files, in the order they are looked for.
const (
	manifestHCL   = "pack.hcl"
	manifestGpack = "gpack.toml"
	manifestGgen  = "pack.toml"
)

const maxManifestSize = 1 << 20

// ErrNoManifest says that a folder is not a pack.
var ErrNoManifest = errors.New("no pack.hcl, gpack.toml or pack.toml")

// ReadManifest reads the manifest of the pack whose root is fsys. In errors the
// pack's files are called name/FILE. A folder without a manifest gives an error
// that is [ErrNoManifest]; a faulty manifest a [*DiagnosticsError].
func ReadManifest(fsys fs.FS, name string) (*Manifest, error) {
	for _, file := range []string{manifestHCL, manifestGpack, manifestGgen} {
		src, err := readLimited(fsys, file, maxManifestSize)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path.Join(name, file), err)
		}
		return ParseManifest(src, file, path.Join(name, file))
	}
	return nil, fmt.Errorf("%s: %w", name, ErrNoManifest)
}

// ParseManifest reads a manifest of the given kind (pack.hcl, gpack.toml or
// pack.toml); filename is what errors call it.
func ParseManifest(src []byte, kind, filename string) (*Manifest, error) {
	var m *Manifest
	var diags hcl.Diagnostics
	file := &hcl.File{Bytes: src}
	switch kind {
	case manifestHCL:
		m, file, diags = parseHCL(src, filename)
	case manifestGpack:
		m, diags = parseGpack(src, filename)
	case manifestGgen:
		m, diags = parsePackTOML(src, filename)
	default:
		return nil, fmt.Errorf("%s: %q is not the name of a manifest", filename, kind)
	}
	if diags.HasErrors() {
		return nil, &DiagnosticsError{Diagnostics: diags, Files: map[string]*hcl.File{filename: file}}
	}
	m.File = kind
	return m, nil
}

// DiagnosticsError is diagnostics with the files they point into.
type DiagnosticsError struct {
	Diagnostics hcl.Diagnostics
	Files       map[string]*hcl.File
}

// Error prints each diagnostic with its place and the source around it.
func (e *DiagnosticsError) Error() string {
	var b strings.Builder
	_ = lang.WriteDiagnostics(&b, e.Diagnostics, e.Files, 0, false) // a strings.Builder does not fail
	return strings.TrimRight(b.String(), "\n")
}

type hclPack struct {
	ID          string   `hcl:"id"`
	Version     string   `hcl:"version"`
	Name        string   `hcl:"name,optional"`
	Description string   `hcl:"description,optional"`
	License     string   `hcl:"license,optional"`
	Keywords    []string `hcl:"keywords,optional"`
	Category    string   `hcl:"category,optional"`
	Authors     []string `hcl:"authors,optional"`
	Homepage    string   `hcl:"homepage,optional"`
}

var manifestSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{
		{Name: "templates"}, {Name: "graphs"}, {Name: "queries"}, {Name: "shapes"}, {Name: "pipeline"}, {Name: "dependencies"},
		{Name: "dialect"}, {Name: "base"}, {Name: "prefixes"},
	},
	Blocks: []hcl.BlockHeaderSchema{{Type: "pack"}, {Type: "variable", LabelNames: []string{"name"}}, {Type: "dependency", LabelNames: []string{"id"}}},
}

var dependencySchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "version"}, {Name: "vars"}}}

func parseHCL(src []byte, filename string) (*Manifest, *hcl.File, hcl.Diagnostics) {
	file := &hcl.File{Bytes: src}
	if diags := lang.Guard(src, filename); diags.HasErrors() {
		return nil, file, diags
	}
	file, diags := hclsyntax.ParseConfig(src, filename, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, file, diags
	}
	content, d := file.Body.Content(manifestSchema)
	diags = append(diags, d...)
	m := &Manifest{Templates: "templates"}
	var packs int
	var dependencies []*hcl.Block
	names := map[string]hcl.Range{}
	for _, block := range content.Blocks {
		switch block.Type {
		case "pack":
			if packs++; packs > 1 {
				diags = append(diags, fault(block.DefRange, "Second pack block", "A manifest describes one pack."))
				continue
			}
			diags = append(diags, m.decodePack(block)...)
		case "variable":
			v, d := lang.DecodeVariable(block)
			diags = append(diags, d...)
			if first, ok := names[v.Name]; ok {
				diags = append(diags, fault(block.DefRange, "Variable declared twice", fmt.Sprintf("The variable %q is declared at %s already.", v.Name, first)))
				continue
			}
			names[v.Name] = block.DefRange
			m.Variables = append(m.Variables, v)
		case "dependency":
			dependencies = append(dependencies, block)
		}
	}
	if packs == 0 && !diags.HasErrors() {
		diags = append(diags, fault(file.Body.MissingItemRange(), "No pack block", "A manifest needs a pack block with the id and version of the pack."))
	}
	for _, name := range slices.Sorted(maps.Keys(content.Attributes)) {
		diags = append(diags, m.decodeAttribute(name, content.Attributes[name])...)
	}
	for _, block := range dependencies {
		diags = append(diags, m.decodeDependency(block)...)
	}
	return m, file, diags
}

// decodeDependency reads a dependency block, which says more than an entry of
// dependencies: what is passed to the pack's variables.
func (m *Manifest) decodeDependency(block *hcl.Block) hcl.Diagnostics {
	content, diags := block.Body.Content(dependencySchema)
	if diags.HasErrors() {
		return diags
	}
	id, constraint := block.Labels[0], ""
	if attr, ok := content.Attributes["version"]; ok {
		if diags := gohcl.DecodeExpression(attr.Expr, nil, &constraint); diags.HasErrors() {
			return diags
		}
	}
	if _, twice := m.Dependencies[id]; twice {
		return hcl.Diagnostics{fault(block.DefRange, "Dependency declared twice", fmt.Sprintf("The dependency %q is declared already.", id))}
	}
	if m.Dependencies == nil {
		m.Dependencies = map[string]string{}
	}
	m.Dependencies[id] = constraint
	diags = checkDependencies(map[string]string{id: constraint}, func(string) hcl.Range { return block.DefRange })
	attr, ok := content.Attributes["vars"]
	if !ok {
		return diags
	}
	pairs, d := hcl.ExprMap(attr.Expr)
	if diags = append(diags, d...); d.HasErrors() {
		return diags
	}
	if m.Passes == nil {
		m.Passes = map[string]map[string]hcl.Expression{}
	}
	m.Passes[id] = map[string]hcl.Expression{}
	for _, pair := range pairs {
		var name string
		if d := gohcl.DecodeExpression(pair.Key, nil, &name); d.HasErrors() {
			diags = append(diags, d...)
			continue
		}
		for _, t := range pair.Value.Variables() {
			known := slices.ContainsFunc(m.Variables, func(v lang.Variable) bool { return t.RootName() == "var" && len(t) > 1 && isAttr(t[1], v.Name) })
			if !known {
				diags = append(diags, fault(t.SourceRange(), "Unknown name", "What is passed to a dependency is made of the pack's own variables, var.NAME."))
			}
		}
		m.Passes[id][name] = pair.Value
	}
	return diags
}

func isAttr(step hcl.Traverser, name string) bool {
	attr, ok := step.(hcl.TraverseAttr)
	return ok && attr.Name == name
}

func (m *Manifest) decodePack(block *hcl.Block) hcl.Diagnostics {
	var p hclPack
	diags := gohcl.DecodeBody(block.Body, nil, &p)
	if diags.HasErrors() {
		return diags
	}
	m.ID, m.Version, m.Name, m.Description, m.License = p.ID, p.Version, p.Name, p.Description, p.License
	m.Keywords, m.Category, m.Authors, m.Homepage = p.Keywords, p.Category, p.Authors, p.Homepage
	attrs, _ := block.Body.JustAttributes()
	at := func(name string) hcl.Range {
		if a, ok := attrs[name]; ok {
			return a.Expr.Range()
		}
		return block.DefRange
	}
	return append(diags, checkIdentity(p.ID, p.Version, at("id"), at("version"))...)
}

func (m *Manifest) decodeAttribute(name string, attr *hcl.Attribute) hcl.Diagnostics {
	switch name {
	case "templates", "pipeline", "dialect", "base":
		var s string
		diags := gohcl.DecodeExpression(attr.Expr, nil, &s)
		if diags.HasErrors() {
			return diags
		}
		switch name {
		case "templates":
			m.Templates = s
		case "pipeline":
			m.Pipeline = s
		case "base":
			m.Base = s
			return nil
		case "dialect":
			if m.Dialect = s; s != "typed" && s != "string" {
				return hcl.Diagnostics{fault(attr.Expr.Range(), "Unknown dialect", fmt.Sprintf("The dialect is \"typed\" or \"string\", not %q.", s))}
			}
			return nil
		}
		return checkPaths(attr.Expr.Range(), s)
	case "prefixes":
		return gohcl.DecodeExpression(attr.Expr, nil, &m.Prefixes)
	case "dependencies":
		diags := gohcl.DecodeExpression(attr.Expr, nil, &m.Dependencies)
		if diags.HasErrors() {
			return diags
		}
		return checkDependencies(m.Dependencies, func(string) hcl.Range { return attr.Expr.Range() })
	}
	var list []string
	val, diags := attr.Expr.Value(nil)
	if diags.HasErrors() {
		return diags
	}
	if val.Type() == cty.String && val.IsKnown() && !val.IsNull() {
		list = []string{val.AsString()}
	} else if diags = gohcl.DecodeExpression(attr.Expr, nil, &list); diags.HasErrors() {
		return diags
	}
	switch name {
	case "graphs":
		m.Graphs = list
	case "queries":
		m.Queries = list
	case "shapes":
		m.Shapes = list
	}
	return checkPaths(attr.Expr.Range(), list...)
}

var idPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*$`)

const maxIDLength = 128

func checkIdentity(id, version string, idAt, versionAt hcl.Range) hcl.Diagnostics {
	var diags hcl.Diagnostics
	if len(id) > maxIDLength || !idPattern.MatchString(id) {
		diags = append(diags, fault(idAt, "Invalid pack id", fmt.Sprintf("%q is not a pack id: names of a-z, 0-9, - and _ joined by dots, such as \"io.example.rust.service\", at most %d characters.", id, maxIDLength)))
	}
	if _, err := semver.StrictNewVersion(version); err != nil {
		diags = append(diags, fault(versionAt, "Invalid version", fmt.Sprintf("%q is not a version: %v. A version is MAJOR.MINOR.PATCH (semver.org).", version, err)))
	}
	return diags
}

func checkPaths(at hcl.Range, paths ...string) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, p := range paths {
		if !fs.ValidPath(p) {
			diags = append(diags, fault(at, "Invalid path", fmt.Sprintf("%q must be a path inside the pack, relative to its root, without .. or a trailing slash.", p)))
		}
	}
	return diags
}

func checkDependencies(deps map[string]string, at func(id string) hcl.Range) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, id := range slices.Sorted(maps.Keys(deps)) {
		constraint := deps[id]
		if len(id) > maxIDLength || !idPattern.MatchString(id) {
			diags = append(diags, fault(at(id), "Invalid pack id", fmt.Sprintf("The dependency %q is not a pack id.", id)))
		}
		if _, err := semver.NewConstraint(constraint); err != nil && constraint != "" {
			diags = append(diags, fault(at(id), "Invalid version constraint", fmt.Sprintf("The dependency %q has %q: %v.", id, constraint, err)))
		}
	}
	return diags
}

func fault(at hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &at}
}

func readLimited(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is over %d bytes", name, limit)
	}
	return data, nil
}
