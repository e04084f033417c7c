//go:build linux

package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// place is the folder of a server, below the state folder of its engine: what
// the socket leads to and the socket itself can't come apart.
type place struct{ dir string }

const socketName = "socket"

func placeIn(root string) place { return place{filepath.Join(root, "serve")} }

func (p place) socket() string { return filepath.Join(p.dir, socketName) }

func (p place) log() string { return filepath.Join(p.dir, "serve.log") }

// open makes the folder where it is missing, and refuses one that others can
// enter.
func (p place) open() (*os.File, error) {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the server's folder: %w", err)
	}
	f, err := os.OpenFile(p.dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("open the server's folder: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		f.Close()
		return nil, fmt.Errorf("open the server's folder: %w", err)
	}
	if st.Uid != uint32(os.Geteuid()) || st.Mode&0o077 != 0 {
		f.Close()
		return nil, fmt.Errorf("the server's folder %s is open to others: it must belong to you, with mode 0700", p.dir)
	}
	return f, nil
}

// address leads to the socket through a descriptor of its folder: the path of a
// Unix socket has at most 107 bytes (unix(7)), and that of a cache may be
// longer.
func address(dir *os.File) string {
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(dir.Fd())), socketName)
}

// listen makes the socket. The caller holds the engine's lock, so a socket that
// is there already is a dead server's.
func (p place) listen() (net.Listener, error) {
	dir, err := p.open()
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	if err := os.Remove(p.socket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove a dead server's socket: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: address(dir), Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen in %s: %w", p.dir, err)
	}
	// The name that it was bound by means nothing once dir is closed.
	l.SetUnlinkOnClose(false)
	if err := os.Chmod(p.socket(), 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("close the server's socket to others: %w", err)
	}
	return l, nil
}

// dial reaches the socket. Who answers is the same user: nobody else can enter
// the folder.
func (p place) dial(ctx context.Context) (net.Conn, error) {
	dir, err := p.open()
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return new(net.Dialer).DialContext(ctx, "unix", address(dir))
}

// peer is the process at the other end of a connection (unix(7),
// SO_PEERCRED).
func peer(c net.Conn) (int, error) {
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) { cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return 0, err
	}
	if credErr != nil {
		return 0, credErr
	}
	return int(cred.Pid), nil
}
