//go:build linux

package server

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
)

// Identity tells builds and environments apart: equal ones may share a server.
type Identity struct {
	// Build is the linker's build ID, or size and time of a program that has
	// none.
	Build string `json:"build"`
	// Environment is a digest of the variables that a server keeps from the
	// command that started it.
	Environment string `json:"environment"`
}

// Own is the identity of this process.
func Own() (Identity, error) {
	build, err := buildID("/proc/self/exe")
	if err != nil {
		return Identity{}, fmt.Errorf("tell which build this is: %w", err)
	}
	return Identity{Build: build, Environment: digestOf(kept(os.Environ()))}, nil
}

// buildID reads the note that Go's linker leaves; it changes with every change
// of the program.
func buildID(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	program, err := elf.NewFile(f)
	if err != nil {
		return "", err
	}
	if note := program.Section(".note.go.buildid"); note != nil {
		b, err := note.Data()
		if err != nil {
			return "", err
		}
		return hex.EncodeToString(b), nil
	}
	st, err := f.Stat()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d bytes of %s", st.Size(), st.ModTime().UTC().Format(time.RFC3339Nano)), nil
}

// kept are the variables that have a meaning for an engine: how it reaches the
// network, where it finds runc and keeps temporary files, and BuildKit's and
// Go's own switches. What a command needs beside them it sends itself.
func kept(env []string) []string {
	var out []string
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		switch upper := strings.ToUpper(name); {
		case upper == "HTTP_PROXY", upper == "HTTPS_PROXY", upper == "NO_PROXY", upper == "ALL_PROXY",
			name == "SSL_CERT_FILE", name == "SSL_CERT_DIR", name == "PATH", name == "TMPDIR", name == "HOME",
			strings.HasPrefix(name, "BUILDKIT_"), strings.HasPrefix(name, "OTEL_"),
			name == "GODEBUG", name == "GOMAXPROCS", name == "GOMEMLIMIT", name == "GOGC", name == "GOTRACEBACK":
			out = append(out, pair)
		}
	}
	sort.Strings(out)
	return out
}

func digestOf(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\x00")))
	return hex.EncodeToString(sum[:8])
}
