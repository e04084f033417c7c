package config

import (
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Pipeline is an evaluated configuration: all that shapes a run is known.
type Pipeline struct {
	Images   []Image
	Caches   []string
	Secrets  []Secret
	Services []Service
	Stages   []Stage
	// Gates are those of the pipeline and of its modules.
	Gates []Gate
	// Context is the pipeline's own, with its variables and locals.
	Context *hcl.EvalContext
	// Scopes are what gates and outputs are evaluated in: the pipeline's own
	// first, then each module's after the one that calls it.
	Scopes []Scope
}

// Scope is what the gates and outputs of the pipeline, or of a module, see.
type Scope struct {
	// Module is the module's path, empty for the pipeline.
	Module string
	// Context has everything but what is known after the run: the caller adds
	// metrics, the results of steps and the outputs of modules in a child.
	Context *hcl.EvalContext
	Outputs []OutputBlock
	// Handles are the outputs' values before the run, unknown for those that
	// depend on it.
	Handles map[string]cty.Value
}

// Image is where a root file system comes from.
type Image struct {
	Name string
	// From is an image reference or oci-layout://DIR; may be empty.
	From   string
	Debian *Debian
	// Warm is the lockfile whose dependencies are compiled into a layer.
	Warm  *Ref
	Range hcl.Range
}

// Debian lists what an image is made of.
type Debian struct {
	Suite    string
	Packages []string
	// Exclude and Include are dpkg's path patterns of files that are left out,
	// and of exceptions to them.
	Exclude []string
	Include []string
	// Env is the image's environment, NAME=value.
	Env   []string
	Range hcl.Range
}

// Secret is where a secret's value is found. Exactly one of Env, File and
// Command is set.
type Secret struct {
	Name string
	Env  string
	File string
	// Command prints the value, on the machine that runs the pipeline.
	Command []string
	// Dir is the folder that File is relative to and Command runs in.
	Dir   string
	Range hcl.Range
}

// Stage is an evaluated stage.
type Stage struct {
	// Name is unique in the pipeline: MODULE.BLOCK-INSTANCE.
	Name string
	// Module is the path of the module that the stage is of, empty for the
	// pipeline; Block is the stage's own name; Instance tells instances of a
	// matrix or for_each apart, and is empty without.
	Module, Block, Instance string
	// Pack and Version choose the template, in the concept stage.
	Pack    string
	Version string
	// Vars are the pack's variables, in the generation stage.
	Vars map[string]cty.Value
	// Env names the variables of the environment that the pack's templates may
	// read, in the generation stage.
	Env []string
	// Hooks lets the commands that templates name run in a container, in the
	// generation stage.
	Hooks bool
	// Graphs are the SPARQL endpoints that the generation stage may ask.
	Graphs []Graph
	// Image is the default image of this and later stages' steps.
	Image       *Ref
	Budget      time.Duration
	BudgetFails bool
	When        bool
	Steps       []Step
	Range       hcl.Range
}

// Graph is a SPARQL endpoint and what is taken from it.
type Graph struct {
	Endpoint string
	Query    string
	SHA256   string
	Timeout  time.Duration
	Range    hcl.Range
}

// Step is an evaluated step.
type Step struct {
	// Name is unique in the stage: BLOCK-INSTANCE.
	Name string
	// Block and Instance are as for a stage.
	Block, Instance string
	Command         []string
	// Uses names an in-process runner instead of a command.
	Uses    string
	Image   *Ref
	Env     []string
	Dir     string
	Timeout time.Duration
	After   []string
	Network string
	Metrics []string
	// Services are the names of those that run beside the command.
	Services []string
	When     bool
	// Ahead asks for a step before this one, for the members that others need.
	Ahead   bool
	Mounts  []Mount
	Outputs []StepOutput
	// Handles are references to the outputs by name, for expressions.
	Handles cty.Value
	Range   hcl.Range
}

// Mount is an evaluated mount.
type Mount struct {
	Path     string
	Source   Ref
	Writable bool
	Range    hcl.Range
}

// StepOutput is an evaluated output of a step.
type StepOutput struct {
	Name     string
	Path     string
	Optional bool
	// Volume is as in plan.Output.
	Volume bool
	Range  hcl.Range
}
