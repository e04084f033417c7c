// Package diagjson writes HCL diagnostics for programs, in the form of
// `terraform validate -json`
// (https://developer.hashicorp.com/terraform/cli/commands/validate#json-output-format),
// which editors and CI systems read already.
package diagjson

import (
	"bufio"
	"bytes"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcled"
	"github.com/zclconf/go-cty/cty"

	"github.com/sixtyhq/sixty/internal/lang"
)

// FormatVersion is the version of the form: a new minor one only adds.
const FormatVersion = "1.0"

// Result is the answer to whether a configuration is valid.
type Result struct {
	FormatVersion string       `json:"format_version"`
	Valid         bool         `json:"valid"`
	ErrorCount    int          `json:"error_count"`
	WarningCount  int          `json:"warning_count"`
	Diagnostics   []Diagnostic `json:"diagnostics"`
}

// Diagnostic is one error or warning.
type Diagnostic struct {
	// Severity is "error" or "warning".
	Severity string   `json:"severity"`
	Summary  string   `json:"summary"`
	Detail   string   `json:"detail"`
	Range    *Range   `json:"range,omitempty"`
	Snippet  *Snippet `json:"snippet,omitempty"`
}

// Range is the place that a diagnostic is about.
type Range struct {
	Filename string `json:"filename"`
	Start    Pos    `json:"start"`
	End      Pos    `json:"end"`
}

// Pos is a place in a file. Lines and columns count from one, columns in
// characters; Byte counts from zero.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// Snippet is the source around a place.
type Snippet struct {
	// Context is the header of the block around it; null outside of one.
	Context *string `json:"context"`
	// Code is the lines that the place touches.
	Code      string `json:"code"`
	StartLine int    `json:"start_line"`
	// The part of Code that the diagnostic is about, in bytes.
	HighlightStartOffset int `json:"highlight_start_offset"`
	HighlightEndOffset   int `json:"highlight_end_offset"`
	// Values are those of the names in the expression at fault.
	Values []Value `json:"values"`
}

// Value is what a name stood for; a sensitive one is not shown.
type Value struct {
	Traversal string `json:"traversal"`
	Statement string `json:"statement"`
}

// New puts diagnostics into the form; files are the sources that they point
// into, and may lack some.
func New(diags hcl.Diagnostics, files map[string]*hcl.File) Result {
	r := Result{FormatVersion: FormatVersion, Valid: !diags.HasErrors(), Diagnostics: []Diagnostic{}}
	for _, d := range diags {
		out := Diagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			out.Severity = "warning"
			r.WarningCount++
		} else {
			r.ErrorCount++
		}
		if d.Subject != nil {
			at := visible(*d.Subject)
			out.Range = &Range{at.Filename, Pos(at.Start), Pos(at.End)}
			if f := files[at.Filename]; f != nil {
				near, file := lang.Excerpt(d, f)
				out.Snippet = snippet(near, visible(*near.Subject), file)
			}
		}
		r.Diagnostics = append(r.Diagnostics, out)
	}
	return r
}

// visible is a range with at least one byte to underline.
func visible(r hcl.Range) hcl.Range {
	if r.Empty() {
		r.End.Byte++
		r.End.Column++
	}
	return r
}

func snippet(d *hcl.Diagnostic, at hcl.Range, file *hcl.File) *Snippet {
	whole := at
	if d.Context != nil {
		whole = hcl.RangeOver(*d.Context, at)
	}
	out := &Snippet{StartLine: whole.Start.Line, Values: values(d)}
	if text := hcled.ContextString(file, at.Start.Byte-1); text != "" {
		out.Context = &text
	}
	var code bytes.Buffer
	first := -1
	lines := hcl.NewRangeScanner(file.Bytes, at.Filename, bufio.ScanLines)
	for lines.Scan() {
		if !lines.Range().Overlaps(whole) {
			continue
		}
		if first < 0 {
			first = lines.Range().Start.Byte
		} else {
			code.WriteByte('\n')
		}
		code.Write(lines.Bytes())
	}
	out.Code = code.String()
	if first < 0 { // the place lies behind the end of the file
		return out
	}
	within := func(offset int) int { return min(max(offset-first, 0), len(out.Code)) }
	out.HighlightStartOffset, out.HighlightEndOffset = within(at.Start.Byte), within(at.End.Byte)
	return out
}

// values are those of the names that the expression at fault refers to, the
// unknown ones left out.
func values(d *hcl.Diagnostic) []Value {
	out := []Value{}
	if d.Expression == nil || d.EvalContext == nil {
		return out
	}
	seen := map[string]bool{}
	for _, t := range d.Expression.Variables() {
		val, diags := t.TraverseAbs(d.EvalContext)
		name := traversal(t)
		if diags.HasErrors() || seen[name] || !val.IsKnown() {
			continue
		}
		seen[name] = true
		out = append(out, Value{name, "is " + statement(val)})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Traversal < out[j].Traversal })
	return out
}

// statement is a value in a sentence. Collections are told by their type, and
// a sensitive value by being one.
func statement(val cty.Value) string {
	switch {
	case val.ContainsMarked():
		return "a sensitive value"
	case val.IsNull() || val.Type().IsPrimitiveType():
		return lang.Show(val)
	case val.Type().IsCollectionType() || val.Type().IsTupleType():
		if n, _ := val.Length().AsBigFloat().Int64(); n != 1 {
			return val.Type().FriendlyName() + " with " + lang.Show(val.Length()) + " elements"
		}
		return val.Type().FriendlyName() + " with 1 element"
	}
	return val.Type().FriendlyName()
}

func traversal(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(step.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + step.Name)
		case hcl.TraverseIndex:
			b.WriteString("[" + lang.Show(step.Key) + "]")
		}
	}
	return b.String()
}
