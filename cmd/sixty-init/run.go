package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// run does one step and returns the exit code. The error says that there is no
// record, because there is no place for one.
func run(spec initrec.Spec, argv []string) (int, error) {
	dir, err := os.OpenRoot(spec.Record)
	if err != nil {
		return 0, fmt.Errorf("open the record folder: %w: the engine must mount a writable folder there", err)
	}
	defer dir.Close()
	if spec.Grace == 0 {
		spec.Grace = initrec.DefaultGrace
	}
	if spec.MaxLog == 0 {
		spec.MaxLog = initrec.DefaultMaxLog
	}
	if err := dir.MkdirAll(initrec.OutputsDir, 0o755); err != nil {
		return 0, fmt.Errorf("make the record's folders: %w", err)
	}
	s := &step{spec: spec, argv: argv, dir: dir, began: time.Now()}
	s.do()
	if s.rec.Error != "" {
		fmt.Fprintf(os.Stderr, "sixty-init: %s\n", s.rec.Error)
	}
	if err := writeRecord(dir, s.rec); err != nil {
		return 0, err
	}
	if spec.EndWithZero {
		return 0, nil
	}
	return s.rec.ExitCode, nil
}

// step is one run from the first probe to the filled record.
type step struct {
	spec  initrec.Spec
	argv  []string
	dir   *os.Root
	began time.Time
	procs *processes
	rec   initrec.Record
}

func (s *step) do() {
	s.rec = initrec.Record{Version: initrec.Version, Command: s.argv, EnvNames: envNames(os.Environ()),
		Hostname: hostname(), CPUs: cpus(), Mounts: mounts(), Kernel: kernel()}
	memory := ownCgroup()
	procs, err := watchProcesses()
	if err != nil {
		s.fail(initrec.ExitInit, err)
		return
	}
	s.procs = procs
	defer procs.close()
	up := raiseLoopback()
	s.rec.Network = probeNetwork()
	if up != nil && !s.rec.Network.LoopbackUp {
		fmt.Fprintf(os.Stderr, "sixty-init: the loopback stays down: %v\n", up)
	}

	logs, err := openLogs(s.dir, s.spec.MaxLog)
	if err != nil {
		s.fail(initrec.ExitInit, err)
		return
	}
	if err := makeLinks(s.spec.Links); err != nil {
		s.fail(initrec.ExitInit, err)
		return
	}
	within, err := boundTo(s.spec.Capabilities)
	if err != nil {
		s.fail(initrec.ExitInit, err)
		return
	}
	services, err := startServices(procs, s.spec, s.dir, within)
	s.rec.SetupMS = time.Since(s.began).Milliseconds()
	if err != nil {
		s.fail(initrec.ExitInit, err)
	} else {
		s.command(logs, within, services)
	}
	ended := time.Now()
	// What the command left running goes at once; services stop in peace.
	s.rec.Leftover = procs.sweep(services.pids())
	s.rec.Logs = logs.close()
	s.rec.Services = services.stop(s.spec.Grace)
	procs.sweep(nil)
	s.collect()
	s.rec.CollectMS = time.Since(ended).Milliseconds()
	s.usage(memory)
}

// fail records what kept sixty-init from its work, the first time only.
func (s *step) fail(code int, err error) {
	if s.rec.Error == "" {
		s.rec.ExitCode, s.rec.Error = code, err.Error()
	}
}

// command runs the command and says how it ended.
func (s *step) command(logs *logs, within *privileges, services services) {
	child, err := s.procs.start(s.argv, os.Environ(), logs.stdout.pipe, logs.stderr.pipe, within)
	if err != nil {
		var unstartable *startError
		code := initrec.ExitInit
		if errors.As(err, &unstartable) {
			code = unstartable.code
		}
		s.fail(code, err)
		return
	}
	s.rec.Started, s.rec.Process = child.started, child.status
	end := s.procs.supervise(child, s.spec.Timeout, s.spec.Grace, services.died())
	s.rec.DurationMS = end.at.Sub(child.started).Milliseconds()
	s.rec.TimedOut, s.rec.Interrupted = end.timedOut, end.interrupted
	s.rec.ExitCode = exitCode(end.status)
	if end.status.Signaled() {
		s.rec.Signal = unix.SignalName(end.status.Signal())
	}
	// Of a command and a service that ended at about the same time, the
	// service's end explains the command's.
	s.procs.reap()
	if failed := services.failed(); failed != nil && end.interrupted == "" {
		s.fail(initrec.ExitInit, fmt.Errorf("service %q: %s", failed.spec.Name, failed.failure))
		return
	}
	if end.timedOut {
		s.rec.ExitCode = initrec.ExitTimeout
		fmt.Fprintf(os.Stderr, "sixty-init: the command ran longer than its timeout of %s and was ended\n", s.spec.Timeout)
	}
}

func (s *step) collect() {
	for _, o := range s.spec.Outputs {
		got := collectOutput(s.dir, s.spec.OutputPath(o.Name), o)
		s.rec.Outputs = append(s.rec.Outputs, got)
		switch {
		case got.Error != "":
			s.failOutput(fmt.Errorf("collect output %q: %s", o.Name, got.Error))
		case o.Optional:
		case got.Kind == initrec.OutputMissing:
			s.failOutput(fmt.Errorf("output %q: there is nothing at %s", o.Name, o.Path))
		case got.Kind == initrec.OutputOther:
			s.failOutput(fmt.Errorf("output %q: %s is neither file, folder nor symbolic link", o.Name, o.Path))
		}
	}
}

// failOutput turns a success into a failure; a command that failed keeps its
// own exit code.
func (s *step) failOutput(err error) {
	if s.rec.ExitCode == 0 {
		s.fail(initrec.ExitInit, err)
	}
}

// usage counts every process that was reaped, services included.
func (s *step) usage(memory cgroup) {
	var ru unix.Rusage
	if unix.Getrusage(unix.RUSAGE_CHILDREN, &ru) != nil {
		return
	}
	s.rec.UserCPUMS = time.Duration(ru.Utime.Nano()).Milliseconds()
	s.rec.SystemCPUMS = time.Duration(ru.Stime.Nano()).Milliseconds()
	s.rec.MaxRSSBytes, s.rec.MaxRSSSource = ru.Maxrss*1024, initrec.RSSRusage
	if peak, ok := memory.peak(); ok {
		s.rec.MaxRSSBytes, s.rec.MaxRSSSource = peak, initrec.RSSCgroup
	}
}

// exitCode is the shell's convention.
func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return initrec.ExitSignal + int(status.Signal())
	}
	return status.ExitStatus()
}

func envNames(env []string) []string {
	names := make([]string, 0, len(env))
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func kernel() initrec.Kernel {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return initrec.Kernel{}
	}
	return initrec.Kernel{
		Release: unix.ByteSliceToString(u.Release[:]),
		Version: unix.ByteSliceToString(u.Version[:]),
		Machine: unix.ByteSliceToString(u.Machine[:]),
	}
}

// writeRecord puts the record in place in one move, over whatever the command
// may have left there.
func writeRecord(dir *os.Root, rec initrec.Record) error {
	b, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the record: %w", err)
	}
	const tmp = "." + initrec.RecordFile
	for _, name := range []string{tmp, initrec.RecordFile} {
		if err := dir.RemoveAll(name); err != nil {
			return fmt.Errorf("write the record: %w", err)
		}
	}
	if err := dir.WriteFile(tmp, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the record: %w", err)
	}
	if err := dir.Rename(tmp, initrec.RecordFile); err != nil {
		return fmt.Errorf("write the record: %w", err)
	}
	return nil
}
