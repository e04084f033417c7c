package tera

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
)

func first(_ *invocation, value any) (any, error) {
	items, err := asArray(value)
	if err != nil || len(items) == 0 {
		return "", err
	}
	return items[0], nil
}

func last(_ *invocation, value any) (any, error) {
	items, err := asArray(value)
	if err != nil || len(items) == 0 {
		return "", err
	}
	return items[len(items)-1], nil
}

func nth(in *invocation, value any) (any, error) {
	items, err := asArray(value)
	if err != nil || len(items) == 0 {
		return "", err
	}
	n, err := required(in, "n", asSize)
	if err != nil || n >= int64(len(items)) {
		return "", err
	}
	return items[n], nil
}

func join(in *invocation, value any) (any, error) {
	items, err := asArray(value)
	if err != nil {
		return nil, err
	}
	separator, err := optional(in, "sep", "", asPattern)
	if err != nil {
		return nil, err
	}
	return in.run.capture(func() error {
		for i, item := range items {
			if i > 0 {
				if err := in.run.write(separator); err != nil {
					return err
				}
			}
			if err := in.run.print(plain(item), 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// attribute is the way from an element to the value that a filter looks at.
type attribute struct {
	text  string
	steps []step
}

func asAttribute(v any) (attribute, error) {
	s, err := asString(v)
	return attribute{s, attributeSteps(s)}, err
}

func (a attribute) of(item any) (any, bool) { return walk(plain(item), a.steps) }

func (a attribute) missing() error {
	return fmt.Errorf("attribute `%s` does not lead to a value in every element", display(a.text))
}

// attributeSteps reads a path such as a.b["c.d"][0].
func attributeSteps(s string) []step {
	var steps []step
	for s != "" {
		switch s[0] {
		case '.', '[', ']':
			s = s[1:]
		case '"', '\'':
			end := strings.IndexByte(s[1:], s[0])
			if end < 0 {
				return append(steps, fixedStep(s[1:]))
			}
			steps = append(steps, fixedStep(s[1:1+end]))
			s = s[end+2:]
		default:
			end := strings.IndexAny(s, ".[]")
			if end < 0 {
				end = len(s)
			}
			steps = append(steps, fixedStep(s[:end]))
			s = s[end:]
		}
	}
	return steps
}

// sortBy sorts by a number, bool, string or by the length of an array; the
// first element says which. Equal elements keep their order.
func sortBy(in *invocation, value any) (any, error) {
	items, err := asArray(value)
	if err != nil || len(items) == 0 {
		return value, err
	}
	attr, err := optional(in, "attribute", attribute{}, asAttribute)
	if err != nil {
		return nil, err
	}
	if err := in.run.spend(4 * len(items)); err != nil {
		return nil, err
	}
	firstKey, ok := attr.of(items[0])
	if !ok {
		return nil, attr.missing()
	}
	switch firstKey.(type) {
	case int64, uint64, float64:
		return sorted(items, attr, asFloat, totalOrder)
	case bool:
		return sorted(items, attr, asBool, func(a, b bool) int {
			switch {
			case a == b:
				return 0
			case b:
				return -1
			}
			return 1
		})
	case string:
		if err := in.run.spendOnKeys(items, attr, bits.Len(uint(len(items)))); err != nil {
			return nil, err
		}
		return sorted(items, attr, asString, strings.Compare)
	case []any:
		size := func(v any) (int, error) { a, err := asArray(v); return len(a), err }
		return sorted(items, attr, size, cmp.Compare[int])
	}
	return nil, fmt.Errorf("cannot sort by a value that is %s", kindName(firstKey))
}

// spendOnKeys counts the work of comparing every string among the keys a
// number of times.
func (r *run) spendOnKeys(items []any, attr attribute, times int) error {
	for _, item := range items {
		if v, ok := attr.of(item); ok {
			if s, ok := v.(string); ok {
				if err := r.spend(len(s) / bytesPerStep * times); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func sorted[K any](items []any, attr attribute, as func(any) (K, error), compare func(a, b K) int) (any, error) {
	type pair struct {
		item any
		key  K
	}
	pairs := make([]pair, len(items))
	for i, item := range items {
		v, ok := attr.of(item)
		if !ok {
			return nil, attr.missing()
		}
		key, err := as(v)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		pairs[i] = pair{item, key}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return compare(a.key, b.key) })
	result := make([]any, len(items))
	for i := range pairs {
		result[i] = pairs[i].item
	}
	return result, nil
}

// totalOrder is the total order of IEEE 754: -0 comes before 0.
func totalOrder(a, b float64) int {
	order := func(f float64) int64 {
		bits := int64(math.Float64bits(f))
		return bits ^ int64(uint64(bits>>63)>>1)
	}
	return cmp.Compare(order(a), order(b))
}

// unique keeps the first of equal elements; strings are equal without regard
// to case unless case_sensitive says otherwise.
func unique(in *invocation, value any) (any, error) {
	items, err := asArray(value)
	if err != nil || len(items) == 0 {
		return value, err
	}
	sensitive, err := optional(in, "case_sensitive", false, asBool)
	if err != nil {
		return nil, err
	}
	attr, err := optional(in, "attribute", attribute{}, asAttribute)
	if err != nil {
		return nil, err
	}
	firstKey, ok := attr.of(items[0])
	if !ok {
		return nil, attr.missing()
	}
	if err := in.run.spendOnKeys(items, attr, 1); err != nil {
		return nil, err
	}
	var as func(any) (any, error)
	switch firstKey.(type) {
	case bool:
		as = func(v any) (any, error) { return asBool(v) }
	case int64:
		as = func(v any) (any, error) { return asInt(v) }
	case string:
		as = func(v any) (any, error) {
			s, err := asString(v)
			if !sensitive {
				s = lower(s)
			}
			return s, err
		}
	default:
		return nil, fmt.Errorf("elements can be unique by a bool, an integer or a string, this is %s", kindName(firstKey))
	}
	seen := map[any]bool{}
	result := []any{}
	for i, item := range items {
		v, ok := attr.of(item)
		if !ok {
			continue
		}
		key, err := as(v)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		if !seen[key] {
			seen[key] = true
			result = append(result, item)
		}
	}
	return result, nil
}

func slice(in *invocation, value any) (any, error) {
	items, err := asArray(value)
	if err != nil || len(items) == 0 {
		return value, err
	}
	n := float64(len(items))
	start, err := optional(in, "start", 0, asFloat)
	if err != nil {
		return nil, err
	}
	end, err := optional(in, "end", n, asFloat)
	if err != nil {
		return nil, err
	}
	if start < 0 {
		start += n
	}
	if end < 0 {
		end += n
	}
	from, to := int(min(max(start, 0), n)), int(min(max(end, 0), n))
	if from >= to {
		return []any{}, nil
	}
	return slices.Clone(items[from:to]), nil
}

func groupBy(in *invocation, value any) (any, error) {
	items, err := asArray(value)
	if err != nil {
		return nil, err
	}
	groups := map[string]any{}
	if len(items) == 0 {
		return groups, nil
	}
	attr, err := required(in, "attribute", asAttribute)
	if err != nil {
		return nil, err
	}
	if err := in.run.spendOnKeys(items, attr, 1); err != nil {
		return nil, err
	}
	for _, item := range items {
		v, ok := attr.of(item)
		if !ok || v == nil {
			continue
		}
		key, ok := v.(string)
		if !ok {
			if key, err = in.run.json(v, false); err != nil {
				return nil, err
			}
		}
		group, _ := groups[key].([]any)
		groups[key] = append(group, item)
	}
	return groups, nil
}

func filterBy(in *invocation, value any) (any, error) {
	items, err := asArray(value)
	if err != nil || len(items) == 0 {
		return value, err
	}
	attr, err := required(in, "attribute", asAttribute)
	if err != nil {
		return nil, err
	}
	want, _ := in.arg("value")
	result := []any{}
	for _, item := range items {
		v, _ := attr.of(item)
		keep := v != nil
		if want != nil {
			if keep, err = in.run.equal(v, want, 1); err != nil {
				return nil, err
			}
		}
		if keep {
			result = append(result, item)
		}
	}
	return result, nil
}

func mapTo(in *invocation, value any) (any, error) {
	items, err := asArray(value)
	if err != nil || len(items) == 0 {
		return value, err
	}
	attr, err := required(in, "attribute", asAttribute)
	if err != nil {
		return nil, err
	}
	result := []any{}
	for _, item := range items {
		if v, ok := attr.of(item); ok && v != nil {
			result = append(result, v)
		}
	}
	return result, nil
}

func concat(in *invocation, value any) (any, error) {
	items, err := asArray(value)
	if err != nil {
		return nil, err
	}
	with, err := required(in, "with", anything)
	if err != nil {
		return nil, err
	}
	if more, ok := with.([]any); ok {
		return slices.Concat(items, more), nil
	}
	return append(slices.Clone(items), with), nil
}
