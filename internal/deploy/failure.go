package deploy

import (
	"fmt"
	"strings"

	"github.com/sixtyhq/sixty/internal/plan"
	"github.com/sixtyhq/sixty/internal/report"
)

// Failed are those of some results whose steps said no, in their order.
func Failed(results []plan.Result) []plan.Result {
	var failed []plan.Result
	for _, r := range results {
		switch r.Status {
		case plan.StatusFailed, plan.StatusTimedOut, plan.StatusError:
			failed = append(failed, r)
		}
	}
	return failed
}

// Ending says in words how a step ended, with the exit code of one that failed
// and the reason where there is one.
func Ending(r plan.Result) string {
	how := report.Word(r.Status)
	if r.Status == plan.StatusFailed && r.ExitCode != nil {
		how = fmt.Sprintf("failed with exit code %d", *r.ExitCode)
	}
	if r.Reason != "" {
		how += ": " + r.Reason
	}
	return how
}

// Readable drops what a terminal would obey: the text of a step's log, of a
// message or of a file is hostile.
func Readable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= 0x20 && r != 0x7f && (r < 0x80 || r > 0x9f) {
			return r
		}
		return -1
	}, s)
}
