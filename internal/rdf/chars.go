package rdf

// ASCII character classes of the Turtle grammar (Turtle 1.1, section 6.5).
const (
	iriChar    = 1 << iota // may stand in IRIREF as it is
	nameStart              // PN_CHARS_BASE
	nameChar               // PN_CHARS
	localPlain             // PN_CHARS or ':', what a local name is mostly made of
	stringChar             // may stand in a quoted string as it is, quotes included
	digitChar
	blankChar // space, tab
)

// classes gives the classes of each ASCII byte. Bytes of multi-byte characters
// have iriChar and stringChar; whether they are names is a matter of the rune.
// The byte 0 has no class, so that it ends every scanning loop.
var classes = func() (t [256]uint8) {
	for c := 1; c < 256; c++ {
		if c > 0x20 {
			t[c] |= iriChar
		}
		if c != '\\' && c != '\n' && c != '\r' {
			t[c] |= stringChar
		}
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		digit := '0' <= c && c <= '9'
		if letter {
			t[c] |= nameStart
		}
		if digit {
			t[c] |= digitChar
		}
		if letter || digit || c == '_' || c == '-' {
			t[c] |= nameChar | localPlain
		}
	}
	t[':'] |= localPlain
	for _, c := range `<>"{}|^` + "`\\" {
		t[c] &^= iriChar
	}
	t[' '], t['\t'] = t[' ']|blankChar, t['\t']|blankChar
	return t
}()

// isNameStart is PN_CHARS_BASE for any rune.
func isNameStart(r rune) bool {
	if r < 0x80 {
		return classes[r]&nameStart != 0
	}
	switch {
	case r < 0xC0, r == 0xD7, r == 0xF7:
		return false
	case r <= 0x2FF:
		return true
	case r < 0x370, r == 0x37E:
		return false
	case r <= 0x1FFF:
		return true
	}
	return r == 0x200C || r == 0x200D ||
		0x2070 <= r && r <= 0x218F ||
		0x2C00 <= r && r <= 0x2FEF ||
		0x3001 <= r && r <= 0xD7FF ||
		0xF900 <= r && r <= 0xFDCF ||
		0xFDF0 <= r && r <= 0xFFFD ||
		0x10000 <= r && r <= 0xEFFFF
}

// isNameChar is PN_CHARS for any rune.
func isNameChar(r rune) bool {
	if r < 0x80 {
		return classes[r]&nameChar != 0
	}
	return isNameStart(r) || r == 0xB7 || 0x300 <= r && r <= 0x36F || r == 0x203F || r == 0x2040
}

// validIRIRune reports whether a character may be in an IRI between < and >,
// also when it is written as an escape.
func validIRIRune(r rune) bool {
	return r >= 0x80 || classes[byte(r)]&iriChar != 0
}
