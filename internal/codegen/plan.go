package codegen

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/mod/sumdb/dirhash"
)

// Action is what a plan does with one path.
type Action string

// The actions of a plan.
const (
	Create    Action = "create"
	Update    Action = "update"    // the file is as an earlier run left it, or may be overwritten
	Inject    Action = "inject"    // lines are inserted into the existing file
	Unchanged Action = "unchanged" // the file already has this content
	Skip      Action = "skip"      // a key of the frontmatter keeps the file from being written
	Remove    Action = "remove"    // an earlier run made the file, this one does not, nobody edited it
	Conflict  Action = "conflict"  // the file has edits that a write would lose
	Merge     Action = "merge"     // an update's changes and the user's come together
	Marked    Action = "marked"    // they contradict: both are written between conflict markers
)

// Write is one path of a plan.
type Write struct {
	Path     string // slash-separated, relative to the output folder
	Action   Action
	Reason   string // why this action, in a few words
	Template string // template file and line that made it; empty for Remove
	Mode     fs.FileMode
	Content  []byte // the whole new file, injections applied; nil for Skip and Remove
	Old      []byte // the file as the plan saw it; nil when it did not exist
	Backup   string // path that keeps Old, or ""

	pack  string // the dependency that writes it, see output
	owned bool   // the whole file is generated: it may be removed when it is stale
}

// writes reports whether applying w changes the path.
func (w *Write) writes() bool {
	switch w.Action {
	case Create, Update, Inject, Remove, Conflict, Merge, Marked:
		return true
	}
	return false
}

// Hook is a command of a template. The run never executes it: the caller may
// run it as a step in a container with the network off.
type Hook struct {
	Command  string
	After    bool   // after the writes, else before
	Template string // template file and line
}

// Skipped is a document that made no output, and why.
type Skipped struct {
	Template string // template file and line
	Reason   string
}

// Plan is all that a run writes, decided before anything is written.
type Plan struct {
	Writes []Write // in path order
	Hooks  []Hook
	// Skipped are the documents that made no output at all.
	Skipped []Skipped
	// Warnings are checks of a project that fail without ending the run.
	Warnings []string
	Record   Record // what the output folder's record becomes
}

// Find gives the write of a path.
func (p *Plan) Find(path string) (*Write, bool) {
	i := sort.Search(len(p.Writes), func(i int) bool { return p.Writes[i].Path >= path })
	if i < len(p.Writes) && p.Writes[i].Path == path {
		return &p.Writes[i], true
	}
	return nil, false
}

// Conflicts gives the writes that would lose a user's edits.
func (p *Plan) Conflicts() []Write {
	var out []Write
	for _, w := range p.Writes {
		if w.Action == Conflict {
			out = append(out, w)
		}
	}
	return out
}

// Changed reports whether applying the plan would change a file.
func (p *Plan) Changed() bool {
	for i := range p.Writes {
		if p.Writes[i].writes() {
			return true
		}
	}
	return false
}

// Files gives the tree that the templates make: every path of the plan with
// its content, without files that are skipped or removed.
func (p *Plan) Files() map[string][]byte {
	out := make(map[string][]byte, len(p.Writes))
	for _, w := range p.Writes {
		switch {
		case w.Content != nil:
			out[w.Path] = w.Content
		case w.Action == Skip && w.Old != nil:
			out[w.Path] = w.Old
		}
	}
	return out
}

// TreeDigest is the digest of [Plan.Files], see [TreeDigest].
func (p *Plan) TreeDigest() (string, error) { return TreeDigest(p.Files()) }

// TreeDigest is the digest of a tree of files by their slash-separated paths:
// Hash1 of golang.org/x/mod/sumdb/dirhash, which is the SHA-256, in base64
// after "h1:", of one line for each file in path order, "HEX-SHA256  PATH\n".
// (`cd DIR && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum |
// sha256sum` gives the same number in hexadecimal.) File modes and empty
// folders do not count. In an in-toto statement it is the algorithm dirHash.
func TreeDigest(files map[string][]byte) (string, error) {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	return dirhash.Hash1(names, func(name string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(files[name])), nil
	})
}

// Diff gives the unified diff of all that the plan changes.
func (p *Plan) Diff() string {
	var b strings.Builder
	for _, w := range p.Writes {
		if !w.writes() {
			continue
		}
		from, to := "a/"+w.Path, "b/"+w.Path
		if w.Old == nil {
			from = "/dev/null"
		}
		if w.Action == Remove {
			to = "/dev/null"
		}
		if isBinary(w.Old) || isBinary(w.Content) {
			fmt.Fprintf(&b, "Binary files %s and %s differ\n", from, to)
			continue
		}
		b.Write(diff.Diff(from, w.Old, to, w.Content))
	}
	return b.String()
}

func isBinary(data []byte) bool {
	return bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0
}

// digest is the SHA-256 of a file in hexadecimal.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
