package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// The test binary stands in for sixty-init, and for the programs that it runs.
const (
	asInit   = "SIXTY_TEST_INIT"
	asHelper = "helper"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asHelper {
		if err := helper(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// A service's process has the service's environment alone.
	if os.Getenv(asInit) != "" || len(os.Args) > 1 && os.Args[1] == enterVerbName {
		main()
	}
	os.Exit(m.Run())
}

// helper does what the tests' commands need and shells differ in.
func helper(args []string) error {
	switch args[0] {
	case "talk-to-self":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		_, err = net.DialTimeout("tcp", l.Addr().String(), 5*time.Second)
		return err
	case "talk-outside":
		_, err := net.DialTimeout("tcp", args[1], 5*time.Second)
		return err
	case "serve":
		l, err := net.Listen("tcp", args[1])
		if err != nil {
			return err
		}
		fmt.Println("serving")
		for {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			c.Close()
		}
	case "get":
		text, err := get(args[1], args[2:])
		fmt.Print(text)
		return err
	case "burn":
		for {
			var t syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &t); err != nil {
				return err
			}
			if time.Duration(t.Utime.Nano()+t.Stime.Nano()) > 200*time.Millisecond {
				return nil
			}
		}
	}
	return fmt.Errorf("unknown helper %q", args[0])
}

// self is the test binary's path.
func self(t *testing.T) string {
	t.Helper()
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// result is one run of sixty-init.
type result struct {
	code           int
	stdout, stderr string
	record         string // the folder
	rec            initrec.Record
}

func (r result) file(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.record, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// initCommand is sixty-init as a process that is not started yet. An empty
// record folder in the spec is replaced by a fresh one.
func initCommand(t *testing.T, spec *initrec.Spec, command ...string) *exec.Cmd {
	t.Helper()
	if spec.Record == "" {
		spec.Record = t.TempDir()
	}
	text, err := spec.Encode()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self(t), append([]string{"run", "--spec", text, "--"}, command...)...)
	cmd.Env = append(os.Environ(), asInit+"=1")
	return cmd
}

// finish runs the process and reads the record.
func finish(t *testing.T, cmd *exec.Cmd, spec initrec.Spec) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := result{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String(), record: spec.Record}
	r.rec, err = initrec.Read(filepath.Join(spec.Record, initrec.RecordFile))
	if err != nil {
		t.Fatalf("%v; exit code %d, stderr:\n%s", err, r.code, r.stderr)
	}
	if r.rec.ExitCode != r.code {
		t.Errorf("the record says exit code %d, the process ended with %d", r.rec.ExitCode, r.code)
	}
	return r
}

func runInit(t *testing.T, spec initrec.Spec, command ...string) result {
	t.Helper()
	cmd := initCommand(t, &spec, command...)
	return finish(t, cmd, spec)
}

// needsRoot skips a test, but not where everything must run.
func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("needs root, and CI is set")
	}
	t.Skip("needs root")
}

// noneAlive fails when a process with this word in its command line lives, and
// ends it.
func noneAlive(t *testing.T, word string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		line, err := os.ReadFile(f)
		if err != nil || !strings.Contains(string(line), word) {
			continue
		}
		t.Errorf("still alive: %s %q", f, line)
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// unique is a number of seconds that no other process sleeps for.
func unique() string { return fmt.Sprintf("98%d", os.Getpid()) }
