// Package ijson checks that bytes are I-JSON (RFC 7493): one JSON value in
// UTF-8 in which no object names a member twice and no number is an integer
// that a double can't hold exactly. Two parsers that read such a value agree
// on what it says, which is what a signature over JSON needs.
package ijson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"unicode/utf8"
)

// Limits bounds the work that a value may cause.
type Limits struct {
	// Bytes is the largest size of the whole value.
	Bytes int
	// Depth is the deepest nesting of arrays and objects.
	Depth int
}

// Error is a value that is JSON, or nearly, and is refused.
type Error struct {
	// Path leads to the place, as in $.subject[0].digest.
	Path string
	// Offset counts bytes from the start of the value.
	Offset int64
	Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s (at %s, byte %d)", e.Reason, e.Path, e.Offset)
}

// maxInteger is the largest integer that RFC 7493 section 2.2 counts on.
const maxInteger = 1<<53 - 1

// Check reports whether data is I-JSON within the limits. It allocates for
// what is open at one time, not for the whole value. A refusal is an *Error.
func Check(data []byte, limits Limits) error {
	if len(data) > limits.Bytes {
		return &Error{"$", int64(limits.Bytes), fmt.Sprintf("%d bytes are more than the %d allowed", len(data), limits.Bytes)}
	}
	if at, ok := invalidUTF8(data); ok {
		return &Error{"$", int64(at), "not UTF-8"}
	}
	c := &checker{dec: json.NewDecoder(bytes.NewReader(data)), limits: limits}
	c.dec.UseNumber()
	if err := c.value(0); err != nil {
		return err
	}
	if _, err := c.dec.Token(); !errors.Is(err, io.EOF) {
		return c.refuse("more follows after the value")
	}
	return nil
}

func invalidUTF8(data []byte) (int, bool) {
	if utf8.Valid(data) {
		return 0, false
	}
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i, true
		}
		i += n
	}
	return 0, false
}

type checker struct {
	dec    *json.Decoder
	limits Limits
	path   []string
}

func (c *checker) refuse(format string, args ...any) error {
	return &Error{"$" + strings.Join(c.path, ""), c.dec.InputOffset(), fmt.Sprintf(format, args...)}
}

func (c *checker) token() (json.Token, error) {
	t, err := c.dec.Token()
	if errors.Is(err, io.EOF) {
		return nil, c.refuse("the value ends too early")
	}
	if err != nil {
		return nil, c.refuse("not JSON: %v", err)
	}
	return t, nil
}

func (c *checker) value(depth int) error {
	t, err := c.token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		if depth >= c.limits.Depth {
			return c.refuse("nested deeper than %d", c.limits.Depth)
		}
		if t == '{' {
			return c.object(depth + 1)
		}
		return c.array(depth + 1)
	case json.Number:
		return c.number(t)
	}
	return nil
}

func (c *checker) object(depth int) error {
	seen := map[string]bool{}
	for c.dec.More() {
		t, err := c.token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return c.refuse("a member's name is not a string")
		}
		if seen[name] {
			return c.refuse("member %q stands twice", name)
		}
		seen[name] = true
		if err := c.inside("."+name, depth); err != nil {
			return err
		}
	}
	_, err := c.token()
	return err
}

func (c *checker) array(depth int) error {
	for i := 0; c.dec.More(); i++ {
		if err := c.inside(fmt.Sprintf("[%d]", i), depth); err != nil {
			return err
		}
	}
	_, err := c.token()
	return err
}

func (c *checker) inside(step string, depth int) error {
	c.path = append(c.path, step)
	err := c.value(depth)
	c.path = c.path[:len(c.path)-1]
	return err
}

func (c *checker) number(n json.Number) error {
	s := strings.TrimPrefix(n.String(), "-")
	if strings.ContainsAny(s, ".eE") {
		f, err := n.Float64()
		if err != nil {
			return c.refuse("number %s is out of range", abbreviate(s))
		}
		// 1e300 is an integer too, and no more exact than its digits.
		if i, acc := big.NewFloat(f).Int(nil); acc == big.Exact && i.CmpAbs(big.NewInt(maxInteger)) > 0 {
			return c.refuse("integer %s is beyond 2^53-1", abbreviate(s))
		}
		return nil
	}
	const digits = len("9007199254740991")
	if len(s) > digits || (len(s) == digits && s > fmt.Sprint(int64(maxInteger))) {
		return c.refuse("integer %s is beyond 2^53-1, where readers of JSON disagree; write it as a string", abbreviate(s))
	}
	return nil
}

func abbreviate(s string) string {
	if len(s) > 24 {
		return s[:24] + "…"
	}
	return s
}
