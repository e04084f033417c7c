package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/codegen"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/provenance"
)

// reproduceOptions is what a command line says about repeating a run.
type reproduceOptions struct {
	runOptions
	trust     verifyOptions
	source    string
	artifacts string
	json      bool
}

func (a *app) reproduceCommand() *cobra.Command {
	o := &reproduceOptions{}
	cmd := &cobra.Command{
		Use:   "reproduce BUNDLE",
		Short: "Build what a signed run built once more, and compare the digests",
		Long: `Reads the signed provenance of a run, checks who signed it, and builds the
run's artifacts again: from the same source, pipeline, variables and images, but
without a cache, at other paths, in another time zone and locale, under another
host name, with one processor. Then it compares the digest of every artifact with
the one that was signed.

BUNDLE is the attestations.jsonl beside the report. The source is the folder that
--source names, or, for a crate that came from a pack, that pack, rendered anew
with the recorded values. Values of sensitive variables are on no record: they
are asked for on the terminal, or come from SIXTY_VAR_name or a --var-file. What
is not what the provenance says, by digest, is refused before anything runs.

Where an artifact differs, the recorded one is looked for in the folder
"artifacts" beside BUNDLE (or --artifacts), and the output says where they differ.

Exit codes: 0 all artifacts are the same, 1 they are not, or source, pipeline or
images are not the recorded ones, 2 a mistake in the command line.`,
		Example: `  sixty reproduce out/attestations.jsonl --key sixty.pub --source .
  sixty reproduce attestations.jsonl --identity https://github.com/o/r/.github/workflows/release.yml@refs/tags/v1.0.0 \
    --issuer https://token.actions.githubusercontent.com --trusted-root trusted-root.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(o.trust.keys) == 0 && o.trust.identity == "" && o.trust.issuer == "" {
				return usagef("whom do you trust? What a stranger signed is a stranger's pipeline. Give the signer's public key with --key, or an identity with --identity, --issuer and --trusted-root")
			}
			if err := o.trust.check(); err != nil {
				return err
			}
			found, err := a.reproduce(cmd.Context(), o, args[0])
			if err != nil {
				return err
			}
			if o.json {
				text, err := json.MarshalIndent(struct {
					Reproduced bool `json:"reproduced"`
					*reproduction
				}{found.holds(), found}, "", "  ")
				if err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "%s\n", text)
			} else {
				a.printReproduction(found)
			}
			if !found.holds() {
				return errNo
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.source, "source", "", "folder or Cargo.toml of the source (default: the recorded pack, rendered anew)")
	f.StringVar(&o.artifacts, "artifacts", "", "folder with the recorded artifacts, to say where they differ (default: artifacts beside BUNDLE)")
	f.StringVar(&o.pipeline, "pipeline", "", "the pipeline file or folder that the run used (default: ./pipeline.hcl, or the built-in pipeline where that was used)")
	o.valueFlags(f, "value of a sensitive variable, NAME=VALUE; may be repeated")
	f.BoolVar(&o.json, "json", false, "print what was compared as JSON")
	f.IntVar(&o.width, "jobs", 0, "steps that run at once (default: the number of processors)")
	f.BoolVar(&o.hostCommands, "allow-host-commands", false, "let secrets of the pipeline come from commands of this machine")
	o.engineFlags(f)
	o.trust.trustFlags(f)
	return cmd
}

// reproduce repeats the recorded run as far as its artifacts go.
func (a *app) reproduce(ctx context.Context, o *reproduceOptions, bundle string) (_ *reproduction, err error) {
	data, err := readBundles([]string{bundle})
	if err != nil {
		return nil, err
	}
	trust, err := o.trust.trust()
	if err != nil {
		return nil, err
	}
	rec, err := readRecorded(ctx, data, trust)
	if err != nil {
		return nil, err
	}
	if o.artifacts == "" {
		o.artifacts = filepath.Join(filepath.Dir(bundle), "artifacts")
	}
	rec.atHand(o.artifacts)
	cache, err := a.cache()
	if err != nil {
		return nil, err
	}
	view, err := a.printer(history{})
	if err != nil {
		return nil, err
	}
	defer view.Close()
	view.Note("The provenance is signed by %s", deploy.Readable(rec.signer.String()))
	scratch, err := os.MkdirTemp("", "sixty-reproduce-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to build from: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	// What the recorded run wrote beside its report was no source of it.
	o.report, o.level, o.epoch = filepath.Join(filepath.Dir(bundle), "report.json"), rec.params.Level, rec.params.SourceDateEpoch
	store, err := a.content(cache)
	if err != nil {
		return nil, err
	}
	e, err := a.recordedSource(ctx, o, rec, scratch, store, view)
	if err != nil {
		return nil, err
	}
	if err := e.checkSource(&o.runOptions, rec, store); err != nil {
		return nil, err
	}
	if err := e.eng.open(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.eng.Close()) }()
	if err := e.ResolveImages(ctx); err != nil {
		return nil, err
	}
	if err := e.checkImages(rec); err != nil {
		return nil, err
	}
	if err := e.Plan(ctx); err != nil {
		return nil, err
	}
	again, err := a.rebuild(ctx, &o.runOptions, e, e.Input, rec.internal.Steps, view)
	if err != nil {
		return nil, err
	}
	return again.compare(ctx, rec.artifacts, rec.internal.Steps[0], *rec.internal.Surroundings)
}

// recordedSource loads the pipeline, refuses another one than the recorded, and
// brings the source to hand.
func (a *app) recordedSource(ctx context.Context, o *reproduceOptions, rec *recordedRun, scratch string, store *blob.Store, view *progress.Printer) (_ *executed, err error) {
	if made := rec.internal.Generation; o.pipeline == "" && made != nil && made.Pack != nil && made.Pack.Pipeline != "" {
		o.recordedPipeline = func() (*config.Config, hcl.Diagnostics, error) { return a.loadRecorded(ctx, *made.Pack, scratch) }
	} else if o.pipeline == "" && rec.params.Pipeline.Name == deploy.BuiltIn {
		o.dir = scratch // where there is no other one
	} else if _, err := os.Stat(deploy.DefaultPipeline); o.pipeline == "" && err != nil {
		return nil, usagef("the run used the pipeline %s: give it with --pipeline", rec.params.Pipeline.Name)
	}
	ask, err := a.ask(&o.runOptions)
	if err != nil {
		return nil, err
	}
	if o.recorded, err = rec.given(ask); err != nil {
		return nil, err
	}
	e := &executed{}
	if e.Run, e.eng, err = a.begin(&o.runOptions, store, view); err != nil {
		return nil, err
	}
	if _, err := e.Choose(ctx); err != nil {
		return nil, err
	}
	if used := provenance.Pipeline(e.Config); !maps.Equal(used.Digest, rec.params.Pipeline.Digest) {
		return nil, fmt.Errorf("the pipeline %s is not the one that was used: it has %s, and the provenance says %s; give the right one with --pipeline, or use sixty %s for its built-in one",
			used.Name, digestText(used.Digest), digestText(rec.params.Pipeline.Digest), "of the same version")
	}
	manifest := o.source
	if manifest == "" {
		if manifest, err = a.renderRecorded(ctx, rec, ask, scratch, view); err != nil {
			return nil, err
		}
	}
	return e, e.Open(manifest)
}

// renderRecorded renders the recorded pack with the recorded values into a
// folder of its own.
func (a *app) renderRecorded(ctx context.Context, rec *recordedRun, ask asking, scratch string, view *progress.Printer) (string, error) {
	record := rec.internal.Generation
	if record == nil || record.Pack == nil {
		return "", usagef("the crate was not made from a pack: give its source with --source")
	}
	dir := filepath.Join(scratch, "crate")
	if name := rec.internal.Folder; name != "" && filepath.Base(name) == name && filepath.IsLocal(name) {
		dir = filepath.Join(scratch, name) // a workspace may be called like it
	}
	text, err := json.Marshal(record)
	if err != nil {
		return "", err
	}
	if err := writeFile(filepath.Join(dir, filepath.FromSlash(codegen.RecordPath)), text); err != nil {
		return "", err
	}
	gen := &genOptions{}
	if gen.recorded, err = ask.all(rec.params.SensitivePackVariables); err != nil {
		return "", err
	}
	r, eng, err := a.beginGen(&gen.runOptions, view)
	if err != nil {
		return "", err
	}
	defer eng.Close() //nolint:errcheck // only a pack's commands open it, and they have ended
	made, err := r.RenderAgain(ctx, deploy.Generated{Dir: dir})
	if err != nil {
		return "", notAllowed(err)
	}
	if err := made.Write(ctx, false); err != nil {
		return "", err
	}
	return filepath.Join(dir, "Cargo.toml"), nil
}

// checkSource refuses another source than the recorded one.
func (e *executed) checkSource(o *runOptions, rec *recordedRun, store *blob.Store) error {
	tree, err := e.Crate.Pack(store, o.written()...)
	if err != nil {
		return err
	}
	if tree.Digest == rec.internal.Source {
		return nil
	}
	why := "it was changed since, or other files lie in it; what a run leaves out is version control, .sixty, and folders with a CACHEDIR.TAG"
	if e.Crate.Lock == nil {
		why = "it has no Cargo.lock, which the run had"
	}
	return fmt.Errorf("the source in %s is not the recorded one: it has %s, and the provenance says %s (%s); give the right one with --source", e.Crate.Dir, tree.Digest, rec.internal.Source, why)
}

// checkImages refuses other images than the recorded ones.
func (e *executed) checkImages(rec *recordedRun) error {
	for _, name := range slices.Sorted(maps.Keys(e.Images)) {
		if was, ok := rec.images[name]; ok && was != e.Images[name].Digest {
			return fmt.Errorf("the image %q is %s here, and was %s in the recorded run, so a difference would tell nothing of the source: sixty image shows what there is, and an image made from packages can be copied from where the run was",
				name, e.Images[name].Digest, was)
		}
	}
	return nil
}

func digestText(d statement.Digest) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(d)) {
		parts = append(parts, name+":"+d[name])
	}
	return strings.Join(parts, ", ")
}
