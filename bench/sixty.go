package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// run runs sixty where no pipeline file lies and without the user's own
// settings for it. Its engine is its own and ends with it, so that what steps
// cost counts.
func (c command) run(ctx context.Context, args ...string) (spent, []byte, error) {
	return c.with(ctx, []string{"SIXTY_SERVE=off"}, args...)
}

// with runs sixty with something more in its environment.
func (c command) with(ctx context.Context, env []string, args ...string) (spent, []byte, error) {
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Dir = c.dir
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "SIXTY_") && !strings.HasPrefix(pair, "XDG_CONFIG_HOME=") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, "XDG_CONFIG_HOME="+filepath.Join(c.dir, "config"), "SIXTY_CACHE_DIR="+c.cache())
	cmd.Env = append(cmd.Env, env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopDelay
	return measure(cmd)
}

func (c command) version(ctx context.Context) (string, error) {
	_, out, err := c.run(ctx, "--version")
	return strings.TrimSpace(string(out)), err
}

func (c command) generate(ctx context.Context, pack, name, dir string) error {
	_, _, err := c.run(ctx, "gen", "--template", packPrefix+pack, "--name", name, "--output", dir)
	return err
}

// setup takes in the image and the crates.
func (c command) setup(ctx context.Context, manifest string) error {
	_, _, err := c.run(ctx, "setup", "--manifest", manifest, "--progress", "plain")
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
// for. Engine is what ran it.
func (c command) deploy(ctx context.Context, name, manifest string) (s spent, engine string, err error) {
	file := filepath.Join(c.out(), "report.json")
	if err := os.RemoveAll(c.out()); err != nil {
		return s, "", err
	}
	s, _, err = c.run(ctx, "deploy", "--manifest", manifest, "--report", file, "--progress", "plain")
	if err != nil {
		return s, "", err
	}
	var r report
	if err := readJSON(file, &r); err != nil {
		return s, "", fmt.Errorf("read sixty's report: %w", err)
	}
	return s, r.Engine, r.check(name, c.image, s)
}

// served measures a run of which nothing is new, on an engine that a run before
// it has started, and ends that engine.
func (c command) served(ctx context.Context, manifest string) (s spent, err error) {
	serve := []string{"SIXTY_SERVE=on"}
	file := filepath.Join(c.out(), "report.json")
	args := []string{"deploy", "--manifest", manifest, "--report", file, "--progress", "plain"}
	defer func() {
		_, _, stopped := c.with(context.WithoutCancel(ctx), serve, "serve", "--stop")
		err = errors.Join(err, stopped)
	}()
	if _, _, err := c.with(ctx, serve, args...); err != nil {
		return s, err
	}
	if s, _, err = c.with(ctx, serve, args...); err != nil {
		return s, err
	}
	var r report
	if err := readJSON(file, &r); err != nil {
		return s, fmt.Errorf("read sixty's report: %w", err)
	}
	return s, r.check(caseUnchanged, c.image, s)
}

// auditStep is the one step that need not have passed: it may be without an
// advisory database.
const auditStep = "validation.audit"

// check finds out what makes a run unfit for a case: it did not pass in full,
// used another image, or had more or less in its cache than the case means.
func (r report) check(name, image string, s spent) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("sixty's report: "+format, args...)) }
	if r.DeploymentStatus != "READY" {
		bad("it is %q and not READY", r.DeploymentStatus)
	}
	if len(r.Images) != 1 || r.Images[0].Digest != image {
		bad("it used %v and not the one image that the bare commands have, %s", r.Images, image)
	}
	var cpu time.Duration
	seen := map[string]step{}
	for _, stage := range r.Stages {
		for _, st := range stage.Steps {
			seen[st.ID] = st
			if st.Status != "passed" && st.ID != auditStep {
				bad("step %s: %s", st.ID, st.Status)
			}
			if st.Executed == nil {
				continue
			}
			if !st.Cached {
				cpu += time.Duration(st.Executed.UserMS+st.Executed.SystemMS) * time.Millisecond
			}
			if name == caseUnchanged && !st.Cached {
				bad("step %s ran again though nothing had changed", st.ID)
			}
		}
	}
	for id, cached := range map[string]bool{
		"setup.vendor":       true,
		"setup.dependencies": name != caseCold,
		"testing.build":      name == caseUnchanged,
		"testing.compile":    name == caseUnchanged,
		"testing.test":       name == caseUnchanged,
		"testing.examples":   name == caseUnchanged,
		"validation.package": name == caseUnchanged,
		"validation.docs":    name == caseUnchanged,
	} {
		if st, ok := seen[id]; !ok || st.Cached != cached {
			bad("step %s is there: %t, cached: %t; in the case %q it has to be there, cached: %t", id, ok, st.Cached, name, cached)
		}
	}
	// Steps measure themselves. Where the process's own figure is below theirs,
	// they are no descendants of it, and its figure says nothing.
	if s.cpu < cpu {
		bad("its steps took %s of CPU time, and sixty with all of its children only %s", cpu, s.cpu)
	}
	return errors.Join(errs...)
}
