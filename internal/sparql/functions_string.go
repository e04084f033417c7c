package sparql

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/sixtyhq/sixty/internal/sparql/xsd"
)

// maxString bounds a string that a function makes, in bytes. A longer one is an
// expression error.
const maxString = 64 << 20

func strlen(_ *exec, a []val) (val, bool) {
	return integerVal(int64(utf8.RuneCountInString(a[0].term.Value))), a[0].isText()
}

// like makes a string with the language of v.
func like(v *val, s string) val {
	if v.term.Lang != "" {
		return langVal(s, v.term.Lang)
	}
	return stringVal(s)
}

func mapText(f func(string) string) function {
	return func(_ *exec, a []val) (val, bool) {
		if !a[0].isText() {
			return val{}, false
		}
		return like(&a[0], f(a[0].term.Value)), true
	}
}

// upperSpecial are the letters whose upper case is more than one character
// (Unicode's SpecialCasing.txt), those with Greek and rarer diacritics apart.
var upperSpecial = strings.NewReplacer("ß", "SS", "ŉ", "ʼN", "ǰ", "J̌", "և", "ԵՒ", "ẖ", "H̱", "ẗ", "T̈", "ẘ", "W̊", "ẙ", "Y̊",
	"ẚ", "Aʾ", "ﬀ", "FF", "ﬁ", "FI", "ﬂ", "FL", "ﬃ", "FFI", "ﬄ", "FFL", "ﬅ", "ST", "ﬆ", "ST")

func upper(s string) string { return strings.ToUpper(upperSpecial.Replace(s)) }

// compatible is the argument compatibility rule (section 17.4.3.1.2).
func compatible(a, b *val) bool {
	return a.isText() && b.isText() && (b.term.Lang == "" || strings.EqualFold(a.term.Lang, b.term.Lang))
}

func compareText(f func(s, t string) bool) function {
	return func(_ *exec, a []val) (val, bool) {
		if !compatible(&a[0], &a[1]) {
			return val{}, false
		}
		return boolVal(f(a[0].term.Value, a[1].term.Value)), true
	}
}

func strbefore(_ *exec, a []val) (val, bool) {
	if !compatible(&a[0], &a[1]) {
		return val{}, false
	}
	before, _, found := strings.Cut(a[0].term.Value, a[1].term.Value)
	if !found {
		return stringVal(""), true
	}
	return like(&a[0], before), true
}

func strafter(_ *exec, a []val) (val, bool) {
	if !compatible(&a[0], &a[1]) {
		return val{}, false
	}
	_, after, found := strings.Cut(a[0].term.Value, a[1].term.Value)
	if !found {
		return stringVal(""), true
	}
	return like(&a[0], after), true
}

func concat(_ *exec, a []val) (val, bool) {
	var b strings.Builder
	sameLang := len(a) > 0
	for i := range a {
		if !a[i].isText() || b.Len()+len(a[i].term.Value) > maxString {
			return val{}, false
		}
		b.WriteString(a[i].term.Value)
		sameLang = sameLang && a[i].term.Lang == a[0].term.Lang
	}
	if sameLang {
		return like(&a[0], b.String()), true
	}
	return stringVal(b.String()), true
}

// langMatches is basic filtering of RFC 4647, section 3.3.1.
func langMatches(_ *exec, a []val) (val, bool) {
	if !a[0].isString() || !a[1].isString() {
		return val{}, false
	}
	tag, want := strings.ToLower(a[0].term.Value), strings.ToLower(a[1].term.Value)
	if want == "*" {
		return boolVal(tag != ""), true
	}
	return boolVal(tag == want || strings.HasPrefix(tag, want+"-")), true
}

func encodeForURI(_ *exec, a []val) (val, bool) {
	if !a[0].isText() {
		return val{}, false
	}
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(a[0].term.Value) {
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return stringVal(b.String()), true
}

// substr is fn:substring: the characters whose position p, from 1, fulfils
// round(start) <= p < round(start) + round(length).
func substr(_ *exec, a []val) (val, bool) {
	if !a[0].isText() {
		return val{}, false
	}
	start, ok := roundedArgument(&a[1])
	if !ok {
		return val{}, false
	}
	end := math.Inf(1)
	if len(a) == 3 {
		length, ok := roundedArgument(&a[2])
		if !ok {
			return val{}, false
		}
		end = start + length // NaN where both are infinite: nothing is below it
	}
	s := a[0].term.Value
	from, to := len(s), len(s)
	position := 1.0
	for i := range s {
		if position >= start && from == len(s) {
			from = i
		}
		if !(position < end) {
			to = i
			break
		}
		position++
	}
	if math.IsNaN(start) || from > to {
		from, to = 0, 0
	}
	return like(&a[0], s[from:to]), true
}

func roundedArgument(v *val) (float64, bool) {
	n, ok := v.asTyped()
	if !ok {
		return 0, false
	}
	n, err := xsd.ToWhole(xsd.Round, n)
	if err != nil {
		return 0, false
	}
	return n.Float64(), true
}
