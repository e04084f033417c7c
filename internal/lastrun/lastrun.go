// Package lastrun keeps what each step did when it ran last, one file a crate:
// what a plan can say of the cache without guessing, and what explains why a
// step ran again.
package lastrun

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sixtyhq/sixty/internal/plan"
)

// version is the form of the file; another one is not read.
const version = 1

// Record is what is known of a crate's steps, by step ID.
type Record struct {
	Version int             `json:"version"`
	Steps   map[string]Step `json:"steps"`
}

// Step is the last run of a step. A step that did not run leaves the earlier
// one.
type Step struct {
	// At is when the step ended.
	At     time.Time   `json:"at"`
	Status plan.Status `json:"status"`
	// Cached says that the engine answered from an earlier identical run.
	Cached     bool  `json:"cached"`
	DurationMS int64 `json:"duration_ms"`
	// Key is what the step was known by, with its parts.
	Key plan.Key `json:"key"`
}

// File is where the record of the crate in a folder lies, below the cache
// folder.
func File(cache, crateDir string) string {
	sum := sha256.Sum256([]byte(crateDir))
	return filepath.Join(cache, "last-run", hex.EncodeToString(sum[:16])+".json")
}

// Read reads a record. Without a file, and with one that can't be read, the
// record is empty: then nothing is known, and nothing is wrong.
func Read(file string) Record {
	empty := Record{Version: version, Steps: map[string]Step{}}
	b, err := os.ReadFile(file)
	if err != nil {
		return empty
	}
	var r Record
	if err := json.Unmarshal(b, &r); err != nil || r.Version != version || r.Steps == nil {
		return empty
	}
	return r
}

// Add takes over the steps that ran, passed or not. keys are theirs by ID.
func (r Record) Add(results []plan.Result, keys map[string]plan.Key) {
	for _, res := range results {
		if res.Status.Ran() {
			r.Steps[res.Step] = Step{At: res.Ended.UTC(), Status: res.Status, Cached: res.Cached,
				DurationMS: res.Duration().Milliseconds(), Key: keys[res.Step]}
		}
	}
}

// Write replaces the file in one step.
func (r Record) Write(file string) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write what steps did: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("write what steps did: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return fmt.Errorf("write what steps did: %w", err)
	}
	_, err = tmp.Write(b)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		if gone := os.Remove(tmp.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		return fmt.Errorf("write what steps did: %w", err)
	}
	return nil
}
