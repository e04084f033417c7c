package tera_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestTransliterationsLive compares the embedded table of slugify with what the
// crate's library has, and writes it anew with -update.
func TestTransliterationsLive(t *testing.T) {
	const file = "transliteration.gz"
	o := startOracle(t)
	out, err := exec.Command(o.path, "transliterations").Output()
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	next := int64(utf8.RuneSelf)
	for line := range strings.Lines(string(out)) {
		code, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		n, err := strconv.ParseInt(code, 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		if n != next {
			fmt.Fprintf(&table, "+%X\n", n)
		}
		table.WriteString(text + "\n")
		next = n + 1
	}
	want := strings.TrimSuffix(table.String(), "\n")
	if *update {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(z, want); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != want {
		t.Errorf("%s is not what the crate has (error %v); run with -update", file, err)
	}
}

// TestEveryCharacterLive has the crate apply the filters that depend on tables
// of characters to every character of this Unicode version.
func TestEveryCharacterLive(t *testing.T) {
	o := startOracle(t)
	var cuts strings.Builder
	for n := range 128 {
		fmt.Fprintf(&cuts, "{{ s | truncate(length=%d, end='') | length }} {{ t | truncate(length=%d, end='') | length }} ", n, 3*n)
	}
	templates := []string{cuts.String()}
	for _, filter := range []string{"upper", "lower", "capitalize", "title", "slugify", "wordcount", "urlencode", "json_encode", "trim"} {
		templates = append(templates, "{{ s | "+filter+" }}{{ t | "+filter+" }}")
	}
	const block = 0x80
	for start := rune(0); start <= unicode.MaxRune; start += block {
		// As neighbours, and as neighbours of letters and of what combines.
		var s, between strings.Builder
		for r := start; r < start+block; r++ {
			if utf8.ValidRune(r) && assigned(r) {
				s.WriteRune(r)
				fmt.Fprintf(&between, "a%cb %c\u0301\u200d%c\u0915\u094d%c", r, r, r, r)
			}
		}
		if s.Len() == 0 {
			continue
		}
		vars := map[string]any{"s": s.String(), "t": between.String()}
		for _, source := range templates {
			c := oracleCase{Templates: map[string]string{"main": source}, Render: "main", Vars: vars}
			want, err := c.ask(o)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.compare(want); err != nil {
				t.Errorf("U+%04X %.40s: %v", start, source, err)
			}
		}
	}
}

// assigned reports whether this Unicode version has the character.
func assigned(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf)
}
