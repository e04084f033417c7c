package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sixtyhq/sixty/internal/initrec"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// outside is a server of this test, outside of the step's network namespace.
// It listens on all of the machine's addresses; the returned one is not on the
// loopback where the machine has any other.
func outside(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() {
			return net.JoinHostPort(ip.IP.String(), port)
		}
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// checkNetworkOff runs one command that must reach itself and one that must
// not reach the outside; without the namespace it does.
func checkNetworkOff(t *testing.T, run func(command ...string) result) {
	t.Helper()
	server := outside(t)
	if r := runInit(t, initrec.Spec{}, self(t), asHelper, "talk-outside", server); r.code != 0 || r.rec.Network.LoopbackOnly && !strings.HasPrefix(server, "127.") {
		t.Fatalf("the server can't be reached even with a network (%+v): %s", r.rec.Network, r.stderr)
	}
	r := run(self(t), asHelper, "talk-to-self")
	if r.code != 0 {
		t.Errorf("can't reach itself: %s", r.stderr)
	}
	if n := r.rec.Network; !n.LoopbackUp || !n.LoopbackOnly || n.Error != "" || len(n.Routes) > 0 {
		t.Errorf("network %+v", n)
	}
	if r := run(self(t), asHelper, "talk-outside", server); r.code != 1 || !strings.Contains(r.stderr, "dial") {
		t.Errorf("reached the outside, or failed otherwise: exit code %d, %s", r.code, r.stderr)
	}
}

func TestLoopbackInANewNamespace(t *testing.T) {
	needsRoot(t)
	checkNetworkOff(t, func(command ...string) result {
		spec := initrec.Spec{}
		cmd := initCommand(t, &spec, command...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		return finish(t, cmd, spec)
	})
}

func TestConfine(t *testing.T) {
	needsRoot(t)
	spec := initrec.Spec{Confine: &initrec.Confine{NewNetwork: true}, Capabilities: initrec.DefaultCapabilities()}
	checkNetworkOff(t, func(command ...string) result {
		s := spec
		s.Record = t.TempDir()
		return runInit(t, s, command...)
	})

	r := runInit(t, spec, "true")
	if got := r.rec.Process.Capabilities; !sameSet(got, initrec.DefaultCapabilities()) {
		t.Errorf("effective capabilities %q", got)
	}
	if got := r.rec.Process; !sameSet(got.Bounding, initrec.DefaultCapabilities()) || !got.NoNewPrivs {
		t.Errorf("bounding capabilities %q, no new privileges %v", got.Bounding, got.NoNewPrivs)
	}

	// Each of these is a way from root in a container to root on the host. The
	// control shows that it is the confinement which closes it.
	for name, script := range map[string]string{
		"mount":           `mount -t tmpfs tmpfs "$0"`,
		"namespace":       `unshare --mount true`,
		"device node":     `mknod "$0/node" b 7 0`,
		"core pattern":    `: >> /proc/sys/kernel/core_pattern`,
		"sysrq":           `: >> /proc/sysrq-trigger`,
		"block devices":   `for d in /dev/*; do test -b "$d" && exit 0; done; exit 1`,
		"another network": `nsenter --net=/proc/1/ns/net true`,
		"set the clock":   `date -s "$(date +@%s)"`,
		"see the kernel":  `test -s /proc/kcore || test -s /proc/timer_list`,
	} {
		free := initrec.Spec{}
		cmd := initCommand(t, &free, "bash", "-c", script, t.TempDir())
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
		if r := finish(t, cmd, free); r.code != 0 {
			t.Logf("%s: this machine does not have it: %s", name, r.stderr)
			continue
		}
		closed := spec
		closed.Record = t.TempDir()
		if r := runInit(t, closed, "bash", "-c", script, t.TempDir()); r.code == 0 {
			t.Errorf("%s: possible", name)
		}
	}
}

func TestConfineNeedsPrivileges(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root in a container as engines make it, which is not enough either.
		spec := initrec.Spec{Record: t.TempDir(), Confine: &initrec.Confine{}, Capabilities: initrec.DefaultCapabilities()}
		inner := initCommand(t, &spec, "true")
		outer := initrec.Spec{Confine: spec.Confine, Capabilities: spec.Capabilities}
		r := runInit(t, outer, inner.Args...)
		if r.code != initrec.ExitInit || !strings.Contains(r.stderr, "CAP_SYS_ADMIN") {
			t.Errorf("exit code %d: %s", r.code, r.stderr)
		}
		return
	}
	spec := initrec.Spec{Confine: &initrec.Confine{}, Capabilities: []string{}}
	cmd := initCommand(t, &spec, "true")
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != initrec.ExitInit || !strings.Contains(string(out), "CAP_SYS_ADMIN") {
		t.Errorf("ended with %v: %s", err, out)
	}
}

func TestConfineRefusesUnknownCapability(t *testing.T) {
	spec := initrec.Spec{Confine: &initrec.Confine{}, Capabilities: []string{"CAP_FLY"}}
	out, err := initCommand(t, &spec, "true").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "CAP_FLY") {
		t.Errorf("ended with %v: %s", err, out)
	}
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// TestFirstProcess runs sixty-init where it lives: as the first process of a
// container that runc made, with a network namespace of its own.
func TestFirstProcess(t *testing.T) {
	needsRoot(t)
	runc, err := exec.LookPath("runc")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("runc is not installed, and CI is set")
		}
		t.Skip("runc is not installed")
	}
	run := func(command ...string) result { return runInContainer(t, runc, command...) }
	r := run("bash", "-c", `echo $PPID; (sleep "$0" &); exit 6`, unique())
	if r.code != 6 || r.stdout != "1\n" {
		t.Fatalf("exit code %d, stdout %q, want 6 and the parent to be process 1: %s", r.code, r.stdout, r.stderr)
	}
	if r.rec.Leftover != 1 {
		t.Errorf("%d processes left over, want 1", r.rec.Leftover)
	}
	if r.rec.MaxRSSSource != initrec.RSSCgroup {
		t.Errorf("peak memory from %q; the container has a cgroup of its own", r.rec.MaxRSSSource)
	}
	if got := r.rec.Process.Capabilities; !slices.Equal(got, []string{"CAP_CHOWN", "CAP_NET_ADMIN"}) {
		t.Errorf("capabilities %q", got)
	}
	noneAlive(t, unique())
	checkNetworkOff(t, run)
}

func runInContainer(t *testing.T, runc string, command ...string) result {
	t.Helper()
	bundle := t.TempDir()
	spec := initrec.Spec{Record: "/out"}
	text, err := spec.Encode()
	if err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(bundle, "out")
	for _, dir := range []string{"rootfs/out", "rootfs/proc", "rootfs/dev", "rootfs/tmp", "rootfs/sys", "out"} {
		if err := os.MkdirAll(filepath.Join(bundle, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	type m = map[string]any
	caps := []string{"CAP_CHOWN", "CAP_NET_ADMIN"}
	mounts := []m{
		{"destination": "/proc", "type": "proc", "source": "proc"},
		{"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
		{"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": []string{"ro"}},
		{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": []string{"ro"}},
		{"destination": "/out", "type": "bind", "source": record, "options": []string{"bind", "rw"}},
	}
	for _, dir := range []string{"/usr", "/bin", "/lib", "/lib64", filepath.Dir(self(t))} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			mounts = append(mounts, m{"destination": dir, "type": "bind", "source": dir, "options": []string{"rbind", "ro"}})
		}
	}
	config := m{
		"ociVersion": "1.0.2",
		"root":       m{"path": "rootfs"},
		"process": m{
			"args":         append([]string{self(t), "run", "--spec", text, "--"}, command...),
			"env":          []string{"PATH=/usr/bin:/bin", asInit + "=1"},
			"cwd":          "/",
			"capabilities": m{"bounding": caps, "effective": caps, "permitted": caps},
		},
		"mounts": mounts,
		"linux": m{
			"namespaces": []m{{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "network"}},
			"resources":  m{},
		},
	}
	b, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	id := "sixty-init-test-" + filepath.Base(filepath.Dir(bundle)) + filepath.Base(bundle)
	cmd := exec.CommandContext(t.Context(), runc, "run", "--bundle", bundle, id)
	spec.Record = record
	return finish(t, cmd, spec)
}
