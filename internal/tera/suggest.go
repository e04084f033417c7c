package tera

// keys returns the keys of m in no order.
func keys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	return names
}

// suggest returns a hint for an error when one of names is close to what was
// written, else nothing.
func suggest(written string, names []string) string {
	const longest = 64
	if len(written) > longest {
		return ""
	}
	best, distance := "", max(1, len(written)/3)+1
	for _, name := range names {
		if name == "" || len(name) > longest {
			continue
		}
		if d := editDistance(written, name); d < distance || d == distance && best != "" && name < best {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean `" + best + "`?"
}

// editDistance is the Levenshtein distance of two short strings, in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
