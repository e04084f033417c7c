package deploy_test

import (
	"testing"

	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/plan"
)

func TestFailed(t *testing.T) {
	one := 1
	var endings []string
	for _, r := range deploy.Failed([]plan.Result{
		{Step: "a", Status: plan.StatusPassed},
		{Step: "b", Status: plan.StatusFailed, ExitCode: &one},
		{Step: "c", Status: plan.StatusNotRun, Reason: "b failed"},
		{Step: "d", Status: plan.StatusTimedOut, Reason: "after 1 s"},
	}) {
		endings = append(endings, r.Step+" "+deploy.Ending(r))
	}
	if len(endings) != 2 || endings[0] != "b failed with exit code 1" || endings[1] != "d timed out: after 1 s" {
		t.Errorf("%q", endings)
	}
}

func TestReadable(t *testing.T) {
	if got := deploy.Readable("a\x1b]0;title\x07\r\tb\n\u009bc"); got != "a]0;title\tb\nc" {
		t.Errorf("%q", got)
	}
}
