package cargo

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	// maxRuns bounds the test programs of one log.
	maxRuns = 10_000
	// maxFailures bounds the failed tests that are named.
	maxFailures = 1_000
	// maxFailureText bounds what is kept of one failed test's output.
	maxFailureText = 4 << 10
	// maxProblems bounds the list of what does not add up.
	maxProblems = 50
)

// TestBinary is a test program that a step is to run.
type TestBinary struct {
	Package string     `json:"package"`
	Target  string     `json:"target"`
	Kind    TargetKind `json:"kind"`
	Path    string     `json:"path"`
	// Harness says that libtest drives the program. Without it, the program
	// prints whatever it likes, and none of that is counted.
	Harness bool `json:"harness"`
}

// TestLog is what one run of `cargo test` left behind.
type TestLog struct {
	Stdout, Stderr []byte
	// ExitCode is cargo's, nil where it was killed.
	ExitCode *int
	// Binaries are the programs that cargo was to run, from the messages of
	// the compile (see [TestBinaries]). Nil says that they are not known; a
	// log alone can then add runs that never were.
	Binaries []TestBinary
}

// TestCounts are figures of one or more runs.
type TestCounts struct {
	Passed      int `json:"passed"`
	Failed      int `json:"failed"`
	Ignored     int `json:"ignored"`
	Measured    int `json:"measured"`
	FilteredOut int `json:"filtered_out"`
}

// Executed is how many tests ran to an end.
func (c TestCounts) Executed() int { return c.Passed + c.Failed + c.Measured }

// TestRun is one test program's, or one crate's doc tests'.
type TestRun struct {
	// Name is the program's file, or "doc <crate>"; empty where it is not known.
	Name string `json:"name,omitempty"`
	Doc  bool   `json:"doc,omitempty"`
	TestCounts
	// Announced is the number of tests that the program said it would run,
	// before it ran any code of theirs.
	Announced int `json:"announced"`
	// Complete is false where the program ended without its result; figures
	// are then those seen until then.
	Complete bool `json:"complete"`

	shape runShape
}

// runShape says what the names of a run's tests look like.
type runShape int

const (
	shapeUnknown runShape = iota // no names, as with --quiet
	shapeDoc                     // all are "file - item (line N)"
	shapeUnit
)

// TestFailure is a test that failed.
type TestFailure struct {
	Run     string `json:"run,omitempty"`
	Name    string `json:"name"`
	Message string `json:"message,omitempty"`

	run int // the index of its run
}

// TestReport is what a test log adds up to.
//
// What can be trusted: a program says how many tests it has before any of them
// runs, so no test can raise that figure, and a result counts only where it fits
// it. Programs are counted against those that cargo built. Cargo's exit code has
// to agree. Output of tests that looks like a result is thereby left out, or
// makes the report unsound; it never adds a test. What can't be known from
// outside is whether a test that passes has tested anything.
type TestReport struct {
	// Ran is false where no test program began; all figures are then absent,
	// not zero.
	Ran bool `json:"ran"`
	TestCounts
	Executed int `json:"executed"`
	// Sound says that every program began, ended and adds up. A gate must not
	// pass without it.
	Sound    bool          `json:"sound"`
	Problems []string      `json:"problems,omitempty"`
	Runs     []TestRun     `json:"runs"`
	Failures []TestFailure `json:"failures"`
	// NotRun are programs that cargo did not come to.
	NotRun []string `json:"not_run,omitempty"`
	// Uncounted are programs without libtest's harness that ran: their exit
	// code is in cargo's, their tests are in no figure.
	Uncounted []string `json:"uncounted,omitempty"`
}

// TestBinaries lists the test programs out of a compile's messages. The project
// says which of them have libtest's harness.
func TestBinaries(m *Messages, p *Project) []TestBinary {
	out := []TestBinary{}
	for _, e := range m.Executables {
		if !e.Test {
			continue
		}
		b := TestBinary{Package: e.Package, Target: e.Target, Kind: e.Kind, Path: e.Path, Harness: true}
		if member := p.Member(e.Package); member != nil {
			for _, t := range member.Targets {
				if t.Name == e.Target && t.Kind.group() == e.Kind.group() {
					b.Harness = t.Harness
				}
			}
		}
		out = append(out, b)
	}
	return out
}

var (
	runningFile = regexp.MustCompile(`^\s*Running (?:unittests )?(?:\S+ )?\((.+)\)$`)
	docTests    = regexp.MustCompile(`^\s*Doc-tests (\S+)$`)
	crashed     = regexp.MustCompile(`process didn't exit successfully: .*\((signal: .*|exit status: .*)\)$`)
	escape      = regexp.MustCompile(`\x1b(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9])`)
)

// ParseTests adds up the log of `cargo test`, with or without --no-fail-fast,
// as libtest prints it in its pretty and terse forms.
func ParseTests(log TestLog) *TestReport {
	r := &TestReport{Runs: []TestRun{}, Failures: []TestFailure{}}
	p := testParser{report: r}
	for line := range bytes.Lines(log.Stdout) {
		p.line(cleanLine(line))
	}
	p.end()
	programs := startedPrograms(log.Stderr)
	r.assign(log, programs)
	for i, f := range r.Failures {
		r.Failures[i].Run = r.Runs[f.run].Name
	}
	for _, run := range r.Runs {
		r.Passed += run.Passed
		r.Failed += run.Failed
		r.Ignored += run.Ignored
		r.Measured += run.Measured
		r.FilteredOut += run.FilteredOut
		if !run.Complete {
			r.problem("%s ended without a result: %d tests were announced, %d had ended", nameOr(run.Name), run.Announced, run.Executed()+run.Ignored)
		}
	}
	r.Executed = r.TestCounts.Executed()
	r.Ran = len(r.Runs) > 0
	r.checkExit(log)
	r.Sound = r.Ran && len(r.Problems) == 0
	return r
}

func (r *TestReport) problem(format string, args ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

func nameOr(name string) string {
	if name == "" {
		return "a test program"
	}
	return name
}

// started is a program that cargo says it runs.
type started struct {
	name string
	doc  bool
}

// startedPrograms reads from cargo's own lines what it ran, in order.
func startedPrograms(stderr []byte) []started {
	var out []started
	for raw := range bytes.Lines(stderr) {
		line := cleanLine(raw)
		if m := runningFile.FindStringSubmatch(line); m != nil {
			out = append(out, started{name: filepath.Base(m[1])})
		} else if m := docTests.FindStringSubmatch(line); m != nil {
			out = append(out, started{name: "doc " + m[1], doc: true})
		}
		if len(out) >= maxRuns {
			break
		}
	}
	return out
}

// assign gives each run the program that it came from, and says what does not
// fit: a program that was built and did not run, one that ran and was not built,
// a run without a program.
func (r *TestReport) assign(log TestLog, programs []started) {
	if len(programs) == 0 && log.Binaries == nil {
		return // a log alone has nothing to be compared with
	}
	if len(programs) == 0 && len(log.Binaries) == 1 {
		programs = []started{{name: filepath.Base(log.Binaries[0].Path)}} // run without cargo
	}
	byFile := map[string]TestBinary{}
	for _, b := range log.Binaries {
		byFile[filepath.Base(b.Path)] = b
	}
	var counted, docs []string
	ran := map[string]bool{}
	for _, p := range programs {
		b, known := byFile[p.name]
		switch {
		case p.doc:
			docs = append(docs, p.name)
		case ran[p.name]:
			r.problem("%s is said to have run twice", clip(p.name))
		case log.Binaries != nil && !known:
			r.problem("%s is said to have run, and was not built", clip(p.name))
		case known && !b.Harness:
			r.Uncounted = append(r.Uncounted, p.name)
		default:
			counted = append(counted, p.name)
		}
		ran[p.name] = true
	}
	for _, b := range log.Binaries {
		if name := filepath.Base(b.Path); !ran[name] {
			r.NotRun = append(r.NotRun, name)
			if log.ExitCode != nil && *log.ExitCode == 0 {
				r.problem("%s was built and did not run", name)
			}
		}
	}
	r.label(counted, docs)
}

// label names the runs in the order in which cargo started the programs, doc
// tests last. The doc tests of a crate may be two runs, as those that have to be
// compiled alone run by themselves.
func (r *TestReport) label(programs, docs []string) {
	docRuns := len(r.Runs) - len(programs)
	if docRuns < len(docs) || docRuns > 2*len(docs) || !r.endsInDocTests(docRuns, docRuns-len(docs)) {
		r.problem("%d test programs and the doc tests of %d crates ran, and the output has %d results that do not fit them", len(programs), len(docs), len(r.Runs))
		if len(r.Uncounted) > 0 {
			r.problem("%s has a harness of its own: what it prints can't be told from results", clip(strings.Join(r.Uncounted, ", ")))
		}
		return
	}
	for i := range r.Runs {
		switch j := i - len(programs); {
		case j < 0:
			r.Runs[i].Name = programs[i]
		case docRuns == len(docs):
			r.Runs[i].Name, r.Runs[i].Doc = docs[j], true
		default:
			r.Runs[i].Name, r.Runs[i].Doc = "doc", true
		}
	}
}

// endsInDocTests reports whether the last n runs can be doc tests, with some
// crates having a second run: that needs tests in both.
func (r *TestReport) endsInDocTests(n, second int) bool {
	withTests := 0
	for i, run := range r.Runs {
		last := i >= len(r.Runs)-n
		if last && run.shape == shapeUnit || !last && run.shape == shapeDoc {
			return false
		}
		if last && run.Announced > 0 {
			withTests++
		}
	}
	return withTests >= 2*second
}

// checkExit compares the figures with cargo's exit code.
func (r *TestReport) checkExit(log TestLog) {
	for raw := range bytes.Lines(log.Stderr) {
		if m := crashed.FindStringSubmatch(cleanLine(raw)); m != nil && strings.HasPrefix(m[1], "signal") {
			r.problem("a test program crashed: %s", clip(m[1]))
		}
	}
	switch {
	case log.ExitCode == nil:
		r.problem("cargo was stopped before it had ended")
	case *log.ExitCode == 0 && r.Failed > 0:
		r.problem("%d tests failed, and cargo says that none did", r.Failed)
	case *log.ExitCode != 0 && r.Failed == 0 && len(r.Problems) == 0:
		r.problem("cargo ended with exit code %d, and no failed test is in the output", *log.ExitCode)
	}
}

// cleanLine drops the line's end and colours.
func cleanLine(line []byte) string {
	if len(line) > 64<<10 {
		line = line[:64<<10]
	}
	line = bytes.TrimRight(line, "\r\n")
	if bytes.IndexByte(line, 0x1b) >= 0 {
		line = escape.ReplaceAll(line, nil)
	}
	return string(line)
}
