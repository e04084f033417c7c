package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/spf13/cobra"
)

// TestComposeExample checks the syntax of examples/compose, and that it fits
// this version: the engine's image, the files it names, and the command line.
func TestComposeExample(t *testing.T) {
	dir, err := filepath.Abs("../../examples/compose")
	if err != nil {
		t.Fatal(err)
	}
	options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "compose.yaml")}, cli.WithProfiles([]string{"*"}), cli.WithWorkingDirectory(dir))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	engine, command := project.Services["engine"], project.Services["sixty"]
	if want := "moby/buildkit:" + buildkitVersion(t); engine.Image != want {
		t.Errorf("the engine is %s, and this sixty is built with %s", engine.Image, want)
	}
	socket := strings.TrimPrefix(*command.Environment["SIXTY_ENGINE"], "unix://")
	if !strings.Contains(strings.Join(engine.Command, " "), "unix://"+socket) {
		t.Errorf("sixty looks for the engine at %s, which listens at %q", socket, engine.Command)
	}
	for _, s := range []string{"engine", "sixty"} {
		shares := false
		for _, v := range project.Services[s].Volumes {
			shares = shares || v.Source == "socket" && v.Target == filepath.Dir(socket)
		}
		if !shares {
			t.Errorf("%s does not share the folder of the socket", s)
		}
	}
	if command.Privileged || !engine.Privileged {
		t.Error("the engine needs privileges, and sixty none")
	}
	root := newApp(os.Stdout, os.Stderr).rootCommand()
	cmd, rest, err := root.Find(command.Command)
	if err != nil || cmd == root {
		t.Fatalf("%q is no command: %v", command.Command, err)
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Error(err)
	}
	if err := cobra.NoArgs(cmd, cmd.Flags().Args()); err != nil {
		t.Error(err)
	}

	f, err := os.Open(filepath.Join(command.Build.Context, command.Build.Dockerfile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parsed, err := parser.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	stages, _, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{}))
	if err != nil || len(stages) != 2 {
		t.Fatalf("%d stages, %v", len(stages), err)
	}
}

// buildkitVersion is the version of the engine in go.mod.
func buildkitVersion(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if name, version, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == "github.com/moby/buildkit" {
			return version
		}
	}
	t.Fatal("go.mod does not name BuildKit")
	return ""
}
