package tera_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// generator writes random templates that are mostly valid.
type generator struct {
	*rand.Rand
	depth  int
	inPart bool // in a template that others include
}

func (g *generator) pick(options ...string) string { return options[g.IntN(len(options))] }

// chance is true in one of n cases.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// deeper runs f unless the template is deep enough already.
func (g *generator) deeper(otherwise string, f func() string) string {
	if g.depth > 4 {
		return otherwise
	}
	g.depth++
	defer func() { g.depth-- }()
	return f()
}

func (g *generator) repeat(most int, separator string, f func() string) string {
	parts := make([]string, g.IntN(most+1))
	for i := range parts {
		parts[i] = f()
	}
	return strings.Join(parts, separator)
}

// wild is true where anything may stand, whether it makes sense or not.
func (g *generator) wild() bool { return g.chance(60) }

func (g *generator) variable() string {
	return g.pick("n", "neg", "f", "s", "t", "nul", "big", "arr", "strs", "obj", "people", "key", "idx", "uni", "missing",
		"obj.a", "obj.b.c", "obj.b.c.1", "obj[key]", "arr[0]", "arr[idx]", "arr.2", "people[idx].name", "people.0.age", "obj['a']",
		"obj.zz", "x", "x.name", "k", "v", "loop.index", "loop.last", "y", "arr[9]", "strs[idx]", "obj.b['c'][0]")
}

func (g *generator) number() string {
	return g.pick("n", "neg", "f", "idx", "obj.a", "arr[0]", "arr[idx]", "arr.2", "people.0.age", "obj['a']", "obj[key]", "obj.b['c'][0]",
		"0", "1", "-2", "7", "2.5", "-0.5", "3.0", "1000000", "big")
}

func (g *generator) string() string {
	return g.pick("s", "key", "uni", "people[idx].name", "strs[idx]", `"a"`, `'b'`, "`c`", `""`, `"<i>"`, `"hello world"`, `"Ünï"`, `"a,b,c"`,
		`" x "`, `"1.5"`, `"it's"`)
}

func (g *generator) list() string {
	return g.pick("arr", "strs", "people", "obj.b.c", "range(end=3)", g.array(), "people "+g.listFilter(), "arr "+g.listFilter(), "strs "+g.listFilter())
}

func (g *generator) text() string {
	return g.pick(`"a"`, `'b'`, "`c`", `""`, `"<i>"`, `"hello world"`, `"Ünï"`, `"a,b,c"`, `" x "`, `"1.5"`, `"42"`, `"it's"`)
}

func (g *generator) filter() string {
	return "| " + g.pick("upper", "lower", "trim", "title", "capitalize", "length", "reverse", "first", "last", "sort", "unique", "join",
		`join(sep=", ")`, "json_encode", "json_encode(pretty=true)", "as_str", "abs", "int", "float", "round", "wordcount", "escape",
		"safe", `default(value="d")`, "default(value=1)", "default(value=n)", "pluralize", "slugify", "urlencode", "addslashes",
		"nth(n=1)", `get(key="a")`, "filesizeformat", "nope", `int(base=16)`, `date(format="%Y")`)
}

func (g *generator) stringFilter() string {
	return "| " + g.pick("upper", "lower", "trim", "title", "capitalize", "reverse", "as_str", "escape", "slugify", "urlencode", "addslashes",
		"truncate(length=3)", `truncate(length=2, end="")`, `replace(from="a", to="<b>")`, "indent", "striptags", "linebreaksbr",
		"escape_xml", "spaceless", "urlencode_strict", "trim_start", `trim_end_matches(pat="d")`, "safe", "json_encode", `default(value="d")`,
		"length", "wordcount", "int", `split(pat=",") | last`)
}

func (g *generator) numberFilter() string {
	return "| " + g.pick("abs", "int", "float", "round", `round(method="ceil", precision=1)`, "pluralize", "as_str", "json_encode", "default(value=1)",
		`pluralize(singular="y", plural="ies")`, `date(format="%Y")`)
}

func (g *generator) listFilter() string {
	return "| " + g.pick("reverse", "slice(start=1)", "slice(end=-1)", `concat(with=[1, "z"])`, "concat(with=n)", `map(attribute="name")`,
		`filter(attribute="age", value=3)`, "default(value=1)", "slice(start=1, end=2)")
}

func (g *generator) filters() string {
	if g.wild() {
		return g.repeat(2, " ", g.filter)
	}
	return ""
}

// side is one side of a comparison, with filters that suit its type.
func (g *generator) side() string {
	switch {
	case g.wild():
		return g.variable() + " " + g.filter()
	case g.chance(12):
		return g.pick("missing", "nul", "obj.zz", "x", "y") + ` | default(value=` + g.pick("n", `"<d>"`, "1") + ")"
	}
	switch g.IntN(6) {
	case 0:
		return g.concat() + g.repeat(2, " ", g.stringFilter)
	case 1:
		return g.string() + g.repeat(1, " ", g.stringFilter)
	case 2:
		return g.list() + " " + g.pick("| length", "| first", "| last", "| json_encode", `| join(sep="<")`, "| nth(n=1)", "")
	case 3:
		return g.deeper("1", func() string { return "(" + g.maths() + ")" }) + g.repeat(1, " ", g.numberFilter)
	case 4:
		return g.pick("m::f(a=1)", "m::f(a="+g.value()+", b="+g.string()+")", "m::g()", `get_env(name="SIXTY_UNSET", default=`+g.string()+")")
	default:
		return g.pick("", "", "", "s | length + ", "neg | abs * ", "arr | first - ", "range(start=1, end=n) | last % ") + g.maths() + g.repeat(1, " ", g.numberFilter)
	}
}

func (g *generator) maths() string {
	s := g.operand()
	for range g.IntN(3) {
		s += g.pick(" + ", " - ", " * ", " / ", " % ", "+", "-", "*") + g.operand()
	}
	return s
}

func (g *generator) operand() string {
	switch {
	case g.wild():
		return g.pick(g.variable(), g.test(), "nope()", "self::g(a=1)", "m::h()")
	case g.chance(4):
		return g.deeper("1", func() string { return "(" + g.maths() + ")" })
	}
	return g.number()
}

func (g *generator) test() string {
	if g.wild() {
		return g.variable() + " is " + g.pick("odd", "divisibleby(2)", "nope", `containing("a")`, `starting_with("h")`)
	}
	return g.pick(g.variable()+" is "+g.pick("", "not ")+g.pick("defined", "undefined"),
		g.pick("n", "s", "arr", "obj", "nul", "t")+" is "+g.pick("", "not ")+g.pick("string", "number", "iterable", "object"),
		g.pick("n", "neg", "arr[0]")+" is "+g.pick("odd", "even", "divisibleby(2)", "divisibleby(n)"),
		g.pick("s", "key", "uni")+" is "+g.pick(`containing("a")`, `starting_with("h")`, `ending_with("d")`),
		g.pick("arr", "strs", "obj")+` is containing("a")`)
}

func (g *generator) concat() string {
	s := g.text()
	for range g.IntN(3) {
		s += g.pick(" ~ ", "~") + g.pick(g.text(), "n", "f", "s", "uni", "big", "obj[key]", "1", "2.5", "3.0", `get_env(name="SIXTY_UNSET", default="e")`)
	}
	return s
}

func (g *generator) value() string {
	switch g.IntN(9) {
	case 0:
		return g.side() + g.pick(" == ", " != ") + g.side()
	case 1:
		return g.maths() + g.pick(" < ", " <= ", " > ", ">=") + g.maths()
	case 2:
		return g.pick(g.string()+g.pick(" in ", " not in ")+g.pick("s", "obj", "strs", g.concat()), g.maths()+g.pick(" in ", " not in ")+g.pick("arr", g.array()))
	case 3:
		return g.deeper("t", func() string { return "(" + g.logic() + ")" })
	case 4:
		return g.test()
	default:
		return g.side()
	}
}

func (g *generator) logic() string {
	s := ""
	for i := range 1 + g.IntN(2) {
		if i > 0 {
			s += g.pick(" and ", " or ")
		}
		c := g.condition()
		if g.chance(5) && (g.wild() || !strings.HasPrefix(c, "not ") && !strings.HasPrefix(c, "(")) {
			c = "not " + c
		}
		s += c
	}
	return s
}

// condition is a value that is true or false, most of the time.
func (g *generator) condition() string {
	if g.chance(4) {
		return g.value()
	}
	return g.pick(g.test(), "t", "not t", "missing", "n", "nul", "arr", g.string()+" == "+g.string(), g.maths()+" > "+g.number(), g.number()+" in arr")
}

func (g *generator) array() string {
	return g.deeper("[]", func() string {
		return "[" + g.repeat(3, ", ", g.value) + "]"
	})
}

func (g *generator) expression() string {
	switch {
	case g.chance(8):
		return g.array() + " " + g.filters()
	case g.chance(4):
		return g.logic()
	}
	return g.value()
}

func (g *generator) open() string    { return g.pick("{%", "{%", "{%", "{%-") + " " }
func (g *generator) closing() string { return " " + g.pick("%}", "%}", "%}", "-%}") }

func (g *generator) tag(s string) string { return g.open() + s + g.closing() }

func (g *generator) words() string {
	return g.pick(" ", "\n", "text", " a <b> ", "\t\n x\n", "", "é ", "{ ", "%", "}}")
}

func (g *generator) body(inLoop bool) string {
	return g.repeat(4, "", func() string { return g.node(inLoop) })
}

func (g *generator) node(inLoop bool) string {
	switch g.IntN(16) {
	case 0, 1, 2:
		return g.words()
	case 3, 4, 5, 6, 7:
		return g.pick("{{ ", "{{ ", "{{- ") + g.expression() + g.pick(" }}", " }}", " -}}")
	case 8:
		return g.tag(g.pick("set ", "set ", "set_global ") + g.pick("x", "y", "n", "s") + " = " + g.expression())
	case 9, 10:
		return g.deeper("i", func() string {
			s := g.tag("if "+g.logic()) + g.body(inLoop)
			for g.chance(3) {
				s += g.tag("elif "+g.logic()) + g.body(inLoop)
			}
			if g.chance(2) {
				s += g.tag("else") + g.body(inLoop)
			}
			return s + g.tag("endif")
		})
	case 11, 12:
		return g.deeper("l", func() string {
			s := g.tag("for "+g.loop()) + g.body(true)
			if g.chance(3) {
				s += g.tag("else") + g.body(true)
			}
			return s + g.tag("endfor")
		})
	case 13:
		return g.deeper("f", func() string {
			name, _, _ := strings.Cut(strings.TrimPrefix(g.stringFilter(), "| "), " |")
			inner := g.body(false)
			return g.tag("filter "+name) + inner + g.tag("endfilter")
		})
	case 14:
		if inLoop {
			return g.tag(g.pick("break", "continue"))
		}
		return g.pick("{# c #}", "{#- c -#}", g.tag("raw")+" {{ x }} "+g.tag("endraw"))
	default:
		if g.inPart {
			return g.words()
		}
		return g.tag("include " + g.pick(`"part"`, `"nope" ignore missing`, `["nope", "part"]`, `"part" ignore missing`))
	}
}

// loop is what stands after for.
func (g *generator) loop() string {
	if g.wild() {
		return g.pick("x", "k, v") + " in " + g.variable()
	}
	if g.chance(5) {
		return "k, v in obj" + g.pick("", ".b")
	}
	return g.pick("x", "v", "y") + " in " + g.pick(g.list(), "s", "[]", "missing | default(value=arr)")
}

// templates returns a set that is rendered from main.html or main.txt.
func (g *generator) templates() (set map[string]string, render string) {
	render = g.pick("main.html", "main.txt")
	g.inPart = true
	part := g.body(false)
	g.inPart = false
	set = map[string]string{
		"m":    `{% macro f(a, b="q") %}{{ a }}-{{ b }}{% endmacro %}{% macro g(a=2) %}<{{ a }}>{{ n }}{% endmacro %}`,
		"part": `{% import "m" as m %}` + part,
		"base": `{% import "m" as m %}` + g.body(false) + "{% block a %}" + g.body(false) + "{% block b %}B{% endblock %}{% endblock %}" + g.body(false),
	}
	head := `{% import "m" as m %}`
	if g.wild() {
		head = ""
	}
	if g.chance(4) {
		set[render] = `{% extends "base" %}` + head + fmt.Sprintf("{%% block %s %%}%s%s{%% endblock %%}", g.pick("a", "b"), g.body(false), g.pick("", "{{ super() }}"))
		return set, render
	}
	set[render] = head + g.pick("", `{% macro g(a) %}own{{ a }}{% endmacro %}`) + g.body(false) + g.body(false)
	return set, render
}

func generated(seed uint64) oracleCase {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 60))}
	set, render := g.templates()
	return oracleCase{Templates: set, Render: render, Vars: fuzzVars()}
}

// FuzzGeneratedAgainstCrate compares on random templates. It runs only with
// SIXTY_TERA_ORACLE.
func FuzzGeneratedAgainstCrate(f *testing.F) {
	o := startOracle(f)
	for seed := range uint64(500) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		c := generated(seed)
		want, err := c.ask(o)
		if errors.Is(err, errOracleDied) {
			t.Skip("the crate overflows its stack")
		}
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint(c.Templates)
		if want.Panic != nil || strings.Contains(text, "`]") || strings.Contains(text, " in uni") {
			_, _ = c.ours()
			return
		}
		if err := c.compare(want); err != nil {
			t.Errorf("seed %d: %q\n%v", seed, c.Templates, err)
		}
	})
}

// TestGeneratedStayValid keeps the generator useful: a fair part of what it
// writes has to render.
func TestGeneratedStayValid(t *testing.T) {
	rendered := 0
	const total = 1000
	for seed := range uint64(total) {
		if out, err := generated(seed).ours(); err == nil && out != "" {
			rendered++
		}
	}
	if rendered < total/5 {
		t.Errorf("only %d of %d templates render to something", rendered, total)
	}
}
