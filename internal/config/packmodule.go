package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// PackPipeline is where the pipeline of a pack lies: the file or folder Path below
// Root, which holds the whole content of the pack. Name is what messages call it.
type PackPipeline struct{ Root, Path, Name string }

// AddPacks loads the modules whose source is a pack, those of modules too. find
// gives the pipeline of a pack by its id and what is asked of its version. As long
// as a pack is not loaded, the outputs of its module are unknown and nothing of it
// is planned.
//
// Like any pipeline of a pack, see [LoadPack], such a module gets nothing of the
// machine but what the pipeline that calls it gives by its inputs.
func (c *Config) AddPacks(find func(id, constraint string) (PackPipeline, error)) hcl.Diagnostics {
	p := packs{find: find, files: c.Files}
	p.add(c, nil)
	if len(p.diags) > 0 || p.count > 0 {
		p.diags = append(p.diags, c.checkModuleOutputs()...)
	}
	return InOrder(p.diags)
}

// NeedsPacks reports whether a module has a pack for its source.
func (c *Config) NeedsPacks() bool {
	return slices.ContainsFunc(c.Modules, func(m ModuleBlock) bool {
		return m.Pack != "" || m.Config != nil && m.Config.NeedsPacks()
	})
}

type packs struct {
	find  func(id, constraint string) (PackPipeline, error)
	files map[string]*hcl.File
	count int
	diags hcl.Diagnostics
}

// add loads what a configuration calls. chain are the packs that lead to it.
func (p *packs) add(c *Config, chain []string) {
	for i := range c.Modules {
		m := &c.Modules[i]
		if m.Pack == "" {
			if m.Config != nil {
				p.add(m.Config, chain)
			}
			continue
		}
		refuse := func(format string, args ...any) {
			p.diags = append(p.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Module can't be used", Detail: fmt.Sprintf(format, args...), Subject: &m.sourceRange})
		}
		p.count++
		switch from := slices.Index(chain, m.Pack); {
		case from >= 0:
			refuse("Packs call each other as modules in a cycle: %s.", strings.Join(append(slices.Clone(chain[from:]), m.Pack), " → "))
			continue
		case p.count > maxModules || len(chain) >= maxModuleDepth:
			refuse("A pipeline has at most %d packs for modules, called %d deep.", maxModules, maxModuleDepth)
			continue
		}
		at, err := p.find(m.Pack, m.Constraint)
		if err != nil {
			refuse("%s.", strings.TrimSuffix(err.Error(), "."))
			continue
		}
		called, d := LoadPack(at.Root, at.Path, at.Name, c.Project)
		p.diags = append(p.diags, d...)
		if called == nil {
			continue
		}
		maps.Copy(p.files, called.Files)
		called.rename(strings.TrimPrefix(c.module+"."+m.Name, "."))
		m.Config = called
		p.diags = append(p.diags, called.checkModule()...)
		p.diags = append(p.diags, m.checkInputs()...)
		p.add(called, append(slices.Clone(chain), m.Pack))
	}
}

// rename makes a pipeline that was loaded by itself the module at a path.
func (c *Config) rename(module string) {
	c.module = module
	for i := range c.Modules {
		if m := &c.Modules[i]; m.Config != nil {
			m.Config.rename(module + "." + m.Name)
		}
	}
}

// checkModuleOutputs refuses outputs of modules that there are not, which was not
// known of packs before.
func (c *Config) checkModuleOutputs() hcl.Diagnostics {
	var diags hcl.Diagnostics
	c.expressions(func(e hcl.Expression, _ scope) {
		for _, t := range e.Variables() {
			if t.RootName() == "module" {
				diags = append(diags, c.checkModuleOutput(t)...)
			}
		}
	})
	for _, m := range c.Modules {
		if m.Config != nil {
			diags = append(diags, m.Config.checkModuleOutputs()...)
		}
	}
	return diags
}
