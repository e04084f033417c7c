package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// limitCPUs leaves this process and what it starts as many processors as
// asked. The kernel keeps the set for each thread, so the program executes
// itself again: only then all threads have it.
func limitCPUs(n int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var have, want unix.CPUSet
	if err := unix.SchedGetaffinity(0, &have); err != nil {
		return fmt.Errorf("read which processors there are: %w", err)
	}
	if n == 0 || have.Count() <= n {
		return nil
	}
	for cpu := 0; want.Count() < n; cpu++ {
		if have.IsSet(cpu) {
			want.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(0, &want); err != nil {
		return fmt.Errorf("use %d processors: %w", n, err)
	}
	return fmt.Errorf("use %d processors: %w", n, unix.Exec("/proc/self/exe", os.Args, os.Environ()))
}

// cpus is how many processors there are for this process; zero when the kernel
// does not say.
func cpus() int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return 0
	}
	return set.Count()
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// makeLinks makes symbolic links and the folders that they lie in.
func makeLinks(links []initrec.Link) error {
	for _, l := range links {
		err := os.MkdirAll(filepath.Dir(l.Path), 0o755)
		if err == nil {
			err = os.Symlink(l.Target, l.Path)
		}
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link %s to %s: there is something already", l.Path, l.Target)
		}
		if err != nil {
			return fmt.Errorf("link %s to %s: %w", l.Path, l.Target, err)
		}
	}
	return nil
}

// mounts reads what is mounted in this mount namespace; nil when the kernel
// does not say.
func mounts() []initrec.MountRecord {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	return parseMounts(string(text))
}

// parseMounts reads mountinfo (proc(5)): fields 5 and 6 are the path and its
// options, and the file system's type follows a lone dash.
func parseMounts(text string) []initrec.MountRecord {
	out := []initrec.MountRecord{}
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		kind := strings.Fields(after)
		if !ok || len(fields) < 6 || len(kind) == 0 || kernels(fields[4]) {
			continue
		}
		out = append(out, initrec.MountRecord{
			Path: unescape(fields[4]), Type: kind[0], ReadOnly: slices.Contains(strings.Split(fields[5], ","), "ro"),
		})
	}
	slices.SortFunc(out, func(a, b initrec.MountRecord) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// kernels reports whether a path belongs to the kernel's own file systems.
func kernels(path string) bool {
	for _, dir := range []string{"/proc", "/sys", "/dev"} {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return false
}

// unescape undoes the kernel's octal escapes of blanks and backslashes.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace
