package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// serviceRoot is a root file system with one static program and two accounts.
func serviceRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\ndb:x:70:71::/data:/bin/sh\n",
		"etc/group":  "root:x:0:\ndb:x:71:\nssl:x:72:other,db\n",
		"data/file":  "",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(root, "bin/sidecar"), "./testdata/sidecar")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return root
}

// inOwnNetwork runs sixty-init in namespaces of its own, where /etc/hosts can
// be changed without changing the machine's.
func inOwnNetwork(t *testing.T, spec initrec.Spec, command ...string) result {
	t.Helper()
	hosts := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(hosts, []byte("127.0.0.1 localhost"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := initCommand(t, &spec, command...)
	inner := append([]string{"mount --bind \"$0\" /etc/hosts && exec \"$@\"", hosts}, cmd.Args...)
	outer := exec.CommandContext(t.Context(), "sh", append([]string{"-c"}, inner...)...)
	outer.Env = cmd.Env
	outer.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Unshareflags: syscall.CLONE_NEWNS}
	return finish(t, outer, spec)
}

func TestServiceWithARootOfItsOwn(t *testing.T) {
	needsRoot(t)
	root := serviceRoot(t)
	spec := initrec.Spec{Capabilities: initrec.DefaultCapabilities(), Services: []initrec.Service{
		{Name: "db", Root: root, Dir: "/data", User: "db", Address: "127.0.0.2", Command: []string{"sidecar", "5432"},
			Env: []string{"A=b", "PATH=/bin"}, Ready: initrec.Ready{TCP: "127.0.0.2:5432"}},
		// The same port on another address, and root.
		{Name: "other", Root: root, Address: "127.0.0.3", Command: []string{"/bin/sidecar", "5432"}, Ready: initrec.Ready{TCP: "127.0.0.3:5432"}},
	}}
	r := inOwnNetwork(t, spec, "sh", "-c", `"$0" helper talk-outside db:5432 && "$0" helper talk-outside other:5432 && ! "$0" helper talk-outside 127.0.0.1:5432`, self(t))
	if r.code != 0 {
		t.Fatalf("exit code %d, %q: %s\n%s", r.code, r.rec.Error, r.stderr, r.file(t, "services/db.log"))
	}
	for name, want := range map[string][]string{
		"db": {"ids 70 71 [71 72]", "user db", "in /data with A=b PATH=/bin HOME=/data", "/dev/null Dcrw-rw-rw-", "/dev/urandom Dcrw-rw-rw-",
			"chroot: operation not permitted", "localhost [127.0.0.2]"},
		"other": {"ids 0 0 [0]", "user root", "in / with PATH=", "chroot: operation not permitted", "localhost [127.0.0.3]"},
	} {
		log := strings.Split(r.file(t, "services/"+name+".log"), "\n")
		for _, line := range want {
			if !slices.ContainsFunc(log, func(l string) bool { return strings.HasPrefix(l, line) }) {
				t.Errorf("%s did not print %q:\n%s", name, line, strings.Join(log, "\n"))
			}
		}
	}
	if got := r.rec.Process; !sameSet(got.Capabilities, initrec.DefaultCapabilities()) || !got.NoNewPrivs {
		t.Errorf("the command has %+v", got)
	}
	hosts, err := os.ReadFile(filepath.Join(root, "etc/hosts"))
	if err != nil || !strings.Contains(string(hosts), "127.0.0.2\tdb\n127.0.0.3\tother\n") {
		t.Errorf("hosts file of the service: %q, %v", hosts, err)
	}
}

// A service behind Confine has a /proc of its own.
func TestConfinedServiceHasProc(t *testing.T) {
	needsRoot(t)
	spec := initrec.Spec{Confine: &initrec.Confine{NewNetwork: true}, Capabilities: initrec.DefaultCapabilities(), Services: []initrec.Service{
		{Name: "db", Root: serviceRoot(t), Command: []string{"/proc/self/root/bin/sidecar", "5432"}, Ready: initrec.Ready{TCP: "127.0.0.1:5432"}}}}
	root := spec.Services[0].Root
	r := runInit(t, spec, "sh", "-c", `! (: >>"$0"/proc/sys/kernel/core_pattern)`, root)
	if r.code != 0 {
		t.Errorf("exit code %d, %q: %s%s", r.code, r.rec.Error, r.stderr, r.file(t, "services/db.log"))
	}
	if entries, _ := os.ReadDir(filepath.Join(root, "proc")); len(entries) > 0 {
		t.Error("its /proc is mounted outside of the step")
	}
}

// A service is known by its name also where the engine's hosts file can't be
// written, and that file stays as it was.
func TestConfinedServiceHasAName(t *testing.T) {
	needsRoot(t)
	spec := initrec.Spec{Confine: &initrec.Confine{NewNetwork: true}, Capabilities: initrec.DefaultCapabilities(), Services: []initrec.Service{
		{Name: "db", Root: serviceRoot(t), Address: "127.0.0.2", Command: []string{"/bin/sidecar", "5432"}, Ready: initrec.Ready{TCP: "127.0.0.2:5432"}}}}
	hosts := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(hosts, []byte("127.0.0.1 localhost\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := initCommand(t, &spec, self(t), asHelper, "talk-outside", "db:5432")
	outer := exec.CommandContext(t.Context(), "sh", append([]string{"-c", "mount --bind \"$0\" /etc/hosts && mount -o remount,bind,ro /etc/hosts && exec \"$@\"", hosts}, cmd.Args...)...)
	outer.Env = cmd.Env
	outer.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if r := finish(t, outer, spec); r.code != 0 {
		t.Errorf("exit code %d, %q: %s", r.code, r.rec.Error, r.stderr)
	}
	if text, err := os.ReadFile(hosts); err != nil || string(text) != "127.0.0.1 localhost\n" {
		t.Errorf("the engine's hosts file: %q, %v", text, err)
	}
	if left, _ := filepath.Glob(filepath.Join(spec.Record, ".hosts*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestServiceThatEndsEndsTheStep(t *testing.T) {
	began := time.Now()
	r := runInit(t, initrec.Spec{Services: []initrec.Service{
		{Name: "db", Command: []string{"sh", "-c", "sleep 0.2; echo out of memory; exit 9"}}}}, "sleep", unique())
	if r.code != initrec.ExitInit || r.rec.Error != `service "db": ended with code 9 before the step did` {
		t.Errorf("exit code %d, error %q", r.code, r.rec.Error)
	}
	if s := r.rec.Services; len(s) != 1 || s[0].ExitCode == nil || *s[0].ExitCode != 9 || s[0].Error == "" {
		t.Errorf("services %+v", s)
	}
	if got := r.file(t, "services/db.log"); got != "out of memory\n" {
		t.Errorf("its log: %q", got)
	}
	if time.Since(began) > 30*time.Second {
		t.Error("the step went on without its service")
	}
	noneAlive(t, unique())
	// The command's own failure does not hide it either.
	r = runInit(t, initrec.Spec{Services: []initrec.Service{{Name: "db", Command: []string{"sh", "-c", "exit 1"}}}}, "sh", "-c", "sleep 0.3; exit 7")
	if !strings.Contains(r.rec.Error, `service "db": ended with code 1`) {
		t.Errorf("exit code %d, error %q", r.code, r.rec.Error)
	}
}

func TestServiceOfAnUnknownUser(t *testing.T) {
	needsRoot(t)
	root := serviceRoot(t)
	for user, want := range map[string]string{
		"nobody":    `there is no user "nobody" in the service's /etc/passwd`,
		"db:nobody": `there is no group "nobody"`,
	} {
		r := runInit(t, initrec.Spec{Services: []initrec.Service{{Name: "db", Root: root, User: user, Command: []string{"/bin/sidecar", "1"},
			Ready: initrec.Ready{TCP: freeAddress(t)}}}}, "true")
		if log := r.file(t, "services/db.log"); r.code != initrec.ExitInit || !strings.Contains(log, want) {
			t.Errorf("%s: exit code %d, log %q", user, r.code, log)
		}
	}
}

func TestReadyByCommandInTheRoot(t *testing.T) {
	needsRoot(t)
	root := serviceRoot(t)
	service := initrec.Service{Name: "db", Root: root, Command: []string{"/bin/sidecar", "0"}}
	// Not ready, and what the probe says is in the log.
	service.Ready = initrec.Ready{Command: []string{"/bin/sidecar", "fail"}, Timeout: 300 * time.Millisecond}
	r := runInit(t, initrec.Spec{Capabilities: initrec.DefaultCapabilities(), Services: []initrec.Service{service}}, "true")
	if !strings.Contains(r.rec.Error, "not ready after 300ms") || !strings.Contains(r.file(t, "services/db.log"), "no room") {
		t.Errorf("error %q, log %q", r.rec.Error, r.file(t, "services/db.log"))
	}
	// A probe that hangs does not outlast the deadline.
	service.Ready = initrec.Ready{Command: []string{"/bin/sidecar", "0"}, Timeout: 300 * time.Millisecond}
	r = runInit(t, initrec.Spec{Capabilities: initrec.DefaultCapabilities(), Services: []initrec.Service{service}}, "true")
	if !strings.Contains(r.rec.Error, "not ready after 300ms") || r.rec.SetupMS > 20_000 {
		t.Errorf("error %q after %d ms", r.rec.Error, r.rec.SetupMS)
	}
}

func TestAccounts(t *testing.T) {
	// The tables of this machine: root is there, and an ID needs no entry.
	for user, want := range map[string]account{
		"":          {0, 0, nil, ""},
		"root":      {0, 0, nil, ""},
		"0":         {0, 0, nil, ""},
		"54321":     {54321, 0, nil, "/"},
		"54321:12":  {54321, 12, nil, "/"},
		"root:4242": {0, 4242, nil, ""},
	} {
		got, err := findAccount(user)
		if err != nil || got.uid != want.uid || got.gid != want.gid || want.home != "" && got.home != want.home || got.groups[0] != want.gid {
			t.Errorf("%q: %+v, %v; want %+v", user, got, err, want)
		}
	}
}

func TestHosts(t *testing.T) {
	text := "127.0.0.2 db # one\n#127.0.0.3 cache\n::1\tlocalhost ip6 \n127.0.0.9 db\n"
	for name, address := range map[string]string{"db": "127.0.0.2", "ip6": "::1"} {
		if !resolves(text, name, address) {
			t.Errorf("%s is not %s", name, address)
		}
	}
	for name, address := range map[string]string{"db": "127.0.0.9", "cache": "127.0.0.3", "one": "127.0.0.2", "::1": "::1"} {
		if resolves(text, name, address) {
			t.Errorf("%s is %s", name, address)
		}
	}
}
