package main

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/sixtyhq/sixty/internal/cargo"
	"github.com/sixtyhq/sixty/internal/crate"
)

// handScript is the best that we know how to do with cargo alone: what sixty's
// steps do, in one shell script on the machine itself.
//
//go:embed hand.sh
var handScript string

// byHand is the script's environment for a crate.
func byHand(manifest string) ([]string, error) {
	c, err := crate.Open(manifest)
	if err != nil {
		return nil, err
	}
	var excluded []string
	for _, m := range c.Project.Members {
		if m.InWorkspace && c.Project.Host(m) {
			excluded = append(excluded, "--exclude", m.Name)
		}
	}
	return []string{
		"CARGO_INCREMENTAL=0",
		"SIBLINGS=" + strings.Join(siblings(c), " "),
		"EXCLUDED=" + strings.Join(excluded, " "),
		"PACKED=" + c.Project.PackedManifest(),
		"RUNS=" + strings.Join(runs(c, "checked "), "\n"),
	}, nil
}

// runs are the commands that run every example and benchmark of a crate once,
// with the release profile.
func runs(c *crate.Crate, prefix string) (out []string) {
	for _, m := range c.Project.Members {
		for _, t := range m.Targets {
			switch {
			case !m.InWorkspace || len(t.RequiredFeatures) > 0:
			case t.Kind == cargo.TargetExample:
				out = append(out, fmt.Sprintf("%scargo run --release --quiet --package %s --example %s", prefix, m.Name, t.Name))
			case t.Kind == cargo.TargetBench:
				out = append(out, fmt.Sprintf("%scargo test --release --quiet --package %s --bench %s", prefix, m.Name, t.Name))
			}
		}
	}
	return out
}

// runHand runs the script in a crate's folder of the chroot.
func (c chroot) runHand(ctx context.Context, crate string, env []string) (spent, error) {
	s, out, err := measure(c.command(ctx, filepath.Join(workDir, crate), env, "/bin/sh", "-euc", handScript))
	if err != nil {
		return s, err
	}
	if passedTests(out) == 0 {
		return s, fmt.Errorf("by hand: no test ran\n%s", tail(string(out), 40))
	}
	return s, nil
}
