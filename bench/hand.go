package main

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
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
	var runs, excluded []string
	for _, m := range c.Project.Members {
		if !m.InWorkspace {
			continue
		}
		if c.Project.Host(m) {
			excluded = append(excluded, "--exclude", m.Name)
		}
		for _, t := range m.Targets {
			switch {
			case len(t.RequiredFeatures) > 0:
			case t.Kind == cargo.TargetExample:
				runs = append(runs, fmt.Sprintf("checked cargo run --release --quiet --package %s --example %s", m.Name, t.Name))
			case t.Kind == cargo.TargetBench:
				runs = append(runs, fmt.Sprintf("checked cargo test --release --quiet --package %s --bench %s", m.Name, t.Name))
			}
		}
	}
	return []string{
		"CARGO_INCREMENTAL=0",
		"SIBLINGS=" + strings.Join(siblings(c), " "),
		"EXCLUDED=" + strings.Join(excluded, " "),
		"PACKED=" + c.Project.PackedManifest(),
		"RUNS=" + strings.Join(runs, "\n"),
	}, nil
}

var handTests = regexp.MustCompile(`(?m)^test result: ok\. (\d+) passed`)

// runHand runs the script in a crate's folder of the chroot.
func (c chroot) runHand(ctx context.Context, crate string, env []string) (spent, error) {
	s, out, err := measure(c.command(ctx, filepath.Join(workDir, crate), env, "/bin/sh", "-euc", handScript))
	if err != nil {
		return s, err
	}
	passed := 0
	for _, match := range handTests.FindAllSubmatch(out, -1) {
		n, err := strconv.Atoi(string(match[1]))
		if err != nil {
			return s, fmt.Errorf("by hand: %w", err)
		}
		passed += n
	}
	if passed == 0 {
		return s, fmt.Errorf("by hand: no test ran\n%s", tail(string(out), 40))
	}
	return s, nil
}
