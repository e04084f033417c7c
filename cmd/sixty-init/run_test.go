package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/initrec"
)

func TestRecordIsComplete(t *testing.T) {
	spec := initrec.Spec{}
	cmd := initCommand(t, &spec, "sh", "-c", "echo out; echo err >&2; exit 3")
	cmd.Env = append(cmd.Env, "SIXTY_TEST_SECRET=hunter2")
	r := finish(t, cmd, spec)
	if r.code != 3 {
		t.Errorf("exit code %d, want the command's own, 3", r.code)
	}
	if r.stdout != "out\n" || r.stderr != "err\n" {
		t.Errorf("passed on stdout %q, stderr %q", r.stdout, r.stderr)
	}
	if got := r.file(t, initrec.StdoutFile); got != "out\n" {
		t.Errorf("recorded stdout %q", got)
	}
	if got := r.file(t, initrec.StderrFile); got != "err\n" {
		t.Errorf("recorded stderr %q", got)
	}
	log := r.file(t, initrec.LogFile)
	if log != "out\nerr\n" && log != "err\nout\n" {
		t.Errorf("recorded log %q", log)
	}
	rec := r.rec
	if rec.Started.IsZero() || rec.Kernel.Release == "" || rec.Network.Namespace == 0 || len(rec.Process.Bounding) == 0 && os.Geteuid() == 0 {
		t.Errorf("incomplete: %+v", rec)
	}
	if rec.MaxRSSBytes < 100<<10 || rec.MaxRSSSource == "" {
		t.Errorf("peak memory %d from %q", rec.MaxRSSBytes, rec.MaxRSSSource)
	}
	if !slices.Contains(rec.EnvNames, "SIXTY_TEST_SECRET") || !slices.IsSorted(rec.EnvNames) {
		t.Errorf("environment names %q", rec.EnvNames)
	}
	if strings.Contains(r.file(t, initrec.RecordFile), "hunter2") {
		t.Error("the record holds a value of the environment")
	}
	if rec.Logs.Stdout != (initrec.Log{Bytes: 4, Kept: 4}) {
		t.Errorf("log %+v", rec.Logs.Stdout)
	}
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	script := filepath.Join(dir, "script")
	for name, mode := range map[string]os.FileMode{plain: 0o644, script: 0o755} {
		if err := os.WriteFile(name, []byte("#!/does/not/exist\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name     string
		command  []string
		code     int
		signal   string
		errorHas string
	}{
		{"success", []string{"true"}, 0, "", ""},
		{"failure", []string{"sh", "-c", "exit 124"}, 124, "", ""},
		{"signal", []string{"sh", "-c", "kill -SEGV $$"}, 139, "SIGSEGV", ""},
		{"not found in PATH", []string{"no-such-command"}, 127, "", "not found in PATH"},
		{"no such file", []string{filepath.Join(dir, "none")}, 127, "", "not found"},
		{"no interpreter", []string{script}, 127, "", "interpreter"},
		{"not executable", []string{plain}, 126, "", "permission denied"},
		{"folder", []string{dir}, 126, "", "can't execute"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := runInit(t, initrec.Spec{}, c.command...)
			if r.code != c.code || r.rec.Signal != c.signal || r.rec.TimedOut {
				t.Errorf("exit code %d, signal %q, timed out %v; want %d, %q", r.code, r.rec.Signal, r.rec.TimedOut, c.code, c.signal)
			}
			if (c.errorHas == "") != (r.rec.Error == "") || !strings.Contains(r.rec.Error, c.errorHas) {
				t.Errorf("error %q, want %q in it", r.rec.Error, c.errorHas)
			}
		})
	}
}

func TestNotExecutableInPath(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tool"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	spec := initrec.Spec{}
	cmd := initCommand(t, &spec, "tool")
	cmd.Env = []string{asInit + "=1", "PATH=" + dir}
	if r := finish(t, cmd, spec); r.code != initrec.ExitNotExecutable {
		t.Errorf("exit code %d: %s", r.code, r.rec.Error)
	}
}

func TestNoRecordFolder(t *testing.T) {
	spec := initrec.Spec{Record: filepath.Join(t.TempDir(), "none")}
	cmd := initCommand(t, &spec, "touch", filepath.Join(t.TempDir(), "ran"))
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != initrec.ExitInit {
		t.Errorf("ended with %v, want exit code %d", err, initrec.ExitInit)
	}
	if !strings.Contains(string(out), "record folder") {
		t.Errorf("says %q", out)
	}
}

func TestTimeoutEndsEveryProcess(t *testing.T) {
	// One child ignores SIGTERM, another has left the process group, a third
	// has no parent any more.
	const script = `trap "" TERM
		setsid sleep "$0" &
		(setsid sleep "$0" &)
		echo started
		sleep "$0"`
	r := runInit(t, initrec.Spec{Timeout: 300 * time.Millisecond, Grace: 100 * time.Millisecond}, "bash", "-c", script, unique())
	if r.code != initrec.ExitTimeout || !r.rec.TimedOut {
		t.Errorf("exit code %d, timed out %v", r.code, r.rec.TimedOut)
	}
	if r.rec.Signal != "SIGKILL" {
		t.Errorf("ended by %q; it ignores SIGTERM", r.rec.Signal)
	}
	if r.file(t, initrec.StdoutFile) != "started\n" {
		t.Error("the output before the timeout is lost")
	}
	noneAlive(t, unique())
}

func TestLeftoversAreKilled(t *testing.T) {
	r := runInit(t, initrec.Spec{}, "sh", "-c", `sleep "$0" & (sleep "$0" &) ; exit 0`, unique())
	if r.code != 0 || r.rec.Leftover != 2 {
		t.Errorf("exit code %d, %d left over, want 0 and 2", r.code, r.rec.Leftover)
	}
	noneAlive(t, unique())
}

func TestOrphansAreReaped(t *testing.T) {
	// The orphan ends long before the command; were it not reaped, the last
	// line would show it as a zombie of sixty-init.
	const script = `(sh -c 'echo $$ > "$0"' "$1/pid" &)
		while ! test -s "$1/pid"; do sleep 0.01; done
		pid=$(cat "$1/pid")
		for i in $(seq 500); do test -e /proc/$pid || { echo reaped; exit; }; sleep 0.01; done
		grep State /proc/$pid/status`
	r := runInit(t, initrec.Spec{}, "sh", "-c", script, "sh", t.TempDir())
	if r.stdout != "reaped\n" {
		t.Errorf("says %q", r.stdout)
	}
}

func TestUsageCountsOrphans(t *testing.T) {
	const script = `("$0" helper burn; touch "$1/done") & 
		disown; while ! test -e "$1/done"; do sleep 0.05; done`
	r := runInit(t, initrec.Spec{}, "bash", "-c", script, self(t), t.TempDir())
	if used := r.rec.UserCPUMS + r.rec.SystemCPUMS; used < 200 {
		t.Errorf("recorded %d ms of CPU time, a grandchild alone used 200", used)
	}
}

func TestSignalsAreForwarded(t *testing.T) {
	r := runInit(t, initrec.Spec{}, "bash", "-c", `trap 'echo got TERM; exit 5' TERM; kill -TERM $PPID; while :; do read -t 0.01; sleep 0.01; done`)
	if r.code != 5 || !strings.HasPrefix(r.stdout, "got TERM\n") || r.rec.Interrupted != "SIGTERM" {
		t.Errorf("exit code %d, stdout %q, interrupted by %q", r.code, r.stdout, r.rec.Interrupted)
	}
}

func TestLogsAreBounded(t *testing.T) {
	r := runInit(t, initrec.Spec{MaxLog: 1000}, "sh", "-c", "head -c 100000 /dev/zero; echo end >&2")
	if r.code != 0 || len(r.stdout) != 100000 {
		t.Errorf("exit code %d, %d bytes passed on", r.code, len(r.stdout))
	}
	want := initrec.Log{Bytes: 100000, Kept: 1000, Truncated: true}
	if r.rec.Logs.Stdout != want || len(r.file(t, initrec.StdoutFile)) != 1000 {
		t.Errorf("stdout %+v, want %+v; %d bytes in the file", r.rec.Logs.Stdout, want, len(r.file(t, initrec.StdoutFile)))
	}
	if r.rec.Logs.Stderr.Truncated {
		t.Errorf("stderr %+v", r.rec.Logs.Stderr)
	}
}

func TestInputIsEmpty(t *testing.T) {
	spec := initrec.Spec{}
	cmd := initCommand(t, &spec, "cat")
	cmd.Stdin = strings.NewReader("not for the command")
	if r := finish(t, cmd, spec); r.code != 0 || r.stdout != "" {
		t.Errorf("exit code %d, read %q", r.code, r.stdout)
	}
}

// A command can write to the record folder; what it leaves there must not
// pass for a record, and nothing is written through its links.
func TestForgedRecord(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("intact"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, forge := range []string{
		`echo '{"version":1,"exit_code":0}' > "$0/record.json"`,
		`mkdir -p "$0/record.json/x"`,
		`ln -s "$1" "$0/record.json"; ln -s "$1" "$0/.record.json"`,
		`rm -r "$0/outputs"; ln -s "${1%/*}" "$0/outputs"`,
	} {
		spec := initrec.Spec{Record: t.TempDir(), Outputs: []initrec.Output{{Name: "victim", Path: "/etc/passwd"}}}
		r := runInit(t, spec, "sh", "-c", forge+"; exit 7", spec.Record, victim)
		if r.code != 7 {
			t.Errorf("%s: exit code %d", forge, r.code)
		}
		if b, err := os.ReadFile(victim); err != nil || string(b) != "intact" {
			t.Errorf("%s: wrote through a link: %q, %v", forge, b, err)
		}
	}
}
