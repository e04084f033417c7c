//go:build linux

package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/moby/buildkit/client"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sixtyhq/sixty/cmd/sixty/buildkit"
)

// answerTimeout is how long a server has to answer what costs it nothing.
const answerTimeout = 5 * time.Second

// ErrNone is that no server runs.
var ErrNone = errors.New("no server is running")

// Connection is a run's hold on a server. While it is open the server stays.
type Connection struct {
	// Client reaches the engine.
	Client *client.Client
	// Server is what the server said of itself.
	Server Status
	conn   *grpc.ClientConn
}

// Close ends the run.
func (c *Connection) Close() error { return errors.Join(c.Client.Close(), c.conn.Close()) }

// ConnectOptions says which server to reach.
type ConnectOptions struct {
	// Root is the state folder of the engine.
	Root string
	// Command is the command line, without the program, with which this program
	// becomes a server that calls [Inherited].
	Command []string
	// Waiting is called when another process holds the state, with the holder's
	// process id when it is known.
	Waiting func(holder string)
}

// Connect reaches the server of a state folder. Where there is none one is
// started, and one of another build or environment is replaced as soon as its
// runs are over. The server outlives this process.
func Connect(ctx context.Context, opts ConnectOptions) (*Connection, error) {
	if err := buildkit.Preflight(opts.Root); err != nil {
		return nil, err
	}
	own, err := Own()
	if err != nil {
		return nil, err
	}
	at := placeIn(opts.Root)
	// A server may go, idle, between our start of it and our first word. More
	// than a few times in a row is no coincidence.
	for range 5 {
		c, err := attend(ctx, at, own)
		if err == nil || !startable(err) {
			return c, err
		}
		if err := start(ctx, at, own, opts); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("the engine's server ends as soon as it is started; see %s, or run with --no-serve", at.log())
}

// otherError is that the server is not for this command.
type otherError struct{ server Status }

func (e *otherError) Error() string {
	return fmt.Sprintf("the server (process %d) is of another build or environment", e.server.PID)
}

// startable tells whether starting a server helps against an error of attend.
func startable(err error) bool {
	var other *otherError
	return errors.Is(err, ErrNone) || errors.As(err, &other)
}

// dialServer connects and learns which process answers.
func dialServer(ctx context.Context, at place) (conn *grpc.ClientConn, pid int, err error) {
	// Dialed here and not by gRPC, which would hide that nobody listens.
	first, err := at.dial(ctx)
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ECONNREFUSED):
		return nil, 0, ErrNone
	case err != nil:
		return nil, 0, fmt.Errorf("reach the engine's server: %w", err)
	}
	if pid, err = peer(first); err != nil {
		first.Close()
		return nil, 0, fmt.Errorf("reach the engine's server: %w", err)
	}
	given := make(chan net.Conn, 1)
	given <- first
	conn, err = grpc.NewClient("passthrough:///serve", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			select {
			case c := <-given:
				return c, nil
			default: // one connection is one server: there is no reconnecting
				return nil, ErrNone
			}
		}))
	if err != nil {
		first.Close()
	}
	return conn, pid, err
}

func attend(ctx context.Context, at place, own Identity) (*Connection, error) {
	conn, pid, err := dialServer(ctx, at)
	if err != nil {
		return nil, err
	}
	status, err := greet(conn, own) //nolint:contextcheck // it has a deadline of its own
	if ctx.Err() != nil {
		conn.Close()
		return nil, context.Cause(ctx)
	}
	switch {
	case errors.Is(err, errSilent):
		conn.Close()
		return nil, fmt.Errorf("the engine's server (process %d) does not answer: end it with sixty serve --stop --now, or run with --no-serve", pid)
	case err != nil: // it is going, or speaks another language: both make room
		conn.Close()
		return nil, ErrNone
	case status.Identity != own:
		_, err := call[Status](ctx, conn, stopMethod, stop{})
		conn.Close()
		if grpcstatus.Code(err) == codes.Unavailable { // it went before it could answer
			return nil, ErrNone
		}
		if err != nil {
			return nil, fmt.Errorf("ask the server of another build to make room: %w", err)
		}
		return nil, &otherError{status}
	}
	c, err := client.New(ctx, "passthrough:///serve",
		client.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return at.dial(ctx) }),
		client.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to the engine's server: %w", err)
	}
	return &Connection{Client: c, Server: status, conn: conn}, nil
}

// errSilent is that there was no answer in time.
var errSilent = errors.New("no answer")

// greet begins a run, which lasts until the connection is closed.
func greet(conn *grpc.ClientConn, own Identity) (Status, error) {
	var status Status
	// The stream is the run, so it is bound to the connection and to nothing
	// that may be canceled before the run's last step has been canceled.
	ctx, cancel := context.WithCancel(context.Background())
	late := time.AfterFunc(answerTimeout, cancel)
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, attendMethod)
	if err == nil {
		var m *wrapperspb.BytesValue
		if m, err = pack(hello{own}); err == nil {
			if err = stream.SendMsg(m); err == nil || errors.Is(err, io.EOF) {
				reply := &wrapperspb.BytesValue{}
				if err = stream.RecvMsg(reply); err == nil {
					err = unpack(reply, &status)
				}
			}
		}
	}
	if !late.Stop() {
		return status, errSilent
	}
	if err != nil {
		cancel()
	}
	return status, err
}

// start starts a server and waits until it is ready. Of several commands that
// want one at the same time, one starts it: the server inherits the lock and
// keeps it until it is ready, also when the command that started it is gone.
func start(ctx context.Context, at place, own Identity, opts ConnectOptions) error {
	starting, err := lockFile(ctx, filepath.Join(at.dir, "start.lock"), func() {
		if opts.Waiting != nil {
			opts.Waiting(buildkit.Holder(opts.Root))
		}
	})
	if err != nil {
		return err
	}
	defer starting.Close()
	if c, err := attend(ctx, at, own); err == nil {
		return c.Close() // another command was faster
	} else if !startable(err) {
		return err
	}
	report, err := spawn(at, opts.Command, starting)
	if err != nil {
		return fmt.Errorf("start the engine's server: %w", err)
	}
	defer report.Close()
	unblock := context.AfterFunc(ctx, func() { report.SetReadDeadline(time.Now()) }) //nolint:errcheck // a pipe has deadlines
	defer unblock()
	for scan := bufio.NewScanner(report); scan.Scan(); {
		var m progress
		if err := json.Unmarshal(scan.Bytes(), &m); err != nil {
			return fmt.Errorf("start the engine's server: it reports %q", scan.Text())
		}
		switch {
		case m.Ready:
			return nil
		case m.Error != "":
			return errors.New(m.Error)
		case opts.Waiting != nil:
			opts.Waiting(m.Holder)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("the engine's server ended before it was ready; see %s, or run with --no-serve", at.log())
}

// maxLog is the length in bytes from which a server's log begins anew.
const maxLog = 1 << 20

// spawn starts this very program as a server: in a session of its own, so that
// no Ctrl-C reaches it, and in no folder that somebody may want to remove.
func spawn(at place, command []string, starting *os.File) (*os.File, error) {
	mode := os.O_APPEND
	if st, err := os.Stat(at.log()); err == nil && st.Size() > maxLog {
		mode = os.O_TRUNC
	}
	log, err := os.OpenFile(at.log(), os.O_CREATE|os.O_WRONLY|mode, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close()
	// The file may have been replaced since this process began.
	cmd := exec.Command("/proc/self/exe", command...) //nolint:noctx // it outlives whoever starts it
	cmd.Args[0] = "sixty"
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = "/", log, log, []*os.File{write, starting}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		read.Close()
		return nil, err
	}
	// It is not waited for; where it ends before us, nobody needs its code.
	go cmd.Wait() //nolint:errcheck // reaps it
	return read, nil
}

// patience is how long a lock is waited for before that is said.
const patience = time.Second

// lockFile takes a lock that the kernel drops with its last holder, and calls
// waiting once when that takes long.
func lockFile(ctx context.Context, path string, waiting func()) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		case <-late.C:
			waiting()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
