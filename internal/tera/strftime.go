package tera

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// moment is a point in time as the date filter prints it.
type moment struct {
	time.Time
	naive bool   // without an offset from UTC
	zone  string // what %Z prints
	leap  bool   // second 60
}

// format writes m as chrono's strftime does.
func (m moment) format(format string) (string, error) {
	var b []byte
	for format != "" {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			return string(append(b, format...)), nil
		}
		b = append(b, format[:i]...)
		var used int
		var err error
		if b, used, err = m.specifier(b, format[i+1:]); err != nil {
			return "", err
		}
		format = format[i+1+used:]
	}
	return string(b), nil
}

// composed are the specifiers that stand for others.
var composed = map[byte]string{
	'D': "%m/%d/%y", 'x': "%m/%d/%y",
	'F': "%Y-%m-%d",
	'v': "%e-%b-%Y",
	'R': "%H:%M",
	'T': "%H:%M:%S", 'X': "%H:%M:%S",
	'r': "%I:%M:%S %p",
	'c': "%a %b %e %H:%M:%S %Y",
}

// specifier appends what follows a % and returns how many bytes of spec it
// used.
func (m moment) specifier(b []byte, spec string) (_ []byte, used int, err error) {
	pad, hasPad := byte(0), false
	rest := spec
	if rest != "" && strings.IndexByte("-_0", rest[0]) >= 0 {
		pad, hasPad = rest[0], true
		rest = rest[1:]
	}
	if rest == "" {
		return nil, 0, errors.New("the format ends in the middle of a specifier")
	}
	if n, ok := m.numeric(rest[0]); ok {
		if hasPad {
			n.pad = pad
		}
		return n.append(b), len(spec) - len(rest) + 1, nil
	}
	if hasPad {
		return nil, 0, fmt.Errorf("the format has `%%%s`, but only numbers can be padded", firstRunes(spec, 2))
	}
	if expansion, ok := composed[rest[0]]; ok {
		s, err := m.format(expansion)
		return append(b, s...), 1, err
	}
	if text, used, ok := m.fraction(rest); ok {
		return append(b, text...), used, nil
	}
	if text, used, ok, err := m.offset(rest); ok {
		return append(b, text...), used, err
	}
	switch rest[0] {
	case 'A':
		return append(b, m.Weekday().String()...), 1, nil
	case 'a':
		return append(b, m.Weekday().String()[:3]...), 1, nil
	case 'B':
		return append(b, m.Month().String()...), 1, nil
	case 'b', 'h':
		return append(b, m.Month().String()[:3]...), 1, nil
	case 'P':
		return append(b, strings.ToLower(m.half())...), 1, nil
	case 'p':
		return append(b, m.half()...), 1, nil
	case 'n':
		return append(b, '\n'), 1, nil
	case 't':
		return append(b, '\t'), 1, nil
	case '%':
		return append(b, '%'), 1, nil
	}
	return nil, 0, fmt.Errorf("the format has `%%%s`, which is no specifier", firstRunes(rest, 1))
}

func firstRunes(s string, n int) string {
	end := 0
	for ; n > 0 && end < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return s[:end]
}

func (m moment) half() string {
	if m.Hour() >= 12 {
		return "PM"
	}
	return "AM"
}

// padded is a number and how it fills its width: with 0, with _ for spaces,
// or - for not at all.
type padded struct {
	value  int64
	width  int
	pad    byte
	signed bool
}

func (p padded) append(b []byte) []byte {
	text := strconv.FormatInt(p.value, 10)
	width := p.width
	sign := ""
	if p.signed {
		width++
		if p.value >= 0 {
			sign = "+"
		}
	}
	if p.value < 0 {
		sign, text = "-", text[1:]
	}
	fill := max(0, width-len(sign)-len(text))
	switch p.pad {
	case '-':
		return append(append(b, sign...), text...)
	case '_':
		b = append(b, strings.Repeat(" ", fill)...)
		return append(append(b, sign...), text...)
	}
	b = append(b, sign...)
	b = append(b, strings.Repeat("0", fill)...)
	return append(b, text...)
}

func (m moment) numeric(spec byte) (padded, bool) {
	isoYear, isoWeek := m.ISOWeek()
	hour12 := (m.Hour()+11)%12 + 1
	second := m.Second()
	if m.leap {
		second = 60
	}
	switch spec {
	case 'Y':
		return year(m.Year()), true
	case 'G':
		return year(isoYear), true
	case 'C':
		return two(floorDiv(m.Year(), 100)), true
	case 'y':
		return two(floorMod(m.Year(), 100)), true
	case 'g':
		return two(floorMod(isoYear, 100)), true
	case 'q':
		return padded{value: int64(m.Month()-1)/3 + 1, width: 1}, true
	case 'm':
		return two(int(m.Month())), true
	case 'd':
		return two(m.Day()), true
	case 'e':
		return spaced(m.Day()), true
	case 'U':
		return two((m.YearDay() + 6 - int(m.Weekday())) / 7), true
	case 'W':
		return two((m.YearDay() + 6 - (int(m.Weekday())+6)%7) / 7), true
	case 'V':
		return two(isoWeek), true
	case 'w':
		return padded{value: int64(m.Weekday()), width: 1}, true
	case 'u':
		return padded{value: int64(m.Weekday()+6)%7 + 1, width: 1}, true
	case 'j':
		return padded{value: int64(m.YearDay()), width: 3}, true
	case 'H':
		return two(m.Hour()), true
	case 'k':
		return spaced(m.Hour()), true
	case 'I':
		return two(hour12), true
	case 'l':
		return spaced(hour12), true
	case 'M':
		return two(m.Minute()), true
	case 'S':
		return two(second), true
	case 'f':
		return padded{value: int64(m.Nanosecond()), width: 9}, true
	case 's':
		return padded{value: m.Unix(), width: 9, pad: '-'}, true // a width that only a pad shows
	}
	return padded{}, false
}

func two(n int) padded    { return padded{value: int64(n), width: 2} }
func spaced(n int) padded { return padded{value: int64(n), width: 2, pad: '_'} }

// year has a sign when it does not have four digits.
func year(n int) padded {
	return padded{value: int64(n), width: 4, signed: n < 0 || n > 9999}
}

func floorDiv(a, b int) int { return (a - floorMod(a, b)) / b }
func floorMod(a, b int) int { return ((a % b) + b) % b }

// fraction handles %.f, %.3f, %3f and their like.
func (m moment) fraction(spec string) (text string, used int, ok bool) {
	digits := fmt.Sprintf("%09d", m.Nanosecond())
	for _, n := range [...]int{3, 6, 9} {
		width := strconv.Itoa(n) + "f"
		if strings.HasPrefix(spec, "."+width) {
			return "." + digits[:n], 3, true
		}
		if strings.HasPrefix(spec, width) {
			return digits[:n], 2, true
		}
	}
	if strings.HasPrefix(spec, ".f") {
		return fractionText(m.Nanosecond()), 2, true
	}
	return "", 0, false
}

// fractionText is a fraction of a second with 0, 3, 6 or 9 digits.
func fractionText(nanos int) string {
	switch {
	case nanos == 0:
		return ""
	case nanos%1e6 == 0:
		return fmt.Sprintf(".%03d", nanos/1e6)
	case nanos%1e3 == 0:
		return fmt.Sprintf(".%06d", nanos/1e3)
	}
	return fmt.Sprintf(".%09d", nanos)
}

// offset handles the specifiers that need an offset from UTC.
func (m moment) offset(spec string) (text string, used int, ok bool, err error) {
	_, seconds := m.Zone()
	switch {
	case spec[0] == 'Z':
		text, used = m.zone, 1
	case spec[0] == 'z':
		text, used = offsetText(roundToMinute(seconds), false), 1
	case spec[0] == '+':
		text, used = rfc3339(m), 1
	case strings.HasPrefix(spec, ":z"):
		text, used = offsetText(roundToMinute(seconds), true), 2
	case strings.HasPrefix(spec, "::z"):
		text, used = fmt.Sprintf("%s:%02d", offsetText(seconds, true), absInt(seconds)%60), 3
	case strings.HasPrefix(spec, ":::z"):
		text, used = offsetText(seconds, false)[:3], 4
	default:
		return "", 0, false, nil
	}
	if m.naive {
		return "", 0, true, fmt.Errorf("the format has `%%%s`, but a timestamp has no offset; give a timezone", spec[:used])
	}
	return text, used, true, nil
}

func absInt(n int) int { return max(n, -n) }

// roundToMinute rounds half a minute away from zero.
func roundToMinute(seconds int) int {
	rounded := (absInt(seconds) + 30) / 60 * 60
	if seconds < 0 {
		return -rounded
	}
	return rounded
}

func offsetText(seconds int, colon bool) string {
	sign := byte('+')
	if seconds < 0 {
		sign = '-'
	}
	format := "%c%02d%02d"
	if colon {
		format = "%c%02d:%02d"
	}
	return fmt.Sprintf(format, sign, absInt(seconds)/3600, absInt(seconds)/60%60)
}

// rfc3339 writes m with an offset, never Z, and as many digits of the second
// as needed.
func rfc3339(m moment) string {
	_, seconds := m.Zone()
	second := m.Second()
	if m.leap {
		second = 60
	}
	b := year(m.Year()).append(nil)
	return fmt.Sprintf("%s-%02d-%02dT%02d:%02d:%02d%s%s", b, m.Month(), m.Day(), m.Hour(), m.Minute(), second,
		fractionText(m.Nanosecond()), offsetText(roundToMinute(seconds), true))
}
