package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/sixtyhq/sixty/internal/deploy"
	"github.com/sixtyhq/sixty/internal/market"
)

// movedPin is a pin that changed.
type movedPin struct {
	pack, from, to string // id and versions; from is empty for a new pin
}

// movePins pins what the lock pins anew, as the sources have it now: each pack
// that no other one brings along in the newest version that its constraint
// allows, with all that it depends on. A pack that can't be resolved stays as it
// is pinned.
func movePins(ctx context.Context, l *deploy.PackLock, catalog *market.Catalog) ([]movedPin, error) {
	fresh := &market.Lock{}
	var faults []error
	for _, root := range l.Roots() {
		packs, err := catalog.ResolveAll(ctx, root.ID, root.Constraint, market.Pins{})
		if err != nil {
			faults = append(faults, fmt.Errorf("%s stays at %s in %s: %w", root.ID, root.Version, l.Path, err))
			copyPins(l, fresh, root.ID)
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
	return moved, errors.Join(append(faults, l.Write(l.Path))...)
}

// movePins moves the pins of the working folder, if it has any.
func (a *app) movePins(ctx context.Context) error {
	if !here(market.LockFile) {
		return nil
	}
	lock, err := deploy.OpenPackLock(".", "", false)
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
	moved, err := movePins(ctx, lock, catalog)
	for _, p := range moved {
		switch p.from {
		case "":
			fmt.Fprintf(a.stderr, "Pinned %s %s in %s\n", p.pack, p.to, lock.Path)
		case p.to:
			fmt.Fprintf(a.stderr, "Pinned the new content of %s %s in %s\n", p.pack, p.to, lock.Path)
		default:
			fmt.Fprintf(a.stderr, "Pinned %s %s in place of %s in %s\n", p.pack, p.to, p.from, lock.Path)
		}
	}
	return err
}

// copyPins takes the pins of a pack and of all that it brings along.
func copyPins(l *deploy.PackLock, to *market.Lock, id string) {
	pin, ok := l.Find(id)
	if _, there := to.Find(id); !ok || there {
		return
	}
	to.Packs = append(to.Packs, pin)
	for _, dep := range pin.Dependencies {
		copyPins(l, to, dep)
	}
}
