// Command sixty turns an idea for a crate into a signed verdict.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/hcl/v2"
	"github.com/sirupsen/logrus"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
)

// Exit codes.
const (
	exitReady       = 0
	exitNo          = 1 // the pipeline says no
	exitUsage       = 2 // usage or configuration
	exitInterrupted = 130
)

// errNo is the pipeline's own no: everything about it is already printed.
var errNo = errors.New("not ready")

// errInvalid is that a configuration has mistakes, all of which are printed.
var errInvalid = errors.New("not valid")

// usageError is a mistake in how sixty was called or configured.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() { os.Exit(sixty(os.Args[1:])) }

func sixty(args []string) int {
	collectLate()
	// Libraries write to one logger of the process. What matters of it comes back
	// as errors; the engine, where it runs in this process, logs to its own file.
	logrus.SetOutput(io.Discard)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel(errInterrupted)
		<-signals // a second one does not wait for anything
		os.Exit(exitInterrupted)
	}()
	a := newApp(os.Stdout, os.Stderr)
	cmd := a.rootCommand()
	cmd.SetArgs(args)
	code := a.exitCode(ctx, cmd.ExecuteContext(ctx))
	a.collect()
	return code
}

var errInterrupted = errors.New("interrupted")

// exitCode prints an error, if there is anything to print, and chooses the
// code.
func (a *app) exitCode(ctx context.Context, err error) int {
	if err == nil {
		return exitReady
	}
	if errors.Is(context.Cause(ctx), errInterrupted) {
		fmt.Fprintln(a.stderr, "Interrupted. What was finished is cached; run the same command to go on.")
		return exitInterrupted
	}
	switch {
	case errors.Is(err, errNo):
		return exitNo
	case errors.Is(err, errInvalid):
		return exitUsage
	}
	var diags *deploy.DiagnosticsError
	var packDiags *market.DiagnosticsError
	var setup *buildkit.SetupError
	var usage usageError
	var mistake deploy.Mistake
	var unknown *market.UnknownPackError
	var bare hcl.Diagnostics
	switch {
	case errors.As(err, &bare):
		a.printDiagnostics(bare, nil)
		return exitUsage
	case errors.As(err, &unknown):
		fmt.Fprintf(a.stderr, "Error: %v\n", err)
		return exitUsage
	case errors.As(err, &diags):
		a.printDiagnostics(diags.Diagnostics, diags.Files)
		return exitUsage
	case errors.As(err, &packDiags):
		a.printDiagnostics(packDiags.Diagnostics, packDiags.Files)
		return exitUsage
	case errors.As(err, &setup), errors.As(err, &usage), errors.As(err, &mistake):
		fmt.Fprintf(a.stderr, "Error: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(a.stderr, "Error: %v\n", err)
	return exitNo
}
