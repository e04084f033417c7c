package tera

import "strings"

// htmlSpecial are the characters that Tera escapes for HTML; the slash is one
// because it helps to end a tag.
const htmlSpecial = "&<>\"'/"

func htmlEscape(c byte) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&quot;"
	case '\'':
		return "&#x27;"
	default:
		return "&#x2F;"
	}
}

func escapeHTML(s string) string {
	if !strings.ContainsAny(s, htmlSpecial) {
		return s
	}
	b := make([]byte, 0, len(s)+len(s)/4)
	for {
		i := strings.IndexAny(s, htmlSpecial)
		if i < 0 {
			return string(append(b, s...))
		}
		b = append(append(b, s[:i]...), htmlEscape(s[i])...)
		s = s[i+1:]
	}
}

// writeEscaped writes s, escaped for HTML.
func (r *run) writeEscaped(s string) error {
	for {
		i := strings.IndexAny(s, htmlSpecial)
		if i < 0 {
			return r.write(s)
		}
		if err := r.write(s[:i]); err != nil {
			return err
		}
		if err := r.write(htmlEscape(s[i])); err != nil {
			return err
		}
		s = s[i+1:]
	}
}
