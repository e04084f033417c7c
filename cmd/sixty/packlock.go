package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sixtyhq/sixty/internal/market"
	"github.com/sixtyhq/sixty/stages/concept"
)

// packLock is the lock file of a project, beside its pipeline.
type packLock struct {
	path string
	*market.Lock
	// strict is --locked: the file must pin all, and stays as it is.
	strict bool
	// constraint is what was asked of the version of the pack.
	constraint string
}

// openLock reads the lock file in a folder. With --locked there must be one.
func openLock(dir, constraint string, strict bool) (*packLock, error) {
	l := &packLock{path: filepath.Join(dir, market.LockFile), strict: strict, constraint: constraint}
	if _, err := os.Stat(l.path); strict && errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("--locked asks for what %s pins, and there is none: a run without --locked writes it", l.path)
	}
	var err error
	if l.Lock, err = market.ReadLock(l.path); err != nil {
		return nil, usageError{err}
	}
	return l, nil
}

func (l *packLock) pins(cache *market.Cache) market.Pins {
	if l == nil {
		return market.Pins{Cache: cache}
	}
	return market.Pins{Lock: l.Lock, Cache: cache, Strict: l.strict}
}

// pin pins packs, and reports whether that changed the file.
func (l *packLock) pin(packs *concept.Packs) (bool, error) {
	if l == nil || l.strict {
		return false, nil
	}
	changed := l.Pin(packs.Pack, l.constraint)
	for _, p := range packs.Dependencies {
		changed = l.Pin(p, "") || changed
	}
	if !changed {
		return false, nil
	}
	return true, l.Write(l.path)
}

// movedPin is a pin that changed.
type movedPin struct {
	pack, from, to string // id and versions; from is empty for a new pin
}

// movePins pins what the lock pins anew, as the sources have it now: each pack
// that no other one brings along in the newest version that its constraint
// allows, with all that it depends on. A pack that can't be resolved stays as it
// is pinned.
func (l *packLock) movePins(ctx context.Context, catalog *market.Catalog) ([]movedPin, error) {
	fresh := &market.Lock{}
	var faults []error
	for _, root := range l.Roots() {
		packs, err := catalog.ResolveAll(ctx, root.ID, root.Constraint, market.Pins{})
		if err != nil {
			faults = append(faults, fmt.Errorf("%s stays at %s in %s: %w", root.ID, root.Version, l.path, err))
			l.copyPins(fresh, root.ID)
			continue
		}
		for i, p := range packs {
			constraint := ""
			if i == len(packs)-1 {
				constraint = root.Constraint
			}
			fresh.Pin(p, constraint)
		}
	}
	var moved []movedPin
	for _, p := range fresh.Packs {
		old, ok := l.Find(p.ID)
		if !ok {
			moved = append(moved, movedPin{p.ID, "", p.Version})
		} else if old.Digest != p.Digest {
			moved = append(moved, movedPin{p.ID, old.Version, p.Version})
		}
	}
	if len(moved) == 0 && len(fresh.Packs) == len(l.Packs) {
		return nil, errors.Join(faults...)
	}
	l.Lock = fresh
	return moved, errors.Join(append(faults, l.Write(l.path))...)
}

// movePins moves the pins of the working folder, if it has any.
func (a *app) movePins(ctx context.Context) error {
	if !here(market.LockFile) {
		return nil
	}
	lock, err := openLock(".", "", false)
	if err != nil {
		return err
	}
	m, err := a.market(market.PreferCache) // which was refreshed right now
	if err != nil {
		return err
	}
	catalog, err := a.catalog(ctx, m)
	if err != nil {
		return err
	}
	moved, err := lock.movePins(ctx, catalog)
	for _, p := range moved {
		switch p.from {
		case "":
			fmt.Fprintf(a.stderr, "Pinned %s %s in %s\n", p.pack, p.to, lock.path)
		case p.to:
			fmt.Fprintf(a.stderr, "Pinned the new content of %s %s in %s\n", p.pack, p.to, lock.path)
		default:
			fmt.Fprintf(a.stderr, "Pinned %s %s in place of %s in %s\n", p.pack, p.to, p.from, lock.path)
		}
	}
	return err
}

// copyPins takes the pins of a pack and of all that it brings along.
func (l *packLock) copyPins(to *market.Lock, id string) {
	pin, ok := l.Find(id)
	if _, there := to.Find(id); !ok || there {
		return
	}
	to.Packs = append(to.Packs, pin)
	for _, dep := range pin.Dependencies {
		l.copyPins(to, dep)
	}
}
