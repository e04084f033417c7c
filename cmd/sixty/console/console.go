// Package console evaluates expressions of a pipeline one by one, as a person
// types them.
package console

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// Source is the name of what was typed in diagnostics.
const Source = "<console>"

// Session is what expressions see.
type Session struct {
	// Context has the names of the pipeline.
	Context *hcl.EvalContext
	// Dir is the pipeline's folder, in which functions read files.
	Dir string
}

// Evaluate gives the value of an expression as HCL.
func (s Session) Evaluate(text string) (string, hcl.Diagnostics) {
	if diags := lang.Guard([]byte(text), Source); diags.HasErrors() {
		return "", diags
	}
	expr, diags := hclsyntax.ParseExpression([]byte(text), Source, hcl.InitialPos)
	if diags.HasErrors() {
		return "", diags
	}
	// The meter of loops knows bodies, and counts over the life of a function
	// map: each expression has its own.
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{"it": {Name: "it", Expr: expr}}}
	lang.Meter(body)
	ctx := s.Context.NewChild()
	ctx.Functions = lang.FunctionMap(s.Dir)
	val, diags := body.Attributes["it"].Expr.Value(ctx)
	if diags.HasErrors() {
		return "", diags
	}
	if err := lang.Bounded(val); err != nil {
		return "", append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Value too large", Detail: err.Error() + ".", Subject: expr.Range().Ptr()})
	}
	return Show(val), diags
}

// Incomplete says whether text has a bracket, quote or heredoc that is still
// open, so that more lines belong to it.
func Incomplete(text string) bool {
	if lang.Guard([]byte(text), Source).HasErrors() {
		return false
	}
	tokens, _ := hclsyntax.LexExpression([]byte(text), Source, hcl.InitialPos)
	depth := 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth--
		}
	}
	return depth > 0
}

// Complete gives what the name at the end of a line can become: whole lines.
func (s Session) Complete(line string) []string {
	at := strings.LastIndexFunc(line, func(r rune) bool {
		return r != '.' && r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) + 1
	before, word := line[:at], line[at:]
	var names []string
	root, rest, dotted := strings.Cut(word, ".")
	if !dotted {
		for name := range s.Context.Variables {
			names = append(names, name)
		}
		for _, f := range lang.Functions(s.Dir) {
			names = append(names, f.Name+"(")
		}
	} else {
		prefix := root + "."
		val, ok := s.Context.Variables[root]
		for ok {
			attr, more, deeper := strings.Cut(rest, ".")
			if !attributes(val) {
				break
			}
			if !deeper {
				for name := range val.Type().AttributeTypes() {
					names = append(names, prefix+name)
				}
				break
			}
			if ok = val.Type().HasAttribute(attr); ok {
				val = val.GetAttr(attr)
				prefix, rest = prefix+attr+".", more
			}
		}
	}
	var out []string
	for _, name := range names {
		if strings.HasPrefix(name, word) && !strings.Contains(name, "#") {
			out = append(out, before+name)
		}
	}
	slices.Sort(out)
	return out
}

// attributes says whether a value has attributes that can be listed.
func attributes(val cty.Value) bool {
	return !val.IsMarked() && val.Type().IsObjectType() && !val.IsNull() && val.IsKnown()
}
