package tera

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones are the same everywhere
	"unicode"
)

// maxDateFormat bounds the format of a date, in bytes.
const maxDateFormat = 4 << 10

// date formats a Unix timestamp, an RFC 3339 time, a time without offset or a
// date, the last two taken to be UTC.
func date(in *invocation, value any) (any, error) {
	format, err := optional(in, "format", "%Y-%m-%d", asString)
	if err != nil {
		return nil, err
	}
	if len(format) > maxDateFormat {
		return nil, fmt.Errorf("argument `format` is longer than %d bytes", maxDateFormat)
	}
	zone, err := optional(in, "timezone", nil, asZone)
	if err != nil {
		return nil, err
	}
	m, zoned, err := momentOf(value)
	if err != nil {
		return nil, err
	}
	if year := m.Year(); year < -262143 || year > 262142 {
		return nil, fmt.Errorf("the year %d is out of range", year)
	}
	if zone != nil && zoned {
		m.Time, m.naive = m.In(zone), false
		m.zone, _ = m.Zone()
	}
	return m.format(format)
}

func asZone(v any) (*time.Location, error) {
	name, err := asString(v)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("`%s` is not the name of a time zone, such as Europe/Berlin", display(name))
	}
	return zone, nil
}

// momentOf reads a point in time. zoned says whether a time zone may be
// applied to it: times and dates that come without an offset stay as they are.
func momentOf(value any) (m moment, zoned bool, err error) {
	switch v := value.(type) {
	case int64:
		return moment{Time: time.Unix(v, 0).UTC(), naive: true}, true, nil
	case string:
		if !strings.Contains(v, "T") {
			d := dateReader{rest: v}
			day := d.date(false)
			if d.failed || d.rest != "" {
				return moment{}, false, fmt.Errorf("`%s` is not a date as YYYY-MM-DD", display(v))
			}
			return moment{Time: day, zone: "UTC"}, false, nil
		}
		if m, ok := parseDateTime(v, true); ok {
			return m, true, nil
		}
		if m, ok := parseDateTime(v, false); ok {
			m.zone = "UTC"
			return m, false, nil
		}
		return moment{}, false, fmt.Errorf("`%s` is not a time as RFC 3339 writes it, with or without an offset", display(v))
	}
	return moment{}, false, wrongType("a timestamp or a string", value)
}

// dateReader reads the parts of a date leniently: spaces may stand before a
// number and before a separator.
type dateReader struct {
	rest   string
	failed bool
}

func (d *dateReader) space() { d.rest = trimLeft(d.rest) }

func (d *dateReader) literal(s string) {
	rest, ok := strings.CutPrefix(d.rest, s)
	d.failed = d.failed || !ok
	d.rest = rest
}

// number reads up to width digits.
func (d *dateReader) number(width int) int {
	d.space()
	n := 0
	for n < len(d.rest) && n < width && isDigit(d.rest[n]) {
		n++
	}
	v, err := strconv.Atoi(d.rest[:n])
	d.failed = d.failed || err != nil
	d.rest = d.rest[n:]
	return v
}

func (d *dateReader) year() int {
	d.space()
	switch {
	case strings.HasPrefix(d.rest, "-"):
		d.rest = d.rest[1:]
		return -d.unpadded()
	case strings.HasPrefix(d.rest, "+"):
		d.rest = d.rest[1:]
		return d.unpadded()
	}
	return d.number(4)
}

func (d *dateReader) unpadded() int {
	if d.rest == "" || !isDigit(d.rest[0]) {
		d.failed = true
	}
	return d.number(18)
}

// date reads year, month and day with dashes between them, before which
// spaces may stand when spaced is set.
func (d *dateReader) date(spaced bool) time.Time {
	separator := func() {
		if spaced {
			d.space()
		}
		d.literal("-")
	}
	year := d.year()
	separator()
	month := d.number(2)
	separator()
	day := d.number(2)
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Year() != year || int(t.Month()) != month || t.Day() != day {
		d.failed = true
	}
	return t
}

// parseDateTime reads date, T, time and, when asked for, an offset.
func parseDateTime(s string, offset bool) (moment, bool) {
	d := dateReader{rest: s}
	day := d.date(true)
	if !offset {
		d.space()
		d.literal("T")
	} else if d.rest != "" && (d.rest[0] == 'T' || d.rest[0] == 't' || d.rest[0] == ' ') {
		d.rest = d.rest[1:]
	} else {
		return moment{}, false
	}
	hour := d.number(2)
	d.space()
	d.literal(":")
	minute := d.number(2)
	d.space()
	d.literal(":")
	second := d.number(2)
	nanos := 0
	if strings.HasPrefix(d.rest, ".") {
		d.rest = d.rest[1:]
		digits := len(d.rest) - len(strings.TrimLeft(d.rest, "0123456789"))
		fraction := (d.rest[:digits] + "000000000")[:9]
		nanos, _ = strconv.Atoi(fraction)
		d.failed = d.failed || digits == 0
		d.rest = d.rest[digits:]
	}
	d.space()
	location := time.UTC
	name := ""
	if offset {
		seconds := d.offset()
		location = time.FixedZone("", seconds)
		name = offsetText(seconds, true)
		d.space()
	}
	if d.failed || d.rest != "" || hour > 23 || minute > 59 || second > 60 {
		return moment{}, false
	}
	leap := second == 60
	if leap {
		second = 59
	}
	t := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, second, nanos, location)
	return moment{Time: t, zone: name, leap: leap}, true
}

// offset reads Z, UTC or ±hh:mm and returns seconds. Between hours and minutes any
// number of colons and spaces may stand, as chrono has it.
func (d *dateReader) offset() int {
	if len(d.rest) >= 3 && strings.EqualFold(d.rest[:3], "UTC") {
		d.rest = d.rest[3:]
		return 0
	}
	if d.rest != "" && (d.rest[0] == 'Z' || d.rest[0] == 'z') {
		d.rest = d.rest[1:]
		return 0
	}
	sign := 1
	switch {
	case strings.HasPrefix(d.rest, "+"):
		d.rest = d.rest[1:]
	case strings.HasPrefix(d.rest, "-"):
		d.rest = d.rest[1:]
		sign = -1
	case strings.HasPrefix(d.rest, "−"):
		d.rest = d.rest[len("−"):]
		sign = -1
	default:
		d.failed = true
	}
	hours := d.twoDigits()
	d.rest = strings.TrimLeftFunc(d.rest, func(r rune) bool { return r == ':' || unicode.IsSpace(r) })
	minutes := d.twoDigits()
	if hours > 23 || minutes > 59 {
		d.failed = true
	}
	return sign * (hours*3600 + minutes*60)
}

func (d *dateReader) twoDigits() int {
	if len(d.rest) < 2 || !isDigit(d.rest[0]) || !isDigit(d.rest[1]) {
		d.failed = true
		return 0
	}
	return d.number(2)
}
