package cargo

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Formatting is what `cargo fmt --check` said.
type Formatting struct {
	// Files differ from what rustfmt would write, sorted.
	Files []string `json:"files"`
	// Places is the number of differences in them.
	Places int `json:"places"`
	// Errors are files that rustfmt could not read, and other complaints.
	// With one of them, Files may lack some.
	Errors []string `json:"errors,omitempty"`
}

// Two forms: rustfmt has written "at line N:" until 2023. Lines of the
// difference itself begin with a space, a plus or a minus.
var diffIn = regexp.MustCompile(`^Diff in (.+?)(?: at line \d+:?|:\d+:)$`)

// ParseFormatting reads both outputs of `cargo fmt --check`. Root is the folder
// that the names of files are to be relative to. An exit code other than zero
// without files and errors here is a failure of its own kind.
func ParseFormatting(stdout, stderr []byte, root string) *Formatting {
	out := &Formatting{Files: []string{}}
	for raw := range bytes.Lines(stdout) {
		m := diffIn.FindStringSubmatch(cleanLine(raw))
		if m == nil {
			continue
		}
		out.Places++
		name := m[1]
		if rel, ok := relative(path.Clean(root), name); ok {
			name = rel
		}
		if !slices.Contains(out.Files, name) && len(out.Files) < maxDiagnostics {
			out.Files = append(out.Files, name)
		}
	}
	for raw := range bytes.Lines(stderr) {
		if line := cleanLine(raw); strings.HasPrefix(line, "error") && len(out.Errors) < maxProblems {
			out.Errors = append(out.Errors, clipTo(line, 1000))
		}
	}
	slices.Sort(out.Files)
	return out
}
