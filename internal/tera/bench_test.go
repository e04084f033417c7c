package tera_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sixtyhq/sixty/internal/tera"
)

// workload is a template and variables that make about 1 MB of output.
type workload struct {
	name string
	oracleCase
}

func workloads() []workload {
	return []workload{codeWorkload(), pageWorkload(), macroWorkload(), textWorkload()}
}

// codeWorkload is what generating source code looks like: nested loops over
// rows, conditions, filters, whitespace control.
func codeWorkload() workload {
	const source = `{% for t in types -%}
/// {{ t.doc | default(value="No description.") }}
#[derive(Debug, Clone)]
pub struct {{ t.name | title }} {
{%- for f in t.fields %}
    {% if f.optional -%}
    pub {{ f.name }}: Option<{{ f.type }}>,
    {%- else -%}
    pub {{ f.name }}: {{ f.type }},
    {%- endif %} // {{ loop.index }} of {{ t.fields | length }}
{%- endfor %}
}

impl {{ t.name | title }} {
    pub const FIELDS: &'static [&'static str] = &[{% for f in t.fields %}"{{ f.name | upper }}"{% if not loop.last %}, {% endif %}{% endfor %}];
    {% set n = t.fields | length -%}
    pub fn weight() -> usize { {{ n * 2 + 1 }} }
}

{% endfor %}`
	types := make([]any, 2000)
	for i := range types {
		fields := make([]any, 6)
		for j := range fields {
			fields[j] = map[string]any{"name": fmt.Sprintf("field_%d", j), "type": "String", "optional": j%2 == 0}
		}
		types[i] = map[string]any{"name": fmt.Sprintf("entity%d", i), "fields": fields}
		if i%3 == 0 {
			types[i].(map[string]any)["doc"] = "An entity of the model, number " + fmt.Sprint(i)
		}
	}
	return workload{"code", oracleCase{
		Templates: map[string]string{"main.rs": source}, Render: "main.rs", Vars: map[string]any{"types": types},
	}}
}

// pageWorkload is a page with inheritance, includes and escaping.
func pageWorkload() workload {
	rows := make([]any, 4000)
	for i := range rows {
		rows[i] = map[string]any{"id": int64(i), "title": fmt.Sprintf("Row <%d> & \"more\"", i), "price": float64(i) / 4, "tags": []any{"a/b", "c'd"}}
	}
	return workload{"page", oracleCase{
		Templates: map[string]string{
			"base.html": `<!DOCTYPE html><html><head><title>{% block title %}x{% endblock %}</title></head><body>{% block body %}{% endblock %}</body></html>`,
			"row.html":  `<tr id="row-{{ row.id }}"><td>{{ row.title }}</td><td class="{% if row.price > 500 %}high{% elif row.price > 100 %}mid{% else %}low{% endif %}">{{ row.price }}</td><td>{{ row.tags | join(sep=", ") }}</td></tr>` + "\n",
			"main.html": `{% extends "base.html" %}{% block title %}{{ name | capitalize }}{% endblock %}{% block body %}<table>{% for row in rows %}{% include "row.html" %}{% endfor %}</table>{% endblock %}`,
		},
		Render: "main.html",
		Vars:   map[string]any{"rows": rows, "name": "the page"},
	}}
}

// macroWorkload spends its time in macro calls.
func macroWorkload() workload {
	return workload{"macros", oracleCase{
		Templates: map[string]string{
			"m":    `{% macro field(name, type="text", width=10) %}<input name="{{ name }}" type="{{ type }}" size="{{ width }}">{{ self::hint(text=name ~ "-" ~ width) }}{% endmacro %}{% macro hint(text) %}<small>{{ text | replace(from="-", to=" ") }}</small>{% endmacro %}`,
			"main": `{% import "m" as m %}{% for i in range(end=10000) %}{{ m::field(name="field" ~ i, width=i % 40) }}` + "\n{% endfor %}",
		},
		Render: "main",
	}}
}

// textWorkload is long text with few tags in it.
func textWorkload() workload {
	return workload{"text", oracleCase{
		Templates: map[string]string{"main": strings.Repeat("The quick brown fox jumps over the lazy dog. {{ name }}\n", 20000)},
		Render:    "main",
		Vars:      map[string]any{"name": "fox"},
	}}
}

func newEnv(tb testing.TB, c oracleCase) *tera.Env {
	tb.Helper()
	env := tera.New(tera.Options{})
	for name, source := range c.Templates {
		if err := env.Add(name, source); err != nil {
			tb.Fatal(err)
		}
	}
	if err := env.Check(); err != nil {
		tb.Fatal(err)
	}
	return env
}

// BenchmarkRender renders about 1 MB. With SIXTY_TERA_ORACLE it has the crate
// render the same in between and reports, as x-crate, how many times as long
// this package takes. That compares the fastest renders, which is what they
// need when nothing else runs.
func BenchmarkRender(b *testing.B) {
	for _, w := range workloads() {
		b.Run(w.name, func(b *testing.B) {
			env := newEnv(b, w.oracleCase)
			ctx := context.Background()
			out, err := env.Render(ctx, w.Render, w.Vars)
			if err != nil {
				b.Fatal(err)
			}
			crate := newRival(b, w, out)
			b.SetBytes(int64(len(out)))
			b.ReportAllocs()
			best := time.Duration(math.MaxInt64)
			for b.Loop() {
				start := time.Now()
				if _, err := env.Render(ctx, w.Render, w.Vars); err != nil {
					b.Fatal(err)
				}
				best = min(best, time.Since(start))
				crate.turn(b)
			}
			crate.report(b, best)
		})
	}
}

// rival is the crate, rendering a workload by turns with this package.
type rival struct {
	oracle *oracle
	work   oracleCase
	best   int64 // nanoseconds
	turns  int
}

// rivalTurns is how often the crate has its turn: parsing takes it long.
const rivalTurns = 5

// newRival returns nil when the crate is not wanted. It checks that the crate
// gives the same output.
func newRival(b *testing.B, w workload, out string) *rival {
	b.Helper()
	if !oracleWanted() {
		return nil
	}
	o := startOracle(b)
	r, err := w.ask(o)
	if err != nil {
		b.Fatal(err)
	}
	if r.Output == nil || *r.Output != out {
		b.Fatalf("the crate gives something else: %.200s", r)
	}
	timed := w.oracleCase
	timed.Times = 10
	return &rival{oracle: o, work: timed, best: math.MaxInt64}
}

func (r *rival) turn(b *testing.B) {
	b.Helper()
	if r == nil || r.turns >= rivalTurns {
		return
	}
	r.turns++
	b.StopTimer()
	defer b.StartTimer()
	got, err := r.work.ask(r.oracle)
	if err != nil {
		b.Fatal(err)
	}
	r.best = min(r.best, got.Nanoseconds)
}

func (r *rival) report(b *testing.B, ours time.Duration) {
	if r == nil {
		return
	}
	b.ReportMetric(float64(ours), "best-ns/op")
	b.ReportMetric(float64(r.best), "crate-ns/op")
	b.ReportMetric(float64(ours)/float64(r.best), "x-crate")
}

// BenchmarkAdd parses the templates of the workloads.
func BenchmarkAdd(b *testing.B) {
	for _, w := range workloads() {
		b.Run(w.name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for _, source := range w.Templates {
				size += len(source)
			}
			b.SetBytes(int64(size))
			for b.Loop() {
				newEnv(b, w.oracleCase)
			}
		})
	}
}
