package deploy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
)

// PackLock is the file that pins the packs of a project, beside its pipeline. A
// nil one pins nothing.
type PackLock struct {
	Path string
	*market.Lock
	// Constraint is what was asked of the version of the pack.
	Constraint string
	// strict: the file must pin all, and stays as it is.
	strict bool
}

// OpenPackLock reads the lock of packs in a folder. With strict there must be one.
func OpenPackLock(dir, constraint string, strict bool) (*PackLock, error) {
	l := &PackLock{Path: filepath.Join(dir, market.LockFile), strict: strict, Constraint: constraint}
	if _, err := os.Stat(l.Path); strict && errors.Is(err, fs.ErrNotExist) {
		return nil, mistakef("--locked asks for what %s pins, and there is none: a run without --locked writes it", l.Path)
	}
	var err error
	if l.Lock, err = market.ReadLock(l.Path); err != nil {
		return nil, Mistake{err}
	}
	return l, nil
}

// PackLockPath is where a run reads and writes the lock of packs.
func (r *Run) PackLockPath() string { return filepath.Join(r.Config.Project, market.LockFile) }

func (l *PackLock) pins(cache *market.Cache) market.Pins {
	if l == nil {
		return market.Pins{Cache: cache}
	}
	return market.Pins{Lock: l.Lock, Cache: cache, Strict: l.strict}
}

// pin pins packs, and reports whether that changed the file.
func (l *PackLock) pin(packs *concept.Packs) (bool, error) {
	if l == nil || l.strict {
		return false, nil
	}
	changed := l.Pin(packs.Pack, l.Constraint)
	for _, p := range packs.Dependencies {
		changed = l.Pin(p, "") || changed
	}
	if !changed {
		return false, nil
	}
	return true, l.Write(l.Path)
}
