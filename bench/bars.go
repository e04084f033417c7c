package main

import (
	"fmt"
	"slices"
	"time"
)

// verdict is what the figures say of one bar.
type verdict struct {
	bar, about string
	// value is what was measured; empty where nothing was.
	value string
	met   bool
}

// said is the verdict in words.
func (v verdict) said() string {
	switch {
	case v.value == "":
		return "not measured"
	case v.met:
		return "met"
	default:
		return "**not met**"
	}
}

// Bars, from what sixty promises.
const (
	maxColdOfBare    = 0.7
	maxColdOfHand    = 1.25
	maxChangedOfHand = 1.2
	maxUnchanged     = 250 * time.Millisecond
	maxFirst         = 150 * time.Second
	maxMemory        = 150 << 20 // bytes
)

// maxNew is how long a new crate may take with its dependencies compiled, from
// the idea to the signed report, on two cores.
var maxNew = map[string]time.Duration{"macro-lib": 3 * time.Second, "cli": 5 * time.Second, "axum-service": 6 * time.Second}

// bars judges a record. Every bar is there for every pack, measured or not.
func (r *record) bars() []verdict {
	var all []verdict
	rows := r.rows()
	ofPacks := func(bar, name string, judge func(v *verdict, sides map[string]figures)) {
		for _, pack := range packs {
			v := verdict{bar: bar, about: pack}
			for _, row := range rows {
				if row.pack == pack && row.name == name {
					judge(&v, row.sides)
				}
			}
			all = append(all, v)
		}
	}
	ratioTo := func(bar, name, side string, most float64) {
		ofPacks(bar, name, func(v *verdict, sides map[string]figures) {
			ours, known := sides[sideSixty]
			theirs, other := sides[side]
			if !known || !other || theirs.wall <= 0 {
				return
			}
			ratio := ours.wall.Seconds() / theirs.wall.Seconds()
			v.value, v.met = fmt.Sprintf("%.2f", ratio), ratio <= most
		})
	}
	atMost := func(bar, name string, most func(pack string) time.Duration) {
		ofPacks(bar, name, func(v *verdict, sides map[string]figures) {
			if ours, known := sides[sideSixty]; known {
				v.value, v.met = fmt.Sprintf("%.2f s of %g", ours.wall.Seconds(), most(v.about).Seconds()), ours.wall <= most(v.about)
			}
		})
	}
	ratioTo(fmt.Sprintf("cold: sixty ≤ %g × bare", maxColdOfBare), caseCold, sideBare, maxColdOfBare)
	ratioTo(fmt.Sprintf("cold: sixty ≤ %g × by hand", maxColdOfHand), caseCold, sideHand, maxColdOfHand)
	ratioTo(fmt.Sprintf("one line changed: sixty ≤ %g × by hand", maxChangedOfHand), caseChanged, sideHand, maxChangedOfHand)
	atMost(fmt.Sprintf("unchanged: the whole process ≤ %g s", maxUnchanged.Seconds()), caseUnchanged, func(string) time.Duration { return maxUnchanged })
	ofPacks("unchanged: faster than buildx bake", caseUnchanged, func(v *verdict, sides map[string]figures) {
		ours, known := sides[sideSixty]
		if theirs, other := sides[sideBake]; known && other {
			v.value, v.met = fmt.Sprintf("%.2f s, bake %.2f s", ours.wall.Seconds(), theirs.wall.Seconds()), ours.wall < theirs.wall
		}
	})
	atMost("a new crate, dependencies compiled, to the signed report: 3, 5 and 6 s", caseNew, func(pack string) time.Duration { return maxNew[pack] })
	first := verdict{bar: fmt.Sprintf("first run on a fresh machine ≤ %g s", maxFirst.Seconds()), about: firstPack}
	if r.First != nil && r.First.Failed == "" {
		first.value, first.met = fmt.Sprintf("%.0f s", r.First.Spent.wall.Seconds()), r.First.Spent.wall <= maxFirst
	}
	rest := verdict{bar: fmt.Sprintf("memory of engine and command at rest < %d MB", maxMemory>>20), about: "the most of all packs"}
	if m, known := r.memory(); known {
		rest.value = fmt.Sprintf("%d + %d MB", m.Engine>>20, m.Command>>20)
		rest.met = m.Engine > 0 && m.Engine+m.Command < maxMemory
	}
	return append(append(all, first, rest), r.growthBars()...)
}

// memory is the most that was held.
func (r *record) memory() (most memory, known bool) {
	if r.Gates == nil {
		return most, false
	}
	for _, res := range r.Gates.Results {
		if m := res.Memory; m != nil {
			most = memory{max(most.Command, m.Command), max(most.Peak, m.Peak), max(most.Engine, m.Engine)}
			known = true
		}
	}
	return most, known
}

// growthBars say whether what one crate costs falls from each size to the next.
func (r *record) growthBars() []verdict {
	var all []verdict
	for _, series := range growthSeries {
		v := verdict{bar: "wall time for each crate falls", about: series.name}
		var sizes []grown
		if r.Growth != nil {
			sizes = slices.DeleteFunc(slices.Clone(r.Growth.Sizes), func(g grown) bool { return g.Series != series.name })
		}
		if len(sizes) == len(series.sizes) {
			v.met = true
			for i, g := range sizes {
				each := g.each()
				if i > 0 {
					v.value += ", "
					v.met = v.met && each < sizes[i-1].each()
				}
				v.value += fmt.Sprintf("%d: %.2f s", g.Crates, each.Seconds())
			}
		}
		all = append(all, v)
	}
	return all
}
