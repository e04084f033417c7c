package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// Parts of a container's file system that give its root power over the host
// once an engine has granted everything. The lists are those that container
// runtimes use by default.
var (
	readOnlyPaths = []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", "/sys"}
	maskedPaths   = []string{
		"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
		"/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
		"/sys/devices/virtual/powercap", "/sys/firmware",
	}
)

// confine takes away network and privileges from this process and executes the
// program again with the given arguments, so that every thread of it has lost
// them. It returns only an error.
func confine(spec initrec.Spec, args []string) error {
	c := *spec.Confine
	keep, err := capabilityMask(append(initrec.OwnCapabilities(), spec.Capabilities...))
	if err != nil {
		return fmt.Errorf("confine: %w", err)
	}
	// Namespaces and capabilities belong to a thread; this one becomes the
	// only one when it executes.
	runtime.LockOSThread()
	flags := unix.CLONE_NEWNS
	if c.NewNetwork {
		flags |= unix.CLONE_NEWNET
	}
	if err := unix.Unshare(flags); err != nil {
		return fmt.Errorf("confine: make namespaces: %w: the engine must grant this step CAP_SYS_ADMIN", err)
	}
	if c.NewNetwork {
		if err := raiseLoopback(); err != nil {
			return fmt.Errorf("confine: %w", err)
		}
	}
	if err := hideHost(); err != nil {
		return fmt.Errorf("confine: %w", err)
	}
	if err := ownHosts(spec); err != nil {
		return fmt.Errorf("confine: %w", err)
	}
	for _, s := range spec.Services {
		if err := mountProc(s.Root); err != nil {
			return fmt.Errorf("confine: service %q: %w", s.Name, err)
		}
	}
	if err := dropCapabilities(keep); err != nil {
		return fmt.Errorf("confine: %w", err)
	}
	const self = "/proc/self/exe"
	if err := syscall.Exec(self, append([]string{os.Args[0]}, args...), os.Environ()); err != nil {
		return fmt.Errorf("confine: execute %s: %w", self, err)
	}
	return nil
}

func hideHost() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to this namespace: %w", err)
	}
	for _, path := range maskedPaths {
		if err := mask(path); err != nil {
			return fmt.Errorf("hide %s: %w", path, err)
		}
	}
	for _, path := range readOnlyPaths {
		if err := makeReadOnly(path); err != nil {
			return fmt.Errorf("make %s read-only: %w", path, err)
		}
	}
	devices, err := os.ReadDir("/dev")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list the devices: %w", err)
	}
	for _, d := range devices {
		path := filepath.Join("/dev", d.Name())
		// Of character devices, only loop-control reaches block devices.
		if d.Type()&fs.ModeDevice == 0 || (d.Type()&fs.ModeCharDevice != 0 && d.Name() != "loop-control") {
			continue
		}
		if err := mask(path); err != nil {
			return fmt.Errorf("hide %s: %w", path, err)
		}
	}
	return nil
}

// ownHosts puts a copy that can be written in the place of a hosts file that can't
// be, where services are to be named in it. The engine's own may be that of other
// containers as well.
func ownHosts(spec initrec.Spec) error {
	named := slices.ContainsFunc(spec.Services, func(s initrec.Service) bool { return s.Address != "" })
	if !named || unix.Access(hostsFile, unix.W_OK) != unix.EROFS {
		return nil
	}
	text, err := os.ReadFile(hostsFile)
	if err != nil {
		return fmt.Errorf("copy the hosts file: %w", err)
	}
	own := filepath.Join(spec.Record, ".hosts")
	if err := os.WriteFile(own, text, 0o644); err != nil {
		return fmt.Errorf("copy the hosts file: %w", err)
	}
	if err := unix.Mount(own, hostsFile, "", unix.MS_BIND, ""); err != nil {
		return errors.Join(fmt.Errorf("mount a hosts file: %w", err), os.Remove(own))
	}
	return os.Remove(own) // the mount holds it
}

// mountProc gives a service's root a /proc, which it may not write to.
func mountProc(root string) error {
	if root == "" {
		return nil
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Mkdir("proc", 0o555); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, err := dir.Lstat("proc"); err != nil || !info.IsDir() {
		return errors.Join(err, errors.New("its /proc is no folder"))
	}
	const flags = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount("proc", filepath.Join(root, "proc"), "proc", flags, ""); err != nil {
		return fmt.Errorf("mount its /proc: %w", err)
	}
	return nil
}

// mask puts an empty read-only folder, or the null device, over a path.
func mask(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return unix.Mount("tmpfs", path, "tmpfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "size=0")
	}
	return unix.Mount(os.DevNull, path, "", unix.MS_BIND, "")
}

// makeReadOnly does so for a path and every mount below it.
func makeReadOnly(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := unix.Mount(path, path, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return err
	}
	return unix.MountSetattr(-1, path, unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
}
