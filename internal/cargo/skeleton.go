package cargo

import (
	"errors"
	"io/fs"
)

// Skeleton is the least tree that makes cargo compile a project's dependencies
// and nothing of its own: manifests, the lockfile and empty sources.
type Skeleton struct {
	// Files are the tree, by slash-separated path.
	Files map[string][]byte `json:"-"`
	// Stale are shell patterns, relative to the target directory, of what
	// compiling the skeleton leaves of the project's own packages. They have
	// to be removed before real sources meet that directory: sources older
	// than the empty ones would count as compiled.
	Stale []string `json:"stale"`
}

// NewSkeleton makes the skeleton of the package or workspace at the root of
// tree, which needs a Cargo.lock.
func NewSkeleton(tree fs.FS) (*Skeleton, error) {
	return nil, errors.ErrUnsupported
}
