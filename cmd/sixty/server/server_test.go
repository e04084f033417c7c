//go:build linux

package server

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
)

// TestMain is also the server: a test starts this program again, as a command
// starts itself.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		idle, err := time.ParseDuration(os.Args[3])
		r := Inherited()
		if err == nil {
			err = Serve(context.Background(), Options{
				Engine: buildkit.EmbeddedOptions{Root: os.Args[2], Waiting: r.Waiting}, IdleLimit: idle, Ready: r.Ready,
			})
		}
		if err != nil {
			r.Failed(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// state is a state folder whose server is gone when the test is over.
func state(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 && os.Getenv("CI") == "" {
		t.Skip("the embedded engine needs root")
	}
	// Not the test's own folder: overlayfs has no overlayfs on it in some
	// containers. Deep, so that the socket's path is too long for a socket.
	base, err := os.MkdirTemp("", "sixty-serve-") //nolint:usetesting // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(base, strings.Repeat("deep/", 30), "state")
	t.Cleanup(func() {
		s, err := Stop(context.Background(), root, true)
		if err == nil {
			err = Wait(context.Background(), s.PID)
		}
		if err != nil && !errors.Is(err, ErrNone) {
			t.Errorf("stop the server: %v", err)
		}
		if t.Failed() {
			text, _ := os.ReadFile(placeIn(root).log())
			t.Logf("server's log: %s", text)
		}
		os.RemoveAll(base)
	})
	return root
}

func options(root, idle string) ConnectOptions {
	return ConnectOptions{Root: root, Command: []string{"serve", root, idle}}
}

func connect(t *testing.T, opts ConnectOptions) *Connection {
	t.Helper()
	c, err := Connect(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Client.Info(t.Context()); err != nil {
		t.Fatalf("the engine does not answer: %v", err)
	}
	return c
}

func closed(t *testing.T, c *Connection) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// await polls for what must come true.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

func TestManyAtOnceShareOneServer(t *testing.T) {
	root := state(t)
	var mu sync.Mutex
	pids := map[int]int{}
	var group sync.WaitGroup
	var open []*Connection
	for range 8 {
		group.Go(func() {
			c, err := Connect(t.Context(), options(root, "1m"))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			pids[c.Server.PID]++
			open = append(open, c)
		})
	}
	group.Wait()
	if len(pids) != 1 {
		t.Errorf("servers: %v", pids)
	}
	if s, err := Ask(t.Context(), root); err != nil || s.Runs != 8 {
		t.Errorf("status: %+v, %v", s, err)
	}
	for _, c := range open {
		closed(t, c)
	}
	await(t, "no run is counted any more", func() bool {
		s, err := Ask(t.Context(), root)
		return err == nil && s.Runs == 0 && s.Served >= 8
	})
}

func TestOnlyItsOwnerCanReachIt(t *testing.T) {
	root := state(t)
	closed(t, connect(t, options(root, "1m")))
	for path, want := range map[string]os.FileMode{
		placeIn(root).dir: os.ModeDir | 0o700, placeIn(root).socket(): os.ModeSocket | 0o600, placeIn(root).log(): 0o600,
	} {
		if st, err := os.Lstat(path); err != nil || st.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", path, st, err, want)
		}
	}
	if err := os.Chmod(placeIn(root).dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Connect(t.Context(), options(root, "1m")); err == nil || !strings.Contains(err.Error(), "is open to others") {
		t.Errorf("a folder that others can enter: %v", err)
	}
	if err := os.Chmod(placeIn(root).dir, 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestIdleServerEnds(t *testing.T) {
	root := state(t)
	c := connect(t, options(root, "100ms"))
	pid := c.Server.PID
	// Longer than the limit: while somebody attends it stays.
	time.Sleep(300 * time.Millisecond)
	if s, err := Ask(t.Context(), root); err != nil || s.Runs != 1 || s.PID != pid {
		t.Errorf("while there is a run: %+v, %v", s, err)
	}
	closed(t, c)
	if err := Wait(t.Context(), pid); err != nil {
		t.Fatal(err)
	}
	if _, err := Ask(t.Context(), root); !errors.Is(err, ErrNone) {
		t.Errorf("after it has ended: %v", err)
	}
	if _, err := os.Lstat(placeIn(root).socket()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it leaves its socket: %v", err)
	}
	again := connect(t, options(root, "1m"))
	defer closed(t, again)
	if again.Server.PID == pid {
		t.Error("the process lives on")
	}
}

// TestIdleRace connects over and over to a server that ends as soon as nobody
// attends: none of the connections may be lost in between.
func TestIdleRace(t *testing.T) {
	root := state(t)
	for range 10 {
		c := connect(t, options(root, "1ms"))
		if _, err := c.Client.Info(t.Context()); err != nil {
			t.Fatal(err)
		}
		closed(t, c)
	}
}

func TestKilledServerIsReplaced(t *testing.T) {
	root := state(t)
	c := connect(t, options(root, "1m"))
	if err := unix.Kill(c.Server.PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := Wait(t.Context(), c.Server.PID); err != nil {
		t.Fatal(err)
	}
	c.Close() // its other end is dead
	if _, err := os.Lstat(placeIn(root).socket()); err != nil {
		t.Fatalf("there is no stale socket to try: %v", err)
	}
	if _, err := Ask(t.Context(), root); !errors.Is(err, ErrNone) {
		t.Errorf("a stale socket: %v", err)
	}
	again := connect(t, options(root, "1m"))
	defer closed(t, again)
	if again.Server.PID == c.Server.PID {
		t.Error("the same process")
	}
}

func TestOtherIdentityReplacesIt(t *testing.T) {
	root := state(t)
	old := connect(t, options(root, "1m"))
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:9")
	waits := make(chan string, 1)
	opts := options(root, "1m")
	opts.Waiting = func(holder string) { waits <- holder }
	got := make(chan *Connection, 1)
	go func() {
		c, err := Connect(t.Context(), opts)
		if err != nil {
			t.Error(err)
		}
		got <- c
	}()
	<-waits // it waits for the run of the old server,
	if _, err := old.Client.Info(t.Context()); err != nil {
		t.Errorf("which goes on: %v", err)
	}
	if s, err := Ask(t.Context(), root); err != nil || !s.Stopping || s.Runs != 1 {
		t.Errorf("status: %+v, %v", s, err)
	}
	select {
	case <-got:
		t.Fatal("and takes its place before it is over")
	default:
	}
	closed(t, old)
	c := <-got
	if c == nil {
		return
	}
	defer closed(t, c)
	if c.Server.PID == old.Server.PID || c.Server.Identity == old.Server.Identity {
		t.Errorf("replaced by %+v", c.Server)
	}
	if err := Wait(t.Context(), old.Server.PID); err != nil {
		t.Error(err)
	}
}

func TestStop(t *testing.T) {
	root := state(t)
	if _, err := Stop(t.Context(), root, false); !errors.Is(err, ErrNone) {
		t.Errorf("where there is none: %v", err)
	}
	if _, err := os.Stat(root); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("asking made the folder: %v", err)
	}
	c := connect(t, options(root, "1m"))
	s, err := Stop(t.Context(), root, false)
	if err != nil || s.Runs != 1 || !s.Stopping {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := c.Client.Info(t.Context()); err != nil {
		t.Errorf("a run that goes on: %v", err)
	}
	if _, err := Stop(t.Context(), root, true); err != nil {
		t.Error(err)
	}
	if err := Wait(t.Context(), s.PID); err != nil {
		t.Error(err)
	}
	if _, err := c.Client.Info(t.Context()); err == nil {
		t.Error("an engine that is gone answers")
	}
	c.Close() // its other end is gone
}

func TestSilentServer(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for an answer that does not come")
	}
	root := state(t)
	closed(t, connect(t, options(root, "1m")))
	s, err := Ask(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(s.PID, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := Connect(t.Context(), options(root, "1m")); err == nil || !strings.Contains(err.Error(), "sixty serve --stop --now") {
		t.Errorf("connect: %v", err)
	}
	if _, err := Stop(t.Context(), root, true); err != nil {
		t.Error(err)
	}
	if err := Wait(t.Context(), s.PID); err != nil {
		t.Error(err)
	}
}

func TestServerThatCannotStart(t *testing.T) {
	root := state(t)
	opts := options(root, "never") // no time at all
	if _, err := Connect(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "invalid duration") {
		t.Errorf("error %v", err)
	}
}

func TestInterruptWhileItStarts(t *testing.T) {
	root := state(t)
	e, err := buildkit.Start(t.Context(), buildkit.EmbeddedOptions{Root: root}) // holds the state
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("interrupted")
	opts := options(root, "1m")
	opts.Waiting = func(holder string) { cancel(stopped) }
	if _, err := Connect(ctx, opts); !errors.Is(err, stopped) {
		t.Errorf("error %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	// The server that was started all the same is there for the next one.
	closed(t, connect(t, opts))
}
