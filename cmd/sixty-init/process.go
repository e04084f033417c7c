package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// processes owns every process below this one: what it starts, and what ends
// up with it because a parent died. It does not use os/exec, whose Wait would
// compete with the reaping of strangers.
type processes struct {
	mu      sync.Mutex // held over fork and registering, and over reaping
	waiting map[int]chan ending
	signals chan os.Signal
	child   chan os.Signal
	done    chan struct{}
	null    *os.File
}

// ending is how a process ended.
type ending struct {
	status syscall.WaitStatus
	at     time.Time
}

// process is one that was started here.
type process struct {
	pid     int
	started time.Time
	status  initrec.Process
	done    chan ending // receives once
}

// startError is a command that can't be started, with its exit code.
type startError struct {
	code int
	err  error
}

func (e *startError) Error() string { return e.err.Error() }
func (e *startError) Unwrap() error { return e.err }

// forwarded are the signals that are passed on to the command.
var forwarded = []os.Signal{
	unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2,
}

func watchProcesses() (*processes, error) {
	// Orphans come to this process also where it is not the first of its PID
	// namespace, as with an engine that has an init of its own.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("become the reaper of orphans: %w", err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open the command's input: %w", err)
	}
	p := &processes{
		waiting: map[int]chan ending{},
		signals: make(chan os.Signal, 16),
		child:   make(chan os.Signal, 1),
		done:    make(chan struct{}),
		null:    null,
	}
	signal.Notify(p.child, unix.SIGCHLD)
	signal.Notify(p.signals, forwarded...)
	go func() {
		for {
			select {
			case <-p.child:
				p.reap()
			case <-p.done:
				return
			}
		}
	}()
	return p, nil
}

func (p *processes) close() {
	signal.Stop(p.child)
	signal.Stop(p.signals)
	close(p.done)
	p.null.Close()
}

// reap takes every ended child and reports whether any child is left.
func (p *processes) reap() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return false
		case pid == 0:
			return true
		}
		if done, ok := p.waiting[pid]; ok {
			delete(p.waiting, pid)
			done <- ending{status, time.Now()}
		}
	}
}

// start runs a command in a process group of its own, with nothing to read and
// within the privileges.
func (p *processes) start(argv, env []string, stdout, stderr *os.File, within *privileges) (*process, error) {
	file, err := lookPath(argv[0], env)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	started := time.Now()
	var pid int
	err = within.around(func() (err error) {
		pid, err = syscall.ForkExec(file, argv, &syscall.ProcAttr{
			Env:   env,
			Files: []uintptr{p.null.Fd(), stdout.Fd(), stderr.Fd()},
			Sys:   &syscall.SysProcAttr{Setpgid: true},
		})
		return err
	})
	if err != nil {
		return nil, execError(file, err)
	}
	child := &process{pid: pid, started: started, done: make(chan ending, 1)}
	p.waiting[pid] = child.done
	// Nothing is reaped while the lock is held, so the status is there even
	// if the process has ended already.
	child.status = readStatus(pid)
	return child, nil
}

// outcome is how a supervised process ended, and why.
type outcome struct {
	ending
	timedOut    bool
	interrupted string
}

// supervise waits for the command, ends it after the timeout or when a service
// has ended, and passes on the signals that arrive meanwhile. died may be nil.
func (p *processes) supervise(c *process, timeout, grace time.Duration, died <-chan *service) outcome {
	var out outcome
	var expired, kill <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(time.Until(c.started.Add(timeout)))
		defer timer.Stop()
		expired = timer.C
	}
	for {
		select {
		case out.ending = <-c.done:
			return out
		case <-expired:
			out.timedOut = true
			signalGroup(c.pid, unix.SIGTERM)
			kill = time.After(grace)
		case <-kill:
			signalGroup(c.pid, unix.SIGKILL)
		case <-died:
			died = nil // the first one counts
			signalGroup(c.pid, unix.SIGTERM)
			kill = time.After(grace)
		case sig := <-p.signals:
			number := sig.(syscall.Signal)
			signalGroup(c.pid, number)
			if number == unix.SIGTERM || number == unix.SIGINT {
				out.interrupted = unix.SignalName(number)
				kill = time.After(grace)
			}
		}
	}
}

func signalGroup(pid int, sig syscall.Signal) { _ = unix.Kill(-pid, sig) }

// lookPath finds a command as a shell does, in the PATH that it will have.
func lookPath(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	var path string
	for _, pair := range env {
		if value, ok := strings.CutPrefix(pair, "PATH="); ok {
			path = value
		}
	}
	denied := ""
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		file := filepath.Join(dir, name)
		info, err := os.Stat(file)
		if err != nil || info.IsDir() {
			continue
		}
		if unix.Access(file, unix.X_OK) == nil {
			return file, nil
		}
		denied = file
	}
	if denied != "" {
		return "", &startError{initrec.ExitNotExecutable, fmt.Errorf("%s is not executable", denied)}
	}
	return "", &startError{initrec.ExitNotFound, fmt.Errorf("command %q not found in PATH %q", name, path)}
}

func execError(file string, err error) error {
	_, statErr := os.Stat(file)
	switch {
	case errors.Is(statErr, os.ErrNotExist):
		return &startError{initrec.ExitNotFound, fmt.Errorf("command %s not found", file)}
	case errors.Is(err, syscall.ENOENT):
		return &startError{initrec.ExitNotFound, fmt.Errorf("%s needs an interpreter or loader that is not there", file)}
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.ENOEXEC), errors.Is(err, syscall.EISDIR):
		return &startError{initrec.ExitNotExecutable, fmt.Errorf("can't execute %s: %w", file, err)}
	}
	return fmt.Errorf("start %s: %w", file, err)
}
