package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Config is a loaded pipeline: its blocks, unevaluated.
type Config struct {
	// Dir is the folder of the pipeline; files are read below it only.
	Dir string
	// Project is the folder of what belongs to the project: files of values and
	// locks. It is Dir, but for the pipeline of a pack.
	Project string
	// Files are the parsed files by name, for the snippets of diagnostics.
	Files map[string]*hcl.File
	// Sources says where each variable's value came from, in words, for the
	// messages of Evaluate; it may be nil.
	Sources map[string]string

	RequiredVersion string
	// PackPolicy is the path of a policy for packs, relative to Dir; may be empty.
	PackPolicy string
	Variables  []lang.Variable
	Locals     []Local
	Images     []ImageBlock
	Caches     []NamedBlock
	Secrets    []SecretBlock
	Services   []ServiceBlock
	Stages     []StageBlock
	Gates      []Gate
	Outputs    []OutputBlock
	Modules    []ModuleBlock

	// module is the path of the module that this is, empty for the pipeline.
	module string
	// policyRange is where PackPolicy stands.
	policyRange hcl.Range
	// order are the stages and modules as they follow each other.
	order []place
	// broken says that files could not be read whole.
	broken bool
}

// place is a stage or a module, the other one is -1.
type place struct{ stage, module int }

// NamedBlock is a block that has a name and nothing else.
type NamedBlock struct {
	Name  string
	Range hcl.Range
}

// Load reads one pipeline file, or every .hcl and .hcl.json file of a folder
// in the order of their names, as [Parse] does.
func Load(path string) (*Config, hcl.Diagnostics) {
	names, dir, err := pipelineFiles(path)
	if err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "No pipeline", Detail: err.Error() + ". Give one with --pipeline."}}
	}
	sources := map[string][]byte{}
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Unreadable pipeline", Detail: err.Error()}}
		}
		sources[name] = src
	}
	return Parse(dir, names, sources)
}

func pipelineFiles(path string) (names []string, dir string, err error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, "", fmt.Errorf("%s can't be read: %w", path, err)
	}
	if !st.IsDir() {
		return []string{path}, filepath.Dir(path), nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, "", err
	}
	for _, e := range entries {
		if e.Type().IsRegular() && isPipelineFile(e.Name()) {
			names = append(names, filepath.Join(path, e.Name()))
		}
	}
	if len(names) == 0 {
		return nil, "", fmt.Errorf("%s has no .hcl file", path)
	}
	return names, path, nil
}

func isPipelineFile(name string) bool {
	return strings.HasSuffix(name, ".hcl") || strings.HasSuffix(name, ".hcl.json")
}

// Parse is Load for sources that are already in memory, in the order of
// names; the modules that they call are read from dir. Override files come
// last. Names that nothing declares are errors, and declarations that nothing
// names are warnings.
func Parse(dir string, names []string, sources map[string][]byte) (*Config, hcl.Diagnostics) {
	return load(dir, dir, names, sources)
}

// load is Parse, where messages call the folder of modules shown.
func load(dir, shown string, names []string, sources map[string][]byte) (*Config, hcl.Diagnostics) {
	l := &loader{root: dir, shown: shown, files: map[string]*hcl.File{}, parsed: map[string]*Config{}}
	cfg, diags := l.parse(dir, names, sources)
	cfg.Files, cfg.Project = l.files, dir
	diags = append(diags, l.modules(cfg, nil)...)
	if !cfg.broken {
		diags = append(diags, cfg.referenceMistakes(diags)...)
	}
	return cfg, InOrder(diags)
}

// parse reads the files of one folder, without the modules that they call.
func (l *loader) parse(dir string, names []string, sources map[string][]byte) (*Config, hcl.Diagnostics) {
	cfg := &Config{Dir: dir}
	parser := hclparse.NewParser()
	for _, name := range names {
		l.files[name] = &hcl.File{Bytes: sources[name]}
	}
	diags := l.guard.Files(names, sources)
	if diags.HasErrors() {
		cfg.broken = true
		return cfg, diags
	}
	var bodies, overrides []*hclsyntax.Body
	for _, name := range names {
		var file *hcl.File
		var d hcl.Diagnostics
		if strings.HasSuffix(name, ".json") {
			file, d = parser.ParseJSON(sources[name], name)
		} else {
			file, d = lang.Parse(sources[name], name)
		}
		diags = append(diags, d...)
		if file == nil {
			continue
		}
		l.files[name] = file
		body, ok := file.Body.(*hclsyntax.Body)
		if !ok {
			body, d = native(file.Body, Schema())
			diags = append(diags, d...)
		}
		if isOverride(name) && len(names) > 1 {
			overrides = append(overrides, body)
		} else {
			bodies = append(bodies, body)
		}
	}
	cfg.broken = diags.HasErrors() // else what could not be read would seem undeclared
	for _, body := range overrides {
		diags = append(diags, override(bodies, body)...)
	}
	for _, body := range bodies {
		lang.Meter(body)
		content, d := body.Content(rootBody)
		diags = append(diags, d...)
		for _, block := range content.Blocks {
			diags = append(diags, cfg.decode(block)...)
		}
	}
	return cfg, append(diags, cfg.checkNames()...)
}

func (c *Config) decode(block *hcl.Block) hcl.Diagnostics {
	var diags hcl.Diagnostics
	switch block.Type {
	case "sixty":
		return c.decodeSettings(block)
	case "variable":
		var v lang.Variable
		v, diags = lang.DecodeVariable(block)
		c.Variables = append(c.Variables, v)
	case "locals":
		var l []Local
		l, diags = decodeLocals(block)
		c.Locals = append(c.Locals, l...)
	case "image":
		var i ImageBlock
		i, diags = decodeImage(block)
		c.Images = append(c.Images, i)
	case "cache":
		_, diags = block.Body.Content(cacheBody)
		c.Caches = append(c.Caches, NamedBlock{block.Labels[0], block.DefRange})
	case "secret":
		var s SecretBlock
		s, diags = decodeSecret(block)
		c.Secrets = append(c.Secrets, s)
	case "service":
		var s ServiceBlock
		s, diags = decodeService(block)
		c.Services = append(c.Services, s)
	case "stage":
		var s StageBlock
		s, diags = decodeStage(block)
		c.Stages = append(c.Stages, s)
		c.order = append(c.order, place{stage: len(c.Stages) - 1, module: -1})
	case "gate":
		var g Gate
		g, diags = decodeGate(block)
		c.Gates = append(c.Gates, g)
	case "module":
		var m ModuleBlock
		m, diags = decodeModule(block)
		c.Modules = append(c.Modules, m)
		c.order = append(c.order, place{stage: -1, module: len(c.Modules) - 1})
	case "output":
		var o OutputBlock
		o, diags = decodeOutput(block)
		c.Outputs = append(c.Outputs, o)
	}
	return diags
}

// checkNames refuses two blocks of one type and name, and names that no
// expression can hold.
func (c *Config) checkNames() hcl.Diagnostics {
	var diags hcl.Diagnostics
	check := func(kind string, n int, at func(int) (string, hcl.Range)) {
		seen := map[string]hcl.Range{}
		for i := range n {
			name, r := at(i)
			if first, dup := seen[name]; dup {
				diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Duplicate " + kind,
					Detail: fmt.Sprintf("The %s %q is already declared at %s.", kind, name, first), Subject: &r})
				continue
			}
			seen[name] = r
			if !hclsyntax.ValidIdentifier(name) && kind != "variable" { // which says so itself
				diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid name",
					Detail: fmt.Sprintf("The %s %q can't be named by others: a name starts with a letter and has only letters, digits, - and _.", kind, name), Subject: &r})
			}
		}
	}
	check("variable", len(c.Variables), func(i int) (string, hcl.Range) { return c.Variables[i].Name, c.Variables[i].DeclRange })
	check("local", len(c.Locals), func(i int) (string, hcl.Range) { return c.Locals[i].Name, c.Locals[i].Range })
	check("image", len(c.Images), func(i int) (string, hcl.Range) { return c.Images[i].Name, c.Images[i].Range })
	check("cache", len(c.Caches), func(i int) (string, hcl.Range) { return c.Caches[i].Name, c.Caches[i].Range })
	check("secret", len(c.Secrets), func(i int) (string, hcl.Range) { return c.Secrets[i].Name, c.Secrets[i].Range })
	check("service", len(c.Services), func(i int) (string, hcl.Range) { return c.Services[i].Name, c.Services[i].Range })
	check("stage", len(c.Stages), func(i int) (string, hcl.Range) { return c.Stages[i].Name, c.Stages[i].Range })
	check("gate", len(c.Gates), func(i int) (string, hcl.Range) { return c.Gates[i].Name, c.Gates[i].Range })
	check("module", len(c.Modules), func(i int) (string, hcl.Range) { return c.Modules[i].Name, c.Modules[i].Range })
	check("output", len(c.Outputs), func(i int) (string, hcl.Range) { return c.Outputs[i].Name, c.Outputs[i].Range })
	for _, s := range c.Stages {
		check("step", len(s.Steps), func(i int) (string, hcl.Range) { return s.Steps[i].Name, s.Steps[i].Range })
	}
	return diags
}

func (c *Config) decodeSettings(block *hcl.Block) hcl.Diagnostics {
	content, diags := block.Body.Content(settingsBody)
	for name, to := range map[string]*string{"required_version": &c.RequiredVersion, "pack_policy": &c.PackPolicy} {
		if attr, ok := content.Attributes[name]; ok {
			var d hcl.Diagnostics
			*to, d = literalString(attr)
			diags = append(diags, d...)
		}
	}
	if attr, ok := content.Attributes["pack_policy"]; ok {
		c.policyRange = attr.Range
	}
	return diags
}

// Stage returns the stage block with a name.
func (c *Config) Stage(name string) (StageBlock, bool) {
	for _, s := range c.Stages {
		if s.Name == name {
			return s, true
		}
	}
	return StageBlock{}, false
}
