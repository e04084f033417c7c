package scenario

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// maxOpen bounds brackets that are open at a time, words that open a level in
// one line, and the parts of a key, before a parser sees them: what parsers need
// grows with the square of it.
const maxOpen = 100

// guard finds what nests too deep. It looks at signs alone, so brackets within
// texts count as well.
func guard(src *source, toml bool) hcl.Diagnostics {
	open := 0
	for i, b := range src.text {
		switch b {
		case '[', '{':
			open++
		case ']', '}':
			open = max(open-1, 0)
		}
		if open > maxOpen {
			return tooDeep(src.offset(i, 1))
		}
	}
	for n := range src.lines {
		line := src.line(n + 1)
		count := 0
		if toml {
			key, _, _ := bytes.Cut(line, []byte("="))
			count = bytes.Count(key, []byte("."))
			if trimmed := bytes.TrimSpace(line); len(trimmed) == 0 || trimmed[0] == '"' || trimmed[0] == '\'' || trimmed[0] == '#' {
				count = 0 // within a text of several lines, or of a list
			}
		} else {
			rest := strings.TrimLeft(string(line), " ")
			for len(rest) > 1 && strings.ContainsRune("-?", rune(rest[0])) && rest[1] == ' ' {
				rest = strings.TrimLeft(rest[1:], " ")
				count++
			}
		}
		if count > maxOpen {
			return tooDeep(src.at(n+1, 1, 1))
		}
	}
	return nil
}

func tooDeep(at hcl.Range) hcl.Diagnostics {
	return hcl.Diagnostics{problem(at, "Nested too deep", "A scenario has at most %d levels.", maxDepth)}
}
