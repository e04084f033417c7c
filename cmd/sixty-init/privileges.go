package main

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// privileges bound what a process may ever have; nil bounds nothing.
type privileges struct{ keep uint64 }

// boundTo turns names of capabilities into privileges; nil names: nil.
func boundTo(names []string) (*privileges, error) {
	if names == nil {
		return nil, nil
	}
	keep, err := capabilityMask(names)
	if err != nil {
		return nil, err
	}
	return &privileges{keep}, nil
}

// bind binds the calling thread, which must be locked, and all that it starts
// from then on. This process itself keeps what it has: the bounding set counts
// when a program is executed.
func (p *privileges) bind() error {
	if p == nil {
		return nil
	}
	if err := dropBounding(p.keep); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid new privileges: %w", err)
	}
	return nil
}

// around calls f on a thread that is bound. The thread ends with the call, so
// that no other goroutine inherits what it has lost.
func (p *privileges) around(f func() error) error {
	if p == nil {
		return f()
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked
		err := p.bind()
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// dropBounding takes all but the kept capabilities out of the calling thread's
// bounding and ambient sets: what is not in the bounding set can't come back by
// executing a program. One that the thread may not drop, for lack of
// CAP_SETPCAP, is an error only if it is there.
func dropBounding(keep uint64) error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("clear the ambient capabilities: %w", err)
	}
	for bit := range 64 {
		if keep&(1<<bit) != 0 {
			continue
		}
		has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(bit), 0, 0, 0)
		if errors.Is(err, unix.EINVAL) {
			break // the kernel knows no more capabilities
		}
		if err == nil && has == 0 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(bit), 0, 0, 0); err != nil {
			return fmt.Errorf("drop capability %d: %w", bit, err)
		}
	}
	return nil
}

// dropCapabilities leaves the calling thread nothing but the kept capabilities,
// for good.
func dropCapabilities(keep uint64) error {
	if err := dropBounding(keep); err != nil {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return fmt.Errorf("read the capabilities: %w", err)
	}
	for i := range data {
		half := uint32(keep >> (32 * i))
		data[i].Effective &= half
		data[i].Permitted &= half
		data[i].Inheritable = 0
	}
	if err := unix.Capset(&header, &data[0]); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	return nil
}
