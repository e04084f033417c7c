package codegen

import (
	"errors"
	"fmt"
	"strings"
)

// The markers of ggen's mode Merge.
const (
	generatedMark = "<<<<<<< GENERATED"
	manualMark    = "======="
	endMark       = ">>>>>>> MANUAL"
)

// mergeSections gives a file that has what was generated in its first section
// and keeps the manual section, and all around them, of what exists.
func mergeSections(generated, existing []byte) (merged []byte, kept bool, err error) {
	lines := splitLines(string(existing))
	start, middle, end := -1, -1, -1
	for i, l := range lines {
		switch l = strings.TrimSpace(l); {
		case strings.HasPrefix(l, generatedMark):
			start = i
		case l == manualMark:
			middle = i
		case strings.HasPrefix(l, endMark):
			end = i
		}
	}
	if start < 0 || middle < 0 || end < 0 {
		return fmt.Appendf(nil, "%s\n%s\n%s\n// Add your manual code here\n%s\n", generatedMark, generated, manualMark, endMark), false, nil
	}
	if middle <= start || end <= middle {
		return nil, false, errors.New("the markers must be <<<<<<< GENERATED, =======, >>>>>>> MANUAL, in this order")
	}
	var b strings.Builder
	for _, l := range lines[:start] {
		b.WriteString(l + "\n")
	}
	fmt.Fprintf(&b, "%s\n%s\n%s\n%s\n%s\n", generatedMark, generated, manualMark, strings.Join(lines[middle+1:end], "\n"), endMark)
	for _, l := range lines[end+1:] {
		b.WriteString(l + "\n")
	}
	return []byte(b.String()), true, nil
}
