package xsd_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/rdf"
	"github.com/sixtyhq/sixty/internal/sparql/xsd"
)

// value reads what the tests write: 1, 1.5, 1e0, true, or a form^^type.
func value(t *testing.T, text string) xsd.Value {
	t.Helper()
	lexical, datatype, typed := strings.Cut(text, "^^")
	switch {
	case typed:
		datatype = rdf.XSDNS + datatype
	case strings.ContainsAny(text, "eN"):
		datatype = rdf.XSDDouble
	case strings.Contains(text, "."):
		datatype = rdf.XSDDecimal
	default:
		datatype = rdf.XSDInteger
	}
	v, ok := xsd.Parse(lexical, datatype)
	if !ok {
		t.Fatalf("%s is not valid", text)
	}
	return v
}

func short(v xsd.Value) string {
	t := v.Term()
	return t.Value + "^^" + strings.TrimPrefix(t.Datatype, rdf.XSDNS)
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ datatype, valid, invalid string }{
		{"integer", "0 -0 +7 007 12345678901234567890", "1.0 1e0 - +-1 0x1 1_000"},
		{"decimal", "1 1.0 .5 -.5 5. +0.10 12345678901234567890.12345678901234567890", ". - 1e0 +-1 1.2.3 INF"},
		{"double", "1 1.5 1e0 -1.E5 .5e-3 INF -INF NaN 1e400", "1e inf Infinity 0x1p3 1_0 nan"},
		{"float", "1 3.4E38 INF", "e5 -NaN"},
		{"boolean", "true false 1 0", "TRUE yes 2"},
		{"byte", "-128 127", "128 -129 1.0"},
		{"unsignedLong", "18446744073709551615 0", "18446744073709551616 -1"},
		{"positiveInteger", "1", "0 -1"},
		{"negativeInteger", "-1", "0"},
		{"dateTime", "2024-02-29T00:00:00 2024-01-01T24:00:00Z -0001-01-01T00:00:00.123+14:00 12024-01-01T00:00:00Z",
			"2023-02-29T00:00:00 2024-01-01 2024-01-01T24:00:01 2024-13-01T00:00:00 2024-01-01T00:00:00+14:01 2024-01-01T00:00:00. 024-01-01T00:00:00 02024-01-01T00:00:00"},
		{"date", "2024-02-29 2024-01-01Z 2024-01-01-05:00 -0044-03-15", "2024-02-30 2024-1-1 2024-01-01T00:00:00 2024-01-01+5:00"},
		{"time", "00:00:00 24:00:00 23:59:59.999Z", "24:00:01 1:00:00 12:60:00"},
		{"dayTimeDuration", "P1D PT1H -PT0.5S P1DT2H3M4.5S", "P PT P1Y P1DT P1H PT1D PT.5S P-1D"},
		{"yearMonthDuration", "P1Y P1Y2M -P3M", "P1D PT1M P2M1Y"},
	} {
		for _, s := range strings.Fields(test.valid) {
			if _, ok := xsd.Parse(s, rdf.XSDNS+test.datatype); !ok {
				t.Errorf("%s is a valid %s", s, test.datatype)
			}
		}
		for _, s := range strings.Fields(test.invalid) {
			if v, ok := xsd.Parse(s, rdf.XSDNS+test.datatype); ok {
				t.Errorf("%s is no valid %s, read as %s", s, test.datatype, short(v))
			}
		}
	}
	if _, ok := xsd.Parse(strings.Repeat("9", xsd.MaxDigits+1), rdf.XSDInteger); ok {
		t.Error("a number of more than MaxDigits was read")
	}
	if _, ok := xsd.Parse("x", "http://example.org/type"); ok {
		t.Error("an unknown type was read")
	}
}

func TestArith(t *testing.T) {
	for _, test := range []struct{ expr, want string }{
		{"1 + 2", "3^^integer"},
		{"9223372036854775807 + 1", "9223372036854775808^^integer"},
		{"-9223372036854775808 - 1", "-9223372036854775809^^integer"},
		{"9223372036854775808 - 1", "9223372036854775807^^integer"},
		{"4294967296 * 4294967296", "18446744073709551616^^integer"},
		{"3 / 2", "1.5^^decimal"},
		{"4 / 2", "2^^decimal"},
		{"1 / 3", "0.333333333333333333333333^^decimal"},
		{"2 / 3", "0.666666666666666666666667^^decimal"},
		{"-2 / 3", "-0.666666666666666666666667^^decimal"},
		{"0.1 + 0.2", "0.3^^decimal"},
		{"0.5 + 0.5", "1^^decimal"},
		{"1.50 * 2", "3^^decimal"},
		{"1 + 1.5e0", "2.5E0^^double"},
		{"1.5^^float + 1", "2.5E0^^float"},
		{"1.5^^float + 1e0", "2.5E0^^double"},
		{"5^^byte + 1", "6^^integer"},
		{"1e0 / 0", "INF^^double"},
		{"0e0 / 0", "NaN^^double"},
		{"1 / 0", "error"},
		{"1.0 / 0.0", "error"},
		{"true^^boolean + 1", "error"},
		{"2024-01-31^^date + P1M^^yearMonthDuration", "2024-02-29^^date"},
		{"2024-01-01T00:00:00Z^^dateTime - PT1.5S^^dayTimeDuration", "2023-12-31T23:59:58.5Z^^dateTime"},
		{"2024-03-01T00:00:00Z^^dateTime - 2024-02-28T12:00:00Z^^dateTime", "P1DT12H^^dayTimeDuration"},
		{"23:30:00^^time + PT1H^^dayTimeDuration", "00:30:00^^time"},
		{"P1D^^dayTimeDuration + 2024-02-28^^date", "2024-02-29^^date"},
		{"2024-01-01^^date * 2", "error"},
	} {
		parts := strings.Fields(test.expr)
		got := "error"
		if v, err := xsd.Arith(parts[1][0], value(t, parts[0]), value(t, parts[2])); err == nil {
			got = short(v)
		}
		if got != test.want {
			t.Errorf("%s = %s, want %s", test.expr, got, test.want)
		}
	}
}

func TestArithIsBounded(t *testing.T) {
	v := value(t, strings.Repeat("9", 4000))
	for range 100 {
		product, err := xsd.Arith('*', v, v)
		if err != nil {
			return
		}
		v = product
	}
	t.Error("numbers grow without bound")
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want xsd.Ordering
	}{
		{"1", "1.0", xsd.Equal},
		{"1", "1e0", xsd.Equal},
		{"0.1", "0.10", xsd.Equal},
		{"10000000000000000000", "9", xsd.Greater},
		{"-1", "0.5", xsd.Less},
		{"NaN", "NaN", xsd.Unordered},
		{"NaN", "1", xsd.Unordered},
		{"false^^boolean", "true^^boolean", xsd.Less},
		{"1", "true^^boolean", xsd.Incomparable},
		{"2024-01-01T12:00:00Z^^dateTime", "2024-01-01T13:00:00+01:00^^dateTime", xsd.Equal},
		{"2024-01-01T12:00:00^^dateTime", "2024-01-01T12:00:00Z^^dateTime", xsd.Unordered},
		{"2024-01-01T12:00:00^^dateTime", "2024-01-03T12:00:00Z^^dateTime", xsd.Less},
		{"2024-01-01^^date", "2024-01-01Z^^date", xsd.Unordered},
		{"2024-01-01^^date", "2024-01-01T00:00:00^^dateTime", xsd.Incomparable},
		{"P1D^^dayTimeDuration", "PT24H^^dayTimeDuration", xsd.Equal},
		{"-PT0.5S^^dayTimeDuration", "PT0S^^dayTimeDuration", xsd.Less},
		{"24:00:00^^time", "00:00:00^^time", xsd.Equal},
	} {
		if got := xsd.Compare(value(t, test.a), value(t, test.b)); got != test.want {
			t.Errorf("%s against %s is %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestToWhole(t *testing.T) {
	for _, test := range []struct{ value, ceil, floor, round string }{
		{"2.5", "3", "2", "3"},
		{"-2.5", "-2", "-3", "-2"},
		{"-0.4", "0", "-1", "0"},
		{"2.5e0", "3.0E0", "2.0E0", "3.0E0"},
		{"-2.5e0", "-2.0E0", "-3.0E0", "-2.0E0"},
		{"0.49999999999999994e0", "1.0E0", "0.0E0", "0.0E0"},
		{"7", "7", "7", "7"},
		{"INF^^double", "INF", "INF", "INF"},
	} {
		for how, want := range map[xsd.Rounding]string{xsd.Ceil: test.ceil, xsd.Floor: test.floor, xsd.Round: test.round} {
			if v, err := xsd.ToWhole(how, value(t, test.value)); err != nil || v.Term().Value != want {
				t.Errorf("%s, rounding %d: %s, want %s (%v)", test.value, how, v.Term().Value, want, err)
			}
		}
	}
}

func TestCast(t *testing.T) {
	for _, test := range []struct{ value, datatype, want string }{
		{"1.9", "integer", "1"},
		{"-1.9e0", "integer", "-1"},
		{"1e3", "decimal", "1000"},
		{"NaN", "integer", ""},
		{"INF^^double", "decimal", ""},
		{"300", "byte", ""},
		{"100", "byte", "100"},
		{"true^^boolean", "double", "1.0E0"},
		{"0.0", "boolean", "false"},
		{"NaN", "boolean", "false"},
		{"1e0", "string", "1"},
		{"1e7", "string", "1.0E7"},
		{"1.50", "string", "1.5"},
		{"true^^boolean", "string", "true"},
		{"2024-01-01T10:00:00Z^^dateTime", "date", "2024-01-01Z"},
		{"2024-01-01T10:00:00Z^^dateTime", "time", "10:00:00Z"},
		{"2024-01-01^^date", "dateTime", "2024-01-01T00:00:00"},
		{"2024-01-01^^date", "integer", ""},
		{"5", "date", ""},
		{"16777217", "float", "1.6777216E7"},
	} {
		got, ok := xsd.Cast(value(t, test.value), rdf.XSDNS+test.datatype)
		if ok != (test.want != "") || ok && (got.Value != test.want || got.Datatype != rdf.XSDNS+test.datatype) {
			t.Errorf("%s to %s: %v %v, want %q", test.value, test.datatype, got, ok, test.want)
		}
	}
}

// TestCalendar compares days, parts and formatting with package time.
func TestCalendar(t *testing.T) {
	day := time.Date(1, 1, 1, 13, 14, 15, 160_000_000, time.UTC)
	for range 5000 {
		day = day.AddDate(0, 0, 211)
		v, ok := xsd.Parse(day.Format("2006-01-02T15:04:05.999Z07:00"), rdf.XSDDateTime)
		if !ok || xsd.Compare(v, xsd.NewDateTime(day)) != xsd.Equal || v.Term() != xsd.NewDateTime(day).Term() {
			t.Fatalf("%s was read as %s", day, v.Term())
		}
		for part, want := range map[xsd.Component]int{xsd.Year: day.Year(), xsd.Month: int(day.Month()), xsd.Day: day.Day(), xsd.Hours: 13} {
			got, err := v.Part(part)
			if n, _ := got.Int64(); err != nil || n != int64(want) {
				t.Fatalf("%s: part %d is %d, want %d", day, part, n, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1", "-1.50", "1e5", "2024-02-29T24:00:00-05:30", "-0001-01-01Z", "P1DT2H3M4.5S", "-P1Y2M", "23:59:59.5"} {
		f.Add(s)
	}
	types := []string{rdf.XSDInteger, rdf.XSDDecimal, rdf.XSDDouble, rdf.XSDFloat, rdf.XSDBoolean, rdf.XSDDateTime, rdf.XSDDate,
		rdf.XSDTime, rdf.XSDDayTimeDuration, rdf.XSDYearMonthDuration}
	f.Fuzz(func(t *testing.T, s string) {
		for _, datatype := range types {
			v, ok := xsd.Parse(s, datatype)
			if !ok {
				continue
			}
			// The canonical form is of the same value, and its own canonical form.
			term := v.Term()
			again, ok := xsd.Parse(term.Value, term.Datatype)
			if !ok || again.Term() != term {
				t.Fatalf("%q of %s has the canonical form %s", s, datatype, term)
			}
			if o := xsd.Compare(v, again); o != xsd.Equal && o != xsd.Unordered {
				t.Fatalf("%q is not equal to its canonical form %s", s, term)
			}
			for _, op := range []byte("+-*/") {
				if result, err := xsd.Arith(op, v, v); err == nil {
					result.Term()
				}
			}
		}
	})
}
