package market

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Catalog is the packs of several sources.
type Catalog struct {
	offers []offer
	// lookup finds the offers of a pack where the sources were not listed.
	lookup func(ctx context.Context, id string) ([]offer, error)
	// Faults are the packs that could not be read.
	Faults []error
}

// offer is an entry, its parsed version, and who has it.
type offer struct {
	Entry
	version *semver.Version
	source  Source
	rank    int // place of the source: of equal versions the earlier source wins
}

// OpenCatalog lists the packs of all sources. Of one pack in one version the
// first source that has it is used.
func OpenCatalog(ctx context.Context, sources ...Source) (*Catalog, error) {
	c := &Catalog{}
	for rank, s := range sources {
		entries, faults, err := s.List(ctx)
		if err != nil {
			return nil, err
		}
		c.Faults = append(c.Faults, faults...)
		offers, faults := offered(s, rank, entries)
		c.offers, c.Faults = append(c.offers, offers...), append(c.Faults, faults...)
	}
	newestFirst(c.offers)
	return c, nil
}

// OpenLookup is a catalog of sources that are not listed: find gives what a source,
// by its name, offers of one pack, for all sources that offer any. It can resolve
// packs, and neither list nor search them; of an unknown pack it names no nearest.
func OpenLookup(find func(ctx context.Context, id string) (map[string][]Entry, error), sources ...Source) *Catalog {
	return &Catalog{lookup: func(ctx context.Context, id string) ([]offer, error) {
		found, err := find(ctx, id)
		if err != nil {
			return nil, err
		}
		var offers []offer
		for rank, s := range sources {
			more, _ := offered(s, rank, found[s.Name()]) // who lists them all tells of faults
			offers = append(offers, more...)
		}
		newestFirst(offers)
		return offers, nil
	}}
}

// offered are the entries of a source with a version.
func offered(s Source, rank int, entries []Entry) (out []offer, faults []error) {
	for _, e := range entries {
		v, err := semver.StrictNewVersion(e.Version)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: pack %s: version %q: %w", s.Name(), e.ID, e.Version, err))
			continue
		}
		out = append(out, offer{e, v, s, rank})
	}
	return out, faults
}

// newestFirst sorts offers by id, the newest version first.
func newestFirst(offers []offer) {
	slices.SortStableFunc(offers, func(a, b offer) int {
		if n := strings.Compare(a.ID, b.ID); n != 0 {
			return n
		}
		if n := b.version.Compare(a.version); n != 0 {
			return n
		}
		return a.rank - b.rank
	})
}

// Entries gives every pack and version, by id, the newest version first.
func (c *Catalog) Entries() []Entry {
	out := make([]Entry, len(c.offers))
	for i, o := range c.offers {
		out[i] = o.Entry
	}
	return out
}

// UnknownPackError says that no source has a pack.
type UnknownPackError struct {
	ID      string
	Nearest []string
	Faults  []error // packs that could not be read; one of them may be it
}

// Error names the nearest ids.
func (e *UnknownPackError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "unknown template %q.", e.ID)
	if len(e.Nearest) > 0 {
		b.WriteString(" Did you mean " + strings.Join(e.Nearest, " or ") + "?")
	} else {
		b.WriteString(" `sixty market search` lists what there is.")
	}
	if len(e.Faults) > 0 {
		fmt.Fprintf(&b, "\nThese packs could not be read: %v", errors.Join(e.Faults...))
	}
	return b.String()
}

// Resolve gives the newest version of a pack that satisfies the constraint (in
// the notation of Masterminds/semver: "^1.2", ">= 1, < 3"). Without a constraint
// that is the newest stable one, or the newest of all if none is stable.
func (c *Catalog) Resolve(ctx context.Context, id, constraint string) (*Pack, error) {
	offers, err := c.versions(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(offers) == 0 {
		return nil, &UnknownPackError{ID: id, Nearest: c.nearest(id), Faults: c.Faults}
	}
	chosen, err := choose(offers, constraint)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", id, err)
	}
	p, err := chosen.source.Open(ctx, chosen.Entry)
	if err != nil {
		return nil, fmt.Errorf("fetch pack %s %s from %s: %w", id, chosen.Version, chosen.source.Name(), err)
	}
	if p.ID != chosen.ID || p.Version != chosen.Version {
		return nil, fmt.Errorf("%s offers pack %s %s, but what it gives calls itself %s %s", chosen.source.Name(), chosen.ID, chosen.Version, p.ID, p.Version)
	}
	if chosen.Digest != "" && chosen.Digest != p.Digest {
		return nil, fmt.Errorf("pack %s %s from %s has the digest %s, %s was announced", id, p.Version, chosen.source.Name(), p.Digest, chosen.Digest)
	}
	return p, nil
}

// satisfies reports whether a version satisfies a constraint; every version
// satisfies the empty one.
func satisfies(version, constraint string) bool {
	if constraint == "" {
		return true
	}
	v, err := semver.StrictNewVersion(version)
	if err != nil {
		return false
	}
	want, err := semver.NewConstraint(constraint)
	return err == nil && want.Check(v)
}

func (c *Catalog) versions(ctx context.Context, id string) ([]offer, error) {
	if c.lookup != nil {
		return c.lookup(ctx, id)
	}
	var out []offer
	for _, o := range c.offers {
		if o.ID == id {
			out = append(out, o)
		}
	}
	return out, nil
}

// choose picks among the versions of one pack, which are sorted newest first.
func choose(offers []offer, constraint string) (offer, error) {
	if constraint == "" {
		for _, o := range offers {
			if o.version.Prerelease() == "" {
				return o, nil
			}
		}
		return offers[0], nil
	}
	want, err := semver.NewConstraint(constraint)
	if err != nil {
		return offer{}, fmt.Errorf("version constraint %q: %w", constraint, err)
	}
	var have []string
	for _, o := range offers {
		if want.Check(o.version) {
			return o, nil
		}
		have = append(have, o.Version)
	}
	return offer{}, fmt.Errorf("no version satisfies %q; there is %s", constraint, strings.Join(slices.Compact(have), ", "))
}

// nearest gives the ids that id may have been meant to be: by spelling, else
// by their last part, else by search.
func (c *Catalog) nearest(id string) []string {
	ids := c.ids()
	if near := lang.Nearest(id, ids); len(near) > 0 {
		return near
	}
	tail := id[strings.LastIndexByte(id, '.')+1:]
	var near []string
	for _, hit := range c.Search(Query{Text: tail, Limit: 3}) {
		near = append(near, hit.ID)
	}
	return near
}

func (c *Catalog) ids() []string {
	var ids []string
	for _, o := range c.offers {
		ids = append(ids, o.ID)
	}
	return slices.Compact(ids)
}
