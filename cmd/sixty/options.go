package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
)

// runOptions is everything that a command line says about a run.
type runOptions struct {
	pipeline string
	// scenario is a scenario file in the place of a pipeline.
	scenario string
	manifest string
	template string
	name     string
	version  string
	output   string
	values   []valueFlag

	level    string
	timeout  time.Duration
	report   string
	metrics  string
	auditDB  string
	resolve  bool
	force    bool
	locked   bool // --locked
	unlocked bool // no lock is read or written, while a pack is being edited
	width    int
	// hostCommands lets secrets come from commands of this machine.
	hostCommands bool
	packPolicy   string
	// hooks lets the commands of packs run in a container.
	hooks bool
	// targets limits the run to some steps and all that they need.
	targets []string

	explain   bool
	engine    string
	noServe   bool
	tlsCA     string
	tlsCert   string
	tlsKey    string
	tlsServer string

	sign signOptions
	// prove builds again in other surroundings and compares.
	prove bool
	// recorded are values that an earlier run recorded; they win.
	recorded []lang.Given
	// whole compiles every dependency, and begin names the layer that they begin
	// with where an earlier process has chosen it; nil: this one chooses.
	whole bool
	begin *string
	// epoch is the SOURCE_DATE_EPOCH of an earlier run; zero: of this one.
	epoch int64
	// recordedPipeline reads the pipeline that a pack brought to an earlier run; nil:
	// it brought none.
	recordedPipeline func() (*config.Config, hcl.Diagnostics, error)
	// dir is the folder in which a pipeline is looked for; empty: the working
	// folder.
	dir string
	// measureAgain plans the run in a second process and compares.
	measureAgain bool

	// changed is since when changes count, empty for a run of all members, and
	// reach the members that follow from it.
	changed string
	reach   *changedRun

	// only names the stages to run beside setup; empty: all.
	only []string
}

func (o *runOptions) base() string {
	if o.dir == "" {
		return "."
	}
	return o.dir
}

func (o *runOptions) sourceFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.pipeline, "pipeline", "", "pipeline file or folder (default: ./pipeline.hcl, else the built-in pipeline)")
	f.StringVar(&o.manifest, "manifest", "", "Cargo.toml of a crate or workspace that exists (default: ./Cargo.toml when there is no --template)")
	o.valueFlags(f, "value of a variable of the pipeline or the pack, NAME=VALUE; may be repeated")
	cmd.MarkFlagFilename("manifest", "toml") //nolint:errcheck // the flag exists
}

func (o *runOptions) templateFlags(cmd *cobra.Command) {
	o.newCrateFlags(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "folder of the new crate (default: ./NAME)")
	packPolicyFlag(cmd, &o.packPolicy)
	hooksFlag(cmd, &o.hooks)
	f.BoolVar(&o.locked, "locked", false, "use only packs that sixty.lock pins, and leave it as it is")
	f.BoolVar(&o.force, "force", false, "overwrite files that were edited since they were generated; what they held is kept under .sixty/backup")
}

func (o *runOptions) newCrateFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.template, "template", "", "pack to generate the crate from; see sixty market search")
	f.StringVar(&o.name, "name", "", "name of the new crate; short for --var name=NAME")
	f.StringVar(&o.version, "version", "", "version of the new crate; short for --var version=VERSION")
}

func (o *runOptions) runFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&o.timeout, "timeout", 0, "deadline over all, such as 60s")
	f.StringVar(&o.report, "report", "out/report.json", "where to write the report; logs, artifacts and the signed bundle lie beside it")
	f.StringVar(&o.metrics, "metrics-output", "", "write the metrics alone to this file as JSON")
	f.StringVar(&o.auditDB, "audit-db", "", "folder of the RustSec advisory database (default $SIXTY_AUDIT_DB, else the one that sixty audit-db update fetched)")
	f.BoolVar(&o.resolve, "resolve", false, "make a missing Cargo.lock, in a step of its own that has the network")
	f.BoolVar(&o.hostCommands, "allow-host-commands", false, "let the pipeline's secrets come from commands that run on this machine, outside of any container")
	f.IntVar(&o.width, "jobs", 0, "steps that run at once (default: one a processor, with 1 GiB of memory for each)")
	o.targetFlag(cmd)
	o.engineFlags(f)
	f.BoolVar(&o.explain, "explain", false, "say of each step that ran what made it run (see sixty explain)")
}

// engineFlags are those that choose the engine.
func (o *runOptions) engineFlags(f *pflag.FlagSet) {
	f.StringVar(&o.engine, "engine", "", "address of a BuildKit to use instead of the embedded one: unix://, tcp://, docker-container://, kube-pod:// or ssh:// (default $SIXTY_ENGINE)")
	f.BoolVar(&o.whole, "all-dependencies", false, "compile every dependency, and not only those that differ from a set that an earlier run compiled")
	f.BoolVar(&o.noServe, "no-serve", false, "end the embedded engine with this run instead of keeping it for the next one (see sixty serve; $"+serveVariable+"=off)")
	f.StringVar(&o.tlsCA, "tls-ca", "", "CA certificate of a tcp:// engine")
	f.StringVar(&o.tlsCert, "tls-cert", "", "client certificate for a tcp:// engine")
	f.StringVar(&o.tlsKey, "tls-key", "", "client key for a tcp:// engine")
	f.StringVar(&o.tlsServer, "tls-server-name", "", "name in the certificate of a tcp:// engine, when it is not the host's")
}

func (o *runOptions) targetFlag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.targets, "target", nil, "run this step and what it needs, nothing else: STAGE.STEP, a pattern such as testing.test-*, or a STAGE; may be repeated. Such a run is never READY")
}

func (o *runOptions) levelFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.level, "level", config.Levels()[0], "readiness level to ask for: "+strings.Join(config.Levels(), ", "))
	completeWords(cmd, "level", config.Levels()...)
}

func (o *runOptions) check() error {
	if err := o.sign.check(); err != nil {
		return err
	}
	if o.template != "" && o.manifest != "" {
		return usagef("--template makes a new crate and --manifest takes one that exists: give one of them")
	}
	if o.manifest != "" && o.forNewCrate() {
		return usagef("--name, --version and --output are for a new crate, and --manifest takes one that exists")
	}
	if o.level != "" {
		for _, l := range config.Levels() {
			if l == o.level {
				return nil
			}
		}
		return usagef("there is no level %q; the levels are %s.%s", o.level, strings.Join(config.Levels(), ", "), lang.DidYouMean(o.level, config.Levels()))
	}
	return nil
}

// forNewCrate reports whether something is said that only a new crate has.
func (o *runOptions) forNewCrate() bool { return o.name != "" || o.version != "" || o.output != "" }

// checkWritable finds out before the work whether its report can be written.
func (o *runOptions) checkWritable() error {
	dir := filepath.Dir(o.report)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usagef("the report can't be written: %w; give another place with --report", err)
	}
	probe, err := os.CreateTemp(dir, ".sixty-")
	if err != nil {
		return usagef("the report can't be written: %w; give another place with --report", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
