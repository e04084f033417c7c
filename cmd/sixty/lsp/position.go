package lsp

import (
	"bytes"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// offset is the byte of a position; one behind the end of a line, or of the
// text, is that end.
func offset(text []byte, p position) int {
	at := 0
	for range max(p.Line, 0) {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			return len(text)
		}
		at += i + 1
	}
	for units := 0; units < p.Character && at < len(text) && text[at] != '\n'; {
		r, size := utf8.DecodeRune(text[at:])
		units += utf16Len(r)
		at += size
	}
	return at
}

// at is the position of a byte.
func at(text []byte, offset int) position {
	offset = min(max(offset, 0), len(text))
	p := position{Line: bytes.Count(text[:offset], []byte("\n"))}
	for begin := bytes.LastIndexByte(text[:offset], '\n') + 1; begin < offset; {
		r, size := utf8.DecodeRune(text[begin:])
		p.Character += utf16Len(r)
		begin += size
	}
	return p
}

func utf16Len(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

func rangeOf(text []byte, r hcl.Range) textRange {
	return textRange{at(text, r.Start.Byte), at(text, r.End.Byte)}
}

// hclPos is a byte as HCL counts places: lines from one, and columns in
// characters, for which code points are near enough.
func hclPos(text []byte, offset int) hcl.Pos {
	begin := bytes.LastIndexByte(text[:offset], '\n') + 1
	return hcl.Pos{Line: bytes.Count(text[:offset], []byte("\n")) + 1, Column: utf8.RuneCount(text[begin:offset]) + 1, Byte: offset}
}
