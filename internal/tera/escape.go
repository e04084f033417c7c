package tera

import "strings"

// htmlEscape maps the characters that Tera escapes for HTML; the slash is one
// because it helps to end a tag.
var htmlEscapes = map[byte]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&quot;", '\'': "&#x27;", '/': "&#x2F;"}

const htmlSpecial = "&<>\"'/"

func escapeHTML(s string) string {
	if strings.IndexAny(s, htmlSpecial) < 0 {
		return s
	}
	b := make([]byte, 0, len(s)+len(s)/4)
	for i := range len(s) {
		if e, ok := htmlEscapes[s[i]]; ok {
			b = append(b, e...)
		} else {
			b = append(b, s[i])
		}
	}
	return string(b)
}

func (r *run) writeEscaped(s string) error {
	return r.write(escapeHTML(s))
}
