package plan

import (
	"strings"
	"time"
)

// Range is the place in a pipeline file that a value came from. Lines and
// columns count from one; the zero Range means that the value has no source.
type Range struct {
	File        string `json:"file,omitempty"`
	StartLine   int    `json:"start_line,omitempty"`
	StartColumn int    `json:"start_column,omitempty"`
	EndLine     int    `json:"end_line,omitempty"`
	EndColumn   int    `json:"end_column,omitempty"`
}

// Graph is everything that one run will do, in the order in which a reader
// expects to see it.
type Graph struct {
	Images []Image `json:"images,omitempty"`
	Stages []Stage `json:"stages"`
}

// Stage is a named group of steps with a time budget.
type Stage struct {
	// Name is unique in a graph: MODULE.BLOCK-INSTANCE.
	Name string `json:"name"`
	// Module is the path of the module that declares the stage, empty for the
	// pipeline itself.
	Module string `json:"module,omitempty"`
	// Block is the declared name, and Instance the instance of its matrix or
	// for_each; both are empty for a stage without one.
	Block    string `json:"block,omitempty"`
	Instance string `json:"instance,omitempty"`
	// Budget is the time the stage is meant to take; zero means none.
	Budget time.Duration `json:"budget,omitempty"`
	// BudgetFails makes an exceeded budget fail the run.
	BudgetFails bool `json:"budget_fails,omitempty"`
	// Skipped says why the stage does not run at all; empty when it does.
	Skipped string `json:"skipped,omitempty"`
	Steps   []Step `json:"steps,omitempty"`
	Range   Range  `json:"range,omitzero"`
}

// OverBudget reports whether a stage that took this long has exceeded its
// budget.
func (s Stage) OverBudget(took time.Duration) bool { return s.Budget > 0 && took > s.Budget }

// Image is a root file system, known by content.
type Image struct {
	Name string `json:"name"`
	// Ref is where it comes from: an image reference with its digest
	// (docker.io/library/rust@sha256:…), or oci-layout://NAME@sha256:….
	Ref string `json:"ref"`
	// Digest is the digest of the image manifest, sha256:….
	Digest string `json:"digest"`
	// Layout is the folder of the OCI layout; empty for a registry's image.
	Layout string `json:"-"`
	// Env is the environment from the image's configuration, NAME=value.
	Env []string `json:"env,omitempty"`
	// User, Dir and Command are what the image's configuration says of a
	// container's process; steps have their own, services may take these.
	User    string   `json:"user,omitempty"`
	Dir     string   `json:"dir,omitempty"`
	Command []string `json:"command,omitempty"`
	// Origin says in words how the image was chosen.
	Origin string `json:"origin,omitempty"`
	Range  Range  `json:"range,omitzero"`
}

// Network is what a step may reach.
type Network string

const (
	// NetworkNone gives a step its own loopback and nothing else.
	NetworkNone Network = "none"
	// NetworkHost gives a step the engine's network. Only steps that say so
	// in the pipeline have it, and reports name them.
	NetworkHost Network = "host"
)

// Step is one command in one container.
type Step struct {
	// ID is "stage.name", unique in a graph.
	ID    string `json:"id"`
	Stage string `json:"stage"`
	Name  string `json:"name"`
	// Block and Instance are as those of a stage.
	Block    string `json:"block,omitempty"`
	Instance string `json:"instance,omitempty"`
	// Runner names the in-process runner of a step that needs no container
	// (an audit of a lockfile); empty for a container step.
	Runner string `json:"runner,omitempty"`
	// Image names the root file system, a member of Graph.Images.
	Image   string   `json:"image,omitempty"`
	Command []string `json:"command,omitempty"`
	// Env is NAME=value, sorted by name, each name once.
	Env []string `json:"env,omitempty"`
	// Dir is the working directory, absolute.
	Dir     string  `json:"dir,omitempty"`
	Mounts  []Mount `json:"mounts,omitempty"`
	Network Network `json:"network,omitempty"`
	// Timeout ends the step after this time from its real start; zero: never.
	Timeout time.Duration `json:"timeout,omitempty"`
	// Services run beside the command.
	Services []Service `json:"services,omitempty"`
	// Outputs are collected also when the command fails.
	Outputs []Output `json:"outputs,omitempty"`
	// After orders without data: IDs of steps that must have ended before.
	After []string `json:"after,omitempty"`
	// Metrics names the readers of this step's output (tests, clippy, …).
	Metrics []string `json:"metrics,omitempty"`
	// Conditions are surroundings other than the usual ones; nil in every
	// step of a pipeline.
	Conditions *Conditions `json:"conditions,omitempty"`
	// Skipped says why the step does not run; empty when it does.
	Skipped string `json:"skipped,omitempty"`
	Range   Range  `json:"range,omitzero"`
}

// Conditions are what a build must not depend on, and what is therefore
// changed to find out whether it does. The other ones (paths, environment) are
// fields of [Step].
type Conditions struct {
	// Hostname is the container's host name.
	Hostname string `json:"hostname,omitempty"`
	// CPUs bounds the processors that the step sees; zero: all.
	CPUs int `json:"cpus,omitempty"`
	// Links are symbolic links to where things lie now, from where scripts
	// look for them.
	Links []Link `json:"links,omitempty"`
}

// Link is a symbolic link in a step's container.
type Link struct {
	Path   string `json:"path"`
	Target string `json:"target"`
}

// Output is a path whose content outlives the step.
type Output struct {
	Name string `json:"name"`
	// Path is absolute, inside the step's container.
	Path string `json:"path"`
	// Optional outputs may be missing when the command has succeeded.
	Optional bool `json:"optional,omitempty"`
	// Volume makes the path a folder of its own that steps can mount without
	// it ever being copied. It begins as the step's writable mount of that
	// path, or empty where there is none. A volume is not brought to the
	// host, and is lost when its step fails.
	Volume bool `json:"volume,omitempty"`
}

// Mount puts a source at a path of the container.
type Mount struct {
	Target string `json:"target"`
	Source Source `json:"source"`
	// Writable gives the step its own copy, discarded when the step ends.
	Writable bool `json:"writable,omitempty"`
}

// SourceKind says which fields of a Source count.
type SourceKind string

const (
	// SourceBlob is an uncompressed tar, unpacked: Digest, Path.
	SourceBlob SourceKind = "blob"
	// SourceFetch is a folder of files from pinned addresses: Files.
	SourceFetch SourceKind = "fetch"
	// SourceOutput is an output of an earlier step: Step, Output.
	SourceOutput SourceKind = "output"
	// SourceCache is a cache volume that outlives runs: Cache. What it holds
	// is not content addressed, so no verdict may rest on it.
	SourceCache SourceKind = "cache"
	// SourceSecret is a file that holds a secret: Secret. Its value is in no
	// key, plan, log or report.
	SourceSecret SourceKind = "secret"
	// SourceEarlier is an output of a step that is no part of the run: Earlier,
	// Step, Output. It is known by what it was made from, as other outputs are,
	// and an engine that has it no longer makes it again.
	SourceEarlier SourceKind = "earlier"
	// SourceScratch is an empty folder, discarded when the step ends.
	SourceScratch SourceKind = "scratch"
)

// Source is where the content of a mount comes from.
type Source struct {
	Kind SourceKind `json:"kind"`
	// Digest is the digest of a blob, sha256:….
	Digest string `json:"digest,omitempty"`
	// Path is the blob's file on the host.
	Path string `json:"-"`
	// Size is the blob's length in bytes.
	Size  int64   `json:"size,omitempty"`
	Files []Fetch `json:"files,omitempty"`
	// Step and Output name an output of another step.
	Step   string `json:"step,omitempty"`
	Output string `json:"output,omitempty"`
	// Earlier are the steps that make the output, each after those that it
	// mounts outputs of. They mount of each other alone, and no step of the graph
	// has the ID of one of them.
	Earlier []Step `json:"earlier,omitempty"`
	// Cache is the id of a cache volume.
	Cache string `json:"cache,omitempty"`
	// Secret is the id of a secret.
	Secret string `json:"secret,omitempty"`
}

// Fetch is one file from the network, known by its checksum before it is
// fetched.
type Fetch struct {
	// Name is the file's name in the mounted folder.
	Name string `json:"name"`
	URL  string `json:"url"`
	// SHA256 is the checksum in lower-case hex.
	SHA256 string `json:"sha256"`
}

// Declared is the stage's name in its file.
func (s Stage) Declared() string {
	if s.Block != "" {
		return s.Block
	}
	if s.Module != "" {
		return strings.TrimPrefix(s.Name, s.Module+".")
	}
	return s.Name
}

// Declared is the step's name in its file.
func (s Step) Declared() string {
	if s.Block != "" {
		return s.Block
	}
	return s.Name
}

// Step returns the step with an ID. It looks at every step: whoever needs many
// takes [Graph.ByID] once.
func (g *Graph) Step(id string) (Step, bool) {
	for _, stage := range g.Stages {
		for _, step := range stage.Steps {
			if step.ID == id {
				return step, true
			}
		}
	}
	return Step{}, false
}

// ByID returns every step by its ID.
func (g *Graph) ByID() map[string]Step {
	byID := map[string]Step{}
	for _, stage := range g.Stages {
		for _, step := range stage.Steps {
			byID[step.ID] = step
		}
	}
	return byID
}

// all are the graph's own steps, not copies, in declaration order.
func (g *Graph) all() []*Step {
	n := 0
	for _, stage := range g.Stages {
		n += len(stage.Steps)
	}
	all := make([]*Step, 0, n)
	for _, stage := range g.Stages {
		for i := range stage.Steps {
			all = append(all, &stage.Steps[i])
		}
	}
	return all
}

// Earlier returns the steps that are no part of the run and whose outputs its
// steps mount, each ID once.
func (g *Graph) Earlier() []Step {
	var all []Step
	seen := map[string]bool{}
	for _, s := range g.Steps() {
		for _, m := range s.Mounts {
			for _, e := range m.Source.Earlier {
				if !seen[e.ID] {
					seen[e.ID] = true
					all = append(all, e)
				}
			}
		}
	}
	return all
}

// byID are the graph's own steps by their IDs.
func (g *Graph) byID() map[string]*Step {
	all := g.all()
	byID := make(map[string]*Step, len(all))
	for _, step := range all {
		byID[step.ID] = step
	}
	return byID
}

// Steps returns every step in declaration order.
func (g *Graph) Steps() []Step {
	n := 0
	for _, stage := range g.Stages {
		n += len(stage.Steps)
	}
	all := make([]Step, 0, n)
	for _, stage := range g.Stages {
		all = append(all, stage.Steps...)
	}
	return all
}

// Image returns the image with a name.
func (g *Graph) Image(name string) (Image, bool) {
	for _, image := range g.Images {
		if image.Name == name {
			return image, true
		}
	}
	return Image{}, false
}

// Inputs returns the IDs of the steps whose outputs a step mounts.
func (s Step) Inputs() []string {
	var ids []string
	for _, m := range s.Mounts {
		if m.Source.Kind == SourceOutput {
			ids = append(ids, m.Source.Step)
		}
	}
	return ids
}
