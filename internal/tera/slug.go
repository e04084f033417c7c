package tera

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// transliterationData gives the ASCII rendering of characters, reduced to what
// a slug keeps of it: lower-case letters, digits and single dashes. It is
// compressed text with a line for each character; a line +X moves on to the
// character with the hexadecimal code X.
//
//go:embed transliteration.gz
var transliterationData []byte

var transliterations = sync.OnceValue(func() map[rune]string {
	z, err := gzip.NewReader(bytes.NewReader(transliterationData))
	if err != nil {
		panic(fmt.Sprintf("embedded transliterations: %v", err))
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic(fmt.Sprintf("embedded transliterations: %v", err))
	}
	table := map[rune]string{}
	next := rune(utf8.RuneSelf)
	for line := range strings.SplitSeq(string(text), "\n") {
		if code, ok := strings.CutPrefix(line, "+"); ok {
			n, err := strconv.ParseInt(code, 16, 32)
			if err != nil {
				panic(fmt.Sprintf("embedded transliterations: %v", err))
			}
			next = rune(n)
			continue
		}
		table[next] = line
		next++
	}
	return table
})

// slugify makes s a part of a path or URL: ASCII letters and digits in lower
// case, with single dashes between the words.
func slugify(s string) string {
	b := make([]byte, 0, len(s))
	add := func(c byte) {
		switch {
		case c >= 'A' && c <= 'Z':
			b = append(b, c-'A'+'a')
		case c != '_' && isWord(c):
			b = append(b, c)
		case len(b) > 0 && b[len(b)-1] != '-':
			b = append(b, '-')
		}
	}
	for _, r := range s {
		if r < utf8.RuneSelf {
			add(byte(r))
			continue
		}
		text, ok := transliterations()[r]
		if !ok {
			text = "-"
		}
		for i := range len(text) {
			add(text[i])
		}
	}
	return string(bytes.TrimSuffix(b, []byte("-")))
}
