package image

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// installEpoch is the time that maintainer scripts are told, in seconds: the
// day of Debian 12. It shows where a script records a date, as in /etc/shadow.
const installEpoch = 1686355200

// SetupError is something that the machine lacks.
type SetupError struct {
	What string
	// Do is what the user can do about it.
	Do string
}

func (e *SetupError) Error() string { return e.What + ": " + e.Do }

// Ready says what this machine lacks to build an image; nil: nothing.
func Ready() error {
	if os.Geteuid() != 0 {
		return &SetupError{"an image is built as root", "run this as root, or use an image of a registry"}
	}
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		return &SetupError{"mmdebstrap is not installed", "run apt-get install mmdebstrap, or use an image of a registry"}
	}
	return nil
}

// sources are the lines of apt's sources.list.
func (s Spec) sources() []string {
	components := strings.Join(s.Components, " ")
	return []string{
		fmt.Sprintf("deb %s %s %s", s.Mirror, s.Suite, components),
		fmt.Sprintf("deb %s %s-updates %s", s.Mirror, s.Suite, components),
		fmt.Sprintf("deb %s %s-security %s", s.SecurityMirror, s.Suite, components),
	}
}

func (s Spec) arguments(root string) []string {
	args := []string{
		"--variant=minbase", "--mode=root", "--format=directory",
		"--include=" + strings.Join(s.Packages, ","),
		// The tree is read once and thrown away: no need to sync each file.
		"--dpkgopt=force-unsafe-io",
	}
	for _, p := range s.Exclude {
		args = append(args, "--dpkgopt=path-exclude="+p)
	}
	for _, p := range s.Include {
		args = append(args, "--dpkgopt=path-include="+p)
	}
	return append(append(args, s.Suite, root), s.sources()...)
}

// install puts the packages into the empty folder root. What mmdebstrap prints
// goes to progress line by line.
func (s Spec) install(ctx context.Context, root string, progress io.Writer) error {
	cmd := exec.CommandContext(ctx, "mmdebstrap", s.arguments(root)...)
	cmd.Env = append(environment(os.Environ()), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", installEpoch), "LC_ALL=C.UTF-8")
	// Its mounts below root live in a namespace of their own, so they are gone
	// with it, however it ends, and removing root can't reach through them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Unshareflags: syscall.CLONE_NEWNS}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	last := &tail{to: progress, keep: 8}
	cmd.Stdout, cmd.Stderr = last, last
	err := cmd.Run()
	last.flush()
	if ctx.Err() != nil {
		// It had its time to clean up; nothing of it may stay.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("mmdebstrap: %w; it said:\n  %s", err, strings.Join(last.lines, "\n  "))
	}
	return nil
}

// environment keeps of the user's environment what finds programs and mirrors;
// the rest could reach maintainer scripts and make builds differ.
func environment(all []string) []string {
	var kept []string
	for _, pair := range all {
		name, _, _ := strings.Cut(pair, "=")
		switch strings.ToLower(name) {
		case "path", "home", "tmpdir", "http_proxy", "https_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir":
			kept = append(kept, pair)
		}
	}
	return kept
}

// tail passes whole lines on and keeps the last ones for an error message.
type tail struct {
	to      io.Writer
	keep    int
	partial []byte
	lines   []string
}

// maxLine bounds a line without an end, in bytes.
const maxLine = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.partial = append(t.partial, p...)
	for {
		n, line, _ := bufio.ScanLines(t.partial, len(t.partial) > maxLine)
		if n == 0 {
			return len(p), nil
		}
		t.line(string(line))
		t.partial = t.partial[n:]
	}
}

func (t *tail) line(line string) {
	if line == "" {
		return
	}
	fmt.Fprintln(t.to, line)
	t.lines = append(t.lines, line)
	if len(t.lines) > t.keep {
		t.lines = t.lines[1:]
	}
}

func (t *tail) flush() { t.line(string(t.partial)); t.partial = nil }

// Package is an installed package.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Source is the Debian source package that it was built from.
	Source       string `json:"source,omitempty"`
	Architecture string `json:"architecture"`
}

// installed reads dpkg's status file (deb-control(5)): paragraphs of fields.
func installed(status io.Reader) ([]Package, error) {
	var all []Package
	var p Package
	var present bool
	end := func() {
		if present && p.Name != "" {
			all = append(all, p)
		}
		p, present = Package{}, false
	}
	lines := bufio.NewScanner(status)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		switch field {
		case "":
			end()
		case "Package":
			p.Name = value
		case "Version":
			p.Version = value
		case "Source":
			p.Source = value
		case "Architecture":
			p.Architecture = value
		case "Status":
			present = strings.HasSuffix(value, " installed")
		}
	}
	end()
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read dpkg's status: %w", err)
	}
	if len(all) == 0 {
		return nil, errors.New("read dpkg's status: no package is installed")
	}
	return all, nil
}
