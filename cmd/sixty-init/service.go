package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path"
	"slices"
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
	proc    *process
	stream  *stream
	log     *logFile
	readyMS int64
	failure string
	ended   *ending
}

// startServices starts each service when the one before is ready. On an error
// it returns those that were started all the same.
func startServices(procs *processes, spec initrec.Spec, dir *os.Root) (services, error) {
	var all services
	if len(spec.Services) == 0 {
		return nil, nil
	}
	if err := dir.MkdirAll(initrec.ServicesDir, 0o755); err != nil {
		return nil, fmt.Errorf("make the services' log folder: %w", err)
	}
	for _, s := range spec.Services {
		svc, err := startService(procs, s, dir, spec.MaxLog)
		if err != nil {
			return all, fmt.Errorf("service %q: %w", s.Name, err)
		}
		all = append(all, svc)
		if err := svc.await(procs); err != nil {
			svc.failure = err.Error()
			return all, fmt.Errorf("service %q: %w", s.Name, err)
		}
	}
	return all, nil
}

func startService(procs *processes, s initrec.Service, dir *os.Root, maxLog int64) (*service, error) {
	log, err := openLog(dir, path.Join(initrec.ServicesDir, s.Name+".log"), maxLog)
	if err != nil {
		return nil, err
	}
	out, err := newStream(log)
	if err != nil {
		return nil, err
	}
	svc := &service{spec: s, stream: out, log: log}
	svc.proc, err = procs.start(s.Command, append(os.Environ(), s.Env...), out.pipe, out.pipe)
	if err != nil {
		out.drain()
		log.close()
		return nil, err
	}
	return svc, nil
}

// await returns when the service is ready, or says why it will not be.
func (s *service) await(procs *processes) error {
	limit := s.spec.Ready.Timeout
	if limit == 0 {
		limit = initrec.DefaultReadyTimeout
	}
	deadline := time.After(limit)
	for {
		ready, err := s.ready(procs, limit)
		if err != nil {
			return err
		}
		if ready {
			s.readyMS = time.Since(s.proc.started).Milliseconds()
			return nil
		}
		select {
		case end := <-s.proc.done:
			s.ended = &end
			return fmt.Errorf("ended with code %d before it was ready", exitCode(end.status))
		case sig := <-procs.signals:
			return fmt.Errorf("interrupted by %v before it was ready", sig)
		case <-deadline:
			return fmt.Errorf("not ready after %s", limit)
		case <-time.After(readyPause):
		}
	}
}

func (s *service) ready(procs *processes, limit time.Duration) (bool, error) {
	switch {
	case s.spec.Ready.TCP != "":
		return accepts(s.spec.Ready.TCP)
	case len(s.spec.Ready.Command) > 0:
		probe, err := procs.start(s.spec.Ready.Command, append(os.Environ(), s.spec.Env...), s.stream.pipe, s.stream.pipe)
		if err != nil {
			return false, fmt.Errorf("ask whether it is ready: %w", err)
		}
		end := procs.supervise(probe, limit, 0)
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

func (all services) pids() []int {
	var pids []int
	for _, s := range all {
		if s.ended == nil {
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
	rec := initrec.ServiceRecord{Name: s.spec.Name, ReadyMS: s.readyMS, Error: s.failure}
	if s.ended == nil {
		select {
		case end := <-s.proc.done:
			s.ended = &end
		default:
		}
	}
	if s.ended != nil {
		code := exitCode(s.ended.status)
		rec.ExitCode = &code
	} else {
		s.terminate(grace)
	}
	signalGroup(s.proc.pid, unix.SIGKILL)
	s.stream.drain()
	rec.Log = s.log.close()
	return rec
}

func (s *service) terminate(grace time.Duration) {
	signalGroup(s.proc.pid, unix.SIGTERM)
	select {
	case <-s.proc.done:
	case <-time.After(grace):
		signalGroup(s.proc.pid, unix.SIGKILL)
		<-s.proc.done
	}
}
