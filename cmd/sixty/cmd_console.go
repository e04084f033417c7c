package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sixtyhq/sixty/cmd/sixty/console"
	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/lang"
)

func (a *app) consoleCommand() *cobra.Command {
	o := &runOptions{}
	cmd := &cobra.Command{
		Use:   "console",
		Short: "Try expressions of the pipeline language",
		Long: `Evaluates expressions with the variables, locals, functions and the crate of a
pipeline, and shows the values as HCL. Nothing runs.

At a terminal it asks for one expression after another: tab completes names, the
arrow keys go through what was typed before, ctrl-D ends it. An expression whose
brackets are still open goes on in the next line. From a pipe, each line is an
expression; mistakes are told and the others are evaluated all the same.

A variable that has no value is (unknown), and so is the crate where there is
none; a sensitive value is (sensitive). References to steps, images and so on
are handles that have no value: (reference).

Exit codes: 0 done, 2 an expression from a pipe, the command line or the
pipeline has a mistake.`,
		Example: `  sixty console
  echo 'length(crate.members)' | sixty console
  echo 'regexall("[0-9]+", var.version)' | sixty console --var version=1.2.3`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.consoleSession(cmd.Context(), o)
			if err != nil {
				return err
			}
			if in, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(in.Fd())) {
				return a.converse(s, in)
			}
			return a.evaluateLines(cmd.Context(), s, cmd.InOrStdin())
		},
	}
	o.sourceFlags(cmd)
	return cmd
}

// consoleSession evaluates the pipeline as far as that goes without a run.
func (a *app) consoleSession(ctx context.Context, o *runOptions) (console.Session, error) {
	cfg, _, err := a.loadHere(ctx, o.pipeline)
	if err != nil {
		return console.Session{}, err
	}
	given, _, err := o.split(cfg)
	if err != nil {
		return console.Session{}, err
	}
	values, diags := lang.ResolveVariables(cfg.Variables, given, lang.FunctionMap(cfg.Dir))
	for _, d := range only(diags, lang.NoValue) {
		fmt.Fprintf(a.stderr, "Unknown here: %s\n", d.Detail)
	}
	if diags = withoutNoValue(diags); diags.HasErrors() {
		return console.Session{}, &deploy.DiagnosticsError{Diagnostics: diags, Files: cfg.Files}
	}
	about, err := o.crateValue()
	if err != nil {
		return console.Session{}, err
	}
	p, diags := cfg.Evaluate(values.Values, about)
	if about.IsWhollyKnown() && diags.HasErrors() {
		fmt.Fprintf(a.stderr, "The pipeline has mistakes, so some names may be missing: see sixty validate.\n")
	}
	return console.Session{Context: p.Context, Dir: cfg.Dir}, nil
}

// evaluateLines reads expressions from a pipe.
func (a *app) evaluateLines(ctx context.Context, s console.Session, in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxConsoleBytes)
	failed, open := false, ""
	evaluate := func(text string) {
		if !a.evaluate(a.stdout, a.stderr, s, text) {
			failed = true
		}
	}
	for ctx.Err() == nil && lines.Scan() {
		open += lines.Text() + "\n"
		if console.Incomplete(open) {
			continue
		}
		evaluate(open)
		open = ""
	}
	if err := lines.Err(); err != nil {
		return usagef("read expressions: %w", err)
	}
	evaluate(open) // what was never closed is a mistake
	if failed {
		return errInvalid
	}
	return ctx.Err()
}

// maxConsoleBytes bounds a line.
const maxConsoleBytes = 1 << 20

// evaluate prints the value of an expression, or its mistakes, and says whether
// it had none.
func (a *app) evaluate(out, mistakes io.Writer, s console.Session, text string) bool {
	if trimmed := strings.TrimSpace(text); trimmed == "" || strings.HasPrefix(trimmed, "#") {
		return true
	}
	// Only a heredoc needs the end of its last line.
	if !strings.Contains(text, "<<") {
		text = strings.TrimRight(text, "\n")
	}
	shown, diags := s.Evaluate(text)
	w := hcl.NewDiagnosticTextWriter(mistakes, map[string]*hcl.File{console.Source: {Bytes: []byte(text)}}, 80, false)
	w.WriteDiagnostics(diags) //nolint:errcheck // nowhere else to say it
	if diags.HasErrors() {
		return false
	}
	fmt.Fprintln(out, deploy.Readable(shown))
	return true
}

// converse asks for expressions at a terminal.
func (a *app) converse(s console.Session, in *os.File) error {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return fmt.Errorf("read from the terminal: %w", err)
	}
	defer term.Restore(int(in.Fd()), before) //nolint:errcheck // the terminal is gone
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, os.Stdout}, "> ")
	if width, height, err := term.GetSize(int(in.Fd())); err == nil && width > 0 {
		t.SetSize(width, height) //nolint:errcheck // it goes on with the size it has
	}
	past := a.consoleHistory()
	t.History = past
	defer past.save()
	t.AutoCompleteCallback = func(line string, pos int, key rune) (string, int, bool) {
		if key != '\t' {
			return "", 0, false
		}
		found := s.Complete(line[:pos])
		if len(found) == 0 {
			return line, pos, true
		}
		longest := commonPrefix(found)
		if longest == line[:pos] && len(found) > 1 {
			fmt.Fprintln(t, strings.Join(found, "  "))
		}
		return longest + line[pos:], len(longest), true
	}
	fmt.Fprintln(t, "An expression gives its value; exit or ctrl-D ends.")
	open := ""
	for {
		line, err := t.ReadLine()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, term.ErrPasteIndicator):
			return fmt.Errorf("read from the terminal: %w", err)
		case open == "" && (line == "exit" || line == "quit"):
			return nil
		}
		open += line + "\n"
		if console.Incomplete(open) {
			t.SetPrompt("… ")
			continue
		}
		a.evaluate(t, t, s, open)
		t.SetPrompt("> ")
		open = ""
	}
}

func commonPrefix(words []string) string {
	prefix := words[0]
	for _, w := range words[1:] {
		for !strings.HasPrefix(w, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return prefix
}

// maxHistory is how many lines of earlier sessions are kept.
const maxHistory = 500

// consoleLines is what was typed, the oldest first. Losing it loses nothing.
type consoleLines struct {
	file  string
	lines []string
}

func (a *app) consoleHistory() *consoleLines {
	h := &consoleLines{}
	if cache, err := a.cache(); err == nil {
		h.file = filepath.Join(cache, "console-history")
		if b, err := os.ReadFile(h.file); err == nil && len(b) > 0 {
			h.lines = strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		}
	}
	return h
}

// Add is for [term.History].
func (h *consoleLines) Add(line string) {
	if strings.TrimSpace(line) == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.lines = append(h.lines, line)
	if len(h.lines) > maxHistory {
		h.lines = h.lines[len(h.lines)-maxHistory:]
	}
}

// Len is for [term.History].
func (h *consoleLines) Len() int { return len(h.lines) }

// At is for [term.History].
func (h *consoleLines) At(i int) string { return h.lines[len(h.lines)-1-i] }

// save keeps the lines for the user alone: they may hold anything.
func (h *consoleLines) save() {
	if h.file != "" {
		os.WriteFile(h.file, []byte(strings.Join(h.lines, "\n")+"\n"), 0o600) //nolint:errcheck // a convenience only
	}
}
