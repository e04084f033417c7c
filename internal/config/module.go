package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Bounds on modules, which can call each other in numbers that grow without
// end though each folder is read once.
const (
	maxModules     = 200
	maxModuleDepth = 16
)

// ModuleBlock is a call of a module: the pipeline files of another folder, with
// variables, outputs and names of their own.
type ModuleBlock struct {
	Name string
	// Source is the folder as it was written, "./ci"; empty for a pack.
	Source string
	// Pack is the id of the pack whose pipeline the module is, and Constraint what
	// is asked of its version; empty for a folder. See [Config.AddPacks].
	Pack, Constraint string
	// Inputs are the values of the module's variables.
	Inputs hcl.Attributes
	// Config is the module, nil when it could not be read.
	Config *Config
	Range  hcl.Range
	// sourceRange is the place of the source's value.
	sourceRange hcl.Range
}

func decodeModule(block *hcl.Block) (ModuleBlock, hcl.Diagnostics) {
	attrs, diags := block.Body.JustAttributes()
	m := ModuleBlock{Name: block.Labels[0], Inputs: attrs, Range: block.DefRange, sourceRange: block.DefRange}
	source, ok := attrs["source"]
	if !ok {
		return m, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Module without a source",
			Detail: "A module says by source = \"./FOLDER\" where its files are, or by source = \"PACK\" which pack has them.", Subject: &m.Range})
	}
	delete(attrs, "source")
	m.sourceRange = source.Expr.Range()
	var d hcl.Diagnostics
	m.Source, d = literalString(source)
	diags = append(diags, d...)
	switch {
	case d.HasErrors() || isLocal(m.Source):
	case packID.MatchString(m.Source):
		m.Pack, m.Source = m.Source, ""
		if version, ok := attrs["version"]; ok {
			delete(attrs, "version")
			m.Constraint, d = literalString(version)
			diags = append(diags, d...)
		}
	default:
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unsuitable module source",
			Detail: fmt.Sprintf("A module's source is a folder of the project that starts with \"./\" or \"../\", or the id of a pack such as \"org.example.ci\", not %q.", m.Source), Subject: &m.sourceRange})
		m.Source = ""
	}
	return m, diags
}

// packID is what tells the id of a pack from a folder: a name of several parts.
var packID = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)+$`)

func isLocal(source string) bool {
	return source == "." || source == ".." || strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}

// loader reads a pipeline and, once each, the folders of its modules.
type loader struct {
	// root is the pipeline's folder, which no module lies outside of.
	root string
	// shown is what messages call root.
	shown  string
	guard  lang.Guarded
	files  map[string]*hcl.File
	parsed map[string]*Config // by folder below root
	// count is how many modules there are, each call counted.
	count int
}

// modules loads what a configuration calls. chain are the folders, below root,
// that lead to it.
func (l *loader) modules(c *Config, chain []string) hcl.Diagnostics {
	var diags hcl.Diagnostics
	here := "."
	if len(chain) > 0 {
		here = chain[len(chain)-1]
	}
	for i := range c.Modules {
		m := &c.Modules[i]
		if m.Source == "" {
			continue
		}
		refuse := func(format string, args ...any) {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Module can't be used", Detail: fmt.Sprintf(format, args...), Subject: &m.sourceRange})
		}
		dir := path.Join(here, m.Source)
		below := append(slices.Clone(chain), dir)
		l.count++
		switch {
		case dir == ".." || strings.HasPrefix(dir, "../"):
			refuse("The folder %q is outside of the pipeline's own, %s.", m.Source, l.shown)
			continue
		case dir == "." || slices.Contains(chain, dir):
			from := slices.Index(chain, dir) // -1 for the pipeline's own folder
			cycle := append(slices.Clone(chain[max(from, 0):]), dir)
			if from < 0 {
				cycle = append([]string{"."}, cycle...)
			}
			for i, folder := range cycle {
				cycle[i] = "./" + strings.TrimPrefix(folder, ".")
			}
			refuse("Modules call each other in a cycle: %s.", strings.Join(cycle, " → "))
			continue
		case l.count > maxModules || len(below) > maxModuleDepth:
			refuse("A pipeline has at most %d modules, called %d deep.", maxModules, maxModuleDepth)
			continue
		}
		template, d := l.folder(dir, m.sourceRange)
		diags = append(diags, d...)
		if template == nil {
			continue
		}
		called := *template
		called.module = strings.TrimPrefix(c.module+"."+m.Name, ".")
		called.Modules = slices.Clone(template.Modules)
		m.Config = &called
		diags = append(diags, l.modules(m.Config, below)...)
		diags = append(diags, m.checkInputs()...)
		if !called.broken {
			diags = append(diags, m.Config.referenceMistakes(diags)...)
		}
	}
	return diags
}

// folder reads a module's files, once for all that call it.
func (l *loader) folder(dir string, at hcl.Range) (*Config, hcl.Diagnostics) {
	if c, ok := l.parsed[dir]; ok {
		return c, nil
	}
	names, sources, err := l.read(dir)
	if err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Module can't be read", Detail: "The " + err.Error() + ".", Subject: &at}}
	}
	c, diags := l.parse(filepath.Join(l.root, filepath.FromSlash(dir)), names, sources)
	diags = append(diags, c.checkModule()...)
	l.parsed[dir] = c
	return c, diags
}

// read reads the pipeline files of a folder below root; links lead nowhere
// else.
func (l *loader) read(dir string) ([]string, map[string][]byte, error) {
	root, err := os.OpenRoot(l.root)
	if err != nil {
		return nil, nil, fmt.Errorf("folder %s can't be read: %w", l.root, err)
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), dir)
	if err != nil {
		return nil, nil, fmt.Errorf("folder %s can't be read: %w", dir, errors.Unwrap(err))
	}
	var names []string
	sources := map[string][]byte{}
	for _, e := range entries {
		if !e.Type().IsRegular() || !isPipelineFile(e.Name()) {
			continue
		}
		f, err := root.Open(filepath.FromSlash(path.Join(dir, e.Name())))
		if err != nil {
			return nil, nil, fmt.Errorf("file %s can't be read: %w", path.Join(dir, e.Name()), err)
		}
		src, err := io.ReadAll(io.LimitReader(f, lang.MaxSourceBytes+1))
		f.Close()
		if err != nil {
			return nil, nil, fmt.Errorf("file %s can't be read: %w", path.Join(dir, e.Name()), err)
		}
		name := filepath.Join(l.shown, filepath.FromSlash(dir), e.Name())
		names = append(names, name)
		sources[name] = src
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("folder %s has no .hcl file", dir)
	}
	return names, sources, nil
}

// checkModule refuses what the pipeline alone can have.
func (c *Config) checkModule() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, s := range c.Stages {
		for _, name := range []string{"pack", "version", "vars"} {
			if attr, ok := s.Attrs[name]; ok {
				diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Not in a module",
					Detail: fmt.Sprintf("The pipeline itself chooses the crate's template, so a module's stage has no %s.", name), Subject: attr.NameRange.Ptr()})
			}
		}
		for _, g := range s.Graphs {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Not in a module",
				Detail: "The pipeline itself chooses what the crate's template may ask, so a module's stage has no graph.", Subject: g.Range.Ptr()})
		}
	}
	return diags
}

// checkInputs compares a call with the module's variables.
func (m *ModuleBlock) checkInputs() hcl.Diagnostics {
	var diags hcl.Diagnostics
	declared := map[string]bool{}
	for _, v := range m.Config.Variables {
		declared[v.Name] = true
		if _, given := m.Inputs[v.Name]; v.Required() && !given {
			what := ""
			if v.Description != "" {
				what = " It is: " + v.Description + "."
			}
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Missing input",
				Detail: fmt.Sprintf("The module needs a value for %q, which it declares at %s.%s", v.Name, v.DeclRange, what), Subject: &m.Range})
		}
	}
	for _, name := range sortedNames(m.Inputs) {
		if !declared[name] {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unknown input",
				Detail: fmt.Sprintf("The module declares no variable %q.%s", name, lang.DidYouMean(name, keys(declared))), Subject: m.Inputs[name].NameRange.Ptr()})
		}
	}
	return diags
}
