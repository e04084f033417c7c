package xsd

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// Kind is a value space.
type Kind uint8

// The value spaces. None is that of literals this package does not compute
// with: unknown datatypes and lexical forms outside their datatype.
const (
	None Kind = iota
	Boolean
	Integer // xsd:integer and the types derived from it
	Decimal
	Float
	Double
	DateTime
	Date
	Time
	DayTimeDuration
	YearMonthDuration
)

// MaxDigits bounds the digits of an exact number. A longer lexical form is not
// read, a longer result is an error.
const MaxDigits = 4096

// Value is a typed value. Values are immutable.
type Value struct {
	kind  Kind
	zoned bool  // date and time types
	zone  int16 // minutes east of UTC
	// scale is the number of digits after the point of a decimal; the
	// nanoseconds of date and time types and durations.
	scale int32
	// i is a boolean (0, 1), the digits of an exact number without its point, the
	// local seconds since 1970-01-01T00:00:00 of date and time types, the seconds
	// or months of a duration.
	i   int64
	f   float64
	big *big.Int // the digits of an exact number that i can't hold
}

// Kind gives the value space.
func (v Value) Kind() Kind { return v.kind }

// IsNumeric reports whether v is a number.
func (v Value) IsNumeric() bool { return v.kind >= Integer && v.kind <= Double }

// IsTemporal reports whether v is a dateTime, date or time.
func (v Value) IsTemporal() bool { return v.kind >= DateTime && v.kind <= Time }

// NewBoolean makes a boolean.
func NewBoolean(b bool) Value {
	if b {
		return Value{kind: Boolean, i: 1}
	}
	return Value{kind: Boolean}
}

// NewInteger makes an integer.
func NewInteger(i int64) Value { return Value{kind: Integer, i: i} }

// NewDouble makes a double.
func NewDouble(f float64) Value { return Value{kind: Double, f: f} }

// Bool gives a boolean's value.
func (v Value) Bool() bool { return v.i != 0 }

// Int64 gives the value of an integer and whether an int64 holds it.
func (v Value) Int64() (int64, bool) { return v.i, v.kind == Integer && v.big == nil }

// EffectiveBoolean is SPARQL's EBV of booleans and numbers (section 17.2.2);
// ok is false for other kinds.
func (v Value) EffectiveBoolean() (b, ok bool) {
	switch v.kind {
	case Boolean:
		return v.i != 0, true
	case Integer, Decimal:
		return v.i != 0 || v.big != nil, true
	case Float, Double:
		return v.f != 0 && !math.IsNaN(v.f), true
	}
	return false, false
}

// integerRange bounds a type derived from xsd:integer; "" is no bound.
type integerRange struct{ min, max string }

var derivedIntegers = map[string]integerRange{
	rdf.XSDLong:               {"-9223372036854775808", "9223372036854775807"},
	rdf.XSDInt:                {"-2147483648", "2147483647"},
	rdf.XSDShort:              {"-32768", "32767"},
	rdf.XSDByte:               {"-128", "127"},
	rdf.XSDNonNegativeInteger: {"0", ""},
	rdf.XSDPositiveInteger:    {"1", ""},
	rdf.XSDNonPositiveInteger: {"", "0"},
	rdf.XSDNegativeInteger:    {"", "-1"},
	rdf.XSDUnsignedLong:       {"0", "18446744073709551615"},
	rdf.XSDUnsignedInt:        {"0", "4294967295"},
	rdf.XSDUnsignedShort:      {"0", "65535"},
	rdf.XSDUnsignedByte:       {"0", "255"},
}

// IsNumericType reports whether datatype is one of the numeric types.
func IsNumericType(datatype string) bool {
	switch datatype {
	case rdf.XSDInteger, rdf.XSDDecimal, rdf.XSDFloat, rdf.XSDDouble:
		return true
	}
	_, derived := derivedIntegers[datatype]
	return derived
}

// Known reports whether this package has the value space of datatype, so that a
// lexical form it can't read is ill-typed.
func Known(datatype string) bool {
	switch datatype {
	case rdf.XSDBoolean, rdf.XSDDateTime, rdf.XSDDateTimeStamp, rdf.XSDDate, rdf.XSDTime,
		rdf.XSDDayTimeDuration, rdf.XSDYearMonthDuration:
		return true
	}
	return IsNumericType(datatype)
}

// Parse reads a literal. ok is false where the datatype is not known here or
// the lexical form does not belong to it.
func Parse(lexical, datatype string) (v Value, ok bool) {
	switch datatype {
	case rdf.XSDInteger:
		return parseInteger(trim(lexical))
	case rdf.XSDDecimal:
		return parseDecimal(trim(lexical))
	case rdf.XSDDouble:
		return parseFloating(trim(lexical), Double)
	case rdf.XSDFloat:
		return parseFloating(trim(lexical), Float)
	case rdf.XSDBoolean:
		switch trim(lexical) {
		case "true", "1":
			return NewBoolean(true), true
		case "false", "0":
			return NewBoolean(false), true
		}
		return Value{}, false
	case rdf.XSDDateTime:
		return parseDateTime(trim(lexical))
	case rdf.XSDDateTimeStamp:
		v, ok = parseDateTime(trim(lexical))
		return v, ok && v.zoned
	case rdf.XSDDate:
		return parseDate(trim(lexical))
	case rdf.XSDTime:
		v, ok = parseTime(trim(lexical))
		return wrap(v), ok // 24:00:00 is 00:00:00
	case rdf.XSDDayTimeDuration, rdf.XSDYearMonthDuration:
		return parseDuration(trim(lexical), datatype)
	}
	if bounds, derived := derivedIntegers[datatype]; derived {
		v, ok = parseInteger(trim(lexical))
		return v, ok && bounds.hold(v)
	}
	return Value{}, false
}

func (r integerRange) hold(v Value) bool {
	within := func(bound string, sign int) bool {
		if bound == "" {
			return true
		}
		b, _ := parseInteger(bound)
		return compareExact(v, b)*sign >= 0
	}
	return within(r.min, 1) && within(r.max, -1)
}

// trim is whitespace collapsing as far as it matters to types without spaces.
func trim(s string) string {
	if s == "" || s[0] > ' ' && s[len(s)-1] > ' ' {
		return s
	}
	return strings.Trim(s, " \t\r\n")
}

func parseInteger(s string) (Value, bool) {
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || !allDigits(digits) || len(digits) > MaxDigits {
		return Value{}, false
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return NewInteger(i), true
	}
	b, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return Value{}, false
	}
	return exact(Integer, b, 0), true
}

func parseDecimal(s string) (Value, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	unsigned := strings.TrimLeft(whole, "+-")
	if len(whole)-len(unsigned) > 1 || len(s) > MaxDigits || unsigned == "" && fraction == "" ||
		unsigned != "" && !allDigits(unsigned) || fraction != "" && !allDigits(fraction) {
		return Value{}, false
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(whole)+len(fraction) <= 18 {
		if i, err := strconv.ParseInt(whole+fraction, 10, 64); err == nil {
			return Value{kind: Decimal, i: i, scale: int32(len(fraction))}, true
		}
	}
	digits := whole + fraction
	if digits == "" || digits == "+" || digits == "-" {
		return Value{kind: Decimal}, true
	}
	b, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return Value{}, false
	}
	return exact(Decimal, b, len(fraction)), true
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func parseFloating(s string, kind Kind) (Value, bool) {
	var f float64
	switch s {
	case "INF", "+INF":
		f = math.Inf(1)
	case "-INF":
		f = math.Inf(-1)
	case "NaN":
		f = math.NaN()
	default:
		for i := 0; i < len(s); i++ { // ParseFloat also reads hex, Infinity and underscores
			if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c|0x20 != 'e' {
				return Value{}, false
			}
		}
		var err error
		f, err = strconv.ParseFloat(s, 64)
		if err != nil && !math.IsInf(f, 0) { // out of range is infinity
			return Value{}, false
		}
	}
	return floating(kind, f), true
}

// floating makes a float or double; floats are rounded to their precision.
func floating(kind Kind, f float64) Value {
	if kind == Float {
		f = float64(float32(f))
	}
	return Value{kind: kind, f: f}
}
