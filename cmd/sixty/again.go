package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/attest/statement"
	"github.com/sixtyhq/sixty/stages/generation"
)

// again is what a second process found when it rendered and planned the same
// once more, and what the first one had.
type again struct {
	first, second digests
	varied        []string
}

// digests are what rendering and planning come down to.
type digests struct {
	// Rendered is the SHA-256 over path, mode and content of every rendered
	// file; empty for a crate that exists.
	Rendered string `json:"rendered,omitempty"`
	// Plan is the SHA-256 over the keys of all steps, which cover commands,
	// environment, images, mounts and the source by digest.
	Plan string `json:"plan"`
}

// againRequest is a run for the second process. It comes on its standard
// input, since it may hold values of sensitive variables.
type againRequest struct {
	Dir, Pipeline, Manifest, Template, Name, Version, Output, Level, Report, Metrics string
	Values                                                                           []againValue
	Targets, Only                                                                    []string
	Resolve, Force, Unlocked, Whole                                                  bool
	// Base is what the dependencies begin with: other runs may add to what there
	// is to choose from.
	Base, Engine string
}

// againValue is a --var or --var-file.
type againValue struct {
	File bool
	Text string
}

// againCommand is the hidden command that the second process runs.
const againCommand = "plan-again"

func (a *app) planAgainCommand() *cobra.Command {
	return &cobra.Command{
		Use: againCommand, Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var req againRequest
			if err := json.NewDecoder(cmd.InOrStdin()).Decode(&req); err != nil {
				return usagef("read the run to plan again: %w", err)
			}
			a.backwards = true
			e, p, err := a.foresee(cmd.Context(), req.options())
			if err != nil {
				return err
			}
			keys := map[string]string{}
			for _, stage := range p.Stages {
				for _, step := range stage.Steps {
					if step.Key != nil {
						keys[step.ID] = *step.Key
					}
				}
			}
			return json.NewEncoder(a.stdout).Encode(digests{Rendered: renderedDigest(e.Made), Plan: keysDigest(keys)})
		},
	}
}

func (r againRequest) options() *runOptions {
	o := &runOptions{
		dir: r.Dir, pipeline: r.Pipeline, manifest: r.Manifest, template: r.Template, name: r.Name, version: r.Version, output: r.Output,
		level: r.Level, report: r.Report, metrics: r.Metrics, targets: r.Targets, only: r.Only,
		resolve: r.Resolve, force: r.Force, unlocked: r.Unlocked, whole: r.Whole, begin: &r.Base, engine: r.Engine,
	}
	for _, v := range r.Values {
		o.values = append(o.values, valueFlag{v.File, v.Text})
	}
	return o
}

// request is the same run seen from another working folder.
func (e *executed) request(o *runOptions) (againRequest, error) {
	r := againRequest{
		Dir: o.base(), Pipeline: o.pipeline, Manifest: o.manifest, Template: o.template, Name: o.name, Version: o.version, Output: o.output,
		Level: o.level, Report: o.report, Metrics: o.metrics, Targets: o.targets, Only: o.only,
		Resolve: o.resolve, Force: o.force, Unlocked: o.unlocked, Whole: o.whole, Base: e.eng.base.Name, Engine: o.engine,
	}
	for _, v := range o.values {
		r.Values = append(r.Values, againValue{v.file, v.text})
	}
	if e.Made != nil {
		r.Output = e.Made.Dir
	} else if r.Manifest == "" {
		r.Manifest = "Cargo.toml"
	}
	paths := []*string{&r.Dir, &r.Pipeline, &r.Manifest, &r.Output, &r.Report, &r.Metrics}
	for i, v := range r.Values {
		if v.File {
			paths = append(paths, &r.Values[i].Text)
		}
	}
	for _, p := range paths {
		if *p == "" {
			continue
		}
		abs, err := filepath.Abs(*p)
		if err != nil {
			return r, err
		}
		*p = abs
	}
	return r, nil
}

// planAgain has a second process render and plan the same run, in another
// working folder, locale and time zone, with the folders of the pack listed
// backwards. nil means that it can't be measured: a template asked an endpoint,
// whose answers are not sixty's to repeat.
func (a *app) planAgain(ctx context.Context, o *runOptions, e *executed) (*again, error) {
	if e.Template != nil && len(e.Template.Answers) > 0 {
		return nil, nil
	}
	out := &again{first: digests{Rendered: renderedDigest(e.Made)}}
	keys, err := e.Keys()
	if err != nil {
		return nil, err
	}
	first := map[string]string{}
	for id, key := range keys {
		first[id] = key.Digest
	}
	out.first.Plan = keysDigest(first)
	request, err := e.request(o)
	if err != nil {
		return nil, err
	}
	input, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sixty-again-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cache, err := a.cache()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "--progress", "quiet", "--cache-dir", cache, againCommand)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(input)
	cmd.Env, out.varied = elsewhereEnv(os.Environ(), dir)
	cmd.WaitDelay = time.Second
	if e.Made != nil {
		out.varied = append(out.varied, "order of files in the pack")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("plan the same in a second process: %w: %s", err, firstLine(errors.New(stderr.String())))
	}
	if err := json.Unmarshal(text, &out.second); err != nil {
		return nil, fmt.Errorf("plan the same in a second process: %w", err)
	}
	return out, nil
}

// elsewhereEnv is an environment in which locale, time zone and folder for
// temporary files are others.
func elsewhereEnv(env []string, dir string) (changed, varied []string) {
	locale, zone := "C", "SXT-14"
	before := map[string]string{}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		before[name] = value
		if name != "LC_ALL" && name != "TZ" && name != "TMPDIR" && name != "PWD" {
			changed = append(changed, pair)
		}
	}
	was := before["LC_ALL"]
	if was == "" {
		was = before["LANG"]
	}
	if was == "" || was == "C" || was == "POSIX" {
		locale = "C.UTF-8"
	}
	if before["TZ"] == zone {
		zone = "SXT+11"
	}
	changed = append(changed, "LC_ALL="+locale, "TZ="+zone, "TMPDIR="+dir)
	return changed, []string{"process", "locale: " + orNone(was) + ", " + locale, "time zone: " + orNone(before["TZ"]) + ", " + zone, "working folder"}
}

// claim says whether both processes came to the same.
func (g *again) claim() *statement.Claim {
	c := &statement.Claim{Holds: g.first == g.second, Varied: g.varied}
	var against []string
	for _, what := range []struct{ name, first, second string }{
		{"rendered files", g.first.Rendered, g.second.Rendered}, {"plan", g.first.Plan, g.second.Plan},
	} {
		for _, d := range []struct{ process, sum string }{{"first", what.first}, {"second", what.second}} {
			if d.sum != "" {
				c.Evidence = append(c.Evidence, statement.Resource{Name: what.name, Digest: statement.Digest{"sha256": d.sum}, Annotations: map[string]any{"process": d.process}})
			}
		}
		if what.first != what.second {
			against = append(against, "the "+what.name+" came out otherwise in the second process")
		}
	}
	c.Detail = strings.Join(against, "; ")
	return c
}

func renderedDigest(made *generation.Result) string {
	if made == nil {
		return ""
	}
	var lines []string
	for _, w := range made.Plan.Writes {
		if w.Content != nil {
			lines = append(lines, fmt.Sprintf("%x %o %s\n", sha256.Sum256(w.Content), w.Mode, w.Path))
		}
	}
	return linesDigest(lines)
}

func keysDigest(keys map[string]string) string {
	var lines []string
	for id, key := range keys {
		lines = append(lines, key+" "+id+"\n")
	}
	return linesDigest(lines)
}

func linesDigest(lines []string) string {
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

// backwards lists the folders of a file system from the last name to the first,
// as no well-behaved reader should notice.
type backwards struct{ fs.FS }

// ReadDir implements fs.ReadDirFS.
func (b backwards) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(b.FS, name)
	slices.Reverse(entries)
	return entries, err
}
