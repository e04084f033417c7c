package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/crate"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/stages"
)

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a commented pipeline for the crate at hand",
		Long: `Writes pipeline.hcl into the folder of a crate or workspace (DIR, else the working
folder): the built-in pipeline with its comments, without the template and without
the steps and gates that the crate has no use for (examples where there are none,
a publish dry run where the manifest says publish = false).

A crate needs no pipeline file of its own: sixty deploy takes the built-in one
where there is none. This is where to start to change it. A file that is there
is never overwritten.`,
		Example: `  sixty init
  sixty init path/to/crate && sixty plan --manifest path/to/crate/Cargo.toml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			return a.writeStarter(dir)
		},
	}
}

func (a *app) writeStarter(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "Cargo.toml")); errors.Is(err, fs.ErrNotExist) {
		return usagef("there is no Cargo.toml in %s: sixty init writes a pipeline for a crate that exists; sixty gen --template makes one (see sixty market search)", dir)
	}
	c, err := crate.Open(dir)
	if err != nil {
		return usageError{err}
	}
	text, err := stages.Starter(c)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, deploy.DefaultPipeline)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usagef("%s is there already, and is left as it is", path)
	}
	if err != nil {
		return fmt.Errorf("write the pipeline: %w", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the pipeline: %w", err)
	}
	fmt.Fprintln(a.stdout, path)
	fmt.Fprintln(a.stderr, "Next: sixty validate, sixty plan, sixty deploy")
	if c.Lock == nil {
		fmt.Fprintln(a.stderr, "There is no Cargo.lock: sixty deploy --resolve makes one.")
	}
	return nil
}
