package stages

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/stages/setup"
)

// Surroundings are what changes when a build is repeated to find out whether
// its results depend on them.
type Surroundings struct {
	// Prefix is put before the folders of source, crates and compiled code.
	Prefix string
	// Hostname is part of every step's key: a fresh one takes nothing from a
	// cache.
	Hostname string
	// TimeZone is a TZ of POSIX, which needs no database.
	TimeZone string
	// CPUs bounds the processors; zero: all.
	CPUs int
}

// slower is by how much steps may take longer than their timeouts in other
// surroundings, which may have fewer processors.
const slower = 4

// Rebuild plans some steps of a graph again, and what they are made from, in
// other surroundings. Source, images, commands and SOURCE_DATE_EPOCH are the
// same. Scripts find the usual paths as links to where things lie.
func Rebuild(in Input, steps []string, s Surroundings) (*plan.Graph, hcl.Diagnostics) {
	p := newPlanner(in)
	p.prefix = s.Prefix
	g, diags := p.plan()
	if diags.HasErrors() {
		return nil, diags
	}
	needed := closure(g, steps)
	out := &plan.Graph{Images: g.Images}
	for _, stage := range g.Stages {
		kept := plan.Stage{Name: stage.Name, Range: stage.Range}
		for _, step := range stage.Steps {
			if !needed[step.ID] {
				continue
			}
			step.After = slices.DeleteFunc(slices.Clone(step.After), func(id string) bool { return !needed[id] })
			kept.Steps = append(kept.Steps, s.move(step, g))
		}
		if len(kept.Steps) > 0 {
			out.Stages = append(out.Stages, kept)
		}
	}
	return out, diags
}

// closure is the steps and all that their mounts come from.
func closure(g *plan.Graph, ids []string) map[string]bool {
	needed := map[string]bool{}
	for len(ids) > 0 {
		id := ids[0]
		ids = ids[1:]
		if step, ok := g.Step(id); ok && !needed[id] {
			needed[id] = true
			ids = append(ids, step.Inputs()...)
		}
	}
	return needed
}

// move changes what surrounds a step that was planned under the prefix.
func (s Surroundings) move(step plan.Step, g *plan.Graph) plan.Step {
	image, _ := g.Image(step.Image)
	env := []string{"LC_ALL=" + otherLocale(append(slices.Clone(image.Env), step.Env...)), "TZ=" + s.TimeZone}
	step.Env = merge(step.Env, env)
	step.Timeout *= slower
	step.Conditions = &plan.Conditions{Hostname: s.Hostname, CPUs: s.CPUs}
	for _, dir := range setup.Dirs() {
		step.Conditions.Links = append(step.Conditions.Links, plan.Link{Path: dir, Target: s.Prefix + dir})
	}
	// A home of the pipeline's own is left alone.
	home := environment(step.Env, "HOME")
	if home == "" {
		home = s.Prefix + setup.HomeDir
		step.Env = merge(step.Env, []string{"HOME=" + home})
	}
	if strings.HasPrefix(home, s.Prefix+"/") {
		step.Mounts = append(slices.Clone(step.Mounts), plan.Mount{Target: home, Source: plan.Source{Kind: plan.SourceScratch}})
	}
	return step
}

// otherLocale is a locale that every C library has, and not the one in force:
// of LC_ALL, LC_CTYPE and LANG the first that is set.
func otherLocale(env []string) string {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := environment(env, name); value != "" {
			if strings.Contains(strings.ToUpper(value), "UTF") {
				return "C"
			}
			break
		}
	}
	return "C.UTF-8"
}

// environment is the last value of a name.
func environment(env []string, name string) string {
	value := ""
	for _, pair := range env {
		if v, ok := strings.CutPrefix(pair, name+"="); ok {
			value = v
		}
	}
	return value
}

// place is where a path of the clean room lies.
func (p *planner) place(path string) string {
	if p.prefix == "" {
		return path
	}
	for _, dir := range setup.Dirs() {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return p.prefix + path
		}
	}
	return path
}
