//go:build linux

package buildkit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// settleTimeout is how long containers have to end by themselves when the
// engine stops.
const settleTimeout = 5 * time.Second

// settle waits until no step is left, and removes what is left then.
func settle(root string) error {
	for deadline := time.Now().Add(settleTimeout); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if left, err := bundles(root); err != nil || len(left) == 0 {
			return err
		}
	}
	return sweep(context.Background(), root)
}

func executorDir(root string) string { return filepath.Join(root, "runc-overlayfs", "executor") }

// bundles are the runc bundles of a state folder, one for each container.
func bundles(root string) ([]string, error) {
	entries, err := os.ReadDir(executorDir(root))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runc bundles: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// sweep removes what a killed engine left behind: its containers, the mounts
// under its state folder, its runc bundles and temporary files. The caller holds the state's lock,
// so nothing in it can be in use.
func sweep(ctx context.Context, root string) error {
	left, err := bundles(root)
	if err != nil {
		return err
	}
	for _, name := range left {
		if _, err := os.Stat(filepath.Join("/run/runc", name)); err == nil {
			if out, err := exec.CommandContext(ctx, "runc", "delete", "--force", name).CombinedOutput(); err != nil {
				return fmt.Errorf("delete container %s: %w: %s", name, err, strings.TrimSpace(string(out)))
			}
		}
	}
	if err := unmountUnder(root); err != nil {
		return err
	}
	if err := clearTemporary(root); err != nil {
		return err
	}
	for _, name := range left {
		if err := os.RemoveAll(filepath.Join(executorDir(root), name)); err != nil {
			return fmt.Errorf("remove runc bundle: %w", err)
		}
	}
	return nil
}

// unmountUnder detaches every mount below dir, the deepest first.
func unmountUnder(dir string) error {
	points, err := mountsUnder(dir)
	if err != nil {
		return err
	}
	sort.Slice(points, func(i, j int) bool { return len(points[i]) > len(points[j]) })
	for _, p := range points {
		if err := unix.Unmount(p, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmount %s: %w", p, err)
		}
	}
	return nil
}

func mountsUnder(dir string) ([]string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var points []string
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		fields := strings.Fields(scan.Text())
		if len(fields) < 5 {
			continue
		}
		if p := unescape(fields[4]); strings.HasPrefix(p, dir+"/") {
			points = append(points, p)
		}
	}
	return points, scan.Err()
}

// unescape undoes the octal escapes of proc(5)'s mountinfo.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
