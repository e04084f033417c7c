package sparql

import (
	"encoding/binary"
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
		s.wait.Go(func() { s.sort(items, 0, true) })
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
// their keys are not those at depth yet.
func (s *termSorter) sort(items []sortItem, depth int, load bool) {
	for {
		if len(items) <= smallSort {
			slices.SortFunc(items, func(a, b sortItem) int { return s.d.compare(a.id, b.id) })
			return
		}
		if load {
			for i := range items {
				items[i].key = keyAt(s.d.value(items[i].id), depth)
			}
		}
		lt, gt := partition(items)
		left, middle, right := items[:lt], items[lt:gt], items[gt:]
		if len(left) > parallelSort && len(right) > parallelSort {
			s.wait.Go(func() { s.sort(left, depth, false) })
		} else {
			s.sort(left, depth, false)
		}
		s.sort(right, depth, false)
		// The middle goes on eight bytes later. Values that end before then are
		// all a prefix of the others, but for trailing NULs.
		ended := 0
		for i := range middle {
			if len(s.d.value(middle[i].id)) <= depth+8 {
				middle[i], middle[ended] = middle[ended], middle[i]
				ended++
			}
		}
		slices.SortFunc(middle[:ended], func(a, b sortItem) int { return s.d.compare(a.id, b.id) })
		items, depth, load = middle[ended:], depth+8, true
	}
}

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
