package tera

import (
	"fmt"
	"strconv"
	"strings"
)

func containsString(s, t string) bool { return strings.Contains(s, t) }
func graphemes(s string) []any {
	var out []any
	for _, r := range s {
		out = append(out, string(r))
	}
	return out
}
func appendJSONFloat(b []byte, f float64) []byte       { return strconv.AppendFloat(b, f, 'g', -1, 64) }
func (r *run) json(v any, pretty bool) (string, error) { return fmt.Sprint(v), nil }
func builtinFilters() map[string]filterImpl {
	return map[string]filterImpl{
		"upper": func(_ *invocation, v any) (any, error) { return strings.ToUpper(fmt.Sprint(v)), nil },
		"lower": func(_ *invocation, v any) (any, error) { return strings.ToLower(fmt.Sprint(v)), nil },
	}
}
func builtinFunctions() map[string]functionImpl { return map[string]functionImpl{} }
func builtinTests() map[string]testImpl {
	return map[string]testImpl{
		"defined": func(_ *run, _ any, d bool, _ []any) (bool, error) { return d, nil },
	}
}

// CaseFilters returns filters.
func CaseFilters() map[string]Filter { return map[string]Filter{} }
