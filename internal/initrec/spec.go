package initrec

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path"
	"regexp"
	"strings"
	"time"
)

// Defaults for fields of a Spec that are zero.
const (
	// DefaultGrace is how long a process has between SIGTERM and SIGKILL.
	DefaultGrace = 5 * time.Second
	// DefaultMaxLog bounds each log file, in bytes.
	DefaultMaxLog = 64 << 20
	// DefaultReadyTimeout is how long a service may take to become ready.
	DefaultReadyTimeout = 30 * time.Second
)

// maxSpec bounds the file that a spec is read from, in bytes.
const maxSpec = 1 << 20

// Spec says how sixty-init runs one command. The zero value of every field but
// Record is useful.
type Spec struct {
	// Record is an existing writable folder, absolute, for logs, outputs and
	// the record itself.
	Record string `json:"record"`
	// Timeout ends the command this long after it has started; zero: never.
	// Services and the collecting of outputs do not count.
	Timeout time.Duration `json:"timeout_ns,omitempty"`
	// Grace is the time between SIGTERM and SIGKILL; zero: DefaultGrace.
	Grace time.Duration `json:"grace_ns,omitempty"`
	// MaxLog bounds each of the log files, in bytes; zero: DefaultMaxLog.
	// What comes later is counted, passed on to the container's own output,
	// and not kept.
	MaxLog int64 `json:"max_log,omitempty"`
	// Confine is for engines that can't take the network or privileges away
	// themselves; nil leaves both as the engine made them.
	Confine *Confine `json:"confine,omitempty"`
	// Capabilities are what the command and the services may ever have
	// (CAP_CHOWN, …; see DefaultCapabilities), and no program that they execute
	// gives them more (no_new_privs); nil leaves both as the engine made them.
	Capabilities []string `json:"capabilities,omitempty"`
	// Services are started in this order before the command, in the same
	// network namespace, and stopped after it.
	Services []Service `json:"services,omitempty"`
	// Outputs are collected when the command has ended, however it ended.
	Outputs []Output `json:"outputs,omitempty"`
	// CPUs bounds the processors that the command may use; zero: all.
	CPUs int `json:"cpus,omitempty"`
	// Links are made before the command starts; a path that exists already
	// is an error.
	Links []Link `json:"links,omitempty"`
	// EndWithZero makes sixty-init end with zero whenever there is a record,
	// which says how the command ended: for engines that keep nothing of a
	// container whose process failed.
	EndWithZero bool `json:"end_with_zero,omitempty"`
}

// Link is a symbolic link at Path that leads to Target, both absolute.
type Link struct {
	Path   string `json:"path"`
	Target string `json:"target"`
}

// Confine takes away what an engine had to grant. It needs a container with
// CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_SETPCAP, and ends with one that is not
// root-equivalent: all capabilities but those of the spec and those that
// sixty-init itself needs (OwnCapabilities) leave the bounding set, /sys and
// the dangerous parts of /proc become read-only or empty, block devices are
// hidden. A spec with Confine names its Capabilities.
type Confine struct {
	// NewNetwork makes a network namespace that has a loopback and nothing
	// else.
	NewNetwork bool `json:"new_network,omitempty"`
}

// DefaultCapabilities is what a command keeps of root: power over files and
// processes of its own container. Of what container engines commonly grant it
// lacks what no build needs: raw sockets, device nodes, another root, and the
// making of privileges.
func DefaultCapabilities() []string {
	return []string{
		"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID",
		"CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID",
	}
}

// OwnCapabilities is what sixty-init itself needs to start services, to end
// processes of any user and to read what they left.
func OwnCapabilities() []string {
	return []string{
		"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_MKNOD",
		"CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
	}
}

// Service is a process that the command needs beside it.
type Service struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`
	// Env is NAME=value, added to the container's environment, or the whole
	// environment of a service that has a Root.
	Env []string `json:"env,omitempty"`
	// Root is the service's own root file system, an absolute path of the
	// container; empty: the container's. Devices and /etc/hosts are made in it;
	// a /proc is there when the engine has mounted one.
	Root string `json:"root,omitempty"`
	// Dir is the working directory in it; empty: /.
	Dir string `json:"dir,omitempty"`
	// User is NAME or ID, with :GROUP or without; empty: root. Names are those
	// of the root's own /etc/passwd and /etc/group.
	User string `json:"user,omitempty"`
	// Address is a loopback address that the service's name stands for, in the
	// container and in every service's root; in the service's own, localhost
	// does as well. Empty: none.
	Address string `json:"address,omitempty"`
	Ready   Ready  `json:"ready,omitzero"`
}

// Ready says when a service is ready: when a connection is accepted, or when a
// command ends with zero; at once when neither is set.
type Ready struct {
	// TCP is an address, 127.0.0.1:5432.
	TCP string `json:"tcp,omitempty"`
	// Command is tried again and again, where and as whom the service runs.
	Command []string `json:"command,omitempty"`
	// Timeout is how long it may take; zero: DefaultReadyTimeout.
	Timeout time.Duration `json:"timeout_ns,omitempty"`
}

// Output is a path that is copied into the record's outputs/NAME. Regular
// files, folders, symbolic and hard links keep what they are, their modes and
// times; nothing else is copied and no link is followed. A path that already
// is that place (see Spec.OutputPath) stays where it is.
type Output struct {
	Name string `json:"name"`
	Path string `json:"path"`
	// Optional outputs may be missing. A missing other one turns a command's
	// success into ExitInit.
	Optional bool `json:"optional,omitempty"`
}

// OutputPath is the place of an output in the record folder: a command that
// writes there saves a copy.
func (s Spec) OutputPath(name string) string { return path.Join(s.Record, OutputsDir, name) }

// Encode checks the spec and returns its JSON, the argument of sixty-init's
// --spec. Equal specs give equal text.
func (s Spec) Encode() (string, error) {
	if err := s.Check(); err != nil {
		return "", err
	}
	b, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("encode the step's spec: %w", err)
	}
	return string(b), nil
}

// Decode reads a spec from JSON, or from the file FILE when the text is @FILE:
// a file may be longer than an argument, and a file that is a secret mount is
// no part of an engine's cache key.
func Decode(text string) (Spec, error) {
	if name, ok := strings.CutPrefix(text, "@"); ok {
		b, err := readBounded(name, maxSpec)
		if err != nil {
			return Spec{}, fmt.Errorf("read the step's spec: %w", err)
		}
		text = string(b)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	var s Spec
	if err := dec.Decode(&s); err != nil {
		return Spec{}, fmt.Errorf("read the step's spec: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Spec{}, fmt.Errorf("read the step's spec: text after its end")
	}
	return s, s.Check()
}

// fileName is what downloads may be called; crates have + in their versions.
var fileName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,254}$`)

// name is what services and outputs may be called: they become file names.
var name = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)

// Check says what is wrong with a spec.
func (s Spec) Check() error {
	if !path.IsAbs(s.Record) {
		return fmt.Errorf("spec: record folder %q is not an absolute path", s.Record)
	}
	if s.Timeout < 0 || s.Grace < 0 || s.MaxLog < 0 {
		return fmt.Errorf("spec: timeout, grace and max_log can't be negative")
	}
	if s.CPUs < 0 {
		return fmt.Errorf("spec: %d processors are none", s.CPUs)
	}
	for _, l := range s.Links {
		if !path.IsAbs(l.Path) || !path.IsAbs(l.Target) {
			return fmt.Errorf("spec: link %q to %q: both paths must be absolute", l.Path, l.Target)
		}
	}
	seen := map[string]bool{}
	for _, o := range s.Outputs {
		switch {
		case !name.MatchString(o.Name):
			return fmt.Errorf("spec: output name %q: only letters, digits, _, - and . are allowed", o.Name)
		case seen[o.Name]:
			return fmt.Errorf("spec: two outputs are called %q", o.Name)
		case !path.IsAbs(o.Path):
			return fmt.Errorf("spec: path %q of output %q is not absolute", o.Path, o.Name)
		}
		seen[o.Name] = true
	}
	if s.Confine != nil && s.Capabilities == nil {
		return fmt.Errorf("spec: confine says nothing of the capabilities to keep")
	}
	return s.checkServices()
}

func (s Spec) checkServices() error {
	seen := map[string]bool{}
	for _, svc := range s.Services {
		switch {
		case !name.MatchString(svc.Name):
			return fmt.Errorf("spec: service name %q: only letters, digits, _, - and . are allowed", svc.Name)
		case seen[svc.Name]:
			return fmt.Errorf("spec: two services are called %q", svc.Name)
		case len(svc.Command) == 0:
			return fmt.Errorf("spec: service %q has no command", svc.Name)
		case svc.Ready.Timeout < 0:
			return fmt.Errorf("spec: service %q: timeout can't be negative", svc.Name)
		case svc.Root != "" && !path.IsAbs(svc.Root), svc.Dir != "" && !path.IsAbs(svc.Dir):
			return fmt.Errorf("spec: service %q: root and folder must be absolute paths", svc.Name)
		case svc.Root == "" && (svc.User != "" || svc.Dir != ""):
			return fmt.Errorf("spec: service %q: a user and a folder are for a service with a root of its own", svc.Name)
		}
		if svc.Address != "" {
			if at, err := netip.ParseAddr(svc.Address); err != nil || !at.IsLoopback() {
				return fmt.Errorf("spec: service %q: %q is not a loopback address", svc.Name, svc.Address)
			}
		}
		if svc.Ready.TCP != "" {
			if _, err := netip.ParseAddrPort(svc.Ready.TCP); err != nil {
				return fmt.Errorf("spec: service %q is ready at %q, which is not an address like 127.0.0.1:5432", svc.Name, svc.Ready.TCP)
			}
		}
		seen[svc.Name] = true
	}
	return nil
}

func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is longer than %d bytes", name, limit)
	}
	return b, nil
}
