package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/scenario"
	"github.com/sixtyhq/sixty/stages"
)

func (a *app) importCommand() *cobra.Command {
	var output string
	strict, force := false, false
	cmd := &cobra.Command{
		Use:   "import SCENARIO",
		Short: "Turn a cleanroom scenario into a pipeline",
		Long: `Reads a scenario file and prints the pipeline that does the same:

  scenario.yaml   scenario: { name, concurrent, timeout_ms, steps: [
                    { name, cmd, timeout_ms, parallel, depends } ] }
  NAME.toml       clnrm's: [meta] or [test.metadata], services with images,
                  [[steps]] or [[scenario]], expected exit codes and output

Steps run in the order of the file, each when those before it have ended;
parallel ones in a row run at the same time, and so do all when the scenario is
concurrent. Each starts from its image and a copy of the source: what one leaves
behind, another does not see.

Every key that has no meaning for a pipeline is named in a warning at its line.
Where one is an expectation, the pipeline has a gate that fails: delete it when
you have decided about it. A check that did not run is no pass.

SCENARIO may be - for YAML on the standard input. Exit codes: 0 imported,
1 something was left out (--strict), 2 a file that is no scenario.`,
		Example: `  sixty import scenario.yaml -o pipeline.hcl
  sixty import tests/login.clnrm.toml --strict | sixty fmt -
  sixty test --scenario scenario.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, text, err := readScenario(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			pipeline, _, diags, err := importScenario(name, text)
			if err != nil {
				return err
			}
			a.printDiagnostics(diags, map[string]*hcl.File{name: {Bytes: text}})
			if output == "" {
				_, err = a.stdout.Write(pipeline)
			} else {
				err = writeNew(output, pipeline, force)
			}
			if err != nil {
				return err
			}
			if strict && len(diags) > 0 {
				return errNo
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVarP(&output, "output", "o", "", "write the pipeline to this file, not to the standard output")
	f.BoolVar(&force, "force", false, "overwrite the file of --output")
	f.BoolVar(&strict, "strict", false, "end with 1 when something was left out")
	return cmd
}

// writeNew writes a file that is not there yet.
func writeNew(path string, text []byte, force bool) error {
	if _, err := os.Lstat(path); err == nil && !force {
		return usagef("%s is there already; overwrite it with --force", path)
	}
	return writeFile(path, text)
}

func readScenario(path string, stdin io.Reader) (string, []byte, error) {
	in := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", nil, usagef("read the scenario: %w", err)
		}
		defer f.Close()
		in = f
	}
	// More than a scenario may have; how much that is, its reader says.
	text, err := io.ReadAll(io.LimitReader(in, 1<<20))
	if err != nil {
		return "", nil, usagef("read the scenario: %w", err)
	}
	return path, text, nil
}

// importScenario gives the pipeline of a scenario. Warnings come back as well.
func importScenario(name string, text []byte) ([]byte, *scenario.Scenario, hcl.Diagnostics, error) {
	s, diags := scenario.Parse(name, text)
	if diags.HasErrors() {
		return nil, nil, nil, &deploy.DiagnosticsError{Diagnostics: diags, Files: map[string]*hcl.File{name: {Bytes: text}}}
	}
	pipeline, err := s.HCL(stages.DefaultPipeline)
	return pipeline, s, diags, err
}

// loadScenario is the pipeline of a scenario file, whose steps stand where the
// scenario has them.
func loadScenario(path string) (*config.Config, hcl.Diagnostics, error) {
	name, text, err := readScenario(path, os.Stdin)
	if err != nil {
		return nil, nil, err
	}
	pipeline, s, warnings, err := importScenario(name, text)
	if err != nil {
		return nil, nil, err
	}
	imported := name + " as a pipeline"
	cfg, diags := config.Parse(filepath.Dir(name), []string{imported}, map[string][]byte{imported: pipeline})
	if diags.HasErrors() {
		return nil, nil, fmt.Errorf("the pipeline of %s is not valid: %w", name, &deploy.DiagnosticsError{Diagnostics: diags, Files: cfg.Files})
	}
	cfg.Files[name] = &hcl.File{Bytes: text}
	for i := range cfg.Stages {
		if cfg.Stages[i].Name != scenario.Stage {
			continue
		}
		for n, step := range s.Steps {
			cfg.Stages[i].Steps[n].Range = step.Range
		}
	}
	return cfg, append(warnings, diags...), nil
}

// load is the pipeline of a run.
func (o *runOptions) load() (*config.Config, hcl.Diagnostics, error) {
	if o.scenario != "" {
		return loadScenario(o.scenario)
	}
	if o.recordedPipeline != nil {
		return o.recordedPipeline()
	}
	return deploy.Load(o.pipeline, o.base(), version)
}
