// Package stages plans the pipeline: it turns evaluated stages and a crate
// into a graph of steps. Each of the six stages has a folder of its own for
// what it contributes.
package stages

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/stages/setup"
	"github.com/sixtyhq/sixty/stages/validation"
)

// Input is everything that a plan depends on; all of it is resolved.
type Input struct {
	Pipeline *config.Pipeline
	// Tree is the source of the crate as a blob.
	Tree blob.Blob
	// Rust is the clean room's input without image and tree; nil when the
	// source is no Rust crate.
	Rust *setup.Input
	// Images are the resolved images by name.
	Images map[string]plan.Image
	// Authorities are the host's certificate authorities for steps that have
	// the network, as setup.Online takes them.
	Authorities blob.Blob
	// Epoch is the SOURCE_DATE_EPOCH of every step; zero is setup's default.
	Epoch int64
	// Only limits the run to some stages; the clean room is always made, and
	// so is what steps of those stages mount of others. Empty means all.
	Only []string
}

// NotAsked is the reason of stages that Input.Only leaves out.
const NotAsked = "it was not asked for"

const (
	noImage   = "Step without an image"
	noWarmth  = "Image without dependencies"
	noWriting = "Volume of a read-only mount"
)

// Certain are the mistakes of a plan that can't follow from others: an attribute
// that is misspelt or can't be read seems to be missing to a plan.
func Certain(diags hcl.Diagnostics) hcl.Diagnostics {
	return slices.DeleteFunc(slices.Clone(diags), func(d *hcl.Diagnostic) bool {
		return d.Summary == noImage || d.Summary == noWarmth || d.Summary == noWriting
	})
}

// Plan makes the graph. With errors among the diagnostics it is good for no
// more than finding further mistakes.
func Plan(in Input) (*plan.Graph, hcl.Diagnostics) {
	return newPlanner(in).plan()
}

func newPlanner(in Input) *planner {
	return &planner{in: in, rooms: map[string]setup.Room{}, known: groups(), graph: &plan.Graph{}}
}

func (p *planner) plan() (*plan.Graph, hcl.Diagnostics) {
	images := map[string]*config.Ref{} // by module, of this and its later stages
	for _, s := range p.in.Pipeline.Stages {
		if s.Image != nil {
			images[s.Module] = s.Image
		}
		p.stage(s, images[s.Module])
	}
	p.wanted()
	p.checkOrder()
	return p.graph, p.diags
}

type planner struct {
	in Input
	// prefix is put before the paths of the clean room.
	prefix string
	graph  *plan.Graph
	rooms  map[string]setup.Room // by image
	// warmed is the image whose dependencies the setup stage compiles.
	warmed string
	known  map[string]group // that a step can measure
	diags  hcl.Diagnostics
}

func (p *planner) fail(r hcl.Range, summary, format string, args ...any) {
	p.diags = append(p.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &r})
}

func (p *planner) stage(s config.Stage, image *config.Ref) {
	out := plan.Stage{Name: s.Name, Module: s.Module, Budget: s.Budget, BudgetFails: s.BudgetFails, Range: config.PlanRange(s.Range)}
	if s.Instance != "" {
		out.Block, out.Instance = s.Block, s.Instance
	}
	switch {
	case !s.When:
		out.Skipped = "its condition is false"
	case s.Name != "setup" && len(p.in.Only) > 0 && !slices.Contains(p.in.Only, s.Name) && (s.Module != "" || !slices.Contains(p.in.Only, s.Block)):
		out.Skipped = NotAsked
	}
	if s.Name == "setup" && image != nil {
		p.warmed = image.Name
		if room, ok := p.room(*image, s.Range); ok {
			for _, step := range room.Steps {
				step.Range, step.Skipped = config.PlanRange(s.Range), out.Skipped
				out.Steps = append(out.Steps, step)
			}
		}
	}
	own := len(out.Steps)
	out.Steps = slices.Grow(out.Steps, len(s.Steps))
	for _, step := range s.Steps {
		if slices.ContainsFunc(out.Steps[:own], func(o plan.Step) bool { return o.Name == step.Name }) {
			p.fail(step.Range, "Duplicate step", "The setup stage makes a step called %q of its own; call this one otherwise.", step.Name)
			continue
		}
		planned := p.step(s, step, image)
		planned.Skipped = out.Skipped
		if !step.When {
			planned.Skipped = "its condition is false"
		}
		if step.Ahead {
			var ahead *plan.Step
			if ahead, planned = p.ahead(step, planned); ahead != nil {
				out.Steps = append(out.Steps, *ahead)
			}
		}
		out.Steps = append(out.Steps, planned)
	}
	p.graph.Stages = append(p.graph.Stages, out)
}

// wanted takes into the run what its steps mount of stages that were not asked
// for.
func (p *planner) wanted() {
	if len(p.in.Only) == 0 {
		return
	}
	at := map[string][2]int{}
	var todo []plan.Step
	for i, stage := range p.graph.Stages {
		for j, step := range stage.Steps {
			at[step.ID] = [2]int{i, j}
			if step.Skipped == "" {
				todo = append(todo, step)
			}
		}
	}
	for len(todo) > 0 {
		step := todo[0]
		todo = todo[1:]
		for _, id := range step.Inputs() {
			i, ok := at[id]
			if !ok {
				continue
			}
			stage := &p.graph.Stages[i[0]]
			if needed := &stage.Steps[i[1]]; needed.Skipped == NotAsked {
				needed.Skipped, stage.Skipped = "", ""
				todo = append(todo, *needed)
			}
		}
	}
}

func (p *planner) step(s config.Stage, step config.Step, image *config.Ref) plan.Step {
	out := plan.Step{
		ID: s.Name + "." + step.Name, Stage: s.Name, Name: step.Name,
		Command: step.Command, Runner: step.Uses, Timeout: step.Timeout,
		After: step.After, Metrics: step.Metrics, Range: config.PlanRange(step.Range),
	}
	if step.Instance != "" {
		out.Block, out.Instance = step.Block, step.Instance
	}
	p.checkMetrics(out.ID, step)
	if step.Uses != "" {
		p.checkRunner(step)
		return out
	}
	if step.Image != nil {
		image = step.Image
	}
	for _, m := range step.Mounts { // what it waits for, also where more can't be said
		out.Mounts = append(out.Mounts, p.mount(m))
	}
	if image == nil {
		p.fail(step.Range, noImage, "Step %q has no image, and no stage before it names one.", out.ID)
		return out
	}
	room, ok := p.room(*image, step.Range)
	if !ok {
		return out
	}
	out.Image = image.Name
	out.Network = plan.Network(step.Network)
	out.Dir = step.Dir
	if out.Dir == "" {
		out.Dir = setup.SourceDir
	}
	out.Dir = p.place(out.Dir)
	out.Env = merge(room.Env, step.Env)
	if out.Services, ok = p.services(step); !ok {
		return out
	}
	mounts := map[string]plan.Mount{}
	for _, m := range room.Mounts {
		mounts[m.Target] = m
	}
	for _, m := range out.Mounts {
		mounts[m.Target] = m
	}
	out.Mounts = nil
	for _, target := range slices.Sorted(maps.Keys(mounts)) {
		out.Mounts = append(out.Mounts, mounts[target])
	}
	for _, o := range step.Outputs {
		at := p.place(o.Path)
		if m, ok := mounts[at]; ok && o.Volume && !m.Writable {
			p.fail(o.Range, noWriting, "Output %q keeps what the step leaves at %s, but its mount there can't be written to. Say writable = true in the mount.", o.Name, o.Path)
		}
		out.Outputs = append(out.Outputs, plan.Output{Name: o.Name, Path: at, Optional: o.Optional, Volume: o.Volume})
	}
	if out.Network == plan.NetworkHost {
		out = setup.Online(out, p.in.Authorities)
	}
	return out
}

// room is what a step on an image starts from.
func (p *planner) room(ref config.Ref, at hcl.Range) (setup.Room, bool) {
	if room, ok := p.rooms[ref.Name]; ok {
		return room, true
	}
	warm := p.isWarm(ref.Name)
	if warm && p.warmed != ref.Name {
		p.fail(at, noWarmth, "Image %q is warm: it holds the crate's dependencies, which are compiled in the stage \"setup\" and nowhere else. Put a stage \"setup\" { image = image.%s } before this, or take warm out of the image.", ref.Name, ref.Name)
		return setup.Room{}, false
	}
	image, ok := p.in.Images[ref.Name]
	if !ok {
		p.fail(at, "Image not resolved", "Image %q is not resolved.", ref.Name)
		return setup.Room{}, false
	}
	p.addImage(image)
	room := setup.Plain(p.in.Tree, p.prefix, p.in.Epoch)
	if warm && p.in.Rust != nil {
		rust := *p.in.Rust
		rust.Image, rust.Tree = ref.Name, p.in.Tree
		rust.Commands = p.commands()
		rust.Prefix, rust.Epoch = p.prefix, p.in.Epoch
		var err error
		if room, err = setup.Plan(rust); err != nil {
			p.fail(at, "No clean room", "%s.", err)
			return setup.Room{}, false
		}
	}
	p.rooms[ref.Name] = room
	return room, true
}

// commands are those of all steps that can run, asked for or not, so that the
// compiled dependencies are the same for both.
func (p *planner) commands() [][]string {
	var out [][]string
	for _, s := range p.in.Pipeline.Stages {
		for _, step := range s.Steps {
			if s.When && step.When {
				out = append(out, step.Command)
			}
		}
	}
	return out
}

func (p *planner) isWarm(name string) bool {
	for _, i := range p.in.Pipeline.Images {
		if i.Name == name {
			return i.Warm != nil
		}
	}
	return false
}

func (p *planner) mount(m config.Mount) plan.Mount {
	out := plan.Mount{Target: p.place(m.Path), Writable: m.Writable}
	switch m.Source.Kind {
	case config.RefTree:
		out.Source = setup.BlobSource(p.in.Tree)
	case config.RefOutput:
		out.Source = plan.Source{Kind: plan.SourceOutput, Step: m.Source.Name, Output: m.Source.Output}
	case config.RefCache:
		out.Source = plan.Source{Kind: plan.SourceCache, Cache: m.Source.Name}
	case config.RefSecret:
		out.Source = plan.Source{Kind: plan.SourceSecret, Secret: m.Source.Name}
	}
	return out
}

// checkMetrics refuses metrics that nothing reads, and a group that is named
// twice, which would count twice.
func (p *planner) checkMetrics(id string, step config.Step) {
	for i, name := range step.Metrics {
		if _, ok := p.known[name]; !ok {
			names := Metrics().Groups()
			p.fail(step.Range, "Unknown metrics", "Step %q can't measure %q; the groups of metrics are %s.%s", id, name,
				strings.Join(names, ", "), lang.DidYouMean(name, names))
		} else if slices.Contains(step.Metrics[:i], name) {
			p.fail(step.Range, "Metrics named twice", "Step %q names %q twice.", id, name)
		}
	}
}

// checkRunner refuses what an in-process step can't have, and runners that do
// not exist.
func (p *planner) checkRunner(step config.Step) {
	if step.Uses != validation.AuditRunner {
		p.fail(step.Range, "Unknown runner", "There is no runner %q; there is %q alone.", step.Uses, validation.AuditRunner)
	}
	if step.Image != nil || len(step.Env)+len(step.Mounts)+len(step.Outputs)+len(step.Services) > 0 || step.Dir != "" ||
		step.Timeout != 0 || step.Network != string(plan.NetworkNone) || step.Ahead {
		p.fail(step.Range, "Not for this step", "A step with \"uses\" runs in no container, so it has no image, env, dir, timeout, network, services, mounts and outputs, and nothing runs ahead of it.")
	}
}

// checkOrder reports cycles at the first step of them. After other mistakes a step
// may be missing for which steps wait.
func (p *planner) checkOrder() {
	_, err := plan.Order(p.graph)
	var cycle *plan.CycleError
	if err == nil || p.diags.HasErrors() && !errors.As(err, &cycle) {
		return
	}
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Steps can't be ordered", Detail: err.Error() + "."}
	if errors.As(err, &cycle) {
		steps := p.graph.ByID()
		var places []string
		for _, id := range cycle.Steps {
			at := steps[id].Range
			places = append(places, fmt.Sprintf("%s (%s:%d)", id, at.File, at.StartLine))
		}
		d.Subject = config.HCLRange(steps[cycle.Steps[0]].Range) // which has no byte offsets yet
		d.Detail = "Steps wait for each other in a cycle, each one for the one before it: " + strings.Join(places, " → ") + "."
	}
	p.diags = append(p.diags, d)
}

// merge joins two environments, NAME=value, the later one winning; the result is
// sorted by name.
func merge(base, own []string) []string {
	m := map[string]string{}
	for _, pair := range append(append([]string{}, base...), own...) {
		name, value, _ := strings.Cut(pair, "=")
		m[name] = value
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, name+"="+m[name])
	}
	return out
}
