package cargo

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	runningTests = regexp.MustCompile(`^running (\d{1,9}) tests?$`)
	testResult   = regexp.MustCompile(`^test result: (ok|FAILED)\. (\d{1,9}) passed; (\d{1,9}) failed; (\d{1,9}) ignored; (\d{1,9}) measured; (\d{1,9}) filtered out(?:; finished in [0-9.]+s)?$`)
	testLine     = regexp.MustCompile(`^test (.+) \.\.\. (ok|FAILED|ignored|bench:)(?:[, ].*)?$`)
	docName      = regexp.MustCompile(`^.+ - .*\(line \d+\)`)
)

// maxNesting bounds how many runs are open at a time.
const maxNesting = 50

// openRun is a run whose lines are being read.
type openRun struct {
	run      TestRun
	seen     TestCounts // by the tests' own lines
	failed   []string   // by the tests' own lines
	listed   []string   // by the last list of failures
	listing  bool
	messages map[string]string
	current  string // whose output is being read
	closed   bool   // a fitting result was read; a later one replaces it
	inner    []*openRun
}

// testParser follows libtest's output. Runs are nested where the output of one
// has the beginning of another in it: either a test has printed such a line, or
// the outer program ended without a result, which only the end of the log tells.
type testParser struct {
	report *TestReport
	stack  []*openRun
	done   []*openRun
	count  int
}

func (p *testParser) line(line string) {
	if strings.HasPrefix(line, "running ") || strings.HasPrefix(line, "test result: ") {
		if m := runningTests.FindStringSubmatch(line); m != nil {
			p.open(atoi(m[1]))
			return
		}
		if m := testResult.FindStringSubmatch(line); m != nil {
			p.result(m)
			return
		}
	}
	if len(p.stack) > 0 {
		p.stack[len(p.stack)-1].read(line)
	}
}

func (p *testParser) open(announced int) {
	if p.count++; p.count > maxRuns {
		return
	}
	if n := len(p.stack); n == 1 && p.stack[0].closed {
		p.done = append(p.done, p.stack[0])
		p.stack = p.stack[:0]
	} else if n >= maxNesting {
		p.report.problem("more than %d runs began before one had ended", maxNesting)
		return
	}
	p.stack = append(p.stack, &openRun{run: TestRun{Announced: announced}, messages: map[string]string{}})
}

// result ends the innermost run that it fits. One that fits none is output.
func (p *testParser) result(m []string) {
	c := TestCounts{Passed: atoi(m[2]), Failed: atoi(m[3]), Ignored: atoi(m[4]), Measured: atoi(m[5]), FilteredOut: atoi(m[6])}
	for i := len(p.stack) - 1; i >= 0; i-- {
		o := p.stack[i]
		if c.Executed()+c.Ignored != o.run.Announced || (m[1] == "ok") != (c.Failed == 0) {
			continue
		}
		// What was opened inside and has no result was a test's output. The
		// outermost run stays, as its true result may still come.
		o.finish(c)
		p.stack = p.stack[:i+1]
		if i > 0 {
			p.stack[i-1].inner = append(p.stack[i-1].inner, o)
			p.stack = p.stack[:i]
		}
		return
	}
	if n := len(p.stack); n > 0 && !p.stack[n-1].closed {
		return // output of a test that is still running
	}
	p.report.problem("a test result fits no run: %s", clip(m[0]))
}

// end takes what is left. A run without a result was cut off; the runs inside of
// it were then other programs, which came after it.
func (p *testParser) end() {
	runs := slices.Concat(p.done, p.stack)
	for len(runs) > 0 {
		o := runs[0]
		runs = runs[1:]
		if !o.closed {
			o.run.TestCounts = o.seen
			o.listed = o.failed
			runs = slices.Concat(o.inner, runs)
		}
		n := len(p.report.Runs)
		p.report.Runs = append(p.report.Runs, o.run)
		for _, name := range o.listed[:min(len(o.listed), o.run.Failed)] {
			if len(p.report.Failures) < maxFailures {
				p.report.Failures = append(p.report.Failures, TestFailure{Name: name, Message: o.messages[name], run: n})
			}
		}
	}
	if p.count > maxRuns {
		p.report.problem("the log has more than the limit of %d runs", maxRuns)
	}
}

func (o *openRun) finish(c TestCounts) {
	o.run.TestCounts, o.run.Complete, o.closed = c, true, true
	if text, rest, ok := cutLast(o.messages[o.current], "failures:\n"); ok && strings.HasPrefix(rest, "    ") {
		o.messages[o.current] = strings.TrimSpace(text) // the list, read along with the last output
	}
	o.listing, o.current = false, ""
	// The list before the result names the failed tests; where a test's own
	// output has broken it, their lines do.
	if len(o.listed) != c.Failed {
		o.listed = o.failed
	}
}

// read takes one line of a run's body.
func (o *openRun) read(line string) {
	if m := matchTest(line); m != nil {
		if !docName.MatchString(m[1]) {
			o.run.shape = shapeUnit
		} else if o.run.shape == shapeUnknown {
			o.run.shape = shapeDoc
		}
		switch m[2] {
		case "ok":
			o.seen.Passed++
		case "FAILED":
			o.seen.Failed++
			if len(o.failed) < maxFailures {
				o.failed = append(o.failed, clipTo(strings.TrimSuffix(m[1], " - should panic"), 1000))
			}
		case "ignored":
			o.seen.Ignored++
		default:
			o.seen.Measured++
		}
		return
	}
	if name, ok := strings.CutPrefix(line, "---- "); ok && strings.HasSuffix(line, " ----") {
		name, _, _ = strings.Cut(strings.TrimSuffix(name, " ----"), " stdout")
		o.listing, o.current = false, clipTo(name, 1000)
		return
	}
	// A list of failures may be part of a test's output, so it is both.
	if text := o.messages[o.current]; o.current != "" && len(o.messages) < maxFailures && len(text) < maxFailureText {
		o.messages[o.current] = strings.TrimLeft(text+clipTo(line, maxFailureText)+"\n", "\n")
	}
	if line == "failures:" {
		o.listing, o.listed = true, nil
	} else if o.listing && strings.HasPrefix(line, "    ") && len(o.listed) < maxFailures {
		o.listed = append(o.listed, clipTo(strings.TrimPrefix(line, "    "), 1000))
	}
}

// matchTest gives name and outcome of one test's line, nil for another line.
func matchTest(line string) []string {
	if !strings.HasPrefix(line, "test ") {
		return nil
	}
	return testLine.FindStringSubmatch(line)
}

// cutLast cuts around the last occurrence of sep.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// atoi reads digits that a pattern has matched, at most nine.
func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
