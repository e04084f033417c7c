// Package preview is what a run would do, told before it: the lasting form of
// `sixty plan`. It adds no facts to a graph, its keys and what is on record of
// earlier runs; what is not known there is told as unknown, with the reason.
package preview

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sixtyhq/sixty/internal/lastrun"
	"github.com/sixtyhq/sixty/internal/plan"
)

// FormatVersion is the version of the JSON form. A new minor version only adds;
// a new major one may change what is there.
const FormatVersion = "1.0"

// SchemaURI identifies the form.
const SchemaURI = "https://github.com/sixtyhq/sixty/blob/main/internal/preview/schema.json"

// Plan is what a run would do.
type Plan struct {
	Schema        string `json:"$schema"`
	FormatVersion string `json:"format_version"`
	Sixty         string `json:"sixty_version"`
	CrateName     string `json:"crate_name"`
	CrateVersion  string `json:"crate_version,omitempty"`
	// Template is "ID VERSION" of the pack that the crate would be made from.
	Template string `json:"template,omitempty"`
	// Source is the digest of the sources that the run would see.
	Source string `json:"source_digest"`
	// Level is the readiness level that would be judged.
	Level string `json:"level"`
	// Targets are what the run is limited to; empty means everything.
	Targets []string `json:"targets"`
	Images  []Image  `json:"images"`
	Stages  []Stage  `json:"stages"`
	Gates   []Gate   `json:"gates"`
	// Schedule is nil where the steps can't be ordered.
	Schedule *Schedule `json:"schedule,omitempty"`
	// Unknown is what can't be known before the run.
	Unknown  []Unknown `json:"unknown"`
	Warnings []string  `json:"warnings,omitempty"`
}

// Image is a root file system.
type Image struct {
	Name string `json:"name"`
	Ref  string `json:"ref,omitempty"`
	// Digest is nil while it is unknown.
	Digest *string `json:"digest"`
	Origin string  `json:"origin,omitempty"`
}

// Stage is a group of steps.
type Stage struct {
	Name     string `json:"name"`
	BudgetMS int64  `json:"budget_ms,omitempty"`
	// BudgetFails says that an exceeded budget fails the run.
	BudgetFails bool `json:"budget_fails,omitempty"`
	// Skipped says why the stage does not run; empty when it does.
	Skipped string `json:"skipped,omitempty"`
	Steps   []Step `json:"steps"`
}

// Step is one command.
type Step struct {
	ID string `json:"id"`
	// Runner is the part of sixty itself that runs the step, in no container.
	Runner  string   `json:"runner,omitempty"`
	Image   string   `json:"image,omitempty"`
	Command []string `json:"command,omitempty"`
	Dir     string   `json:"dir,omitempty"`
	// EnvNames are the names of the environment, without the values.
	EnvNames []string `json:"env_names,omitempty"`
	Mounts   []Mount  `json:"mounts,omitempty"`
	// Network is "none" or "host".
	Network   string `json:"network,omitempty"`
	TimeoutMS int64  `json:"timeout_ms,omitempty"`
	// Services run beside the command.
	Services []Service `json:"services,omitempty"`
	Outputs  []Output  `json:"outputs,omitempty"`
	// Needs are the steps whose outputs it mounts; After are those that it only
	// comes after.
	Needs   []string `json:"needs,omitempty"`
	After   []string `json:"after,omitempty"`
	Metrics []string `json:"metrics,omitempty"`
	// Conditions are surroundings other than the usual ones.
	Conditions *Conditions `json:"conditions,omitempty"`
	// Skipped says why the step does not run; empty when it does.
	Skipped string `json:"skipped,omitempty"`
	// Key is nil while it is unknown, and KeyUnknown says why.
	Key        *string `json:"key"`
	KeyUnknown string  `json:"key_unknown,omitempty"`
	At         string  `json:"at,omitempty"`
	// LastRun is nil when no run of the step is on record.
	LastRun *LastRun `json:"last_run"`
}

// LastRun is what is on record of a step.
type LastRun struct {
	At     time.Time   `json:"at"`
	Status plan.Status `json:"status"`
	// Cached says that it was answered from the cache then.
	Cached     bool  `json:"cached"`
	DurationMS int64 `json:"duration_ms"`
	// SameKey says whether it would be the very same work now; nil while the
	// key is unknown.
	SameKey *bool `json:"same_key"`
}

// Mount is what a step finds at a path.
type Mount struct {
	Target string `json:"target"`
	// Kind is blob, fetch, output, earlier, cache, secret or scratch.
	Kind string `json:"kind"`
	// Writable mounts are the step's own copy.
	Writable bool   `json:"writable,omitempty"`
	Digest   string `json:"digest,omitempty"`
	Bytes    int64  `json:"bytes,omitempty"`
	Step     string `json:"step,omitempty"`
	Output   string `json:"output,omitempty"`
	// Name is a cache's or secret's.
	Name  string `json:"name,omitempty"`
	Files []File `json:"files,omitempty"`
}

// Service is a process beside a step's command.
type Service struct {
	Name    string   `json:"name"`
	Image   string   `json:"image"`
	Command []string `json:"command,omitempty"`
	// EnvNames are the names of the environment, without the values.
	EnvNames []string `json:"env_names,omitempty"`
	Dir      string   `json:"dir,omitempty"`
	User     string   `json:"user,omitempty"`
	// ReadyPort is the port, and ReadyCommand the command, that tells when the
	// service is ready.
	ReadyPort    int      `json:"ready_port,omitempty"`
	ReadyCommand []string `json:"ready_command,omitempty"`
	// ReadyTimeoutMS is how long that may take.
	ReadyTimeoutMS int64 `json:"ready_timeout_ms,omitempty"`
}

// Conditions are what is changed around a build to see whether it depends on it.
type Conditions struct {
	Hostname string `json:"hostname,omitempty"`
	// CPUs bounds the processors; zero: all.
	CPUs int `json:"cpus,omitempty"`
	// Links are symbolic links, from path to target.
	Links map[string]string `json:"links,omitempty"`
}

// File is fetched from the network and known by its checksum.
type File struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	SHA256 string `json:"sha256"`
}

// Output is what outlives a step.
type Output struct {
	Name     string `json:"name"`
	Path     string `json:"path"`
	Optional bool   `json:"optional,omitempty"`
	// Volume says that it can be mounted and is not brought to the host.
	Volume bool `json:"volume,omitempty"`
}

// Gate is a condition that would be judged after the run.
type Gate struct {
	Name     string `json:"name"`
	Level    string `json:"level"`
	Severity string `json:"severity"`
}

// Unknown is something that only the run finds out.
type Unknown struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// Input is what a plan is made from.
type Input struct {
	Graph *plan.Graph
	// Keys are those of the steps; the ones that rest on something unknown are
	// left out of the plan.
	Keys map[string]plan.Key
	// Unresolved says why an image, by name, is not known by content yet.
	Unresolved map[string]string
	// NoKeys says why no key of a step can be known; empty when they can.
	NoKeys string
	Last   lastrun.Record
	// Width is how many steps would run at once, and Estimates how long steps
	// took, by ID.
	Width     int
	Estimates map[string]time.Duration
}

// New puts a graph into the form; what is known of the whole is left to the
// caller to fill in.
func New(in Input) Plan {
	p := Plan{Schema: SchemaURI, FormatVersion: FormatVersion, Targets: []string{}, Images: []Image{}, Stages: []Stage{}, Gates: []Gate{}, Unknown: []Unknown{}}
	for _, i := range in.Graph.Images {
		image := Image{Name: i.Name, Ref: i.Ref, Origin: i.Origin}
		if i.Digest != "" {
			image.Digest = &i.Digest
		}
		if why, unknown := in.Unresolved[i.Name]; unknown {
			p.Unknown = append(p.Unknown, Unknown{"image " + i.Name, why})
		}
		p.Images = append(p.Images, image)
	}
	why := unknownKeys(in)
	for _, s := range in.Graph.Stages {
		stage := Stage{Name: s.Name, BudgetMS: s.Budget.Milliseconds(), BudgetFails: s.BudgetFails, Skipped: s.Skipped, Steps: []Step{}}
		for _, step := range s.Steps {
			stage.Steps = append(stage.Steps, in.step(step, why[step.ID]))
		}
		p.Stages = append(p.Stages, stage)
	}
	if s, err := plan.NewSchedule(in.Graph, in.Width, in.Estimates); err == nil {
		p.Schedule = schedule(s)
	}
	return p
}

// unknownKeys says of every step whose key can't be known why that is.
func unknownKeys(in Input) map[string]string {
	why := map[string]string{}
	ids, err := plan.Order(in.Graph)
	if err != nil { // then there are no keys either
		return why
	}
	steps := map[string]*plan.Step{}
	for _, stage := range in.Graph.Stages {
		for i := range stage.Steps {
			steps[stage.Steps[i].ID] = &stage.Steps[i]
		}
	}
	for _, id := range ids {
		s := steps[id]
		images := []string{s.Image}
		for _, service := range s.Services {
			images = append(images, service.Image)
		}
		for _, image := range images {
			if _, unknown := in.Unresolved[image]; unknown {
				why[id] = "image " + image + " is not known by content yet"
			}
		}
		for _, input := range s.Inputs() {
			if why[input] != "" && why[id] == "" {
				why[id] = "the key of " + input + ", whose output it mounts, is unknown"
			}
		}
		if in.NoKeys != "" {
			why[id] = in.NoKeys
		}
	}
	return why
}

func (in Input) step(s plan.Step, why string) Step {
	out := Step{
		ID: s.ID, Runner: s.Runner, Image: s.Image, Command: s.Command, Dir: s.Dir, Network: string(s.Network),
		TimeoutMS: s.Timeout.Milliseconds(), After: s.After, Metrics: s.Metrics, Skipped: s.Skipped, KeyUnknown: why,
	}
	out.EnvNames = names(s.Env)
	for _, service := range s.Services {
		out.Services = append(out.Services, Service{
			Name: service.Name, Image: service.Image, Command: service.Command, EnvNames: names(service.Env), Dir: service.Dir, User: service.User,
			ReadyPort: service.Ready.TCP, ReadyCommand: service.Ready.Command, ReadyTimeoutMS: service.Ready.Timeout.Milliseconds(),
		})
	}
	if c := s.Conditions; c != nil {
		out.Conditions = &Conditions{Hostname: c.Hostname, CPUs: c.CPUs, Links: map[string]string{}}
		for _, l := range c.Links {
			out.Conditions.Links[l.Path] = l.Target
		}
	}
	for _, m := range s.Mounts {
		out.Mounts = append(out.Mounts, mount(m))
	}
	seen := map[string]bool{}
	for _, id := range s.Inputs() {
		if !seen[id] {
			seen[id] = true
			out.Needs = append(out.Needs, id)
		}
	}
	for _, o := range s.Outputs {
		out.Outputs = append(out.Outputs, Output(o))
	}
	if s.Range.File != "" {
		out.At = fmt.Sprintf("%s:%d", s.Range.File, s.Range.StartLine)
	}
	if key, ok := in.Keys[s.ID]; ok && why == "" {
		out.Key = &key.Digest
	} else if why == "" {
		out.KeyUnknown = "it was not computed"
	}
	if last, ok := in.Last.Steps[s.ID]; ok {
		out.LastRun = &LastRun{At: last.At, Status: last.Status, Cached: last.Cached, DurationMS: last.DurationMS}
		if out.Key != nil {
			same := *out.Key == last.Key.Digest
			out.LastRun.SameKey = &same
		}
	}
	return out
}

// names are those of an environment, NAME=value.
func names(env []string) []string {
	var out []string
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		out = append(out, name)
	}
	return out
}

func mount(m plan.Mount) Mount {
	s := m.Source
	out := Mount{Target: m.Target, Kind: string(s.Kind), Writable: m.Writable, Digest: s.Digest, Bytes: s.Size, Step: s.Step, Output: s.Output, Name: s.Cache + s.Secret}
	for _, f := range s.Files {
		out.Files = append(out.Files, File(f))
	}
	return out
}

// WriteJSON writes the plan as a file.
func (p Plan) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}
