package tera

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unescapePattern turns a written \n or \t into the character.
func unescapePattern(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, `\n`, "\n"), `\t`, "\t")
}

func asPattern(v any) (string, error) {
	s, err := asString(v)
	return unescapePattern(s), err
}

func trimStartMatches(in *invocation, value any) (any, error) {
	s, pattern, err := textAndPattern(in, value)
	if err != nil || pattern == "" {
		return s, err
	}
	for strings.HasPrefix(s, pattern) {
		s = s[len(pattern):]
	}
	return s, nil
}

func trimEndMatches(in *invocation, value any) (any, error) {
	s, pattern, err := textAndPattern(in, value)
	if err != nil || pattern == "" {
		return s, err
	}
	for strings.HasSuffix(s, pattern) {
		s = s[:len(s)-len(pattern)]
	}
	return s, nil
}

func textAndPattern(in *invocation, value any) (s, pattern string, err error) {
	if s, err = asString(value); err != nil {
		return "", "", err
	}
	pattern, err = required(in, "pat", asPattern)
	return s, pattern, err
}

// split cuts at every pattern. Between the characters of a text lies an empty
// pattern, as it does before the first and after the last.
func split(in *invocation, value any) (any, error) {
	s, pattern, err := textAndPattern(in, value)
	if err != nil {
		return nil, err
	}
	if err := in.run.spend(strings.Count(s, pattern) + 1); err != nil {
		return nil, err
	}
	parts := strings.Split(s, pattern)
	items := make([]any, 0, len(parts)+2)
	if pattern == "" {
		items = append(items, "")
	}
	for _, p := range parts {
		items = append(items, p)
	}
	if pattern == "" {
		items = append(items, "")
	}
	return items, nil
}

// truncate keeps length characters, as a reader counts them, and says so by
// an ending.
func truncate(in *invocation, value any) (any, error) {
	s, err := asString(value)
	if err != nil {
		return nil, err
	}
	length, err := optional(in, "length", 255, asSize)
	if err != nil {
		return nil, err
	}
	ending, err := optional(in, "end", "…", asString)
	if err != nil {
		return nil, err
	}
	end := 0
	for ; length > 0 && end < len(s); length-- {
		end += graphemeLength(s[end:])
	}
	if end == len(s) {
		return s, nil
	}
	return s[:end] + ending, nil
}

func wordCount(_ *invocation, value any) (any, error) {
	s, err := asString(value)
	return int64(len(strings.Fields(s))), err
}

func replace(in *invocation, value any) (any, error) {
	s, err := asString(value)
	if err != nil {
		return nil, err
	}
	from, err := required(in, "from", asString)
	if err != nil {
		return nil, err
	}
	to, err := required(in, "to", asString)
	if err != nil {
		return nil, err
	}
	n := strings.Count(s, from)
	if err := in.run.fits(len(s) + n*max(0, len(to)-len(from))); err != nil {
		return nil, err
	}
	return strings.ReplaceAll(s, from, to), nil
}

func capitalize(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return upper(s[:n]) + lower(s[n:])
}

// title makes the first character of every word upper case and the rest lower
// case. A word is made of letters, digits, marks, _ and apostrophes, and has a
// letter, digit, mark or _ at exactly one side of each of its ends.
func title(s string) string {
	runes := []rune(s)
	inWord := func(i int) bool { return i >= 0 && i < len(runes) && isWordRune(runes[i]) }
	boundary := func(i int) bool { return inWord(i-1) != inWord(i) }
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(runes); {
		end := i
		if boundary(i) {
			for end < len(runes) && (runes[end] == '\'' || isWordRune(runes[end])) {
				end++
			}
			for end > i && !boundary(end) {
				end--
			}
		}
		if end == i {
			b.WriteRune(runes[i])
			i++
			continue
		}
		b.WriteString(upper(string(runes[i])))
		b.WriteString(lower(string(runes[i+1 : end])))
		i = end
	}
	return b.String()
}

// isWordRune is \w of Unicode regular expressions (UTS 18, annex C).
func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isWord(byte(r))
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func lineBreaks(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "<br>"), "\n", "<br>")
}

func indent(in *invocation, value any) (any, error) {
	s, err := asString(value)
	if err != nil {
		return nil, err
	}
	prefix, err := optional(in, "prefix", "    ", asString)
	if err != nil {
		return nil, err
	}
	first, err := optional(in, "first", false, asBool)
	if err != nil {
		return nil, err
	}
	blank, err := optional(in, "blank", false, asBool)
	if err != nil {
		return nil, err
	}
	if err := in.run.fits(len(s) + len(prefix)*(strings.Count(s, "\n")+1)); err != nil {
		return nil, err
	}
	var b strings.Builder
	for i, line := range lines(s) {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == 0 && first || i > 0 && (blank || trimLeft(line) != "") {
			b.WriteString(prefix)
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

// lines splits s at \n and \r\n; a last empty line does not count.
func lines(s string) []string {
	if s == "" {
		return nil
	}
	parts := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	for i, p := range parts {
		if i < len(parts)-1 || strings.HasSuffix(s, "\n") {
			parts[i] = strings.TrimSuffix(p, "\r")
		}
	}
	return parts
}

var (
	tagPattern   = regexp.MustCompile(`<!--.*?-->|<[^>]*>`)
	spacePattern = regexp.MustCompile(`>[\s\v\x{85}\p{Z}]+<`)
)

func stripTags(s string) string { return tagPattern.ReplaceAllString(s, "") }
func spaceless(s string) string { return spacePattern.ReplaceAllString(s, "><") }

// percentEncode encodes every byte but ASCII letters, digits and those of
// unreserved.
func percentEncode(s, unreserved string) string {
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		if c != '_' && isWord(c) || strings.IndexByte(unreserved, c) >= 0 {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")

func escapeXML(s string) string { return xmlEscapes.Replace(s) }

var slashes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`)

func addSlashes(s string) string { return slashes.Replace(s) }

// upper and lower map case as Unicode does without regard to a language,
// including the letters that become several.
func upper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	var b strings.Builder
	for _, r := range s {
		if u := specialUpper[r]; u != "" {
			b.WriteString(u)
		} else {
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return b.String()
}

func lower(s string) string {
	if !strings.ContainsAny(s, "Σİ") {
		return strings.ToLower(s)
	}
	runes := []rune(s)
	var b strings.Builder
	for i, r := range runes {
		switch {
		case r == 'İ':
			b.WriteString("i\u0307")
		case r == 'Σ' && endsWord(runes, i):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// endsWord is the Final_Sigma condition of SpecialCasing: a cased letter
// before i, none after it, case-ignorable characters aside.
func endsWord(runes []rune, i int) bool {
	before := slices.Clone(runes[max(0, i-64):i])
	slices.Reverse(before)
	return nextIsCased(before) && !nextIsCased(runes[i+1:])
}

func nextIsCased(runes []rune) bool {
	for _, r := range runes {
		if caseIgnorable(r) {
			continue
		}
		return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Lowercase, unicode.Other_Uppercase)
	}
	return false
}

func caseIgnorable(r rune) bool {
	switch r {
	case '\'', '.', ':', '^', '`', 0xA8, 0xAD, 0xAF, 0xB4, 0xB7, 0xB8, 0x2018, 0x2019, 0x2024, 0x2027, 0xFE13, 0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A:
		return true
	}
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}
