package market

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxDependencies bounds how many packs one pack may bring along.
const maxDependencies = 256

// ResolveAll resolves a pack and all that it depends on, each in one version
// that satisfies every constraint on it, and as the lock has it. A pack comes
// after those it depends on, so the pack that was asked for is the last. A
// circle, or constraints that no version satisfies, are an error.
func (c *Catalog) ResolveAll(ctx context.Context, id, constraint string, pins Pins) ([]*Pack, error) {
	r := &resolution{catalog: c, pins: pins, wanted: map[string]map[string]string{id: {"": constraint}}, chosen: map[string]*Pack{}}
	// A constraint that is found late can change an earlier choice, and with it
	// what that pack depends on; each round sees the constraints of the last.
	for range maxDependencies {
		changed, err := r.round(ctx, id)
		if err != nil {
			return nil, err
		}
		if !changed {
			return r.order(id)
		}
	}
	return nil, fmt.Errorf("pack %s: the versions of its dependencies do not settle", id)
}

// resolution is the state of one ResolveAll.
type resolution struct {
	catalog *Catalog
	pins    Pins
	// wanted holds the constraints on each pack by the pack that makes them.
	wanted map[string]map[string]string
	chosen map[string]*Pack
}

// round chooses a version of every pack that is reachable from the root.
func (r *resolution) round(ctx context.Context, root string) (changed bool, err error) {
	next := map[string]map[string]string{root: r.wanted[root]}
	for queue := []string{root}; len(queue) > 0; queue = queue[1:] {
		id := queue[0]
		p, err := r.choose(ctx, id)
		if err != nil {
			return false, err
		}
		if old := r.chosen[id]; old == nil || old.Version != p.Version {
			r.chosen[id], changed = p, true
		}
		for _, dep := range slices.Sorted(maps.Keys(p.Dependencies)) {
			if next[dep] == nil {
				next[dep] = map[string]string{}
				queue = append(queue, dep)
			}
			next[dep][id] = p.Dependencies[dep]
			if r.wanted[dep] == nil {
				r.wanted[dep] = map[string]string{}
			}
			if r.wanted[dep][id] != p.Dependencies[dep] {
				r.wanted[dep][id], changed = p.Dependencies[dep], true
			}
		}
		if len(next) > maxDependencies {
			return false, fmt.Errorf("pack %s depends on over %d packs", root, maxDependencies)
		}
	}
	r.wanted = next
	for id := range r.chosen {
		if next[id] == nil {
			delete(r.chosen, id)
		}
	}
	return changed, nil
}

func (r *resolution) choose(ctx context.Context, id string) (*Pack, error) {
	var all, who []string
	for _, by := range slices.Sorted(maps.Keys(r.wanted[id])) {
		constraint := r.wanted[id][by]
		if constraint == "" {
			continue
		}
		all = append(all, constraint)
		if by != "" {
			who = append(who, fmt.Sprintf("%s wants %q", by, constraint))
		}
	}
	joined := strings.Join(all, ", ")
	if old := r.chosen[id]; old != nil && satisfies(old.Version, joined) {
		return old, nil
	}
	p, err := r.catalog.ResolveLocked(ctx, id, joined, r.pins)
	if err != nil && len(who) > 0 {
		return nil, fmt.Errorf("%w (%s)", err, strings.Join(who, ", "))
	}
	return p, err
}

// order sorts the chosen packs, dependencies first.
func (r *resolution) order(root string) ([]*Pack, error) {
	var out []*Pack
	done := map[string]bool{}
	var visit func(id string, path []string) error
	visit = func(id string, path []string) error {
		if i := slices.Index(path, id); i >= 0 {
			return fmt.Errorf("packs depend on each other: %s", strings.Join(append(path[i:], id), " → "))
		}
		if done[id] {
			return nil
		}
		p := r.chosen[id]
		for _, dep := range slices.Sorted(maps.Keys(p.Dependencies)) {
			if err := visit(dep, append(path, id)); err != nil {
				return err
			}
		}
		done[id] = true
		out = append(out, p)
		return nil
	}
	return out, visit(root, nil)
}
