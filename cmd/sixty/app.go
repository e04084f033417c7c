package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sixtyhq/sixty/cmd/sixty/progress"
	"github.com/sixtyhq/sixty/internal/config"
	"github.com/sixtyhq/sixty/internal/lang"
)

// version is set by the build.
var version = "0.1.0-dev"

// app is what all commands share: where they write and where sixty keeps its
// things.
type app struct {
	stdout, stderr io.Writer
	// Global flags.
	progress string
	cacheDir string
	// held keeps the cache folder from being collected, see content.
	held heldCache
	// backwards lists the folders of packs in reverse, see planAgain.
	backwards bool
}

func newApp(stdout, stderr io.Writer) *app { return &app{stdout: stdout, stderr: stderr} }

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "sixty",
		Short: "From an idea for a crate to a signed verdict in under a minute",
		Long: `sixty runs a pipeline file (pipeline.hcl) as a graph of cached container steps
and ends in a report, signed with sigstore, that anyone can check.

The six stages: concept (find a template), generation (render it), setup (a
clean room without a network), testing, validation, reporting. "sixty deploy"
runs them all; each one has a command of its own.`,
		Example: `  sixty deploy --template io.sixty.rust.cli --name my_tool
  sixty deploy --manifest path/to/Cargo.toml --level production
  sixty market search axum
  sixty verify report.json --bundle report.json.sigstore.json --key sixty.pub`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w; see %s --help", err, cmd.CommandPath())
	})
	flags := root.PersistentFlags()
	flags.StringVar(&a.progress, "progress", "auto", "how to show a run: auto, plain, tty, json or quiet")
	flags.StringVar(&a.cacheDir, "cache-dir", "", "where images, the engine's state and results are kept (default $SIXTY_CACHE_DIR or the user's cache folder)")
	completeWords(root, "progress", "auto", "plain", "tty", "json", "quiet")
	root.AddCommand(
		a.deployCommand(), a.genCommand(), a.updateCommand(), a.setupCommand(), a.testCommand(), a.packageCommand(),
		a.reportCommand(), a.verifyCommand(), a.marketCommand(), a.packCommand(), a.imageCommand(), a.auditDBCommand(),
		a.doctorCommand(),
		a.planCommand(), a.graphCommand(), a.validateCommand(), a.fmtCommand(), a.docsCommand(), a.consoleCommand(), a.initCommand(), a.lspCommand(),
		a.serveCommand(), a.warmCommand(), a.importCommand(),
		a.cacheCommand(),
		a.devCommand(),
		a.explainCommand(),
		a.reproduceCommand(), a.keyCommand(), a.planAgainCommand(),
	)
	root.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return fmt.Errorf("there is no command %q.%s See sixty --help", args[0], lang.DidYouMean(args[0], commandNames(cmd)))
	}
	root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	argumentsAreUsage(root)
	return root
}

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return names
}

// argumentsAreUsage makes wrong arguments of any command mistakes of usage, as
// wrong flags are.
func argumentsAreUsage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{err}
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		argumentsAreUsage(c)
	}
}

func completeWords(cmd *cobra.Command, flag string, words ...string) {
	cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // fails only for a flag that does not exist
}

// cache is the folder that holds what can be made again.
func (a *app) cache() (string, error) {
	dir := a.cacheDir
	if dir == "" {
		dir = os.Getenv("SIXTY_CACHE_DIR")
	}
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", usagef("no cache folder: %w; set SIXTY_CACHE_DIR", err)
		}
		dir = filepath.Join(base, "sixty")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("cache folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	return dir, nil
}

// printer makes the progress view that was asked for.
func (a *app) printer(h history) (*progress.Printer, error) {
	mode := progress.Mode(a.progress)
	switch mode {
	case "auto":
		mode = progress.Plain
		if a.terminal() && os.Getenv("TERM") != "dumb" {
			mode = progress.TTY
		}
	case progress.Plain, progress.TTY, progress.JSON, progress.Quiet:
	default:
		return nil, usagef("--progress is auto, plain, tty, json or quiet, not %q", a.progress)
	}
	return progress.New(mode, a.stderr, a.color(), h.durations()), nil
}

func (a *app) terminal() bool {
	f, ok := a.stderr.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// color follows https://no-color.org.
func (a *app) color() bool { return a.terminal() && os.Getenv("NO_COLOR") == "" }

func (a *app) printDiagnostics(diags hcl.Diagnostics, files map[string]*hcl.File) {
	width := uint(80)
	if f, ok := a.stderr.(*os.File); ok && a.terminal() {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			width = uint(w)
		}
	}
	lang.WriteDiagnostics(a.stderr, config.Locate(config.Most(diags), files), files, width, a.color()) //nolint:errcheck // nowhere else to say it
}
