package deploy

import (
	"context"
	"path/filepath"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/run"
	"github.com/sixtyhq/sixty/stages/concept"
)

// Request is what is asked of a run.
type Request struct {
	// Load reads the pipeline, as [Load] does.
	Load func() (*config.Config, hcl.Diagnostics, error)
	// Values are the values of its variables and the pack's.
	Values Values
	// Sensitive adds to the given values those of sensitive variables, which no
	// record of a generated folder has, as far as they can be asked for; nil: not
	// at all.
	Sensitive func(given []lang.Given, packs ...*concept.Packs) ([]lang.Given, error)
	// Existing gives the Cargo.toml of a crate or workspace that exists, for a
	// pipeline that makes no new crate, or says in the caller's words why there is
	// none.
	Existing func() (string, error)
	// Selected are the members of a workspace that crate.selection names; empty:
	// all.
	Selected []string

	// Output is the folder of a new crate; empty: one called like the crate, in
	// the working folder.
	Output string
	// Force overwrites files with edits.
	Force bool
	// Hooks lets the commands of packs run, in a container.
	Hooks bool
	// Locked uses only packs that the lock of packs pins, and leaves it as it is;
	// Unlocked neither reads nor writes one.
	Locked, Unlocked bool
	// PackPolicies are files that say who must have signed the packs, beside the
	// one that the pipeline names.
	PackPolicies []string

	// Level is the readiness level that is asked for.
	Level string
	// Only limits the run to some stages; the clean room is always made.
	Only []string
	// Targets limit it to some steps and all that they need.
	Targets []string
	// Resolve makes a missing Cargo.lock in a step that has the network.
	Resolve bool
	// Written is what the run itself writes, as far as it is no source.
	Written []string
	// Width is how many steps run at once; below one: one for each processor.
	Width int
	// Estimates are how long steps took in earlier runs, by ID.
	Estimates map[string]time.Duration
	// AuditDB is the folder of the advisory database; empty: there is none.
	AuditDB string
	// Epoch is the time that templates and steps see; zero: their defaults.
	Epoch time.Time
	// Sixty is the version of this program.
	Sixty string
}

// Engine is what runs a graph.
type Engine interface {
	// Name is the engine's name and version, for the report. It is asked for when
	// steps have run.
	Name() string
	// Caps is what it can keep.
	Caps() plan.Caps
	// Init is what the sixty-init that wraps each step is known by in keys.
	Init() (string, error)
	// Image resolves an image block; that may take a registry, or make the image.
	// For a service, what the image's configuration says comes along.
	Image(ctx context.Context, block config.Image, service bool) (plan.Image, error)
	// Known is the image of a block as far as that is known without a run; what
	// it leaves open is said in words.
	Known(ctx context.Context, block config.Image, service bool) (image plan.Image, open string, err error)
	// Runner returns what runs the steps of one graph. Secrets are those that the
	// pipeline declares.
	Runner(ctx context.Context, g *plan.Graph, secrets []config.Secret) (run.Runner, error)
}

// Market is where packs come from.
type Market interface {
	// Resolve finds a pack and all that it depends on, as pins say.
	Resolve(ctx context.Context, id, constraint string, pins market.Pins) (*concept.Packs, error)
	// Recorded finds the pack that a folder was generated from: what has the
	// recorded digest, and nothing else.
	Recorded(ctx context.Context, ref codegen.PackRef) (*market.Pack, error)
	// Accept holds packs against the policies in some files, and against those
	// that always count, and refuses one that was not signed as they ask.
	Accept(ctx context.Context, policies []string, packs []*market.Pack) error
}

// View is told what happens. Its methods are called from one goroutine at a
// time.
type View interface {
	Note(format string, args ...any)
	Started(step, stage string)
	Ended(r plan.Result)
}

// Host is what a run works with.
type Host struct {
	Engine Engine
	Market Market
	View   View
	Cache  Cache
	// Store keeps what goes into steps.
	Store *blob.Store
	// Begin says what the steps of a plan begin with that is there already; nil
	// means nothing.
	Begin func(g *plan.Graph) error
	// Environ are the variables of the environment that templates may read where
	// the pipeline names them, NAME=VALUE.
	Environ []string
}

// Cache is the folder of what can be made again.
type Cache string

// Content is the folder of the store of what goes into steps.
func (c Cache) Content() string { return filepath.Join(string(c), "content") }

// Results is the folder where steps leave their records.
func (c Cache) Results() string { return filepath.Join(string(c), "results") }

// Packs is the folder of packs that were fetched or used.
func (c Cache) Packs() string { return filepath.Join(string(c), "packs") }

// Answers is the folder of what SPARQL endpoints answered.
func (c Cache) Answers() string { return filepath.Join(c.Packs(), "answers") }
