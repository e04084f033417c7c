package shacl

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// compare orders two literals as SPARQL's < does (SPARQL 1.1 Query, section
// 17.3), and xsd:date and xsd:time in the same way as xsd:dateTime. comparable
// is false where there is no order: other terms, different kinds of datatypes,
// ill-formed literals, NaN, and times of which only one has a zone and that are
// less than 14 hours apart.
func compare(a, b rdf.Term) (order int, comparable bool) {
	if a.Kind != rdf.Literal || b.Kind != rdf.Literal ||
		!validLexical(a.Datatype, a.Value) || !validLexical(b.Datatype, b.Value) {
		return 0, false
	}
	if isNumeric(a.Datatype) && isNumeric(b.Datatype) {
		return compareNumbers(a, b)
	}
	if a.Datatype == rdf.XSDDateTimeStamp {
		a.Datatype = rdf.XSDDateTime
	}
	if b.Datatype == rdf.XSDDateTimeStamp {
		b.Datatype = rdf.XSDDateTime
	}
	if a.Datatype != b.Datatype {
		return 0, false
	}
	switch a.Datatype {
	case rdf.XSDString:
		return strings.Compare(a.Value, b.Value), true
	case rdf.XSDBoolean:
		return cmp.Compare(truth(a.Value), truth(b.Value)), true
	case rdf.XSDDateTime, rdf.XSDDate, rdf.XSDTime:
		x, ok := parseTime(a)
		y, ok2 := parseTime(b)
		if !ok || !ok2 {
			return 0, false
		}
		return compareTimes(x, y)
	}
	return 0, false
}

func isNumeric(datatype string) bool {
	_, integer := integerRanges[datatype]
	return integer || datatype == rdf.XSDDecimal || datatype == rdf.XSDDouble || datatype == rdf.XSDFloat
}

func compareNumbers(a, b rdf.Term) (int, bool) {
	inexact := func(t rdf.Term) bool { return t.Datatype == rdf.XSDDouble || t.Datatype == rdf.XSDFloat }
	if !inexact(a) && !inexact(b) {
		return compareDecimals(a.Value, b.Value), true
	}
	x, y := toFloat(a.Value), toFloat(b.Value)
	if x != x || y != y {
		return 0, false
	}
	return cmp.Compare(x, y), true
}

func truth(s string) int {
	if s == "true" || s == "1" {
		return 1
	}
	return 0
}

// instant is a point in time: whole seconds since the beginning of the year 0
// in UTC or, without a zone, in local time, and the digits of the fraction.
type instant struct {
	seconds  int64
	fraction string
	zoned    bool
}

// parseTime takes a well-formed xsd:dateTime, xsd:date or xsd:time apart. A date
// is its first moment, a time is on one fixed day. Years of more than nine digits
// are not supported.
func parseTime(t rdf.Term) (at instant, ok bool) {
	date, clock := t.Value, "00:00:00"
	switch t.Datatype {
	case rdf.XSDTime:
		date, clock = "1972-12-31", t.Value
	case rdf.XSDDateTime:
		date, clock, _ = strings.Cut(t.Value, "T")
	}
	// The zone is at the end of what was written last.
	last := &clock
	if t.Datatype == rdf.XSDDate {
		last = &date
	}
	offset, zoned := cutZone(last)

	negative := strings.HasPrefix(date, "-")
	parts := strings.SplitN(strings.TrimPrefix(date, "-"), "-", 3)
	if len(parts[0]) > 9 {
		return instant{}, false
	}
	year, _ := strconv.Atoi(parts[0])
	if negative {
		year = -year
	}
	month, _ := strconv.Atoi(parts[1])
	day, _ := strconv.Atoi(parts[2])
	whole, fraction, _ := strings.Cut(clock, ".")
	h, _ := strconv.Atoi(whole[0:2])
	m, _ := strconv.Atoi(whole[3:5])
	s, _ := strconv.Atoi(whole[6:8])

	seconds := daysBefore(year, month, day)*24*60*60 + int64(h*3600+m*60+s-offset*60)
	return instant{seconds, strings.TrimRight(fraction, "0"), zoned}, true
}

// cutZone takes the zone off a date or time and gives its offset in minutes.
func cutZone(s *string) (minutes int, zoned bool) {
	if rest, ok := strings.CutSuffix(*s, "Z"); ok {
		*s = rest
		return 0, true
	}
	n := len(*s) - len("+00:00")
	if n < 0 || (*s)[n+3] != ':' || (*s)[n] != '+' && (*s)[n] != '-' {
		return 0, false
	}
	zone := (*s)[n:]
	*s = (*s)[:n]
	h, _ := strconv.Atoi(zone[1:3])
	m, _ := strconv.Atoi(zone[4:6])
	minutes = h*60 + m
	if zone[0] == '-' {
		minutes = -minutes
	}
	return minutes, true
}

// daysBefore counts the days of the proleptic Gregorian calendar from its year
// 0 to a date. Years count from March, so that leap days come last.
func daysBefore(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	leaps := floorDiv(year, 4) - floorDiv(year, 100) + floorDiv(year, 400)
	return int64(year)*365 + int64(leaps+(153*(month-3)+2)/5+day-1)
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// compareTimes orders two instants. One without a zone may be up to 14 hours
// off either way (XML Schema 1.1 Datatypes, section 3.3.7).
func compareTimes(a, b instant) (int, bool) {
	if a.zoned == b.zoned {
		return a.order(b), true
	}
	first, second := a.order(b.shifted(-14)), a.order(b.shifted(14))
	if first == second && first != 0 {
		return first, true
	}
	return 0, false
}

func (t instant) shifted(hours int64) instant {
	t.seconds += hours * 3600
	return t
}

func (t instant) order(u instant) int {
	return cmp.Or(cmp.Compare(t.seconds, u.seconds), strings.Compare(t.fraction, u.fraction))
}
