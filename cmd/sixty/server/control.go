//go:build linux

package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
)

// Ask returns what the server of a state folder says of itself; [ErrNone] where
// there is none.
func Ask(ctx context.Context, root string) (Status, error) {
	if _, err := os.Stat(placeIn(root).dir); errors.Is(err, os.ErrNotExist) {
		return Status{}, ErrNone
	}
	conn, pid, err := dialServer(ctx, placeIn(root))
	if err != nil {
		return Status{}, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	status, err := call[Status](ctx, conn, statusMethod, struct{}{})
	if gone(err) {
		return Status{}, ErrNone
	}
	if err != nil {
		return Status{PID: pid}, fmt.Errorf("the server (process %d) does not say how it is: %w", pid, err)
	}
	return status, nil
}

// Stop asks the server of a state folder to end when its runs are over, or at
// once with now. It returns without waiting for that; [Wait] does. A server that
// does not answer is killed, with now.
func Stop(ctx context.Context, root string, now bool) (Status, error) {
	if _, err := os.Stat(placeIn(root).dir); errors.Is(err, os.ErrNotExist) {
		return Status{}, ErrNone
	}
	conn, pid, err := dialServer(ctx, placeIn(root))
	if err != nil {
		return Status{}, err
	}
	defer conn.Close()
	asked, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	status, err := call[Status](asked, conn, stopMethod, stop{Now: now})
	if gone(err) {
		return Status{PID: pid}, nil // it ends faster than it answers
	}
	if err == nil || ctx.Err() != nil {
		return status, err
	}
	if !now {
		return Status{PID: pid}, fmt.Errorf("the server (process %d) does not answer; end it with --stop --now: %w", pid, err)
	}
	// The connection is open, so the process id is still that of its other end.
	if err := unix.Kill(pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
		return Status{PID: pid}, fmt.Errorf("end the server (process %d): %w", pid, err)
	}
	return Status{PID: pid}, nil
}

// gone tells whether an error is that the server has just ended.
func gone(err error) bool { return grpcstatus.Code(err) == codes.Unavailable }

// Wait waits until a process that was stopped is gone.
func Wait(ctx context.Context, pid int) error {
	for {
		if err := unix.Kill(pid, 0); errors.Is(err, unix.ESRCH) || zombie(pid) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for process %d: %w", pid, context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// zombie tells whether a process is over and only not reaped: its first thread
// is a zombie and the last one.
func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	// The state follows the name, which is in parentheses (proc(5)).
	end := bytes.LastIndexByte(b, ')')
	if end < 0 || end+2 >= len(b) || b[end+2] != 'Z' {
		return false
	}
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	return err != nil || len(threads) < 2
}
