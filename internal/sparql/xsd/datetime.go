package xsd

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const secondsPerDay = 24 * 60 * 60

// maxYear keeps seconds since 1970 far inside an int64.
const maxYear = 100_000_000

// NewDateTime makes an xsd:dateTime of t in its location's offset.
func NewDateTime(t time.Time) Value {
	_, offset := t.Zone()
	minutes := offset / 60
	local := t.Unix() + int64(minutes)*60
	return Value{kind: DateTime, zoned: true, zone: int16(minutes), i: local, scale: int32(t.Nanosecond())}
}

// days counts the days from 1970-01-01 to a date of the proleptic Gregorian
// calendar with a year 0 (XML Schema 1.1).
func days(year int64, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	doy := int64((153*((month+9)%12)+2)/5 + day - 1)
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// civil is the inverse of days.
func civil(n int64) (year int64, month, day int) {
	n += 719468
	era := floorDiv(n, 146097)
	doe := n - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp+2)%12 + 1
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func daysIn(year int64, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func parseDateTime(s string) (Value, bool) {
	date, rest, ok := strings.Cut(s, "T")
	if !ok {
		return Value{}, false
	}
	d, dateOK := parseDay(date)
	v, timeOK := parseTime(rest)
	v.kind = DateTime
	v.i += d * secondsPerDay
	return v, dateOK && timeOK
}

func parseDate(s string) (Value, bool) {
	// The zone begins after the day: at Z, at +, or at a - right of yyyy-mm-dd.
	zoneAt := strings.IndexAny(s, "Z+")
	if zoneAt < 0 && len(s) > 6 && s[len(s)-3] == ':' {
		zoneAt = len(s) - 6
	}
	v := Value{kind: Date}
	if zoneAt >= 0 {
		var ok bool
		if v.zone, ok = parseZone(s[zoneAt:]); !ok {
			return Value{}, false
		}
		v.zoned = true
		s = s[:zoneAt]
	}
	d, ok := parseDay(s)
	v.i = d * secondsPerDay
	return v, ok
}

// parseDay reads [-]yyyy-mm-dd to days since 1970.
func parseDay(s string) (int64, bool) {
	unsigned := strings.TrimPrefix(s, "-")
	n := len(unsigned)
	if n < 10 || unsigned[n-3] != '-' || unsigned[n-6] != '-' {
		return 0, false
	}
	ys := unsigned[:n-6]
	month, monthOK := twoDigits(unsigned[n-5 : n-3])
	day, dayOK := twoDigits(unsigned[n-2:])
	if !allDigits(ys) || len(ys) > 4 && ys[0] == '0' || !monthOK || !dayOK || month < 1 || month > 12 {
		return 0, false
	}
	year, err := strconv.ParseInt(ys, 10, 64)
	if err != nil || year > maxYear {
		return 0, false
	}
	if len(unsigned) < len(s) {
		year = -year
	}
	if day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return days(year, month, day), true
}

func twoDigits(s string) (int, bool) {
	if len(s) != 2 || !allDigits(s) {
		return 0, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), true
}

// parseTime reads hh:mm:ss[.fff][zone].
func parseTime(s string) (Value, bool) {
	v := Value{kind: Time}
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return v, false
	}
	h, hOK := twoDigits(s[:2])
	m, mOK := twoDigits(s[3:5])
	sec, sOK := twoDigits(s[6:8])
	rest := s[8:]
	if strings.HasPrefix(rest, ".") {
		n := 1
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n == 1 {
			return v, false
		}
		v.scale = nanoseconds(rest[1:n])
		rest = rest[n:]
	}
	if rest != "" {
		zone, ok := parseZone(rest)
		if !ok {
			return v, false
		}
		v.zoned, v.zone = true, zone
	}
	endOfDay := h == 24 && m == 0 && sec == 0 && v.scale == 0
	if !hOK || !mOK || !sOK || h > 23 && !endOfDay || m > 59 || sec > 59 {
		return v, false
	}
	v.i = int64(h*3600 + m*60 + sec)
	return v, true
}

// nanoseconds reads the digits of a fraction of a second, cut after nine.
func nanoseconds(digits string) int32 {
	n := 0
	for i := range 9 {
		n *= 10
		if i < len(digits) {
			n += int(digits[i] - '0')
		}
	}
	return int32(n)
}

func parseZone(s string) (int16, bool) {
	if s == "Z" {
		return 0, true
	}
	if len(s) != 6 || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return 0, false
	}
	h, hOK := twoDigits(s[1:3])
	m, mOK := twoDigits(s[4:6])
	if !hOK || !mOK || m > 59 || h > 14 || h == 14 && m != 0 {
		return 0, false
	}
	minutes := int16(h*60 + m)
	if s[0] == '-' {
		minutes = -minutes
	}
	return minutes, true
}

func formatZone(v Value) string {
	switch {
	case !v.zoned:
		return ""
	case v.zone == 0:
		return "Z"
	}
	sign, z := '+', v.zone
	if z < 0 {
		sign, z = '-', -z
	}
	return fmt.Sprintf("%c%02d:%02d", sign, z/60, z%60)
}

func formatTemporal(v Value) string {
	year, month, day := civil(floorDiv(v.i, secondsPerDay))
	date := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
	if year < 0 {
		date = fmt.Sprintf("-%04d-%02d-%02d", -year, month, day)
	}
	if v.kind == Date {
		return date + formatZone(v)
	}
	s := v.i - floorDiv(v.i, secondsPerDay)*secondsPerDay
	clock := fmt.Sprintf("%02d:%02d:%02d%s%s", s/3600, s/60%60, s%60, formatNanos(v.scale), formatZone(v))
	if v.kind == Time {
		return clock
	}
	return date + "T" + clock
}

func formatNanos(n int32) string {
	if n == 0 {
		return ""
	}
	return strings.TrimRight(fmt.Sprintf(".%09d", n), "0")
}

// Component is a part of a date or time.
type Component uint8

// The parts that YEAR, MONTH, DAY, HOURS, MINUTES and SECONDS take out.
const (
	Year Component = iota
	Month
	Day
	Hours
	Minutes
	Seconds
)

// Part gives a part of a dateTime, date or time as a number: seconds as a
// decimal, the others as an integer.
func (v Value) Part(c Component) (Value, error) {
	if !v.IsTemporal() || c <= Day && v.kind == Time || c > Day && v.kind == Date {
		return Value{}, ErrType
	}
	year, month, day := civil(floorDiv(v.i, secondsPerDay))
	s := v.i - floorDiv(v.i, secondsPerDay)*secondsPerDay
	switch c {
	case Year:
		return NewInteger(year), nil
	case Month:
		return NewInteger(int64(month)), nil
	case Day:
		return NewInteger(int64(day)), nil
	case Hours:
		return NewInteger(s / 3600), nil
	case Minutes:
		return NewInteger(s / 60 % 60), nil
	}
	sec, _ := parseDecimal(strconv.FormatInt(s%60, 10) + formatNanos(v.scale))
	return sec, nil
}

// Timezone gives the zone as an xsd:dayTimeDuration; ok is false where v has none.
func (v Value) Timezone() (d Value, ok bool) {
	if !v.IsTemporal() || !v.zoned {
		return Value{}, false
	}
	return Value{kind: DayTimeDuration, i: int64(v.zone) * 60}, true
}

// TZ gives the zone as written: Z, +01:00, or empty.
func (v Value) TZ() (tz string, ok bool) {
	if !v.IsTemporal() {
		return "", false
	}
	return formatZone(v), true
}

// instant is the seconds since 1970 in UTC; without a zone, as if in UTC.
func (v Value) instant() int64 { return v.i - int64(v.zone)*60 }
