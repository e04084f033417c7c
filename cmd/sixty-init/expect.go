package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
)

// maxExpected bounds the output that patterns are looked for in, in bytes.
const maxExpected = 4 << 20

// expectVerb runs a command and holds it to an exit code and to patterns of its
// standard output, which is passed on. Patterns are those of RE2, see
// https://github.com/google/re2/wiki/Syntax. It ends with zero or one.
func expectVerb(args []string) (int, error) {
	flags := newFlags("expect")
	code := flags.Int("exit", 0, "")
	output := flags.String("output", "", "")
	noOutput := flags.String("no-output", "", "")
	if err := flags.Parse(args); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, usage)
	}
	if flags.NArg() == 0 {
		return 0, errors.New("expect: no command after --")
	}
	wanted, err := regexp.Compile(*output)
	if err != nil {
		return 0, fmt.Errorf("expect: %w", err)
	}
	unwanted, err := regexp.Compile(*noOutput)
	if err != nil {
		return 0, fmt.Errorf("expect: %w", err)
	}
	said := &head{limit: maxExpected}
	cmd := exec.CommandContext(context.Background(), flags.Arg(0), flags.Args()[1:]...)
	cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, said), os.Stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("expect: %w", err)
	}
	ended := cmd.ProcessState.ExitCode() // -1 for a signal
	switch {
	case ended != *code:
		fmt.Fprintf(os.Stderr, "expected exit code %d, and the command ended with %s\n", *code, cmd.ProcessState)
	case said.cut:
		fmt.Fprintf(os.Stderr, "the command printed more than %d bytes, too much to look for patterns in\n", maxExpected)
	case !wanted.Match(said.Bytes()):
		fmt.Fprintf(os.Stderr, "expected output that matches %q\n", *output)
	case *noOutput != "" && unwanted.Match(said.Bytes()):
		fmt.Fprintf(os.Stderr, "expected output that does not match %q, and it has %q\n", *noOutput, unwanted.Find(said.Bytes()))
	default:
		return 0, nil
	}
	return 1, nil
}

// head keeps the first bytes that are written to it.
type head struct {
	bytes.Buffer
	limit int
	cut   bool
}

func (h *head) Write(p []byte) (int, error) {
	room := h.limit - h.Len()
	if len(p) > room {
		h.cut = true
	}
	h.Buffer.Write(p[:min(len(p), room)])
	return len(p), nil
}
