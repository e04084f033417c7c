package tera

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// builtinFilters returns the filters of Tera 1.20. safe and default are part
// of the language and not in it.
func builtinFilters() map[string]filterImpl {
	return map[string]filterImpl{
		"upper":              textFilter(upper),
		"lower":              textFilter(lower),
		"trim":               textFilter(func(s string) string { return trimLeft(trimRight(s)) }),
		"trim_start":         textFilter(trimLeft),
		"trim_end":           textFilter(trimRight),
		"trim_start_matches": trimStartMatches,
		"trim_end_matches":   trimEndMatches,
		"truncate":           truncate,
		"wordcount":          wordCount,
		"replace":            replace,
		"capitalize":         textFilter(capitalize),
		"title":              textFilter(title),
		"linebreaksbr":       textFilter(lineBreaks),
		"indent":             indent,
		"striptags":          textFilter(stripTags),
		"spaceless":          textFilter(spaceless),
		"urlencode":          textFilter(func(s string) string { return percentEncode(s, "-._~/%") }),
		"urlencode_strict":   textFilter(func(s string) string { return percentEncode(s, "") }),
		"escape":             textFilter(escapeHTML),
		"escape_xml":         textFilter(escapeXML),
		"slugify":            textFilter(slugify),
		"addslashes":         textFilter(addSlashes),
		"split":              split,
		"int":                toInt,
		"float":              toFloat,

		"first":    first,
		"last":     last,
		"nth":      nth,
		"join":     join,
		"sort":     sortBy,
		"unique":   unique,
		"slice":    slice,
		"group_by": groupBy,
		"filter":   filterBy,
		"map":      mapTo,
		"concat":   concat,

		"abs":            abs,
		"pluralize":      pluralSuffix,
		"round":          round,
		"filesizeformat": fileSize,

		"length":      length,
		"reverse":     reverse,
		"date":        date,
		"json_encode": jsonEncode,
		"as_str":      func(in *invocation, v any) (any, error) { return in.run.printed(v) },
		"get":         get,
	}
}

func length(_ *invocation, value any) (any, error) {
	switch v := value.(type) {
	case []any:
		return int64(len(v)), nil
	case map[string]any:
		return int64(len(v)), nil
	case string:
		return int64(utf8.RuneCountInString(v)), nil
	}
	return nil, wrongType("an array, an object or a string", value)
}

func reverse(_ *invocation, value any) (any, error) {
	switch v := value.(type) {
	case []any:
		reversed := make([]any, len(v))
		for i, item := range v {
			reversed[len(v)-1-i] = item
		}
		return reversed, nil
	case string:
		runes := []rune(v)
		for i, j := 0, len(runes)-1; i < j; i, j = i+1, j-1 {
			runes[i], runes[j] = runes[j], runes[i]
		}
		return string(runes), nil
	}
	return nil, wrongType("an array or a string", value)
}

func jsonEncode(in *invocation, value any) (any, error) {
	pretty, _ := in.arg("pretty")
	return in.run.json(value, pretty == true)
}

func get(in *invocation, value any) (any, error) {
	key, err := required(in, "key", asString)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, wrongType("an object", value)
	}
	if v, ok := object[key]; ok {
		return v, nil
	}
	if v, ok := in.arg("default"); ok {
		return v, nil
	}
	return nil, fmt.Errorf("the object has no key `%s` and the call no `default`%s", key, suggest(key, keys(object)))
}

func toInt(in *invocation, value any) (any, error) {
	absent, err := optional(in, "default", 0, asInt)
	if err != nil {
		return nil, err
	}
	base, err := optional(in, "base", 10, asSize)
	if err != nil {
		return nil, err
	}
	if base < 2 || base > 36 {
		return nil, fmt.Errorf("argument `base` has to be from 2 to 36, got %d", base)
	}
	switch v := value.(type) {
	case string:
		s := trimLeft(trimRight(v))
		if prefix, ok := map[int64]string{2: "0b", 8: "0o", 16: "0x"}[base]; ok {
			for strings.HasPrefix(s, prefix) {
				s = s[len(prefix):]
			}
		}
		if i, err := strconv.ParseInt(s, int(base), 64); err == nil {
			return i, nil
		}
		if strings.Contains(s, ".") {
			if f, ok := parseFloat(s); ok {
				return saturate(f), nil
			}
		}
		return absent, nil
	case int64, uint64, float64:
		n, _ := numberOf(v)
		return saturate(n.float()), nil
	}
	return nil, wrongType("a string or a number", value)
}

func toFloat(in *invocation, value any) (any, error) {
	f, err := optional(in, "default", 0, asFloat)
	if err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case string:
		if parsed, ok := parseFloat(trimLeft(trimRight(v))); ok {
			f = parsed
		}
	case int64, uint64, float64:
		n, _ := numberOf(v)
		f = n.float()
	default:
		return nil, wrongType("a string or a number", value)
	}
	return finite(f), nil
}

// finite returns f, or null for what JSON has no number for.
func finite(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return f
}

// parseFloat accepts decimal notation, inf and nan; nothing that is Go's own.
func parseFloat(s string) (float64, bool) {
	if strings.ContainsAny(s, "xX_pP") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

func abs(_ *invocation, value any) (any, error) {
	switch v := value.(type) {
	case uint64:
		return v, nil
	case int64:
		if v == math.MinInt64 {
			return nil, fmt.Errorf("%d has no absolute value in 64 bits", v)
		}
		return max(v, -v), nil
	case float64:
		return math.Abs(v), nil
	}
	return nil, wrongType("a number", value)
}

// pluralSuffix gives the ending of a plural unless the value is 1 or -1.
func pluralSuffix(in *invocation, value any) (any, error) {
	n, err := asFloat(value)
	if err != nil {
		return nil, err
	}
	plural, err := optional(in, "plural", "s", asString)
	if err != nil {
		return nil, err
	}
	singular, err := optional(in, "singular", "", asString)
	if err != nil {
		return nil, err
	}
	const epsilon = 0x1p-52
	if math.Abs(math.Abs(n)-1) > epsilon {
		return plural, nil
	}
	return singular, nil
}

func round(in *invocation, value any) (any, error) {
	n, err := asFloat(value)
	if err != nil {
		return nil, err
	}
	method, err := optional(in, "method", "common", asString)
	if err != nil {
		return nil, err
	}
	precision, err := optional(in, "precision", 0, asInt)
	if err != nil {
		return nil, err
	}
	if precision != int64(int32(precision)) {
		return nil, fmt.Errorf("argument `precision` is out of range: %d", precision)
	}
	scale := powerOfTen(int(precision))
	switch method {
	case "common":
		return finite(math.Round(scale*n) / scale), nil
	case "ceil":
		return finite(math.Ceil(scale*n) / scale), nil
	case "floor":
		return finite(math.Floor(scale*n) / scale), nil
	}
	return nil, fmt.Errorf("argument `method` has to be common, ceil or floor, got `%s`", display(method))
}

// powerOfTen multiplies by squaring and inverts at the end, so that results
// round as in the crate.
func powerOfTen(n int) float64 {
	result, base := 1.0, 10.0
	for e := max(n, -n); ; {
		if e&1 == 1 {
			result *= base
		}
		if e /= 2; e == 0 {
			break
		}
		base *= base
	}
	if n < 0 {
		return 1 / result
	}
	return result
}

var (
	decimalUnits = [...]string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	binaryUnits  = [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
)

// fileSize divides by 1024 in both cases; binary only changes the unit names.
func fileSize(in *invocation, value any) (any, error) {
	n, ok := numberOf(value)
	if _, unsigned := n.asUnsigned(); !ok || !unsigned {
		return nil, wrongType("an integer that is not negative", value)
	}
	binary, err := optional(in, "binary", false, asBool)
	if err != nil {
		return nil, err
	}
	units := decimalUnits
	if binary {
		units = binaryUnits
	}
	size, unit := n.float(), 0
	for size >= 1024 {
		size /= 1024
		unit++
	}
	places := 2
	if size == math.Trunc(size) {
		places = 0
	}
	return strconv.FormatFloat(size, 'f', places, 64) + " " + units[unit], nil
}
