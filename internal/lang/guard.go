package lang

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// Bounds on a source file. The HCL parser recurses once per bracket and keeps
// a token per byte at worst, so both are capped before it sees a file.
const (
	maxSourceBytes = 4 << 20
	maxNesting     = 200
)

// Guard refuses source text that would exhaust the parser: files over 4 MiB
// and brackets nested deeper than 200. It counts brackets without regard to
// strings, which can only overestimate the depth, and a template's ${ and %{
// count as brackets as they do for the parser.
func Guard(src []byte, filename string) hcl.Diagnostics {
	if len(src) > maxSourceBytes {
		return hcl.Diagnostics{{
			Severity: hcl.DiagError,
			Summary:  "File too large",
			Detail:   fmt.Sprintf("The file has %d bytes; at most %d are read.", len(src), maxSourceBytes),
			Subject:  &hcl.Range{Filename: filename, Start: hcl.InitialPos, End: hcl.InitialPos},
		}}
	}
	depth, line, column := 0, 1, 0
	for i, c := range src {
		column++
		switch c {
		case '\n':
			line, column = line+1, 0
		case '(', '[', '{':
			if depth++; depth > maxNesting {
				pos := hcl.Pos{Line: line, Column: column, Byte: i}
				return hcl.Diagnostics{{
					Severity: hcl.DiagError,
					Summary:  "Nested too deeply",
					Detail:   fmt.Sprintf("Brackets are nested more than %d deep here.", maxNesting),
					Subject:  &hcl.Range{Filename: filename, Start: pos, End: hcl.Pos{Line: line, Column: column + 1, Byte: i + 1}},
				}}
			}
		case ')', ']', '}':
			if depth > 0 {
				depth--
			}
		}
	}
	return unaryGuard(src, filename)
}

// unaryGuard caps runs of prefix operators, over which the parser recurses as
// well.
func unaryGuard(src []byte, filename string) hcl.Diagnostics {
	length, line, column := 0, 1, 0
	for i, c := range src {
		column++
		switch c {
		case '!', '-', '?', ':':
			if length++; length > maxNesting && c != '-' || length > 2000 {
				pos := hcl.Pos{Line: line, Column: column, Byte: i}
				return hcl.Diagnostics{{
					Severity: hcl.DiagError,
					Summary:  "Too many operators in a row",
					Detail:   "No expression needs this many operators one after the other.",
					Subject:  &hcl.Range{Filename: filename, Start: pos, End: hcl.Pos{Line: line, Column: column + 1, Byte: i + 1}},
				}}
			}
		case ' ', '\t', '\r':
		case '\n':
			line, column = line+1, 0
		default:
			length = 0
		}
	}
	return nil
}
