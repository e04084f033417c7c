package xsd

import (
	"cmp"
	"math"
)

// Ordering is the outcome of a comparison.
type Ordering int8

// Incomparable is the outcome for values of different spaces. Unordered is that
// of values of one space without an order between them: NaN, and points in time
// with and without a zone less than 14 hours apart.
const (
	Less         Ordering = -1
	Equal        Ordering = 0
	Greater      Ordering = 1
	Unordered    Ordering = 2
	Incomparable Ordering = 3
)

// Compare compares two values.
func Compare(a, b Value) Ordering {
	switch {
	case a.IsNumeric() && b.IsNumeric():
		return compareNumbers(a, b)
	case a.kind != b.kind || a.kind == None:
		return Incomparable
	case a.kind == Boolean:
		return Ordering(cmp.Compare(a.i, b.i))
	case a.IsTemporal():
		return compareTemporal(a, b)
	}
	return compareSeconds(a.i, a.scale, b.i, b.scale)
}

func compareNumbers(a, b Value) Ordering {
	if a.kind < Float && b.kind < Float {
		return Ordering(compareExact(a, b))
	}
	x, y := a.Float64(), b.Float64()
	if max(a.kind, b.kind) == Float {
		x, y = float64(float32(x)), float64(float32(y))
	}
	switch {
	case x < y:
		return Less
	case x > y:
		return Greater
	case math.IsNaN(x) || math.IsNaN(y):
		return Unordered
	}
	return Equal
}

func compareSeconds(s1 int64, n1 int32, s2 int64, n2 int32) Ordering {
	if s1 != s2 {
		return Ordering(cmp.Compare(s1, s2))
	}
	return Ordering(cmp.Compare(n1, n2))
}

// compareTemporal is XML Schema's order: a point without a zone may lie anywhere
// from 14 hours before to 14 hours after the one in UTC.
func compareTemporal(a, b Value) Ordering {
	if a.zoned == b.zoned {
		return compareSeconds(a.instant(), a.scale, b.instant(), b.scale)
	}
	const slack = 14 * 60 * 60
	switch d := a.instant() - b.instant(); {
	case d > slack || d == slack && a.scale > b.scale:
		return Greater
	case d < -slack || d == -slack && a.scale < b.scale:
		return Less
	}
	return Unordered
}

// Order is a total order of the values of one space, for sorting: NaN comes
// first, a point without a zone is taken to be in UTC.
func Order(a, b Value) int {
	switch c := Compare(a, b); c {
	case Unordered:
		if a.IsNumeric() {
			return cmp.Compare(a.Float64(), b.Float64())
		}
		return int(compareSeconds(a.instant(), a.scale, b.instant(), b.scale))
	case Incomparable:
		return cmp.Compare(a.kind, b.kind)
	default:
		return int(c)
	}
}
