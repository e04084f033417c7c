package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/generation"
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
	rewrite := false
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "Compare what a pack gives with what its tests expect",
		Long: `Renders the pack for each case of its tests and compares the files with the
expected ones. A test is a folder of tests/ with a file test.hcl:

  variables = { name = "demo" }
  matrix    = { license = ["MIT", "Apache-2.0"], ci = [true, false] }

The matrix is optional; each combination of its values is a case. What a case
expects lies beside the file, in want/CASE, or in want without a matrix;
--update writes it. Templates see the first day of 2000 as the time.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			return a.testPack(cmd.Context(), dir, rewrite)
		},
	}
	cmd.Flags().BoolVar(&rewrite, "update", false, "write what the pack gives now as what the tests expect")
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

func (a *app) testPack(ctx context.Context, dir string, rewrite bool) error {
	pack, err := openPack(dir)
	if err != nil {
		return err
	}
	tests, err := pack.Tests()
	if err != nil {
		return err
	}
	if len(tests) == 0 {
		return usagef("%s has no tests: write tests/basic/test.hcl with the variables of a case, such as variables = { name = \"demo\" }, then sixty pack test --update", dir)
	}
	failed := 0
	for _, t := range tests {
		diff, err := a.testCase(ctx, pack, t, dir, rewrite)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case err != nil:
			failed++
			fmt.Fprintf(a.stdout, "FAIL     %s\n", t.Name)
			a.exitCode(ctx, err)
		case diff != "" && rewrite:
			fmt.Fprintf(a.stdout, "written  %s\n", t.Name)
		case diff != "":
			failed++
			fmt.Fprintf(a.stdout, "FAIL     %s\n%s", t.Name, deploy.Readable(diff))
		default:
			fmt.Fprintf(a.stdout, "ok       %s\n", t.Name)
		}
	}
	if failed > 0 {
		fmt.Fprintf(a.stderr, "%d of %d cases failed. If what the pack gives now is right: sixty pack test --update\n", failed, len(tests))
		return errNo
	}
	return nil
}

// testCase renders one case, and gives how it differs from what is expected.
func (a *app) testCase(ctx context.Context, pack *market.Pack, t market.PackTest, dir string, rewrite bool) (string, error) {
	empty, err := os.MkdirTemp("", "sixty-pack-test-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(empty)
	made, err := generation.Render(ctx, generation.Request{Pack: pack, Given: t.Given, Dir: empty, Epoch: testEpoch})
	if err != nil {
		return "", err
	}
	want, err := fs.Sub(pack.FS, t.Want)
	if err != nil {
		return "", err
	}
	diff, err := made.Plan.Compare(want)
	if err != nil || diff == "" || !rewrite {
		return diff, err
	}
	return diff, replaceTree(dir, t.Want, made.Plan.Files())
}

// replaceTree replaces a folder under dir with files; links do not lead it
// elsewhere.
func replaceTree(dir, folder string, files map[string][]byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.RemoveAll(folder); err != nil {
		return fmt.Errorf("replace what a test expects: %w", err)
	}
	for name, content := range files {
		name = filepath.Join(filepath.FromSlash(folder), filepath.FromSlash(name))
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("write what a test expects: %w", err)
		}
		if err := root.WriteFile(name, content, 0o644); err != nil {
			return fmt.Errorf("write what a test expects: %w", err)
		}
	}
	return nil
}
