package rdf

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// utf8XML gives a reader of an XML document in UTF-8, whatever encoding it has
// by its byte order mark or XML declaration (XML 1.0, section 4.3.3).
func utf8XML(r io.Reader) (io.Reader, error) {
	br := bufio.NewReaderSize(r, 1024)
	head, _ := br.Peek(256)
	switch {
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}), bytes.HasPrefix(head, []byte{0, '<'}):
		return &transcoder{r: br, decode: utf16Decoder(1, 0)}, nil
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), bytes.HasPrefix(head, []byte{'<', 0}):
		return &transcoder{r: br, decode: utf16Decoder(0, 1)}, nil
	}
	switch name := declaredEncoding(head); strings.ToLower(name) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return br, nil
	case "iso-8859-1", "latin1":
		return &transcoder{r: br, decode: func(r *bufio.Reader) (rune, error) {
			c, err := r.ReadByte()
			return rune(c), err
		}}, nil
	default:
		return nil, fmt.Errorf("the encoding %q is not known; UTF-8, UTF-16 and ISO-8859-1 are", name)
	}
}

// declaredEncoding gives the encoding of an XML declaration, or "".
func declaredEncoding(head []byte) string {
	if !bytes.HasPrefix(head, []byte("<?xml")) {
		return ""
	}
	declaration, _, ok := bytes.Cut(head, []byte("?>"))
	if !ok {
		return ""
	}
	_, value, ok := bytes.Cut(declaration, []byte("encoding"))
	if !ok {
		return ""
	}
	value = bytes.TrimLeft(value, " \t\r\n=")
	if len(value) == 0 || value[0] != '"' && value[0] != '\'' {
		return ""
	}
	name, _, _ := bytes.Cut(value[1:], value[:1])
	return string(name)
}

// transcoder reads characters of another encoding as UTF-8.
type transcoder struct {
	r      *bufio.Reader
	decode func(*bufio.Reader) (rune, error)
}

func (t *transcoder) Read(p []byte) (int, error) {
	n := 0
	for n+utf8.UTFMax <= len(p) {
		r, err := t.decode(t.r)
		if err != nil {
			return n, err
		}
		n += utf8.EncodeRune(p[n:], r)
	}
	return n, nil
}

// notACharacter stands for what is not UTF-16. XML does not allow it, so that the
// parser reports its place.
const notACharacter = '\uFFFE'

// utf16Decoder decodes units whose low and high byte are at the given places.
func utf16Decoder(low, high int) func(*bufio.Reader) (rune, error) {
	unit := func(r *bufio.Reader) (rune, error) {
		var b [2]byte
		if _, err := io.ReadFull(r, b[:]); errors.Is(err, io.ErrUnexpectedEOF) {
			return notACharacter, nil
		} else if err != nil {
			return 0, err
		}
		return rune(b[low]) | rune(b[high])<<8, nil
	}
	return func(r *bufio.Reader) (rune, error) {
		first, err := unit(r)
		if err != nil || !utf16.IsSurrogate(first) {
			return first, err
		}
		second, err := unit(r)
		if whole := utf16.DecodeRune(first, second); err == nil && whole != utf8.RuneError {
			return whole, nil
		}
		return notACharacter, nil
	}
}
