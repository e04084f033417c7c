package xsd

import (
	"math"
	"strconv"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// parseDuration reads an xsd:dayTimeDuration or xsd:yearMonthDuration.
func parseDuration(s, datatype string) (Value, bool) {
	rest, negative := strings.CutPrefix(s, "-")
	rest, ok := strings.CutPrefix(rest, "P")
	if !ok || rest == "" {
		return Value{}, false
	}
	v := Value{kind: YearMonthDuration}
	units := "YM"
	if datatype == rdf.XSDDayTimeDuration {
		v.kind, units = DayTimeDuration, "DHMS"
	}
	seconds := map[byte]int64{'D': secondsPerDay, 'H': 3600, 'M': 60, 'S': 1}
	if v.kind == YearMonthDuration {
		seconds = map[byte]int64{'Y': 12, 'M': 1}
	}
	inTime := false
	for rest != "" {
		if v.kind == DayTimeDuration && !inTime && rest[0] == 'T' && len(rest) > 1 {
			inTime, rest = true, rest[1:]
		}
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		amount, err := strconv.ParseInt(rest[:n], 10, 64)
		if err != nil || n >= len(rest) {
			return Value{}, false
		}
		if rest[n] == '.' {
			end := strings.IndexByte(rest, 'S')
			if end < n+2 || !allDigits(rest[n+1:end]) {
				return Value{}, false
			}
			v.scale = nanoseconds(rest[n+1 : end])
			n = end
		}
		at := strings.IndexByte(units, rest[n])
		if at < 0 || amount > math.MaxInt32*int64(1000) || v.kind == DayTimeDuration && (rest[n] != 'D') != inTime {
			return Value{}, false
		}
		v.i += amount * seconds[rest[n]]
		units, rest = units[at+1:], rest[n+1:]
	}
	if negative {
		v.i = -v.i
		if v.scale != 0 { // nanoseconds count up from i
			v.i, v.scale = v.i-1, 1e9-v.scale
		}
	}
	return v, true
}

func formatDuration(v Value) string {
	i, nanos := v.i, v.scale
	sign := ""
	if i < 0 {
		sign = "-"
		i = -i
		if nanos != 0 {
			i, nanos = i-1, 1e9-nanos
		}
	}
	var b strings.Builder
	b.WriteString(sign + "P")
	part := func(n int64, unit string) {
		if n != 0 {
			b.WriteString(strconv.FormatInt(n, 10) + unit)
		}
	}
	if v.kind == YearMonthDuration {
		if i == 0 {
			return "P0M"
		}
		part(i/12, "Y")
		part(i%12, "M")
		return b.String()
	}
	if i == 0 && nanos == 0 {
		return "PT0S"
	}
	part(i/secondsPerDay, "D")
	if i%secondsPerDay != 0 || nanos != 0 {
		b.WriteString("T")
		part(i%secondsPerDay/3600, "H")
		part(i%3600/60, "M")
		if i%60 != 0 || nanos != 0 {
			b.WriteString(strconv.FormatInt(i%60, 10) + formatNanos(nanos) + "S")
		}
	}
	return b.String()
}

// temporalArith adds durations to points in time and to each other, and
// subtracts points in time.
func temporalArith(op byte, a, b Value) (Value, error) {
	switch {
	case op == '+' && a.isDuration() && b.IsTemporal():
		a, b = b, a
	case op == '-' && a.IsTemporal() && a.kind == b.kind && a.zoned == b.zoned:
		a.i, b.i = a.instant(), b.instant()
		return shift(Value{kind: DayTimeDuration, i: a.i, scale: a.scale}, b, -1), nil
	}
	if op != '+' && op != '-' || !b.isDuration() {
		return Value{}, ErrType
	}
	sign := int64(1)
	if op == '-' {
		sign = -1
	}
	switch {
	case a.kind == b.kind, a.IsTemporal() && b.kind == DayTimeDuration:
		return wrap(shift(a, b, sign)), nil
	case a.IsTemporal() && a.kind != Time && b.kind == YearMonthDuration:
		year, month, day := civil(floorDiv(a.i, secondsPerDay))
		months := year*12 + int64(month-1) + sign*b.i
		year, month = floorDiv(months, 12), int(months-floorDiv(months, 12)*12)+1
		if year > maxYear || year < -maxYear {
			return Value{}, ErrTooLarge
		}
		clock := a.i - floorDiv(a.i, secondsPerDay)*secondsPerDay
		a.i = days(year, month, min(day, daysIn(year, month)))*secondsPerDay + clock
		return a, nil
	}
	return Value{}, ErrType
}

func (v Value) isDuration() bool { return v.kind == DayTimeDuration || v.kind == YearMonthDuration }

// shift adds sign times b's seconds and nanoseconds to a.
func shift(a, b Value, sign int64) Value {
	nanos := int64(a.scale) + sign*int64(b.scale)
	carry := floorDiv(nanos, 1e9)
	a.i += sign*b.i + carry
	a.scale = int32(nanos - carry*1e9)
	return a
}

// wrap keeps times within a day and dates at its start.
func wrap(v Value) Value {
	day := floorDiv(v.i, secondsPerDay) * secondsPerDay
	switch v.kind {
	case Time:
		v.i -= day
	case Date:
		v.i, v.scale = day, 0
	}
	return v
}
