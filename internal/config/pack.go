package config

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
)

// LoadPack reads the pipeline that a pack brings, for a project without one of
// its own: the file or folder path below root, which holds the whole content of
// the pack. In messages its files lie in a folder called name. project is the
// folder of the project.
//
// Whoever made the pack is a stranger to the machine that runs it, so such a
// pipeline gets nothing of that: what would give it a network, secrets, the
// environment or folders of other pipelines is an error.
func LoadPack(root, path, name, project string) (*Config, hcl.Diagnostics) {
	paths, dir, err := pipelineFiles(filepath.Join(root, path))
	if err != nil {
		return nil, unreadable(name, err)
	}
	shown, err := filepath.Rel(root, dir)
	if err != nil {
		return nil, unreadable(name, err)
	}
	shown = filepath.Join(name, shown)
	var names []string
	sources := map[string][]byte{}
	for _, p := range paths {
		file := filepath.Join(shown, filepath.Base(p))
		names = append(names, file)
		if sources[file], err = os.ReadFile(p); err != nil {
			return nil, unreadable(name, err)
		}
	}
	cfg, diags := load(dir, shown, names, sources)
	cfg.Project = project
	return cfg, append(diags, cfg.checkPack()...)
}

func unreadable(pack string, err error) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Unreadable pipeline", Detail: fmt.Sprintf("The pipeline of the pack %s: %v.", pack, err)}}
}

// checkPack refuses what the pipeline of a pack can't have.
func (c *Config) checkPack() hcl.Diagnostics {
	var diags hcl.Diagnostics
	refuse := func(at hcl.Range, format string, args ...any) {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Not in the pipeline of a pack",
			Detail: fmt.Sprintf(format, args...) + " Who trusts the pack can copy its pipeline into the project, as pipeline.hcl.", Subject: &at})
	}
	if c.PackPolicy != "" {
		refuse(c.policyRange, "Who must have signed packs is not for a pack to say.")
	}
	for _, s := range c.Secrets {
		refuse(s.Range, "The pipeline of a pack gets no secrets of the machine that runs it.")
	}
	for _, s := range c.Caches {
		refuse(s.Range, "The pipeline of a pack shares no folder with other pipelines.")
	}
	for _, s := range c.Stages {
		for _, a := range []struct{ name, why string }{
			{"pack", "The pack of the new crate is the one that brings the pipeline."},
			{"version", "The pack of the new crate is the one that brings the pipeline."},
			{"env", "The pipeline of a pack does not choose what of the environment its templates read."},
			{"hooks", "The pipeline of a pack does not let the pack's commands run; --hooks does."},
		} {
			if attr, ok := s.Attrs[a.name]; ok {
				refuse(attr.NameRange, "%s", a.why)
			}
		}
		for _, g := range s.Graphs {
			refuse(g.Range, "The pipeline of a pack does not choose which endpoints are asked.")
		}
		for _, step := range s.Steps {
			attr, ok := step.Attrs["network"]
			if !ok {
				continue
			}
			if to, d := literalString(attr); d.HasErrors() || to != "none" {
				refuse(attr.Range, "The steps of a pack's pipeline have no network.")
			}
		}
	}
	for _, m := range c.Modules {
		if m.Config != nil {
			diags = append(diags, m.Config.checkPack()...)
		}
	}
	return diags
}
