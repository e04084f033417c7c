// Command sixty-init is the first process of every step's container, on every
// engine. It brings the loopback up, takes away privileges where an engine had
// to grant them, starts the step's services, runs its command under a timeout,
// reaps every process, collects the outputs, and records what the kernel
// measured, in the form of internal/initrec.
//
//	init run --spec JSON|@FILE -- COMMAND [ARG…]
//	init fetch --list FILE --out DIR
//	init vendor --crates DIR --out DIR
//	init expect [--exit N] [--output REGEX] [--no-output REGEX] -- COMMAND [ARG…]
//	init serve --dir DIR --addr ADDRESS
//	init hold
//	init sync --dir DIR [--whole] -- COMMAND [ARG…]
//	init RUSTC [ARG…]
//
// The last one is how cargo calls a compiler's wrapper, and is taken as that
// where the environment names a folder for it (initrec.UnitsVariable).
//
// run ends with the command's own exit code; the codes of initrec that are not
// the command's own are explained there.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/sixtyhq/sixty/internal/cargo/vendor"
	"github.com/sixtyhq/sixty/internal/initrec"
)

const usage = `usage:
  init run --spec JSON|@FILE -- COMMAND [ARG…]   run a step's command
  init fetch --list FILE --out DIR               download pinned files
  init vendor --crates DIR --out DIR             unpack downloaded crates
  init expect [--exit N] [--output REGEX] [--no-output REGEX] -- COMMAND [ARG…]
                                                 hold a command to what it prints
  init serve --dir DIR --addr ADDRESS            serve files on the loopback
  init hold                                      keep a container until a signal
  init sync --dir DIR [--whole] -- COMMAND       update a tree from standard input, then run
`

// enterVerbName is the verb by which a service's process gets into its root.
const enterVerbName = "enter"

// confined is the verb that run executes itself with once privileges are gone.
const confined = "run-confined"

func main() { os.Exit(dispatch(os.Args[1:])) }

func dispatch(args []string) int {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return initrec.ExitInit
	}
	var code int
	var err error
	switch verb := args[0]; verb {
	case "run", confined:
		code, err = runVerb(verb, args[1:])
	case "fetch":
		err = fetchVerb(args[1:])
	case "expect":
		code, err = expectVerb(args[1:])
	case enterVerbName:
		err = enterVerb(args[1:])
	case "vendor":
		err = vendorVerb(args[1:])
	case "serve":
		err = serveVerb(args[1:])
	case "hold":
		hold()
	case "sync":
		err = syncVerb(args[1:])
	default:
		if units := os.Getenv(initrec.UnitsVariable); units != "" {
			err = wrapRustc(units, args)
			break
		}
		err = fmt.Errorf("unknown verb %q\n%s", verb, usage)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "sixty-init: %v\n", err)
		return exitOf(err)
	}
	return code
}

func runVerb(verb string, args []string) (int, error) {
	flags := newFlags("run")
	text := flags.String("spec", "", "")
	if err := flags.Parse(args); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, usage)
	}
	if flags.NArg() == 0 {
		return 0, errors.New("run: no command after --")
	}
	spec, err := initrec.Decode(*text)
	if err != nil {
		return 0, err
	}
	if err := limitCPUs(spec.CPUs); err != nil {
		return 0, err
	}
	if verb == "run" && spec.Confine != nil {
		return 0, confine(spec, append([]string{confined}, args...))
	}
	return run(spec, flags.Args())
}

func vendorVerb(args []string) error {
	flags := newFlags("vendor")
	crates := flags.String("crates", "", "")
	out := flags.String("out", "", "")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%w\n%s", err, usage)
	}
	if *crates == "" || *out == "" || flags.NArg() > 0 {
		return errors.New("vendor: needs --crates DIR and --out DIR and nothing else")
	}
	return vendor.Unpack(*crates, *out, vendor.DefaultLimits())
}

func newFlags(verb string) *flag.FlagSet {
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}
