package lang

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
)

// Bounds on source text. The HCL parser recurses once per bracket and operator,
// keeps hundreds of bytes per token while it parses a text, and fewer than a hundred after, and computes with numbers of any
// exponent, so all three are capped before it sees a file.
const (
	// MaxSourceBytes bounds the files of a pipeline together, modules included.
	MaxSourceBytes = 4 << 20
	maxTokens      = 800_000
	maxDense       = 300_000 // of files that are lexed whole
	maxNesting     = 200
	maxDigits      = 400
	maxExponent    = 4 // digits
)

// Guard refuses source text that would exhaust the parser or the evaluation of
// numbers: more than 4 MiB or 300,000 tokens, brackets and operators nested or
// chained more than 200 deep, and numbers with over 400 digits or an exponent
// of over four. A name that ends in .json is read as JSON, and the templates
// in its strings count too.
func Guard(src []byte, filename string) hcl.Diagnostics {
	return new(Guarded).Files([]string{filename}, map[string][]byte{filename: src})
}

// Guarded is Guard for files that are read together: size and tokens count
// over all that were given to it.
type Guarded struct{ size, tokens, dense int }

// Files is Guard for some more files.
func (g *Guarded) Files(names []string, sources map[string][]byte) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, name := range names {
		src := sources[name]
		g.size += len(src)
		// Lexing makes the tokens, so that their number is estimated before.
		isJSON := strings.HasSuffix(name, ".json")
		tokens, plain := 0, false
		if !isJSON {
			tokens, plain = inParts(src)
		}
		if !plain {
			tokens = countTokens(src)
			g.dense += tokens
		}
		g.tokens += tokens
		if g.size > MaxSourceBytes || g.tokens > maxTokens || g.dense > maxDense {
			return append(diags, refuse(fileStart(name), "File too large",
				"At most %d bytes and about %d words and signs are read over all files of a pipeline, and %d in files with heredocs, directives or loops over braces, and in JSON.", MaxSourceBytes, maxTokens, maxDense))
		}
		if isJSON {
			diags = append(diags, guardJSON(src, name)...)
			continue
		}
		if plain {
			continue
		}
		lexed, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos)
		diags = append(diags, guardTokens(lexed)...)
	}
	return diags
}

// inParts reports whether a file is shallow, and each top-level part of it small
// enough to be parsed by itself, and how many tokens it has at most.
func inParts(src []byte) (tokens int, ok bool) {
	ends, tokens, ok := shallow(src)
	from := 0
	for _, end := range append(ends, len(src)) {
		if !ok || end-from > maxDense/4 && countTokens(src[from:end]) > maxDense/4 {
			return 0, false
		}
		from = end
	}
	return tokens, ok
}

// guardTemplate is Guard for a file that is one template.
func guardTemplate(src []byte, filename string) hcl.Diagnostics {
	if len(src) > MaxSourceBytes || countTokens(src) > maxDense {
		return hcl.Diagnostics{refuse(fileStart(filename), "File too large", "At most %d bytes and about %d words and signs are read.", MaxSourceBytes, maxDense)}
	}
	tokens, _ := hclsyntax.LexTemplate(src, filename, hcl.InitialPos)
	return guardTokens(tokens)
}

// countTokens is never less than the number of tokens: it takes each sign, each
// line end and each run of letters and digits for one.
func countTokens(src []byte) int {
	n, inWord := 1, false
	for _, c := range src {
		word := isWord(c)
		if !word && c != ' ' && c != '\t' || word && !inWord {
			n++
		}
		inWord = word
	}
	return n
}

// level is a bracket, quote or directive that is open.
type level struct {
	closer hclsyntax.TokenType
	// depth is how deep the parser is when it reaches the level.
	depth int
	// lines says whether a line end separates expressions here.
	lines bool
}

// directive is the closer of %{ if } and %{ for }, which have no bracket that
// stays open.
const directive = hclsyntax.TokenNil

var closers = map[hclsyntax.TokenType]hclsyntax.TokenType{
	hclsyntax.TokenOBrace:          hclsyntax.TokenCBrace,
	hclsyntax.TokenOBrack:          hclsyntax.TokenCBrack,
	hclsyntax.TokenOParen:          hclsyntax.TokenCParen,
	hclsyntax.TokenOQuote:          hclsyntax.TokenCQuote,
	hclsyntax.TokenOHeredoc:        hclsyntax.TokenCHeredoc,
	hclsyntax.TokenTemplateInterp:  hclsyntax.TokenTemplateSeqEnd,
	hclsyntax.TokenTemplateControl: hclsyntax.TokenTemplateSeqEnd,
}

// guardTokens follows how deep the syntax tree gets: by one with each bracket,
// and by one with each operator until the expression ends. A bracket that
// closes none only lets the depth be overestimated.
func guardTokens(tokens hclsyntax.Tokens) hcl.Diagnostics {
	levels := []level{{lines: true}}
	depth := 0
	for i, t := range tokens {
		top := levels[len(levels)-1]
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote,
			hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			if t.Type == hclsyntax.TokenTemplateControl {
				switch keyword(tokens[i+1:]) {
				case "if", "for":
					depth++
					levels = append(levels, level{closer: directive, depth: depth})
				case "endif", "endfor":
					if top.closer == directive {
						levels = levels[:len(levels)-1]
						depth = levels[len(levels)-1].depth
					}
				}
			}
			depth++
			lines := t.Type == hclsyntax.TokenOBrace && keyword(tokens[i+1:]) != "for"
			levels = append(levels, level{closers[t.Type], depth, lines})
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen:
			// What is closed may be indexed, and that nests again.
			if top.closer == t.Type {
				levels = levels[:len(levels)-1]
				depth = top.depth
			}
		case hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			levels, depth = closeTemplate(levels, depth, t.Type)
		case hclsyntax.TokenComma:
			depth = top.depth
		case hclsyntax.TokenNewline:
			if top.lines {
				depth = top.depth
			}
		case hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
			hclsyntax.TokenBang, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenQuestion,
			hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
			hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq:
			depth++
		case hclsyntax.TokenNumberLit:
			if hugeNumber(t.Bytes) {
				return hcl.Diagnostics{refuse(t.Range, "Number too large", "A number has at most %d digits and an exponent of %d.", maxDigits, maxExponent)}
			}
		}
		if depth > maxNesting {
			return hcl.Diagnostics{refuse(t.Range, "Nested too deeply", "Brackets are nested, or operators follow each other, more than %d deep here.", maxNesting)}
		}
	}
	return nil
}

// closeTemplate closes the innermost level that the token ends, and the
// directives inside it.
func closeTemplate(levels []level, depth int, closer hclsyntax.TokenType) ([]level, int) {
	for i := len(levels) - 1; i > 0; i-- {
		if levels[i].closer == closer {
			return levels[:i], levels[i].depth - 1
		}
		if levels[i].closer != directive {
			break
		}
	}
	return levels, depth
}

// keyword is the first word of tokens, if they start with one.
func keyword(tokens hclsyntax.Tokens) string {
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenNewline, hclsyntax.TokenComment:
		case hclsyntax.TokenIdent:
			return string(t.Bytes)
		default:
			return ""
		}
	}
	return ""
}

func hugeNumber(text []byte) bool {
	mantissa, exponent, _ := bytes.Cut(bytes.ToLower(text), []byte("e"))
	return len(mantissa) > maxDigits || len(bytes.TrimLeft(exponent, "+-0")) > maxExponent
}

// guardJSON follows the nesting of JSON, whose strings are templates that may
// hide brackets behind escapes.
func guardJSON(src []byte, filename string) hcl.Diagnostics {
	if depth := jsonDepth(src); depth > maxNesting {
		return hcl.Diagnostics{refuse(fileStart(filename), "Nested too deeply", "Brackets are nested more than %d deep.", maxNesting)}
	}
	decoder := json.NewDecoder(bytes.NewReader(src))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if _, d := hcljson.Parse(src, filename); d.HasErrors() {
				return nil // The parser says it, and better.
			}
			return hcl.Diagnostics{refuse(fileStart(filename), "Invalid JSON", "%s.", err)}
		}
		switch token := token.(type) {
		case json.Number:
			if hugeNumber([]byte(token)) {
				return hcl.Diagnostics{refuse(fileStart(filename), "Number too large", "A number has at most %d digits and an exponent of %d; this file has %.20s….", maxDigits, maxExponent, token)}
			}
		case string:
			if strings.Contains(token, "${") || strings.Contains(token, "%{") {
				tokens, _ := hclsyntax.LexTemplate([]byte(token), filename, hcl.InitialPos)
				if d := guardTokens(tokens); d.HasErrors() {
					d[0].Subject = fileStart(filename).Ptr()
					d[0].Detail = fmt.Sprintf("In the string %.40q: %s", token, d[0].Detail)
					return d
				}
			}
		}
	}
}

// jsonDepth counts brackets outside of strings.
func jsonDepth(src []byte) int {
	depth, deepest, quoted, escaped := 0, 0, false, false
	for _, c := range src {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

func fileStart(filename string) hcl.Range {
	return hcl.Range{Filename: filename, Start: hcl.InitialPos, End: hcl.InitialPos}
}

func refuse(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at}
}
