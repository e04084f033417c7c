package module

import (
	"fmt"
	"os"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
)

// log tells what happens on the standard error of the module, which Dagger shows
// with the function's call. Steps are shown by Dagger itself.
type log struct{}

func (log) Note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (log) Started(string, string) {}

func (log) Ended(r plan.Result) {
	line := fmt.Sprintf("%-10s %s", report.Word(r.Status), r.Step)
	switch {
	case r.Cached:
		line += "  cached"
	case r.Status.Ran():
		line += "  " + report.Duration(r.Duration().Milliseconds())
	}
	if r.Reason != "" {
		line += "  (" + r.Reason + ")"
	}
	fmt.Fprintln(os.Stderr, line)
}
