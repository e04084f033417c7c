package tera

import (
	"fmt"
	"math"
)

// The filters, functions and tests built into the language see the render
// they are part of, so that they can count their work.
type (
	filterImpl   func(in *invocation, value any) (any, error)
	functionImpl func(in *invocation) (any, error)
	testImpl     func(r *run, value any, defined bool, args []any) (bool, error)
)

// invocation is one call of a filter or function.
type invocation struct {
	run  *run
	args []binding
}

func (in *invocation) arg(name string) (any, bool) {
	for i := range in.args {
		if in.args[i].name == name {
			return in.args[i].value, true
		}
	}
	return nil, false
}

func (in *invocation) argMap() map[string]any {
	m := make(map[string]any, len(in.args))
	for _, a := range in.args {
		m[a.name] = a.value
	}
	return m
}

// optional returns the argument name as a T, or absent when there is none.
func optional[T any](in *invocation, name string, absent T, as func(any) (T, error)) (T, error) {
	v, ok := in.arg(name)
	if !ok {
		return absent, nil
	}
	t, err := as(v)
	if err != nil {
		return absent, fmt.Errorf("argument `%s`: %w", name, err)
	}
	return t, nil
}

// required returns the argument name as a T.
func required[T any](in *invocation, name string, as func(any) (T, error)) (T, error) {
	var zero T
	if _, ok := in.arg(name); !ok {
		return zero, fmt.Errorf("argument `%s` is missing", name)
	}
	return optional(in, name, zero, as)
}

func anything(v any) (any, error) { return v, nil }

func wrongType(want string, v any) error {
	if isScalar(v) {
		return fmt.Errorf("needs %s, got %s `%s`", want, kindName(v), display(v))
	}
	return fmt.Errorf("needs %s, got a value that is %s", want, kindName(v))
}

func isScalar(v any) bool {
	switch v.(type) {
	case bool, int64, uint64, float64, string:
		return true
	}
	return false
}

func asString(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", wrongType("a string", v)
}

func asBool(v any) (bool, error) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	return false, wrongType("true or false", v)
}

func asFloat(v any) (float64, error) {
	if n, ok := numberOf(v); ok {
		return n.float(), nil
	}
	return 0, wrongType("a number", v)
}

func asInt(v any) (int64, error) {
	if i, ok := v.(int64); ok {
		return i, nil
	}
	return 0, wrongType("an integer", v)
}

// asSize returns an integer that is not negative; one above the range of
// int64 counts as the largest.
func asSize(v any) (int64, error) {
	switch v := v.(type) {
	case int64:
		if v >= 0 {
			return v, nil
		}
	case uint64:
		return math.MaxInt64, nil
	}
	return 0, wrongType("an integer that is not negative", v)
}

func asArray(v any) ([]any, error) {
	if a, ok := v.([]any); ok {
		return a, nil
	}
	return nil, wrongType("an array", v)
}

// textFilter makes a filter without arguments out of a function on strings.
func textFilter(f func(string) string) filterImpl {
	return func(_ *invocation, value any) (any, error) {
		s, err := asString(value)
		if err != nil {
			return nil, err
		}
		return f(s), nil
	}
}

// fits reports an error when a text of n bytes would be over the limit.
func (r *run) fits(n int) error {
	if n > r.limits.Output || n < 0 {
		return overLimit(r.limits.Output, "bytes of output")
	}
	return nil
}
