package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/blob"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/lastrun"
	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/verdict"
	"github.com/sixtyhq/sixty/stages/setup"
)

// sinceLastPass is the value of --changed without one.
const sinceLastPass = "last"

func (o *runOptions) changedFlag(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.changed, "changed", "", "run only for the members of the workspace that a change can reach: since all tests passed last, or, with =REVISION, since the working folder left that git revision")
	f.Lookup("changed").NoOptDefVal = sinceLastPass
}

// passed is the last state of a crate for which every member's tests passed: in
// one run, or in one of a part after a run of all the rest.
type passed struct {
	// Tree is the digest of the source.
	Tree string `json:"tree"`
	// Rest is a digest of everything else that the steps with tests depend on,
	// by step ID.
	Rest map[string]string `json:"rest"`
	At   time.Time         `json:"at"`
}

func passedFile(folder, crateDir string) string {
	return strings.TrimSuffix(lastrun.File(folder, crateDir), ".json") + ".passed.json"
}

// changedRun is a run of the members that a change can reach.
type changedRun struct {
	crate.Reach
	// Since says in words what the change is compared with.
	Since string
}

// limit finds the members that a change can reach, and limits the run to them.
// It says which they are; nothing is left to run when it returns false.
func (a *app) limit(ctx context.Context, o *runOptions) (bool, error) {
	e, _, err := a.foresee(ctx, o)
	if err != nil {
		return false, err
	}
	if !mentionsSelection(e) {
		return false, usagef("--changed needs a pipeline whose commands use crate.selection, such as cargo test ${join(\" \", crate.selection)}; this one tests everything")
	}
	folder, err := a.cache()
	if err != nil {
		return false, err
	}
	run := &changedRun{}
	if o.changed == sinceLastPass {
		err = run.sinceLastPass(e, folder)
	} else {
		err = run.sinceRevision(ctx, e.Crate, o.changed)
	}
	if err != nil {
		return false, err
	}
	if len(run.Selected) == 0 {
		fmt.Fprintf(a.stdout, "Nothing to test: no member can be reached by a change since %s. Not run: %s.\n", run.Since, strings.Join(run.Rest, ", "))
		return false, nil
	}
	fmt.Fprintf(a.stderr, "Changed since %s:\n", run.Since)
	for _, name := range run.Selected {
		fmt.Fprintf(a.stderr, "  %s  (%s)\n", name, run.Because[name])
	}
	if len(run.Rest) > 0 {
		fmt.Fprintf(a.stderr, "Not run: %s\n", strings.Join(run.Rest, ", "))
	}
	o.reach = run
	return true, nil
}

// mentionsSelection tells whether a pipeline can be limited.
func mentionsSelection(e *executed) bool {
	for _, f := range e.Config.Files {
		if bytes.Contains(f.Bytes, []byte("crate.selection")) {
			return true
		}
	}
	return false
}

func (r *changedRun) sinceLastPass(e *executed, folder string) error {
	store, err := blob.Open(filepath.Join(folder, "content"))
	if err != nil {
		return err
	}
	keys, err := e.Keys()
	if err != nil {
		return err
	}
	last, err := readPassed(passedFile(folder, e.Crate.Dir))
	if err != nil {
		r.Since = "there is no record"
		r.Reach = e.Crate.All("no run of all tests that passed is on record")
		return nil //nolint:nilerr // then everything is tested
	}
	r.Since = "all tests passed on " + last.At.Local().Format(time.DateTime)
	for id, digest := range rest(e.Graph, keys) {
		if last.Rest[id] != digest {
			r.Reach = e.Crate.All("the image, the dependencies or the command of " + id + " changed")
			return nil
		}
	}
	changes, readable := storedTrees(store)(last.Tree, e.Tree.Digest)
	if !readable {
		r.Reach = e.Crate.All("the source of that run is no longer stored")
		return nil
	}
	var files []string
	for _, c := range changes {
		files = append(files, c.Name)
	}
	r.Reach = e.Crate.Reach(files)
	return nil
}

// sinceRevision asks git what differs from where the working folder left a
// revision, with what is not committed and files that git does not know.
func (r *changedRun) sinceRevision(ctx context.Context, c *crate.Crate, revision string) error {
	if strings.HasPrefix(revision, "-") {
		return usagef("--changed=%s: that is no git revision", revision)
	}
	r.Since = revision
	base, err := git(ctx, c.Dir, "merge-base", revision, "HEAD")
	if err != nil {
		return usagef("--changed=%s: %w", revision, err)
	}
	changed, err := git(ctx, c.Dir, "diff", "--name-only", "--no-renames", "-z", "--relative", strings.TrimSpace(base))
	if err != nil {
		return fmt.Errorf("what changed since %s: %w", revision, err)
	}
	unknown, err := git(ctx, c.Dir, "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return fmt.Errorf("what changed since %s: %w", revision, err)
	}
	r.Reach = c.Reach(strings.FieldsFunc(changed+unknown, func(c rune) bool { return c == 0 }))
	return nil
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("git is not installed; --changed without a revision needs none")
	}
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}

// tests are the steps that run tests.
func tests(g *plan.Graph) []plan.Step {
	return slices.DeleteFunc(g.Steps(), func(s plan.Step) bool { return s.Skipped != "" || !slices.Contains(s.Metrics, "tests") })
}

// rest is what steps with tests depend on beside the source and the selection
// in their command.
func rest(g *plan.Graph, keys map[string]plan.Key) map[string]string {
	out := map[string]string{}
	for _, s := range tests(g) {
		sum := sha256.New()
		for _, p := range keys[s.ID].Parts {
			if p.Name != "command" && p.Name != "mount "+setup.SourceDir {
				fmt.Fprintf(sum, "%q %q\n", p.Name, p.Value)
			}
		}
		out[s.ID] = hex.EncodeToString(sum.Sum(nil))
	}
	return out
}

// keepPassed puts the state on record, when all tests of all members have passed
// with it: each that a change could reach since then has passed now.
func (e *executed) keepPassed(o *runOptions, folder string) error {
	if o.reach != nil && o.changed != sinceLastPass && len(o.reach.Rest) > 0 {
		return nil // the others may never have passed
	}
	steps := tests(e.Graph)
	for _, s := range steps {
		at := slices.IndexFunc(e.Results, func(r plan.Result) bool { return r.Step == s.ID })
		if at < 0 || !e.Results[at].Status.OK() {
			return nil
		}
	}
	if len(steps) == 0 {
		return nil
	}
	keys, err := e.Keys()
	if err != nil {
		return err
	}
	b, err := json.Marshal(passed{Tree: e.Tree.Digest, Rest: rest(e.Graph, keys), At: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	return writeFile(passedFile(folder, e.Crate.Dir), b)
}

func readPassed(file string) (passed, error) {
	var p passed
	b, err := os.ReadFile(file)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(b, &p)
}

// wholeWorkspace is the gate of a run that leaves members out.
const wholeWorkspace = "whole workspace"

// unreached is the gate that keeps a run of some members from being ready;
// nothing for a run of all.
func (o *runOptions) unreached() []verdict.GateResult {
	if o.reach == nil || len(o.reach.Rest) == 0 {
		return nil
	}
	return []verdict.GateResult{{Name: wholeWorkspace, Level: config.Levels()[0], Severity: "error", Status: plan.StatusNotRun,
		Message: fmt.Sprintf("only %s ran, which a change since %s can reach (--changed); %s did not", strings.Join(o.reach.Selected, ", "), o.reach.Since, strings.Join(o.reach.Rest, ", "))}}
}
