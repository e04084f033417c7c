package tera_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sixtyhq/sixty/internal/tera"
)

// fuzzVars are the variables that fuzzed templates see.
func fuzzVars() map[string]any {
	return map[string]any{
		"n": int64(7), "neg": int64(-3), "f": 2.5, "s": "hello <world>", "t": true, "nul": nil, "big": int64(1) << 62,
		"arr":    []any{int64(3), int64(1), int64(2)},
		"strs":   []any{"b", "A", "c"},
		"obj":    map[string]any{"a": int64(1), "b": map[string]any{"c": []any{int64(1), "x"}}},
		"people": []any{map[string]any{"name": "Bob", "age": int64(3)}, map[string]any{"name": "ann", "age": int64(2)}},
		"key":    "a", "idx": int64(1), "uni": "Ünï é́ 👨‍👩‍👧 日本",
	}
}

// seeds are the templates of the recorded cases.
func seeds(f *testing.F) {
	for _, file := range caseFiles(f) {
		if topicOf(file) == inflectionTopic {
			continue
		}
		for _, c := range readCases(f, file) {
			f.Add(c.Templates[c.Render])
		}
	}
}

var fuzzLimits = tera.Limits{Output: 1 << 20, Steps: 200_000, Depth: 64}

// FuzzRender: whatever a template says, adding and rendering it ends, stays
// within the limits and fails only with located errors.
func FuzzRender(f *testing.F) {
	seeds(f)
	vars := fuzzVars()
	f.Fuzz(func(t *testing.T, source string) {
		env := tera.New(tera.Options{Limits: fuzzLimits, Now: func() time.Time { return time.Unix(0, 0).UTC() }})
		for name, filter := range tera.CaseFilters() {
			env.AddFilter(name, filter)
		}
		for name, s := range map[string]string{"base.html": "<{% block x %}{% block y %}b{% endblock %}{% endblock %}>", "main.html": source} {
			if err := env.Add(name, s); err != nil {
				checkError(t, err, source)
				return
			}
		}
		if err := env.Check(); err != nil {
			checkError(t, err, source)
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		out, err := env.Render(ctx, "main.html", vars)
		if err != nil {
			checkError(t, err, source)
			if errors.Is(err, context.DeadlineExceeded) {
				t.Fatal("the limits did not end the render in time")
			}
			return
		}
		if len(out) > fuzzLimits.Output {
			t.Fatalf("%d bytes of output", len(out))
		}
	})
}

func checkError(t *testing.T, err error, source string) {
	t.Helper()
	var located *tera.Error
	if !errors.As(err, &located) {
		t.Fatalf("%T is not a *tera.Error: %v", err, err)
	}
	if located.Line < 1 || located.Column < 1 || located.Name == "main.html" && located.Line > strings.Count(source, "\n")+1 {
		t.Fatalf("no place: %+v", located)
	}
	_ = located.Error()
}

// FuzzAgainstCrate has the crate render every input too. It runs only with
// SIXTY_TERA_ORACLE.
func FuzzAgainstCrate(f *testing.F) {
	o := startOracle(f)
	seeds(f)
	vars := fuzzVars()
	f.Fuzz(func(t *testing.T, source string) {
		if !utf8.ValidString(source) || !comparable(source) {
			t.Skip()
		}
		c := oracleCase{Templates: map[string]string{"main": source}, Render: "main", Vars: vars}
		want, err := c.ask(o)
		if errors.Is(err, errOracleDied) {
			t.Skip("the crate overflows its stack")
		}
		if err != nil {
			t.Fatal(err)
		}
		if want.Panic != nil {
			_, _ = c.ours()
			return
		}
		if err := c.compare(want); err != nil {
			t.Errorf("%s\n%v", source, err)
		}
	})
}

// comparable reports whether both engines can be expected to agree: not on
// chance, the clock, what takes the crate very long, or where this package
// does better on purpose.
func comparable(source string) bool {
	for _, word := range []string{"get_random", "now(", "range", "matching", "timezone", "`]", "get_env"} {
		if strings.Contains(source, word) {
			return false
		}
	}
	if strings.Contains(source, "for") && (strings.Contains(source, "uni") || strings.ContainsFunc(source, unicode.IsMark)) {
		return false // deliberate: "for over graphemes"
	}
	if strings.Contains(source, "date") && strings.Contains(source, "C") {
		return false // deliberate: "century before the year 0"
	}
	return len(source) < 4096 && strings.Count(source, "(") < 12 && strings.Count(source, "[") < 12
}
