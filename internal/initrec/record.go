package initrec

import (
	"encoding/json"
	"fmt"
	"time"
)

// Names inside the record folder.
const (
	// RecordFile is the record, written last and atomically: where it is
	// missing, sixty-init did not come to its end.
	RecordFile = "record.json"
	// StdoutFile and StderrFile hold what the command printed, byte by byte.
	StdoutFile = "stdout"
	StderrFile = "stderr"
	// LogFile holds both in the order in which they came.
	LogFile = "log"
	// OutputsDir holds the collected outputs by name.
	OutputsDir = "outputs"
	// ServicesDir holds each service's log, NAME.log; see ServiceLog.
	ServicesDir = "services"
)

// Exit codes of sixty-init that are not the command's own; Record.Error and
// Record.TimedOut tell them from a command that ends with the same code.
const (
	// ExitTimeout: the command ran longer than its timeout.
	ExitTimeout = 124
	// ExitInit: sixty-init could not do its part.
	ExitInit = 125
	// ExitNotExecutable: the command exists and can't be executed.
	ExitNotExecutable = 126
	// ExitNotFound: there is no such command.
	ExitNotFound = 127
	// ExitSignal plus a signal's number: a signal ended the command.
	ExitSignal = 128
)

// Version is the version of the record's form.
const Version = 1

// maxRecord bounds the record that Read takes, in bytes.
const maxRecord = 4 << 20

// Record is what sixty-init saw. Every figure is measured.
type Record struct {
	Version int      `json:"version"`
	Command []string `json:"command"`
	// ExitCode is what sixty-init itself ends with, unless the spec says that
	// it ends with zero.
	ExitCode int `json:"exit_code"`
	// Error says what kept sixty-init from its work, when ExitCode is not
	// the command's own.
	Error string `json:"error,omitempty"`
	// Signal names the signal that ended the command.
	Signal   string `json:"signal,omitempty"`
	TimedOut bool   `json:"timed_out"`
	// Interrupted names the signal by which sixty-init was asked to stop.
	Interrupted string `json:"interrupted,omitempty"`

	// Started is when the command started; zero when it did not.
	Started time.Time `json:"started,omitzero"`
	// DurationMS is the command's own wall time. SetupMS is the time before
	// it (network, services), CollectMS the time after it (stopping what is
	// left, copying outputs).
	DurationMS int64 `json:"duration_ms"`
	SetupMS    int64 `json:"setup_ms"`
	CollectMS  int64 `json:"collect_ms"`
	// UserCPUMS and SystemCPUMS count all processes of the step.
	UserCPUMS   int64 `json:"user_cpu_ms"`
	SystemCPUMS int64 `json:"system_cpu_ms"`
	// MaxRSSBytes is the peak of memory: that of the step's cgroup (page
	// cache included) or of its largest process, as MaxRSSSource says.
	MaxRSSBytes  int64     `json:"max_rss_bytes"`
	MaxRSSSource RSSSource `json:"max_rss_source,omitempty"`
	// Leftover counts processes that the command left running; they were
	// killed.
	Leftover int `json:"leftover_processes,omitempty"`

	Network Network `json:"network"`
	// Process is what the kernel grants the command.
	Process Process `json:"process,omitzero"`
	// EnvNames are the names of the environment, sorted; never values.
	EnvNames []string `json:"env_names"`
	// Hostname is the container's host name.
	Hostname string `json:"hostname"`
	// CPUs is how many processors the command may use.
	CPUs int `json:"cpus"`
	// Mounts are what the kernel shows as mounted, without the kernel's own
	// file systems (/proc, /sys, /dev), sorted by path.
	Mounts   []MountRecord   `json:"mounts"`
	Kernel   Kernel          `json:"kernel"`
	Logs     Logs            `json:"logs"`
	Outputs  []OutputRecord  `json:"outputs,omitempty"`
	Services []ServiceRecord `json:"services,omitempty"`
}

// RSSSource says where MaxRSSBytes comes from.
type RSSSource string

const (
	RSSCgroup RSSSource = "cgroup"
	RSSRusage RSSSource = "rusage"
)

// Network is what the kernel says of the command's network namespace, before
// the command starts.
type Network struct {
	// Namespace is the inode of the namespace.
	Namespace  uint64      `json:"namespace"`
	Interfaces []Interface `json:"interfaces"`
	// Routes are those over other interfaces than the loopback.
	Routes []Route `json:"routes"`
	// LoopbackUp: the loopback answers.
	LoopbackUp bool `json:"loopback_up"`
	// LoopbackOnly: no other interface is up and no route leads elsewhere.
	// It is false when Error is set.
	LoopbackOnly bool `json:"loopback_only"`
	// Error says what could not be read.
	Error string `json:"error,omitempty"`
}

// Interface is a network interface.
type Interface struct {
	Name string `json:"name"`
	Up   bool   `json:"up"`
}

// Route is a line of the kernel's routing tables.
type Route struct {
	Interface   string `json:"interface"`
	Destination string `json:"destination"`
	Gateway     string `json:"gateway,omitempty"`
}

// Process is a part of /proc/PID/status of the command, as it starts.
type Process struct {
	UID int `json:"uid"`
	// Capabilities are the effective ones, by name, sorted by number.
	Capabilities []string `json:"capabilities"`
	// Bounding are those that it could ever gain.
	Bounding   []string `json:"bounding"`
	NoNewPrivs bool     `json:"no_new_privs"`
	// Seccomp: a system call filter is in force.
	Seccomp bool `json:"seccomp"`
}

// MountRecord is one mount point in the step's container.
type MountRecord struct {
	Path string `json:"path"`
	// Type is the file system's type, such as overlay or ext4.
	Type     string `json:"type"`
	ReadOnly bool   `json:"read_only"`
}

// Kernel is what uname says.
type Kernel struct {
	Release string `json:"release"`
	Version string `json:"version"`
	Machine string `json:"machine"`
}

// Logs says what was kept of the command's output.
type Logs struct {
	Stdout Log `json:"stdout"`
	Stderr Log `json:"stderr"`
	Log    Log `json:"log"`
}

// Log is one log file. It is whole when Bytes equals Kept.
type Log struct {
	Bytes     int64  `json:"bytes"`
	Kept      int64  `json:"kept"`
	Truncated bool   `json:"truncated"`
	Error     string `json:"error,omitempty"`
}

// OutputRecord is what was found at an output's path.
type OutputRecord struct {
	Name string     `json:"name"`
	Path string     `json:"path"`
	Kind OutputKind `json:"kind"`
	// Files and Bytes count regular files.
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
	// Skipped counts sockets, devices and pipes.
	Skipped int    `json:"skipped,omitempty"`
	Error   string `json:"error,omitempty"`
}

// OutputKind is what an output is.
type OutputKind string

const (
	OutputFile    OutputKind = "file"
	OutputFolder  OutputKind = "folder"
	OutputSymlink OutputKind = "symlink"
	// OutputMissing: there is nothing at the path.
	OutputMissing OutputKind = "missing"
	// OutputOther: a device, socket or pipe, which is not copied.
	OutputOther OutputKind = "other"
)

// ServiceRecord is how a service went.
type ServiceRecord struct {
	Name    string `json:"name"`
	ReadyMS int64  `json:"ready_ms"`
	// ExitCode is nil when the service ran until it was stopped.
	ExitCode *int `json:"exit_code,omitempty"`
	// Error says why the step failed for it.
	Error string `json:"error,omitempty"`
	Log   Log    `json:"log"`
}

// ServiceLog is a service's log inside the record folder.
func ServiceLog(name string) string { return ServicesDir + "/" + name + ".log" }

// Read reads a record file. It came out of a container, so its size is
// bounded and its version checked.
func Read(name string) (Record, error) {
	b, err := readBounded(name, maxRecord)
	if err != nil {
		return Record{}, fmt.Errorf("read a step's record: %w", err)
	}
	var r Record
	if err := json.Unmarshal(b, &r); err != nil {
		return Record{}, fmt.Errorf("read a step's record: %s: %w", name, err)
	}
	if r.Version != Version {
		return Record{}, fmt.Errorf("read a step's record: %s has version %d, not %d", name, r.Version, Version)
	}
	return r, nil
}
