package rdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	// firstWindow is the first size of a source's buffer; it doubles when a
	// token does not fit.
	firstWindow = 64 << 10
	// snippetBytes is how much of a line an error quotes on each side of its
	// place, and so how much of what was read is kept behind the current token.
	snippetBytes = 120
)

// source is a window on a document. A scanner reads buf[pos:end] and calls more
// when it has come to end; everything from mark on stays in the buffer, and
// buf[end] is always 0, so that a scanning loop which stops at a 0 byte needs
// no other test for the end of the window.
type source struct {
	ctx  context.Context
	r    io.Reader
	file string
	max  int // bound on the size of a token in bytes

	buf      []byte
	pos, end int
	mark     int // start of the current token, or anything before pos

	line      int32 // line of the byte at lineStart
	lineStart int   // offset of the line in buf; negative when it was dropped

	dropped int64 // bytes that are no longer in buf

	err error // what ended the reading; io.EOF after the last byte
}

func newSource(ctx context.Context, r io.Reader, o Options) *source {
	s := &source{ctx: ctx, r: r, file: o.File, max: o.MaxTermBytes, line: 1}
	s.buf = make([]byte, firstWindow)
	if s.has(3) && string(s.buf[:3]) == "\ufeff" {
		s.pos, s.lineStart = 3, 3
	}
	return s
}

// more reads on and reports whether there is anything new after pos. Offsets
// into buf other than the source's own are void afterwards.
func (s *source) more() bool {
	if s.err != nil {
		return false
	}
	if err := s.ctx.Err(); err != nil {
		s.err = err
		return false
	}
	s.makeRoom()
	if s.err != nil {
		return false
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end : len(s.buf)-1])
		s.end += n
		s.buf[s.end] = 0
		if err != nil {
			s.err = err
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// makeRoom drops what is behind the mark, but for a snippet, and grows the
// buffer when that is not enough.
func (s *source) makeRoom() {
	if drop := min(s.mark, s.pos) - snippetBytes; drop > 0 {
		copy(s.buf, s.buf[drop:s.end])
		s.pos -= drop
		s.end -= drop
		s.mark -= drop
		s.lineStart -= drop
		s.dropped += int64(drop)
	}
	if s.end-s.mark > s.max {
		s.err = s.errorAt(s.mark, fmt.Sprintf("a term is longer than the limit of %d bytes", s.max))
		return
	}
	if len(s.buf)-s.end < len(s.buf)/4 {
		grown := make([]byte, 2*len(s.buf))
		copy(grown, s.buf[:s.end])
		s.buf = grown
	}
}

// offset gives the number of bytes before pos in the document.
func (s *source) offset() int64 { return s.dropped + int64(s.pos) }

// has reports whether n bytes can be read at pos, reading on where needed.
func (s *source) has(n int) bool {
	for s.end-s.pos < n {
		if !s.more() {
			return false
		}
	}
	return true
}

// peek gives the byte at pos, or 0 at the end of the document.
func (s *source) peek() byte {
	if s.pos == s.end {
		s.more()
	}
	return s.buf[s.pos]
}

// peekAt gives the byte n after pos, or 0 past the end of the document.
func (s *source) peekAt(n int) byte {
	if !s.has(n + 1) {
		return 0
	}
	return s.buf[s.pos+n]
}

// rune decodes the character at pos without taking it; size 0 at the end of
// the document, RuneError with size 1 where it is not UTF-8.
func (s *source) rune() (r rune, size int) {
	s.has(utf8.UTFMax)
	if s.pos == s.end {
		return 0, 0
	}
	return utf8.DecodeRune(s.buf[s.pos:s.end])
}

// atEnd reports whether the whole document has been taken.
func (s *source) atEnd() bool { return s.pos == s.end && !s.more() }

// failure gives what ended the reading before the document's end, if anything.
func (s *source) failure() error {
	if s.err == nil || errors.Is(s.err, io.EOF) {
		return nil
	}
	var pe *ParseError
	if errors.As(s.err, &pe) || s.ctx.Err() != nil {
		return s.err
	}
	if s.file != "" {
		return fmt.Errorf("reading %s: %w", s.file, s.err)
	}
	return fmt.Errorf("reading: %w", s.err)
}

// newlines accounts for the line ends in buf[from:to].
func (s *source) newlines(from, to int) {
	text := s.buf[from:to]
	if n := bytes.Count(text, []byte{'\n'}); n > 0 {
		s.line += int32(n)
		s.lineStart = from + bytes.LastIndexByte(text, '\n') + 1
	}
}

func (s *source) column(offset int) int32 { return int32(offset-s.lineStart) + 1 }

// errorf makes a ParseError at the current token's start or, where reading
// failed, gives that failure: a half-read token is not a mistake of the document.
func (s *source) errorf(format string, args ...any) error {
	return s.errorAtf(s.mark, format, args...)
}

// errorHere is errorf for a mistake at pos rather than at the token's start.
func (s *source) errorHere(format string, args ...any) error {
	return s.errorAtf(s.pos, format, args...)
}

func (s *source) errorAtf(offset int, format string, args ...any) error {
	if err := s.failure(); err != nil {
		return err
	}
	return s.errorAt(offset, fmt.Sprintf(format, args...))
}

func (s *source) errorAt(offset int, msg string) *ParseError {
	line, lineStart := int(s.line), s.lineStart
	if offset < lineStart {
		// The token has been accounted for, with lines that it ends.
		line -= bytes.Count(s.buf[offset:lineStart], []byte{'\n'})
		lineStart = bytes.LastIndexByte(s.buf[:offset], '\n') + 1
	}
	// The current token may have lines that are not accounted for yet.
	seen := s.buf[max(lineStart, 0):offset]
	if n := bytes.Count(seen, []byte{'\n'}); n > 0 {
		line += n
		lineStart = offset - len(seen) + bytes.LastIndexByte(seen, '\n') + 1
	}
	e := &ParseError{File: s.file, Line: line, Column: offset - lineStart + 1, Msg: msg}
	from := max(lineStart, offset-snippetBytes, 0)
	to := min(offset+snippetBytes, s.end)
	if i := bytes.IndexAny(s.buf[offset:to], "\r\n"); i >= 0 {
		to = offset + i
	}
	for from < offset && !utf8.RuneStart(s.buf[from]) {
		from++
	}
	e.Snippet = string(bytes.ToValidUTF8(s.buf[from:to], []byte("\ufffd")))
	e.SnippetColumn = offset - from + 1
	return e
}

// found describes what stands at pos, for error messages.
func (s *source) found() string {
	r, size := s.rune()
	switch {
	case size == 0:
		return "the end of the document"
	case r == utf8.RuneError && size == 1:
		return fmt.Sprintf("byte 0x%02x, which is not UTF-8", s.buf[s.pos])
	case r == '\n' || r == '\r':
		return "the end of the line"
	case r < 0x20 || r == 0x7f:
		return fmt.Sprintf("control character U+%04X", r)
	}
	return fmt.Sprintf("%q", string(r))
}
