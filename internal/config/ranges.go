package config

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/sixtyhq/sixty/internal/plan"
)

// PlanRange turns a source range into a plan's.
func PlanRange(r hcl.Range) plan.Range {
	return plan.Range{File: r.Filename, StartLine: r.Start.Line, StartColumn: r.Start.Column, EndLine: r.End.Line, EndColumn: r.End.Column}
}

// HCLRange is the reverse of PlanRange, nil for a range without a file. Byte
// offsets are found again by whoever has the file's text.
func HCLRange(r plan.Range) *hcl.Range {
	if r.File == "" {
		return nil
	}
	return &hcl.Range{Filename: r.File,
		Start: hcl.Pos{Line: r.StartLine, Column: r.StartColumn},
		End:   hcl.Pos{Line: r.EndLine, Column: r.EndColumn}}
}
