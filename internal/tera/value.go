package tera

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxValueDepth is how deep arrays and objects may nest in a value that is
// printed, encoded or compared.
const maxValueDepth = 512

// plain turns the Go types that callers are likely to hand in beside the
// documented ones into those.
func plain(v any) any {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, []any, map[string]any:
		return v
	case int:
		return int64(v)
	case int32:
		return int64(v)
	case uint32:
		return int64(v)
	case uint:
		return plain(uint64(v))
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v)
		}
		return v
	case float32:
		return float64(v)
	case []string:
		items := make([]any, len(v))
		for i := range v {
			items[i] = v[i]
		}
		return items
	case []map[string]any:
		items := make([]any, len(v))
		for i := range v {
			items[i] = v[i]
		}
		return items
	case map[string]string:
		m := make(map[string]any, len(v))
		for k, s := range v {
			m[k] = s
		}
		return m
	}
	return v
}

// kindName describes the type of v in an error.
func kindName(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "a bool"
	case int64, uint64:
		return "an integer"
	case float64:
		return "a float"
	case string:
		return "a string"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	default:
		return fmt.Sprintf("of the Go type %T, which templates cannot use", v)
	}
}

// display is how an error or a concatenation shows a value: as JSON, cut
// short when it is long; a string without quotes.
func display(v any) string {
	const long = 80
	s, ok := v.(string)
	if !ok {
		s = string(appendScalar(nil, v))
	}
	end := 0
	for range long {
		if end >= len(s) {
			return s
		}
		_, n := utf8.DecodeRuneInString(s[end:])
		end += n
	}
	if end >= len(s) {
		return s
	}
	return s[:end] + "…"
}

func appendScalar(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case float64:
		return appendJSONFloat(b, v)
	case []any:
		return append(b, "[array]"...)
	case map[string]any:
		return append(b, "[object]"...)
	}
	return appendPrinted(b, v)
}

// appendPrinted appends a scalar as a template prints it.
func appendPrinted(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return append(b, v...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case float64:
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	return b
}

// print writes v the way {{ v }} shows it: null as nothing, an array as [a, b],
// an object as [object].
func (r *run) print(v any, depth int) error {
	if depth > maxValueDepth {
		return overLimit(maxValueDepth, "nested arrays")
	}
	switch v := v.(type) {
	case string:
		return r.write(v)
	case nil:
		return nil
	case bool, int64, uint64, float64:
		const longest = 350 // digits of a float64 without an exponent
		if r.room() < longest {
			return r.write(string(appendPrinted(nil, v)))
		}
		r.out = appendPrinted(r.out, v)
		return nil
	case map[string]any:
		return r.write("[object]")
	case []any:
		if err := r.write("["); err != nil {
			return err
		}
		for i, item := range v {
			if i > 0 {
				if err := r.write(", "); err != nil {
					return err
				}
			}
			if err := r.print(plain(item), depth+1); err != nil {
				return err
			}
		}
		return r.write("]")
	}
	return fmt.Errorf("cannot print a value %s", kindName(v))
}

// printed returns v as print writes it.
func (r *run) printed(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return r.capture(func() error { return r.print(v, 0) })
}

func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case uint64:
		return v != 0
	case float64:
		return v != 0 && !math.IsNaN(v)
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// equal compares values strictly: an integer never equals a float.
func (r *run) equal(a, b any, depth int) (bool, error) {
	if depth > maxValueDepth {
		return false, overLimit(maxValueDepth, "nested arrays")
	}
	a, b = plain(a), plain(b)
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false, nil
		}
		for i := range a {
			if err := r.spend(1); err != nil {
				return false, err
			}
			if same, err := r.equal(a[i], b[i], depth+1); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false, nil
		}
		for k, v := range a {
			if err := r.spend(1); err != nil {
				return false, err
			}
			w, ok := b[k]
			if !ok {
				return false, nil
			}
			if same, err := r.equal(v, w, depth+1); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	case string:
		return a == b, r.spend(len(a) / bytesPerStep)
	case nil, bool, int64, uint64, float64:
		return a == b, nil
	}
	return false, fmt.Errorf("cannot compare a value %s", kindName(a))
}

// contains is the `in` operator: a substring, an element or a key.
func (r *run) contains(container, needle any) (bool, error) {
	switch c := container.(type) {
	case string:
		if s, ok := needle.(string); ok {
			return strings.Contains(c, s), nil
		}
		return false, fmt.Errorf("a string can only contain a string, not a value that is %s", kindName(needle))
	case map[string]any:
		if s, ok := needle.(string); ok {
			_, ok := c[s]
			return ok, nil
		}
		return false, fmt.Errorf("the keys of an object are strings, this is %s", kindName(needle))
	case []any:
		for _, item := range c {
			if err := r.spend(1); err != nil {
				return false, err
			}
			if same, err := r.equal(item, needle, 1); same || err != nil {
				return same, err
			}
		}
		return false, nil
	}
	return false, fmt.Errorf("only strings, arrays and objects contain something, this is %s", kindName(container))
}
