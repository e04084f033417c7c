package tera

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// json encodes v as serde_json does: keys in order, two spaces of indentation
// when pretty, nothing escaped that JSON does not demand.
func (r *run) json(v any, pretty bool) (string, error) {
	return r.capture(func() error { return r.writeJSON(v, pretty, 0) })
}

func (r *run) writeJSON(v any, pretty bool, depth int) error {
	if depth > maxValueDepth {
		return overLimit(maxValueDepth, "nested arrays and objects")
	}
	if err := r.spend(1); err != nil {
		return err
	}
	switch v := plain(v).(type) {
	case nil:
		return r.write("null")
	case bool, int64, uint64:
		return r.write(string(appendPrinted(nil, v)))
	case float64:
		return r.write(string(appendJSONFloat(nil, v)))
	case string:
		return r.write(string(appendJSONString(nil, v)))
	case []any:
		return r.writeJSONItems('[', ']', len(v), pretty, depth, func(i int) error {
			return r.writeJSON(v[i], pretty, depth+1)
		})
	case map[string]any:
		names := keys(v)
		slices.Sort(names)
		return r.writeJSONItems('{', '}', len(v), pretty, depth, func(i int) error {
			b := append(appendJSONString(nil, names[i]), ':')
			if pretty {
				b = append(b, ' ')
			}
			if err := r.write(string(b)); err != nil {
				return err
			}
			return r.writeJSON(v[names[i]], pretty, depth+1)
		})
	default:
		return fmt.Errorf("cannot encode a value %s", kindName(v))
	}
}

func (r *run) writeJSONItems(open, end byte, n int, pretty bool, depth int, item func(i int) error) error {
	newline := func(level int) error {
		if !pretty {
			return nil
		}
		b := []byte{'\n'}
		for range level {
			b = append(b, "  "...)
		}
		return r.write(string(b))
	}
	if err := r.write(string(open)); err != nil {
		return err
	}
	for i := range n {
		if i > 0 {
			if err := r.write(","); err != nil {
				return err
			}
		}
		if err := newline(depth + 1); err != nil {
			return err
		}
		if err := item(i); err != nil {
			return err
		}
	}
	if n > 0 {
		if err := newline(depth); err != nil {
			return err
		}
	}
	return r.write(string(end))
}

func appendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		i++
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if c < ' ' {
				b = append(b, `\u00`...)
				b = append(b, hex[c>>4], hex[c&15])
			} else {
				b = append(b, c)
			}
		}
	}
	return append(b, '"')
}

// appendJSONFloat writes the shortest digits that give f back, always with a
// point or an exponent, and with an exponent outside 1e-5 to 1e16.
func appendJSONFloat(b []byte, f float64) []byte {
	text := strconv.FormatFloat(f, 'e', -1, 64)
	if text == "NaN" || text[len(text)-1] == 'f' {
		return append(b, "null"...)
	}
	if text[0] == '-' {
		b = append(b, '-')
		text = text[1:]
	}
	mantissa, exponent := text, 0
	for i := range text {
		if text[i] == 'e' {
			mantissa = text[:i]
			exponent, _ = strconv.Atoi(text[i+1:])
			break
		}
	}
	digits := mantissa[:1]
	if len(mantissa) > 2 {
		digits += mantissa[2:]
	}
	point := exponent + 1 // digits before the point
	switch {
	case len(digits) <= point && point <= 16:
		b = append(b, digits...)
		for range point - len(digits) {
			b = append(b, '0')
		}
		return append(b, ".0"...)
	case 0 < point && point <= 16:
		b = append(b, digits[:point]...)
		b = append(b, '.')
		return append(b, digits[point:]...)
	case -5 < point && point <= 0:
		b = append(b, "0."...)
		for range -point {
			b = append(b, '0')
		}
		return append(b, digits...)
	}
	b = append(b, digits[0])
	if len(digits) > 1 {
		b = append(b, '.')
		b = append(b, digits[1:]...)
	}
	b = append(b, 'e')
	if exponent > 0 {
		b = append(b, '+')
	}
	return strconv.AppendInt(b, int64(exponent), 10)
}
