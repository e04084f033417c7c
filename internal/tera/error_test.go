package tera_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/sixtyhq/sixty/internal/tera"
)

func TestErrors(t *testing.T) {
	vars := map[string]any{"name": "x", "count": int64(1), "list": []any{}}
	set := map[string]string{
		"macros": "{% macro button(label) %}\n  {{ labl }}{% endmacro %}",
		"part":   "one\ntwo {{ count.x }}",
	}
	for _, test := range []struct {
		name, source string
		template     string // where the error is; main when empty
		line, column int
		message      string
		cause        error
	}{
		{"undefined", "a\nb {{ nam }}", "", 2, 6, "variable `nam` is not defined; did you mean `name`?", tera.ErrUndefined},
		{"undefined after wide characters", "日本 {{ zzzzzz }}", "", 1, 7, "variable `zzzzzz` is not defined", tera.ErrUndefined},
		{"undefined field", "{{ name.first }}", "", 1, 4, "variable `name.first` is not defined: `name` has no such field or element", tera.ErrUndefined},
		{"undefined in expression", "{{ 1 + name + missing }}", "", 1, 8, "maths needs a number, this is a string", nil},
		{"unknown filter", "{{ name | uper }}", "", 1, 11, "there is no filter `uper`; did you mean `upper`?", nil},
		{"unknown function", "{{ rang(end=1) }}", "", 1, 4, "there is no function `rang`; did you mean `range`?", nil},
		{"unknown test", "{% if name is strin %}{% endif %}", "", 1, 7, "there is no test `strin`; did you mean `string`?", nil},
		{"filter fails", "{{ count | upper }}", "", 1, 12, "the filter `upper` failed: needs a string, got an integer `1`", nil},
		{"filter argument", "{{ name | truncate(length='a') }}", "", 1, 11, "the filter `truncate` failed: argument `length`: needs an integer that is not negative, got a string `a`", nil},
		{"function fails", "\n\n{{ throw(message='boom') }}", "", 3, 4, "the function `throw` failed: boom", nil},
		{"unclosed tag", "{{ name", "", 1, 8, "unexpected end of the template, expected `(` or `and` or `in` or `is` or `not` or `or` or `|` or `}}`", nil},
		{"bad expression", "{{ 1 + }}", "", 1, 8, "unexpected input, expected `(` or a number or an identifier", nil},
		{"name like a literal", "{{ 1 + true_value }}", "", 1, 8, "the name of a variable cannot begin with `true`", nil},
		{"unclosed if", "a\n {% if name %}b", "", 2, 2, "`if` is missing its `{% endif %}`", nil},
		{"unclosed block", "{% block b %}{% if name %}{% endblock %}", "", 1, 27, "unexpected tag `endblock`, expected `{% endif %}`", nil},
		{"unknown tag", "{% sett x = 1 %}", "", 1, 1, "unexpected tag `sett`", nil},
		{"stray end", "x{% endfor %}", "", 1, 2, "unexpected tag `endfor`", nil},
		{"comment", "x {# y", "", 1, 3, "the comment is not closed, expected `#}`", nil},
		{"late extends", "x {% extends 'part' %}", "", 1, 3, "`extends` has to come before everything else in the template", nil},
		{"break outside", "{% break %}", "", 1, 1, "`break` is not inside a for loop", nil},
		{"missing parent", "\n{% extends 'parts' %}", "", 2, 1, "the extended template `parts` does not exist; did you mean `part`?", tera.ErrTemplateNotFound},
		{"missing import", "{% import 'macro' as m %}", "", 1, 1, "the imported template `macro` does not exist; did you mean `macros`?", tera.ErrTemplateNotFound},
		{"missing include", "a {% include 'prt' %}", "", 1, 3, "the included template `prt` does not exist; did you mean `part`?", tera.ErrTemplateNotFound},
		{"inside include", "{% include 'part' %}", "part", 2, 8, "variable `count.x` is not defined: `count` has no such field or element", tera.ErrUndefined},
		{"inside macro", "{% import 'macros' as m %}{{ m::button(label=1) }}", "macros", 2, 6, "variable `labl` is not defined; did you mean `label`?", tera.ErrUndefined},
		{"macro argument", "{% import 'macros' as m %}{{ m::button() }}", "", 1, 30, "the macro `button` needs an argument `label`", nil},
		{"unknown macro", "{% import 'macros' as m %}{{ m::buton() }}", "", 1, 30, "there is no macro `buton` in `macros`; did you mean `button`?", nil},
		{"loop over number", "{% for x in count %}{% endfor %}", "", 1, 13, "cannot loop over an integer", nil},
		{"integer range", "{{ 99999999999999999999 }}", "", 1, 4, "the integer 99999999999999999999 is out of range", nil},
		{"division", "{{ 1 + 2 % 0 }}", "", 1, 8, "2 % 0: the remainder of a division by zero", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := renderSet(set, test.source, vars)
			var e *tera.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %T %v, want a *tera.Error", err, err)
			}
			template := test.template
			if template == "" {
				template = "main"
			}
			message := e.Msg
			if e.Err != nil && test.cause == nil {
				message += ": " + e.Err.Error()
			}
			if e.Name != template || e.Line != test.line || e.Column != test.column || message != test.message {
				t.Errorf("got  %s:%d:%d: %s\nwant %s:%d:%d: %s", e.Name, e.Line, e.Column, message, template, test.line, test.column, test.message)
			}
			if test.cause != nil && !errors.Is(err, test.cause) {
				t.Errorf("the error is not %v", test.cause)
			}
		})
	}
}

// renderSet adds set and source, as main, and renders it.
func renderSet(set map[string]string, source string, vars map[string]any) error {
	env := tera.New(tera.Options{})
	for name, s := range set {
		if err := env.Add(name, s); err != nil {
			return err
		}
	}
	if err := env.Add("main", source); err != nil {
		return err
	}
	if err := env.Check(); err != nil {
		return err
	}
	_, err := env.Render(context.Background(), "main", vars)
	return err
}

func TestErrorText(t *testing.T) {
	set := map[string]string{
		"page":   "{% import 'macros' as m %}\n\t{{ m::button(label=1) }}",
		"macros": "{% macro button(label) %}\n  <b>{{ labl }}</b>{% endmacro %}",
	}
	err := renderSet(set, "top\n{% include 'page' %}", nil)
	const want = "macros:2:9: variable `labl` is not defined; did you mean `label`?\n" +
		" 2 |   <b>{{ labl }}</b>{% endmacro %}\n" +
		"   |         ^\n" +
		"  from page:2:5 (macro m::button)\n" +
		"  from main:2:1 (include)"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestSnippetOfLongLine(t *testing.T) {
	err := renderSet(nil, strings.Repeat("x", 1000)+"{{ missing }}"+strings.Repeat("y", 1000)+"\r\n", nil)
	var e *tera.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e.Column != 1004 || len(e.Snippet) > 300 || !strings.Contains(e.Snippet, "{{ missing }}") {
		t.Errorf("column %d, snippet\n%s", e.Column, e.Snippet)
	}
	lines := strings.Split(e.Snippet, "\n")
	if at := strings.Index(lines[0], "missing"); []rune(lines[1])[len([]rune(lines[0][:at]))] != '^' {
		t.Errorf("the caret is not under the variable:\n%s", e.Snippet)
	}
}

func TestUserErrorsAreWrapped(t *testing.T) {
	errUser := errors.New("no such row")
	env := tera.New(tera.Options{})
	env.AddFilter("row", func(any, map[string]any) (any, error) { return nil, errUser })
	env.AddFunction("rows", func(map[string]any) (any, error) { return nil, errUser })
	env.AddTest("row", func(any, bool, []any) (bool, error) { return false, errUser })
	for _, source := range []string{"{{ 1 | row }}", "{{ rows() }}", "{{ x is row }}"} {
		if _, err := env.RenderString(context.Background(), "main", source, nil); !errors.Is(err, errUser) {
			t.Errorf("%s: got %v, want it to wrap %v", source, err, errUser)
		}
	}
}
