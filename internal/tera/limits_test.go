package tera_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/tera"
)

// TestHostile renders templates that try to take all time, memory or stack.
func TestHostile(t *testing.T) {
	nest := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	deep := any(int64(1))
	for range 100_000 {
		deep = []any{deep}
	}
	vars := map[string]any{"deep": deep, "x": int64(1), "s": strings.Repeat("x", 1<<20)}
	for name, source := range map[string]string{
		"nested ifs":              nest("{% if x %}", "", "{% endif %}", 100_000),
		"nested loops":            nest("{% for i in range(end=1000) %}", "a", "{% endfor %}", 20),
		"nested parentheses":      "{{ " + nest("(", "1", ")", 100_000) + " }}",
		"nested comparisons":      "{{ " + nest("(", "1 == 1", ")", 100_000) + " }}",
		"nested calls":            "{{ " + nest("range(end=", "1", ")", 100_000) + " }}",
		"nested filter arguments": "{{ 1" + nest(" | default(value=1", "", ")", 100_000) + " }}",
		"nested brackets":         "{{ " + nest("x[", "x", "]", 100_000) + " }}",
		"nested arrays":           "{{ 1 in " + nest("[1 in ", "x", "]", 100_000) + " }}",
		"long sum":                "{{ 1" + strings.Repeat(" + 1", 100_000) + " }}",
		"long condition":          "{{ x" + strings.Repeat(" and x", 100_000) + " }}",
		"huge range":              "{{ range(end=9223372036854775807) | length }}",
		"endless range":           "{{ range(end=10, step_by=0) }}",
		"macro recursion":         "{% macro f() %}{{ self::f() }}{% endmacro %}{{ self::f() }}",
		"branching recursion":     "{% macro f(n) %}{% if n > 0 %}{{ self::f(n=n-1) }}{{ self::f(n=n-1) }}{% endif %}{% endmacro %}{{ self::f(n=60) }}",
		"recursion in a test":     "{% macro f() %}{% if self::f() %}{% endif %}{% endmacro %}{{ self::f() }}",
		"recursion in a default":  "{% macro f() %}{% if y | default(value=self::f()) %}{% endif %}{% endmacro %}{% if y | default(value=self::f()) %}{% endif %}",
		"include recursion":       "{% include 'main' %}",
		"doubling string":         "{% set a = 'xx' %}{% for i in range(end=100) %}{% set_global a = a ~ a %}{% endfor %}",
		"doubling array":          "{% set a = [1] %}{% for i in range(end=100) %}{% set_global a = a | concat(with=a) %}{% endfor %}",
		"doubling replace":        "{% set a = 'xx' %}{% for i in range(end=100) %}{% set_global a = a | replace(from='x', to='xxxx') %}{% endfor %}",
		"wide replace":            "{{ s | replace(from='x', to=s) }}",
		"wide join":               "{{ s | split(pat='') | join(sep=s) }}",
		"wide indent":             "{% set l = s | replace(from='x', to='\n') %}{{ l | indent(prefix=s, blank=true) }}",
		"deepening array":         "{% set a = [1] %}{% for i in range(end=100000) %}{% set_global a = [a] %}{% endfor %}{{ a }}",
		"deepening array as JSON": "{% set a = [1] %}{% for i in range(end=100000) %}{% set_global a = [a] %}{% endfor %}{{ a | json_encode }}",
		"deepening array compare": "{% set a = [1] %}{% set b = [1] %}{% for i in range(end=100000) %}{% set_global a = [a] %}{% set_global b = [b] %}{% endfor %}{{ a == b }}",
		"wide tree compare":       "{% set a = [1] %}{% set b = [1] %}{% for i in range(end=60) %}{% set_global a = [a, a] %}{% set_global b = [b, b] %}{% endfor %}{{ a == b }}",
		"wide tree print":         "{% set a = [] %}{% for i in range(end=60) %}{% set_global a = [a, a] %}{% endfor %}{{ a }}",
		"wide tree as JSON":       "{% set a = [] %}{% for i in range(end=60) %}{% set_global a = [a, a] %}{% endfor %}{{ a | json_encode | length }}",
		"wide tree grouped":       "{% set a = [] %}{% for i in range(end=60) %}{% set_global a = [a, a] %}{% endfor %}{{ [a] | group_by(attribute='0') }}",
		"deep variable":           "{{ deep }}",
		"large output":            "{% for i in range(end=1000) %}{{ s }}{% endfor %}",
		"empty loops":             nest("{% for i in range(end=10000) %}", "", "{% endfor %}", 3),
		"context in a loop":       "{% for i in range(end=1000) %}{% set c = __tera_context %}{% endfor %}",
		"long pattern":            "{{ s is matching(s) }}",
		"costly pattern":          "{% for i in range(end=1000) %}{{ s is matching('(x{1,500}){1,500}y') }}{% endfor %}",
		"sorting again and again": "{% set a = s | split(pat='') %}{% for i in range(end=1000) %}{% set b = a | sort | length %}{% endfor %}",
		"long concatenation":      "{% set a = s" + strings.Repeat(" ~ s", 10_000) + " %}",
		"nested sections":         nest("{{ s ~ s }}{% filter safe %}", "", "{% endfilter %}", 50),
		"sorting long strings":    "{% set a = [s ~ 'a', s ~ 'b'] %}{% for i in range(end=17) %}{% set_global a = a | concat(with=a) %}{% endfor %}{{ a | sort | length }}",
		"unique long strings":     "{% set a = [s ~ 'a', s ~ 'b'] %}{% for i in range(end=17) %}{% set_global a = a | concat(with=a) %}{% endfor %}{{ a | unique | length }}",
		"finding long strings":    "{% set a = [s ~ 'a', s ~ 'b'] %}{% for i in range(end=17) %}{% set_global a = a | concat(with=a) %}{% endfor %}{% if s ~ 'c' in a %}{% endif %}",
		"swallowed errors":        "{% for i in range(end=1000000) %}{% if x | nope %}{% endif %}{% endfor %}" + strings.Repeat("x", 1<<20),
		"swallowed long argument": "{% for i in range(end=1000000) %}{% if x | truncate(length=s) %}{% endif %}{% endfor %}",
		"undefined many times":    "{% for i in range(end=1000000) %}{{ nope | default(value=s) | truncate(length=1) }}{% endfor %}",
		"long string as loop":     "{% set l = s ~ s ~ s ~ s %}{% for c in l %}{% endfor %}",
		"format":                  "{% set f = s | replace(from='x', to='%c') %}{{ 0 | date(format=f) }}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := tera.New(tera.Options{Limits: tera.Limits{Output: 8 << 20, Steps: 2_000_000, Depth: 100}})
			err := env.Add("main", source)
			if err == nil {
				_, err = env.Render(context.Background(), "main", vars)
			}
			var e *tera.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *tera.Error", err)
			}
			if len(e.Error()) > 4096 {
				t.Errorf("the error has %d bytes", len(e.Error()))
			}
		})
	}
}

func TestLimitsAreErrLimit(t *testing.T) {
	for name, test := range map[string]struct {
		limits tera.Limits
		source string
		reason string
	}{
		"output": {tera.Limits{Output: 10}, "{% for i in range(end=10) %}ab{% endfor %}", "more than 10 bytes of output"},
		"steps":  {tera.Limits{Steps: 10}, "{% for i in range(end=9) %}ab{% endfor %}", "more than 10 steps"},
		"depth":  {tera.Limits{Depth: 10}, "{% macro f() %}{{ self::f() }}{% endmacro %}{{ self::f() }}", "more than 10 nested macros, includes and blocks"},
		"parse":  {tera.Limits{Depth: 10}, strings.Repeat("{% if x %}", 11) + strings.Repeat("{% endif %}", 11), "nest deeper than 10"},
	} {
		t.Run(name, func(t *testing.T) {
			env := tera.New(tera.Options{Limits: test.limits})
			_, err := env.RenderString(context.Background(), "main", test.source, nil)
			if !errors.Is(err, tera.ErrLimit) || !strings.Contains(err.Error(), test.reason) {
				t.Errorf("got %v, want an ErrLimit: %s", err, test.reason)
			}
		})
	}
	env := tera.New(tera.Options{Limits: tera.Limits{Output: 20, Steps: 1000, Depth: 10}})
	if _, err := env.RenderString(context.Background(), "main", "{% for i in range(end=10) %}ab{% endfor %}", nil); err != nil {
		t.Errorf("within the limits: %v", err)
	}
}

func TestContextEndsRender(t *testing.T) {
	env := tera.New(tera.Options{Limits: tera.Limits{Steps: 1 << 40}})
	const endless = "{% for i in range(end=100000) %}{% for j in range(end=100000) %}{% endfor %}{% endfor %}"
	ctx, cancel := context.WithCancel(context.Background())
	env.AddFunction("stop", func(map[string]any) (any, error) { cancel(); return "", nil })
	_, err := env.RenderString(ctx, "main", "{{ stop() }}"+endless, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it to wrap context.Canceled", err)
	}
}

// TestRenderConcurrently is for the race detector.
func TestRenderConcurrently(t *testing.T) {
	env := tera.New(tera.Options{Now: func() time.Time { return time.Unix(0, 0) }})
	for name, source := range map[string]string{
		"base": "{% block b %}{% endblock %}",
		"m":    "{% macro f(x) %}{{ x | upper | slugify }}{{ get_random(end=5) }}{% endmacro %}",
		"main": "{% extends 'base' %}{% import 'm' as m %}{% block b %}{% for x in xs %}{{ m::f(x=x) }}{% include 'part' %}{% endfor %}{% endblock %}",
		"part": "{{ x | title }}",
	} {
		if err := env.Add(name, source); err != nil {
			t.Fatal(err)
		}
	}
	vars := map[string]any{"xs": []any{"é a", "b"}}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			for range 50 {
				if _, err := env.Render(context.Background(), "main", vars); err != nil {
					errs[i] = err
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(vars) != "map[xs:[é a b]]" {
		t.Errorf("rendering changed its variables: %v", vars)
	}
}
