package tera_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/tera"
)

func renderString(t *testing.T, env *tera.Env, name, source string, vars map[string]any) string {
	t.Helper()
	out, err := env.RenderString(context.Background(), name, source, vars)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return out
}

// TestOptions: a template sees the world only through the options.
func TestOptions(t *testing.T) {
	options := func() tera.Options {
		return tera.Options{
			Now:        func() time.Time { return time.Unix(1700000000, 5000000).In(time.FixedZone("", 7200)) },
			Rand:       rand.New(rand.NewPCG(1, 2)),
			Getenv:     func(name string) (string, bool) { return "value of " + name, name == "KNOWN" },
			Autoescape: []string{".special"},
		}
	}
	env := tera.New(options())
	for source, want := range map[string]string{
		"{{ now() }}":                                "2023-11-15T00:13:20.005+02:00",
		"{{ now(utc=true) }}":                        "2023-11-14T22:13:20.005+00:00",
		"{{ now(timestamp=true) }}":                  "1700000000",
		"{{ now() | date(format='%H:%M %Z') }}":      "00:13 +02:00",
		"{{ get_env(name='KNOWN') }}":                "value of KNOWN",
		"{{ get_env(name='OTHER', default='none')}}": "none",
	} {
		if got := renderString(t, env, "main", source, nil); got != want {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
	if got := renderString(t, env, "a.special", "{{ x }}", map[string]any{"x": "<"}); got != "&lt;" {
		t.Errorf("a.special: got %q, want it escaped", got)
	}
	if got := renderString(t, env, "a.html", "{{ x }}", map[string]any{"x": "<"}); got != "<" {
		t.Errorf("a.html: got %q, want it as it is", got)
	}
	if _, err := env.RenderString(context.Background(), "main", "{{ get_env(name='HOME') }}", nil); err == nil {
		t.Error("get_env sees the environment of the process")
	}
	const chance = "{% for i in range(end=20) %}{{ get_random(start=-5, end=5) }} {% endfor %}"
	again := renderString(t, tera.New(options()), "main", chance, nil)
	if got := renderString(t, tera.New(options()), "main", chance, nil); got != again {
		t.Errorf("the same seed gives %s and %s", got, again)
	}
	for _, n := range strings.Fields(again) {
		if !strings.Contains("-5 -4 -3 -2 -1 0 1 2 3 4", n) {
			t.Errorf("get_random(start=-5, end=5) gave %s", n)
		}
	}
}

func TestCustomCalls(t *testing.T) {
	env := tera.New(tera.Options{})
	env.AddFilter("wrap", func(value any, args map[string]any) (any, error) {
		return args["left"].(string) + value.(string) + args["right"].(string), nil
	})
	env.AddFilter("upper", func(any, map[string]any) (any, error) { return "replaced", nil })
	env.AddFunction("rows", func(args map[string]any) (any, error) {
		return []map[string]any{{"n": args["first"]}, {"n": 2}}, nil
	})
	env.AddTest("between", func(value any, defined bool, args []any) (bool, error) {
		return defined && value.(int64) >= args[0].(int64) && value.(int64) <= args[1].(int64), nil
	})
	vars := map[string]any{"n": 5}
	for source, want := range map[string]string{
		"{{ 'x' | wrap(left='<', right='>') }}":                        "<x>",
		"{{ 'x' | upper }}":                                            "replaced",
		"{% for r in rows(first=n) %}{{ r.n }},{% endfor %}":           "5,2,",
		"{% if n is between(1, 9) %}yes{% endif %}":                    "yes",
		"{% if m is between(1, 9) %}yes{% else %}no{% endif %}":        "no",
		"{% if n is not between(6, 9) %}outside{% endif %}":            "outside",
		"{{ rows(first=1) | map(attribute='n') | join(sep='-') }}":     "1-2",
		"{{ 'x' | wrap(left='a' ~ n, right=n | as_str) | length }}":    "4",
		"{% filter wrap(left='[', right=']') %}{{ n }}{% endfilter %}": "[5]",
	} {
		if got := renderString(t, env, "main", source, vars); got != want {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
	if got := renderString(t, tera.New(tera.Options{}), "main", "{{ 'x' | upper }}", nil); got != "X" {
		t.Errorf("a filter leaked into another Env: %q", got)
	}
}

// TestGoValues: the Go types that callers hand in count as the documented ones.
func TestGoValues(t *testing.T) {
	vars := map[string]any{
		"int": 3, "int32": int32(3), "uint": uint(3), "float32": float32(0.5), "huge": ^uint64(0),
		"strings": []string{"b", "a"}, "map": map[string]string{"k": "v"}, "maps": []map[string]any{{"x": 1}},
	}
	env := tera.New(tera.Options{})
	for source, want := range map[string]string{
		"{{ int + int32 + uint }}":                            "9",
		"{{ float32 + 1 }}":                                   "1.5",
		"{{ huge }}":                                          "18446744073709551615",
		"{{ strings | sort | join(sep=',') }}":                "a,b",
		"{{ map.k }}{% for k, v in map %}{{ k }}{% endfor %}": "vk",
		"{{ maps[0].x is odd }}":                              "true",
		"{{ maps | json_encode }}":                            `[{"x":1}]`,
	} {
		if got := renderString(t, env, "main", source, vars); got != want {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
	_, err := env.RenderString(context.Background(), "main", "{{ t }}", map[string]any{"t": time.Time{}})
	if err == nil || !strings.Contains(err.Error(), "time.Time") {
		t.Errorf("got %v, want an error that names the type", err)
	}
}

func TestTemplatesOfTheEnv(t *testing.T) {
	env := tera.New(tera.Options{})
	add := func(name, source string) {
		t.Helper()
		if err := env.Add(name, source); err != nil {
			t.Fatal(err)
		}
	}
	add("child", "{% extends 'base' %}{% import 'm' as m %}{% block b %}{{ m::f() }}{% endblock %}")
	if err := env.Check(); err == nil {
		t.Error("Check does not miss the parent")
	}
	add("base", "<{% block b %}{% endblock %}>")
	add("m", "{% macro f() %}1{% endmacro %}")
	if err := env.Check(); err != nil {
		t.Error(err)
	}
	render := func() string {
		t.Helper()
		out, err := env.Render(context.Background(), "child", nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := render(); got != "<1>" {
		t.Errorf("got %q", got)
	}
	add("m", "{% macro f() %}2{% endmacro %}")
	if got := render(); got != "<2>" {
		t.Errorf("after a template was replaced: got %q", got)
	}
	const oneOff = "{% extends 'child' %}{% block b %}[{{ super() }}]{% endblock %}"
	if got := renderString(t, env, "one off", oneOff, nil); got != "<[2]>" {
		t.Errorf("RenderString: got %q", got)
	}
	if _, err := env.Render(context.Background(), "one off", nil); err == nil {
		t.Error("RenderString kept its template")
	}
	add("a", "{% import 'b' as b %}")
	add("b", "{% import 'a' as a %}")
	if err := env.Check(); err == nil || !strings.Contains(err.Error(), "circle") {
		t.Errorf("got %v, want an error about the circle", err)
	}
}

func TestCaseFilterAliases(t *testing.T) {
	env := tera.New(tera.Options{})
	for name, f := range tera.CaseFilters() {
		env.AddFilter(name, f)
	}
	for _, group := range []struct{ want, names string }{
		{"order_items", "snake snake_case"},
		{"ORDER_ITEMS", "screaming screaming_snake screaming_snake_case shouty shouty_snake shouty_snake_case"},
		{"order-items", "kebab kebab_case"},
		{"ORDER-ITEMS", "shouty_kebab shouty_kebab_case"},
		{"orderItems", "camel camel_case"},
		{"OrderItems", "pascal pascal_case"},
		{"Order-Items", "train train_case"},
		{"Order Items", "title_case"},
		{"Order items", "sentence sentence_case"},
		{"OrderItem", "class class_case classify"},
		{"order_items", "table table_case tableize"},
		{"orderItems", "plural pluralize"},
		{"orderItem", "singular singularize"},
		{"order_items_id", "foreign_key"},
	} {
		for _, name := range strings.Fields(group.names) {
			if got := renderString(t, env, "main", "{{ 'orderItems' | "+name+" }}", nil); got != group.want {
				t.Errorf("%s: got %q, want %q", name, got, group.want)
			}
		}
	}
	for source, want := range map[string]string{
		"item{{ 2 | pluralize }} item{{ 1 | pluralize }}":                            "items item",
		"{{ 'entity' | pluralize }} {{ 2 | pluralize(singular='y', plural='ies') }}": "entities ies",
		"{{ 'foo_bar baz' | title }}":                                                "Foo_bar Baz",
		"{{ 21 | ordinalize }}":                                                      "21st",
		"{{ 'Straße_Öffnen' | snake }} {{ 'ÉtéChaud' | kebab }}":                     "straße_öffnen été-chaud",
	} {
		if got := renderString(t, env, "main", source, nil); got != want {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
}
