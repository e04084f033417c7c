package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// command is sixty's own, with a cache folder and a signing key of its own.
type command struct {
	path string
	// dir is the benchmark's folder.
	dir string
	// image is the digest that a run has to name in its report.
	image string
}

func (c command) cache() string { return filepath.Join(c.dir, "cache") }
func (c command) out() string   { return filepath.Join(c.dir, "out") }

// images is where its cache has the image of the built-in pipeline.
func (c command) images() string { return filepath.Join(c.cache(), "images", "rust") }

// takeImage gives the cache the image, so that none is built or looked up.
func (c command) takeImage(layout string) error {
	if err := linkTree(layout, c.images()); err != nil {
		return fmt.Errorf("copy the image: %w", err)
	}
	return nil
}

// How runs reach their engine.
const (
	// serveOff is an engine inside the run.
	serveOff = "SIXTY_SERVE=off"
	// serveOn is the engine that stays, as runs have it by default.
	serveOn = "SIXTY_SERVE=on"
)

// command is sixty where no pipeline file lies and without the user's own
// settings for it.
func (c command) command(ctx context.Context, serve string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Dir = c.dir
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "SIXTY_") && !strings.HasPrefix(pair, "XDG_CONFIG_HOME=") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, "XDG_CONFIG_HOME="+filepath.Join(c.dir, "config"), "SIXTY_CACHE_DIR="+c.cache(), serve)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopDelay
	return cmd
}

func (c command) run(ctx context.Context, args ...string) (spent, []byte, error) {
	return measure(c.command(ctx, serveOff, args...))
}

func (c command) version(ctx context.Context) (string, error) {
	_, out, err := c.run(ctx, "--version")
	return strings.TrimSpace(string(out)), err
}

func (c command) generate(ctx context.Context, pack, name, dir string) (spent, error) {
	s, _, err := c.run(ctx, "gen", "--template", packPrefix+pack, "--name", name, "--output", dir)
	return s, err
}

// takeIn runs the pipeline on a crate that needs nothing, which unpacks the image.
func (c command) takeIn(ctx context.Context) error {
	dir := filepath.Join(c.dir, "src", "prepare")
	if err := writeCrates(dir, 1, "to begin with"); err != nil {
		return err
	}
	_, _, err := c.run(ctx, "deploy", "--manifest", filepath.Join(dir, "Cargo.toml"), "--no-sign", "--report", filepath.Join(c.out(), "report.json"), "--progress", "plain")
	return err
}

// setup takes in a crate's dependencies, and compiles nothing.
func (c command) setup(ctx context.Context, manifest string) error {
	file := filepath.Join(c.out(), "report.json")
	if err := os.RemoveAll(c.out()); err != nil {
		return err
	}
	// Where steps are left out the verdict is no.
	_, _, err := c.run(ctx, "deploy", "--manifest", manifest, "--target", vendorStep, "--no-sign", "--report", file, "--progress", "plain")
	var said report
	if errRead := readJSON(file, &said); errRead != nil {
		return errors.Join(err, errRead)
	}
	for _, stage := range said.Stages {
		for _, st := range stage.Steps {
			if st.ID == vendorStep && st.Status == "passed" {
				return nil
			}
		}
	}
	return errors.Join(fmt.Errorf("step %s has not passed", vendorStep), err)
}

// keep starts the engine that stays, unless it is there, and gives its process.
// It does not end by itself while other sides have their turn.
func (c command) keep(ctx context.Context) (pid int, err error) {
	if _, _, err := measure(c.command(ctx, serveOn, "serve", "--idle", "24h")); err != nil {
		return 0, err
	}
	cmd := c.command(ctx, serveOn, "serve", "--status", "--json")
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("ask for the engine that stays: %w", err)
	}
	var status struct {
		PID int `json:"pid"`
	}
	if err := json.Unmarshal(out, &status); err != nil {
		return 0, fmt.Errorf("ask for the engine that stays: %w", err)
	}
	return status.PID, nil
}

// release ends the engine that stays.
func (c command) release(ctx context.Context) error {
	_, _, err := measure(c.command(ctx, serveOn, "serve", "--stop", "--now"))
	return err
}

// report is what the benchmark reads of sixty's.
type report struct {
	DeploymentStatus string `json:"deployment_status"`
	Engine           string `json:"engine"`
	Images           []struct {
		Digest string `json:"digest"`
	} `json:"images"`
	Stages []struct {
		Name  string `json:"name"`
		Steps []step `json:"steps"`
	} `json:"stages"`
}

type step struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Cached   bool   `json:"cached"`
	Executed *struct {
		UserMS   int64 `json:"user_cpu_ms"`
		SystemMS int64 `json:"system_cpu_ms"`
	} `json:"executed"`
}

// deploy measures a run and checks that it was the case that it is to count
// for. Engine is the process of the engine that stays, 0 for one inside the run.
func (c command) deploy(ctx context.Context, name, manifest string, engine int) (r ran, ranBy string, err error) {
	file := filepath.Join(c.out(), "report.json")
	if err := os.RemoveAll(c.out()); err != nil {
		return r, "", err
	}
	serve := serveOff
	if engine != 0 {
		serve = serveOn
	}
	args := []string{"deploy", "--manifest", manifest, "--report", file, "--progress", "plain"}
	if name == caseCold {
		// They would begin with what another pack's crates have in common with them.
		args = append(args, "--all-dependencies")
	}
	r, err = observe(c.command(ctx, serve, args...), engine, true)
	if err != nil {
		return r, "", err
	}
	var said report
	if err := readJSON(file, &said); err != nil {
		return r, "", fmt.Errorf("read sixty's report: %w", err)
	}
	return r, said.Engine, said.check(name, c.image, r.spent)
}

// Steps that are not like others: the one that unpacks crates, which nobody has
// to do in a measured run, and the audit, which need not pass because there may
// be no advisory database.
const (
	vendorStep = "setup.vendor"
	auditStep  = "validation.audit"
)

// check finds out what makes a run unfit for a case: it did not pass in full,
// used another image, or had more or less in its cache than the case means.
func (r report) check(name, image string, s spent) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("sixty's report: "+format, args...)) }
	if r.DeploymentStatus != "READY" {
		bad("it is %q and not READY", r.DeploymentStatus)
	}
	if len(r.Images) == 0 || slices.ContainsFunc(r.Images, func(i struct {
		Digest string `json:"digest"`
	}) bool {
		return i.Digest != image
	}) {
		bad("it used %v and not the one image that the bare commands have, %s", r.Images, image)
	}
	var cpu time.Duration
	// fresh are the steps that ran, by their stage.
	fresh, vendored := map[string][]string{}, false
	for _, stage := range r.Stages {
		for _, st := range stage.Steps {
			if st.Status != "passed" && st.ID != auditStep {
				bad("step %s: %s", st.ID, st.Status)
			}
			vendored = vendored || st.ID == vendorStep && st.Cached
			if st.Executed == nil || st.Cached {
				continue
			}
			fresh[stage.Name] = append(fresh[stage.Name], st.ID)
			cpu += time.Duration(st.Executed.UserMS+st.Executed.SystemMS) * time.Millisecond
		}
	}
	if !vendored {
		bad("the crates were not unpacked before (%s)", vendorStep)
	}
	if cold := len(fresh["setup"]) > 0; name != caseNew && cold != (name == caseCold) {
		bad("of the steps that compile dependencies, %v ran; in the case %q that has to be so: %t", fresh["setup"], name, name == caseCold)
	}
	if tested := len(fresh["testing"]) > 0; tested != (name != caseUnchanged) {
		bad("of the steps that test, %v ran; in the case %q that has to be so: %t", fresh["testing"], name, name != caseUnchanged)
	}
	if again := fresh["validation"]; name == caseUnchanged && len(again) > 0 {
		bad("%v ran again though nothing had changed", again)
	}
	// Steps measure themselves. Where the figure of command and engine is below
	// theirs, they are no descendants, and the figure says nothing. The kernel
	// counts in ticks.
	if s.cpu+s.cpu/20+10*tick < cpu {
		bad("its steps took %s of CPU time, and sixty with its engine and all children only %s", cpu, s.cpu)
	}
	return errors.Join(errs...)
}
