package lang

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// partBytes is how much of a file is parsed at a time, where that can be done.
// Little is best: HCL's list of tokens grows by a quarter at a time, and the
// tokens of a few blocks stay in the processor's cache.
const partBytes = 8 << 10

// Parse reads a file in HCL syntax that [Guard] has let through. A long one is
// parsed in parts, so that the tokens of all need not be held at once.
func Parse(src []byte, filename string) (*hcl.File, hcl.Diagnostics) {
	ends, _, ok := shallow(src)
	if !ok || len(src) < 8*partBytes {
		return hclsyntax.ParseConfig(src, filename, hcl.InitialPos)
	}
	parts := cut(src, ends)
	parsed := make([]*hcl.File, len(parts))
	found := make([]hcl.Diagnostics, len(parts))
	var wait sync.WaitGroup
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, p := range parts {
		wait.Add(1)
		turns <- struct{}{}
		go func() {
			defer wait.Done()
			parsed[i], found[i] = hclsyntax.ParseConfig(src[p.start.Byte:p.end], filename, p.start)
			<-turns
		}()
	}
	wait.Wait()
	whole := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}
	var nav navigation
	var diags hcl.Diagnostics
	for i, file := range parsed {
		diags = append(diags, found[i]...)
		diags = append(diags, join(whole, file.Body.(*hclsyntax.Body))...)
		nav = append(nav, part{parts[i].start.Byte, file.Nav})
	}
	return &hcl.File{Body: whole, Bytes: src, Nav: nav}, diags
}

// piece is a part of a text.
type piece struct {
	start hcl.Pos
	end   int
}

// cut gives parts of about partBytes that end where top-level lines do.
func cut(src []byte, ends []int) []piece {
	var out []piece
	start := hcl.InitialPos
	line := start.Line
	for i, end := range ends {
		line += 1 + newlines(src, ends, i)
		if end-start.Byte >= partBytes {
			out = append(out, piece{start, end})
			start = hcl.Pos{Byte: end, Line: line, Column: 1}
		}
	}
	return append(out, piece{start, len(src)})
}

// newlines counts the line ends before the i-th end of a top-level line that are
// not one themselves.
func newlines(src []byte, ends []int, i int) int {
	from, n := 0, 0
	if i > 0 {
		from = ends[i-1]
	}
	for _, c := range src[from : ends[i]-1] {
		if c == '\n' {
			n++
		}
	}
	return n
}

// join adds a part to the whole body.
func join(whole, part *hclsyntax.Body) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for name, attr := range part.Attributes {
		if first, again := whole.Attributes[name]; again {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Attribute redefined",
				Detail: fmt.Sprintf("The argument %q was already set at %s. Each argument may be set only once.", name, first.NameRange), Subject: &attr.NameRange})
			continue
		}
		whole.Attributes[name] = attr
	}
	if len(whole.Blocks) == 0 && len(whole.Attributes) == len(part.Attributes) {
		whole.SrcRange = part.SrcRange
	}
	whole.Blocks = append(whole.Blocks, part.Blocks...)
	whole.SrcRange, whole.EndRange = hcl.RangeBetween(whole.SrcRange, part.SrcRange), part.EndRange
	return diags
}

// navigation finds the part that an offset is in, for the words "in stage …" of
// messages.
type navigation []part

type part struct {
	from int
	nav  any
}

// ContextString names the block around an offset, as HCL's writer of
// diagnostics asks for it.
func (n navigation) ContextString(offset int) string {
	nav, ok := n.at(offset).(interface{ ContextString(int) string })
	if !ok {
		return ""
	}
	return nav.ContextString(offset)
}

// ContextDefRange is the header of the block around an offset.
func (n navigation) ContextDefRange(offset int) hcl.Range {
	nav, ok := n.at(offset).(interface{ ContextDefRange(int) hcl.Range })
	if !ok {
		return hcl.Range{}
	}
	return nav.ContextDefRange(offset)
}

func (n navigation) at(offset int) any {
	for i := len(n) - 1; i >= 0; i-- {
		if n[i].from <= offset {
			return n[i].nav
		}
	}
	return nil
}
