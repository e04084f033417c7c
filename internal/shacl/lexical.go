package shacl

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/sixtyhq/sixty/internal/rdf"
)

// lexicalForms are the lexical spaces of the datatypes that RDF 1.1 Concepts,
// section 5.1, takes from XML Schema. Ranges and calendar days are checked
// besides.
var lexicalForms = func() map[string]*regexp.Regexp {
	const (
		zone     = `(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))?`
		year     = `-?([1-9][0-9]{3,}|0[0-9]{3})`
		month    = `(0[1-9]|1[0-2])`
		day      = `(0[1-9]|[12][0-9]|3[01])`
		clock    = `(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?|24:00:00(\.0+)?)`
		number   = `[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)`
		float    = `(` + number + `([eE][+-]?[0-9]+)?|[+-]?INF|NaN)`
		ymd      = `([0-9]+Y([0-9]+M)?([0-9]+D)?|[0-9]+M([0-9]+D)?|[0-9]+D)`
		hms      = `T([0-9]+H([0-9]+M)?([0-9]+(\.[0-9]+)?S)?|[0-9]+M([0-9]+(\.[0-9]+)?S)?|[0-9]+(\.[0-9]+)?S)`
		ncName   = `[\pL_][-.\pL\pM\pN_·]*`
		base64   = `[A-Za-z0-9+/] ?`
		language = `[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*`
	)
	forms := map[string]string{
		rdf.XSDBoolean:            `true|false|1|0`,
		rdf.XSDDecimal:            number,
		rdf.XSDDouble:             float,
		rdf.XSDFloat:              float,
		rdf.XSDDate:               year + `-` + month + `-` + day + zone,
		rdf.XSDTime:               clock + zone,
		rdf.XSDDateTime:           year + `-` + month + `-` + day + `T` + clock + zone,
		rdf.XSDDateTimeStamp:      year + `-` + month + `-` + day + `T` + clock + strings.TrimSuffix(zone, "?"),
		rdf.XSDGYear:              year + zone,
		rdf.XSDGMonth:             `--` + month + zone,
		rdf.XSDGDay:               `---` + day + zone,
		rdf.XSDGYearMonth:         year + `-` + month + zone,
		rdf.XSDGMonthDay:          `--` + month + `-` + day + zone,
		rdf.XSDDuration:           `-?P(` + ymd + `(` + hms + `)?|` + hms + `)`,
		rdf.XSDYearMonthDuration:  `-?P([0-9]+Y([0-9]+M)?|[0-9]+M)`,
		rdf.XSDDayTimeDuration:    `-?P([0-9]+D(` + hms + `)?|` + hms + `)`,
		rdf.XSDHexBinary:          `([0-9a-fA-F]{2})*`,
		rdf.XSDBase64Binary:       `((` + base64 + `){4})*((` + base64 + `){3}[A-Za-z0-9+/]|(` + base64 + `){2}[AEIMQUYcgkosw048] ?=|` + base64 + `[AQgw] ?= ?=)?`,
		rdf.XSDLanguage:           language,
		rdf.XSDNormalizedString:   `[^\t\n\r]*`,
		rdf.XSDToken:              `([^\t\n\r ]+( [^\t\n\r ]+)*)?`,
		rdf.XSDNMTOKEN:            `[-.:\pL\pM\pN_·]+`,
		rdf.XSDName:               `[\pL_:][-.:\pL\pM\pN_·]*`,
		rdf.XSDNCName:             ncName,
		rdf.XSDInteger:            `[+-]?[0-9]+`,
		rdf.XSDByte:               `[+-]?[0-9]+`,
		rdf.XSDShort:              `[+-]?[0-9]+`,
		rdf.XSDInt:                `[+-]?[0-9]+`,
		rdf.XSDLong:               `[+-]?[0-9]+`,
		rdf.XSDUnsignedByte:       `[+-]?[0-9]+`,
		rdf.XSDUnsignedShort:      `[+-]?[0-9]+`,
		rdf.XSDUnsignedInt:        `[+-]?[0-9]+`,
		rdf.XSDUnsignedLong:       `[+-]?[0-9]+`,
		rdf.XSDPositiveInteger:    `[+-]?[0-9]+`,
		rdf.XSDNonNegativeInteger: `[+-]?[0-9]+`,
		rdf.XSDNegativeInteger:    `[+-]?[0-9]+`,
		rdf.XSDNonPositiveInteger: `[+-]?[0-9]+`,
	}
	compiled := make(map[string]*regexp.Regexp, len(forms))
	for datatype, form := range forms {
		compiled[datatype] = regexp.MustCompile(`^(?:` + form + `)$`)
	}
	return compiled
}()

// integerRanges are the bounds of the integer datatypes; "" is none.
var integerRanges = map[string][2]string{
	rdf.XSDInteger:            {"", ""},
	rdf.XSDByte:               {"-128", "127"},
	rdf.XSDShort:              {"-32768", "32767"},
	rdf.XSDInt:                {"-2147483648", "2147483647"},
	rdf.XSDLong:               {"-9223372036854775808", "9223372036854775807"},
	rdf.XSDUnsignedByte:       {"0", "255"},
	rdf.XSDUnsignedShort:      {"0", "65535"},
	rdf.XSDUnsignedInt:        {"0", "4294967295"},
	rdf.XSDUnsignedLong:       {"0", "18446744073709551615"},
	rdf.XSDPositiveInteger:    {"1", ""},
	rdf.XSDNonNegativeInteger: {"0", ""},
	rdf.XSDNegativeInteger:    {"", "-1"},
	rdf.XSDNonPositiveInteger: {"", "0"},
}

// validLexical reports whether a lexical form is in a datatype's lexical space;
// true for datatypes that are not known.
func validLexical(datatype, s string) bool {
	form, known := lexicalForms[datatype]
	if !known {
		return true
	}
	if !form.MatchString(s) {
		return false
	}
	if bounds, ok := integerRanges[datatype]; ok {
		return (bounds[0] == "" || compareDecimals(s, bounds[0]) >= 0) &&
			(bounds[1] == "" || compareDecimals(s, bounds[1]) <= 0)
	}
	switch datatype {
	case rdf.XSDDate, rdf.XSDDateTime, rdf.XSDDateTimeStamp:
		return validDay(s)
	case rdf.XSDGMonthDay:
		return validDay("2000" + s[1:]) // --12-31 is like 2000-12-31
	}
	return true
}

// validDay checks the day of a date that has the right form against its month.
func validDay(s string) bool {
	parts := strings.SplitN(strings.TrimPrefix(s, "-"), "-", 3)
	month, _ := strconv.Atoi(parts[1])
	day, _ := strconv.Atoi(parts[2][:2])
	switch month {
	case 4, 6, 9, 11:
		return day <= 30
	case 2:
		// Only the last four digits of a year matter, however long it is.
		year, _ := strconv.Atoi(parts[0][max(0, len(parts[0])-4):])
		leap := year%4 == 0 && (year%100 != 0 || year%400 == 0)
		return day <= 28 || day == 29 && leap
	}
	return true
}

// compareDecimals orders two numbers in decimal notation, exactly and in time
// proportional to their length.
func compareDecimals(a, b string) int {
	na, ia, fa := splitDecimal(a)
	nb, ib, fb := splitDecimal(b)
	if na != nb {
		if na {
			return -1
		}
		return 1
	}
	c := len(ia) - len(ib)
	if c == 0 {
		c = strings.Compare(ia, ib)
	}
	if c == 0 {
		c = strings.Compare(fa, fb)
	}
	if na {
		c = -c
	}
	return c
}

// splitDecimal gives a number's digits before and after the dot without those
// that do not count. Zero is not negative.
func splitDecimal(s string) (negative bool, whole, fraction string) {
	negative = strings.HasPrefix(s, "-")
	whole, fraction, _ = strings.Cut(strings.TrimLeft(s, "+-"), ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	return negative && whole+fraction != "", whole, fraction
}

// toFloat gives the value of a numeric literal as a double.
func toFloat(s string) float64 {
	switch strings.TrimPrefix(s, "+") {
	case "INF":
		return math.Inf(1)
	case "-INF":
		return math.Inf(-1)
	}
	f, _ := strconv.ParseFloat(s, 64) // out of range gives an infinity
	return f
}
