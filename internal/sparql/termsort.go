package sparql

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
)

// sorted gives the ids in the order of compare. It is a multikey quicksort that
// keeps the next eight bytes of each value beside its id: IRIs share long
// prefixes, which a comparison sort would read again and again.
func (d *dictionary) sorted() []id {
	var byKind [3][]sortItem
	for i := 1; i < len(d.records); i++ {
		k := min(d.records[i].shape, 2)
		byKind[k] = append(byKind[k], sortItem{id: id(i)})
	}
	s := termSorter{d: d}
	for _, items := range byKind {
		s.wait.Go(func() { s.sort(items, 0, true, maxTries(items)) })
	}
	s.wait.Wait()
	order := make([]id, 0, d.len())
	for _, items := range byKind {
		for _, it := range items {
			order = append(order, it.id)
		}
	}
	return order
}

type sortItem struct {
	key uint64
	id  id
}

type termSorter struct {
	d    *dictionary
	wait sync.WaitGroup
}

const (
	smallSort    = 24
	parallelSort = 1 << 15
)

// sort orders items that are equal in their first depth bytes. load says that
// their keys are not those at depth yet. tries is how often the items may still be
// partitioned at this depth: input made to have bad pivots then falls to a sort
// whose time is never quadratic.
func (s *termSorter) sort(items []sortItem, depth int, load bool, tries int) {
	for {
		if len(items) <= smallSort {
			slices.SortFunc(items, s.compare)
			return
		}
		if load {
			for i := range items {
				items[i].key = keyAt(s.d.value(items[i].id), depth)
			}
		}
		if tries == 0 {
			slices.SortFunc(items, s.compare)
			return
		}
		lt, gt := partition(items)
		left, middle, right := items[:lt], items[lt:gt], items[gt:]
		if len(left) > parallelSort && len(right) > parallelSort {
			s.wait.Go(func() { s.sort(left, depth, false, tries-1) })
		} else {
			s.sort(left, depth, false, tries-1)
		}
		s.sort(right, depth, false, tries-1)
		// The middle goes on eight bytes later. Values that end before then are
		// all a prefix of the others, but for trailing NULs.
		ended := 0
		for i := range middle {
			if len(s.d.value(middle[i].id)) <= depth+8 {
				middle[i], middle[ended] = middle[ended], middle[i]
				ended++
			}
		}
		slices.SortFunc(middle[:ended], s.compare)
		items, depth, load = middle[ended:], depth+8, true
		tries = maxTries(items)
	}
}

func maxTries(items []sortItem) int { return 3 * bits.Len(uint(len(items))) }

func (s *termSorter) compare(a, b sortItem) int { return s.d.compare(a.id, b.id) }

// keyAt gives the eight bytes of v at depth, padded with NULs, as a number that
// orders as they do.
func keyAt(v []byte, depth int) uint64 {
	if len(v) >= depth+8 {
		return binary.BigEndian.Uint64(v[depth:])
	}
	var buf [8]byte
	if len(v) > depth {
		copy(buf[:], v[depth:])
	}
	return binary.BigEndian.Uint64(buf[:])
}

// partition puts the items below a pivot first, those equal to it from lt to gt.
func partition(items []sortItem) (lt, gt int) {
	n := len(items)
	a, b, c := items[0].key, items[n/2].key, items[n-1].key
	pivot := max(min(a, b), min(max(a, b), c))
	lt, gt = 0, n
	for i := 0; i < gt; {
		switch k := items[i].key; {
		case k < pivot:
			items[i], items[lt] = items[lt], items[i]
			lt++
			i++
		case k > pivot:
			gt--
			items[i], items[gt] = items[gt], items[i]
		default:
			i++
		}
	}
	return lt, gt
}
