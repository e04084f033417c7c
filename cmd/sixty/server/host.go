//go:build linux

package server

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// host counts who attends, and decides when a server ends.
type host struct {
	own  Status // what does not change
	mu   sync.Mutex
	runs int
	// served are all runs that there were.
	served    int
	idleSince time.Time
	idle      *time.Timer
	stopping  bool
	drained   chan struct{} // closed when no run is left and none is taken
	// begin is called before the first run after a time without any, settle after the last.
	begin, settle func()
	now           chan struct{} // closed when running ones are not waited for
}

// firstLimit is the least time that a server stays for its first run: whoever
// started it is on the way.
const firstLimit = 10 * time.Second

func newHost(own Status, begin, settle func()) *host {
	h := &host{own: own, begin: begin, settle: settle, idleSince: own.Started, drained: make(chan struct{}), now: make(chan struct{})}
	h.idle = time.AfterFunc(max(own.IdleLimit, firstLimit), h.idleOut)
	return h
}

// enter takes in a run, or says that it must go elsewhere.
func (h *host) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping {
		return false
	}
	if h.runs == 0 {
		h.begin()
	}
	h.runs++
	h.served++
	h.idle.Stop()
	return true
}

func (h *host) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs--
	if h.runs > 0 {
		return
	}
	h.idleSince = time.Now()
	if h.stopping {
		close(h.drained)
		return
	}
	h.idle.Reset(h.own.IdleLimit)
	go func() {
		h.settle()
		// What a run needed is not needed while nothing runs.
		debug.FreeOSMemory()
	}()
}

func (h *host) idleOut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	// A run may have come in while the timer fired.
	if h.runs == 0 {
		h.close()
	}
}

// stop takes no further runs. Those that are running are waited for, but not
// with now.
func (h *host) stop(now bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.close()
	if now {
		select {
		case <-h.now:
		default:
			close(h.now)
		}
	}
}

func (h *host) close() {
	if h.stopping {
		return
	}
	h.stopping = true
	h.idle.Stop()
	if h.runs == 0 {
		close(h.drained)
	}
}

// wait returns when the server has to end.
func (h *host) wait(ctx context.Context) {
	select {
	case <-ctx.Done():
		h.stop(true)
	case <-h.drained:
	case <-h.now:
	}
}

func (h *host) status() Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.own
	s.Runs, s.Served, s.Stopping = h.runs, h.served, h.stopping
	if h.runs == 0 {
		s.IdleSince = h.idleSince
	}
	s.MemoryBytes = resident()
	return s
}

// attend is a run: it lasts until its client goes. A client of another identity
// is told whom it has met and sent away.
func (h *host) attend(stream grpc.ServerStream) error {
	m := &wrapperspb.BytesValue{}
	if err := stream.RecvMsg(m); err != nil {
		return err
	}
	var from hello
	if err := unpack(m, &from); err != nil {
		return grpcstatus.Error(codes.InvalidArgument, err.Error())
	}
	welcome := from.Identity == h.own.Identity
	if welcome {
		if !h.enter() {
			return grpcstatus.Error(codes.Unavailable, "the server is stopping")
		}
		defer h.leave()
	}
	reply, err := pack(h.status())
	if err != nil {
		return err
	}
	if err := stream.SendMsg(reply); err != nil || !welcome {
		return err
	}
	select {
	case <-stream.Context().Done():
	case <-h.now:
	}
	return nil
}

// resident is the memory of this process in bytes; zero where it can't be told.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for scan := bufio.NewScanner(bytes.NewReader(b)); scan.Scan(); {
		if text, ok := strings.CutPrefix(scan.Text(), "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
			if err == nil {
				return n << 10
			}
		}
	}
	return 0
}
