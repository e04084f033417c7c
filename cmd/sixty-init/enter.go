package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sixtyhq/sixty/internal/initrec"
)

// enterSpec says how a process gets into a service's root.
type enterSpec struct {
	Root string `json:"root"`
	Dir  string `json:"dir,omitempty"`
	User string `json:"user,omitempty"`
	// Keep names the capabilities that it may ever have; nil: all that there
	// are.
	Keep []string `json:"keep,omitempty"`
	// Hosts is the text of /etc/hosts; when it is there, this process is the
	// first, and makes what the root lacks.
	Hosts string `json:"hosts,omitempty"`
}

// command is the command line of this program that executes another one in the
// root.
func (e enterSpec) command(command []string) ([]string, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("enter the service's root: %w", err)
	}
	return append([]string{"/proc/self/exe", enterVerbName, string(b)}, command...), nil
}

// enterVerb changes the root, the folder, the user and the privileges, and
// executes the command. It returns only an error. A process of its own does
// this, since roots belong to a process.
func enterVerb(args []string) error {
	var e enterSpec
	if len(args) < 2 {
		return errors.New("enter: needs a spec and a command")
	}
	if err := json.Unmarshal([]byte(args[0]), &e); err != nil {
		return fmt.Errorf("enter: %w", err)
	}
	within, err := boundTo(e.Keep)
	if err != nil {
		return fmt.Errorf("enter: %w", err)
	}
	runtime.LockOSThread() // privileges belong to a thread
	if err := unix.Chroot(e.Root); err != nil {
		return fmt.Errorf("enter the service's root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("enter the service's root: %w", err)
	}
	if e.Hosts != "" {
		if err := furnish(e.Hosts); err != nil {
			return fmt.Errorf("prepare the service's root: %w", err)
		}
	}
	who, err := findAccount(e.User)
	if err != nil {
		return err
	}
	if err := os.Chdir(path.Join("/", e.Dir)); err != nil {
		return fmt.Errorf("enter the service's folder: %w", err)
	}
	if err := within.bind(); err != nil {
		return err
	}
	if err := who.become(); err != nil {
		return err
	}
	env := complete(os.Environ(), who.home)
	file, err := lookPath(args[1], env)
	if err != nil {
		return err
	}
	return execError(file, syscall.Exec(file, args[1:], env))
}

// complete adds what every process may count on.
func complete(env []string, home string) []string {
	for _, pair := range []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + home} {
		name, _, _ := strings.Cut(pair, "=")
		if !slices.ContainsFunc(env, func(have string) bool { return strings.HasPrefix(have, name+"=") }) {
			env = append(env, pair)
		}
	}
	return env
}

// devices are those that a container has, with their numbers (devices.txt of
// the kernel's documentation).
var devices = []struct {
	name         string
	major, minor uint32
}{{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}}

// furnish makes in a new root what programs expect of a container: devices,
// shared memory, a place for temporary files, and the hosts file. It works
// inside of the root, whose links so lead nowhere else.
func furnish(hosts string) error {
	// The mode of a folder that is shared by all users.
	const shared = 0o777 | os.ModeSticky
	for _, d := range []struct {
		name string
		mode os.FileMode
	}{{"/dev", 0o755}, {"/dev/shm", shared}, {"/tmp", shared}, {"/etc", 0o755}} {
		err := os.Mkdir(d.name, 0o755)
		if err == nil {
			err = os.Chmod(d.name, d.mode) // not held to the umask
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	for _, d := range devices {
		name := "/dev/" + d.name
		err := unix.Mknod(name, unix.S_IFCHR|0o666, int(unix.Mkdev(d.major, d.minor)))
		if err == nil {
			err = os.Chmod(name, 0o666)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make %s: %w: the engine must grant the step CAP_MKNOD", name, err)
		}
	}
	for name, target := range map[string]string{"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"} {
		if err := os.Symlink(target, "/dev/"+name); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := os.Remove(hostsFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(hostsFile, []byte(hosts), 0o644)
}

// exitOf is the exit code for an error of a verb.
func exitOf(err error) int {
	var unstartable *startError
	if errors.As(err, &unstartable) {
		return unstartable.code
	}
	return initrec.ExitInit
}
