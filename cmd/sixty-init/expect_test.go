package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/initrec"
)

func TestExpect(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nothing":              {[]string{"--", "true"}, 0, ""},
		"failure":              {[]string{"--", "false"}, 1, "expected exit code 0, and the command ended with exit status 1"},
		"code":                 {[]string{"--exit", "3", "--", "sh", "-c", "exit 3"}, 0, ""},
		"other code":           {[]string{"--exit", "3", "--", "true"}, 1, "ended with exit status 0"},
		"signal":               {[]string{"--exit", "1", "--", "sh", "-c", "kill -9 $$"}, 1, "signal: killed"},
		"output":               {[]string{"--output", `a.c\d+`, "--", "echo", "xabc12"}, 0, "xabc12"},
		"no such output":       {[]string{"--output", `^b`, "--", "echo", "abc"}, 1, `expected output that matches "^b"`},
		"only standard output": {[]string{"--output", "abc", "--", "sh", "-c", "echo abc >&2"}, 1, "expected output"},
		"unwanted":             {[]string{"--no-output", "(?i)ERR", "--", "echo", "an error"}, 1, `and it has "err"`},
		"no pattern":           {[]string{"--output", "(", "--", "true"}, initrec.ExitInit, "missing closing"},
		"too much":             {[]string{"--output", "x", "--", "sh", "-c", "head -c 5000000 /dev/zero; echo x"}, 1, "too much"},
		"no program":           {[]string{"--", "/no/such/program"}, initrec.ExitInit, "no such file"},
		"no command":           {nil, initrec.ExitInit, "no command"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), self(t), append([]string{"expect"}, c.args...)...)
			cmd.Env = append(os.Environ(), asInit+"=1")
			out, _ := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != c.code || !strings.Contains(string(out), c.says) {
				t.Errorf("exit code %d, want %d; said %.300q, want %q", got, c.code, out, c.says)
			}
		})
	}
}
