package codegen

import (
	"slices"
	"strings"
)

// merge3 brings ours and theirs, which both come from base, together line by
// line. Where both changed the same lines in different ways it writes both
// between markers, as git does, with the given labels; conflicts counts these
// places.
func merge3(base, ours, theirs, ourLabel, theirLabel string) (merged string, conflicts int) {
	b, o, t := splitKeep(base), splitKeep(ours), splitKeep(theirs)
	inOurs, inTheirs := matches(b, o), matches(b, t)
	m := merger{ourLabel: ourLabel, theirLabel: theirLabel, eol: "\n"}
	if strings.Contains(ours, "\r\n") {
		m.eol = "\r\n"
	}
	i, x, y := 0, 0, 0
	for {
		// A line of base that both sides kept ends a piece that either changed.
		j := i
		for j < len(b) && (inOurs[j] < x || inTheirs[j] < y) {
			j++
		}
		if j == len(b) {
			m.piece(b[i:], o[x:], t[y:])
			return m.out.String(), m.conflicts
		}
		m.piece(b[i:j], o[x:inOurs[j]], t[y:inTheirs[j]])
		m.write(b[j : j+1])
		i, x, y = j+1, inOurs[j]+1, inTheirs[j]+1
	}
}

type merger struct {
	out                  strings.Builder
	conflicts            int
	ourLabel, theirLabel string
	eol                  string
}

func (m *merger) piece(base, ours, theirs []string) {
	switch {
	case slices.Equal(ours, theirs), slices.Equal(base, theirs):
		m.write(ours)
	case slices.Equal(base, ours):
		m.write(theirs)
	default:
		// What both sides changed alike at the ends is no conflict.
		head := 0
		for head < min(len(ours), len(theirs)) && ours[head] == theirs[head] {
			head++
		}
		tail := 0
		for tail < min(len(ours), len(theirs))-head && ours[len(ours)-1-tail] == theirs[len(theirs)-1-tail] {
			tail++
		}
		m.write(ours[:head])
		m.conflicts++
		m.mark("<<<<<<< " + m.ourLabel)
		m.write(ours[head : len(ours)-tail])
		m.mark("=======")
		m.write(theirs[head : len(theirs)-tail])
		m.mark(">>>>>>> " + m.theirLabel)
		m.write(ours[len(ours)-tail:])
	}
}

func (m *merger) write(lines []string) {
	for _, l := range lines {
		m.out.WriteString(l)
	}
}

// mark writes a marker line, on a line of its own.
func (m *merger) mark(s string) {
	if text := m.out.String(); text != "" && !strings.HasSuffix(text, "\n") {
		m.out.WriteString(m.eol)
	}
	m.out.WriteString(s + m.eol)
}

// splitKeep gives the lines of s with their breaks.
func splitKeep(s string) []string { return slices.Collect(strings.Lines(s)) }

// maxEdits bounds the work of matches: sides that differ more than this are
// taken to share only their first and last lines.
const maxEdits = 2000

// matches gives, for each line of a, the line of b that it stays, or -1. It is
// the greedy algorithm of Myers, "An O(ND) difference algorithm and its
// variations" (1986), on what is left between the common ends.
func matches(a, b []string) []int {
	out := make([]int, len(a))
	for i := range out {
		out[i] = -1
	}
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		out[head] = head
		head++
	}
	endA, endB := len(a), len(b)
	for endA > head && endB > head && a[endA-1] == b[endB-1] {
		endA, endB = endA-1, endB-1
		out[endA] = endB
	}
	for _, p := range myers(a[head:endA], b[head:endB]) {
		out[head+p[0]] = head + p[1]
	}
	return out
}

// myers gives the pairs of equal lines on a shortest edit path.
func myers(a, b []string) [][2]int {
	n, m := len(a), len(b)
	if n == 0 || m == 0 {
		return nil
	}
	limit := min(n+m, maxEdits)
	v := make([]int, 2*limit+3) // v[limit+1+k] is the furthest x on diagonal k
	var trace [][]int
	for d := 0; d <= limit; d++ {
		trace = append(trace, slices.Clone(v[limit+1-d-1:limit+1+d+2]))
		for k := -d; k <= d; k += 2 {
			at := limit + 1 + k
			x := v[at-1] + 1
			if k == -d || (k != d && v[at-1] < v[at+1]) {
				x = v[at+1]
			}
			for x < n && x-k < m && a[x] == b[x-k] {
				x++
			}
			v[at] = x
			if x >= n && x-k >= m {
				return backtrack(trace, n, m)
			}
		}
	}
	return nil
}

// backtrack walks the path back from (n, m). trace[d] holds v of diagonals
// -d-1 to d+1 before round d.
func backtrack(trace [][]int, n, m int) [][2]int {
	var pairs [][2]int
	x, y := n, m
	for d := len(trace) - 1; d >= 0; d-- {
		v := trace[d]
		at := func(k int) int { return v[k+d+1] }
		k := x - y
		from := k - 1
		if k == -d || (k != d && at(k-1) < at(k+1)) {
			from = k + 1
		}
		px := at(from)
		py := px - from
		for x > px && y > py && x > 0 && y > 0 {
			x, y = x-1, y-1
			pairs = append(pairs, [2]int{x, y})
		}
		if d > 0 {
			x, y = px, py
		}
	}
	return pairs
}
