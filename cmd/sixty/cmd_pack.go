package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/market"
)

func (a *app) packCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "pack", Short: "Write and test packs, the templates of crates", Args: cobra.NoArgs}
	cmd.AddCommand(a.packNewCommand(), a.packTestCommand())
	return cmd
}

func (a *app) packNewCommand() *cobra.Command {
	id := ""
	cmd := &cobra.Command{
		Use:     "new DIR",
		Short:   "Write a commented pack to start from",
		Example: `  sixty pack new packs/service --id io.example.rust.service`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			if id == "" {
				abs, err := filepath.Abs(dir)
				if err != nil {
					return err
				}
				id = "org.example." + strings.ToLower(filepath.Base(abs))
			}
			if err := market.Scaffold(dir, id); err != nil {
				return usageError{err}
			}
			fmt.Fprintf(a.stdout, "Pack %s in %s. Next:\n  sixty pack test %s\n  sixty market add %s\n  sixty gen --template %s --name NAME\n", id, dir, dir, dir, id)
			return nil
		},
	}
	cmd.Flags().StringVar(&id, "id", "", "id of the pack (default: org.example. and the folder's name)")
	return cmd
}

// testEpoch is the time that templates see in tests of packs, so that what a
// test expects holds in later years: the first day of 2000.
var testEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (a *app) packTestCommand() *cobra.Command {
	o := &packTestOptions{dir: "."}
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "Compare what a pack gives with what its tests expect, and deploy it",
		Long: `Renders the pack for each case of its tests and compares the files with the
expected ones. A test is a folder of tests/ with a file test.hcl:

  variables = { name = "demo" }
  matrix    = { license = ["MIT", "Apache-2.0"], ci = [true, false] }

The matrix is optional; each combination of its values is a case. What a case
expects lies beside the file, in want/CASE, or in want without a matrix;
--update writes it. Templates see the first day of 2000 as the time.

With --deploy each case that gives what is expected is then deployed, by the
pipeline that the crate has itself, else the one that the pack brings, else the
built-in one, and every gate is told. Nothing is signed or left behind.

Exit codes: 0 all is as expected (and ready at the level that was asked for), 1 it
is not, 2 a mistake in the command line, the pack or its pipeline.`,
		Example: `  sixty pack test packs/service
  sixty pack test packs/service --deploy --level production --audit-db advisory-db`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.dir = args[0]
			}
			if err := o.check(); err != nil {
				return err
			}
			return a.testPack(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.rewrite, "update", false, "write what the pack gives now as what the tests expect")
	f.BoolVar(&o.deploy, "deploy", false, "deploy the crate of each case, and judge its gates")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.DurationVar(&o.timeout, "timeout", 0, "with --deploy: deadline over each case, such as 60s")
	f.StringVar(&o.auditDB, "audit-db", "", "with --deploy: folder of the RustSec advisory database (default $SIXTY_AUDIT_DB, else the one that sixty audit-db update fetched)")
	f.BoolVar(&o.resolve, "resolve", false, "with --deploy: make a missing Cargo.lock, in a step of its own that has the network")
	f.IntVar(&o.width, "jobs", 0, "with --deploy: steps that run at once (default: one a processor, with 1 GiB of memory for each)")
	o.valueFlags(f, "with --deploy: value of a variable of the pipeline, NAME=VALUE; may be repeated")
	o.levelFlag(cmd)
	o.engineFlags(f)
	return cmd
}

// openPack reads the pack in a folder.
func openPack(dir string) (*market.Pack, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, usageError{err}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	pack, err := market.ReadPack(root.FS(), filepath.ToSlash(dir), abs)
	if errors.Is(err, market.ErrNoManifest) {
		return nil, usagef("%s is not a pack: %w; sixty pack new DIR writes one", dir, err)
	}
	return pack, err
}
