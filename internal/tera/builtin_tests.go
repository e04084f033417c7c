package tera

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"strings"
)

// builtinTests returns the tests of Tera 1.20.
func builtinTests() map[string]testImpl {
	return map[string]testImpl{
		"defined": func(_ *run, _ any, defined bool, args []any) (bool, error) {
			return defined, atMost(0, args)
		},
		"undefined": func(_ *run, _ any, defined bool, args []any) (bool, error) {
			return !defined, atMost(0, args)
		},
		"string":        onValue(0, func(v any, _ []any) (bool, error) { _, ok := v.(string); return ok, nil }),
		"number":        onValue(0, func(v any, _ []any) (bool, error) { _, ok := numberOf(v); return ok, nil }),
		"odd":           onValue(0, func(v any, _ []any) (bool, error) { return divides(v, int64(2), false) }),
		"even":          onValue(0, func(v any, _ []any) (bool, error) { return divides(v, int64(2), true) }),
		"divisibleby":   onValue(1, isDivisibleBy),
		"iterable":      onValue(0, isIterable),
		"object":        onValue(0, func(v any, _ []any) (bool, error) { _, ok := v.(map[string]any); return ok, nil }),
		"starting_with": onValue(1, onStrings(strings.HasPrefix)),
		"ending_with":   onValue(1, onStrings(strings.HasSuffix)),
		"containing":    isContaining,
		"matching":      isMatching,
	}
}

func atMost(n int, args []any) error {
	if len(args) > n {
		return fmt.Errorf("takes at most %d arguments, got %d", n, len(args))
	}
	return nil
}

var errUndefinedSubject = errors.New("the variable is not defined")

// onValue makes a test that needs its variable to exist.
func onValue(maxArgs int, f func(v any, args []any) (bool, error)) testImpl {
	return func(_ *run, value any, defined bool, args []any) (bool, error) {
		if err := atMost(maxArgs, args); err != nil {
			return false, err
		}
		if !defined {
			return false, errUndefinedSubject
		}
		return f(value, args)
	}
}

func firstArg(args []any) any {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

func onStrings(f func(s, part string) bool) func(v any, args []any) (bool, error) {
	return func(v any, args []any) (bool, error) {
		s, err := asString(v)
		if err != nil {
			return false, err
		}
		part, err := asString(firstArg(args))
		if err != nil {
			return false, fmt.Errorf("its argument %w", err)
		}
		return f(s, part), nil
	}
}

func divides(v, divisor any, want bool) (bool, error) {
	n, err := asFloat(v)
	if err != nil {
		return false, err
	}
	d, err := asFloat(divisor)
	if err != nil {
		return false, fmt.Errorf("its argument %w", err)
	}
	return (math.Mod(n, d) == 0) == want, nil
}

func isDivisibleBy(v any, args []any) (bool, error) { return divides(v, firstArg(args), true) }

func isIterable(v any, _ []any) (bool, error) {
	switch v.(type) {
	case []any, map[string]any:
		return true, nil
	}
	return false, nil
}

func isContaining(r *run, value any, defined bool, args []any) (bool, error) {
	if err := atMost(1, args); err != nil {
		return false, err
	}
	if !defined {
		return false, errUndefinedSubject
	}
	if len(args) == 0 {
		return false, errors.New("needs an argument")
	}
	return r.contains(value, args[0])
}

// pattern is a compiled regular expression of a render.
type pattern struct {
	*regexp.Regexp
	size int // instructions
}

const (
	maxPattern     = 1 << 10 // bytes of a regular expression
	maxPatternSize = 10_000  // instructions
	maxPatterns    = 64      // kept compiled
)

// isMatching uses the syntax of Go's regexp, which is the crate's without its
// set operations; \d, \s, \w and \b are ASCII.
func isMatching(r *run, value any, defined bool, args []any) (bool, error) {
	if err := atMost(1, args); err != nil {
		return false, err
	}
	if !defined {
		return false, errUndefinedSubject
	}
	s, err := asString(value)
	if err != nil {
		return false, err
	}
	source, err := asString(firstArg(args))
	if err != nil {
		return false, fmt.Errorf("its argument %w", err)
	}
	p, ok := r.patterns[source]
	if !ok {
		if p, err = compilePattern(source); err != nil {
			return false, err
		}
		if err := r.spend(p.size); err != nil {
			return false, err
		}
		if r.patterns == nil || len(r.patterns) >= maxPatterns {
			r.patterns = map[string]pattern{}
		}
		r.patterns[source] = p
	}
	// At worst every instruction is tried at every byte.
	if err := r.spend(len(s) * p.size / (8 * bytesPerStep)); err != nil {
		return false, err
	}
	return p.MatchString(s), nil
}

func compilePattern(source string) (pattern, error) {
	if len(source) > maxPattern {
		return pattern{}, fmt.Errorf("the regular expression is longer than %d bytes", maxPattern)
	}
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return pattern{}, err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return pattern{}, err
	}
	if len(program.Inst) > maxPatternSize {
		return pattern{}, fmt.Errorf("the regular expression has more than %d instructions", maxPatternSize)
	}
	re, err := regexp.Compile(source)
	return pattern{re, len(program.Inst)}, err
}
