package lang

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
)

func repeat(s string, n int) string { return strings.Repeat(s, n) }

// fill repeats text until Guard would refuse more of it.
func fill(s string) string {
	perCopy := countTokens([]byte(s)) - 1
	return repeat(s, min((MaxSourceBytes-100)/len(s), (maxTokens-100)/perCopy))
}

// hostile are sources that are dear to parse: each as large as Guard lets
// through, or larger.
func hostile() map[string]string {
	var attributes strings.Builder
	for i := range maxTokens / 4 {
		fmt.Fprintf(&attributes, "a%d=1\n", i)
	}
	return map[string]string{
		"1 MB of (":                 "a = " + repeat("(", 1<<20),
		"100 kB of !":               "a = " + repeat("!", 100_000),
		"100 kB of -":               "a = " + repeat("-", 100_000) + "1",
		"unclosed ( by line":        fill("a = (((((\n"),
		"nested [":                  "a = " + repeat("[", 100_000) + repeat("]", 100_000),
		"nested for":                "a = " + repeat("[for x in ", 20_000) + repeat("]", 20_000),
		"nested interpolations":     "a = " + repeat(`"${`, 100_000) + "1" + repeat(`}"`, 100_000),
		"nested heredocs":           "a = " + repeat("<<X\n${\n", 50_000),
		"nested blocks":             repeat("b {\n", 100_000) + repeat("}\n", 100_000),
		"nested directives":         `a = "` + repeat("%{if a}", 50_000) + repeat("%{endif}", 50_000) + `"`,
		"unclosed directives":       `a = "` + repeat("%{for a in b}", 50_000) + `"`,
		"nested calls":              "a = " + repeat("f(", 100_000) + repeat(")", 100_000),
		"chain of conditions":       "a = " + repeat("a?a:", 70_000) + "a",
		"chain of conditions, else": "a = " + repeat("a?", 70_000) + "a" + repeat(":a", 70_000),
		"chain of +":                "a = 1" + repeat("+1", 100_000),
		"chain of + in parentheses": "a = (1" + repeat("\n+1", 70_000) + ")",
		"chain of + in an object":   "a = { for x in y : x => 1" + repeat("\n+1", 70_000) + "}",
		"chain of indices":          "a = x" + repeat("[a]", 70_000),
		"chain of splats":           "a = x" + repeat("[*]", 70_000),
		"chain of legacy splats":    "a = x" + repeat(".*", 100_000),
		"one large object":          "a = {" + fill("a=1,") + "}",
		"one large heredoc":         "a = <<X\n" + fill("${[1]}\n") + "X\n",
		"many blocks":               fill("b{}\n"),
		"many attributes":           attributes.String(),
		"many errors by line":       fill("a = =\n"),
		"spaces":                    repeat(" ", MaxSourceBytes),
		"huge exponent":             "a = 1e999999999",
		"huge number":               "a = " + repeat("9", 1<<20),
	}
}

// TestGuardBoundsParser parses whatever Guard lets through of hostile text: a
// stack that overflows would end the test, and Guard and the parser may
// allocate at most 600 MB in all, of which about a fourth lives at any time.
func TestGuardBoundsParser(t *testing.T) {
	const most = 600 << 20
	for name, src := range hostile() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			refused := Guard([]byte(src), "x.hcl").HasErrors()
			if !refused {
				file, _ := Parse([]byte(src), "x.hcl")
				if body, ok := file.Body.(*hclsyntax.Body); ok {
					for _, a := range body.Attributes {
						a.Expr.Variables()
						a.Expr.Value(nil)
					}
				}
			}
			runtime.ReadMemStats(&after)
			if total := after.TotalAlloc - before.TotalAlloc; total > most {
				t.Errorf("%d MB were allocated for %d bytes, refused: %v", total>>20, len(src), refused)
			}
		})
	}
}

func TestGuard(t *testing.T) {
	deep := maxNesting - 1
	cases := map[string]struct {
		file, src string
		want      string // summary, or empty
		line      int
	}{
		"empty":                          {src: ""},
		"brackets at the bound":          {src: "a = " + repeat("(", maxNesting) + repeat(")", maxNesting)},
		"brackets over the bound":        {src: "a = \n" + repeat("(", maxNesting+1), want: "Nested too deeply", line: 2},
		"brackets in a string":           {src: `a = "` + repeat("(", 5000) + `"`},
		"brackets in a comment":          {src: "# " + repeat("(", 5000)},
		"brackets in a heredoc":          {src: "a = <<X\n" + repeat("(", 5000) + "\nX\n"},
		"brackets in an interpolation":   {src: `a = "${` + repeat("(", maxNesting) + `}"`, want: "Nested too deeply", line: 1},
		"escaped interpolations":         {src: `a = "` + repeat("$${", 5000) + `"`},
		"many lines with one operator":   {src: repeat("a = 1 + 1\n", 5000)},
		"many elements with an operator": {src: "a = [" + repeat("1 + 1, ", 5000) + "]"},
		"many lines of an object":        {src: "a = {\n" + repeat("b = !c\n", 5000) + "}"},
		"many interpolations in a row":   {src: `a = "` + repeat("${-b}", 5000) + `"`},
		"many directives in a row":       {src: `a = "` + repeat("%{ if !b }x%{ endif }", 5000) + `"`},
		"else in directives":             {src: `a = "` + repeat("%{ if b }x%{ else }y%{ endif }", 5000) + `"`},
		"blocks one after the other":     {src: repeat("b {\n  a = f(1)[0]\n}\n", 5000)},
		"operators at the bound":         {src: "a = " + repeat("!", maxNesting) + "b"},
		"operators over the bound":       {src: "a = " + repeat("!", maxNesting+1) + "b", want: "Nested too deeply", line: 1},
		"operators and brackets add":     {src: "a = " + repeat("(1 + ", maxNesting), want: "Nested too deeply", line: 1},
		"too many bytes":                 {src: repeat(" ", MaxSourceBytes+1), want: "File too large", line: 1},
		"too many tokens":                {src: repeat(",", maxTokens), want: "File too large", line: 1},
		"exponent":                       {src: "\na = 1e10000", want: "Number too large", line: 2},
		"small exponent":                 {src: "a = 1e-9999"},
		"json":                           {file: "x.json", src: `{"a": [1, {"b": "${c}"}]}`},
		"json nesting":                   {file: "x.json", src: repeat("[", maxNesting+1), want: "Nested too deeply", line: 1},
		"json nesting in text":           {file: "x.json", src: `{"a": "` + repeat("[", 5000) + `"}`},
		"json template":                  {file: "x.json", src: `{"a": "${` + repeat("(", deep+1) + `}"}`, want: "Nested too deeply", line: 1},
		"json template, escaped":         {file: "x.json", src: `{"a": "\u0024{` + repeat(`\u0028`, deep+1) + `}"}`, want: "Nested too deeply", line: 1},
		"json exponent":                  {file: "x.json", src: `{"a": 1e99999}`, want: "Number too large", line: 1},
		"json broken":                    {file: "x.json", src: `{"a": `},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.file == "" {
				tc.file = "x.hcl"
			}
			diags := Guard([]byte(tc.src), tc.file)
			if tc.want == "" {
				if diags.HasErrors() {
					t.Fatal(diags)
				}
				return
			}
			if len(diags) != 1 || diags[0].Summary != tc.want || diags[0].Subject.Start.Line != tc.line {
				t.Fatalf("got %v, want %q in line %d", diags, tc.want, tc.line)
			}
		})
	}
}

func TestGuardFilesCountsTogether(t *testing.T) {
	half := []byte("<<X\n" + repeat(",", maxDense/2))
	if d := new(Guarded).Files([]string{"a.hcl"}, map[string][]byte{"a.hcl": half}); d.HasErrors() {
		t.Fatal(d)
	}
	d := new(Guarded).Files([]string{"a.hcl", "b.hcl"}, map[string][]byte{"a.hcl": half, "b.hcl": half})
	if len(d) != 1 || d[0].Subject.Filename != "b.hcl" {
		t.Fatalf("got %v, want one error in b.hcl", d)
	}
}

// FuzzGuard parses whatever Guard lets through; the parser's recursion is what
// would end the process.
func FuzzGuard(f *testing.F) {
	for _, s := range []string{"a = 1", `b "x" { c = "${d}%{ if e }f%{ endif }" }`, "a = <<X\n${b}\nX\n", "a = [for x in y : x if z]", `{"a": "${b}"}`} {
		f.Add([]byte(s), uint16(1))
		f.Add([]byte(s), uint16(3000))
	}
	f.Fuzz(func(t *testing.T, piece []byte, times uint16) {
		if len(piece)*int(times) > 64<<10 {
			return
		}
		src := []byte(repeat(string(piece), int(times)))
		if !Guard(src, "x.hcl").HasErrors() {
			file, _ := hclsyntax.ParseConfig(src, "x.hcl", hcl.InitialPos)
			if body, ok := file.Body.(*hclsyntax.Body); ok {
				for _, a := range body.Attributes {
					a.Expr.Value(nil)
				}
			}
		}
		if !Guard(src, "x.json").HasErrors() {
			file, _ := hcljson.Parse(src, "x.json")
			if file == nil {
				return
			}
			attributes, _ := file.Body.JustAttributes()
			for _, a := range attributes {
				a.Expr.Value(&hcl.EvalContext{})
			}
		}
	})
}

// FuzzShallow: what is surely shallow passes the check that looks at every token,
// and its top-level lines end where the lexer says.
func FuzzShallow(f *testing.F) {
	for _, s := range []string{"a = 1\nb \"x\" {\n  c = [1, 2] # (\n  d = \"a)\\\"b\"\n}\n", "a = 1 + 2 * 3 // {\n", "a = \"${b}\"\nc = \"${[{}][\"}\"]}\"\n",
		"a = <<X\n}\nX\n", "a = {for x in y : x => x}", "a = 1e99999", "/* ( */", "a = \"$${b}\"", "a = \"${~b~}\"\n", "a = \"$$$${b}\"\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		ends, most, ok := shallow([]byte(src))
		if !ok {
			return
		}
		tokens, _ := hclsyntax.LexConfig([]byte(src), "x.hcl", hcl.InitialPos)
		if d := guardTokens(tokens); d.HasErrors() {
			t.Error(d)
		}
		if len(tokens) > most {
			t.Errorf("%d tokens, not %d at most", len(tokens), most)
		}
		depth := 0
		var lines []int
		for _, token := range tokens {
			switch token.Type {
			case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenOQuote:
				depth++
			case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenCQuote:
				depth--
			case hclsyntax.TokenTemplateControl, hclsyntax.TokenOHeredoc:
				t.Errorf("%s is not plain", token.Bytes)
			case hclsyntax.TokenNewline, hclsyntax.TokenComment: // which may have its line's end
				if depth == 0 && strings.HasSuffix(string(token.Bytes), "\n") {
					lines = append(lines, token.Range.End.Byte)
				}
			}
		}
		if depth != 0 || !slices.Equal(lines, ends) {
			t.Errorf("depth %d, lines end at %v, not %v", depth, ends, lines)
		}
	})
}

func TestShallow(t *testing.T) {
	for src, want := range map[string]bool{
		"stage \"s\" {\n  step \"t\" { command = [\"a\", \"${b[\"}\"]}\"] } # :(\n}\n": true,
		"a = " + repeat("[", 300) + repeat("]", 300) + "\n":                            false, "a = \"" + repeat("}", 300) + "\"\n": true,
		"a = " + repeat("\"${", 100) + repeat("}\"", 100): false,
		"a = " + repeat("-", 300) + "1\n":                 false, "a = b" + repeat("[0]", 300): false, "a = 1" + repeat("0", 500): false,
		"a = {": false, "a = \"\n": false, "a = <<X\nX\n": false, "a = \"%{ if b }%{ endif }\"": false,
	} {
		if _, _, got := shallow([]byte(src)); got != want {
			t.Errorf("%.60q: %v", src, got)
		}
	}
}

// TestParseInParts: a file that is parsed in parts is what it is as a whole, with
// the same places and the same context in messages.
func TestParseInParts(t *testing.T) {
	var b strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&b, "block \"b%d\" {\n  a = \"x ${y.z[%d]}\" # }\n}\n\nattr%d = [\n  1,\n]\n", i, i, i)
	}
	src := []byte(b.String() + "bad \"x\" { a = }\n")
	whole, wholeDiags := hclsyntax.ParseConfig(src, "x.hcl", hcl.InitialPos)
	parts, partDiags := Parse(src, "x.hcl")
	if len(src) < 3*partBytes || len(wholeDiags) == 0 || wholeDiags.Error() != partDiags.Error() {
		t.Fatalf("%v, not %v", partDiags, wholeDiags)
	}
	a, c := whole.Body.(*hclsyntax.Body), parts.Body.(*hclsyntax.Body)
	if len(a.Blocks) != len(c.Blocks) || len(a.Attributes) != len(c.Attributes) {
		t.Fatalf("%d blocks and %d attributes, not %d and %d", len(c.Blocks), len(c.Attributes), len(a.Blocks), len(a.Attributes))
	}
	for i := range a.Blocks {
		if x, y := a.Blocks[i], c.Blocks[i]; x.Range() != y.Range() || x.Body.Attributes["a"] != nil && x.Body.Attributes["a"].Expr.Range() != y.Body.Attributes["a"].Expr.Range() {
			t.Fatalf("block %d is at %v, not %v", i, y.Range(), x.Range())
		}
	}
	type context interface{ ContextString(int) string }
	at := a.Blocks[2000].Body.Attributes["a"].Expr.Range().Start.Byte
	if x, y := whole.Nav.(context).ContextString(at), parts.Nav.(context).ContextString(at); x != y || x == "" {
		t.Errorf("context %q, not %q", y, x)
	}
	again := []byte("a = 1\n" + b.String() + "a = 2\n")
	if _, d := Parse(again, "x.hcl"); !strings.Contains(d.Error(), "Attribute redefined") {
		t.Errorf("got %v", d)
	}
}
