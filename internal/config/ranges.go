package config

import (
	"bytes"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/plan"
)

// PlanRange turns a source range into a plan's.
func PlanRange(r hcl.Range) plan.Range {
	return plan.Range{File: r.Filename, StartLine: r.Start.Line, StartColumn: r.Start.Column, EndLine: r.End.Line, EndColumn: r.End.Column}
}

// HCLRange is the reverse of PlanRange, nil for a range without a file. It has
// no byte offsets: [Locate] finds them again.
func HCLRange(r plan.Range) *hcl.Range {
	if r.File == "" {
		return nil
	}
	return &hcl.Range{Filename: r.File,
		Start: hcl.Pos{Line: r.StartLine, Column: r.StartColumn},
		End:   hcl.Pos{Line: r.EndLine, Column: r.EndColumn}}
}

// Locate gives diagnostics whose places have no byte offsets, since they come
// from a plan, the ones that the files say: HCL shows snippets by them.
func Locate(diags hcl.Diagnostics, files map[string]*hcl.File) hcl.Diagnostics {
	out := make(hcl.Diagnostics, len(diags))
	for i, d := range diags {
		out[i] = d
		if d.Subject == nil || d.Subject.Start.Byte > 0 || d.Subject.Start.Line < 2 && d.Subject.Start.Column < 2 || files[d.Subject.Filename] == nil {
			continue
		}
		located, at := *d, *d.Subject
		src := files[at.Filename].Bytes
		at.Start.Byte, at.End.Byte = offset(src, at.Start), offset(src, at.End)
		located.Subject = &at
		out[i] = &located
	}
	return out
}

// offset is where a line and column are in a text, as far as each character is
// one code point.
func offset(src []byte, at hcl.Pos) int {
	start := 0
	for range at.Line - 1 {
		i := bytes.IndexByte(src[start:], '\n')
		if i < 0 {
			return len(src)
		}
		start += i + 1
	}
	for column := 1; column < at.Column && start < len(src) && src[start] != '\n'; column++ {
		_, size := utf8.DecodeRune(src[start:])
		start += size
	}
	return start
}
