//go:build linux

package buildkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// holderTimeout is the time in which whoever takes the lock has written its process
// id.
const holderTimeout = time.Second

// acquire takes the lock of a state folder, waiting while another process
// holds it. The kernel drops the lock when its holder dies, however it dies.
func acquire(ctx context.Context, root string, waiting func(holder string)) (io.Closer, error) {
	path := lockPath(root)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the engine's state: %w", err)
	}
	told := false
	began := time.Now()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if !told && waiting != nil {
			told = true
			waiting(Holder(root))
		}
		// Not at once: a holder that has the lock only now may not have said so.
		if time.Since(began) > holderTimeout && Holder(root) == strconv.Itoa(os.Getpid()) {
			f.Close()
			return nil, fmt.Errorf("this process has an engine open in %s already", root)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("wait for the process that holds %s: %w", path, context.Cause(ctx))
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
	}
	return f, nil
}

func lockPath(root string) string { return filepath.Join(root, "lock") }

// Holder is the id of the process that holds a state folder, or was the last to
// hold it; empty when that is not known.
func Holder(root string) string {
	b, err := os.ReadFile(lockPath(root))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
