package codegen

import "strings"

// block is a document of a file before its frontmatter is decoded.
type block struct {
	openLine int // line of the opening ---; 0 for a file without frontmatter
	yaml     string
	yamlLine int
	body     string
	bodyLine int
}

// split cuts a template file into its documents. A file that does not begin
// with a line `---` is one body without frontmatter.
func split(file, src string) ([]block, *Error) {
	lines := strings.SplitAfter(src, "\n")
	if !isFence(lines[0]) {
		return []block{{body: src, bodyLine: 1}}, nil
	}
	var out []block
	for i := 0; i < len(lines); {
		end := closingFence(lines, i+1)
		if end < 0 {
			s := source{file: file, text: src, line: 1}
			return nil, s.errorAt(i+1, 1, "frontmatter is not closed: no line --- follows")
		}
		next := nextDocument(lines, end+1)
		out = append(out, block{
			openLine: i + 1,
			yaml:     strings.Join(lines[i+1:end], ""),
			yamlLine: i + 2,
			body:     strings.Join(lines[end+1:next], ""),
			bodyLine: end + 2,
		})
		i = next
	}
	return out, nil
}

func isFence(line string) bool { return strings.TrimRight(line, "\r\n") == "---" }

func closingFence(lines []string, from int) int {
	for i := from; i < len(lines); i++ {
		if isFence(lines[i]) {
			return i
		}
	}
	return -1
}

// nextDocument gives the index of the fence that begins the next document at or
// after from, or len(lines). A fence inside a body (a Markdown rule, a YAML
// separator) is left alone: it begins a document only if a `to:` or `from:` key
// stands in the first column before the fence that closes it.
func nextDocument(lines []string, from int) int {
	for i := from; i < len(lines); i++ {
		if !isFence(lines[i]) {
			continue
		}
		for _, line := range lines[i+1:] {
			if isFence(line) {
				break
			}
			if strings.HasPrefix(line, "to:") || strings.HasPrefix(line, "from:") {
				if closingFence(lines, i+1) >= 0 {
					return i
				}
				break
			}
		}
	}
	return len(lines)
}
