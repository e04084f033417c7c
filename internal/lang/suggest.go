package lang

import (
	"fmt"
	"sort"
	"strings"

	"github.com/agext/levenshtein"
)

// Nearest returns the candidates closest to name by edit distance, the closest
// first, at most three, and none that differs in more than a third of its
// letters (but two letters always may differ, if one stays).
func Nearest(name string, candidates []string) []string {
	type scored struct {
		name     string
		distance int
	}
	var close []scored
	for _, c := range candidates {
		d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(c), nil)
		if d <= max(2, len(c)/3) && d < max(len(name), len(c)) || (len(name) >= 3 && strings.Contains(strings.ToLower(c), strings.ToLower(name))) {
			close = append(close, scored{c, d})
		}
	}
	sort.Slice(close, func(i, j int) bool {
		if close[i].distance != close[j].distance {
			return close[i].distance < close[j].distance
		}
		return close[i].name < close[j].name
	})
	var names []string
	for i := 0; i < len(close) && i < 3; i++ {
		names = append(names, close[i].name)
	}
	return names
}

// DidYouMean is Nearest as a sentence with a leading space, or empty.
func DidYouMean(name string, candidates []string) string {
	names := Nearest(name, candidates)
	for i, n := range names {
		names[i] = fmt.Sprintf("%q", n)
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return " Did you mean " + names[0] + "?"
	default:
		return " Did you mean " + strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1] + "?"
	}
}
