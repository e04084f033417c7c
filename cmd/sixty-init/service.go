package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// readyPause is the time between two looks at a service that is not ready.
const readyPause = 20 * time.Millisecond

// services are those that were started, in order.
type services []*service

// service is one running process beside the command.
type service struct {
	spec    initrec.Service
	hosts   string
	within  *privileges
	proc    *process
	stream  *stream
	log     *logFile
	readyMS int64

	gone chan struct{} // closed when the process has ended
	end  ending        // set before gone is closed

	mu      sync.Mutex
	failure string
}

// startServices starts each service when the one before is ready. On an error
// it returns those that were started all the same.
func startServices(procs *processes, spec initrec.Spec, dir *os.Root, within *privileges) (services, error) {
	var all services
	if len(spec.Services) == 0 {
		return nil, nil
	}
	if err := addHosts(spec.Services); err != nil {
		return nil, err
	}
	if err := dir.MkdirAll(initrec.ServicesDir, 0o755); err != nil {
		return nil, fmt.Errorf("make the services' log folder: %w", err)
	}
	for _, s := range spec.Services {
		svc := &service{spec: s, hosts: hostsOf(s, spec.Services), within: within, gone: make(chan struct{})}
		if err := svc.start(procs, dir, spec.MaxLog); err != nil {
			return all, fmt.Errorf("service %q: %w", s.Name, err)
		}
		all = append(all, svc)
		if err := svc.await(procs); err != nil {
			svc.fail(err.Error())
			return all, fmt.Errorf("service %q: %w", s.Name, err)
		}
		if failed := all.failed(); failed != nil {
			return all, fmt.Errorf("service %q: %s", failed.spec.Name, failed.failure)
		}
	}
	return all, nil
}

func (s *service) start(procs *processes, dir *os.Root, maxLog int64) error {
	var err error
	if s.log, err = openLog(dir, initrec.ServiceLog(s.spec.Name), maxLog); err != nil {
		return err
	}
	if s.stream, err = newStream(s.log); err != nil {
		return err
	}
	if s.proc, err = s.launch(procs, s.spec.Command, true); err != nil {
		s.stream.drain()
		s.log.close()
		return err
	}
	go func() {
		s.end = <-s.proc.done
		close(s.gone)
	}()
	return nil
}

// launch runs a command where and as whom the service runs; what it prints goes
// into the service's log. The first one prepares the service's root.
func (s *service) launch(procs *processes, command []string, first bool) (*process, error) {
	if s.spec.Root == "" {
		return procs.start(command, append(os.Environ(), s.spec.Env...), s.stream.pipe, s.stream.pipe, s.within)
	}
	how := enterSpec{Root: s.spec.Root, Dir: s.spec.Dir, User: s.spec.User}
	if s.within != nil {
		how.Keep = capabilitySet(s.within.keep)
	}
	if first {
		how.Hosts = s.hosts
	}
	argv, err := how.command(command)
	if err != nil {
		return nil, err
	}
	return procs.start(argv, s.spec.Env, s.stream.pipe, s.stream.pipe, nil)
}

// await returns when the service is ready, or says why it will not be.
func (s *service) await(procs *processes) error {
	limit := s.spec.Ready.Timeout
	if limit == 0 {
		limit = initrec.DefaultReadyTimeout
	}
	until := s.proc.started.Add(limit)
	deadline := time.After(time.Until(until))
	for {
		ready, err := s.ready(procs, max(time.Until(until), time.Millisecond))
		if err != nil {
			return err
		}
		if ready {
			s.readyMS = time.Since(s.proc.started).Milliseconds()
			return nil
		}
		select {
		case <-s.gone:
			return fmt.Errorf("%s before it was ready", ended(s.end))
		case sig := <-procs.signals:
			return fmt.Errorf("interrupted by %v before it was ready", sig)
		case <-deadline:
			return fmt.Errorf("not ready after %s%s", limit, s.hint())
		case <-time.After(readyPause):
		}
	}
}

// hint says what usually keeps a service from being reached.
func (s *service) hint() string {
	if s.spec.Ready.TCP == "" || s.spec.Address == "" {
		return ""
	}
	return fmt.Sprintf(": nothing accepts a connection at %s; it must listen on %s, which is localhost for it, or on all addresses", s.spec.Ready.TCP, s.spec.Address)
}

func (s *service) ready(procs *processes, limit time.Duration) (bool, error) {
	switch {
	case s.spec.Ready.TCP != "":
		return accepts(s.spec.Ready.TCP)
	case len(s.spec.Ready.Command) > 0:
		probe, err := s.launch(procs, s.spec.Ready.Command, false)
		if err != nil {
			return false, fmt.Errorf("ask whether it is ready: %w", err)
		}
		end := procs.supervise(probe, limit, 0, nil)
		if end.interrupted != "" {
			return false, errors.New("interrupted by " + end.interrupted + " before it was ready")
		}
		return end.status.Exited() && end.status.ExitStatus() == 0, nil
	}
	return true, nil
}

// accepts reports whether something listens at an address of this namespace.
func accepts(addr string) (bool, error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return false, err
	}
	family, sa := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()})
	if at.Addr().Is4() {
		family, sa = unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	}
	sock, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false, fmt.Errorf("open a socket: %w", err)
	}
	defer unix.Close(sock)
	return unix.Connect(sock, sa) == nil, nil
}

// fail records why the step fails for the service, the first time only.
func (s *service) fail(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == "" {
		s.failure = why
	}
}

func (s *service) hasEnded() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

// ended says how a process ended.
func ended(e ending) string {
	if e.status.Signaled() {
		return "ended by " + unix.SignalName(e.status.Signal())
	}
	return fmt.Sprintf("ended with code %d", e.status.ExitStatus())
}

// failed is the first service that has ended though it was not asked to.
func (all services) failed() *service {
	for _, s := range all {
		if s.hasEnded() {
			s.fail(ended(s.end) + " before the step did")
			return s
		}
	}
	return nil
}

// died sends each service that ends, when it does.
func (all services) died() <-chan *service {
	if len(all) == 0 {
		return nil
	}
	died := make(chan *service, len(all))
	for _, s := range all {
		go func() {
			<-s.gone
			died <- s
		}()
	}
	return died
}

func (all services) pids() []int {
	var pids []int
	for _, s := range all {
		if !s.hasEnded() {
			pids = append(pids, s.proc.pid)
		}
	}
	return pids
}

// stop ends the services, the last one first, and says how each one went.
func (all services) stop(grace time.Duration) []initrec.ServiceRecord {
	records := make([]initrec.ServiceRecord, len(all))
	for i, s := range slices.Backward(all) {
		records[i] = s.stop(grace)
	}
	return records
}

func (s *service) stop(grace time.Duration) initrec.ServiceRecord {
	rec := initrec.ServiceRecord{Name: s.spec.Name, ReadyMS: s.readyMS}
	if s.hasEnded() {
		code := exitCode(s.end.status)
		rec.ExitCode = &code
	} else {
		s.terminate(grace)
	}
	signalGroup(s.proc.pid, unix.SIGKILL)
	s.stream.drain()
	rec.Log = s.log.close()
	s.mu.Lock()
	rec.Error = s.failure
	s.mu.Unlock()
	return rec
}

func (s *service) terminate(grace time.Duration) {
	signalGroup(s.proc.pid, unix.SIGTERM)
	select {
	case <-s.gone:
	case <-time.After(grace):
		signalGroup(s.proc.pid, unix.SIGKILL)
		<-s.gone
	}
}
